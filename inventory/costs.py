"""The average cost is what the movements and revaluations make it (rule: S9): proved, and put right where it was damaged.

Each receipt rounds the average to four decimals, so what is on hand may be worth half of the last one more or less, a unit and
receipt; no more.
"""

from django.db import connection as database

from backoffice.lib.invariant import Invariant

# Where nothing is on hand any average is right: the next receipt makes a new one.
WRONG = """
    SELECT product.id, product.sku, product.average_cost AS was, worth.units, worth.value + coalesce(more.amount, 0) AS value
      FROM (SELECT product_id, sum(quantity) AS units, sum(quantity * unit_cost) AS value,
                   coalesce(sum(there) FILTER (WHERE quantity > 0 AND reason NOT IN ('move', 'transfer')), 0) AS rounded
              FROM (SELECT product_id, quantity, unit_cost, reason,
                           sum(quantity) OVER (PARTITION BY product_id ORDER BY at, id) AS there
                      FROM inventory_movement) moved
             GROUP BY product_id) worth
      JOIN inventory_product product ON product.id = worth.product_id
      LEFT JOIN (SELECT product_id, sum(amount) AS amount, count(*) AS times
                   FROM inventory_revaluation GROUP BY product_id) more ON more.product_id = worth.product_id
     WHERE worth.units > 0
       AND abs(worth.units * product.average_cost - worth.value - coalesce(more.amount, 0))
           > 0.01 + 0.00005 * (worth.rounded + worth.units * (1 + coalesce(more.times, 0)))
"""

INVARIANT = Invariant(
    name="average cost",
    what="What is on hand times its average cost is the value of all its movements and revaluations, but for rounding.",
    over="inventory_product WHERE stocked",
    faults=f"""
        SELECT format('%s: %s on hand at an average of %s are worth %s, its movements make %s.', sku, units, was,
                      round(units * was, 2), round(value, 2))
          FROM ({WRONG}) wrong
    """,
)


def restore() -> list[str]:
    """Average costs as movements and revaluations say; a sentence for each that was wrong. In the caller's transaction.

    What left at a wrong cost stays booked as it was; where that makes the rest worth less than nothing, it is left alone.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE inventory_product product SET average_cost = round(wrong.value / wrong.units, 4)
              FROM ({WRONG}) wrong WHERE product.id = wrong.id AND wrong.value >= 0
            RETURNING format('%s: its average cost was %s, its movements make %s.', wrong.sku, wrong.was, product.average_cost)
            """
        )
        return [row[0] for row in cursor.fetchall()]
