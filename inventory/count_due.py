"""What is to be counted: product by product in each place, what is due by value class and age, in walking order (rule: S8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection as database

from inventory import value_class
from inventory.models import CountPlan

Pair = tuple[int, int]
"""(product, place)"""


@dataclass(frozen=True, slots=True)
class Spot:
    """One product (and lot) in one place: what becomes a line of a sheet."""

    product_id: int
    location_id: int
    lot_id: int | None = None


# What lies nowhere is looked for where it would lie: in its put-away place, or in a warehouse that has no bins. An empty
# bin that it once was in would only lengthen the walk.
WORTH_A_LOOK = """
    (level.on_hand <> 0 OR product.archived_at IS NULL AND (
        EXISTS (SELECT 1 FROM inventory_warehouseproduct home
                 WHERE home.product_id = level.product_id AND home.put_away_id = level.location_id)
        OR location.warehouse_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM inventory_location bin
                            WHERE bin.warehouse_id = location.id AND bin.kind = 'bin' AND bin.archived_at IS NULL)))
"""
ON_NO_SHEET = """
    NOT EXISTS (SELECT 1 FROM inventory_countline line JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id
                 WHERE line.product_id = level.product_id AND line.location_id = level.location_id
                   AND sheet.state IN ('open', 'review'))
"""
OF_CATEGORY = """
    (%s::bigint IS NULL OR product.category_id IN (
        SELECT branch.id FROM inventory_category branch, inventory_category chosen
         WHERE chosen.id = %s AND (branch.id = chosen.id OR starts_with(branch.path, chosen.path || ' › '))))
"""
LEVELS = """
      FROM inventory_stocklevel level
      JOIN inventory_location location ON location.id = level.location_id
      JOIN inventory_product product ON product.id = level.product_id
"""


def due(plan: CountPlan, *, today: date, zone: str, at_most: int) -> list[Pair]:
    """What the plan wants counted by today: never counted first, then what has been due longest. One statement.

    Judged by days of the merchant's calendar, so that what falls due on one day is on the sheets of its morning.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT level.product_id, level.location_id
              {LEVELS}
              JOIN ({value_class.CLASSES}) classed ON classed.product_id = level.product_id
              CROSS JOIN LATERAL (SELECT CASE classed.class WHEN 'A' THEN %s WHEN 'B' THEN %s ELSE %s END) age(days)
              LEFT JOIN LATERAL (SELECT (line.counted_at AT TIME ZONE %s)::date + age.days AS due_on
                                   FROM inventory_countline line JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id
                                  WHERE line.product_id = level.product_id AND line.location_id = level.location_id
                                    AND line.counted_at IS NOT NULL AND sheet.state = 'booked'
                                  ORDER BY line.counted_at DESC LIMIT 1) known ON true
             WHERE coalesce(location.warehouse_id, location.id) = %s AND location.archived_at IS NULL
               AND {OF_CATEGORY} AND {WORTH_A_LOOK} AND {ON_NO_SHEET}
               AND (known.due_on IS NULL OR known.due_on <= %s)
             ORDER BY known.due_on NULLS FIRST, classed.class, level.id
             LIMIT %s
            """,
            [
                value_class.since(), plan.days_a, plan.days_b, plan.days_c, zone, plan.warehouse_id,
                plan.category_id, plan.category_id, today, at_most,
            ],
        )  # fmt: skip
        return cursor.fetchall()


def in_place(warehouse_id: int, location_id: int | None = None, category_id: int | None = None) -> list[Pair]:
    """All goods of a warehouse, of one place in it, or of a category there."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT level.product_id, level.location_id {LEVELS}
             WHERE coalesce(location.warehouse_id, location.id) = %s AND location.archived_at IS NULL AND product.stocked
               AND (%s::bigint IS NULL OR location.id = %s) AND {OF_CATEGORY} AND {WORTH_A_LOOK}
            """,
            [warehouse_id, location_id, location_id, category_id, category_id],
        )
        return cursor.fetchall()


def of_products(warehouse_id: int, product_ids: Iterable[int]) -> list[Pair]:
    """These products in each place of a warehouse where any lie; one that lies nowhere, where it is put away."""
    wanted = list(product_ids)
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            WITH lies AS (
                SELECT level.product_id, level.location_id {LEVELS}
                 WHERE coalesce(location.warehouse_id, location.id) = %s AND location.archived_at IS NULL
                   AND level.on_hand <> 0 AND level.product_id = ANY(%s) AND product.stocked)
            SELECT product_id, location_id FROM lies
            UNION ALL
            SELECT product.id, coalesce(home.put_away_id, %s)
              FROM inventory_product product
              LEFT JOIN inventory_warehouseproduct home ON home.product_id = product.id AND home.warehouse_id = %s
             WHERE product.id = ANY(%s) AND product.stocked AND product.id NOT IN (SELECT product_id FROM lies)
            """,
            [warehouse_id, wanted, warehouse_id, warehouse_id, wanted],
        )
        return cursor.fetchall()


def walk(pairs: Iterable[Pair]) -> list[Spot]:
    """The lines for these, in walking order; of what is followed by lot, one for each lot that should be there."""
    wanted = list(pairs)
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT pair.product_id, pair.location_id, lots.lot_id
              FROM unnest(%s::bigint[], %s::bigint[]) pair(product_id, location_id)
              JOIN inventory_location location ON location.id = pair.location_id
              JOIN inventory_product product ON product.id = pair.product_id
              LEFT JOIN inventory_stocklevel level
                ON level.product_id = pair.product_id AND level.location_id = pair.location_id
              CROSS JOIN LATERAL (
                    SELECT lot.id AS lot_id, lot.code
                      FROM inventory_lot lot
                      JOIN inventory_lotlevel there ON there.lot_id = lot.id AND there.location_id = pair.location_id
                     WHERE lot.product_id = pair.product_id AND there.units > 0 AND product.tracking <> 'none'
                    UNION ALL
                    SELECT NULL, ''
                     WHERE product.tracking = 'none' OR coalesce(level.on_hand, 0) = 0 OR level.on_hand <> (
                           SELECT coalesce(sum(there.units), 0)
                             FROM inventory_lot lot
                             JOIN inventory_lotlevel there ON there.lot_id = lot.id AND there.location_id = pair.location_id
                            WHERE lot.product_id = pair.product_id)) lots
             ORDER BY location.pick_order, location.name, location.id, product.sku, lots.code
            """,
            [[product for product, _place in wanted], [place for _product, place in wanted]],
        )
        return [Spot(*row) for row in cursor.fetchall()]


def on_open_sheets(pairs: Iterable[Pair]) -> dict[Pair, str]:
    """Which of these are being counted already, and the number of the sheet."""
    wanted = list(pairs)
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT line.product_id, line.location_id, sheet.number
              FROM unnest(%s::bigint[], %s::bigint[]) pair(product_id, location_id)
              JOIN inventory_countline line ON (line.product_id, line.location_id) = (pair.product_id, pair.location_id)
              JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id
             WHERE sheet.state IN ('open', 'review')
            """,
            [[product for product, _place in wanted], [place for _product, place in wanted]],
        )
        return {(product, place): number for product, place, number in cursor.fetchall()}
