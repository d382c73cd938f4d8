"""Which order gets which stock: first come, first served (rules: S2, S3, S4). The one writer of allocations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from backoffice.lib.bulk import draft
from inventory import reservations
from inventory.reservations import Ask, Grant
from orders import drafts, queue, standing
from orders.drafts import NewOrder
from orders.models import Allocation, Order, OrderLine
from orders.queue import lock_lines as lock_lines
from orders.queue import lock_orders as lock_orders
from orders.queue import lock_products as lock_products


@dataclass(frozen=True, slots=True)
class Allocated:
    """Units newly allocated, by order, and the products of which fewer are free now."""

    orders: dict[int, int]
    products: set[int]


def allocate(order_ids: Iterable[int]) -> Allocated:
    """Allocate what these orders still want, as far as stock reaches.

    What is short stays backordered. Run twice it does nothing the second time. Six statements for any number.
    """
    return _allocate(queue.OF_ORDERS, {"ids": list(order_ids)}, set())


def allocate_products(product_ids: Iterable[int]) -> Allocated:
    """Give stock of these products to whoever waits for it, the oldest first (rule: S5)."""
    ids = set(product_ids)
    return _allocate(queue.TOUCHING, {"products": list(ids)}, ids)


def allocate_new(new: Sequence[NewOrder]) -> set[int]:
    """Allocate orders that are not written yet, as allocate() does for those that are; the products of which fewer are
    free now. Two statements for any number."""
    now = timezone.now()
    served = sorted(
        (n for n in new if drafts.still_to_ship(n.order) and not n.stopped and _may_have_stock(n.order, now)),
        key=lambda n: (n.order.priority, n.order.placed_at, n.order.pk),
    )
    lines: dict[int, tuple[NewOrder, OrderLine]] = {}
    asked = []
    for one in served:
        for line in one.lines:
            if line.ordered <= line.cancelled or (line.product_id is None and one.held):
                continue
            needs = one.needs.get(line.pk)
            if needs:
                lines[line.pk] = (one, line)
                asked.append(Ask(line.pk, needs, line.ordered - line.cancelled, one.order.connection_id))
            else:
                line.allocated = line.ordered - line.cancelled
    if not asked:
        return set()
    grants = reservations.reserve(asked, reservations.lock(product for ask in asked for product, _ in ask.needs))
    granted: dict[int, int] = defaultdict(int)
    for grant in grants:
        one, line = lines[grant.key]
        granted[line.pk] += grant.quantity
        one.allocations.append(draft(Allocation, line_id=line.pk, level_id=grant.level_id, quantity=grant.quantity))
    for pk, units in granted.items():
        line = lines[pk][1]
        line.allocated = units // line.pieces
    return {product for ask in asked if ask.key in granted for product, _ in ask.needs}


def _may_have_stock(order: Order, now: datetime) -> bool:
    return order.may_ship or (order.reserve_until is not None and order.reserve_until > now)


def _allocate(which: str, values: dict[str, list[int]], products: set[int]) -> Allocated:
    with transaction.atomic():
        with database.cursor() as cursor:
            free = reservations.lock(products | queue.products_wanted(which, values))
            cursor.execute(queue.served(which), values)
            rows = cursor.fetchall()
        needs_of = {row[0]: queue.needs_of_line(row[2], row[4], row[6]) for row in rows}
        asked = [
            Ask(line, needs, wanted, connection)
            for line, _, _, wanted, _, connection, _ in rows
            if (needs := needs_of[line])
        ]
        grants = reservations.reserve(asked, free)
        order_of = {row[0]: row[1] for row in rows}
        per_line: dict[int, int] = defaultdict(int)
        for grant in grants:
            per_line[grant.key] += grant.quantity
        for line, units in per_line.items():
            per_line[line] = units // queue.pieces(needs_of[line])
        granted = set(per_line)
        for line, _, _, wanted, _, _, _ in rows:
            if not needs_of[line]:
                # Nothing to count: a service or a download is ready as soon as the order may go.
                per_line[line] = wanted
        if not per_line:
            return Allocated({}, set())
        if grants:
            _promise({(grant.key, grant.level_id): grant.quantity for grant in grants})
        _raise_allocated(per_line)
    per_order: dict[int, int] = defaultdict(int)
    for line, quantity in per_line.items():
        per_order[order_of[line]] += quantity
    return Allocated(dict(per_order), {product for line in granted for product, _ in needs_of[line]})


def _raise_allocated(quantities: Mapping[int, int]) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_orderline SET allocated = allocated + change.quantity
              FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
             WHERE orders_orderline.id = change.id
            """,
            [list(quantities), list(quantities.values())],
        )


