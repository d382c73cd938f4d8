"""What a scanned thing shows: how many lie where, what is promised, what is coming and when. Never a price or a cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F
from django.utils.translation import get_language

from backoffice.words import TONES
from inventory import availability, expected
from inventory.models import (
    CountSheet,
    KitComponent,
    Location,
    Lot,
    LotLevel,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    SellingUnit,
    StockLevel,
    Transfer,
    TransferLine,
    WarehouseProduct,
)
from orders import backorders, promise_words, promises
from orders.models import Order, OrderLine
from shipping.models import Shipment

MOST_ROWS = 200
COMING = (PurchaseOrder.State.SENT, PurchaseOrder.State.CONFIRMED, PurchaseOrder.State.PARTLY_RECEIVED)


@dataclass(frozen=True, slots=True)
class Lying:
    """Units of a product (of its lots, where it is followed by them) in one place."""

    place: Location
    product: Product
    on_hand: int
    reserved: int
    lots: Sequence[tuple[Lot, int]] = ()

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that are on their way, the paper they come by, and the day on which they are expected, if one was said."""

    number: str
    words: str
    units: int
    expected_on: date | None
    warehouse: Location


@dataclass(frozen=True, slots=True)
class ProductCard:
    product: Product
    lying: Sequence[Lying]
    on_hand: int
    reserved: int
    available: int
    backordered: int
    arrivals: Sequence[Arrival]
    units: Sequence[SellingUnit]
    contents: Sequence[KitComponent]
    bins: Sequence[WarehouseProduct]
    promise: str = ""
    picture: Any = None

    @property
    def coming(self) -> int:
        return sum(arrival.units for arrival in self.arrivals)


def product_card(product: Product) -> ProductCard:
    """All of one product, in a constant number of statements."""
    lying = lying_of(product)
    return ProductCard(
        product=product,
        lying=lying,
        on_hand=sum(one.on_hand for one in lying),
        reserved=sum(one.reserved for one in lying),
        available=availability.available([product.pk])[product.pk],
        backordered=backorders.waiting([product.pk]).get(product.pk, 0),
        arrivals=arrivals(product.pk),
        units=list(product.selling_units.all()),
        contents=list(product.components.select_related("component")) if product.is_kit else [],
        bins=list(
            product.warehouses.filter(put_away__isnull=False).select_related(
                "put_away", "warehouse", "put_away__warehouse"
            )
        ),
        promise=promised(product),
        picture=product.pictures.first(),
    )


def promised(product: Product) -> str:
    """What somebody is told who orders one now, and why; empty for what does not go through the warehouse."""
    if not product.is_shipped or product.archived_at is not None:
        return ""
    language = (get_language() or "en")[:2]
    promise = promises.for_products([product.pk])[product.pk]
    said, why = promise_words.phrase(promise, language), promise_words.reason(promise, language)
    return said if said == why or not why else f"{said} ({why})"


def lying_of(product: Product) -> list[Lying]:
    """Where a product lies, in the order in which it is picked."""
    levels = (
        StockLevel.objects.filter(product=product, on_hand__gt=0)
        .select_related("location", "location__warehouse")
        .order_by("location__pick_order", "location__code")
    )
    lots = _lots(LotLevel.objects.filter(lot__product=product)) if product.tracking != Product.Tracking.NONE else {}
    return [
        Lying(level.location, product, level.on_hand, level.reserved, lots.get((product.pk, level.location_id), ()))
        for level in levels
    ]


def lying_in(place: Location) -> list[Lying]:
    """What lies in a place."""
    levels = StockLevel.objects.filter(location=place, on_hand__gt=0).select_related("product").order_by("product__sku")
    found = list(levels[:MOST_ROWS])
    tracked = [level.product_id for level in found if level.product.tracking != Product.Tracking.NONE]
    lots = _lots(LotLevel.objects.filter(location=place, lot__product__in=tracked)) if tracked else {}
    return [
        Lying(place, level.product, level.on_hand, level.reserved, lots.get((level.product_id, place.pk), ()))
        for level in found
    ]


