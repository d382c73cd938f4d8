"""Packing what is allocated into a parcel; a parcel not yet shipped can be unpacked again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from backoffice.lib.bulk import copy_in, give_ids
from orders import allocation, holds, timeline
from orders.models import Allocation, Hold, LineComponent, Order, OrderLine
from shipping import lots, rotation
from shipping.models import Shipment, ShipmentLine

Packed = Shipment.State.PACKED


class CannotPack(Exception):
    """The order cannot be packed now; the message says why and what to do."""


def pack(
    order_ids: Iterable[int], *, quantities: Mapping[int, int] | None = None, by: Any = None, who: str = timeline.HUB
) -> list[Shipment]:
    """Pack what is allocated and in no parcel yet: one parcel an order and warehouse, in a constant number of statements.

    `quantities` (line → units) packs fewer. Of kits and selling units whole ones are packed. An order with nothing to pack
    gets no parcel, so run twice it packs once.
    Raises CannotPack where more is asked than is allocated and unpacked, or where a hold stops shipping.
    """
    ids = sorted(set(order_ids))
    with transaction.atomic():
        orders = Order.objects.select_for_update(of=("self",), no_key=True).order_by("id").in_bulk(ids)
        lines = list(
            OrderLine.objects.filter(order_id__in=ids).select_related("product").order_by("order_id", "position")
        )
        allocation.lock_lines(line.pk for line in lines)
        rotation.rotate(ids)
        stopped = holds.stopping(ids, Hold.Stops.SHIPPING, Hold.Stops.EVERYTHING)
        free = _unpacked(ids)
        needs = _needs(lines)
        drafts: dict[tuple[int, int], list[ShipmentLine]] = defaultdict(list)
        for line in lines:
            wanted = line.ordered if quantities is None else quantities.get(line.pk, 0)
            for warehouse_id, spots in free.get(line.pk, {}).items():
                whole = min(wanted, _whole(needs[line.pk], spots))
                if whole > 0:
                    drafts[line.order_id, warehouse_id] += _items(line, whole, needs[line.pk], spots)
                    wanted -= whole
            if quantities is not None and wanted > 0:
                raise CannotPack(
                    f"{quantities[line.pk]} of {line.sku or line.name} cannot be packed: only "
                    f"{quantities[line.pk] - wanted} are allocated to order {orders[line.order_id].number} and unpacked."
                )
        for order_id, _ in drafts:
            if order_id in stopped or not orders[order_id].may_ship:
                why = "it is held" if order_id in stopped else "it is not paid"
                raise CannotPack(f"Order {orders[order_id].number} cannot be packed: {why}. Settle that first.")
        return _write(orders, drafts, by=by, who=who)


Spots = dict[int | None, tuple[int | None, int]]
"""By level: (product there, stock units that are allocated and in no open parcel); no level where nothing is stocked."""
NOWHERE = 0
"""The warehouse of what is not stocked: it goes with whatever else the order has."""


def _unpacked(order_ids: list[int]) -> dict[int, dict[int, Spots]]:
    """By line and warehouse: what is allocated and in no open parcel."""
    packed: dict[tuple[int, int | None], int] = defaultdict(int)
    open_lines = ShipmentLine.objects.filter(shipment__order_id__in=order_ids, shipment__state=Packed)
    for line_id, level_id, quantity in open_lines.values_list("line_id", "level_id", "quantity"):
        packed[line_id, level_id] += quantity
    free: dict[int, dict[int, Spots]] = defaultdict(lambda: defaultdict(dict))
    allocated = Allocation.objects.filter(line__order_id__in=order_ids).order_by("line_id", "id")
    places = ("level__product_id", "level__location_id", "level__location__warehouse_id")
    for line_id, level_id, quantity, product_id, place, warehouse in allocated.values_list(
        "line_id", "level_id", "quantity", *places
    ):
        free[line_id][warehouse or place][level_id] = (product_id, quantity - packed[line_id, level_id])
    uncounted = Q(product=None) | Q(product__stocked=False)
    unstocked = OrderLine.objects.filter(
        uncounted, order_id__in=order_ids, allocated__gt=0, needs_shipping=True, components=None
    )
    for line_id, quantity in unstocked.values_list("pk", "allocated"):
        free[line_id][NOWHERE][None] = (None, quantity - packed[line_id, None])
    return free


def _needs(lines: Iterable[OrderLine]) -> dict[int, list[tuple[int | None, int]]]:
    """By line: what one unit of it takes, as (product, stock units)."""
    needs: dict[int, list[tuple[int | None, int]]] = defaultdict(list)
    plain = {line.pk: line for line in lines}
    parts = LineComponent.objects.filter(line__in=list(plain)).order_by("line_id", "product_id")
    for line_id, product_id, quantity in parts.values_list("line_id", "product_id", "quantity"):
        needs[line_id].append((product_id, quantity))
    for pk, line in plain.items():
        if pk not in needs:
            stocked = line.product is not None and line.product.stocked
            needs[pk] = [(line.product_id if stocked else None, 1)]
    return needs


def _whole(needs: Sequence[tuple[int | None, int]], spots: Spots) -> int:
    """How many whole units of a line these spots make up."""
    return min(sum(units for of, units in spots.values() if of == part) // each for part, each in needs)


def _items(line: OrderLine, whole: int, needs: Sequence[tuple[int | None, int]], spots: Spots) -> list[ShipmentLine]:
    items = []
    for part, each in needs:
        wanted = whole * each
        for level_id, (of, units) in spots.items():
            taken = min(units, wanted) if of == part else 0
            if taken > 0:
                items.append(ShipmentLine(line_id=line.pk, level_id=level_id, quantity=taken))
                wanted -= taken
    return items


def _write(
    orders: Mapping[int, Order], drafts: dict[tuple[int, int], list[ShipmentLine]], *, by: Any, who: str
) -> list[Shipment]:
    if not drafts:
        return []
    _with_the_goods(drafts)
    _by_lot(drafts)
    parcels = dict(
        Shipment.objects.filter(order_id__in={order_id for order_id, _ in drafts})
        .order_by()
        .values_list("order_id")
        .annotate(Count("pk"))
    )
    now = timezone.now()
    shipments = []
    for order_id, _ in drafts:
        parcels[order_id] = parcels.get(order_id, 0) + 1
        number = f"{orders[order_id].number}-{parcels[order_id]}"
        shipments.append(Shipment(order=orders[order_id], number=number, state=Packed, packed_at=now, packed_by=by))
    give_ids(shipments)
    copy_in(shipments, with_ids=True)
    for shipment, lines in zip(shipments, drafts.values(), strict=True):
        for line in lines:
            line.shipment_id = shipment.pk
    copy_in([line for lines in drafts.values() for line in lines])
    timeline.write(
        [
            timeline.entry(
                shipment.order_id,
                "packed",
                f"Parcel {shipment.number} packed: {_units(sum(line.quantity for line in lines))}.",
                who=who,
            )
            for shipment, lines in zip(shipments, drafts.values(), strict=True)
        ]
    )
    return shipments


def _by_lot(drafts: dict[tuple[int, int], list[ShipmentLine]]) -> None:
    """What is followed by lot goes in lot by lot; all parcels of the batch at once, so that no unit is in two of them."""
    keys = [key for key, items in drafts.items() for _ in items]
    try:
        told = lots.by_lot([item for items in drafts.values() for item in items])
    except lots.NoLot as error:
        raise CannotPack(str(error)) from None
    for key in drafts:
        drafts[key] = []
    for key, items in zip(keys, told, strict=True):
        drafts[key] += items


def _with_the_goods(drafts: dict[tuple[int, int], list[ShipmentLine]]) -> None:
    """What is not stocked goes into the parcel of the order's first warehouse, if there is one."""
    for order_id, _ in [key for key in drafts if key[1] == NOWHERE]:
        other = next((key for key in drafts if key[0] == order_id and key[1] != NOWHERE), None)
        if other is not None:
            drafts[other] += drafts.pop((order_id, NOWHERE))


