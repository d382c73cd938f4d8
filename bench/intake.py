"""Taking in a backlog, against hand-written COPY of the same rows (design: at least a third, aim a half, 300 orders/s).

The backlog is arrivals already kept, orders of three lines of new customers as WooCommerce sends them: each is read,
taken in, allocated, invoiced, posted, and wished for outward.
The baseline reads the same JSON, copies the very rows that came of it and changes the same others; how to make those
rows it is told for nothing. Both sides take turns in one process on the same tables, 100 orders a transaction.
"""

import json
import os
import time
from statistics import median

from bench import report, shop

BATCH = 100
FLOOR = 1 / 3


def main() -> None:
    shop.start()
    from django.db import connection as database
    from django.db import transaction

    from backoffice import inward
    from backoffice.sync import waking
    from bench import rows
    from bench.statements import Counted
    from orders.models import Order

    batches = 40 if os.environ.get("FULL") else 12
    store_connection = shop.make()
    store = inward.store_of(store_connection)
    orders = shop.Orders()

    def arrive(bodies: list[bytes]) -> None:
        inward.keep(store_connection, [item for body in bodies for item in store.unpack(body)])

    def work() -> None:
        with waking.awake():
            inward.work_on_arrivals(connection_id=store_connection.pk)

    for _ in range(10):
        arrive(orders.take(BATCH))
        work()
    shop.settle_down()
    arrive(orders.take(BATCH))
    work()

    ours, theirs, row_count = [], [], 0
    for _ in range(batches):
        bodies = orders.take(BATCH)
        arrive(bodies)
        first = Order.objects.filter(pk__lt=rows.OFFSET).order_by("-id").values_list("pk", flat=True)[0]
        began = time.perf_counter()
        work()
        ours.append(time.perf_counter() - began)
        made = list(Order.objects.filter(pk__gt=first, pk__lt=rows.OFFSET).values_list("pk", flat=True))
        assert len(made) == BATCH, len(made)
        with database.cursor() as cursor:
            tables = rows.copied(cursor, made)
            row_count = sum(len(table.rows) for table in tables)
            began = time.perf_counter()
            for body in bodies:
                json.loads(body)
            with transaction.atomic():
                rows.by_copy(cursor, tables)
                rows.as_effects(cursor, made)
            theirs.append(time.perf_counter() - began)
    # Counting slows what it counts, so it has a batch of its own.
    arrive(orders.take(BATCH))
    with Counted() as counted:
        work()
    statements = counted.number
    _report(ours, theirs, row_count, statements)


def _report(ours: list[float], theirs: list[float], row_count: int, statements: int) -> None:
    rate, baseline = BATCH / median(ours), BATCH / median(theirs)
    report.table(
        ["way", "orders/s", "ms an order", "rows an order", "statements an order"],
        [
            ["taking in", rate, 1000 / rate, row_count / BATCH, statements / BATCH],
            ["hand-written COPY", baseline, 1000 / baseline, row_count / BATCH, ""],
        ],
    )
    few = statements / BATCH < 2
    report.conclude(
        "intake",
        figure=round(rate / baseline, 3),
        floor=round(FLOOR, 3),
        holds=rate / baseline >= FLOOR and few,
        more={
            "orders_per_second": round(rate, 1),
            "baseline_orders_per_second": round(baseline, 1),
            "statements_per_order": statements / BATCH,
            "aim_ratio": 0.5,
            "aim_orders_per_second": 300,
        },
    )


if __name__ == "__main__":
    main()
