"""The count sheet on paper: shelf by shelf in walking order, a box to write in, bar codes to scan (rule: S8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from backoffice.lib import code128
from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY, BODY_BOLD, HEADING, SMALL, paragraph, wrapped
from backoffice.lib.masthead import FOOT_HEIGHT, TITLE, foot, running_head
from backoffice.lib.pdf import BLACK, GREY, LETTER, PALE, Paper, Style, fitting_size, width


@dataclass(frozen=True, slots=True)
class PaperLine:
    """`expected` is empty on a blind sheet, and before the moment of counting only a hint."""

    place: str
    place_code: str
    sku: str
    name: str
    variation: str = ""
    barcode: str = ""
    lot: str = ""
    counted: int | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class SheetData:
    """`printed_at` is in the merchant's zone."""

    number: str
    warehouse: str
    merchant_name: str
    printed_at: datetime
    lines: tuple[PaperLine, ...]
    blind: bool = True
    plan: str = ""
    note: str = ""
    language: str = "en"
    printed_by: str = ""


WORDS = {
    "en": {
        "title": "Count sheet",
        "summary": "Lines: {lines} · Places: {places}",
        "plan": "Plan: {plan}",
        "printed": "Printed on {day} at {time}",
        "by": "by {who}",
        "how": "Count what lies on the shelf. Write 0 where nothing is; leave empty what you did not count. "
        "What is packed already is not counted.",
        "item": "Item",
        "lot": "Lot: {lot}",
        "expected": "Should be",
        "counted": "Counted",
        "place": "Place",
        "found": "Also found",
        "counted_by": "Counted by",
        "date": "Day and time",
        "more": "Count sheet {number} (continued)",
    },
    "fr": {
        "title": "Feuille de comptage",
        "summary": "Lignes\u00a0: {lines} · Emplacements\u00a0: {places}",
        "plan": "Plan\u00a0: {plan}",
        "printed": "Imprimée le {day} à {time}",
        "by": "par {who}",
        "how": "Comptez ce qui est sur la tablette. Écrivez 0 où il n’y a rien; laissez vide ce que vous n’avez pas compté. "
        "Ce qui est déjà emballé ne se compte pas.",
        "item": "Article",
        "lot": "Lot\u00a0: {lot}",
        "expected": "Théorique",
        "counted": "Compté",
        "place": "Emplacement",
        "found": "Aussi trouvé",
        "counted_by": "Compté par",
        "date": "Jour et heure",
        "more": "Feuille de comptage {number} (suite)",
    },
}
PLACE = Style(11, 15, bold=True)
WRITTEN = Style(12, 14, bold=True)
BOX_WIDE, BOX_HIGH, CODE_WIDE, FIGURE = 74.0, 24.0, 168.0, 56.0
PAD, GAP, BAR_HIGH = 5.0, 10.0, 15.0
BLANK_ROWS, FOUND_ROWS = 15, 3


def draw(sheets: Sequence[SheetData]) -> bytes:
    """One PDF, US Letter, each sheet from a page of its own."""
    first = sheets[0]
    title = f"{WORDS[first.language]['title']} {first.number}"
    paper = Paper(LETTER, title=title, author=first.merchant_name, language=first.language, margin=36)
    paper.bottom = paper.margin + FOOT_HEIGHT
    for data in sheets:
        words = WORDS[data.language]
        paper.begin(foot=partial(_foot, data, words), again=partial(_again, data, words))
        _head(paper, data, words)
        _lines(paper, data, words)
        _empty_rows(paper, words, FOUND_ROWS if data.lines else BLANK_ROWS)
        _signature(paper, words)
    return paper.finish()


def _moment(data: SheetData, sentence: str) -> str:
    return sentence.format(day=day(data.printed_at.date(), data.language), time=f"{data.printed_at:%H:%M}")


