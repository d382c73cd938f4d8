"""What is on backorder (rule: S4): sums over the queue for stock, nothing stored twice."""

from collections.abc import Iterable

from django.db import connection as database

from inventory import availability, kits
from orders.queue import ALIVE, QUEUED, TOUCHING, UNITS, WANTS

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


# By the few products that are archived, each by the index of its waiting lines.
NEVER_COMING = f"""
    SELECT product.sku FROM inventory_product product
     WHERE product.archived_at IS NOT NULL
       AND EXISTS (SELECT FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
                    WHERE line.product_id = product.id AND {ALIVE}
                   UNION ALL
                   SELECT FROM orders_linecomponent part JOIN orders_orderline line ON line.id = part.line_id
                     JOIN orders_order o ON o.id = line.order_id
                    WHERE part.product_id = product.id AND {ALIVE})
     ORDER BY product.sku LIMIT %s
"""


def never_coming(limit: int) -> list[str]:
    """SKUs that orders wait for though they are archived, and so on no order list: a person decides. One statement."""
    with database.cursor() as cursor:
        cursor.execute(NEVER_COMING, [limit])
        return [sku for (sku,) in cursor.fetchall()]


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
