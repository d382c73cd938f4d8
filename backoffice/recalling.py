"""Lots that must not reach a customer, recalled or expired: out of the parcels, into quarantine, others served (rule: S11).

Promises are by place, not by lot, so what may not be sold must not lie where it is sold from: then it is neither promised
nor published (rules: S2, S7). What comes in later goes there at once (goods.set_apart).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import journey, moving
from inventory import first_out, lots, places
from inventory.models import Location, Lot, LotLevel
from orders import allocation, merchant, timeline
from orders.models import LineComponent, OrderLine
from shipping.models import Shipment, ShipmentLine

SOLD_FROM = (Location.Kind.WAREHOUSE, Location.Kind.BIN)


@dataclass(frozen=True, slots=True)
class SetAside:
    """`fresh` is whether it was not recalled before."""

    fresh: bool
    units: int
    parcels: int


def recall(lot_id: int, *, why: str, by: Any = None, who: str = timeline.HUB) -> SetAside:
    """Nobody gets it any more: open parcels that hold it are taken apart, what lies here goes to quarantine.

    A warehouse without a quarantine place gets one. Pressed again it sets aside what has come since, and keeps the reason.
    """
    if not why.strip():
        raise ValueError(_("Say why it is recalled."))
    with transaction.atomic():
        _lock([lot_id])
        lot = Lot.objects.select_for_update(of=("self",)).select_related("product").get(pk=lot_id)
        fresh = lot.recalled_at is None
        if fresh:
            Lot.objects.filter(pk=lot_id).update(recalled_at=timezone.now(), recall_note=why.strip()[:250])
            _note_on_orders(lot, why.strip(), who)
        parcels = _unpack([lot_id], who=who)
        lying = LotLevel.objects.filter(lot=lot_id, units__gt=0, location__kind__in=SOLD_FROM)
        units = _to_quarantine(lying, note=f"Recalled, lot {lot.code}", by=by)
    return SetAside(fresh, units, parcels)


def lift(lot_id: int) -> bool:
    """It was not so bad: it may be sold again. What lies in quarantine stays there until somebody moves it back.

    False where it was not recalled.
    """
    with transaction.atomic():
        _lock([lot_id])
        found = Lot.objects.filter(pk=lot_id, recalled_at__isnull=False)
        return bool(found.update(recalled_at=None, recall_note=""))


def set_expiry(lot_id: int, day: date | None, *, by: Any = None) -> int:
    """Correct the day on which a lot expires; how many units go to quarantine where that day is past.

    ValueError where its product's lots expire and no day is said.
    """
    with transaction.atomic():
        _lock([lot_id])
        lots.set_expiry(lot_id, day)
        return set_aside([lot_id], by=by)


def set_aside(lot_ids: Iterable[int] | None = None, *, by: Any = None) -> int:
    """Expired and recalled lots, of all or of these, go to the quarantine of their warehouse, which gets one where it has
    none; how many units."""
    with transaction.atomic():
        today = merchant.local_day(timezone.now(), merchant.current())
        lying = first_out.unfit(today)
        if lot_ids is not None:
            lying = lying.filter(lot__in=list(lot_ids))
        found = set(lying.values_list("lot", flat=True))
        if not found:
            return 0
        _lock(found)
        lying = lying.filter(lot__in=found)
        _unpack(set(lying.values_list("lot", flat=True)), who=timeline.HUB)
        return _to_quarantine(lying, note="Expired or recalled", by=by)


def _lock(lot_ids: Iterable[int]) -> None:
    """The levels of these lots' products and of all that lies in an order with them in a parcel, at once."""
    ids = list(lot_ids)
    orders = Shipment.objects.filter(state=Shipment.State.PACKED, lines__lot__in=ids).values("order")
    products = set(Lot.objects.filter(pk__in=ids).values_list("product", flat=True))
    products |= set(OrderLine.objects.filter(order__in=orders, product__isnull=False).values_list("product", flat=True))
    products |= set(LineComponent.objects.filter(line__order__in=orders).values_list("product", flat=True))
    allocation.lock_products(products)


def _unpack(lot_ids: Iterable[int], *, who: str) -> int:
    items = ShipmentLine.objects.filter(lot__in=list(lot_ids), shipment__state=Shipment.State.PACKED)
    found = dict(items.values_list("shipment", "shipment__order"))
    if found:
        codes = dict(items.values_list("shipment", "lot__code"))
        skus = dict(items.values_list("shipment", "lot__product__sku"))
        journey.unpack(found, who=who)
        timeline.write(
            [
                timeline.entry(
                    order, "lot", f"Lot {codes[pk]} of {skus[pk]} was in its parcel and must not be sold.", who=who
                )
                for pk, order in found.items()
            ]
        )
    return len(found)


def _note_on_orders(lot: Lot, why: str, who: str) -> None:
    """On the timeline of who got it, so that a clerk on the phone knows."""
    gone = ShipmentLine.objects.filter(lot=lot, shipment__state=Shipment.State.SHIPPED)
    timeline.write(
        [
            timeline.entry(
                order, "lot", f"Lot {lot.code} of {lot.product.sku}, which it got, is recalled: {why}", who=who
            )
            for order in gone.order_by().values_list("shipment__order", flat=True).distinct()
        ]
    )


def _to_quarantine(lying: QuerySet[LotLevel], *, note: str, by: Any) -> int:
    levels = list(lying.select_related("lot", "location").order_by("pk"))
    if not levels:
        return 0
    into = places.quarantines({level.location.warehouse_or_self for level in levels})
    # The levels are locked: what lies here moves once, whatever the key.
    moving.move(
        [
            moving.Moving(
                level.lot.product_id,
                level.units,
                level.location_id,
                into[level.location.warehouse_or_self],
                level.lot_id,
            )
            for level in levels
        ],
        key=f"quarantine-{uuid4().hex}",
        note=note,
        by=by,
    )
    return sum(level.units for level in levels)