def _foot(data: SheetData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{words['title']} {data.number} · {_moment(data, words['printed'])}", data.language)


def _again(data: SheetData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(number=data.number))


def _head(paper: Paper, data: SheetData, words: dict[str, str]) -> None:
    top = paper.y
    paper.text(paper.left, top - TITLE.size + 3, f"{words['title']} {data.number}", TITLE.size, bold=True)
    paper.barcode(data.number, paper.right, top - 28, 26, dots=4, dpi=300, align="right")
    room = paper.right - paper.left - 190
    paper.y = top - TITLE.leading - 2
    places = len({line.place for line in data.lines})
    facts = [
        f"{data.merchant_name} · {data.warehouse}",
        words["summary"].format(lines=number(len(data.lines), data.language), places=number(places, data.language))
        if data.lines
        else "",
        words["plan"].format(plan=data.plan) if data.plan else "",
        _moment(data, words["printed"]) + (f" {words['by'].format(who=data.printed_by)}" if data.printed_by else ""),
        data.note,
    ]
    paragraph(paper, paper.left, "\n".join(filter(None, facts)), room, BODY)
    paper.y -= 4
    paragraph(paper, paper.left, words["how"], paper.right - paper.left, SMALL)
    paper.y -= 6


def _columns(paper: Paper, shows_expected: bool) -> tuple[float, float, float, float]:
    """Where the item, its bar code, what should be there and the box begin."""
    box = paper.right - BOX_WIDE
    expected = box - (FIGURE if shows_expected else 0)
    return paper.left, expected - CODE_WIDE - GAP, expected, box


def _lines(paper: Paper, data: SheetData, words: dict[str, str]) -> None:
    shows = not data.blind
    for (place, code), group in groupby(data.lines, key=lambda line: (line.place, line.place_code)):
        paper.ensure(110)
        _place(paper, place, code)
        _heading(paper, words, shows)
        for line in group:
            if paper.ensure(_height(paper, line, words, shows)):
                _place(paper, place, code)
                _heading(paper, words, shows)
            _line(paper, line, data.language, words, shows)
        paper.y -= 8


def _place(paper: Paper, place: str, code: str) -> None:
    """The shelf's name, and its code for a scanner that comes along."""
    wide = _barcode(paper, code, paper.right, paper.y - 16, 14, 190, align="right")
    room = paper.right - paper.left - wide - GAP
    size = fitting_size(place, room, PLACE.size, 6, bold=True)
    paper.text(paper.left, paper.y - 13, place, size, bold=True)
    paper.y -= 21


def _heading(paper: Paper, words: dict[str, str], shows: bool) -> None:
    item, _code, expected, box = _columns(paper, shows)
    y = paper.y - HEADING.size
    paper.text(item, y, words["item"], HEADING.size, bold=True, colour=GREY)
    if shows:
        paper.text(expected + FIGURE - GAP, y, words["expected"], HEADING.size, bold=True, colour=GREY, align="right")
    paper.text(box, y, words["counted"], HEADING.size, bold=True, colour=GREY)
    paper.y -= HEADING.leading + 2
    paper.hairline(paper.left, paper.right, paper.y, weight=0.8, colour=BLACK)


def _texts(paper: Paper, line: PaperLine, words: dict[str, str], shows: bool) -> list[tuple[str, Style]]:
    item, code, _expected, _box = _columns(paper, shows)
    room = code - item - GAP
    texts = [(text, BODY_BOLD) for text in wrapped(line.name, room, BODY.size, True)]
    texts += [(text, BODY) for text in wrapped(line.variation, room, BODY.size)]
    if line.lot:
        texts += [(text, BODY_BOLD) for text in wrapped(words["lot"].format(lot=line.lot), room, BODY.size, True)]
    return texts + [(text, SMALL) for text in wrapped(line.sku, room, SMALL.size)]


def _height(paper: Paper, line: PaperLine, words: dict[str, str], shows: bool) -> float:
    tall = sum(style.leading for _text, style in _texts(paper, line, words, shows))
    return max(tall, BOX_HIGH, BAR_HIGH + SMALL.leading) + 2 * PAD


def _line(paper: Paper, line: PaperLine, language: str, words: dict[str, str], shows: bool) -> None:
    item, code, expected, box = _columns(paper, shows)
    high = _height(paper, line, words, shows)
    y = paper.y - PAD
    for text, style in _texts(paper, line, words, shows):
        paper.text(item, y - 0.76 * style.leading, text, style.size, bold=style.bold, colour=style.colour)
        y -= style.leading
    top = paper.y - PAD
    scanned = line.barcode or line.sku
    if _barcode(paper, scanned, code, top - BAR_HIGH, BAR_HIGH, CODE_WIDE):
        paper.text(code, top - BAR_HIGH - SMALL.size, scanned, SMALL.size - 1, colour=GREY)
    if shows and line.expected is not None:
        paper.text(expected + FIGURE - GAP, top - 16, number(line.expected, language), BODY.size, align="right")
    paper.box(box, top - BOX_HIGH, BOX_WIDE, BOX_HIGH)
    if line.counted is not None:
        paper.text(box + BOX_WIDE - 6, top - 16, number(line.counted, language), WRITTEN.size, bold=True, align="right")
    paper.y -= high
    paper.hairline(paper.left, paper.right, paper.y, colour=PALE)


def _barcode(paper: Paper, code: str, x: float, y: float, high: float, room: float, *, align: str = "left") -> float:
    """Code 128, as wide as a scanner likes within the room; its width, and nothing drawn where it does not fit."""
    if not code.isascii() or not code.isprintable():
        return 0.0
    modules = code128.bars(code)[1]
    for dots in (4, 3):
        if modules * dots * 72 / 300 <= room:
            return paper.barcode(code, x, y, high, dots=dots, dpi=300, align="right" if align == "right" else "left")
    return 0.0


def _empty_rows(paper: Paper, words: dict[str, str], rows: int) -> None:
    """Room for what nobody expected there; on a blank sheet for all that is found."""
    paper.ensure(60)
    if rows == FOUND_ROWS:
        paragraph(paper, paper.left, words["found"], 200, PLACE)
    names = (words["place"], words["item"], words["lot"].split("\u00a0")[0].split(":")[0])
    starts = (paper.left, paper.left + 110, paper.right - BOX_WIDE - 120)
    for name, x in zip(names, starts, strict=True):
        paper.text(x, paper.y - HEADING.size, name, HEADING.size, bold=True, colour=GREY)
    paper.text(paper.right - BOX_WIDE, paper.y - HEADING.size, words["counted"], HEADING.size, bold=True, colour=GREY)
    paper.y -= HEADING.leading + 2
    paper.hairline(paper.left, paper.right, paper.y, weight=0.8, colour=BLACK)
    for _row in range(rows):
        paper.ensure(BOX_HIGH + 2 * PAD)
        paper.box(paper.right - BOX_WIDE, paper.y - PAD - BOX_HIGH, BOX_WIDE, BOX_HIGH)
        paper.y -= BOX_HIGH + 2 * PAD
        paper.hairline(paper.left, paper.right - BOX_WIDE - GAP, paper.y, colour=PALE)


def _signature(paper: Paper, words: dict[str, str]) -> None:
    paper.ensure(48)
    paper.y -= 36
    half = (paper.left + paper.right) / 2
    for x, end, name in (
        (paper.left, half - GAP, words["counted_by"]),
        (half + GAP, paper.right, words["date"]),
    ):
        paper.hairline(x + width(name, SMALL.size) + 6, end, paper.y, weight=0.6, colour=BLACK)
        paper.text(x, paper.y, name, SMALL.size, colour=GREY)
