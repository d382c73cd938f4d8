"""Who gets the stock that is there: shown as a plan first, then done in one transaction, as often as wanted (rules: S3, S4).

What comes in goes to the queue by itself (rule: S5). A plan deals it out anew, with what other orders have and is not packed
yet: by age, by priority, or so that as many orders as possible can leave whole.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection as database
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from inventory import ledger, reservations
from inventory.reservations import Ask, Free, Grant, Spot
from orders import allocation, queue
from orders.queue import Needs


class Rule(models.TextChoices):
    """In which order orders are served."""

    PRIORITY = "priority", _("by priority, then the oldest")
    OLDEST = "oldest", _("the oldest first, whatever their priority")
    COMPLETE = "complete", _("orders that can leave whole first")


class Line(NamedTuple):
    """A line of the plan, in its own units: what it had, what it would have, what it still waits for then."""

    line_id: int
    order_id: int
    product_id: int
    sku: str
    name: str
    had: int
    gets: int
    waits: int


@dataclass(slots=True)
class Plan:
    """`fingerprint` names the state that it was made from: done only while that is still so."""

    rule: Rule
    lines: list[Line] = field(default_factory=list)
    orders: dict[int, str] = field(default_factory=dict)
    """The numbers of the orders in it, in the order in which they are served."""
    complete: set[int] = field(default_factory=set)
    """Orders that could leave whole."""
    fingerprint: str = ""
    grants: list[Grant] = field(default_factory=list, repr=False)
    taken: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)
    """By line and level: what was promised and not packed before."""
    parts: set[int] = field(default_factory=set, repr=False)
    """Products that were dealt out, those that lie in a kit with what was asked for too."""

    @property
    def changes(self) -> list[Line]:
        return [line for line in self.lines if line.gets != line.had]


# Not packed is what of an allocation lies in no open parcel; parcels are the upper app's, and one statement needs both.
STANDING = f"""
    WITH in_play AS MATERIALIZED (
        SELECT line.id FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
         WHERE {queue.IN_PLAY} AND line.product_id IS NOT NULL
           AND o.cancelled_at IS NULL AND NOT o.fulfilled_elsewhere AND NOT o.history AND {queue.MAY_HAVE_STOCK})
    SELECT line.id, line.order_id, o.number, o.connection_id, line.product_id, line.sku, line.name,
           line.backordered, line.allocated, line.pieces, product.stocked,
           (SELECT array_agg(ARRAY[part.product_id, part.quantity] ORDER BY part.product_id)
              FROM orders_linecomponent part WHERE part.line_id = line.id),
           (SELECT array_agg(ARRAY[allocation.level_id, level.product_id, coalesce(place.warehouse_id, place.id),
                                   allocation.quantity - coalesce(packed.units, 0)] ORDER BY allocation.id)
              FROM orders_allocation allocation
              JOIN inventory_stocklevel level ON level.id = allocation.level_id
              JOIN inventory_location place ON place.id = level.location_id
              LEFT JOIN LATERAL (SELECT sum(item.quantity) AS units
                                   FROM shipping_shipmentline item
                                   JOIN shipping_shipment parcel ON parcel.id = item.shipment_id AND parcel.state = 'packed'
                                  WHERE item.line_id = line.id AND item.level_id = allocation.level_id) packed ON true
             WHERE allocation.line_id = line.id),
           (SELECT count(*) FROM orders_orderline other WHERE other.order_id = line.order_id AND other.backordered > 0)
      FROM in_play
      JOIN orders_orderline line ON line.id = in_play.id
      JOIN orders_order o ON o.id = line.order_id
      JOIN inventory_product product ON product.id = line.product_id
     ORDER BY {{in_turn}}