def _write_given_up(given: Mapping[int, tuple[int, Mapping[int, int]]]) -> None:
    """By line: how many units of it were given up, and the stock units freed by level."""
    taken = {(line, level): units for line, (_, freed) in given.items() for level, units in freed.items() if units}
    per_level: dict[int, int] = defaultdict(int)
    for (_, level), units in taken.items():
        per_level[level] += units
    _lower_allocations(taken)
    per_line = {line: -whole for line, (whole, _) in given.items() if whole}
    if per_line:
        _raise_allocated(per_line)
    reservations.release(per_level)


def release(quantities: Mapping[int, int]) -> dict[int, int]:
    """Take the promise back for so many units of each line; the stock units freed, by product.

    More than a line has is a programming error and raises ValueError.
    """
    wanted = {line: quantity for line, quantity in quantities.items() if quantity > 0}
    if not wanted:
        return {}
    freed_by_product: dict[int, int] = defaultdict(int)
    given: dict[int, tuple[int, Mapping[int, int]]] = {}
    with transaction.atomic():
        lock_lines(wanted)
        for pk, promised in standing.of_lines(wanted).items():
            if promised.has < wanted[pk]:
                raise ValueError(f"Line {pk} has {promised.has} allocated, {wanted[pk]} cannot be given up.")
            product_of = {level: product for level, product, _ in promised.spots}
            freed = promised.give_up(wanted[pk]) if promised.needs else {}
            given[pk] = (wanted[pk], freed)
            for level, units in freed.items():
                freed_by_product[product_of[level]] += units
        _write_given_up(given)
    return dict(freed_by_product)


@dataclass(slots=True)
class GaveWay:
    """Orders that wait again, with the units of each SKU that they gave up; and products of which stock is free now because
    all of a kit was given up with its part."""

    orders: dict[int, dict[str, int]] = field(default_factory=dict)
    products: set[int] = field(default_factory=set)


def give_way(lost: Mapping[tuple[int, int], int]) -> GaveWay:
    """Stock of (product, location) is lost: where less would be left than is promised, the orders served last give up.

    What lies in a parcel already packed gives way last of all.
    """
    way = GaveWay()
    with transaction.atomic(), database.cursor() as cursor:
        lock_products(product_id for product_id, _ in lost)
        cursor.execute(
            """
            SELECT allocation.line_id, level.id, level.on_hand, level.reserved, level.product_id, level.location_id,
                   line.sku
              FROM orders_allocation allocation
              JOIN inventory_stocklevel level ON level.id = allocation.level_id
              JOIN orders_orderline line ON line.id = allocation.line_id
              JOIN orders_order o ON o.id = line.order_id
             WHERE (level.product_id, level.location_id) IN
                   (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
             ORDER BY EXISTS (SELECT 1 FROM shipping_shipment s WHERE s.order_id = o.id AND s.state = 'packed'),
                      o.priority DESC, o.placed_at DESC, o.id DESC, line.position DESC
            """,
            [[product_id for product_id, _ in lost], [location_id for _, location_id in lost]],
        )
        rows = cursor.fetchall()
        missing = {level: lost[p, loc] - (on_hand - reserved) for _, level, on_hand, reserved, p, loc, _ in rows}
        missing = {level: units for level, units in missing.items() if units > 0}
        if not missing:
            return way
        promised = standing.of_lines({row[0] for row in rows})
        given: dict[int, tuple[int, dict[int, int]]] = {}
        for line_id, level, _, _, product_id, _, sku in rows:
            line = promised[line_id]
            part = min(missing.get(level, 0), line.units.get(level, 0))
            if part <= 0:
                continue
            per_unit = dict(line.needs).get(product_id, 1)
            warehouse = next(spot[2] for spot in line.spots if spot[0] == level)
            whole = -(-part // per_unit)
            freed = line.give_up(whole, first=level, from_warehouse=warehouse)
            before = given.get(line_id, (0, {}))
            given[line_id] = (before[0] + whole, _added(before[1], freed))
            product_of = {spot[0]: spot[1] for spot in line.spots}
            for spot, units in freed.items():
                if spot in missing:
                    missing[spot] -= units
                way.products.add(product_of[spot])
            units_of = way.orders.setdefault(line.order_id, {})
            units_of[sku] = units_of.get(sku, 0) + whole
        _write_given_up(given)
    return way


def _added(first: Mapping[int, int], second: Mapping[int, int]) -> dict[int, int]:
    return {key: first.get(key, 0) + second.get(key, 0) for key in {*first, *second}}


def deal_out(taken: Mapping[tuple[int, int], int], grants: Sequence[Grant]) -> None:
    """What was promised by (line, level) is taken back and promised as granted; in the caller's transaction, after the lock.

    What stays where it was is not touched. Four statements for any number.
    """
    change: dict[tuple[int, int], int] = defaultdict(int)
    for spot, units in taken.items():
        change[spot] -= units
    for grant in grants:
        change[grant.key, grant.level_id] += grant.quantity
    change = {spot: units for spot, units in change.items() if units}
    if not change:
        return
    per_level: dict[int, int] = defaultdict(int)
    per_line: dict[int, int] = defaultdict(int)
    for (line, level), units in change.items():
        per_level[level] += units
        per_line[line] += units
    reservations.exchange(per_level)
    _lower_allocations({spot: -units for spot, units in change.items() if units < 0})
    more = {spot: units for spot, units in change.items() if units > 0}
    if more:
        _promise(more)
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_orderline SET allocated = allocated + change.quantity / pieces
              FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
             WHERE orders_orderline.id = change.id AND change.quantity <> 0
            """,
            [list(per_line), list(per_line.values())],
        )


def _promise(units: Mapping[tuple[int, int], int]) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO orders_allocation (line_id, level_id, quantity)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
            ON CONFLICT (line_id, level_id) DO UPDATE SET quantity = orders_allocation.quantity + excluded.quantity
            """,
            [[line for line, _ in units], [level for _, level in units], list(units.values())],
        )


