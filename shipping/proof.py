"""What must hold of parcels: what is in them was allocated, and what left has left the ledger of stock."""

from backoffice.lib.invariant import Invariant

INVARIANTS = (
    Invariant(
        name="parcels",
        what="Every parcel holds something, and only lines of its own order.",
        over="shipping_shipment",
        faults="""
            SELECT CASE WHEN item.shipment_id IS NULL THEN format('Parcel %s is empty.', shipment.number)
                        ELSE format('Parcel %s holds a line of another order.', shipment.number) END
              FROM shipping_shipment shipment
              LEFT JOIN (SELECT item.shipment_id, min(line.order_id) AS lowest, max(line.order_id) AS highest
                           FROM shipping_shipmentline item JOIN orders_orderline line ON line.id = item.line_id
                          GROUP BY item.shipment_id) item ON item.shipment_id = shipment.id
             WHERE item.shipment_id IS NULL OR item.lowest <> shipment.order_id OR item.highest <> shipment.order_id
        """,
    ),
    Invariant(
        name="packed units",
        what="What is packed and not shipped yet is allocated to its line, from the same place.",
        over="shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id"
        " WHERE shipment.state = 'packed'",
        faults="""
            SELECT format('Order %s, line %s (%s): %s are packed in %s, %s are allocated there.', o.number, line.position,
                          line.sku, packed.units, packed.parcels,
                          CASE WHEN packed.level_id IS NULL THEN line.allocated ELSE coalesce(promised.quantity, 0) END)
              FROM (SELECT item.line_id, item.level_id, sum(item.quantity) AS units,
                           string_agg(shipment.number, ', ') AS parcels
                      FROM shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id
                     WHERE shipment.state = 'packed' GROUP BY item.line_id, item.level_id) packed
              JOIN orders_orderline line ON line.id = packed.line_id
              JOIN orders_order o ON o.id = line.order_id
              LEFT JOIN orders_allocation promised
                ON promised.line_id = packed.line_id AND promised.level_id = packed.level_id
             WHERE packed.units > CASE WHEN packed.level_id IS NULL THEN line.allocated
                                       ELSE coalesce(promised.quantity, 0) END
        """,
    ),
    Invariant(
        name="packed lots",
        what="What is packed of a lot and not shipped yet lies where it was packed from.",
        over="shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id"
        " WHERE shipment.state = 'packed' AND item.lot_id IS NOT NULL",
        faults="""
            SELECT format('Lot %s of %s at %s: %s are packed in %s, %s are there.', lot.code, product.sku, place.code,
                          packed.units, packed.parcels, coalesce(there.units, 0))
              FROM (SELECT item.lot_id, level.location_id, sum(item.quantity) AS units,
                           string_agg(shipment.number, ', ') AS parcels
                      FROM shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id
                      JOIN inventory_stocklevel level ON level.id = item.level_id
                     WHERE shipment.state = 'packed' AND item.lot_id IS NOT NULL GROUP BY 1, 2) packed
              JOIN inventory_lot lot ON lot.id = packed.lot_id
              JOIN inventory_product product ON product.id = lot.product_id
              JOIN inventory_location place ON place.id = packed.location_id
              LEFT JOIN inventory_lotlevel there ON there.lot_id = packed.lot_id AND there.location_id = packed.location_id
             WHERE packed.units > coalesce(there.units, 0)
        """,
    ),
    Invariant(
        name="shipped lines",
        what="A line's shipped quantity is what its shipped parcels hold of it.",
        over="orders_orderline",
        faults="""
            SELECT format('Order %s, line %s (%s): %s are shipped, its parcels that left hold %s.', o.number,
                          line.position, line.sku, line.shipped::bigint * line.pieces, coalesce(gone.units, 0))
              FROM (SELECT * FROM orders_orderline WHERE shipped <> 0) sent
              FULL JOIN (SELECT item.line_id, sum(item.quantity) AS units
                           FROM shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id
                          WHERE shipment.state = 'shipped' GROUP BY item.line_id) gone ON gone.line_id = sent.id
              JOIN orders_orderline line ON line.id = coalesce(sent.id, gone.line_id)
              JOIN orders_order o ON o.id = line.order_id
             WHERE line.shipped::bigint * line.pieces <> coalesce(gone.units, 0)
        """,
    ),
    Invariant(
        name="kits are packed whole",
        what="A parcel holds whole units of kits and selling units: each part as often as the line's units need it.",
        over="orders_linecomponent",
        faults="""
            SELECT format('Parcel %s: %s of %s where %s units of line %s (%s) need %s.', shipment.number,
                          coalesce(there.units, 0), product.sku, inside.units / line.pieces, line.position, line.sku,
                          inside.units / line.pieces * part.quantity)
              FROM (SELECT item.shipment_id, item.line_id, sum(item.quantity) AS units
                      FROM shipping_shipmentline item
                     WHERE EXISTS (SELECT 1 FROM orders_linecomponent part WHERE part.line_id = item.line_id)
                     GROUP BY 1, 2) inside
              JOIN shipping_shipment shipment ON shipment.id = inside.shipment_id
              JOIN orders_orderline line ON line.id = inside.line_id
              JOIN orders_linecomponent part ON part.line_id = line.id
              JOIN inventory_product product ON product.id = part.product_id
              LEFT JOIN LATERAL (SELECT sum(item.quantity) AS units
                                   FROM shipping_shipmentline item JOIN inventory_stocklevel level ON level.id = item.level_id
                                  WHERE item.shipment_id = inside.shipment_id AND item.line_id = line.id
                                    AND level.product_id = part.product_id) there ON true
             WHERE coalesce(there.units, 0) * line.pieces <> inside.units * part.quantity
        """,
    ),
    Invariant(
        name="shipped stock",
        what="Each stocked item of a shipped parcel left the ledger once, in the same quantity and lot, and nothing else did.",
        over="inventory_movement WHERE reason = 'shipment'",
        faults="""
            SELECT CASE WHEN gone.id IS NULL THEN format('Movement %s of %s × %s belongs to no parcel that left.',
                                                         moved.key, moved.quantity, product.sku)
                        WHEN moved.id IS NULL THEN format('Parcel %s: %s × %s left and no movement says so.',
                                                          gone.number, gone.quantity, product.sku)
                        ELSE format('Parcel %s: %s × %s%s left, the movement says %s × product %s%s.', gone.number,
                                    gone.quantity, product.sku, ' of lot ' || lot.code, moved.quantity, moved.product_id,
                                    ' of lot ' || booked.code) END
              FROM (SELECT item.id, item.quantity, item.lot_id, shipment.number, level.product_id, level.location_id
                      FROM shipping_shipmentline item
                      JOIN shipping_shipment shipment ON shipment.id = item.shipment_id
                      JOIN inventory_stocklevel level ON level.id = item.level_id
                     WHERE shipment.state = 'shipped') gone
              FULL JOIN (SELECT * FROM inventory_movement WHERE reason = 'shipment') moved
                ON moved.key = 'shipment:' || gone.id
              JOIN inventory_product product ON product.id = coalesce(gone.product_id, moved.product_id)
              LEFT JOIN inventory_lot lot ON lot.id = gone.lot_id
              LEFT JOIN inventory_lot booked ON booked.id = moved.lot_id
             WHERE gone.id IS NULL OR moved.id IS NULL OR moved.quantity <> -gone.quantity
                OR moved.product_id <> gone.product_id OR moved.location_id <> gone.location_id
                OR moved.lot_id IS DISTINCT FROM gone.lot_id
        """,
    ),
    Invariant(
        name="returned lots",
        what="No more units of a lot came back with a line than left with it.",
        over="inventory_movement WHERE reason = 'return' AND lot_id IS NOT NULL",
        # Pieces of one return, of several lots or places, are counted behind a # in the keys of their movements.
        faults=r"""
            WITH named AS (SELECT DISTINCT line_id, 'return:' || key || ':' || line_id AS event FROM orders_return),
            moved AS (SELECT regexp_replace(key, '#\d+$', '') AS event, product_id, lot_id, quantity
                        FROM inventory_movement WHERE reason = 'return' AND lot_id IS NOT NULL),
            back AS (SELECT line_id, lot_id, sum(quantity) AS units
                       FROM (SELECT named.line_id, moved.lot_id, moved.quantity FROM named JOIN moved USING (event)
                              UNION ALL
                             SELECT named.line_id, moved.lot_id, moved.quantity
                               FROM named JOIN moved ON moved.event = named.event || ':' || moved.product_id) each_one
                      GROUP BY 1, 2),
            gone AS (SELECT item.line_id, item.lot_id, sum(item.quantity) AS units
                       FROM shipping_shipmentline item JOIN shipping_shipment shipment ON shipment.id = item.shipment_id
                      WHERE shipment.state = 'shipped' AND item.lot_id IS NOT NULL GROUP BY 1, 2)
            SELECT format('Order %s, line %s: %s of lot %s came back, %s of it left.', o.number, line.position, back.units,
                          lot.code, gone.units)
              FROM back JOIN gone USING (line_id, lot_id)
              JOIN orders_orderline line ON line.id = back.line_id
              JOIN orders_order o ON o.id = line.order_id
              JOIN inventory_lot lot ON lot.id = back.lot_id
             WHERE back.units > gone.units
        """,
    ),
)
