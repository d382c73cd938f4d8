"""The slip that travels with a transfer: what is on it, to be ticked where it is packed and where it arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY_BOLD, SMALL, Cell, Column, Table, paragraph
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.masthead import FOOT_HEIGHT, columns, foot, masthead, running_head
from backoffice.lib.pdf import BLACK, LETTER, Paper, Style


@dataclass(frozen=True, slots=True)
class SlipLine:
    """`place` is where it lies before it leaves; `units` are sent, or wanted while it is a draft."""

    sku: str
    name: str
    units: int
    variation: str = ""
    barcode: str = ""
    lot: str = ""
    expires_on: date | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class SlipData:
    merchant: Letterhead
    number: str
    source: tuple[str, ...]
    destination: tuple[str, ...]
    lines: tuple[SlipLine, ...]
    language: str = "en"
    is_draft: bool = False
    made_on: date | None = None
    sent_on: date | None = None
    expected_on: date | None = None
    note: str = ""


WORDS = {
    "en": {
        "title": "Transfer",
        "draft": "DRAFT",
        "from": "FROM",
        "to": "TO",
        "made": "Written on",
        "sent": "Sent on",
        "expected": "Expected on",
        "place": "From",
        "item": "Item",
        "units": "Units",
        "packed": "Packed",
        "arrived": "Arrived",
        "lot": "Lot {lot}",
        "expires": "expires {day}",
        "total": "Lines: {lines} · Units: {units}",
        "signed": "Received by, on",
        "more": "Transfer {number} (continued)",
    },
    "fr": {
        "title": "Transfert",
        "draft": "BROUILLON",
        "from": "DE",
        "to": "À",
        "made": "Rédigé le",
        "sent": "Envoyé le",
        "expected": "Attendu le",
        "place": "De",
        "item": "Article",
        "units": "Unités",
        "packed": "Emballé",
        "arrived": "Arrivé",
        "lot": "Lot {lot}",
        "expires": "expire le {day}",
        "total": "Lignes\u00a0: {lines} · Unités\u00a0: {units}",
        "signed": "Reçu par, le",
        "more": "Transfert {number} (suite)",
    },
}
QUANTITY = Style(12, 12.5, bold=True)
PLACE, FIGURE, BOX = 84.0, 52.0, 62.0


def draw(slips: Sequence[SlipData]) -> bytes:
    """One PDF, US Letter, each slip from a page of its own."""
    first = slips[0]
    paper = Paper(
        LETTER, title=WORDS[first.language]["title"], author=first.merchant.name, language=first.language, margin=36
    )
    paper.bottom = paper.margin + FOOT_HEIGHT
    for slip in slips:
        words = WORDS[slip.language]
        paper.begin(foot=partial(_foot, slip, words), again=partial(_again, slip, words))
        _head(paper, slip, words)
        _lines(paper, slip, words)
        _signature(paper, slip, words)
    return paper.finish()


def _foot(slip: SlipData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{words['title']} {slip.number}", slip.language)


def _again(slip: SlipData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(number=slip.number))


def _head(paper: Paper, slip: SlipData, words: dict[str, str]) -> None:
    masthead(paper, slip.merchant, words["title"], barcode=slip.number, mark=words["draft"] if slip.is_draft else "")
    days = ((words["made"], slip.made_on), (words["sent"], slip.sent_on), (words["expected"], slip.expected_on))
    columns(
        paper,
        [(words["from"], slip.source), (words["to"], slip.destination)],
        [(name, day(when, slip.language)) for name, when in days if when],
    )
    if slip.note:
        paragraph(paper, paper.left, slip.note, paper.right - paper.left, BODY_BOLD)
        paper.y -= 6


def _lines(paper: Paper, slip: SlipData, words: dict[str, str]) -> None:
    table = Table(
        paper,
        [
            Column(words["place"], PLACE),
            Column(words["item"], paper.right - paper.left - PLACE - FIGURE - 2 * BOX),
            Column(words["units"], FIGURE, "right"),
            Column(words["packed"], BOX),
            Column(words["arrived"], BOX),
        ],
    )
    table.heading()
    for line in slip.lines:
        lot = words["lot"].format(lot=line.lot) if line.lot else ""
        if line.expires_on:
            lot = f"{lot}, {words['expires'].format(day=day(line.expires_on, slip.language))}"
        notes = (line.variation, " · ".join(filter(None, (line.sku, line.barcode))), lot)
        table.row(
            [
                Cell(line.place or "–", BODY_BOLD),
                Cell(line.name, notes=tuple(filter(None, notes))),
                Cell(number(line.units, slip.language), QUANTITY),
                Cell(ticks=("",)),
                Cell(ticks=("",)),
            ]
        )


def _signature(paper: Paper, slip: SlipData, words: dict[str, str]) -> None:
    paper.ensure(70)
    units = sum(line.units for line in slip.lines)
    said = words["total"].format(lines=number(len(slip.lines), slip.language), units=number(units, slip.language))
    paper.y -= 8
    paragraph(paper, paper.left, said, paper.right - paper.left, BODY_BOLD)
    paper.y -= 30
    paper.hairline(paper.right - 240, paper.right, paper.y, weight=0.6, colour=BLACK)
    paper.text(paper.right - 240, paper.y - 11, words["signed"], SMALL.size)
