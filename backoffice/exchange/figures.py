"""Tables to reckon with, as files: in XLSX amounts are numbers and days are days; in CSV all is text as everywhere."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from backoffice.exchange.files import CsvFormat, XlsxFormat, temporary, text_cell
from backoffice.lib import cells

FORMATS = {kind.get_extension(): kind for kind in (CsvFormat(), XlsxFormat())}


def written(extension: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A file of this format, written a row at a time."""
    if extension == "csv":
        return CsvFormat().write(list(headings), ([_text(value) for value in row] for row in rows))
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Backoffice")
    sheet.freeze_panes = "A2"
    sheet.append([text_cell(sheet, heading) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file: IO[bytes] = temporary()
    book.save(file)
    file.seek(0)
    return file


def local(value: Any, zone: ZoneInfo) -> Any:
    """An instant by the merchant's clock; anything else as it is."""
    return value.astimezone(zone) if isinstance(value, datetime) else value


def _text(value: Any) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else cells.shown(value)


def _cell(sheet: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, bool | str):
        return text_cell(sheet, cells.safe(cells.shown(value)))
    if isinstance(value, datetime):  # a spreadsheet knows no time zones
        value = value.replace(tzinfo=None)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, Decimal):
        cell.number_format = "#,##0.00##"
    elif isinstance(value, datetime):
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell
