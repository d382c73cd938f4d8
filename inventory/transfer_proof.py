"""What must hold of places and transfers: what is on its way is what the papers say, and what is archived is empty."""

from backoffice.lib.invariant import Invariant

INVARIANTS = (
    Invariant(
        name="moves",
        what="What moves from one place to another comes there in the same number, lot and worth as it left.",
        over="inventory_movement WHERE reason IN ('move', 'transfer')",
        faults="""
            SELECT format('Movement %s of %s: %s units worth %s appeared or vanished.', moved.pair, product.sku, moved.units,
                          moved.worth)
              FROM (SELECT regexp_replace(key, ':(in|out)$', '') AS pair, product_id, sum(quantity) AS units,
                           sum(quantity * unit_cost) AS worth, count(DISTINCT coalesce(lot_id, 0)) AS lots
                      FROM inventory_movement WHERE reason IN ('move', 'transfer') GROUP BY 1, 2) moved
              JOIN inventory_product product ON product.id = moved.product_id
             WHERE moved.units <> 0 OR moved.worth <> 0 OR moved.lots <> 1
        """,
    ),
    Invariant(
        name="goods on their way",
        what="Of each product as many lie in transit as its transfers say are on their way: sent − received − lost.",
        over="inventory_transferline",
        faults="""
            SELECT format('%s: %s lie in transit, transfers say that %s are on their way.', product.sku,
                          coalesce(lying.units, 0), coalesce(said.units, 0))
              FROM (SELECT level.product_id, sum(level.on_hand) AS units
                      FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
                     WHERE place.kind = 'transit' GROUP BY level.product_id) lying
              FULL JOIN (SELECT line.product_id, sum(line.sent - line.received - line.lost) AS units
                           FROM inventory_transferline line JOIN inventory_transfer paper ON paper.id = line.transfer_id
                          WHERE paper.state = 'in_transit' GROUP BY line.product_id) said
                ON said.product_id = lying.product_id
              JOIN inventory_product product ON product.id = coalesce(lying.product_id, said.product_id)
             WHERE coalesce(lying.units, 0) <> coalesce(said.units, 0)
        """,
    ),
    Invariant(
        name="transfers",
        what="What each line of a transfer says was sent, received and lost is what moved, and its state fits.",
        over="inventory_transfer",
        # The key of such a movement is transfer:<transfer>:<event>:<line>:… (see backoffice/transferring.py).
        faults="""
            SELECT format('Transfer %s, %s: %s sent, %s received, %s lost; moved were %s, %s and %s.', paper.number,
                          product.sku, line.sent, line.received, line.lost, coalesce(moved.sent, 0),
                          coalesce(moved.received, 0), coalesce(moved.lost, 0))
              FROM inventory_transferline line
              JOIN inventory_transfer paper ON paper.id = line.transfer_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN (SELECT split_part(movement.key, ':', 4)::bigint AS line_id,
                           coalesce(sum(quantity) FILTER (WHERE split_part(movement.key, ':', 3) IN ('sent', 'back')), 0) AS sent,
                           coalesce(-sum(quantity) FILTER (WHERE split_part(movement.key, ':', 3) NOT IN ('sent', 'back')
                                                             AND reason = 'transfer'), 0) AS received,
                           coalesce(-sum(quantity) FILTER (WHERE reason = 'adjustment'), 0) AS lost
                      FROM inventory_movement movement
                      JOIN inventory_location place ON place.id = movement.location_id AND place.kind = 'transit'
                     WHERE movement.key LIKE 'transfer:%' GROUP BY 1) moved ON moved.line_id = line.id
             WHERE (line.sent, line.received, line.lost)
                   <> (coalesce(moved.sent, 0), coalesce(moved.received, 0), coalesce(moved.lost, 0))
            UNION ALL
            SELECT format('Transfer %s is %s, but %s units of it are on their way.', paper.number, paper.state, lines.rest)
              FROM inventory_transfer paper
              JOIN (SELECT transfer_id, sum(sent - received - lost) AS rest FROM inventory_transferline GROUP BY 1) lines
                ON lines.transfer_id = paper.id
             WHERE (paper.state = 'in_transit') <> (lines.rest > 0)
        """,
    ),
    Invariant(
        name="promised where it is sold",
        what="Nothing is promised to an order in a place that is never sold from.",
        over="inventory_location WHERE NOT sellable",
        faults="""
            SELECT format('%s of %s are promised to orders in %s, which is never sold from.', level.reserved, product.sku,
                          place.code)
              FROM inventory_stocklevel level
              JOIN inventory_location place ON place.id = level.location_id
              JOIN inventory_product product ON product.id = level.product_id
             WHERE NOT place.sellable AND level.reserved > 0
        """,
    ),
    Invariant(
        name="archived places",
        what="Nothing lies in a place that is archived.",
        over="inventory_location WHERE archived_at IS NOT NULL",
        faults="""
            SELECT format('%s of %s lie in %s, which is archived.', level.on_hand, product.sku, place.code)
              FROM inventory_location place
              JOIN inventory_stocklevel level ON level.location_id = place.id AND level.on_hand <> 0
              JOIN inventory_product product ON product.id = level.product_id
             WHERE place.archived_at IS NOT NULL
        """,
    ),
)
