"""What must hold of purchase orders: what came of a line is what was received of it, unit by unit (rule: S9)."""

from backoffice.lib.invariant import Invariant

INVARIANTS = (
    Invariant(
        name="purchase lines",
        what="What was received of a line of a purchase order is the sum of its receipts, without what was taken back.",
        over="inventory_purchaseorderline",
        faults="""
            SELECT format('%s, line %s (%s): %s are received, its receipts add up to %s.', bought.number, line.position,
                          product.sku, line.received, coalesce(came.units, 0))
              FROM inventory_purchaseorderline line
              JOIN inventory_purchaseorder bought ON bought.id = line.order_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN (SELECT line_id, sum(quantity - reversed) AS units FROM inventory_goodsreceiptline GROUP BY line_id) came
                ON came.line_id = line.id
             WHERE line.received <> coalesce(came.units, 0)
        """,
    ),
    Invariant(
        name="receipts are movements",
        what="Each line of a receipt is one movement of just these units, of this lot, at this cost, and none other says it is.",
        over="inventory_goodsreceiptline",
        faults="""
            SELECT format('%s, receipt %s: %s × %s%s are booked as %s.', bought.number, receipt.id, item.quantity, product.sku,
                          ' of lot ' || lot.code,
                          coalesce(format('%s × %s%s at %s each', moved.quantity, moved.product_id, ' of lot ' || booked.code,
                                          moved.unit_cost), 'nothing'))
              FROM inventory_goodsreceiptline item
              JOIN inventory_goodsreceipt receipt ON receipt.id = item.receipt_id
              JOIN inventory_purchaseorder bought ON bought.id = receipt.order_id
              JOIN inventory_purchaseorderline line ON line.id = item.line_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN inventory_movement moved ON moved.id = item.movement_id
              LEFT JOIN inventory_lot lot ON lot.id = item.lot_id
              LEFT JOIN inventory_lot booked ON booked.id = moved.lot_id
             WHERE (moved.product_id, moved.location_id, moved.lot_id, moved.quantity, moved.unit_cost)
                   IS DISTINCT FROM (line.product_id, item.location_id, item.lot_id, item.quantity, item.unit_cost)
                OR line.order_id <> receipt.order_id
             UNION ALL
            SELECT format('Movement %s says it is of a receipt, and no line of one is booked by it.', moved.key)
              FROM inventory_movement moved
              LEFT JOIN inventory_goodsreceiptline item ON item.movement_id = moved.id
             WHERE moved.key LIKE 'receipt:po-%' AND item.id IS NULL
        """,
    ),
    Invariant(
        name="receipts taken back",
        what="What is taken back of a receipt is movements of just these units, and each line knows how many it lost.",
        over="inventory_receiptreversal",
        faults="""
            SELECT format('%s, receipt %s: %s × %s are said to be taken back, %s are.', bought.number, item.receipt_id,
                          item.reversed, product.sku, coalesce(back.units, 0))
              FROM inventory_goodsreceiptline item
              JOIN inventory_purchaseorderline line ON line.id = item.line_id
              JOIN inventory_purchaseorder bought ON bought.id = line.order_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN (SELECT item_id, sum(quantity) AS units FROM inventory_receiptreversal GROUP BY item_id) back
                ON back.item_id = item.id
             WHERE item.reversed <> coalesce(back.units, 0)
             UNION ALL
            SELECT format('Movement %s takes back %s × %s, its receipt says %s.', moved.key, -moved.quantity, moved.product_id,
                          coalesce(back.quantity, 0))
              FROM inventory_movement moved
              LEFT JOIN inventory_receiptreversal back ON back.movement_id = moved.id
              LEFT JOIN inventory_goodsreceiptline item ON item.id = back.item_id
              LEFT JOIN inventory_purchaseorderline line ON line.id = item.line_id
             WHERE (back.id IS NOT NULL OR moved.key LIKE 'receipt:reversed-%')
               AND (moved.product_id, moved.lot_id, moved.quantity)
                   IS DISTINCT FROM (line.product_id, item.lot_id, -back.quantity)
        """,
    ),
    Invariant(
        name="purchase order states",
        what="A purchase order's state is what its quantities come to.",
        over="inventory_purchaseorder",
        faults="""
            SELECT format('%s is said to be %s; its quantities say %s.', number, state, derived)
              FROM (SELECT bought.number, bought.state,
                           CASE WHEN settled AND NOT came THEN 'cancelled'
                                WHEN bought.sent_at IS NULL THEN 'draft'
                                WHEN settled AND cancelled THEN 'closed'
                                WHEN settled THEN 'received'
                                WHEN came THEN 'part_received'
                                WHEN bought.confirmed_at IS NULL THEN 'sent'
                                ELSE 'confirmed' END AS derived
                      FROM inventory_purchaseorder bought
                      JOIN (SELECT order_id, bool_or(received > 0) AS came, bool_or(cancelled > 0) AS cancelled,
                                   bool_and(received + cancelled >= ordered) AS settled
                              FROM inventory_purchaseorderline GROUP BY order_id) lines ON lines.order_id = bought.id) said
             WHERE state <> derived
        """,
    ),
    Invariant(
        name="supplier returns",
        what="Each line of a return that went to the supplier is one movement of just these units of its lot; no other has one.",
        over="inventory_supplierreturnline",
        faults="""
            SELECT format('%s (%s): %s × %s%s back to the supplier are booked as %s%s.', going.number, going.state,
                          line.quantity, product.sku, ' of lot ' || lot.code, coalesce(moved.quantity, 0),
                          ' of lot ' || booked.code)
              FROM inventory_supplierreturnline line
              JOIN inventory_supplierreturn going ON going.id = line.supplier_return_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN inventory_movement moved ON moved.id = line.movement_id
              LEFT JOIN inventory_lot lot ON lot.id = line.lot_id
              LEFT JOIN inventory_lot booked ON booked.id = moved.lot_id
             WHERE CASE WHEN going.state IN ('sent', 'credited') THEN -line.quantity ELSE 0 END <> coalesce(moved.quantity, 0)
                OR (moved.product_id, moved.location_id) <> (line.product_id, line.location_id)
                OR moved.lot_id IS DISTINCT FROM line.lot_id AND moved.id IS NOT NULL
        """,
    ),
)
