"""Tables in files: CSV of any usual kind, and XLSX; every cell as the text that a person sees in it (C34f)."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from time import thread_time
from typing import IO, Any

from openpyxl import load_workbook

from orders.stores.base import Unreadable

MAX_BYTES = 20 * 1024 * 1024
# 100,000 rows with every usual column are some 100 MB.
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
# What a reader makes of a tag is a hundred times the tag: it is counted before the reader begins.
MAX_TAGS = 15_000_000
MAX_ROWS = 200_000
# With the empty ones, of which a few kilobytes can hold millions.
MAX_LOOKED_AT = 300_000
# Of the processor, for reading alone: whatever a file does to take long. 100,000 real rows take half of it.
MAX_SECONDS = 60.0
MAX_COLUMNS = 200
MAX_CELL = 10_000

_ZEROS = re.compile(r"(0+)(?:\.(0+))?")

Row = tuple[int, list[str]]
"""(its number in the file, its cells)"""
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read; more may be read where nobody waits for the answer."""

    size: int
    unpacked: int
    tags: int
    seconds: float


def usual() -> Limits:
    return Limits(MAX_BYTES, MAX_UNPACKED_BYTES, MAX_TAGS, MAX_SECONDS)


def table(source: bytes | IO[bytes], limits: Limits | None = None) -> Iterator[Row]:
    """The rows of a CSV or XLSX file, empty ones left out, a few at a time in memory. Unreadable in a sentence."""
    limits = limits or usual()
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    if file.seek(0, io.SEEK_END) > limits.size:
        raise Unreadable(f"The file is larger than {limits.size // (1024 * 1024)} MB: split it into several.")
    file.seek(0)
    beginning = file.read(8)
    file.seek(0)
    if beginning[:4] == b"PK\x03\x04":
        rows = _xlsx(file, limits)
    elif beginning == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable("This is an Excel file of the old kind or one with a password: save it as .xlsx without one.")
    else:
        rows = _csv(file)
    count = 0
    for looked_at, (number, cells) in enumerate(_timed(rows, limits.seconds), start=1):
        # Before empty ones are left out: a small file can hold millions of them.
        if looked_at > MAX_LOOKED_AT:
            raise Unreadable(
                f"The file has more than {MAX_LOOKED_AT} rows, most of them empty: copy those that are orders into a new file."
            )
        if not any(cells):
            continue
        count += 1
        if count > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS} rows: split it into several.")
        if len(cells) > MAX_COLUMNS:
            raise Unreadable(f"Row {number} has more than {MAX_COLUMNS} columns, which is no table of orders.")
        if any(len(cell) > MAX_CELL for cell in cells):
            raise Unreadable(f"Row {number} has a cell of more than {MAX_CELL} characters.")
        yield number, cells


def _timed(rows: Iterator[Row], seconds: float) -> Iterator[Row]:
    """The rows, until reading them has taken too long; what is done with them in between does not count."""
    spent = 0.0
    while True:
        began = thread_time()
        row = next(rows, None)
        spent += thread_time() - began
        if row is None:
            return
        if spent > seconds:
            raise Unreadable("The file takes too long to be read: split it into several, or save it as CSV.")
        yield row


def text_of(body: bytes) -> str:
    """A text file's text: UTF-8 with or without its mark, UTF-16 with it, else as Windows writes it."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _csv(file: IO[bytes]) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")
    head = text.read(PIECE)
    text.seek(0)
    skipped = 0
    if declared := re.match(r"sep=(.)\r?\n", head):
        delimiter, skipped = declared[1], 1
        text.readline()
    else:
        delimiter = _delimiter(head)
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num + skipped, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num + skipped} of the file cannot be read as CSV: {error}.") from None
    finally:
        # The file is its owner's to close.
        text.detach()


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else as Windows writes it; the file is read through once."""
    marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    file.seek(0)
    decoder, known = codecs.getincrementaldecoder("utf-8")(), not marked
    while piece := file.read(PIECE):
        if not marked and b"\x00" in piece:
            raise Unreadable("This is no CSV, XLSX or JSON file: it holds bytes that are no text.")
        if known:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                known = False
    file.seek(0)
    if known:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            known = False
    return "utf-16" if marked else "utf-8-sig" if known else "cp1252"


def _delimiter(head: str) -> str:
    """The one of comma, semicolon and tab that the header uses most, outside quotes."""
    header = re.sub(r'"[^"]*"', "", head.lstrip("\r\n").split("\n", 1)[0])
    return max(",;\t", key=header.count)


def _xlsx(file: IO[bytes], limits: Limits) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > limits.unpacked:
                raise Unreadable("The file unpacks to more than is read at once: split it into several.")
            if _tags(archive, limits.tags) > limits.tags:
                raise Unreadable(
                    "The file holds more rows and cells, empty ones included, than are read at once: copy those that are "
                    "orders into a new file, or split it into several."
                )
        book = load_workbook(file, read_only=True, data_only=True)
    except Unreadable:
        raise
    except Exception:  # what a broken archive makes the library raise is without end
        raise Unreadable("This .xlsx file is broken: open it in a spreadsheet program and save it again.") from None
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise Unreadable("This .xlsx file has no sheet.")
        for number, row in enumerate(sheet.iter_rows(), start=1):
            yield number, [_shown(cell) for cell in row]
    finally:
        book.close()


def _tags(archive: zipfile.ZipFile, most: int) -> int:
    """How many tags the parts have, counted as far as it takes to know that they are too many."""
    found = 0
    for part in archive.infolist():
        with archive.open(part) as opened:
            while found <= most and (piece := opened.read(1024 * 1024)):
                found += piece.count(b"<")
    return found


def _shown(cell: Any) -> str:
    """A cell as its format shows it where that matters: leading zeros, trailing zeros, no exponent."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        # Only here, as looking a format up takes longer than all else.
        if shape := _ZEROS.fullmatch(getattr(cell, "number_format", "") or ""):
            decimals = len(shape[2] or "")
            return f"{value:0{len(shape[1]) + (decimals + 1 if decimals else 0)}.{decimals}f}"
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(value)
    return str(value).strip()