def _units(count: int) -> str:
    return f"{count} unit" if count == 1 else f"{count} units"


def in_parcels(product_ids: Iterable[int]) -> dict[tuple[int, int, int | None], int]:
    """Units of (product, place, lot) in parcels packed and not shipped: off the shelf, and still in the ledger."""
    packed: dict[tuple[int, int, int | None], int] = defaultdict(int)
    lines = ShipmentLine.objects.filter(shipment__state=Packed, level__product_id__in=list(product_ids))
    for product_id, place_id, lot_id, units in lines.values_list(
        "level__product_id", "level__location_id", "lot_id", "quantity"
    ):
        packed[product_id, place_id, lot_id] += units
    return dict(packed)


def overfull(order_ids: Iterable[int]) -> set[int]:
    """Parcels of these orders that are packed and hold more than is still allocated: units were cancelled meanwhile."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT unnest(packed.parcels)
              FROM (SELECT item.line_id, item.level_id, sum(item.quantity) AS units,
                           array_agg(shipment.id) AS parcels
                      FROM shipping_shipment shipment
                      JOIN shipping_shipmentline item ON item.shipment_id = shipment.id
                     WHERE shipment.order_id = ANY(%s) AND shipment.state = 'packed'
                     GROUP BY item.line_id, item.level_id) packed
              JOIN orders_orderline line ON line.id = packed.line_id
              LEFT JOIN orders_allocation promised
                ON promised.line_id = packed.line_id AND promised.level_id = packed.level_id
             WHERE packed.units > CASE WHEN packed.level_id IS NULL THEN line.allocated
                                       ELSE coalesce(promised.quantity, 0) END
            """,
            [list(order_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


def unpack(shipment_ids: Iterable[int], *, who: str = timeline.HUB) -> set[int]:
    """Take parcels apart that are packed and not shipped; what was in them stays allocated. The orders' ids."""
    with transaction.atomic():
        found = list(
            Shipment.objects.select_for_update().filter(pk__in=list(shipment_ids), state=Packed).order_by("id")
        )
        Shipment.objects.filter(pk__in=[shipment.pk for shipment in found]).update(
            state=Shipment.State.UNPACKED, unpacked_at=timezone.now()
        )
        timeline.write(
            [timeline.entry(s.order_id, "unpacked", f"Parcel {s.number} unpacked again.", who=who) for s in found]
        )
    return {shipment.order_id for shipment in found}


def unpack_open(order_ids: Iterable[int], *, who: str) -> None:
    """Parcels of these orders that are packed and not shipped are taken apart: they hold what is cancelled, or gone."""
    packed = Shipment.objects.filter(order_id__in=list(order_ids), state=Packed).values_list("pk", flat=True)
    unpack(list(packed), who=who)
