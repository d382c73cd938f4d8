"""The plain 4×6 inch address label, without any carrier (rule: P5). Plain data in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass

from backoffice.lib.address import Postal, printed
from backoffice.lib.code128 import bars, module
from backoffice.lib.layout import wrapped
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.pdf import BLACK, LABEL_4X6, Paper, fitting_size


@dataclass(frozen=True, slots=True)
class LabelData:
    """`parcel_number` is the shipment's own number ("100001-1"); `parcel` of `parcels` is printed when both are known."""

    merchant: Letterhead
    order_number: str
    ship_to: Postal
    language: str = "en"
    store_number: str = ""
    parcel_number: str = ""
    parcel: int = 0
    parcels: int = 0
    shipping_method: str = ""


WORDS = {
    "en": {
        "title": "Address labels",
        "from": "FROM",
        "to": "TO",
        "order": "Order {number}",
        "store": "Store order {number}",
        "parcel": "Parcel {number}",
        "of": "Parcel {parcel} of {parcels}",
    },
    "fr": {
        "title": "Étiquettes d’adresse",
        "from": "EXPÉDITEUR",
        "to": "DESTINATAIRE",
        "order": "Commande {number}",
        "store": "Commande du magasin {number}",
        "parcel": "Colis {number}",
        "of": "Colis {parcel} de {parcels}",
    },
}

# A thermal head has 203 dots to the inch: bars of three dots, of two where a long number would not fit.
DPI = 203
INSET = 16.0
CAPTION = 8.0
SENDER_HEIGHT = 75.0
BAR_HEIGHT = 60.0
QUIET_MODULES = 10


def draw(labels: Sequence[LabelData]) -> bytes:
    """One PDF, a 4×6 inch page a label."""
    first = labels[0]
    words = WORDS[first.language]
    paper = Paper(LABEL_4X6, title=words["title"], author=first.merchant.name, language=first.language, margin=INSET)
    for label in labels:
        paper.begin()
        _draw(paper, label)
    return paper.finish()


def _draw(paper: Paper, label: LabelData) -> None:
    words = WORDS[label.language]
    top = _sender(paper, label, words)
    paper.hairline(paper.left, paper.right, top, weight=1.2, colour=BLACK)
    floor = _order(paper, label, words)
    paper.hairline(paper.left, paper.right, floor, weight=1.2, colour=BLACK)
    _receiver(paper, label, words, top - 8, floor + 8)


def _sender(paper: Paper, label: LabelData, words: dict[str, str]) -> float:
    room = paper.right - paper.left
    y = paper.top - CAPTION
    paper.text(paper.left, y, words["from"], CAPTION, bold=True)
    y -= 3
    lines = (label.merchant.name, *label.merchant.address)
    for size in (10.0, 8.5, 7.0):
        pieces = [(piece, at == 0) for at, line in enumerate(lines) for piece in wrapped(line, room, size, at == 0)]
        if len(pieces) * size * 1.2 <= SENDER_HEIGHT:
            break
    for piece, bold in pieces:
        y -= size * 1.2
        paper.text(paper.left, y, piece, size, bold=bold)
    return y - 8


def _order(paper: Paper, label: LabelData, words: dict[str, str]) -> float:
    """The foot of the label, drawn from the lower edge upward; returns where it ends."""
    room = paper.right - paper.left
    right = ""
    if label.parcel and label.parcels:
        right = words["of"].format(parcel=label.parcel, parcels=label.parcels)
    elif label.parcel_number:
        right = words["parcel"].format(number=label.parcel_number)
    left = words["order"].format(number=label.order_number)
    small = [words["store"].format(number=label.store_number) if label.store_number else "", label.shipping_method]
    y = paper.bottom
    for text in reversed([piece for line in small if line for piece in wrapped(line, room, 10)]):
        paper.text(paper.left, y + 2, text, 10)
        y += 13
    share = room - 8
    size = min(fitting_size(f"{left}  {right}", share, 15, 4, bold=True), 15)
    paper.text(paper.left, y + 3, left, size, bold=True)
    paper.text(paper.right, y + 3, right, size, bold=True, align="right")
    y += size + 8
    paper.barcode(
        label.order_number, paper.page_width / 2, y, BAR_HEIGHT, dots=_dots(label, room), dpi=DPI, align="center"
    )
    return y + BAR_HEIGHT + 10


def _dots(label: LabelData, room: float) -> int:
    modules = bars(label.order_number)[1] + 2 * QUIET_MODULES
    return 3 if modules * module(3, DPI) <= room + 2 * INSET else 2


def _receiver(paper: Paper, label: LabelData, words: dict[str, str], top: float, floor: float) -> None:
    """The address as large as the room between the two rules allows, and never cut."""
    paper.text(paper.left, top - CAPTION, words["to"], CAPTION, bold=True)
    top -= CAPTION + 4
    merchant = label.merchant
    lines = printed(label.ship_to, home=merchant.country, language=merchant.language)
    room = paper.right - paper.left
    size = 20.0
    while True:
        pieces = [
            (piece, index == 0) for index, line in enumerate(lines) for piece in wrapped(line, room, size, index == 0)
        ]
        if len(pieces) * size * 1.2 <= top - floor or size <= 5:
            break
        size -= 0.5
    y = top - (top - floor - len(pieces) * size * 1.2) / 3
    for piece, bold in pieces:
        y -= size * 1.2
        paper.text(paper.left, y + size * 0.2, piece, size, bold=bold)
