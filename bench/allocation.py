"""A batch of waiting orders is given stock: in as many statements for 1,000 as for 100, at 1,000 orders a second or more.

The orders have three lines each and are there already; stock has come, more than enough for nine products in ten and too
little of the rest. `allocation.allocate` gives it out. Beside it stands the same by hand: one transaction that locks the
levels, works the grants out with window functions and writes levels, allocations and lines. That knows nothing of kits, of
warehouses that serve some stores only, nor of who may have stock at all. The two take turns on the same tables, each on a
batch of its own. What comes with it in life (states, timeline, what stores and customers are told) has a row of its own, and
so have orders of which every third line is a kit of two parts.
"""

import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from bench import large, report, shop

BATCH = 1_000
FLOOR = 1_000
PRODUCTS = 500
KITS = 50
FULL = bool(os.environ.get("FULL"))
ROUNDS = 15 if FULL else 5
BY_HAND = (
    """SELECT level.id FROM inventory_stocklevel level
        WHERE level.product_id IN (SELECT product_id FROM orders_orderline WHERE order_id = ANY(%(orders)s))
        ORDER BY level.id FOR UPDATE""",
    """CREATE TEMPORARY TABLE granted ON COMMIT DROP AS
       SELECT line_id, level_id, least(wants, greatest(free - before, 0))::int AS units
         FROM (SELECT line.id AS line_id, level.id AS level_id, line.backordered AS wants, level.available AS free,
                      sum(line.backordered) OVER (PARTITION BY line.product_id
                                                  ORDER BY o.priority, o.placed_at, o.id, line.position)
                      - line.backordered AS before
                 FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
                 JOIN inventory_stocklevel level ON level.product_id = line.product_id
                WHERE line.order_id = ANY(%(orders)s) AND line.backordered > 0) queue
        WHERE free > before""",
    """UPDATE inventory_stocklevel level SET reserved = reserved + added.units
         FROM (SELECT level_id, sum(units)::int AS units FROM granted GROUP BY 1) added WHERE level.id = added.level_id""",
    "INSERT INTO orders_allocation (line_id, level_id, quantity) SELECT line_id, level_id, units FROM granted",
    """UPDATE orders_orderline line SET allocated = allocated + granted.units
         FROM granted WHERE line.id = granted.line_id""",
)


def stock() -> int:
    """Products, kits of two of them each, and a store; its id."""
    from backoffice.sync.models import Connection
    from inventory.models import KitComponent, KitContent, Location, Movement, Product, StockLevel

    store = Connection.objects.create(name="Bench", connector="woocommerce", url="http://127.0.0.1:9")
    place = Location.objects.get_or_create(code="MAIN", defaults={"name": "Main warehouse"})[0].pk
    everything = f"generate_series(1, {PRODUCTS}) AS n"
    large.put(Product, everything, id="n", sku="'SKU-' || n", name="'Product ' || n")
    # One in ten runs out on the way.
    units = f"CASE WHEN n % 10 = 0 THEN {ROUNDS * 4} ELSE 1000000 END"
    large.put(
        Movement, everything, product_id="n", location_id=str(place), quantity=units, reason="'opening'", at="now()",
        key="'bench:' || n",
    )  # fmt: skip
    large.put(StockLevel, everything, product_id="n", location_id=str(place), on_hand=units)
    kits = f"generate_series(1, {KITS}) AS n"
    large.put(
        Product, kits, id=f"{PRODUCTS} + n", sku="'KIT-' || n", name="'Kit ' || n", stocked="false", is_kit="true"
    )
    parts = f"{kits}, generate_series(1, 2) AS part"
    for model, column in ((KitComponent, "component_id"), (KitContent, "product_id")):
        values = {"kit_id": f"{PRODUCTS} + n", column: "n * 2 + part", "quantity": "part"}
        large.put(model, parts, **values)
    return int(store.pk)


def wait(first: int, count: int, store: int, *, kits: bool = False) -> None:
    """Orders of three lines each that wait, `first` onwards."""
    from orders.models import LineComponent

    large.orders(first, count, connection_id=store, state="backorder", placed="now() - n * interval '1 second'")
    product = f"1 + (n * 7 + position * 131) % {PRODUCTS}"
    numbers = f"generate_series({first}, {first + count - 1}) AS n, generate_series(1, 3) AS position"
    if not kits:
        large.lines(f"(SELECT n, position, {product} AS product, 1 + n % 3 AS units FROM {numbers}) said")
        return
    kit = f"CASE WHEN position = 3 THEN {PRODUCTS} + 1 + n % {KITS} ELSE {product} END"
    large.lines(
        f"(SELECT n, position, {kit} AS product, 1 + n % 3 AS units FROM {numbers}) said",
        pieces="CASE WHEN position = 3 THEN 3 ELSE 1 END",
    )
    large.put(
        LineComponent,
        "orders_orderline line JOIN inventory_kitcontent part ON part.kit_id = line.product_id"
        f" WHERE line.order_id BETWEEN {first} AND {first + count - 1}",
        line_id="line.id", product_id="part.product_id", quantity="part.quantity",
    )  # fmt: skip


