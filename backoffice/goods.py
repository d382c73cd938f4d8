"""Goods come in, come back or are corrected: the ledger of stock, the books and who waits for them, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounting import chart, ledger, posting
from accounting.models import Entry
from backoffice.lib import money
from inventory import ledger as stock
from inventory import reservations
from inventory.models import Movement
from orders import allocation, merchant, publishing, status, timeline
from orders.models import OrderLine
from shipping import packing
from shipping.models import Shipment


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of a product that come in or are corrected, at a cost each in the merchant's currency."""

    product_id: int
    quantity: int
    unit_cost: Decimal | None = None
    location_id: int | None = None


def receive(goods: Sequence[Goods], *, key: str, note: str = "", by: Any = None) -> list[Movement]:
    """Goods come in: booked once by `key`, and given to who waits for them, the oldest first, in one transaction."""
    if any(item.quantity <= 0 for item in goods):
        raise ValueError("What is received is counted in units above zero.")
    return _move(goods, Movement.Reason.RECEIPT, key=key, note=note, by=by)


def adjust(goods: Sequence[Goods], *, key: str, note: str, by: Any = None) -> list[Movement]:
    """Correct the stock up or down, with a reason. What is promised to orders is taken back first where it must be."""
    if not note.strip():
        raise ValueError("Say why the stock is corrected.")
    return _move(goods, Movement.Reason.ADJUSTMENT, key=key, note=note, by=by)


def return_to_stock(quantities: Mapping[int, int], *, key: str, who: str, by: Any = None) -> list[Movement]:
    """Shipped units of lines come back and can be sold again, at the cost at which they stand now.

    ValueError where more would come back than was shipped. Booked once by `key`.
    """
    with transaction.atomic():
        lines = OrderLine.objects.select_related("product").in_bulk(list(quantities))
        reservations.lock(line.product_id for line in lines.values() if line.product_id)
        if Movement.objects.filter(key__startswith=f"return:{key}:").exists():
            return []
        locked = OrderLine.objects.select_for_update(of=("self",)).order_by("id").in_bulk(list(quantities))
        back = []
        for pk, units in quantities.items():
            line = locked[pk]
            if units <= 0:
                continue
            if units > line.shipped - line.returned:
                raise ValueError(
                    f"{units} of {line.sku or line.name} cannot come back: {line.shipped} were shipped, "
                    f"{line.returned} of them are back already."
                )
            line.returned += units
            if line.product_id and lines[pk].product and lines[pk].product.stocked:
                back.append((pk, Goods(line.product_id, units)))
        OrderLine.objects.bulk_update(list(locked.values()), ["returned"])
        moved = _move(
            [item for _, item in back],
            Movement.Reason.RETURN,
            key=key,
            note="Returned",
            by=by,
            suffixes=[str(pk) for pk, _ in back],
        )
        timeline.write(
            [
                timeline.entry(
                    locked[pk].order_id,
                    "returned",
                    f"{units} of {locked[pk].sku or locked[pk].name} back in stock.",
                    who=who,
                )
                for pk, units in quantities.items()
                if units > 0
            ]
        )
    return moved


AGAINST = {
    Movement.Reason.RECEIPT: (Entry.Kind.RECEIPT, chart.RECEIVED, "Goods received"),
    Movement.Reason.RETURN: (Entry.Kind.COGS, chart.COGS, "Goods returned to stock"),
    Movement.Reason.ADJUSTMENT: (Entry.Kind.STOCK, chart.STOCK, "Stock corrected"),
    Movement.Reason.COUNT: (Entry.Kind.STOCK, chart.STOCK, "Stock counted"),
}


def _move(
    goods: Sequence[Goods],
    reason: Movement.Reason,
    *,
    key: str,
    note: str,
    by: Any,
    suffixes: Sequence[str] = (),
) -> list[Movement]:
    with transaction.atomic():
        reservations.lock(item.product_id for item in goods)
        _take_back_promises(goods)
        place = stock.default_location().pk
        moved = stock.record(
            [
                stock.Move(
                    product_id=item.product_id,
                    location_id=item.location_id or place,
                    quantity=item.quantity,
                    reason=reason,
                    key=f"{reason.value}:{key}:{suffixes[position] if suffixes else position}",
                    unit_cost=item.unit_cost,
                    note=note,
                )
                for position, item in enumerate(goods)
            ],
            by=by,
        )
        kind, against, words = AGAINST[reason]
        book(moved, kind, against, words)
        refill({movement.product_id for movement in moved})
    return moved


def _take_back_promises(goods: Sequence[Goods]) -> None:
    """Where more is lost than is free, the latest orders give their promise up and wait again."""
    place = stock.default_location().pk
    lost: dict[tuple[int, int], int] = {}
    for item in goods:
        if item.quantity < 0:
            spot = (item.product_id, item.location_id or place)
            lost[spot] = lost.get(spot, 0) - item.quantity
    if lost:
        touched = allocation.give_way(lost)
        packed = Shipment.objects.filter(order_id__in=touched, state=Shipment.State.PACKED).values_list("pk", flat=True)
        packing.unpack(list(packed))
        status.refresh(touched)
        timeline.write(
            [
                timeline.entry(pk, "unreserved", "Its reserved stock was lost; it waits for stock again.")
                for pk in touched
            ]
        )


def refill(products: Iterable[int]) -> allocation.Allocated:
    """Freed or new stock goes to who waits for it, in the same transaction (rule: S5); the stores hear the rest."""
    ids = set(products)
    if not ids:
        return allocation.Allocated({}, set())
    allocated = allocation.allocate_products(ids)
    status.refresh(allocated.orders)
    timeline.write(
        [
            timeline.entry(pk, "allocated", f"{units} backordered units are in stock now and reserved.")
            for pk, units in allocated.orders.items()
        ]
    )
    publishing.stock_changed(ids)
    return allocated


def book(moved: Sequence[Movement], kind: Entry.Kind, against: str, words: str) -> None:
    """Book the value of movements against another account, each once by its key."""
    if not moved:
        return
    seller = merchant.current()
    ledger.post(
        posting.goods(
            f"movement:{movement.key}",
            kind,
            money.rounded(movement.quantity * movement.unit_cost, seller.currency),
            against,
            description=f"{words}: {movement.quantity} × {movement.product_id}",
            currency=seller.currency,
            day=merchant.local_day(movement.at, seller),
        )
        for movement in moved
    )


