"""The recall list on paper: where a lot came from, where it lies, and whom to call; plain data in, PDF out."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY, BODY_BOLD, Cell, Column, Table, paragraph
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.masthead import FOOT_HEIGHT, foot, masthead, running_head
from backoffice.lib.pdf import LETTER, Paper, Style


@dataclass(frozen=True, slots=True)
class CameLine:
    """`reason` is the movement's, as in REASONS."""

    on: date
    units: int
    reason: str
    supplier: str = ""
    paper: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class GotLine:
    """`parcel` is empty where the store shipped it itself."""

    order: str
    store: str
    customer: str
    contacts: tuple[str, ...]
    on: date
    units: int
    returned: int = 0
    parcel: str = ""


@dataclass(frozen=True, slots=True)
class RecallData:
    """`left_out`: more got it than fit on paper."""

    merchant: Letterhead
    lot: str
    sku: str
    name: str
    today: date
    came: tuple[CameLine, ...]
    lying: tuple[tuple[str, int], ...]
    got: tuple[GotLine, ...]
    language: str = "en"
    expires_on: date | None = None
    recalled_on: date | None = None
    reason: str = ""
    left_out: bool = False


WORDS = {
    "en": {
        "title": "Recall list", "recalled": "RECALLED", "lot": "Lot or serial number {lot}",
        "expires": "Expires {day}", "recalled_on": "Recalled on {day}: {reason}", "as_of": "As of {day}",
        "came": "Where it came from", "lying": "Where it lies now", "got": "Who got it",
        "day": "Day", "what": "What", "supplier": "Supplier", "place": "Place", "units": "Units",
        "order": "Order", "customer": "Customer", "shipped": "Shipped", "returned": "Returned", "called": "Told",
        "store": "shipped by the store", "parcel": "Parcel {number}",
        "none_came": "No receipt is on record.", "none_here": "None of it is here.", "none_got": "No customer got it.",
        "sum": "Units: {units}. Orders: {orders}. Came back: {returned}.",
        "left_out": "More customers got it than fit on this paper: all of them are in the XLSX file.",
        "more": "Recall list, lot {lot} (continued)",
    },
    "fr": {
        "title": "Liste de rappel", "recalled": "RAPPELÉ", "lot": "Lot ou numéro de série {lot}",
        "expires": "Expire le {day}", "recalled_on": "Rappelé le {day}\u00a0: {reason}", "as_of": "En date du {day}",
        "came": "D’où il vient", "lying": "Où il se trouve", "got": "Qui l’a reçu",
        "day": "Jour", "what": "Nature", "supplier": "Fournisseur", "place": "Emplacement", "units": "Unités",
        "order": "Commande", "customer": "Client", "shipped": "Expédié", "returned": "Retourné", "called": "Avisé",
        "store": "expédié par le magasin", "parcel": "Colis {number}",
        "none_came": "Aucune réception n’est connue.", "none_here": "Il n’y en a plus ici.",
        "none_got": "Aucun client n’en a reçu.",
        "sum": "Unités\u00a0: {units}. Commandes\u00a0: {orders}. Revenues\u00a0: {returned}.",
        "left_out": "Plus de clients l’ont reçu que ce papier n’en contient\u00a0: tous sont dans le fichier XLSX.",
        "more": "Liste de rappel, lot {lot} (suite)",
    },
}  # fmt: skip
REASONS = {
    "en": {
        "opening": "Opening stock", "receipt": "Receipt of goods", "count": "Found by a count", "adjustment": "Correction",
        "elsewhere": "Back from the store",
    },
    "fr": {
        "opening": "Stock d’ouverture", "receipt": "Réception de marchandises", "count": "Trouvé à l’inventaire",
        "adjustment": "Correction", "elsewhere": "Revenu du magasin",
    },
}  # fmt: skip
"""By the reason of the movement; of others the reason itself."""
PART = Style(11, 16, bold=True)
NAME = Style(12, 16, bold=True)
DAY, FIGURE, ORDER, BOX = 96.0, 52.0, 112.0, 44.0


def draw(data: RecallData) -> bytes:
    """One PDF, US Letter."""
    words = WORDS[data.language]
    paper = Paper(LETTER, title=words["title"], author=data.merchant.name, language=data.language, margin=36)
    paper.bottom = paper.margin + FOOT_HEIGHT
    paper.begin(foot=partial(_foot, data, words), again=partial(_again, data, words))
    _head(paper, data, words)
    _came(paper, data, words)
    _lying(paper, data, words)
    _got(paper, data, words)
    return paper.finish()


