"""Running figures that are wrong are put right from what proves them, each on record (case: C18).

The ledger of stock, allocations, parcels and books are never changed: they are what is believed. What they themselves leave
in doubt is not repaired: a person counts, or corrects the order.
"""

from collections.abc import Callable, Iterable

from django.db import connection as database
from django.db import transaction

from backoffice import goods
from inventory import costs, kits, ledger, reservations
from inventory.models import Product, StockLevel, StockRepair
from orders import allocation, queue, status
from orders.models import Order


def _waiting() -> list[str]:
    """Who waits for stock that is free, or for what needs none, is served in his turn; a sentence for each order."""
    wanted = queue.products_wanted("true", {})
    free = StockLevel.objects.filter(product__in=wanted, location__sellable=True, available__gt=0).values_list(
        "product"
    )
    counted_no_more = Product.objects.filter(pk__in=wanted, stocked=False).values_list("pk")
    served = goods.refill(pk for (pk,) in free.union(counted_no_more)).orders
    numbers = Order.objects.filter(pk__in=served).order_by("pk").values_list("pk", "number")
    return [
        f"Order {number} waited for {served[pk]} that were free: they are reserved for it now."
        for pk, number in numbers
    ]


# Lowered before and raised after on hand is put right: in between no more is reserved than is there.
STEPS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("reserved", lambda: reservations.restore(lower=True)),
    ("on hand", ledger.restore),
    ("reserved", lambda: reservations.restore(lower=False)),
    ("average cost", costs.restore),
    ("allocated", allocation.restore),
    ("kit", kits.restore),
    ("waiting", _waiting),
)


def repair(*, by: str) -> list[str]:
    """Put right what can be; a sentence for each figure that was wrong. Done twice, the second time finds nothing."""
    with transaction.atomic():
        with database.cursor() as cursor:
            # Nobody books, promises or has a level locked meanwhile: what is summed up here must be what is written.
            cursor.execute("LOCK TABLE inventory_stocklevel, orders_orderline IN EXCLUSIVE MODE")
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
