"""Which order gets which stock: first come, first served (rules: S2, S3, S4). The one writer of allocations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from backoffice.lib.bulk import draft
from inventory import reservations
from orders import drafts
from orders.drafts import NewOrder
from orders.models import Allocation, Order, OrderLine

SERVED = """
    SELECT line.id, line.order_id, line.product_id, line.backordered, coalesce(product.stocked, false)
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN inventory_product product ON product.id = line.product_id
     WHERE line.backordered > 0
       AND o.cancelled_at IS NULL AND NOT o.fulfilled_elsewhere AND NOT o.history
       AND (o.may_ship OR o.reserve_until > now())
       AND NOT EXISTS (SELECT 1 FROM orders_hold hold WHERE hold.order_id = o.id AND hold.released_at IS NULL
                                                        AND (hold.stops = 'everything'
                                                             OR hold.stops = 'shipping' AND line.product_id IS NULL))
       AND {which} = ANY(%s)
     ORDER BY o.priority, o.placed_at, o.id, line.position
"""
"""Lines that want stock, in the order in which they are served; product 12's line of an older order comes first.

What only shipping waits for keeps its place in the queue: a paid order whose address is to be mended loses nothing. A line
that means no product, of an order that nothing holds any more, is something that is not counted here."""


@dataclass(frozen=True, slots=True)
class Allocated:
    """Units newly allocated, by order, and the products of which fewer are free now."""

    orders: dict[int, int]
    products: set[int]


def allocate(order_ids: Iterable[int]) -> Allocated:
    """Allocate what these orders still want, as far as stock reaches.

    What is short stays backordered. Run twice it does nothing the second time. Five statements for any number.
    """
    return _allocate("o.id", order_ids)


def allocate_products(product_ids: Iterable[int]) -> Allocated:
    """Give stock of these products to whoever waits for it, the oldest first (rule: S5)."""
    return _allocate("line.product_id", product_ids)


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
            if line.product_id is not None and one.products[line.product_id].stocked:
                lines[line.pk] = (one, line)
                asked.append((line.pk, line.product_id, line.ordered - line.cancelled))
            else:
                line.allocated = line.ordered - line.cancelled
    if not asked:
        return set()
    grants = reservations.reserve(asked, reservations.lock(product for _, product, _ in asked))
    touched = set()
    for grant in grants:
        one, line = lines[grant.key]
        line.allocated += grant.quantity
        one.allocations.append(draft(Allocation, line_id=line.pk, level_id=grant.level_id, quantity=grant.quantity))
        touched.add(line.product_id)
    return {product for product in touched if product is not None}


def _may_have_stock(order: Order, now: datetime) -> bool:
    return order.may_ship or (order.reserve_until is not None and order.reserve_until > now)


def _allocate(which: str, ids: Iterable[int]) -> Allocated:
    with transaction.atomic():
        with database.cursor() as cursor:
            free = reservations.lock(_products(which, list(ids)))
            cursor.execute(SERVED.format(which=which), [list(ids)])
            rows = cursor.fetchall()
        asked = [(line, product, wanted) for line, _, product, wanted, stocked in rows if stocked]
        grants = reservations.reserve(asked, free)
        order_of = {row[0]: row[1] for row in rows}
        per_line: dict[int, int] = defaultdict(int)
        for grant in grants:
            per_line[grant.key] += grant.quantity
        for line, _, _, wanted, stocked in rows:
            if not stocked:
                # Nothing to count: a service or a download is ready as soon as the order may go.
                per_line[line] = wanted
        if not per_line:
            return Allocated({}, set())
        with database.cursor() as cursor:
            if grants:
                cursor.execute(
                    """
                    INSERT INTO orders_allocation (line_id, level_id, quantity)
                    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
                    ON CONFLICT (line_id, level_id) DO UPDATE SET quantity = orders_allocation.quantity + excluded.quantity
                    """,
                    [[g.key for g in grants], [g.level_id for g in grants], [g.quantity for g in grants]],
                )
            _raise_allocated(per_line)
    per_order: dict[int, int] = defaultdict(int)
    for line, quantity in per_line.items():
        per_order[order_of[line]] += quantity
    granted = {grant.key for grant in grants}
    return Allocated(dict(per_order), {product for line, _, product, _, _ in rows if line in granted})


def _products(which: str, ids: list[int]) -> set[int]:
    if which == "line.product_id":
        return set(ids)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT product_id FROM orders_orderline"
            " WHERE order_id = ANY(%s) AND backordered > 0 AND product_id IS NOT NULL",
            [ids],
        )
        return {row[0] for row in cursor.fetchall()}


def lock_lines(line_ids: Iterable[int]) -> None:
    """Lock the stock levels of the products of these lines: before anything is decided on their allocations."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT product_id FROM orders_orderline WHERE id = ANY(%s) AND product_id IS NOT NULL",
            [list(line_ids)],
        )
        reservations.lock(row[0] for row in cursor.fetchall())