def by_hand(orders: list[int]) -> None:
    from django.db import connection as database
    from django.db import transaction

    with transaction.atomic(), database.cursor() as cursor:
        for statement in BY_HAND:
            cursor.execute(statement, {"orders": orders})


def ours(orders: list[int]) -> None:
    from orders import allocation

    allocation.allocate(orders)


def as_in_life(orders: list[int]) -> None:
    """What follows an allocation wherever one is made, in its transaction."""
    from django.db import transaction

    from backoffice.sync import deliveries
    from orders import allocation, promise_keeping, publishing, status, timeline

    with transaction.atomic():
        allocated = allocation.allocate(orders)
        status.refresh(orders)
        timeline.write([timeline.entry(pk, "allocated", f"{n} reserved.") for pk, n in allocated.orders.items()])
        publishing.stock_changed(allocated.products)
        deliveries.want(promise_keeping.waiting_wishes(set(allocated.orders)))


def batches(store: int, first: int, size: int, *, kits: bool = False) -> Iterator[list[int]]:
    while True:
        wait(first, size, store, kits=kits)
        yield list(range(first, first + size))
        first += size


def timed(work: Callable[[list[int]], Any], orders: list[int]) -> float:
    start = time.perf_counter()
    work(orders)
    return time.perf_counter() - start


def statements(orders: list[int]) -> int:
    from bench.statements import Counted

    with Counted() as counted:
        ours(orders)
    return counted.number


def main() -> None:
    shop.start()
    from backoffice import proof
    from orders.models import Address, Customer, Order

    store = stock()
    plain = batches(store, 1, BATCH)
    mixed = batches(store, 1_000_001, BATCH, kits=True)
    small = batches(store, 2_000_001, BATCH // 10)
    waiting = [next(plain) for _ in range(3 * ROUNDS + 2)]
    with_kits = [next(mixed) for _ in range(ROUNDS + 2)]
    hundred = next(small)
    large.settle(Customer, Address, Order)
    times: dict[str, list[float]] = {"allocate": [], "with kits": [], "as in life": [], "by hand": []}
    for turn in range(ROUNDS + 1):
        # The first turn fills caches; it has no life of its own and is not told.
        for name, work, queue in (
            ("allocate", ours, waiting),
            ("by hand", by_hand, waiting),
            ("with kits", ours, with_kits),
        ):
            took = timed(work, queue.pop())
            if turn:
                times[name].append(took)
        if turn:
            times["as in life"].append(timed(as_in_life, waiting.pop()))
    from orders import promises, status

    few, many, kits = statements(hundred), statements(next(plain)), statements(with_kits.pop())
    status.refresh(Order.objects.values_list("pk", flat=True))
    # What is measured tells nobody anything; who still waits is told now.
    promises.refresh_orders(Order.objects.values_list("pk", flat=True))
    assert proof.prove().ok, proof.prove().faults
    rates = {name: BATCH / median(found) for name, found in times.items()}
    ratio = rates["allocate"] / rates["by hand"]
    count = {"allocate": many, "with kits": kits, "by hand": len(BY_HAND) + 2}
    report.table(
        ["way", "orders/s", "slowest, orders/s", "ms a batch of 1,000", "statements a batch"],
        [
            [name, rate, BATCH / max(times[name]), 1_000 * median(times[name]), count.get(name, "")]
            for name, rate in rates.items()
        ],
    )
    print(
        f"\n{few} statements for 100 orders, {many} for 1,000, {kits} with kits. By hand: {1 / ratio:.1f} times as fast."
    )
    report.conclude(
        "allocation",
        figure=round(rates["allocate"]),
        floor=FLOOR,
        holds=min(rates["allocate"], rates["with kits"]) >= FLOOR and few == many == kits,
        more={
            "orders_per_second": {name: round(rate) for name, rate in rates.items()},
            "ratio_to_hand_written": round(ratio, 2),
            "statements": many,
        },
    )


if __name__ == "__main__":
    main()
