"""What a scanned code means: a product or one of its units, a lot, a place, or one of the house's papers by its number."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from backoffice.lib import gs1
from inventory import catalogue, lots
from inventory.models import CountSheet, Location, Lot, Product, PurchaseOrder, SellingUnit, Transfer
from orders.models import Order
from shipping.models import Shipment


class Kind(StrEnum):
    PRODUCT = "product"
    LOT = "lot"
    PLACE = "place"
    PURCHASE = "purchase"
    TRANSFER = "transfer"
    SHEET = "sheet"
    ORDER = "order"


SEEN_WITH = {
    Kind.PRODUCT: "inventory.view_product",
    Kind.LOT: "inventory.view_lot",
    Kind.PLACE: "inventory.view_location",
    Kind.PURCHASE: "inventory.view_purchaseorder",
    Kind.TRANSFER: "inventory.view_transfer",
    Kind.SHEET: "inventory.view_countsheet",
    Kind.ORDER: "orders.view_order",
}
"""The permission with which each may be looked up."""

Paper = PurchaseOrder | Transfer | CountSheet | Order


@dataclass(frozen=True, slots=True)
class Scanned:
    """One thing that a code means; of a product also how many units the scanned pack holds and which lot it names."""

    kind: Kind
    product: Product | None = None
    unit: SellingUnit | None = None
    lot: Lot | None = None
    lot_code: str = ""
    expires_on: date | None = None
    units: int = 1
    place: Location | None = None
    paper: Paper | None = None


def find(code: str, kinds: Iterable[Kind]) -> list[Scanned]:
    """All that a code means among these kinds, in their order; a constant number of statements for each kind.

    ValueError with a sentence where it is the code of several products and means nothing else.
    """
    typed = code.replace("\x00", "").strip()[:200]
    if not typed:
        return []
    found: list[Scanned] = []
    doubt: ValueError | None = None
    for kind in kinds:
        try:
            found += FINDERS[kind](typed)
        except catalogue.Several as error:
            doubt = error
    if doubt is not None and not found:
        raise doubt
    return found


def one(code: str, *kinds: Kind) -> Scanned:
    """What a code means; the first of these kinds in which it means something. ValueError with a sentence for nothing."""
    found = find(code, kinds)
    if not found:
        raise ValueError(unknown(code, kinds))
    return found[0]


def place_named(code: str) -> Location | None:
    """The place of this code that a form brings along again, if it is still in use."""
    return Location.objects.select_related("warehouse").filter(code=code, archived_at=None).first() if code else None


def unknown(code: str, kinds: Collection[Kind]) -> str:
    """That a code means nothing here, and what was looked for."""
    words = {
        Kind.PRODUCT: _("product"),
        Kind.LOT: _("lot"),
        Kind.PLACE: _("place"),
        Kind.PURCHASE: _("purchase order"),
        Kind.TRANSFER: _("transfer"),
        Kind.SHEET: _("count sheet"),
        Kind.ORDER: _("order or parcel"),
    }
    if len(kinds) > 3:
        return _("“%(code)s” means nothing here. Scan again, or type what stands under the bars.") % {
            "code": code.strip()[:60]
        }
    named = [str(words[kind]) for kind in kinds]
    listed = _(" or ").join(filter(None, [", ".join(named[:-1]), named[-1]]))
    return _("“%(code)s” is no %(kinds)s here. Scan again, or type what stands under the bars.") % {
        "code": code.strip()[:60],
        "kinds": listed,
    }


# --- one finder a kind ---------------------------------------------------------------------------------------------------
def _product(code: str) -> list[Scanned]:
    label = gs1.read(code)
    try:
        product, unit = catalogue.find_by_code(label.gtin if label else code)
    except catalogue.Several:
        raise
    except ValueError:
        return []
    pack = unit.quantity if unit else 1
    if label is None:
        return [Scanned(Kind.PRODUCT, product=product, unit=unit, units=pack)]
    named = label.serial if product.tracking == Product.Tracking.SERIAL and label.serial else label.lot
    lot = lots.find(product.pk, named)
    return [
        Scanned(
            Kind.PRODUCT, product=product, unit=unit, lot=lot, lot_code=named, expires_on=label.expires_on,
            units=pack * (label.units or 1),
        )
    ]  # fmt: skip


def _lot(code: str) -> list[Scanned]:
    found = Lot.objects.select_related("product").filter(code__iexact=code).order_by("product__sku", "id")
    return [
        Scanned(Kind.LOT, product=lot.product, lot=lot, lot_code=lot.code, expires_on=lot.expires_on)
        for lot in found[:20]
    ]


def _place(code: str) -> list[Scanned]:
    places = Location.objects.select_related("warehouse").filter(code__in=_capitals(code), archived_at=None)
    return [Scanned(Kind.PLACE, place=place) for place in _likest(places, code, "code")]


def _purchase(code: str) -> list[Scanned]:
    return _papers(Kind.PURCHASE, PurchaseOrder.objects.select_related("supplier", "warehouse"), code)


def _transfer(code: str) -> list[Scanned]:
    return _papers(Kind.TRANSFER, Transfer.objects.select_related("source", "destination"), code)


def _sheet(code: str) -> list[Scanned]:
    return _papers(Kind.SHEET, CountSheet.objects.select_related("warehouse"), code)


def _order(code: str) -> list[Scanned]:
    """An order by its number, the store's, or by a parcel's number or tracking number."""
    spellings = _capitals(code.lstrip("#"))
    tracking = _capitals("".join(code.split()))
    parcels = Shipment.objects.filter(Q(number__in=spellings) | Q(tracking_number__in=tracking, tracking_number__gt=""))
    orders = (
        Order.objects.select_related("customer", "connection")
        .filter(Q(number__in=spellings) | Q(external_number__in=spellings) | Q(pk__in=parcels.values("order_id")[:20]))
        .order_by("-id")
    )
    # The order's own number comes before one that a store happens to use too.
    found = sorted(orders[:20], key=lambda order: order.number not in spellings)
    return [Scanned(Kind.ORDER, paper=order) for order in found]


def _papers(kind: Kind, papers: QuerySet, code: str) -> list[Scanned]:
    return [Scanned(kind, paper=paper) for paper in _likest(papers.filter(number__in=_capitals(code)), code, "number")]


def _likest(rows: QuerySet, code: str, name: str) -> list:
    """Of rows that differ in capitals only, the one that is written just so."""
    return sorted(rows, key=lambda row: getattr(row, name) != code)[:1]


def _capitals(code: str) -> set[str]:
    # A keyboard wedge with the caps lock on sends the same code in the other case.
    return {code, code.upper(), code.lower()}


FINDERS: dict[Kind, Callable[[str], list[Scanned]]] = {
    Kind.PRODUCT: _product,
    Kind.LOT: _lot,
    Kind.PLACE: _place,
    Kind.PURCHASE: _purchase,
    Kind.TRANSFER: _transfer,
    Kind.SHEET: _sheet,
    Kind.ORDER: _order,
}
