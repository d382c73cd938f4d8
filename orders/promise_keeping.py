"""The record of promises follows what happens: wishes on the house's own door, worked off moments later (rule: Y2).

Not in the transaction of a new order, which has no time to spare: whoever looks meanwhile is answered by the same function.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection as database

from backoffice.sync import connections
from backoffice.sync.deliveries import Result
from backoffice.sync.models import Connection, Delivery
from orders import backorders, promise_record, promises
from orders.models import OrderLine

ORDER, PRODUCT, DAY = "promise_order", "promise_product", "promise_day"
"""What the wish is about: an order that waits, a product of which something came or went, all of them once a day."""
DOOR = "promises"
AT_ONCE = 500
"""Products whose promises are worked out together, so that a transaction stays short."""

Wish = tuple[int, str, int]


def order_wishes(order_ids: Iterable[int]) -> list[Wish]:
    """That the lines of these orders, which wait, be told; one statement, none where there is no order."""
    return _wishes(ORDER, set(order_ids))


def waiting_wishes(order_ids: Iterable[int]) -> list[Wish]:
    """The same for those of these orders that wait, or that were told something and wait no more."""
    ids = list(order_ids)
    if not ids:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT line.order_id FROM orders_orderline line
             WHERE line.order_id = ANY(%s)
               AND (line.backordered > 0 OR EXISTS (SELECT 1 FROM orders_linepromise told
                                                     WHERE told.line_id = line.id AND told.replaced_at IS NULL))
            """,
            [ids],
        )
        return order_wishes(row[0] for row in cursor.fetchall())


def product_wishes(product_ids: Iterable[int], order_ids: Iterable[int] = ()) -> list[Wish]:
    """That who waits for these products be told, and that what these orders were told be over; two statements."""
    ids = set(product_ids)
    return _wishes(PRODUCT, set(backorders.waiting(ids))) + order_wishes(order_ids) if ids else []


def queue_wishes(order_ids: Iterable[int]) -> list[Wish]:
    """That who waits behind these orders be told: some of what they waited for is theirs now."""
    ids = set(order_ids)
    if not ids:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(part.product_id, line.product_id) FROM orders_orderline line
              LEFT JOIN orders_linecomponent part ON part.line_id = line.id
             WHERE line.order_id = ANY(%s)
            """,
            [list(ids)],
        )
        products = {row[0] for row in cursor.fetchall() if row[0] is not None}
    return product_wishes(products, ids)


def _wishes(topic: str, ids: set[int]) -> list[Wish]:
    if not ids:
        return []
    door = connections.own(DOOR)[DOOR].pk
    return [(door, topic, pk) for pk in ids]


def keep_orders(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    ids = [delivery.object_id for delivery in batch]
    changed = promises.refresh_orders(ids)
    of = OrderLine.objects.filter(pk__in=changed).values_list("order_id", flat=True)
    return _said(batch, list(of))


def keep_products(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    changed = promises.refresh_products([delivery.object_id for delivery in batch])
    of = OrderLine.objects.filter(pk__in=changed).values_list("product_id", flat=True)
    return _said(batch, [pk for pk in of if pk is not None])


def _said(batch: Sequence[Delivery], ids: list[int]) -> list[Result]:
    counts = Counter(ids)
    return [Result(d.pk, f"Promises that changed: {counts[d.object_id]}.", known=d.known) for d in batch]


def keep_all(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Time passes: what should have come is overdue, and a lead time from today ends a day later."""
    waited = sorted(backorders.waiting())
    changed = 0
    for start in range(0, len(waited), AT_ONCE):
        changed += len(promises.refresh_products(waited[start : start + AT_ONCE]))
    promise_record.close_all()
    said = f"Promises on {len(waited)} products looked through, {changed} changed."
    return [Result(delivery.pk, said, known=delivery.known) for delivery in batch]
