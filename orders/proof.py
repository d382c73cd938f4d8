"""What must hold of orders: promises, quantities, states and money agree (rules: O1, O5, S2, S4, S5)."""

from dataclasses import dataclass

from django.db import connection

from backoffice.lib.invariant import SHOWN, Invariant
from backoffice.lib.money import MINOR_UNITS
from orders.status import Facts, derive

_digits = " ".join(
    f"WHEN {{currency}} IN ({', '.join(repr(code) for code, digits in MINOR_UNITS.items() if digits == wanted)}) THEN {wanted}"
    for wanted in sorted(set(MINOR_UNITS.values()))
)


def rounded(amount: str, currency: str) -> str:
    """SQL for an amount to its currency's minor unit; PostgreSQL too rounds half away from zero."""
    return f"round({amount}, CASE {_digits.format(currency=currency)} ELSE 2 END)"


@dataclass(frozen=True, slots=True)
class StateInvariant(Invariant):
    """States are judged by the function that derives them: once for each combination of facts, not for each order."""

    def look(self) -> tuple[int, list[str]]:
        found, faults = 0, []
        with connection.cursor() as cursor:
            cursor.execute(self.faults)
            for state, *facts, orders, numbers in cursor.fetchall():
                right = derive(Facts(*facts))
                if state != right:
                    found += orders
                    faults += [
                        f"Order {number} is in state {state}, it should be in {right.value}." for number in numbers
                    ]
        return found, faults[:SHOWN]


