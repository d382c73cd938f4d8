"""What was packed is what counts: another lot or serial number than the one that was proposed, of all units or of some."""

from django.db.models import F
from django.utils.translation import gettext as _

from inventory import lots as known_lots
from inventory.models import Lot, StockLevel
from inventory.reservations import Grant
from orders import allocation, carrying, timeline
from shipping import lots
from shipping.models import Shipment, ShipmentLine


def change(item: ShipmentLine, code: str, *, units: int | None = None, who: str) -> None:
    """`units` of an item of a packed parcel (all, if not said) are of another lot, as scanned; the rest stays as it is.

    The lot may lie in another bin of the same warehouse: then they come from there. In the caller's transaction, with the
    levels locked. ValueError where the parcel has left, or where so many of that lot are not there, are expired or recalled,
    or lie in another parcel.
    """
    known = ShipmentLine.objects.select_related("shipment", "level__product", "level__location", "lot")
    now = known.filter(pk=item.pk).first()
    if now is None:
        raise ValueError(_("Somebody has just changed this parcel. Look at it again."))
    item = now
    if item.level is None or item.lot is None:
        raise ValueError(_("This is followed by no lot or serial number."))
    if item.shipment.state != Shipment.State.PACKED:
        raise ValueError(_("This parcel is not packed any more: what left with it stays on record."))
    sku, count = item.level.product.sku, item.quantity if units is None else units
    if not 0 < count <= item.quantity:
        raise ValueError(
            _("Of lot %(lot)s %(units)s are in this parcel: say how many of them are of another lot.")
            % {"lot": item.lot.code, "units": item.quantity}
        )
    lot = known_lots.find(item.level.product_id, code)
    if lot is None:
        raise ValueError(_("There is no lot “%(code)s” of %(sku)s.") % {"code": code.strip()[:80], "sku": sku})
    if lot.pk == item.lot_id:
        return
    level = _where(item.level, lot, count)
    if level.pk != item.level.pk:
        _take_from(level, item, item.level.pk, count)
    _write(item, lot, level, count)
    which = sku if count == item.quantity else f"{count} × {sku}"
    said = f"Parcel {item.shipment.number}: {which} of lot {lot.code} instead of {item.lot.code}."
    timeline.write([timeline.entry(item.shipment.order_id, "lot", said, who=who)])


def _where(level: StockLevel, lot: Lot, count: int) -> StockLevel:
    """Where the units lie: in the place that was proposed, or in another of the same warehouse."""
    found = StockLevel.objects.filter(product=level.product_id, location__sellable=True, on_hand__gt=0)
    near = {
        other.pk: other
        for other in found.select_related("location").order_by("location__pick_order", "pk")
        if other.location.warehouse_or_self == level.location.warehouse_or_self
    }
    there = {
        pk: sum(units for of, units in lying if of == lot.pk)
        for pk, lying in lots.free(near | {level.pk: level}).items()
    }
    for pk in (level.pk, *near):
        if there[pk] >= count:
            return near.get(pk, level)
    raise ValueError(
        _("%(units)s of lot %(lot)s cannot go from %(place)s: %(there)s of it are there, good to go and in no parcel.")
        % {"units": count, "lot": lot.code, "place": level.location, "there": max(0, there[level.pk])}
    )


def _take_from(level: StockLevel, item: ShipmentLine, before: int, count: int) -> None:
    """The promise goes along; whoever had those units gets what was taken for this parcel before."""
    others = count - level.available
    carried = carrying.lift({level.pk: others}) if others > 0 else {}
    allocation.deal_out({(item.line_id, before): count}, [Grant(item.line_id, level.pk, count)])
    carrying.set_down({before: carried.get(level.pk, [])})


def _write(item: ShipmentLine, lot: Lot, level: StockLevel, count: int) -> None:
    spot = {"shipment": item.shipment, "line_id": item.line_id, "level": level, "lot": lot}
    if count == item.quantity:
        ShipmentLine.objects.filter(pk=item.pk).delete()
    else:
        ShipmentLine.objects.filter(pk=item.pk).update(quantity=F("quantity") - count)
    if not ShipmentLine.objects.filter(**spot).update(quantity=F("quantity") + count):
        ShipmentLine.objects.create(**spot, quantity=count)
