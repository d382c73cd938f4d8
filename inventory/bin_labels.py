"""Labels for shelves: what stands there in large letters, and the bar code that the scanner reads. Plain data in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.lib.code128 import bars, module
from backoffice.lib.pdf import GREY, LETTER, Paper, fitting_size

INCH = 72.0
WIDE, HIGH = 4 * INCH, 2 * INCH
ROLL = (WIDE, HIGH)
# A letter sheet of ten labels, 4 × 2 inches each, as sold for address labels (Avery 5163).
SHEET_TOP, SHEET_LEFT, SHEET_STEP = 0.5 * INCH, 0.156 * INCH, 4.188 * INCH
ROWS, COLUMNS = 5, 2
PAD = 12.0
DPI = 203
QUIET_MODULES = 10
BAR_HEIGHT = 46.0


@dataclass(frozen=True, slots=True)
class BinLabel:
    """`code` is scanned, `name` is read from afar, `warehouse` says where it belongs."""

    code: str
    name: str
    warehouse: str = ""


def draw(
    labels: Sequence[BinLabel], *, roll: bool = False, title: str = "", author: str = "", language: str = "en"
) -> bytes:
    """One PDF: a label a page of a 4 × 2 inch roll, or ten on a letter sheet."""
    paper = Paper(ROLL if roll else LETTER, title=title, author=author, language=language, margin=0)
    a_page = 1 if roll else ROWS * COLUMNS
    for at, label in enumerate(labels):
        if at % a_page == 0:
            paper.begin()
        row, column = divmod(at % a_page, COLUMNS)
        x = 0.0 if roll else SHEET_LEFT + column * SHEET_STEP
        top = HIGH if roll else paper.page_height - SHEET_TOP - row * HIGH
        _draw(paper, label, x, top)
    return paper.finish()


def _draw(paper: Paper, label: BinLabel, x: float, top: float) -> None:
    middle, room = x + WIDE / 2, WIDE - 2 * PAD
    size = fitting_size(label.name, room, 40, 8, bold=True)
    paper.text(middle, top - PAD - 32, label.name, size, bold=True, align="center")
    foot = top - HIGH + PAD
    small = fitting_size(f"{label.code}  {label.warehouse}", room, 9, 4)
    paper.text(x + PAD, foot, label.code, small)
    paper.text(x + WIDE - PAD, foot, label.warehouse, small, align="right", colour=GREY)
    if label.code.isascii():
        paper.barcode(label.code, middle, foot + 15, BAR_HEIGHT, dots=_dots(label.code), dpi=DPI, align="center")


def _dots(code: str) -> int:
    """Bars as wide as fit with their quiet zones: three dots of a thermal head, else two, else one."""
    modules = bars(code)[1] + 2 * QUIET_MODULES
    return next((dots for dots in (3, 2) if modules * module(dots, DPI) <= WIDE), 1)
