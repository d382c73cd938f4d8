"""The state of an order, derived from its quantities, holds and payment by this one function."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database

from orders.models import Order

State = Order.State


@dataclass(frozen=True, slots=True)
class Facts:
    """All that an order's state depends on; quantities are sums over its lines that are to be shipped."""

    ordered: int
    cancelled: int
    shipped: int
    allocated: int
    packed: int
    held: bool
    may_ship: bool
    fulfilled_elsewhere: bool
    history: bool
    called_off: bool


def derive(facts: Facts) -> Order.State:
    """The state in one word; what a clerk reads is its label."""
    wanted = facts.ordered - facts.cancelled
    waiting = wanted - facts.shipped - facts.allocated
    if facts.history:
        return State.HISTORY
    if facts.called_off and facts.shipped == 0 and facts.allocated == 0:
        return State.CANCELLED
    if facts.held:
        return State.HELD
    if facts.fulfilled_elsewhere:
        return State.ELSEWHERE
    if facts.ordered == 0:
        # A fee, a donation, a download: nothing of it goes through the warehouse.
        return State.DONE if facts.may_ship else State.UNPAID
    if wanted == 0:
        return State.CANCELLED
    if facts.shipped >= wanted:
        return State.SHIPPED
    if not facts.may_ship:
        return State.UNPAID
    if facts.allocated > 0:
        if facts.packed >= facts.allocated:
            return State.PACKED
        return State.PARTLY_TO_PACK if waiting > 0 else State.TO_PACK
    return State.PARTLY_SHIPPED if facts.shipped > 0 else State.BACKORDER


FACTS = """
    SELECT o.id, o.state, coalesce(l.ordered, 0), coalesce(l.cancelled, 0), coalesce(l.shipped, 0),
           coalesce(l.allocated, 0), coalesce(p.packed, 0),
           EXISTS (SELECT 1 FROM orders_hold h WHERE h.order_id = o.id AND h.released_at IS NULL
                                               AND h.stops <> 'nothing'),
           o.may_ship, o.fulfilled_elsewhere, o.history, o.cancelled_at IS NOT NULL
      FROM orders_order o
      LEFT JOIN LATERAL (SELECT sum(ordered) AS ordered, sum(cancelled) AS cancelled, sum(shipped) AS shipped,
                                sum(allocated) AS allocated
                           FROM orders_orderline WHERE order_id = o.id AND needs_shipping) l ON true
      LEFT JOIN LATERAL (SELECT round(sum(sl.quantity::numeric / line.pieces))::int AS packed
                           FROM shipping_shipment s JOIN shipping_shipmentline sl ON sl.shipment_id = s.id
                           JOIN orders_orderline line ON line.id = sl.line_id
                          WHERE s.order_id = o.id AND s.state = 'packed') p ON true
"""


def facts_of(order_ids: Iterable[int]) -> dict[int, tuple[str, Facts]]:
    """The stored state and the facts of orders, in one statement."""
    with database.cursor() as cursor:
        cursor.execute(f"{FACTS} WHERE o.id = ANY(%s)", [list(order_ids)])
        return {row[0]: (row[1], Facts(*row[2:])) for row in cursor.fetchall()}


def refresh(order_ids: Iterable[int]) -> dict[int, Order.State]:
    """Write the state of orders anew: three statements for any number. Returns the states that changed."""
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    with database.cursor() as cursor:
        # Whoever else works on one of them waits here, so that nobody writes a state from facts that have changed.
        cursor.execute("SELECT id FROM orders_order WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
    changed = {}
    for pk, (stored, facts) in facts_of(ids).items():
        state = derive(facts)
        if state != stored:
            changed[pk] = state
    if changed:
        with database.cursor() as cursor:
            cursor.execute(
                """
                UPDATE orders_order SET state = fresh.state FROM unnest(%s::bigint[], %s::text[]) AS fresh(id, state)
                 WHERE orders_order.id = fresh.id
                """,
                [list(changed), [state.value for state in changed.values()]],
            )
    return changed
