"""The pick list of one order or a batch: each product once, by place, with a box to tick for each order (rule: P7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY, BODY_BOLD, SMALL, Cell, Column, Table, paragraph
from backoffice.lib.masthead import FOOT_HEIGHT, TITLE, foot, running_head
from backoffice.lib.pdf import LETTER, Paper, Style, fitting_size


@dataclass(frozen=True, slots=True)
class PickNeed:
    order_number: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PickLine:
    """One product at one place; `lots` are (number, units) to take, in turn. Lines are printed by (location, bin, SKU)."""

    sku: str
    name: str
    needs: tuple[PickNeed, ...]
    location: str = ""
    bin: str = ""
    variation: str = ""
    barcode: str = ""
    lots: tuple[tuple[str, int], ...] = ()

    @property
    def quantity(self) -> int:
        return sum(need.quantity for need in self.needs)


@dataclass(frozen=True, slots=True)
class PickOrder:
    """An order of the batch, listed at the end for the packing table."""

    number: str
    customer: str = ""
    store_number: str = ""
    shipping_method: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PickListData:
    """`printed_at` is in the merchant's zone; `language` is the staff's."""

    merchant_name: str
    printed_at: datetime
    orders: tuple[PickOrder, ...]
    lines: tuple[PickLine, ...]
    language: str = "en"
    printed_by: str = ""


WORDS = {
    "en": {
        "title": "Pick list",
        "summary": "Orders: {orders} · Places: {lines} · Units: {units}",
        "printed": "Printed on {day} at {time}",
        "by": "by {who}",
        "lot": "Lot/serial {code} × {units}",
        "check": "Lots and serial numbers are proposed, the first to expire first: check them on the goods. Where you take "
        "another one, say so on the parcel.",
        "bin": "Bin",
        "item": "Item",
        "quantity": "Quantity",
        "orders": "For order × units",
        "no_place": "No place known",
        "packing": "Orders of this list",
        "order": "Order",
        "customer": "Customer",
        "store": "Store order {number}",
        "method": "Shipping",
        "units": "Units",
        "more": "Pick list of {day}, {time} (continued)",
    },
    "fr": {
        "title": "Liste de prélèvement",
        "summary": "Commandes\u00a0: {orders} · Emplacements\u00a0: {lines} · Unités\u00a0: {units}",
        "printed": "Imprimée le {day} à {time}",
        "by": "par {who}",
        "lot": "Lot/série {code} × {units}",
        "check": "Les lots et numéros de série sont proposés, le premier à expirer d’abord\u00a0: vérifiez-les sur la "
        "marchandise. Si vous en prenez un autre, indiquez-le sur le colis.",
        "bin": "Casier",
        "item": "Article",
        "quantity": "Quantité",
        "orders": "Pour la commande × unités",
        "no_place": "Emplacement inconnu",
        "packing": "Commandes de cette liste",
        "order": "Commande",
        "customer": "Client",
        "store": "Commande du magasin {number}",
        "method": "Livraison",
        "units": "Unités",
        "more": "Liste de prélèvement du {day}, {time} (suite)",
    },
}
PLACE = Style(11, 15, bold=True)
QUANTITY = Style(12, 12.5, bold=True)
# A product that a hundred orders want goes on over several rows: a row is never split over two pages.
TICKS_A_ROW = 24
BIN, FIGURE, TICKS = 84.0, 58.0, 196.0


def draw(lists: Sequence[PickListData]) -> bytes:
    """One PDF, US Letter, each list from a page of its own."""
    first = lists[0]
    paper = Paper(
        LETTER, title=WORDS[first.language]["title"], author=first.merchant_name, language=first.language, margin=36
    )
    paper.bottom = paper.margin + FOOT_HEIGHT
    for data in lists:
        words = WORDS[data.language]
        paper.begin(foot=partial(_foot, data, words), again=partial(_again, data, words))
        _head(paper, data, words)
        _lines(paper, data, words)
        _orders(paper, data, words)
    return paper.finish()


def _moment(data: PickListData, sentence: str) -> str:
    return sentence.format(day=day(data.printed_at.date(), data.language), time=f"{data.printed_at:%H:%M}")


def _foot(data: PickListData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{words['title']} · {_moment(data, words['printed'])}", data.language)


def _again(data: PickListData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, _moment(data, words["more"]))


def _head(paper: Paper, data: PickListData, words: dict[str, str]) -> None:
    paper.text(paper.left, paper.y - TITLE.size + 3, words["title"], TITLE.size, bold=True)
    room = paper.right - paper.left - 220
    size = fitting_size(data.merchant_name, room, BODY.size, 5, bold=True)
    paper.text(paper.right, paper.y - TITLE.size + 3, data.merchant_name, size, bold=True, align="right")
    paper.y -= TITLE.leading + 2
    summary = words["summary"].format(
        orders=number(len(data.orders), data.language),
        lines=number(len(data.lines), data.language),
        units=number(sum(line.quantity for line in data.lines), data.language),
    )
    by = f" {words['by'].format(who=data.printed_by)}" if data.printed_by else ""
    said = f"{summary}\n{_moment(data, words['printed'])}{by}"
    if any(line.lots for line in data.lines):
        said = f"{said}\n{words['check']}"
    paragraph(paper, paper.left, said, paper.right - paper.left, BODY)
    paper.y -= 6


def _lines(paper: Paper, data: PickListData, words: dict[str, str]) -> None:
    table = Table(
        paper,
        [
            Column(words["bin"], BIN),
            Column(words["item"], paper.right - paper.left - BIN - FIGURE - TICKS),
            Column(words["quantity"], FIGURE, "right"),
            Column(words["orders"], TICKS),
        ],
    )
    for location, group in groupby(data.lines, key=lambda line: line.location):
        paper.ensure(90)
        if location or len({line.location for line in data.lines}) > 1:
            paper.y -= 6
            paragraph(paper, paper.left, location or words["no_place"], paper.right - paper.left, PLACE)
        table.heading()
        for line in group:
            _line(table, line, data.language)
        paper.y -= 8


def _line(table: Table, line: PickLine, language: str) -> None:
    ticks = [f"{need.order_number} × {number(need.quantity, language)}" for need in line.needs]
    lots = [WORDS[language]["lot"].format(code=code, units=number(units, language)) for code, units in line.lots]
    notes = tuple(filter(None, (line.variation, " · ".join(filter(None, (line.sku, line.barcode))), *lots)))
    first, rest = ticks[:TICKS_A_ROW], ticks[TICKS_A_ROW:]
    table.row(
        [
            Cell(line.bin or "–", BODY_BOLD),
            Cell(line.name, notes=notes),
            Cell(number(line.quantity, language), QUANTITY),
            Cell(ticks=tuple(first)),
        ],
        rule=not rest,
    )
    while rest:
        first, rest = rest[:TICKS_A_ROW], rest[TICKS_A_ROW:]
        table.row([Cell(line.bin or "–", SMALL), Cell(line.sku, SMALL), "", Cell(ticks=tuple(first))], rule=not rest)


def _orders(paper: Paper, data: PickListData, words: dict[str, str]) -> None:
    """For the packing table: what each order takes from this list."""
    if not data.orders:
        return
    units: dict[str, int] = {}
    for line in data.lines:
        for need in line.needs:
            units[need.order_number] = units.get(need.order_number, 0) + need.quantity
    paper.ensure(100)
    paper.y -= 6
    paragraph(paper, paper.left, words["packing"], paper.right - paper.left, PLACE)
    table = Table(
        paper,
        [
            Column(words["order"], 140),
            Column(words["customer"], paper.right - paper.left - 140 - 150 - FIGURE),
            Column(words["method"], 150),
            Column(words["units"], FIGURE, "right"),
        ],
    )
    table.heading()
    for order in data.orders:
        store = words["store"].format(number=order.store_number) if order.store_number else ""
        table.row(
            [
                Cell(ticks=(order.number,)),
                Cell(order.customer, notes=tuple(filter(None, (store, order.note)))),
                order.shipping_method,
                Cell(number(units.get(order.number, 0), data.language), QUANTITY),
            ]
        )
