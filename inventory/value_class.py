"""Which goods are worth most attention: A is the first 80 % of the value shipped in a year, less returns, B the next 15 %."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection as database
from django.utils import timezone

DAYS = 365
A_SHARE, B_SHARE = "0.80", "0.95"
"""What the goods before one come to, as a share of all: below the first it is A, below the second B."""

CLASSES = f"""
    SELECT product.id AS product_id, coalesce(sold.units, 0) AS units, coalesce(sold.value, 0) AS value,
           CASE WHEN sold.value IS NULL THEN 'C'
                WHEN sold.before < {A_SHARE} * sold.total THEN 'A'
                WHEN sold.before < {B_SHARE} * sold.total THEN 'B'
                ELSE 'C' END AS class
      FROM inventory_product product
      LEFT JOIN (SELECT product_id, units, value, sum(value) OVER () AS total,
                        coalesce(sum(value) OVER (ORDER BY value DESC, product_id
                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                   FROM (SELECT product_id, -sum(quantity) AS units, -sum(quantity * unit_cost) AS value
                           FROM inventory_movement
                          WHERE reason IN ('shipment', 'elsewhere', 'return') AND at > %s
                          GROUP BY product_id) moved
                  WHERE value > 0) sold
        ON sold.product_id = product.id
     WHERE product.stocked
"""
"""(product_id, units, value, class) of every stocked product, to be joined; its one parameter is since when.

Value is what the units had cost, and the product that crosses a border still belongs above it: the only one sold is A.
"""


@dataclass(frozen=True, slots=True)
class Classed:
    """What was shipped of a product in the span and has not come back, at cost, and its class."""

    units: int
    value: Decimal
    name: str


def since(at: datetime | None = None, *, days: int = DAYS) -> datetime:
    return (at or timezone.now()) - timedelta(days=days)


def classes(product_ids: Iterable[int] | None = None, *, days: int = DAYS) -> dict[int, Classed]:
    """The class of these products, or of all stocked ones, among all; one statement."""
    chosen = "" if product_ids is None else "WHERE product_id = ANY(%s)"
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT product_id, units, value, class FROM ({CLASSES}) classed {chosen}",
            [since(days=days), *([] if product_ids is None else [list(product_ids)])],
        )
        return {row[0]: Classed(int(row[1]), row[2], row[3]) for row in cursor.fetchall()}
