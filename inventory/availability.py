"""What can be promised, and what a store is told of it (rules: S2, S6, S7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database
from django.db.models import Q

from inventory.models import KitContent, Product

# `whole` is what can be reserved: units whose parts lie free in one warehouse, for what is in one unit goes out in one
# parcel. `spare` is what is left of all of it when the safety buffer is kept back from each part.
FREE = """
    WITH {asked},
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
               GROUP BY part.product_id, part.unit),
    figure AS (SELECT spare.product_id, spare.unit,
                      greatest(0, least(spare.units, (SELECT coalesce(sum(floor(made.units)), 0) FROM made
                                                       WHERE made.product_id = spare.product_id
                                                         AND made.unit = spare.unit)))::bigint AS units
                 FROM spare)
"""
ASKED = "asked AS (SELECT * FROM unnest(%(products)s::bigint[], %(units)s::int[]) AS asked(product_id, unit))"
SELLABLE = FREE.format(asked=ASKED) + "SELECT product_id, unit, units FROM figure"

# What a store calls it comes before a product's own SKU, as with its orders, and that before a selling unit's. What is
# archived is not sold any more; and a kit that holds what is archived, or what is never on backorder, never is either.
FOUND = """
    found AS MATERIALIZED (
        SELECT said.sku, product.id AS product_id, choice.unit,
               CASE WHEN EXISTS (SELECT FROM inventory_kitcontent content
                                   JOIN inventory_product part ON part.id = content.product_id
                                  WHERE content.kit_id = product.id
                                    AND (part.archived_at IS NOT NULL OR part.backorder_policy = 'refuse'))
                    THEN 'refuse' ELSE product.backorder_policy END AS policy,
               CASE WHEN product.is_kit
                    THEN (SELECT array_agg(ARRAY[content.product_id, content.quantity::bigint * choice.unit])
                            FROM inventory_kitcontent content WHERE content.kit_id = product.id)
                    WHEN product.stocked THEN ARRAY[ARRAY[product.id, choice.unit]] END AS contents
          FROM unnest(%(skus)s::text[]) AS said(sku)
         CROSS JOIN LATERAL (
               (SELECT listing.product_id, coalesce(unit.quantity, 1) AS unit, 1 AS turn
                  FROM inventory_listing listing LEFT JOIN inventory_sellingunit unit ON unit.id = listing.selling_unit_id
                 WHERE listing.connection_id = %(connection)s AND listing.sku = said.sku AND listing.product_id IS NOT NULL
                 ORDER BY listing.id LIMIT 1)
               UNION ALL SELECT id, 1, 2 FROM inventory_product WHERE sku = said.sku
               UNION ALL SELECT product_id, quantity, 3 FROM inventory_sellingunit WHERE sku = said.sku AND sku <> ''
                ORDER BY turn LIMIT 1) choice
          JOIN inventory_product product ON product.id = choice.product_id AND product.archived_at IS NULL),
    asked AS (SELECT DISTINCT product_id, unit FROM found)
"""
OFFERED = (
    FREE.format(asked=FOUND)
    + "SELECT sku, product_id, unit, policy, contents, coalesce(units, 0) FROM found LEFT JOIN figure USING (product_id, unit)"
)


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
            SELLABLE,
            {
                "products": [sold.product_id for sold in wanted],
                "units": [sold.unit for sold in wanted],
                "connection": connection_id,
                "buffer": safety_buffer,
            },
        )
        found = {Sold(product_id, unit): whole for product_id, unit, whole in cursor.fetchall()}
    return {sold: found.get(sold, 0) for sold in wanted}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a SKU means that is asked for, and how many whole ones of it can be promised."""

    sku: str
    sold: Sold
    policy: str
    contents: dict[int, int]
    """Stock units by product that one of it takes; nothing for a service."""
    free: int


def offers(skus: Iterable[str], *, connection_id: int | None = None, safety_buffer: int = 0) -> dict[str, Offer]:
    """What is sold under these SKUs, those that mean something; one statement for any number.

    With a connection: by what that store calls it too, and what the warehouses that serve it have.
    """
    with database.cursor() as cursor:
        cursor.execute(OFFERED, {"skus": list(skus), "connection": connection_id, "buffer": safety_buffer})
        return {
            sku: Offer(sku, Sold(product_id, unit), policy, dict(contents or ()), free)
            for sku, product_id, unit, policy, contents, free in cursor.fetchall()
        }


def policies(products: Iterable[Product]) -> dict[int, str]:
    """What happens when these run out: never a backorder of what is archived, nor of a kit that holds what is archived or
    never on backorder. One statement.
    """
    asked = {product.pk: product for product in products}
    ended = {pk for pk, product in asked.items() if product.archived_at is not None}
    refuse = Product.BackorderPolicy.REFUSE
    never = Q(product__archived_at__isnull=False) | Q(product__backorder_policy=refuse)
    ended |= set(KitContent.objects.filter(never, kit__in=asked).values_list("kit", flat=True))
    return {pk: refuse.value if pk in ended else product.backorder_policy for pk, product in asked.items()}


def published(quantity: int, policy: str) -> tuple[int, str]:
    """The figure and the word for a store: (quantity, `in_stock` | `backorder` | `out`)."""
    if quantity > 0:
        return quantity, "in_stock"
    return 0, "out" if policy == Product.BackorderPolicy.REFUSE else "backorder"
