"""Which lot goes into a parcel: first to expire, first out; never one that is expired or recalled (rule: S11)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory import first_out
from inventory import lots as inventory_lots
from inventory.models import Lot, LotLevel, Product, StockLevel
from orders import merchant, timeline
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
    free = _free(followed, merchant.local_day(timezone.now(), merchant.current()))
    return [
        _taken(item, free[level.pk], level) if (level := followed.get(item.level_id or 0)) else [item] for item in items
    ]


def _taken(item: ShipmentLine, free: list[list[int]], level: StockLevel) -> list[ShipmentLine]:
    told: list[ShipmentLine] = []
    wanted = item.quantity
    for lot in free:
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


def _free(followed: Mapping[int, StockLevel], today: date) -> dict[int, list[list[int]]]:
    """By level: [lot, units in no open parcel] of lots that may go, the first to expire first."""
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
    free = _free(levels, merchant.local_day(timezone.now(), merchant.current()))
    codes = dict(Lot.objects.filter(pk__in={lot for of in free.values() for lot, _ in of}).values_list("pk", "code"))
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for pk in levels:
        left = wanted[pk]
        for lot, units in free[pk]:
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


def change(item: ShipmentLine, code: str, *, who: str) -> None:
    """Another lot or serial number lies in a packed parcel than the one that was proposed, as scanned.

    In the caller's transaction, with the levels locked. ValueError where the parcel has left, or where that lot is not there,
    is expired, is recalled, or lies in another parcel.
    """
    if item.level is None or item.lot is None:
        raise ValueError(_("This is followed by no lot or serial number."))
    if item.shipment.state != Packed:
        raise ValueError(_("This parcel is not packed any more: what left with it stays on record."))
    lot = inventory_lots.find(item.level.product_id, code)
    if lot is None:
        raise ValueError(
            _("There is no lot “%(code)s” of %(sku)s.") % {"code": code.strip()[:80], "sku": item.level.product.sku}
        )
    if lot.pk == item.lot_id:
        return
    today = merchant.local_day(timezone.now(), merchant.current())
    free = {lot[0]: lot[1] for lot in _free({item.level.pk: item.level}, today)[item.level.pk]}
    if free.get(lot.pk, 0) < item.quantity:
        raise ValueError(
            _(
                "%(units)s of lot %(lot)s cannot go from %(place)s: %(there)s of it are there, good to go and in no parcel."
            )
            % {
                "units": item.quantity,
                "lot": lot.code,
                "place": item.level.location,
                "there": max(0, free.get(lot.pk, 0)),
            }
        )
    was = item.lot.code
    same = ShipmentLine.objects.filter(shipment=item.shipment, line=item.line_id, level=item.level_id, lot=lot).first()
    if same is not None:
        ShipmentLine.objects.filter(pk=same.pk).update(quantity=F("quantity") + item.quantity)
        item.delete()
    else:
        ShipmentLine.objects.filter(pk=item.pk).update(lot=lot)
    timeline.write(
        [
            timeline.entry(
                item.shipment.order_id,
                "lot",
                f"Parcel {item.shipment.number}: {item.level.product.sku} of lot {lot.code} instead of {was}.",
                who=who,
            )
        ]
    )
