"""What must hold of stock: the running figures are what the ledger says (rule: S1)."""

from backoffice.lib.invariant import Invariant
from inventory import costs, kits, transfer_proof

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
        what="Each difference of a booked count sheet is one movement of just that many units, beside it at most the serial"
        " number taken from where it was thought to lie; no other sheet moves any.",
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
              LEFT JOIN inventory_movement booked ON booked.key = split_part(movement.key, '-from-', 1)
              LEFT JOIN inventory_countline line ON line.movement_id = booked.id
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
    Invariant(
        name="contents of kits",
        what="What a kit comes to is what its components say, kits inside it taken apart; and a kit is no stock itself.",
        over="inventory_kitcomponent",
        faults=f"""
            SELECT format('Kit %s: %s of %s are written, its components come to %s.', kit.sku, coalesce(content.quantity, 0),
                          product.sku, coalesce(made.quantity, 0))
              FROM ({kits.TAKEN_APART.format(deepest=kits.DEEPEST, where="true")}) made
              FULL JOIN inventory_kitcontent content
                ON content.kit_id = made.kit_id AND content.product_id = made.product_id
              JOIN inventory_product kit ON kit.id = coalesce(made.kit_id, content.kit_id)
              JOIN inventory_product product ON product.id = coalesce(made.product_id, content.product_id)
             WHERE made.quantity IS DISTINCT FROM content.quantity
            UNION ALL
            SELECT format('%s is said to be %s, and has %s components.', kit.sku,
                          CASE WHEN kit.is_kit THEN 'a kit' ELSE 'no kit' END,
                          (SELECT count(*) FROM inventory_kitcomponent WHERE kit_id = kit.id))
              FROM inventory_product kit
             WHERE kit.is_kit <> EXISTS (SELECT 1 FROM inventory_kitcomponent WHERE kit_id = kit.id)
        """,
    ),
    Invariant(
        name="lots",
        what="What lies of a lot in a place is the sum of its movements there; a serial number is one unit at most.",
        over="inventory_lotlevel",
        faults="""
            SELECT format('Lot %s of %s at %s: %s are written, its movements add up to %s.', lot.code, product.sku,
                          place.code, coalesce(level.units, 0), coalesce(moved.units, 0))
              FROM inventory_lotlevel level
              FULL JOIN (SELECT lot_id, location_id, sum(quantity) AS units FROM inventory_movement
                          WHERE lot_id IS NOT NULL GROUP BY lot_id, location_id) moved
                ON moved.lot_id = level.lot_id AND moved.location_id = level.location_id
              JOIN inventory_lot lot ON lot.id = coalesce(level.lot_id, moved.lot_id)
              JOIN inventory_product product ON product.id = lot.product_id
              JOIN inventory_location place ON place.id = coalesce(level.location_id, moved.location_id)
             WHERE coalesce(level.units, 0) <> coalesce(moved.units, 0)
            UNION ALL
            SELECT format('Serial number %s of %s is there %s times.', lot.code, product.sku, sum(level.units))
              FROM inventory_lotlevel level
              JOIN inventory_lot lot ON lot.id = level.lot_id
              JOIN inventory_product product ON product.id = lot.product_id AND product.tracking = 'serial'
             GROUP BY lot.id, product.id HAVING sum(level.units) > 1
        """,
    ),
    Invariant(
        name="stock by lot",
        what="Of what is followed by lot or serial number, the lots in a place add up to what is on hand there.",
        over="inventory_lotlevel",
        faults="""
            SELECT format('%s at %s: %s are on hand, its lots add up to %s.', product.sku, place.code, level.on_hand,
                          coalesce(lots.units, 0))
              FROM inventory_stocklevel level
              JOIN inventory_product product ON product.id = level.product_id AND product.tracking <> 'none'
              JOIN inventory_location place ON place.id = level.location_id
              LEFT JOIN (SELECT lot.product_id, there.location_id, sum(there.units) AS units
                           FROM inventory_lotlevel there JOIN inventory_lot lot ON lot.id = there.lot_id
                          GROUP BY 1, 2) lots ON lots.product_id = level.product_id AND lots.location_id = level.location_id
             WHERE level.on_hand <> coalesce(lots.units, 0)
        """,
    ),
    costs.INVARIANT,
    *transfer_proof.INVARIANTS,
)
