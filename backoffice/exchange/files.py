"""Table files: read a row at a time from CSV or XLSX, written a row at a time, so that size costs no memory."""

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import chain, islice
from typing import IO, Any

from import_export.formats.base_formats import Format
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from backoffice.exchange import text_sheet
from backoffice.lib import cells
from backoffice.lib.text import unaccented
from orders.stores.base import Unreadable
from orders.stores.files_tables import Row, table

CHUNK = 500
Rows = Iterable[list[str]]


def column(heading: str) -> str:
    """The form in which two spellings of a heading are equal: `Weight grams`, `weight_grams`."""
    return re.sub(r"[^a-z0-9]+", "_", unaccented(heading)).strip("_")


class TableFile:
    """A table as import-export asks for one: headers, a length, rows; read anew each time it is gone through.

    `body` is a whole file; `rows` gives the rows of one that is read in parts.
    """

    def __init__(self, body: bytes = b"", *, rows: Callable[[], Iterable[Row]] | None = None) -> None:
        self._rows = rows or (lambda: table(body))
        self.number = 0
        """The row in the file that was given last."""
        self.before_chunk: Callable[[list[dict[str, str]]], None] | None = None
        """Told of rows before they are given one by one, so that what they name can be read in one statement."""
        found = iter(self._rows())
        _, first = next(found, (0, []))
        while first and not first[-1]:
            first.pop()
        if not first:
            raise Unreadable("The file is empty: its first row must name the columns.")
        self.headings = [cells.unsafe(heading) for heading in first]
        """As they stand there; `headers` are their plain forms."""
        self.headers = [column(heading) for heading in self.headings]
        self._length = sum(1 for _row in found)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[str]]:
        rows = iter(self._rows())
        next(rows, None)
        chunk: list[tuple[int, list[str]]] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield from self._given(chunk)
                chunk = []
        yield from self._given(chunk)

    def _given(self, chunk: list[tuple[int, list[str]]]) -> Iterator[list[str]]:
        width = len(self.headers)
        ready = [(n, [cells.unsafe(text) for text in [*row, *[""] * (width - len(row))][:width]]) for n, row in chunk]
        if self.before_chunk and ready:
            self.before_chunk([dict(zip(self.headers, row, strict=True)) for _, row in ready])
        for number, row in ready:
            self.number = number
            yield row


class TableFormat(Format):
    """For imports: which of the two a file is, is seen in the file."""

    def __init__(self, encoding: str | None = None) -> None:
        """The encoding, too, is seen in the file."""

    def get_title(self) -> str:
        return "CSV or XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> TableFile:
        return TableFile(in_stream)


class CsvFormat(Format):
    """UTF-8 with the mark by which spreadsheets know it."""

    def get_title(self) -> str:
        return "CSV"

    def get_extension(self) -> str:
        return "csv"

    def get_content_type(self) -> str:
        return "text/csv; charset=utf-8"

    def can_export(self) -> bool:
        return True

    def parts(self, headers: list[str], rows: Rows) -> Iterator[bytes]:
        """The file as it is written: the heading at once, then a few hundred rows at a time."""
        text = StringIO()
        writer = csv.writer(text)
        writer.writerow(headers)
        yield b"\xef\xbb\xbf" + text.getvalue().encode(errors="replace")
        left = iter(rows)
        while chunk := list(islice(left, CHUNK)):
            text.seek(0)
            text.truncate()
            writer.writerows([cells.safe(value) for value in row] for row in chunk)
            yield text.getvalue().encode(errors="replace")

    def write(self, headers: list[str], rows: Rows) -> IO[bytes]:
        file = temporary()
        for part in self.parts(headers, rows):
            file.write(part)
        file.seek(0)
        return file


class XlsxFormat(Format):
    """Every cell is text: a spreadsheet neither shortens a bar code nor drops a SKU's zeros."""

    def get_title(self) -> str:
        return "XLSX"

    def get_extension(self) -> str:
        return "xlsx"

    def get_content_type(self) -> str:
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def can_export(self) -> bool:
        return True

    def write(self, headers: list[str], rows: Rows) -> IO[bytes]:
        file = temporary()
        text_sheet.write(file, chain([headers], rows))
        file.seek(0)
        return file


def text_cell(sheet: Any, value: str) -> Any:
    if not value:
        return None  # an empty cell is none: a hundred thousand rows have millions of them
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value))
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def temporary() -> Any:
    """Small in memory, large on disk; gone when it is closed."""
    return tempfile.SpooledTemporaryFile(max_size=2 * 1024 * 1024)
