"""The backorder list on paper: plain data in, PDF out; in the staff's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import groupby

from backoffice.lib.formats import day, money, number
from backoffice.lib.layout import BODY, BODY_BOLD, Cell, Column, Table, paragraph
from backoffice.lib.masthead import FOOT_HEIGHT, TITLE, foot, running_head
from backoffice.lib.pdf import LETTER, Paper, Style, fitting_size


@dataclass(frozen=True, slots=True)
class ListLine:
    """`group` is the heading it stands under, empty for none; `promise` and `reason` are whole phrases."""

    group: str
    order: str
    customer: str
    sku: str
    name: str
    units: int
    days: int
    promise: str
    reason: str
    value: Decimal | None = None
    currency: str = "CAD"


@dataclass(frozen=True, slots=True)
class ListData:
    """`left_out` lines did not fit on paper and stand in the file only."""

    merchant_name: str
    today: date
    lines: tuple[ListLine, ...]
    language: str = "en"
    left_out: bool = False


WORDS = {
    "en": {
        "title": "Backorders",
        "summary": "{day} · Lines: {lines} · Units: {units}",
        "item": "Product",
        "order": "Order",
        "units": "Units",
        "days": "Days",
        "promise": "Promised",
        "value": "Value",
        "left_out": "There are more lines than fit on this paper: the rest is in the XLSX file.",
        "more": "Backorders of {day} (continued)",
        "nothing": "No order waits for stock.",
    },
    "fr": {
        "title": "Commandes en attente",
        "summary": "{day} · Lignes\u00a0: {lines} · Unités\u00a0: {units}",
        "item": "Article",
        "order": "Commande",
        "units": "Unités",
        "days": "Jours",
        "promise": "Promis",
        "value": "Valeur",
        "left_out": "Il y a plus de lignes que ce papier n’en contient\u00a0: le reste est dans le fichier XLSX.",
        "more": "Commandes en attente du {day} (suite)",
        "nothing": "Aucune commande n’attend de marchandise.",
    },
}
GROUP = Style(10.5, 14, bold=True)
ORDER, FIGURE, PROMISE, VALUE = 116.0, 40.0, 160.0, 64.0


def draw(data: ListData) -> bytes:
    """One PDF, US Letter."""
    words = WORDS[data.language]
    paper = Paper(LETTER, title=words["title"], author=data.merchant_name, language=data.language, margin=36)
    paper.bottom = paper.margin + FOOT_HEIGHT
    paper.begin(foot=partial(_foot, data, words), again=partial(_again, data, words))
    _head(paper, data, words)
    with_value = any(line.value is not None for line in data.lines)
    room = paper.right - paper.left - ORDER - 2 * FIGURE - PROMISE - (VALUE if with_value else 0)
    table = Table(
        paper,
        [
            Column(words["item"], room),
            Column(words["order"], ORDER),
            Column(words["units"], FIGURE, "right"),
            Column(words["days"], FIGURE, "right"),
            Column(words["promise"], PROMISE),
            *([Column(words["value"], VALUE, "right")] if with_value else []),
        ],
    )
    for group, lines in groupby(data.lines, key=lambda line: line.group):
        paper.ensure(80)
        if group:
            paper.y -= 4
            paragraph(paper, paper.left, group, paper.right - paper.left, GROUP)
        table.heading()
        _rows(table, lines, data.language, with_value)
        paper.y -= 8
    if not data.lines:
        paragraph(paper, paper.left, words["nothing"], paper.right - paper.left, BODY)
    if data.left_out:
        paragraph(paper, paper.left, words["left_out"], paper.right - paper.left, BODY_BOLD)
    return paper.finish()


def _rows(table: Table, lines: Iterable[ListLine], language: str, with_value: bool) -> None:
    for line in lines:
        value = money(line.value, line.currency, language) if line.value is not None else ""
        table.row(
            [
                Cell(line.name, notes=(line.sku,) if line.sku else ()),
                Cell(line.order, notes=(line.customer,) if line.customer else ()),
                Cell(number(line.units, language), BODY_BOLD),
                number(line.days, language),
                Cell(line.promise, notes=(line.reason,) if line.reason else ()),
                *([value] if with_value else []),
            ]
        )


def _head(paper: Paper, data: ListData, words: dict[str, str]) -> None:
    paper.text(paper.left, paper.y - TITLE.size + 3, words["title"], TITLE.size, bold=True)
    size = fitting_size(data.merchant_name, paper.right - paper.left - 240, BODY.size, 5, bold=True)
    paper.text(paper.right, paper.y - TITLE.size + 3, data.merchant_name, size, bold=True, align="right")
    paper.y -= TITLE.leading + 2
    summary = words["summary"].format(
        day=day(data.today, data.language),
        lines=number(len(data.lines), data.language),
        units=number(sum(line.units for line in data.lines), data.language),
    )
    paragraph(paper, paper.left, summary, paper.right - paper.left, BODY)
    paper.y -= 6


def _foot(data: ListData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{words['title']} · {day(data.today, data.language)}", data.language)


def _again(data: ListData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(day=day(data.today, data.language)))
