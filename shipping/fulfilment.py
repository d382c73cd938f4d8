"""Stores are told how far their orders are: the parcels with their numbers, whether all is sent, whether it is off.

By state, not by event (rule: Y1): the whole present state is told each time, and what the store knows is not told again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.utils import timezone

from backoffice.sync import deliveries
from backoffice.sync.connectors import connector_of
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import NotConnected, SyncError, Unavailable
from backoffice.sync.models import Connection, Delivery
from orders import timeline
from orders.models import Order, OrderLine, TimelineEntry
from orders.records import FulfilmentRecord, ParcelRecord
from orders.stores.base import Store
from shipping.inside import units_inside
from shipping.models import Shipment

PATIENCE = 2
"""So many orders in a row without an answer, and the store itself is taken to be down; one alone may have its own trouble."""


@dataclass(slots=True)
class _Saying:
    """What there is to say of one order; `numbers` are the parcels' own, in step with the record's parcels."""

    order: Order
    record: FulfilmentRecord
    numbers: list[str] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """What the store knows once it was told this; kept with the delivery and compared the next time."""
        return {
            "parcels": len(self.record.parcels),
            "told": [_spelled(parcel) for parcel in self.record.parcels],
            "complete": self.record.complete,
            "cancelled": self.record.cancelled,
        }


def tell(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Tell a store about these orders, a call each; what it knows already, or said itself, is not sent (case: C6)."""
    store = cast(Store, connector_of(connection))
    known = _present([delivery.object_id for delivery in batch], batch)
    its_own = _called_off_by_itself(connection, known.values())
    results: list[Result] = []
    entries: list[TimelineEntry] = []
    silent: list[SyncError] = []
    for delivery in batch:
        said = known.get(delivery.object_id)
        if (idle := _nothing_to_tell(delivery, said, its_own)) or said is None:
            results.append(Result(delivery.pk, idle, known=delivery.known))
        elif silent and _is_down(silent):
            results.append(Result(delivery.pk, "", error=silent[-1]))
        else:
            result = _push(connection, store, delivery, said)
            results.append(result)
            if isinstance(result.error, Unavailable | NotConnected):
                silent.append(result.error)
            else:
                silent.clear()
            if result.error is None:
                entries.append(timeline.entry(said.order.pk, "told", result.sentence))
    timeline.write(entries)
    if entries:
        Connection.objects.filter(pk=connection.pk).update(last_heard_at=timezone.now())
    return results


def _is_down(silent: Sequence[SyncError]) -> bool:
    last = silent[-1]
    if isinstance(last, NotConnected) or len(silent) >= PATIENCE:
        return True
    return isinstance(last, Unavailable) and last.retry_after is not None


def _nothing_to_tell(delivery: Delivery, said: _Saying | None, its_own: set[int]) -> str:
    if said is None:
        return "Nothing to tell: there is no such order."
    if not said.record.parcels and not said.record.cancelled:
        return "Nothing to tell: nothing of this order was shipped or called off."
    was = delivery.known or {}
    if was and {key: was.get(key) for key in said.told} == said.told:
        return "The store knows it already."
    if not said.record.parcels and said.order.pk in its_own:
        return "Nothing to tell: the store called this order off itself."
    return ""


def _push(connection: Connection, store: Store, delivery: Delivery, said: _Saying) -> Result:
    try:
        answer = store.push_fulfilment(said.record)
        error = answer.error
    except SyncError as raised:
        answer, error = None, raised
    request, response = deliveries.last_words(store.http)
    if answer is None or error is not None:
        failure = error if isinstance(error, SyncError) else Unavailable(f"{connection.name} gave no answer: {error}")
        return Result(delivery.pk, "", error=failure, request=request, response=response)
    return Result(
        delivery.pk,
        _sentence(connection, said),
        known={**(answer.known or {}), **said.told},
        external_id=answer.external_id,
        request=request,
        response=response,
    )


