"""What can be promised, and what a store is told of it (rules: S2, S6, S7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database

from inventory.models import Product

# `whole` is what can be reserved: units whose parts lie free in one warehouse, for what is in one unit goes out in one
# parcel. `spare` is what is left of all of it when the safety buffer is kept back from each part.
FREE = """
    WITH asked AS (SELECT * FROM unnest(%(products)s::bigint[], %(units)s::int[]) AS asked(product_id, unit)),
    part AS (SELECT asked.product_id, asked.unit, content.product_id AS part_id, content.quantity::bigint * asked.unit AS quantity
               FROM asked JOIN inventory_kitcontent content ON content.kit_id = asked.product_id
             UNION ALL
             SELECT asked.product_id, asked.unit, product.id, asked.unit
               FROM asked JOIN inventory_product product ON product.id = asked.product_id AND NOT product.is_kit),
    served AS (SELECT warehouse_id FROM inventory_servedstore WHERE connection_id = %(connection)s),
    free AS (SELECT level.product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id, sum(level.available) AS units
               FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
              WHERE level.product_id IN (SELECT part_id FROM part) AND place.sellable
                AND (NOT EXISTS (SELECT 1 FROM served)
                     OR coalesce(place.warehouse_id, place.id) IN (SELECT warehouse_id FROM served))
              GROUP BY 1, 2),
    made AS (SELECT part.product_id, part.unit, min(coalesce(free.units, 0) / part.quantity) AS units
               FROM part CROSS JOIN (SELECT DISTINCT warehouse_id AS id FROM free) warehouse
               LEFT JOIN free ON free.product_id = part.part_id AND free.warehouse_id = warehouse.id
              GROUP BY part.product_id, part.unit, warehouse.id),
    spare AS (SELECT part.product_id, part.unit,
                     min(floor((coalesce(everywhere.units, 0) - %(buffer)s) / part.quantity)) AS units
                FROM part LEFT JOIN (SELECT product_id, sum(units) AS units FROM free GROUP BY 1) everywhere
                  ON everywhere.product_id = part.part_id
               GROUP BY part.product_id, part.unit)
    SELECT spare.product_id, spare.unit,
           greatest(0, least(spare.units, (SELECT coalesce(sum(floor(made.units)), 0) FROM made
                                            WHERE made.product_id = spare.product_id AND made.unit = spare.unit)))::bigint
      FROM spare
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """A product as it is sold: `unit` stock units (or kits) at a time."""

    product_id: int
    unit: int = 1


def available(product_ids: Iterable[int], *, connection_id: int | None = None) -> dict[int, int]:
    """On hand − allocated in sellable places, per product; 0 where nothing lies anywhere. Of kits, whole ones.

    With a connection, only in the warehouses that serve it. One statement.
    """
    asked = [Sold(pk) for pk in dict.fromkeys(product_ids)]
    found = sellable(asked, connection_id=connection_id)
    return {sold.product_id: found[sold] for sold in asked}


def sellable(asked: Iterable[Sold], *, connection_id: int | None = None, safety_buffer: int = 0) -> dict[Sold, int]:
    """How many whole units can be promised: of 52,900 pieces 52 boxes of 1,000 (case: C15). One statement.

    The buffer is kept back in stock units, of a kit from each of its parts.
    """
    wanted = list(dict.fromkeys(asked))
    if not wanted:
        return {}
    with database.cursor() as cursor:
        cursor.execute(
            FREE,
            {
                "products": [sold.product_id for sold in wanted],
                "units": [sold.unit for sold in wanted],
                "connection": connection_id,
                "buffer": safety_buffer,
            },
        )
        found = {Sold(product_id, unit): whole for product_id, unit, whole in cursor.fetchall()}
    return {sold: found.get(sold, 0) for sold in wanted}


def published(quantity: int, policy: str) -> tuple[int, str]:
    """The figure and the word for a store: (quantity, `in_stock` | `backorder` | `out`)."""
    if quantity > 0:
        return quantity, "in_stock"
    return 0, "out" if policy == Product.BackorderPolicy.REFUSE else "backorder"
