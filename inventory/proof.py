"""What must hold of stock: the running figures are what the ledger says (rule: S1)."""

from backoffice.lib.invariant import Invariant

INVARIANTS = (
    Invariant(
        name="stock on hand",
        what="On hand is the sum of the movements, for every product in every place.",
        over="inventory_movement",
        faults="""
            SELECT format('%s at %s: on hand is %s, its movements add up to %s.',
                          product.sku, location.code, coalesce(level.on_hand::text, 'missing'), coalesce(moved.units, 0))
              FROM inventory_stocklevel level
              FULL JOIN (SELECT product_id, location_id, sum(quantity) AS units
                           FROM inventory_movement GROUP BY product_id, location_id) moved
                ON moved.product_id = level.product_id AND moved.location_id = level.location_id
              JOIN inventory_product product ON product.id = coalesce(level.product_id, moved.product_id)
              JOIN inventory_location location ON location.id = coalesce(level.location_id, moved.location_id)
             WHERE level.on_hand IS DISTINCT FROM coalesce(moved.units, 0)
               AND (level.id IS NOT NULL OR moved.units <> 0)
        """,
    ),
    Invariant(
        name="stock is possible",
        what="Nothing on hand or reserved is below zero, and no more is reserved than is there.",
        over="inventory_stocklevel",
        faults="""
            SELECT format('%s at %s: %s on hand, %s reserved.', product.sku, location.code, level.on_hand, level.reserved)
              FROM inventory_stocklevel level
              JOIN inventory_product product ON product.id = level.product_id
              JOIN inventory_location location ON location.id = level.location_id
             WHERE level.reserved < 0 OR level.on_hand < level.reserved
        """,
    ),
)