INVARIANTS = (
    Invariant(
        name="order identity",
        what="One order for each order of a store.",
        over="orders_order",
        faults="""
            SELECT format('Orders %s are one and the same order %s of %s.',
                          string_agg(o.number, ', ' ORDER BY o.id), o.external_id, min(connection.name))
              FROM orders_order o JOIN sync_connection connection ON connection.id = o.connection_id
             GROUP BY o.connection_id, o.external_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        name="reserved stock",
        what="Reserved is the sum of what is allocated to order lines, for every product in every place.",
        over="inventory_stocklevel",
        faults="""
            SELECT format('%s at %s: %s are reserved, %s are allocated to orders.',
                          product.sku, location.code, level.reserved, coalesce(promised.units, 0))
              FROM inventory_stocklevel level
              LEFT JOIN (SELECT level_id, sum(quantity) AS units FROM orders_allocation GROUP BY level_id) promised
                ON promised.level_id = level.id
              JOIN inventory_product product ON product.id = level.product_id
              JOIN inventory_location location ON location.id = level.location_id
             WHERE level.reserved <> coalesce(promised.units, 0)
        """,
    ),
    Invariant(
        name="allocated lines",
        what="A line's allocated quantity is the sum of its allocations, each from its own product's stock or its kit's.",
        over="orders_orderline",
        faults="""
            SELECT format('Order %s, line %s (%s): %s are allocated, its allocations add up to %s%s.', o.number,
                          line.position, line.sku, line.allocated::bigint * line.pieces, coalesce(promised.units, 0),
                          CASE WHEN promised.alien THEN ', some of them from another product''s stock' ELSE '' END)
              FROM (SELECT allocation.line_id, sum(allocation.quantity) AS units,
                           bool_or(part.id IS NULL AND (level.product_id IS DISTINCT FROM of.product_id
                                   OR EXISTS (SELECT 1 FROM orders_linecomponent other
                                               WHERE other.line_id = of.id))) AS alien
                      FROM orders_allocation allocation
                      JOIN inventory_stocklevel level ON level.id = allocation.level_id
                      JOIN orders_orderline of ON of.id = allocation.line_id
                      LEFT JOIN orders_linecomponent part ON part.line_id = of.id AND part.product_id = level.product_id
                     GROUP BY allocation.line_id) promised
              FULL JOIN (SELECT * FROM orders_orderline WHERE allocated <> 0) reserved ON reserved.id = promised.line_id
              JOIN orders_orderline line ON line.id = coalesce(reserved.id, promised.line_id)
              JOIN orders_order o ON o.id = line.order_id
              LEFT JOIN inventory_product product ON product.id = line.product_id
             WHERE promised.alien OR coalesce(promised.units, 0) > line.allocated::bigint * line.pieces
                OR (coalesce(promised.units, 0) < line.allocated::bigint * line.pieces
                    AND (coalesce(product.stocked, false)
                         OR EXISTS (SELECT 1 FROM orders_linecomponent part WHERE part.line_id = line.id)))
        """,
    ),
    Invariant(
        name="kits are promised whole",
        what="Of each part of a kit or selling unit as much is allocated as its line's units take, from one warehouse each.",
        over="orders_linecomponent",
        faults="""
            SELECT format('Order %s, line %s (%s): %s units are allocated, but %s of %s where %s are needed%s.', o.number,
                          line.position, line.sku, line.allocated, coalesce(promised.units, 0), product.sku,
                          line.allocated::bigint * part.quantity,
                          CASE WHEN promised.torn THEN ', some of them in a warehouse where the other parts are not'
                               ELSE '' END)
              FROM orders_linecomponent part
              JOIN orders_orderline line ON line.id = part.line_id
              JOIN orders_order o ON o.id = line.order_id
              JOIN inventory_product product ON product.id = part.product_id
              LEFT JOIN LATERAL (
                   SELECT sum(here.units) AS units, bool_or(here.units % part.quantity <> 0) AS torn
                     FROM (SELECT sum(allocation.quantity) AS units
                             FROM orders_allocation allocation
                             JOIN inventory_stocklevel level ON level.id = allocation.level_id
                             JOIN inventory_location place ON place.id = level.location_id
                            WHERE allocation.line_id = line.id AND level.product_id = part.product_id
                            GROUP BY coalesce(place.warehouse_id, place.id)) here) promised ON true
             WHERE coalesce(promised.units, 0) <> line.allocated::bigint * part.quantity OR promised.torn
        """,
    ),
    Invariant(
        name="pieces of lines",
        what="A line's pieces are the stock units that its components add up to; 1 where it has none.",
        over="orders_orderline",
        faults="""
            SELECT format('Order %s, line %s (%s): one unit takes %s pieces, its components add up to %s.', o.number,
                          line.position, line.sku, line.pieces, coalesce(part.units, 1))
              FROM orders_orderline line
              JOIN orders_order o ON o.id = line.order_id
              LEFT JOIN (SELECT line_id, sum(quantity) AS units FROM orders_linecomponent GROUP BY line_id) part
                ON part.line_id = line.id
             WHERE line.pieces <> coalesce(part.units, 1)
        """,
    ),
    Invariant(
        name="returned parts",
        what="No more of a kit's part came back than was shipped, and the kit counts as back when all its parts are.",
        over="orders_linecomponent",
        faults="""
            SELECT format('Order %s, line %s (%s): %s of %s came back of %s shipped, and %s kits count as back.', o.number,
                          line.position, line.sku, part.returned, product.sku, line.shipped::bigint * part.quantity,
                          line.returned)
              FROM orders_linecomponent part
              JOIN orders_orderline line ON line.id = part.line_id
              JOIN orders_order o ON o.id = line.order_id
              JOIN inventory_product product ON product.id = part.product_id
             WHERE part.returned > line.shipped::bigint * part.quantity OR part.returned < line.returned::bigint * part.quantity
        """,
    ),
    Invariant(
        name="line quantities",
        what="Of each line no more is cancelled, shipped and allocated than was ordered, and no more returned than shipped.",
        over="orders_orderline",
        faults="""
            SELECT format('Order %s, line %s (%s): %s ordered, but %s cancelled, %s shipped, %s allocated, %s returned.',
                          o.number, line.position, line.sku, line.ordered, line.cancelled, line.shipped, line.allocated,
                          line.returned)
              FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
             WHERE line.ordered < line.cancelled + line.shipped + line.allocated OR line.returned > line.shipped
                OR least(line.ordered, line.cancelled, line.shipped, line.allocated, line.returned) < 0
        """,
    ),
    Invariant(
        name="orders that may have stock",
        what="No cancelled order, none shipped by its store and none from before has stock allocated.",
        over="orders_orderline WHERE allocated > 0",
        faults="""
            SELECT format('Order %s, line %s (%s) has %s allocated, but the order is %s.', o.number, line.position,
                          line.sku, line.allocated, CASE WHEN o.cancelled_at IS NOT NULL THEN 'cancelled'
                          WHEN o.history THEN 'history' ELSE 'shipped by the store itself' END)
              FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
             WHERE line.allocated > 0 AND (o.cancelled_at IS NOT NULL OR o.history OR o.fulfilled_elsewhere)
        """,
    ),
    Invariant(
        name="waiting lines",
        what="No line waits for stock that lies free, where its order may have it.",
        over="orders_orderline WHERE backordered > 0",
        faults="""
            WITH free AS (SELECT level.product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id,
                                 sum(level.available) AS units
                            FROM inventory_stocklevel level
                            JOIN inventory_location place ON place.id = level.location_id AND place.sellable
                           WHERE level.available > 0 GROUP BY 1, 2),
            part AS (SELECT line.id AS line_id, component.product_id, component.quantity
                       FROM orders_orderline line JOIN orders_linecomponent component ON component.line_id = line.id
                      WHERE line.backordered > 0
                      UNION ALL
                     SELECT line.id, line.product_id, 1
                       FROM orders_orderline line JOIN inventory_product product ON product.id = line.product_id
                      WHERE line.backordered > 0 AND product.stocked
                        AND NOT EXISTS (SELECT 1 FROM orders_linecomponent component WHERE component.line_id = line.id)),
            possible AS (SELECT part.line_id, warehouse.id AS warehouse_id,
                                min(floor(coalesce(free.units, 0) / part.quantity)) AS units
                           FROM part CROSS JOIN (SELECT DISTINCT warehouse_id AS id FROM free) warehouse
                           LEFT JOIN free ON free.product_id = part.product_id AND free.warehouse_id = warehouse.id
                          GROUP BY part.line_id, warehouse.id)
            SELECT format('Order %s, line %s (%s) waits for %s, though %s.', o.number, line.position, line.sku,
                          line.backordered, CASE WHEN part.line_id IS NOT NULL THEN format('%s are free', free.units)
                                                 ELSE 'it needs no stock' END)
              FROM orders_orderline line
              JOIN orders_order o ON o.id = line.order_id
              JOIN inventory_product product ON product.id = line.product_id
              LEFT JOIN (SELECT DISTINCT line_id FROM part) part ON part.line_id = line.id
              LEFT JOIN LATERAL (
                   SELECT sum(possible.units) AS units FROM possible
                    WHERE possible.line_id = line.id AND possible.units > 0
                      AND (NOT EXISTS (SELECT 1 FROM inventory_servedstore served
                                        WHERE served.connection_id = o.connection_id)
                           OR possible.warehouse_id IN (SELECT served.warehouse_id FROM inventory_servedstore served
                                                         WHERE served.connection_id = o.connection_id))) free ON true
             WHERE line.backordered > 0 AND (free.units > 0 OR part.line_id IS NULL)
               AND o.cancelled_at IS NULL AND NOT o.fulfilled_elsewhere AND NOT o.history
               AND (o.may_ship OR o.reserve_until > now())
               AND NOT EXISTS (SELECT 1 FROM orders_hold hold
                                WHERE hold.order_id = o.id AND hold.released_at IS NULL AND hold.stops = 'everything')
        """,
    ),
    StateInvariant(
        name="order states",
        what="The state of each order is the one that its quantities, holds and payment give.",
        over="orders_order",
        faults=f"""
            SELECT o.state, coalesce(line.ordered, 0), coalesce(line.cancelled, 0), coalesce(line.shipped, 0),
                   coalesce(line.allocated, 0), coalesce(parcel.packed, 0), hold.order_id IS NOT NULL,
                   o.may_ship, o.fulfilled_elsewhere, o.history, o.cancelled_at IS NOT NULL,
                   count(*), (array_agg(o.number))[1:{SHOWN}]
              FROM orders_order o
              LEFT JOIN (SELECT order_id, sum(ordered) AS ordered, sum(cancelled) AS cancelled, sum(shipped) AS shipped,
                                sum(allocated) AS allocated
                           FROM orders_orderline WHERE needs_shipping GROUP BY order_id) line
                ON line.order_id = o.id
              LEFT JOIN (SELECT shipment.order_id, round(sum(item.quantity::numeric / line.pieces))::int AS packed
                           FROM shipping_shipment shipment
                           JOIN shipping_shipmentline item ON item.shipment_id = shipment.id
                           JOIN orders_orderline line ON line.id = item.line_id
                          WHERE shipment.state = 'packed' GROUP BY shipment.order_id) parcel ON parcel.order_id = o.id
              LEFT JOIN (SELECT DISTINCT order_id FROM orders_hold
                          WHERE released_at IS NULL AND stops <> 'nothing') hold ON hold.order_id = o.id
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        """,
    ),
    Invariant(
        name="order totals",
        what="Lines, discounts, shipping, fees and taxes make the store's total, or a person was asked.",
        over="orders_order",
        faults=f"""
            SELECT format('Order %s: the store''s total is %s %s, its parts make %s, and there is no hold for it.',
                          number, total, currency, made)
              FROM (SELECT *, items_total - discount_total + shipping_total + fee_total + tax_total AS made
                      FROM orders_order) o
             WHERE {rounded("o.made", "o.currency")} <> {rounded("o.total", "o.currency")}
               AND NOT EXISTS (SELECT 1 FROM orders_hold hold WHERE hold.order_id = o.id AND hold.code = 'totals')
        """,
    ),
    Invariant(
        name="order sums",
        what="The totals of each order are the sums of its lines, charges and taxes as they stand in it.",
        over="orders_order",
        # What the store changes after the invoice changes lines and no longer the money; it is on the timeline.
        faults="""
            SELECT format('Order %s: its %s are %s %s, the rows add up to %s.', o.number, sums.what, sums.said, o.currency,
                          sums.made)
              FROM orders_order o
              LEFT JOIN (SELECT order_id, sum(gross) AS gross, sum(discount) AS discount
                           FROM orders_orderline GROUP BY order_id) line ON line.order_id = o.id
              LEFT JOIN (SELECT order_id, sum(amount) FILTER (WHERE kind = 'shipping') AS shipping,
                                sum(amount) FILTER (WHERE kind = 'fee') AS fee
                           FROM orders_ordercharge GROUP BY order_id) charge ON charge.order_id = o.id
              LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM orders_ordertax GROUP BY order_id) tax
                ON tax.order_id = o.id
             CROSS JOIN LATERAL (VALUES ('items', o.items_total, coalesce(line.gross, 0)),
                                        ('discounts', o.discount_total, coalesce(line.discount, 0)),
                                        ('shipping charges', o.shipping_total, coalesce(charge.shipping, 0)),
                                        ('fees', o.fee_total, coalesce(charge.fee, 0)),
                                        ('taxes', o.tax_total, coalesce(tax.amount, 0))) AS sums(what, said, made)
             WHERE sums.said <> sums.made
               AND NOT EXISTS (SELECT 1 FROM accounting_invoice invoice
                                 JOIN orders_timelineentry note ON note.order_id = invoice.order_id
                                WHERE invoice.order_id = o.id AND note.what = 'edited')
        """,
    ),
    Invariant(
        name="payments",
        what="What an order was paid and refunded is the sum of its payments.",
        over="orders_payment",
        faults="""
            SELECT format('Order %s: paid %s and refunded %s %s, its payments add up to %s and %s.', o.number, o.paid_total,
                          o.refunded_total, o.currency, coalesce(paid.came, 0), coalesce(paid.went, 0))
              FROM orders_order o
              LEFT JOIN (SELECT order_id, sum(amount) FILTER (WHERE amount > 0) AS came,
                                -sum(amount) FILTER (WHERE amount < 0) AS went
                           FROM orders_payment GROUP BY order_id) paid ON paid.order_id = o.id
             WHERE o.paid_total <> coalesce(paid.came, 0) OR o.refunded_total <> coalesce(paid.went, 0)
        """,
    ),
)
