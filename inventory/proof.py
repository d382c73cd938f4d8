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
    Invariant(
        name="counts are booked",
        what="Each difference of a booked count sheet is one movement of just that many units, and no other sheet moves any.",
        over="inventory_countline line JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id"
        " WHERE sheet.state = 'booked'",
        faults="""
            SELECT format('Sheet %s (%s), line %s: a difference of %s is booked as %s.', sheet.number, sheet.state,
                          line.position, coalesce(line.difference, 0), coalesce(movement.key || ' ', '')
                          || coalesce(movement.quantity, 0))
              FROM inventory_countline line
              JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id
              LEFT JOIN inventory_movement movement ON movement.id = line.movement_id
             WHERE CASE WHEN sheet.state = 'booked' THEN coalesce(line.difference, 0) ELSE 0 END
                   <> coalesce(movement.quantity, 0)
                OR (movement.product_id, movement.location_id) <> (line.product_id, line.location_id)
                OR movement.lot_id IS DISTINCT FROM line.lot_id AND movement.id IS NOT NULL
                OR movement.key <> format('count:sheet-%s:%s', sheet.id, line.id)
             UNION ALL
            SELECT format('Movement %s says it is of a count sheet, and no line of one is booked by it.', movement.key)
              FROM inventory_movement movement
              LEFT JOIN inventory_countline line ON line.movement_id = movement.id
             WHERE movement.key LIKE 'count:sheet-%' AND line.id IS NULL
        """,
    ),
    Invariant(
        name="counted on one sheet",
        what="A product in a place is on one open count sheet at most: two would book the same difference twice.",
        over="inventory_countsheet WHERE state IN ('open', 'review')",
        faults="""
            SELECT format('%s at %s is on the open sheets %s.', product.sku, location.code,
                          string_agg(DISTINCT sheet.number, ', '))
              FROM inventory_countline line
              JOIN inventory_countsheet sheet ON sheet.id = line.sheet_id
              JOIN inventory_product product ON product.id = line.product_id
              JOIN inventory_location location ON location.id = line.location_id
             WHERE sheet.state IN ('open', 'review')
             GROUP BY product.id, location.id HAVING count(DISTINCT sheet.id) > 1
        """,
    ),
)