def _foot(data: RecallData, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{words['title']} · {data.sku} · {words['lot'].format(lot=data.lot)}", data.language)


def _again(data: RecallData, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(lot=data.lot))


def _head(paper: Paper, data: RecallData, words: dict[str, str]) -> None:
    masthead(paper, data.merchant, words["title"], mark=words["recalled"] if data.recalled_on else "")
    room = paper.right - paper.left
    paragraph(paper, paper.left, words["lot"].format(lot=data.lot), room, NAME)
    facts = [f"{data.sku} · {data.name}"]
    if data.expires_on:
        facts.append(words["expires"].format(day=day(data.expires_on, data.language)))
    facts.append(words["as_of"].format(day=day(data.today, data.language)))
    paragraph(paper, paper.left, "\n".join(facts), room, BODY)
    if data.recalled_on:
        said = words["recalled_on"].format(day=day(data.recalled_on, data.language), reason=data.reason)
        paragraph(paper, paper.left, said, room, BODY_BOLD)
    paper.y -= 6


def _part(paper: Paper, title: str) -> None:
    paper.ensure(70)
    paper.y -= 8
    paragraph(paper, paper.left, title, paper.right - paper.left, PART)


def _came(paper: Paper, data: RecallData, words: dict[str, str]) -> None:
    _part(paper, words["came"])
    if not data.came:
        paragraph(paper, paper.left, words["none_came"], paper.right - paper.left, BODY)
        return
    room = paper.right - paper.left - DAY - FIGURE
    table = Table(
        paper,
        [
            Column(words["day"], DAY),
            Column(words["what"], room * 0.36),
            Column(words["supplier"], room * 0.34),
            Column(words["place"], room * 0.30),
            Column(words["units"], FIGURE, "right"),
        ],
    )
    table.heading()
    for line in data.came:
        table.row(
            [
                day(line.on, data.language),
                Cell(REASONS[data.language].get(line.reason, line.reason), notes=(line.paper,) if line.paper else ()),
                line.supplier or "–",
                line.place,
                Cell(number(line.units, data.language), BODY_BOLD),
            ]
        )


def _lying(paper: Paper, data: RecallData, words: dict[str, str]) -> None:
    _part(paper, words["lying"])
    if not data.lying:
        paragraph(paper, paper.left, words["none_here"], paper.right - paper.left, BODY)
        return
    columns = [Column(words["place"], paper.right - paper.left - FIGURE), Column(words["units"], FIGURE, "right")]
    table = Table(paper, columns)
    table.heading()
    for place, units in data.lying:
        table.row([place, Cell(number(units, data.language), BODY_BOLD)])


def _got(paper: Paper, data: RecallData, words: dict[str, str]) -> None:
    _part(paper, words["got"])
    room = paper.right - paper.left
    if not data.got:
        paragraph(paper, paper.left, words["none_got"], room, BODY)
        return
    said = words["sum"].format(
        units=number(sum(line.units for line in data.got), data.language),
        orders=number(len({line.order for line in data.got}), data.language),
        returned=number(sum(line.returned for line in data.got), data.language),
    )
    paragraph(paper, paper.left, said, room, BODY)
    paper.y -= 4
    table = Table(
        paper,
        [
            Column(words["order"], ORDER),
            Column(words["customer"], room - ORDER - DAY - 2 * FIGURE - BOX),
            Column(words["shipped"], DAY),
            Column(words["units"], FIGURE, "right"),
            Column(words["returned"], FIGURE, "right"),
            Column(words["called"], BOX),
        ],
    )
    table.heading()
    for line in data.got:
        parcel = words["parcel"].format(number=line.parcel) if line.parcel else words["store"]
        table.row(
            [
                Cell(line.order, BODY_BOLD, notes=(line.store,)),
                Cell(line.customer, BODY_BOLD, notes=line.contacts),
                Cell(day(line.on, data.language), notes=(parcel,)),
                Cell(number(line.units, data.language), BODY_BOLD),
                number(line.returned, data.language),
                Cell(ticks=("",)),
            ]
        )
    if data.left_out:
        paragraph(paper, paper.left, words["left_out"], room, BODY_BOLD)