"""
IN_TURN = {Rule.OLDEST: "o.placed_at, o.id, line.position"}


@dataclass(slots=True)
class _Standing:
    line_id: int
    order_id: int
    number: str
    connection_id: int
    product_id: int
    sku: str
    name: str
    backordered: int
    allocated: int
    pieces: int
    needs: Needs
    spots: list[list[int]]
    """[level, product, warehouse, stock units promised there and not packed]."""
    waiting: int
    """Lines of its order that wait, for something else too."""
    loose: int
    """Units of the line that are promised and not packed."""

    @property
    def wants(self) -> int:
        return self.backordered + self.loose


def plan(
    product_ids: Iterable[int],
    rule: Rule = Rule.PRIORITY,
    *,
    arriving: Mapping[int, int] | None = None,
    into: int | None = None,
) -> Plan:
    """Who would get what of these products, and of what is in one kit with them; nothing is written. Two statements.

    An order that waits for something else too is not whole by it.
    `arriving` are units that are not there yet: what a delivery into the warehouse `into` (where goods come in if nothing else
    is said) would change, shown before it is booked.
    """
    products = set(product_ids) | set(arriving or ())
    lines = _in_play(products, rule)
    free = reservations.look(_products(lines) | products)
    if arriving:
        warehouse = into or ledger.default_location().pk
        for product_id, units in arriving.items():
            free.spots.setdefault(product_id, []).append(Spot(-product_id, units, warehouse))
    return _dealt(lines, free, rule)


def carry_out(product_ids: Iterable[int], rule: Rule, fingerprint: str) -> Plan:
    """Do what the plan of this fingerprint says, in the caller's transaction; the plan that was done.

    ValueError where stock or orders have changed since it was shown. Done twice, the second time changes nothing.
    """
    products = set(product_ids)
    with transaction.atomic():
        allocation.lock_products(products | _products(_in_play(products, rule)))
        lines = _in_play(products, rule)
        dealt = _dealt(lines, reservations.lock(_products(lines) | products), rule)
        # Pressed twice, everything is as the plan wants it: that is no news.
        if dealt.fingerprint != fingerprint and dealt.changes:
            raise ValueError("Stock or orders have changed since this plan was made. Look at it again, then do it.")
        if dealt.changes:
            allocation.deal_out(dealt.taken, dealt.grants)
    return dealt


def _in_play(products: set[int], rule: Rule) -> list[_Standing]:
    """In the order in which the rule serves them."""
    with database.cursor() as cursor:
        in_turn = IN_TURN.get(rule, queue.IN_TURN)
        cursor.execute(STANDING.format(in_turn=in_turn), {"products": list(products)})
        return [_standing(row) for row in cursor.fetchall()]


def _standing(row: tuple[Any, ...]) -> _Standing:
    *said, pieces, stocked, parts, spots, waiting = row
    needs = queue.needs_of_line(said[4], stocked, parts)
    loose = sum(spot[3] for spot in spots) // pieces if spots else 0
    return _Standing(*said, pieces, needs, spots or [], waiting, loose)  # type: ignore[call-arg]


def _products(lines: Iterable[_Standing]) -> set[int]:
    return {product for line in lines for product, _ in line.needs}


def _dealt(lines: list[_Standing], free: Free, rule: Rule) -> Plan:
    elsewhere = _wait_elsewhere(lines)
    lines = [line for line in lines if line.needs]
    table = _on_the_table(lines, free)
    by_order: dict[int, list[_Standing]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    made = Plan(rule=rule, orders={line.order_id: line.number for line in lines}, parts=_products(lines))
    waiting = list(by_order)
    if rule == Rule.COMPLETE:
        waiting = []
        for order_id, of_order in by_order.items():
            asked = _asked(of_order)
            drawn = [] if order_id in elsewhere else table.draw_whole(asked)
            if drawn:
                made.grants += drawn
            elif asked:
                waiting.append(order_id)
    made.grants += table.draw([ask for order_id in waiting for ask in _asked(by_order[order_id])])
    _describe(made, lines)
    made.complete = by_order.keys() - elsewhere - {line.order_id for line in made.lines if line.waits}
    return made


def _wait_elsewhere(lines: list[_Standing]) -> set[int]:
    """Orders that wait for something which is not dealt out here."""
    left = {line.order_id: line.waiting for line in lines}
    for line in lines:
        left[line.order_id] -= line.backordered > 0
    return {order_id for order_id, waiting in left.items() if waiting}


def _asked(lines: list[_Standing]) -> list[Ask]:
    return [Ask(line.line_id, line.needs, line.wants, line.connection_id) for line in lines if line.wants > 0]


def _on_the_table(lines: list[_Standing], free: Free) -> reservations.Table:
    """What is free and what these lines hold loosely, to be dealt out together, in the order in which it is picked."""
    units: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for product_id, spots in free.spots.items():
        for spot in spots:
            units[product_id][spot.level_id] = [spot.level_id, spot.units, spot.warehouse_id]
    for line in lines:
        for level_id, product_id, warehouse_id, loose in line.spots:
            units[product_id].setdefault(level_id, [level_id, 0, warehouse_id])[1] += loose
    dealt: dict[int, list[Spot]] = {}
    for product_id, levels in units.items():
        in_turn = sorted(levels, key=lambda level_id: free.turn.get(level_id, len(free.turn)))
        dealt[product_id] = [Spot(*levels[level_id]) for level_id in in_turn]
    return reservations.Table(Free(dealt, free.serving))


def _describe(made: Plan, lines: list[_Standing]) -> None:
    granted: dict[int, int] = defaultdict(int)
    for grant in made.grants:
        granted[grant.key] += grant.quantity
    for line in lines:
        packed = line.allocated - line.loose
        gets = packed + granted[line.line_id] // line.pieces
        waits = line.backordered + line.allocated - gets
        made.lines.append(
            Line(
                line.line_id,
                line.order_id,
                line.product_id,
                line.sku,
                line.name,
                had=line.allocated,
                gets=gets,
                waits=waits,
            )
        )
        for level_id, _product, _warehouse, loose in line.spots:
            if loose:
                made.taken[line.line_id, level_id] = loose
    said = repr([(line.line_id, line.had, line.gets, line.waits) for line in made.lines]) + made.rule
    made.fingerprint = hashlib.sha256(said.encode()).hexdigest()[:32]