def lock_orders(order_ids: Iterable[int], *, and_products: Iterable[int] = ()) -> None:
    """Lock the stock levels of all products of these orders: before their rows, their parcels or their holds are.

    All at once, for whoever locks some now and more later may wait for somebody who waits for him.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT product_id FROM orders_orderline WHERE order_id = ANY(%s) AND product_id IS NOT NULL",
            [list(order_ids)],
        )
        reservations.lock({row[0] for row in cursor.fetchall()} | set(and_products))


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


def release(quantities: Mapping[int, int]) -> dict[int, int]:
    """Take the promise back for so many units of each line; the units freed, by product.

    More than a line has is a programming error and raises ValueError.
    """
    wanted = {line: quantity for line, quantity in quantities.items() if quantity > 0}
    if not wanted:
        return {}
    freed: dict[int, int] = defaultdict(int)
    with transaction.atomic(), database.cursor() as cursor:
        lock_lines(wanted)
        cursor.execute(
            """
            SELECT line.id, line.allocated, line.product_id, allocation.level_id, allocation.quantity
              FROM orders_orderline line LEFT JOIN orders_allocation allocation ON allocation.line_id = line.id
             WHERE line.id = ANY(%s) ORDER BY line.id, allocation.id DESC FOR UPDATE OF line
            """,
            [list(wanted)],
        )
        left = dict(wanted)
        taken: dict[tuple[int, int], int] = {}
        per_level: dict[int, int] = defaultdict(int)
        for line_id, allocated, product_id, level_id, quantity in cursor.fetchall():
            if allocated < wanted[line_id]:
                raise ValueError(f"Line {line_id} has {allocated} allocated, {wanted[line_id]} cannot be given up.")
            if level_id is None:
                continue
            part = min(quantity, left[line_id])
            if part > 0:
                taken[line_id, level_id] = part
                per_level[level_id] += part
                freed[product_id] += part
                left[line_id] -= part
        _lower_allocations(taken)
        _raise_allocated({line: -quantity for line, quantity in wanted.items()})
        reservations.release(per_level)
    return dict(freed)


def give_way(lost: Mapping[tuple[int, int], int]) -> set[int]:
    """Stock of (product, location) is lost: where less would be left than is promised, the orders served last give up.

    What lies in a parcel already packed gives way last of all. The orders that wait again.
    """
    with transaction.atomic(), database.cursor() as cursor:
        reservations.lock(product_id for product_id, _ in lost)
        cursor.execute(
            """
            SELECT allocation.line_id, line.order_id, level.id, allocation.quantity, level.on_hand, level.reserved,
                   level.product_id, level.location_id
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
        missing: dict[int, int] = {}
        taken: dict[tuple[int, int], int] = {}
        orders: set[int] = set()
        for line, order, level, quantity, on_hand, reserved, product, location in cursor.fetchall():
            missing.setdefault(level, max(0, lost[product, location] - (on_hand - reserved)))
            part = min(quantity, missing[level])
            if part > 0:
                missing[level] -= part
                taken[line, level] = part
                orders.add(order)
        per_line: dict[int, int] = defaultdict(int)
        per_level: dict[int, int] = defaultdict(int)
        for (line, level), part in taken.items():
            per_line[line] += part
            per_level[level] += part
        _lower_allocations(taken)
        if per_line:
            _raise_allocated({line: -units for line, units in per_line.items()})
        reservations.release(per_level)
    return orders


def consume(taken: Mapping[tuple[int, int | None], int]) -> None:
    """Units leave with a parcel, by (line, level): they are allocated no longer, and shipped."""
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
            UPDATE orders_orderline SET allocated = allocated - change.quantity, shipped = shipped + change.quantity
              FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
             WHERE orders_orderline.id = change.id
            """,
            [list(per_line), list(per_line.values())],
        )
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