def _lots(levels: Any) -> dict[tuple[int, int], list[tuple[Lot, int]]]:
    """By (product, place) the lots there, the first to expire first."""
    found: dict[tuple[int, int], list[tuple[Lot, int]]] = {}
    ordered = (
        levels.filter(units__gt=0)
        .select_related("lot")
        .order_by(F("lot__expires_on").asc(nulls_last=True), "lot__code")
    )
    for level in ordered[: MOST_ROWS * 5]:
        found.setdefault((level.lot.product_id, level.location_id), []).append((level.lot, level.units))
    return found


def arrivals(product_id: int) -> list[Arrival]:
    """What is on its way, the earliest first; what has no date last."""
    bought = (
        PurchaseOrderLine.objects.filter(product=product_id, outstanding__gt=0, order__state__in=COMING)
        .select_related("order", "order__supplier", "order__warehouse")
        .order_by("id")
    )
    carried = (
        TransferLine.objects.filter(product=product_id, transfer__state=Transfer.State.IN_TRANSIT)
        .filter(sent__gt=F("received") + F("lost"))
        .select_related("transfer", "transfer__source", "transfer__destination")
        .order_by("id")
    )
    found = [
        Arrival(
            line.order.number,
            line.order.supplier.name,
            line.outstanding,
            expected.due(line.order, line),
            line.order.warehouse,
        )
        for line in bought[:MOST_ROWS]
    ] + [
        Arrival(
            line.transfer.number,
            line.transfer.source.name,
            line.sent - line.received - line.lost,
            line.transfer.expected_on,
            line.transfer.destination,
        )
        for line in carried[:MOST_ROWS]
    ]
    return sorted(found, key=lambda arrival: (arrival.expected_on is None, arrival.expected_on or date.max))


@dataclass(frozen=True, slots=True)
class PaperCard:
    """A purchase order, a transfer or a count sheet: its lines in numbers."""

    paper: PurchaseOrder | Transfer | CountSheet
    state: str
    words: str
    expected_on: date | None = None
    lines: Sequence[tuple[Product, int, int]] = field(default_factory=list)
    """(product, units wanted, units that came)"""


def purchase_card(order: PurchaseOrder) -> PaperCard:
    lines = list(order.lines.select_related("product").order_by("position"))
    rows = [(line.product, line.ordered - line.cancelled, line.received) for line in lines[:MOST_ROWS]]
    next_day = expected.next_day(order, lines)
    return PaperCard(order, order.get_state_display(), order.supplier.name, next_day, rows)


def transfer_card(transfer: Transfer) -> PaperCard:
    lines = transfer.lines.select_related("product").order_by("id")[:MOST_ROWS]
    rows = [(line.product, line.sent or line.wanted, line.received) for line in lines]
    words = f"{transfer.source.name} → {transfer.destination.name}"
    return PaperCard(transfer, transfer.get_state_display(), words, transfer.expected_on, rows)


def sheet_card(sheet: CountSheet) -> PaperCard:
    """Without figures: who counts blind may not see them, and others see them where they count."""
    return PaperCard(sheet, sheet.get_state_display(), sheet.warehouse.name)


@dataclass(frozen=True, slots=True)
class OrderCard:
    order: Order
    tone: str
    lines: Sequence[OrderLine]
    parcels: Sequence[Shipment]


def order_card(order: Order) -> OrderCard:
    lines = order.lines.select_related("product").filter(needs_shipping=True).order_by("position")[:MOST_ROWS]
    return OrderCard(
        order, TONES[order.state], list(lines), list(order.shipments.exclude(state="unpacked").order_by("id"))
    )


@dataclass(frozen=True, slots=True)
class LotCard:
    lot: Lot
    places: Sequence[tuple[Location, int]]


def lot_card(lot: Lot) -> LotCard:
    levels = lot.levels.filter(units__gt=0).select_related("location", "location__warehouse").order_by("location__code")
    return LotCard(lot, [(level.location, level.units) for level in levels[:MOST_ROWS]])
