"""The way of a lot: where it came from, where it lies, who got it (rule: S11)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q, Sum

from inventory.models import GoodsReceiptLine, Location, Lot, LotLevel, Movement, PurchaseOrder
from orders.models import Order, OrderLine
from orders.returns import Return
from shipping import coming_back
from shipping.models import Shipment, ShipmentLine

Reason = Movement.Reason
CHUNK = 500
WITHIN = (Reason.MOVE, Reason.TRANSFER)
"""What changes where it lies, and not how many there are."""


@dataclass(frozen=True, slots=True)
class Came:
    """Units that came into the house."""

    movement: Movement
    purchase: PurchaseOrder | None = None
    delivery_note: str = ""


@dataclass(frozen=True, slots=True)
class Lying:
    place: Location
    units: int
    packed: int


@dataclass(frozen=True, slots=True)
class Got:
    """Units that a customer got. No parcel where the store shipped them itself."""

    order: Order
    units: int
    at: datetime
    parcel: str = ""
    returned: int = 0

    @property
    def kept(self) -> int:
        return self.units - self.returned

    @property
    def phone(self) -> str:
        return self.order.shipping_address.phone or self.order.customer.phone


def came(lot: Lot) -> list[Came]:
    """Receipts, opening stock and finds, the oldest first. Two statements."""
    found = Movement.objects.filter(lot=lot, quantity__gt=0).exclude(reason__in=(*WITHIN, Reason.RETURN))
    rows = GoodsReceiptLine.objects.filter(lot=lot, movement__isnull=False).select_related("receipt__order__supplier")
    papers = {row.movement_id: row.receipt for row in rows}
    return [
        Came(
            movement,
            papers[movement.pk].order if movement.pk in papers else None,
            papers[movement.pk].delivery_note if movement.pk in papers else "",
        )
        for movement in found.select_related("location__warehouse", "by").order_by("id")
    ]


def lying(lot: Lot) -> list[Lying]:
    """Places where it is, with how many of it lie there in parcels that have not left. Two statements."""
    packed: dict[int, int] = defaultdict(int)
    items = ShipmentLine.objects.filter(lot=lot, shipment__state=Shipment.State.PACKED, level__isnull=False)
    for place, units in items.values_list("level__location", "quantity"):
        packed[place] += units
    levels = LotLevel.objects.filter(lot=lot, units__gt=0).select_related("location__warehouse")
    return [
        Lying(level.location, level.units, packed[level.location_id])
        for level in levels.order_by("location__pick_order", "location__code")
    ]


def open_parcels(lot: Lot) -> list[ShipmentLine]:
    """What is packed and has not left."""
    items = ShipmentLine.objects.filter(lot=lot, shipment__state=Shipment.State.PACKED)
    return list(items.select_related("shipment__order__customer").order_by("shipment_id", "id"))


def sums(lot: Lot) -> list[tuple[str, int]]:
    """How many came and went for which reason; what is left is what lies here."""
    found = Movement.objects.filter(lot=lot).exclude(reason__in=WITHIN).order_by().values_list("reason")
    units = dict(found.annotate(units=Sum("quantity")))
    return [(str(reason.label), units[reason]) for reason in Reason if units.get(reason)]


def units_got(lot: Lot) -> int:
    """Units that left for customers, whether or not they came back."""
    gone = Movement.objects.filter(lot=lot, reason__in=(Reason.SHIPMENT, Reason.ELSEWHERE)).aggregate(
        units=Sum("quantity")
    )
    return -(gone["units"] or 0)


def got(lot: Lot) -> Iterator[Got]:
    """Who got it, the first shipped first; a few hundred in memory at a time."""
    back = _returned(lot)
    orders = ("shipment__order__customer", "shipment__order__connection", "shipment__order__shipping_address")
    gone = ShipmentLine.objects.filter(lot=lot, shipment__state=Shipment.State.SHIPPED).select_related(*orders)
    for item in gone.order_by("shipment__shipped_at", "id").iterator(chunk_size=CHUNK):
        came_back = min(item.quantity, back.get(item.line_id, 0))
        if came_back:
            back[item.line_id] -= came_back
        parcel = item.shipment
        yield Got(parcel.order, item.quantity, parcel.shipped_at or parcel.packed_at, parcel.number, came_back)
    yield from _elsewhere(lot)


def first_got(lot: Lot, most: int) -> tuple[list[Got], bool]:
    """So many of them, and whether there are more."""
    found = list(islice(got(lot), most + 1))
    return found[:most], len(found) > most


def _returned(lot: Lot) -> dict[int, int]:
    """By line, how many units of this lot came back: the return's key is in the key of its movement."""
    moved: dict[str, int] = defaultdict(int)
    for key, units in Movement.objects.filter(lot=lot, reason=Reason.RETURN).values_list("key", "quantity"):
        moved[coming_back.event_of(key)] += units
    if not moved:
        return {}
    lines = ShipmentLine.objects.filter(lot=lot).values("line")
    back: dict[int, int] = defaultdict(int)
    for line, key in set(Return.objects.filter(line__in=lines).values_list("line", "key")):
        for name in (f"return:{key}:{line}", f"return:{key}:{line}:{lot.product_id}"):
            back[line] += moved.get(name, 0)
    return dict(back)


def _elsewhere(lot: Lot) -> Iterator[Got]:
    """What a store shipped itself: the order is in the key of the movement (see elsewhere.sold_elsewhere)."""
    moved = list(Movement.objects.filter(lot=lot, reason=Reason.ELSEWHERE).order_by("id"))
    if not moved:
        return
    parts = {movement.pk: movement.key.split("#")[0].split(":") for movement in moved}
    lines = {int(part[2]) for part in parts.values() if part[1] == "line"}
    order_of: dict[Any, int] = dict(OrderLine.objects.filter(pk__in=lines).values_list("pk", "order"))
    named = [(int(part[1]), part[2]) for part in parts.values() if part[1] != "line"]
    by_store = Order.objects.filter(
        connection__in={store for store, _ in named}, external_id__in={external for _, external in named}
    )
    order_of |= {
        (store, external): pk for pk, store, external in by_store.values_list("pk", "connection", "external_id")
    }
    related = Order.objects.select_related("customer", "connection", "shipping_address")
    orders = related.filter(Q(pk__in=set(order_of.values()))).in_bulk()
    for movement in moved:
        part = parts[movement.pk]
        pk = order_of.get(int(part[2]) if part[1] == "line" else (int(part[1]), part[2]))
        if pk in orders:
            yield Got(orders[pk], -movement.quantity, movement.at)