def _sentence(connection: Connection, said: _Saying) -> str:
    """What the store was told, as the order's page shows it."""
    record = said.record
    new = list(zip(said.numbers, record.parcels, strict=True))[record.told_parcels :]
    parts = [
        f"parcel {number} shipped, {' '.join(filter(None, (parcel.carrier, parcel.tracking_number))) or 'no tracking number'}"
        for number, parcel in new
    ]
    if record.complete:
        parts.append("the order is complete")
    elif record.cancelled:
        parts.append("the order is cancelled")
    elif record.parcels:
        parts.append("the rest is still to come")
    return f"{connection.name} was told: {'; '.join(parts)}."


def _spelled(parcel: ParcelRecord) -> list[Any]:
    return [
        parcel.carrier,
        parcel.tracking_number,
        parcel.tracking_url,
        [[external_id, units] for external_id, units in parcel.items],
    ]


# --- the present state ---------------------------------------------------------------------------------------------------
def _present(order_ids: Sequence[int], batch: Sequence[Delivery]) -> dict[int, _Saying]:
    """What there is to say of these orders now, in four statements."""
    orders = Order.objects.in_bulk(order_ids)
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=order_ids).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    shipments: dict[int, list[Shipment]] = defaultdict(list)
    shipped = Shipment.objects.filter(order_id__in=order_ids, state=Shipment.State.SHIPPED)
    for shipment in shipped.order_by("shipped_at", "id"):
        shipments[shipment.order_id].append(shipment)
    external = {line.pk: line.external_id for of_order in lines.values() for line in of_order}
    packed = units_inside(shipment.pk for of_order in shipments.values() for shipment in of_order)
    inside = {
        pk: {external[line]: units for line, units in of_parcel.items() if external[line]}
        for pk, of_parcel in packed.items()
    }
    known = {delivery.object_id: delivery.known or {} for delivery in batch}
    return {
        pk: _saying(order, lines[pk], shipments[pk], inside, known.get(pk, {}).get("told") or [])
        for pk, order in orders.items()
    }


def _saying(
    order: Order,
    lines: Sequence[OrderLine],
    shipments: Sequence[Shipment],
    inside: dict[int, dict[str, int]],
    told_before: Sequence[Any],
) -> _Saying:
    parcels = tuple(
        ParcelRecord(
            carrier=shipment.carrier,
            tracking_number=shipment.tracking_number,
            tracking_url=shipment.tracking_url,
            shipped_at=shipment.shipped_at or shipment.packed_at,
            items=tuple(inside.get(shipment.pk, {}).items()),
        )
        for shipment in shipments
    )
    left = sum(line.ordered - line.cancelled - line.shipped for line in lines if line.needs_shipping)
    wanted = sum(line.ordered - line.cancelled for line in lines)
    return _Saying(
        order,
        FulfilmentRecord(
            order_external_id=order.external_id,
            parcels=parcels,
            complete=bool(parcels) and left == 0,
            cancelled=not parcels and (order.cancelled_at is not None or (bool(lines) and wanted == 0)),
            told_parcels=_told_as_they_are(parcels, told_before),
            language=order.language,
        ),
        [shipment.number for shipment in shipments],
    )


def _told_as_they_are(parcels: Sequence[ParcelRecord], told_before: Sequence[Any]) -> int:
    """How many parcels, from the first, the store knows just so: one whose number was corrected is told anew."""
    count = 0
    for parcel, told in zip(parcels, told_before, strict=False):
        if _spelled(parcel) != told:
            break
        count += 1
    return count


def _called_off_by_itself(connection: Connection, known: Iterable[_Saying]) -> set[int]:
    """Orders that the store itself cancelled or deleted, by who is on the timeline as having done it."""
    off = [said.order.pk for said in known if said.record.cancelled]
    if not off:
        return set()
    last = (
        TimelineEntry.objects.filter(order_id__in=off, what="cancelled")
        .order_by("order_id", "-id")
        .distinct("order_id")
        .values_list("order_id", "who")
    )
    return {order_id for order_id, who in last if who == connection.name[:120]}
