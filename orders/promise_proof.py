"""What must hold of promises and the backorder list (rules: S4, S10)."""

from backoffice.lib.invariant import Invariant
from orders.backorder_list import WAITING_STATES
from orders.queue import QUEUED

_LISTED = ", ".join(f"'{state.value}'" for state in WAITING_STATES)
_PARTS = """(SELECT line.product_id UNION SELECT part.product_id FROM orders_linecomponent part WHERE part.line_id = line.id)"""

INVARIANTS = (
    Invariant(
        name="promises",
        what="At most one promise stands for a line, each is a range of days, and one ends after it begins.",
        over="orders_linepromise",
        faults="""
            SELECT format('Order %s, line %s: %s promises stand at once.', min(o.number), min(line.position), count(*))
              FROM orders_linepromise told JOIN orders_orderline line ON line.id = told.line_id
              JOIN orders_order o ON o.id = line.order_id
             WHERE told.replaced_at IS NULL GROUP BY told.line_id HAVING count(*) > 1
            UNION ALL
            SELECT format('Order %s, line %s: promised from %s to %s.', o.number, line.position,
                          coalesce(told.earliest::text, 'no day'), coalesce(told.latest::text, 'no day'))
              FROM orders_linepromise told JOIN orders_orderline line ON line.id = told.line_id
              JOIN orders_order o ON o.id = line.order_id
             WHERE (told.earliest IS NULL) <> (told.latest IS NULL) OR told.earliest > told.latest
                OR (told.earliest IS NULL) <> (told.kind = 'unknown')
            UNION ALL
            SELECT format('Order %s, line %s: a promise ended at %s, before it was made at %s.', o.number, line.position,
                          told.replaced_at, told.made_at)
              FROM orders_linepromise told JOIN orders_orderline line ON line.id = told.line_id
              JOIN orders_order o ON o.id = line.order_id
             WHERE told.replaced_at < told.made_at
        """,
    ),
    Invariant(
        name="promises that stand",
        what="A promise stands only for a line that waits, on goods that it waits for, or somebody is about to look at it.",
        over="orders_linepromise WHERE replaced_at IS NULL",
        # What has just happened to the line is followed moments later (orders/promise_keeping.py).
        faults=f"""
            SELECT format('Order %s, line %s (%s): promised for %s, and %s.', o.number, line.position, line.sku,
                          coalesce(told.earliest::text, 'no day'),
                          CASE WHEN wrong.over THEN 'nothing of it waits'
                               ELSE format('it hangs on purchase order %s, which brings none of it', bought.number) END)
              FROM orders_linepromise told
              JOIN orders_orderline line ON line.id = told.line_id
              JOIN orders_order o ON o.id = line.order_id
              LEFT JOIN inventory_purchaseorderline coming ON coming.id = told.purchase_line_id
              LEFT JOIN inventory_purchaseorder bought ON bought.id = coming.order_id
             CROSS JOIN LATERAL (SELECT line.backordered = 0 OR o.cancelled_at IS NOT NULL OR o.fulfilled_elsewhere AS over,
                                        coming.id IS NOT NULL AND coming.product_id NOT IN {_PARTS} AS other) wrong
             WHERE told.replaced_at IS NULL AND (wrong.over OR wrong.other)
               AND NOT EXISTS (SELECT 1 FROM sync_delivery wish
                                WHERE wish.wanted_version > wish.known_version
                                  AND (wish.topic = 'promise_order' AND wish.object_id = o.id
                                       OR wish.topic = 'promise_product' AND wish.object_id IN {_PARTS}))
        """,
    ),
    Invariant(
        name="who waits is told",
        what="For each line that waits in the queue a promise stands, or somebody is about to look at it.",
        over="orders_orderline WHERE backordered > 0",
        faults=f"""
            SELECT format('Order %s, line %s (%s) waits for %s, no promise stands, and nobody is about to look at it.',
                          o.number, line.position, line.sku, line.backordered)
              FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
             WHERE {QUEUED} AND line.product_id IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM orders_linepromise told
                                WHERE told.line_id = line.id AND told.replaced_at IS NULL)
               AND NOT EXISTS (SELECT 1 FROM sync_delivery wish
                                WHERE wish.wanted_version > wish.known_version
                                  AND (wish.topic = 'promise_order' AND wish.object_id = o.id
                                       OR wish.topic = 'promise_product' AND wish.object_id IN {_PARTS}))
        """,
    ),
    Invariant(
        name="backorder list",
        what="Every unit that waits for stock is on the backorder list.",
        over="orders_orderline WHERE backordered > 0",
        faults=f"""
            SELECT format('Order %s, line %s (%s) waits for %s and is not on the backorder list, for its state is %s.',
                          o.number, line.position, line.sku, line.backordered, o.state)
              FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
             WHERE {QUEUED} AND line.needs_shipping AND o.state NOT IN ({_LISTED})
        """,
    ),
)
