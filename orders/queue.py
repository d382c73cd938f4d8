"""The queue for stock: who waits, of what, in which order (rules: S3, S6); and the lock before anything is decided on it.

In the words of SQL `line` is a row of orders_orderline, `o` its order.
"""

from collections.abc import Iterable

from django.db import connection as database
from django.db import transaction

from inventory import reservations

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

UNITS = "line.backordered::bigint * coalesce(part.quantity, 1)"
"""Stock units of it that are on backorder: two million boxes of a thousand are more than an integer holds."""

_WAITING = """
    SELECT own.id FROM orders_orderline own WHERE own.backordered > 0 AND own.product_id = ANY(%(products)s)
    UNION SELECT part.line_id FROM orders_linecomponent part JOIN orders_orderline own ON own.id = part.line_id
           WHERE own.backordered > 0 AND part.product_id = ANY(%(products)s)"""

TOUCHING = f"line.id IN ({_WAITING})"
"""Lines that wait for these products, in a kit too."""

IN_PLAY = f"""line.id IN ({_WAITING}
    UNION SELECT allocation.line_id FROM orders_allocation allocation
            JOIN inventory_stocklevel level ON level.id = allocation.level_id WHERE level.product_id = ANY(%(products)s))"""
"""Lines that wait for these products or have some of them, in a kit too."""

TAKING = """line.id IN (
    SELECT own.id FROM orders_orderline own WHERE own.product_id = ANY(%(products)s)
    UNION SELECT part.line_id FROM orders_linecomponent part WHERE part.product_id = ANY(%(products)s))"""
"""Lines of these products, in a kit too, whether or not they still wait."""

OF_ORDERS = "line.order_id = ANY(%(ids)s)"

SERVED = """
    SELECT line.id, line.order_id, line.product_id, line.backordered, coalesce(product.stocked, false), o.connection_id,
           (SELECT array_agg(ARRAY[part.product_id, part.quantity] ORDER BY part.product_id)
              FROM orders_linecomponent part WHERE part.line_id = line.id)
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN inventory_product product ON product.id = line.product_id
     WHERE {queued} AND {which}
     ORDER BY {in_turn}
"""
"""Lines that want stock, in the order in which they are served."""

KIN = """
    WITH mine AS MATERIALIZED ({mine})
    SELECT id FROM mine WHERE id IS NOT NULL
    UNION SELECT kin.product_id
            FROM orders_linecomponent part
            JOIN orders_orderline waiting ON waiting.id = part.line_id AND waiting.backordered > 0
            JOIN orders_linecomponent kin ON kin.line_id = part.line_id
           WHERE part.product_id IN (SELECT id FROM mine)
"""
"""Products, and whatever waits in one line with them: who frees the lamps of a kit may serve it with ropes, and must have
locked these as well, all at once."""

Needs = tuple[tuple[int, int], ...]
"""What one unit of a line takes: (product, stock units)."""


def served(which: str) -> str:
    """The statement for the lines that want stock, of which `which` is true."""
    return SERVED.format(queued=QUEUED, in_turn=IN_TURN, which=which)


def needs_of_line(product_id: int | None, stocked: bool, parts: list[list[int]] | None) -> Needs:
    if parts:
        return tuple((part, units) for part, units in parts)
    return ((product_id, 1),) if stocked and product_id is not None else ()


def pieces(needs: Needs) -> int:
    """Stock units that one unit of a line takes."""
    return sum(units for _, units in needs) or 1


def products_wanted(which: str, values: dict[str, list[int]]) -> set[int]:
    """All products of which stock is wanted by the lines of which `which` is true."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT coalesce(part.product_id, line.product_id)
              FROM orders_orderline line LEFT JOIN orders_linecomponent part ON part.line_id = line.id
             WHERE line.backordered > 0 AND line.product_id IS NOT NULL AND {which}
            """,
            values,
        )
        return {row[0] for row in cursor.fetchall()}


def lock_lines(line_ids: Iterable[int]) -> None:
    """Lock the stock levels of the products of these lines: before anything is decided on their allocations.

    Whoever locked their orders before has them all; then this only makes sure.
    """
    reservations.lock(_with_kin("line.id = ANY(%(ids)s)", line_ids, ()))


def lock_orders(order_ids: Iterable[int], *, and_products: Iterable[int] = ()) -> None:
    """Lock the stock levels of all products of these orders: before their rows, their parcels or their holds are.

    All at once, for whoever locks some now and more later may wait for somebody who waits for him.
    """
    _lock(OF_ORDERS, list(order_ids), list(and_products))


def lock_products(product_ids: Iterable[int]) -> None:
    """Lock the stock levels of these products, and of what waits in one line with them: before goods come or go."""
    _lock("false", [], list(product_ids))


def _lock(which: str, ids: list[int], and_products: list[int]) -> None:
    wanted = _with_kin(which, ids, and_products)
    while True:
        locks = transaction.savepoint()
        reservations.lock(wanted)
        # While the locks were waited for, the store may have added a line. What comes into these orders from here on needs
        # a lock that is held here; so the second look is the last, unless there was news.
        found = _with_kin(which, ids, and_products)
        if found <= wanted:
            transaction.savepoint_commit(locks)
            return
        # One more lock on top of these could be waited for in a circle: all are given up and taken anew, in their order.
        transaction.savepoint_rollback(locks)
        wanted |= found


def _with_kin(which: str, ids: Iterable[int], and_products: Iterable[int]) -> set[int]:
    """The products of lines of which `which` is true, those that are named, and what waits in one line with either."""
    mine = f"""
        SELECT coalesce(part.product_id, line.product_id) AS id
          FROM orders_orderline line LEFT JOIN orders_linecomponent part ON part.line_id = line.id
         WHERE {which} UNION SELECT unnest(%(products)s::bigint[])
    """
    with database.cursor() as cursor:
        cursor.execute(KIN.format(mine=mine), {"ids": list(ids), "products": list(and_products)})
        return {row[0] for row in cursor.fetchall()}
