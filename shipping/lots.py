"""Which lot goes into a parcel: first to expire, first out; never one that is expired or recalled (rule: S11)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import first_out
from inventory.models import Lot, LotLevel, Product, StockLevel
from orders import merchant
from shipping.models import Shipment, ShipmentLine

Packed = Shipment.State.PACKED


class NoLot(Exception):
    """What should be packed has no lot that may go; the message says which product, where, and what to do."""


def by_lot(items: Sequence[ShipmentLine]) -> list[list[ShipmentLine]]:
    """What stands for each item of parcels: itself, or, of what is followed by lot, an item for each lot it is taken from.

    The levels are locked by the caller. Three statements more for what is followed. Raises NoLot where too few units of a
    place are in lots that may go.
    """
    levels = StockLevel.objects.filter(pk__in={item.level_id for item in items if item.level_id})
    followed = levels.exclude(product__tracking=Product.Tracking.NONE).select_related("product", "location").in_bulk()
    if not followed:
        return [[item] for item in items]
    lying = free(followed)
    return [
        _taken(item, lying[level.pk], level) if (level := followed.get(item.level_id or 0)) else [item]
        for item in items
    ]


def _taken(item: ShipmentLine, lying: list[list[int]], level: StockLevel) -> list[ShipmentLine]:
    told: list[ShipmentLine] = []
    wanted = item.quantity
    for lot in lying:
        part = min(wanted, lot[1])
        if part > 0:
            told.append(ShipmentLine(line_id=item.line_id, level_id=item.level_id, lot_id=lot[0], quantity=part))
            lot[1] -= part
            wanted -= part
    if wanted:
        raise NoLot(
            _(
                "%(units)s of %(sku)s at %(place)s cannot be packed: the lots that lie there are expired, recalled or packed "
                "already. Look at its lots; move what must not be sold to quarantine."
            )
            % {"units": wanted, "sku": level.product.sku, "place": level.location}
        )
    return told


def free(followed: Mapping[int, StockLevel]) -> dict[int, list[list[int]]]:
    """By level: [lot, units in no open parcel] of lots that may go, the first to expire first."""
    today = merchant.local_day(timezone.now(), merchant.current())
    packed: dict[tuple[int, int], int] = defaultdict(int)
    open_items = ShipmentLine.objects.filter(level__in=list(followed), lot__isnull=False, shipment__state=Packed)
    for level_id, lot_id, units in open_items.order_by().values_list("level", "lot").annotate(units=Sum("quantity")):
        packed[level_id, lot_id] = units
    lying = first_out.in_turn({level.product_id for level in followed.values()}, good_on=today)
    return {
        pk: [[lot, units - packed[pk, lot]] for lot, units in lying.get((level.product_id, level.location_id), ())]
        for pk, level in followed.items()
    }


def short(lost: Mapping[tuple[int, int], int]) -> set[int]:
    """Packed parcels that would hold units of a lot which are not there any more, once so many of (lot, place) are lost.

    The orders served last come first, as many as it takes. With the levels locked; one statement, two where some are packed.
    """
    items = ShipmentLine.objects.filter(
        shipment__state=Packed, lot__in={lot for lot, _ in lost}, level__location__in={place for _, place in lost}
    ).order_by("-shipment__order__priority", "-shipment__order__placed_at", "-shipment__order_id", "-shipment_id")
    rows = items.values_list("shipment", "lot", "level__location", "quantity")
    packed = [(parcel, (lot, place), units) for parcel, lot, place, units in rows if (lot, place) in lost]
    if not packed:
        return set()
    missing = dict(lost)
    for _parcel, spot, units in packed:
        missing[spot] += units
    there = LotLevel.objects.filter(lot__in={lot for lot, _ in lost}, location__in={place for _, place in lost})
    for lot, place, units in there.values_list("lot", "location", "units"):
        if (lot, place) in missing:
            missing[lot, place] -= units
    parcels: set[int] = set()
    for parcel, spot, units in packed:
        if missing[spot] > 0:
            parcels.add(parcel)
        # What lies in a parcel that is taken apart anyway is free too.
        if parcel in parcels:
            missing[spot] -= units
    return parcels


def to_take(wanted: Mapping[int, int]) -> dict[int, list[tuple[str, int]]]:
    """By level: (lot or serial number, units) to take so many of it, as packing will; nothing where none is followed."""
    levels = StockLevel.objects.filter(pk__in=list(wanted)).exclude(product__tracking=Product.Tracking.NONE).in_bulk()
    if not levels:
        return {}
    lying = free(levels)
    codes = dict(Lot.objects.filter(pk__in={lot for of in lying.values() for lot, _ in of}).values_list("pk", "code"))
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for pk in levels:
        left = wanted[pk]
        for lot, units in lying[pk]:
            if part := max(0, min(units, left)):
                found[pk].append((codes[lot], part))
                left -= part
    return dict(found)


def inside(shipment_ids: Iterable[int]) -> dict[tuple[int, int], list[str]]:
    """By parcel and line: the lots and serial numbers in it. One statement."""
    items = ShipmentLine.objects.filter(shipment__in=list(shipment_ids), lot__isnull=False)
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for shipment, line, code in items.order_by("id").values_list("shipment", "line", "lot__code"):
        if code not in found[shipment, line]:
            found[shipment, line].append(code)
    return dict(found)
