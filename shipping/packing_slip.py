"""The packing slip: what is in this parcel, what is to follow, what went before (rule: P2). Plain data in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from backoffice.lib.address import Postal, printed
from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY, BODY_BOLD, HEADING, Cell, Column, Table, paragraph
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.masthead import FOOT_HEIGHT, columns, foot, masthead, running_head
from backoffice.lib.pdf import BLACK, GREY, LETTER, Paper, Style


@dataclass(frozen=True, slots=True)
class SlipLine:
    """`promise` is a whole phrase in the customer's language: "expected December 3 to 5"."""

    name: str
    ordered: int
    in_parcel: int
    backordered: int = 0
    sent_before: int = 0
    sku: str = ""
    variation: str = ""
    promise: str = ""
    lots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlipData:
    merchant: Letterhead
    order_number: str
    placed_on: date
    ship_to: Postal
    lines: tuple[SlipLine, ...]
    language: str = "en"
    store_number: str = ""
    store_name: str = ""
    parcel_number: str = ""
    packed_on: date | None = None
    shipping_method: str = ""
    tracking_number: str = ""
    gift_note: str = ""
    customer_note: str = ""


WORDS = {
    "en": {
        "title": "Packing slip",
        "ship_to": "SHIP TO",
        "order": "Order",
        "store": "Store order",
        "placed": "Placed on",
        "parcel": "Parcel",
        "packed": "Packed on",
        "method": "Shipping",
        "tracking": "Tracking",
        "sku": "SKU",
        "item": "Item",
        "ordered": "Ordered",
        "in_parcel": "In this parcel",
        "to_come": "To follow",
        "sent_before": "Sent before",
        "elsewhere": "Not in this parcel",
        "on_backorder": "{count} on backorder",
        "promised": "{count} on backorder: {promise}",
        "units": "Units",
        "lots": "Lot/serial {codes}",
        "gift": "Gift message",
        "note": "Your note",
        "foot": "Packing slip · Order {number}",
        "more": "Packing slip · Order {number} (continued)",
    },
    "fr": {
        "title": "Bordereau d’expédition",
        "ship_to": "DESTINATAIRE",
        "order": "Commande",
        "store": "Commande du magasin",
        "placed": "Passée le",
        "parcel": "Colis",
        "packed": "Emballé le",
        "method": "Livraison",
        "tracking": "Suivi",
        "sku": "Code",
        "item": "Article",
        "ordered": "Commandé",
        "in_parcel": "Dans ce colis",
        "to_come": "À venir",
        "sent_before": "Déjà expédié",
        "elsewhere": "Pas dans ce colis",
        "on_backorder": "{count} en attente",
        "promised": "{count} en attente\u00a0: {promise}",
        "units": "Unités",
        "lots": "Lot/série {codes}",
        "gift": "Message-cadeau",
        "note": "Votre note",
        "foot": "Bordereau d’expédition · Commande {number}",
        "more": "Bordereau d’expédition · Commande {number} (suite)",
    },
}
IN_PARCEL = Style(11, 12.5, bold=True)
FIGURES = 58.0
SKU = 104.0


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
        masthead(paper, slip.merchant, words["title"], barcode=slip.order_number)
        _facts(paper, slip, words)
        _message(paper, words["gift"], slip.gift_note)
        _table(paper, slip, words)
        _message(paper, words["note"], slip.customer_note)
    return paper.finish()


def _foot(slip: SlipData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, words["foot"].format(number=slip.parcel_number or slip.order_number), slip.language)


def _again(slip: SlipData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(number=slip.order_number))


def _facts(paper: Paper, slip: SlipData, words: dict[str, str]) -> None:
    merchant = slip.merchant
    store = " · ".join(filter(None, (slip.store_number, slip.store_name)))
    columns(
        paper,
        [(words["ship_to"], printed(slip.ship_to, home=merchant.country, language=merchant.language, phone=True))],
        [
            (words["order"], slip.order_number),
            (words["store"], store),
            (words["placed"], day(slip.placed_on, slip.language)),
            (words["parcel"], slip.parcel_number),
            (words["packed"], day(slip.packed_on, slip.language) if slip.packed_on else ""),
            (words["method"], slip.shipping_method),
            (words["tracking"], slip.tracking_number),
        ],
    )


def _message(paper: Paper, caption: str, text: str) -> None:
    if not text.strip():
        return
    paper.y -= 12
    paper.ensure(HEADING.leading + 2 * BODY.leading)
    paper.text(paper.left, paper.y - HEADING.size, caption.upper(), HEADING.size, bold=True, colour=GREY)
    paper.y -= HEADING.leading + 1
    paragraph(paper, paper.left, text.strip(), min(440, paper.right - paper.left), BODY)
    paper.y -= 10


def _table(paper: Paper, slip: SlipData, words: dict[str, str]) -> None:
    """Columns that would be empty are left out: most parcels hold all that was ordered."""
    figures = ["ordered", "in_parcel"]
    if any(line.backordered for line in slip.lines):
        figures.append("to_come")
    if any(line.sent_before for line in slip.lines):
        figures.append("sent_before")
    with_sku = any(line.sku for line in slip.lines)
    wide = paper.right - paper.left - FIGURES * len(figures) - (SKU if with_sku else 0)
    table = Table(
        paper,
        [
            *([Column(words["sku"], SKU)] if with_sku else []),
            Column(words["item"], wide),
            *(Column(words[figure], FIGURES, "right") for figure in figures),
        ],
    )
    here = [line for line in slip.lines if line.in_parcel]
    elsewhere = [line for line in slip.lines if not line.in_parcel]
    paper.ensure(70)
    table.heading()
    for line in here:
        table.row(_cells(line, figures, words, slip.language, with_sku))
    blank = [""] * (1 if with_sku else 0)
    units = number(sum(line.in_parcel for line in here), slip.language)
    table.row(
        [*blank, Cell(words["units"], BODY_BOLD), "", Cell(units, IN_PARCEL), *[""] * (len(figures) - 2)], rule=False
    )
    if elsewhere:
        paper.ensure(60)
        paper.y -= 8
        paper.text(paper.left, paper.y - BODY.size, words["elsewhere"], 11, bold=True)
        paper.y -= 16
        paper.hairline(paper.left, paper.right, paper.y, weight=0.8, colour=BLACK)
        for line in elsewhere:
            table.row(_cells(line, figures, words, slip.language, with_sku))


def _cells(line: SlipLine, figures: list[str], words: dict[str, str], language: str, with_sku: bool) -> list[Cell]:
    notes = [line.variation] if line.variation else []
    if line.lots:
        notes.append(words["lots"].format(codes=", ".join(line.lots)))
    if line.backordered:
        late = words["promised" if line.promise else "on_backorder"]
        notes.append(late.format(count=number(line.backordered, language), promise=line.promise))
    values = {
        "ordered": line.ordered,
        "in_parcel": line.in_parcel,
        "to_come": line.backordered,
        "sent_before": line.sent_before,
    }
    cells = [Cell(line.sku)] if with_sku else []
    cells.append(Cell(line.name, notes=tuple(notes)))
    for figure in figures:
        value = values[figure]
        style = IN_PARCEL if figure == "in_parcel" and value else BODY
        cells.append(Cell(number(value, language) if value else "–", style))
    return cells
