"""An XLSX file of nothing but text, written row by row straight into its archive: long lists take a fifth of the time.

Everything around the rows is what openpyxl makes of an empty sheet with one cell of text.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from backoffice.lib import cells

SHEET = "xl/worksheets/sheet1.xml"
LONGEST = 32_767
"""Signs that a cell holds."""
_ROWS = re.compile(r"<sheetData>.*</sheetData>", re.DOTALL)
_LETTERS = [get_column_letter(column) for column in range(1, 501)]


@cache
def _frame() -> tuple[list[tuple[str, bytes]], str, str, str]:
    """The other parts of the archive, what stands before and behind the rows, and the number of the style for text."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title, sheet.freeze_panes = "Backoffice", "A2"
    sheet["A1"] = "x"
    sheet["A1"].number_format = "@"
    empty = BytesIO()
    book.save(empty)
    with ZipFile(empty) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist() if name != SHEET]
        before, behind = _ROWS.split(archive.read(SHEET).decode(), 1)
        style = re.search(r'<c r="A1" s="(\d+)"', archive.read(SHEET).decode())
    assert style is not None
    # How far the rows go is not known before them, and need not be said.
    return parts, re.sub(r"<dimension [^>]*/>", "", before), behind, style[1]


def write(file: IO[bytes], rows: Iterable[Sequence[str]]) -> None:
    parts, before, behind, style = _frame()
    opening = [f'<c r="{letter}%d" s="{style}" t="inlineStr"><is><t xml:space="preserve">' for letter in _LETTERS]
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in parts:
            archive.writestr(name, content)
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(f"{before}<sheetData>".encode())
            for number, row in enumerate(rows, 1):
                # An empty cell is none: a hundred thousand rows have millions of them.
                written = "".join(
                    f"{start % number}{_text(value)}</t></is></c>"
                    for start, value in zip(opening, row, strict=False)
                    if value
                )
                sheet.write(f'<row r="{number}">{written}</row>'.encode())
            sheet.write(f"</sheetData>{behind}".encode())


def _text(value: str) -> str:
    safe = cells.safe(value)[:LONGEST]
    return escape(ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", safe), {"\r": "&#13;"})
