"""A parcel leaves: stock leaves the ledger, the promise is kept, the tracking number is known."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from inventory import ledger
from inventory.models import Movement
from orders import allocation, holds, timeline
from orders.models import Hold
from shipping.models import Shipment, ShipmentLine


@dataclass(frozen=True, slots=True)
class Left:
    """A parcel that left, and what the goods in it had cost."""

    shipment: Shipment
    cost: Decimal


def ship(shipment_ids: Iterable[int], *, by: Any = None, who: str = timeline.HUB) -> list[Left]:
    """Ship packed parcels, any number in a constant number of statements; those that left just now.

    A parcel already shipped is left alone. A wish to ship one that was unpacked again raises ValueError.
    """
    ids = sorted(set(shipment_ids))
    with transaction.atomic():
        found = list(
            Shipment.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("order").order_by("id")
        )
        for shipment in found:
            if shipment.state == Shipment.State.UNPACKED:
                raise ValueError(f"Parcel {shipment.number} was unpacked again; pack the order anew.")
        held = holds.stopping((s.order_id for s in found), Hold.Stops.SHIPPING, Hold.Stops.EVERYTHING)
        for shipment in found:
            if shipment.order_id in held and shipment.state == Shipment.State.PACKED:
                raise ValueError(f"Parcel {shipment.number} cannot leave: its order is held. Settle that first.")
        leaving = {shipment.pk: shipment for shipment in found if shipment.state == Shipment.State.PACKED}
        lines = list(
            ShipmentLine.objects.filter(shipment_id__in=leaving).select_related("level", "line").order_by("id")
        )
        taken: dict[tuple[int, int | None], int] = defaultdict(int)
        for line in lines:
            taken[line.line_id, line.level_id] += line.quantity
        if taken:
            allocation.consume(taken)
        moved = ledger.record(
            [
                ledger.Move(
                    product_id=line.level.product_id,
                    location_id=line.level.location_id,
                    quantity=-line.quantity,
                    reason=Movement.Reason.SHIPMENT,
                    key=f"shipment:{line.pk}",
                    note=f"Parcel {leaving[line.shipment_id].number}",
                    lot_id=line.lot_id,
                )
                for line in lines
                if line.level is not None
            ],
            by=by,
        )
        parcel_of = {f"shipment:{line.pk}": line.shipment_id for line in lines}
        cost: dict[int, Decimal] = defaultdict(Decimal)
        for movement in moved:
            cost[parcel_of[movement.key]] += -movement.quantity * movement.unit_cost
        now = timezone.now()
        Shipment.objects.filter(pk__in=leaving).update(state=Shipment.State.SHIPPED, shipped_at=now, shipped_by=by)
        timeline.write([timeline.entry(s.order_id, "shipped", _shipped(s), who=who) for s in leaving.values()])
    for shipment in leaving.values():
        shipment.state, shipment.shipped_at = Shipment.State.SHIPPED, now
    return [Left(shipment, cost[pk]) for pk, shipment in leaving.items()]


def track(shipment: Shipment, *, carrier: str, tracking_number: str, tracking_url: str = "", who: str) -> bool:
    """Note by which number a parcel is followed, typed by hand; False where nothing changed.

    ValueError where one of them is longer than any carrier's is.
    """
    wanted = (carrier.strip(), "".join(tracking_number.split()), tracking_url.strip())
    for what, said, most in zip(("carrier", "tracking number", "address"), wanted, (60, 60, 400), strict=True):
        if len(said) > most:
            raise ValueError(
                f"This {what} has {len(said)} characters; more than {most} cannot be right. Type it again."
            )
    if wanted == (shipment.carrier, shipment.tracking_number, shipment.tracking_url):
        return False
    shipment.carrier, shipment.tracking_number, shipment.tracking_url = wanted
    shipment.save(update_fields=["carrier", "tracking_number", "tracking_url"])
    timeline.write(
        [timeline.entry(shipment.order_id, "tracking", f"Parcel {shipment.number}: {_tracking(shipment)}.", who=who)]
    )
    return True


def _tracking(shipment: Shipment) -> str:
    return " ".join(part for part in (shipment.carrier, shipment.tracking_number) if part) or "no tracking number"


def _shipped(shipment: Shipment) -> str:
    return f"Parcel {shipment.number} shipped, {_tracking(shipment)}."
