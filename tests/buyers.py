"""Many processes that buy the same few products, singly and in kits that share them, while goods come and orders are called off.

For the test of overselling and its bench: both look at the same figures afterwards.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import OperationalError
from django.db.models import F, Sum

from backoffice import goods, inward, journey, proof
from inventory import kits
from inventory.models import Product, StockLevel
from orders.models import Order
from tests import making, processes, shop

PRODUCTS, KITS, EACH = 50, 10, 40
SKUS = [f"BUY-{n:02}" for n in range(PRODUCTS)]
SETS = [f"SET-{n:02}" for n in range(KITS)]


@dataclass(frozen=True, slots=True)
class Sale:
    counts: Counter[str]
    seconds: float
    sold: int
    """Stock units that are promised now."""

    @property
    def orders_a_second(self) -> float:
        return self.counts["orders"] / self.seconds


def open_shop() -> Any:
    """Fifty products of forty units each, and ten kits of two of them; the store that sells them."""
    making.make_merchant()
    products = [making.make_product(sku, EACH) for sku in SKUS]
    for n, sku in enumerate(SETS):
        kit = making.make_product(sku, stocked=False)
        kits.set_components(kit, {products[n].pk: 1, products[(n + 1) % PRODUCTS].pk: 2})
    return shop.connected()


def buy_together(store: Any, *, buyers: int, seconds: float, seed: int = 0) -> Sale:
    """So many processes buy for so long. Failed where an error reached one of them that no person could have mended."""
    works: list[Callable[[], Counter[str]]] = [
        partial(_buys, store, random.Random(f"{seed} {who}"), who, seconds) for who in range(buyers)
    ]
    began = time.monotonic()
    counts: Counter[str] = sum(processes.together(*works), Counter())
    spent = time.monotonic() - began
    inward.work_on_arrivals()
    sold = StockLevel.objects.aggregate(units=Sum("reserved"))["units"] or 0
    return Sale(counts, spent, sold)


def faults(store: Any) -> list[str]:
    """What must not be after any sale: more promised than there is, an order lost, anything that does not agree."""
    found = [f"{level} is oversold" for level in StockLevel.objects.filter(reserved__gt=F("on_hand"))]
    found += [str(arrival.sentence) for arrival in store.arrivals.exclude(state__in=["done", "old"])]
    return found + proof.prove().faults


def _buys(store: Any, chance: random.Random, who: int, seconds: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    products = list(Product.objects.filter(stocked=True).order_by("id").values_list("pk", flat=True))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        dice = chance.random()
        try:
            if dice < 0.8:
                counts["orders"] += _rings(store, chance, who, counts["rung"])
                counts["rung"] += 1
            elif dice < 0.9:
                came = [goods.Goods(pk, chance.randint(1, 3)) for pk in chance.sample(products, 5)]
                goods.receive(came, key=f"{who} {chance.random()}")
                counts["receipts"] += 1
            else:
                mine = list(
                    Order.objects.filter(external_id__startswith=f"{who + 1}").values_list("pk", flat=True)[:200]
                )
                journey.cancel(chance.sample(mine, min(2, len(mine))), why="rang", who="Cléo")
                counts["cancelled"] += 1
        except OperationalError as error:
            # A deadlock that the house did not settle by itself.
            counts[f"unhandled: {str(error).splitlines()[0]}"] += 1
    return counts


def _rings(store: Any, chance: random.Random, who: int, turn: int) -> int:
    orders = chance.randint(1, 4)
    for n in range(orders):
        items = [(sku, chance.randint(1, 3), "10.00") for sku in chance.sample([*SKUS, *SETS], chance.randint(1, 4))]
        number = int(f"{who + 1}{turn:05}{n}")
        shop.ring(store, shop.order(number, items, email=f"buyer{chance.randint(1, 500)}@example.ca"))
    inward.work_on_arrivals()
    return orders
