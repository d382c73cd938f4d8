"""Running figures that are wrong are put right from what proves them, each on record (case: C18).

The ledger of stock, allocations, parcels and books are never changed: they are what is believed. What they themselves leave
in doubt is not repaired: a person counts, or corrects the order.
"""

from collections.abc import Callable, Iterable

from django.db import connection as database
from django.db import transaction

from inventory import kits, ledger, reservations
from inventory.models import StockRepair
from orders import allocation, status
from orders.models import Order

# Lowered before and raised after on hand is put right: in between no more is reserved than is there.
STEPS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("reserved", lambda: reservations.restore(lower=True)),
    ("on hand", ledger.restore),
    ("reserved", lambda: reservations.restore(lower=False)),
    ("allocated", allocation.restore),
    ("kit", kits.restore),
)


def repair(*, by: str) -> list[str]:
    """Put right what can be; a sentence for each figure that was wrong. Done twice, the second time finds nothing."""
    with transaction.atomic():
        with database.cursor() as cursor:
            # Nobody books or promises meanwhile: what is summed up here must be what is written.
            cursor.execute("LOCK TABLE inventory_stocklevel, orders_orderline IN SHARE ROW EXCLUSIVE MODE")
        found = [(figure, sentence) for figure, step in STEPS for sentence in step()]
        found += [("state", sentence) for sentence in _states()]
        StockRepair.objects.bulk_create(
            StockRepair(by=by[:120], figure=figure, sentence=sentence) for figure, sentence in found
        )
    return [sentence for _, sentence in found]


def _states(at_once: int = 5000) -> Iterable[str]:
    """States of orders, derived anew: by the one function that derives them."""
    ids = list(Order.objects.order_by("id").values_list("pk", flat=True))
    for start in range(0, len(ids), at_once):
        part = ids[start : start + at_once]
        before = dict(Order.objects.filter(pk__in=part).values_list("pk", "state"))
        changed = status.refresh(part)
        numbers = dict(Order.objects.filter(pk__in=list(changed)).values_list("pk", "number"))
        for pk, state in changed.items():
            yield f"Order {numbers[pk]} was in state {before[pk]}, it is {state.value}."
