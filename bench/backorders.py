"""A receipt that frees 10,000 backordered lines, with all that follows from it, in one transaction under 5 seconds.

The lines are of 5,000 orders and wait for 200 products that the store lists; every one was told a promise. The receipt is
booked as in life, by `goods.receive`: ledger, books, allocations, states, timeline, what stores and customers are told.
Each measured receipt frees lines of its own, in the tables that the ones before left.
"""

import os
import time

from bench import large, report, shop

LINES = 10_000
CEILING = 5.0
PRODUCTS = 200
EACH = LINES // PRODUCTS
FULL = bool(os.environ.get("FULL"))
ROUNDS = 5 if FULL else 3


def fill() -> int:
    """Products of every round, each in one store and in no warehouse yet; the id of the store."""
    from backoffice.sync.models import Connection
    from inventory.models import Listing, Product

    store = Connection.objects.create(name="Bench", connector="woocommerce", url="http://127.0.0.1:9")
    all_of_them = f"generate_series(1, {PRODUCTS * (ROUNDS + 1)}) AS n"
    large.put(Product, all_of_them, id="n", sku="'SKU-' || n", name="'Product ' || n", average_cost="4")
    large.put(
        Listing, all_of_them, connection_id=str(store.pk), external_id="n::text", sku="'SKU-' || n", product_id="n"
    )
    return int(store.pk)


def wait(turn: int, store: int) -> None:
    """Orders of two lines that wait for the products of this turn, and were told so."""
    from orders.models import LinePromise

    first, count = 1 + turn * LINES, LINES // 2
    large.orders(first, count, connection_id=store, state="backorder", placed="now() - n * interval '1 second'")
    numbers = f"generate_series({first}, {first + count - 1}) AS n, generate_series(0, 1) AS at"
    product = f"1 + {turn * PRODUCTS} + (2 * (n - {first}) + at) % {PRODUCTS}"
    large.lines(f"(SELECT n, at + 1 AS position, {product} AS product, 1 + n % 3 AS units FROM {numbers}) said")
    large.put(
        LinePromise, f"orders_orderline line WHERE line.order_id BETWEEN {first} AND {first + count - 1}",
        line_id="line.id", made_at="now()", kind="'unknown'",
    )  # fmt: skip


def receive(turn: int) -> tuple[float, int]:
    """Seconds that the receipt of this turn takes, and its statements."""
    from backoffice import goods
    from bench.statements import Counted

    come = [goods.Goods(1 + turn * PRODUCTS + n, 3 * EACH) for n in range(PRODUCTS)]
    if turn == 0:
        # Counting slows what it counts, so the one that warms up is counted.
        with Counted() as counted:
            goods.receive(come, key=f"bench-{turn}")
        return 0.0, counted.number
    start = time.perf_counter()
    goods.receive(come, key=f"bench-{turn}")
    return time.perf_counter() - start, 0


def main() -> None:
    shop.start()
    from backoffice import proof
    from orders.models import Address, Customer, Order, OrderLine

    store = fill()
    for turn in range(ROUNDS + 1):
        wait(turn, store)
    large.settle(Customer, Address, Order)
    statements = receive(0)[1]
    times = []
    for turn in range(1, ROUNDS + 1):
        times.append(receive(turn)[0])
    left = OrderLine.objects.filter(backordered__gt=0).count()
    proven = proof.prove()
    assert proven.ok, proven.faults
    assert not left, left
    worst = max(times)
    report.table(
        ["receipt", "seconds", "lines/s"],
        [[f"frees {LINES:,} lines of {LINES // 2:,} orders", took, LINES / took] for took in times],
    )
    print(f"\n{statements} statements a receipt of {PRODUCTS} products. Everything agrees afterwards.")
    report.conclude(
        "backorders", figure=round(worst, 2), floor=CEILING, holds=worst <= CEILING, more={"statements": statements}
    )


if __name__ == "__main__":
    main()
