"""What is on backorder (rule: S4): sums over the queue for stock, nothing stored twice."""

from collections.abc import Iterable

from django.db import connection as database

from inventory import availability, kits
from orders.queue import QUEUED, TOUCHING, UNITS, WANTS

WAITING = f"""
    SELECT {WANTS}, sum({UNITS})::bigint
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN orders_linecomponent part ON part.line_id = line.id
     WHERE {QUEUED} AND {WANTS} IS NOT NULL
"""


def waiting(product_ids: Iterable[int] | None = None) -> dict[int, int]:
    """Stock units on backorder by product, a kit's by its components; products that nobody waits for are left out.

    Counted are the orders that stand in the queue for stock: what is not paid yet waits for its customer. One statement.
    """
    with database.cursor() as cursor:
        if product_ids is None:
            cursor.execute(f"{WAITING} GROUP BY 1")
        else:
            asked = f"{WAITING} AND {TOUCHING} AND {WANTS} = ANY(%(products)s) GROUP BY 1"
            cursor.execute(asked, {"products": list(product_ids)})
        return dict(cursor.fetchall())


def usable(product_ids: Iterable[int]) -> dict[int, int]:
    """On hand − promised, where promised is what is reserved and what waits; of a kit the least that its parts make up.

    Below zero it says how many are missing (case: C16). Only sellable places count. Three statements.
    """
    ids = list(product_ids)
    inside = {pk: {pk: 1} for pk in ids} | kits.contents(ids)
    parts = {part for of in inside.values() for part in of}
    free = availability.available(parts)
    wanted = waiting(parts)
    return {pk: min((free[part] - wanted.get(part, 0)) // units for part, units in inside[pk].items()) for pk in ids}