def consume(taken: Mapping[tuple[int, int | None], int]) -> None:
    """Stock units leave with a parcel, by (line, level): they are allocated no longer, and shipped."""
    with transaction.atomic(), database.cursor() as cursor:
        lock_lines(line_id for line_id, _ in taken)
        stocked = {key: quantity for key, quantity in taken.items() if key[1] is not None}
        _lower_allocations(stocked)
        per_line: dict[int, int] = defaultdict(int)
        per_level: dict[int, int] = defaultdict(int)
        for (line_id, level_id), quantity in taken.items():
            per_line[line_id] += quantity
            if level_id is not None:
                per_level[level_id] += quantity
        cursor.execute(
            """
            UPDATE orders_orderline SET allocated = allocated - change.quantity / pieces,
                   shipped = shipped + change.quantity / pieces
              FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
             WHERE orders_orderline.id = change.id AND change.quantity %% pieces = 0
            """,
            [list(per_line), list(per_line.values())],
        )
        if cursor.rowcount != len(per_line):
            raise ValueError("A parcel holds a part of a kit. Unpack it and pack the order anew.")
        reservations.release(per_level)


def _lower_allocations(taken: Mapping[tuple[int, int], int] | Mapping[tuple[int, int | None], int]) -> None:
    if not taken:
        return
    lines = [line_id for line_id, _ in taken]
    levels = [level_id for _, level_id in taken]
    with database.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM orders_allocation USING unnest(%s::bigint[], %s::bigint[], %s::int[]) AS less(line, level, quantity)
             WHERE line_id = less.line AND level_id = less.level AND orders_allocation.quantity = less.quantity
            """,
            [lines, levels, list(taken.values())],
        )
        gone = cursor.rowcount
        if gone == len(taken):
            return
        cursor.execute(
            """
            UPDATE orders_allocation SET quantity = orders_allocation.quantity - less.quantity
              FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS less(line, level, quantity)
             WHERE line_id = less.line AND level_id = less.level AND orders_allocation.quantity > less.quantity
            """,
            [lines, levels, list(taken.values())],
        )
        if gone + cursor.rowcount != len(taken):
            raise ValueError("More would be taken than is allocated. Run `manage.py prove`.")


def restore() -> list[str]:
    """Allocated units of lines as their allocations say; a sentence for each that was wrong. In the caller's transaction.

    Lines of what is not stocked have no allocations and are left as they are.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH promised AS (SELECT line_id, sum(quantity) AS units FROM orders_allocation GROUP BY line_id),
            wrong AS (SELECT line.id, line.allocated AS was, coalesce(promised.units, 0) / line.pieces AS units
                        FROM orders_orderline line
                        JOIN inventory_product product ON product.id = line.product_id
                        LEFT JOIN promised ON promised.line_id = line.id
                       WHERE (line.allocated <> 0 OR promised.units IS NOT NULL)
                         AND line.allocated::bigint * line.pieces <> coalesce(promised.units, 0)
                         AND coalesce(promised.units, 0) % line.pieces = 0
                         AND (product.stocked OR EXISTS (SELECT 1 FROM orders_linecomponent part WHERE part.line_id = line.id))
                         AND line.ordered >= line.cancelled + line.shipped + coalesce(promised.units, 0) / line.pieces)
            UPDATE orders_orderline line SET allocated = wrong.units
              FROM wrong, orders_order o
             WHERE line.id = wrong.id AND o.id = line.order_id
            RETURNING format('Order %s, line %s (%s): %s were allocated, its allocations add up to %s.', o.number, line.position,
                             line.sku, wrong.was, wrong.units)
            """
        )
        return [row[0] for row in cursor.fetchall()]
