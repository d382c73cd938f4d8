"""Promises go along with goods that are moved inside a warehouse: the same orders have the same units, in another place.

Beside `orders.allocation` the one room that writes allocations; what a line has allocated in all never changes here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection as database

from inventory import reservations

Carried = dict[int, list[tuple[int, int]]]
"""By level that they were taken up from: (line, units)."""


def lift(wanted: Mapping[int, int]) -> Carried:
    """Take up so many promised units of each level, of what lies in no packed parcel, the orders served last first.

    In the caller's transaction, after the levels are locked; what is taken up must be set down in the same one. ValueError
    where parcels hold more than would be left, which the caller looks at first. Three statements for any number.
    """
    if not wanted:
        return {}
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT promised.level_id, promised.line_id, promised.quantity - coalesce(packed.units, 0)
              FROM orders_allocation promised
              JOIN orders_orderline line ON line.id = promised.line_id
              JOIN orders_order o ON o.id = line.order_id
              LEFT JOIN LATERAL (SELECT sum(item.quantity) AS units
                                   FROM shipping_shipmentline item
                                   JOIN shipping_shipment parcel ON parcel.id = item.shipment_id AND parcel.state = 'packed'
                                  WHERE item.line_id = promised.line_id AND item.level_id = promised.level_id) packed ON true
             WHERE promised.level_id = ANY(%s)
             ORDER BY o.priority DESC, o.placed_at DESC, o.id DESC, line.position DESC
            """,
            [list(wanted)],
        )
        left = dict(wanted)
        carried: Carried = defaultdict(list)
        for level_id, line_id, loose in cursor.fetchall():
            part = min(loose, left[level_id])
            if part > 0:
                carried[level_id].append((line_id, part))
                left[level_id] -= part
        if any(left.values()):
            raise ValueError(
                "More would be moved than lies outside of packed parcels. Unpack them first, or move fewer."
            )
        rows = [(line, level, units) for level, parts in carried.items() for line, units in parts]
        cursor.execute(
            """
            WITH less AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS less(line, level, quantity)),
                 gone AS (DELETE FROM orders_allocation whole USING less
                           WHERE whole.line_id = less.line AND whole.level_id = less.level
                             AND whole.quantity = less.quantity)
            UPDATE orders_allocation part SET quantity = part.quantity - less.quantity FROM less
             WHERE part.line_id = less.line AND part.level_id = less.level AND part.quantity > less.quantity
            """,
            [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
        )
    reservations.release(wanted)
    return dict(carried)


def set_down(places: Mapping[int, Sequence[tuple[int, int]]]) -> None:
    """Promise what was taken up in the places where it lies now: by level, (line, units). Two statements."""
    per_row: dict[tuple[int, int], int] = defaultdict(int)
    per_level: dict[int, int] = defaultdict(int)
    for level_id, parts in places.items():
        for line_id, units in parts:
            per_row[line_id, level_id] += units
            per_level[level_id] += units
    if not per_row:
        return
    reservations.take_over(per_level)
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO orders_allocation (line_id, level_id, quantity)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
            ON CONFLICT (line_id, level_id) DO UPDATE SET quantity = orders_allocation.quantity + excluded.quantity
            """,
            [[line for line, _ in per_row], [level for _, level in per_row], list(per_row.values())],
        )
