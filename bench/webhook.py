"""One order by webhook: the door, and the work on it, against the hand-made single transaction of the same rows.

At most 40 statements, at most 4 × the time (design). The hand-made transaction reads the same JSON, looks up what cannot be
known without looking, one statement each, and writes the very rows by one INSERT a table. The door is called as the store
calls it, signature and all, while no worker runs: it keeps and answers, nothing more.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from statistics import median, quantiles

from bench import report, shop

CEILING = 4.0
MOST_STATEMENTS = 40


def main() -> None:
    shop.start()
    from django.db import connection as database
    from django.db import transaction
    from django.test import Client

    from backoffice import inward
    from backoffice.sync import waking
    from bench import rows
    from bench.statements import Counted
    from orders.models import Order

    rounds = 400 if os.environ.get("FULL") else 120
    connection = shop.make()
    orders = shop.Orders()
    client = Client(headers={"host": "127.0.0.1"})

    def knock(body: bytes) -> float:
        signature = base64.b64encode(hmac.new(b"bench", body, hashlib.sha256).digest()).decode()
        began = time.perf_counter()
        answer = client.post(
            f"/webhooks/{connection.pk}/",
            body,
            content_type="application/json",
            headers={
                "X-WC-Webhook-Signature": signature,
                "X-WC-Webhook-Topic": "order.created",
                "X-WC-Webhook-Resource": "order",
                "X-WC-Webhook-Event": "created",
            },
        )
        taken = time.perf_counter() - began
        assert answer.status_code == 200, answer.content
        return taken

    def work() -> None:
        with waking.awake():
            inward.work_on_arrivals(connection_id=connection.pk)

    for _ in range(5):
        for body in orders.take(100):
            knock(body)
        work()
    shop.settle_down()
    door, ours, theirs = [], [], []
    for turn in range(rounds + 5):
        body = orders.take(1)[0]
        door.append(knock(body))
        began = time.perf_counter()
        work()
        ours.append(time.perf_counter() - began)
        made = [Order.objects.filter(pk__lt=rows.OFFSET).order_by("-id").values_list("pk", flat=True)[0]]
        with database.cursor() as cursor:
            tables = rows.copied(cursor, made)
            began = time.perf_counter()
            order = json.loads(body)
            items = [str(line["product_id"]) for line in order["line_items"]]
            with transaction.atomic():
                rows.look_up(cursor, str(order["id"]), order["billing"]["email"], items)
                rows.by_insert(cursor, tables)
                rows.as_effects(cursor, made)
            theirs.append(time.perf_counter() - began)
        if turn == 4:
            door.clear(), ours.clear(), theirs.clear()
    knock(orders.take(1)[0])
    with Counted() as counted:
        work()
    ratio = median(ours) / median(theirs)
    report.table(
        ["step", "median ms", "95 % ms"],
        [
            ["the door answers", 1000 * median(door), 1000 * quantiles(door, n=20)[-1]],
            ["work on one order", 1000 * median(ours), 1000 * quantiles(ours, n=20)[-1]],
            ["the same rows by hand", 1000 * median(theirs), 1000 * quantiles(theirs, n=20)[-1]],
        ],
    )
    print(f"\n{counted.number} statements an order, of at most {MOST_STATEMENTS}")
    report.conclude(
        "webhook",
        figure=round(ratio, 2),
        floor=CEILING,
        holds=ratio <= CEILING and counted.number <= MOST_STATEMENTS,
        more={
            "floor_is": "the most times the hand-made transaction's time",
            "statements": counted.number,
            "door_ms": round(1000 * median(door), 2),
            "work_ms": round(1000 * median(ours), 2),
            "by_hand_ms": round(1000 * median(theirs), 2),
        },
    )


if __name__ == "__main__":
    main()
