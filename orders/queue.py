"""The queue for stock: which lines stand in it, and in which order they are served (rule: S3). Words of SQL, no more.

`line` is a row of orders_orderline, `o` its order.
"""

ALIVE = "line.backordered > 0 AND o.cancelled_at IS NULL AND NOT o.fulfilled_elsewhere AND NOT o.history"
"""Lines that still want something, whether or not they may have it."""

MAY_HAVE_STOCK = """(o.may_ship OR o.reserve_until > now())
       AND NOT EXISTS (SELECT 1 FROM orders_hold hold WHERE hold.order_id = o.id AND hold.released_at IS NULL
                                                        AND (hold.stops = 'everything'
                                                             OR hold.stops = 'shipping' AND line.product_id IS NULL))"""
"""What only shipping waits for keeps its place in the queue: a paid order whose address is to be mended loses nothing. A line
that means no product, of an order that nothing holds any more, is something that is not counted here."""

QUEUED = f"{ALIVE} AND {MAY_HAVE_STOCK}"

IN_TURN = "o.priority, o.placed_at, o.id, line.position"
"""Product 12's line of an older order comes first."""

WANTS = "coalesce(part.product_id, line.product_id)"
"""The product that a line takes from stock; `part` is a row of orders_linecomponent, LEFT JOINed: a kit has several."""

UNITS = "line.backordered * coalesce(part.quantity, 1)"
"""Stock units of it that are on backorder."""

TOUCHING = """line.id IN (SELECT own.id FROM orders_orderline own WHERE own.product_id = ANY(%(products)s) AND own.backordered > 0
                           UNION ALL SELECT of.line_id FROM orders_linecomponent of WHERE of.product_id = ANY(%(products)s))"""
"""Lines that take these products, in a kit too."""
