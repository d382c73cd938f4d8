"""The one writer of `reserved`: units on hand that are promised (rule: S2).

Whoever changes promises locks the levels first, in the order of their ids, and reads lines and allocations after that:
so no two batches wait for each other, and nobody decides on figures that have just changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection as database

Free = dict[int, list[tuple[int, int]]]
"""By product: (level, units free there), in the order in which places are picked from."""


@dataclass(frozen=True, slots=True)
class Grant:
    """`quantity` units of one level for the asker `key`."""

    key: int
    level_id: int
    quantity: int


def lock(product_ids: Iterable[int]) -> Free:
    """Lock all levels of these products until the transaction ends; what is free in sellable places."""
    free: Free = defaultdict(list)
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT level.id, level.product_id, level.on_hand - level.reserved, location.sellable, location.pick_order
              FROM inventory_stocklevel level JOIN inventory_location location ON location.id = level.location_id
             WHERE level.product_id = ANY(%s) ORDER BY level.id FOR UPDATE OF level
            """,
            [sorted(set(product_ids))],
        )
        for level_id, product_id, units, sellable, _ in sorted(cursor.fetchall(), key=lambda row: (row[4], row[0])):
            if sellable and units > 0:
                free[product_id].append((level_id, units))
    return free


def reserve(asked: Sequence[tuple[int, int, int]], free: Free) -> list[Grant]:
    """Promise stock to askers (key, product, quantity), served in the order given, as far as it reaches.

    `free` comes from lock(), in the same transaction. One statement for any number, and it holds only while enough is
    free.
    """
    left = {product_id: [list(place) for place in places] for product_id, places in free.items()}
    grants = []
    taken: dict[int, int] = defaultdict(int)
    for key, product_id, quantity in asked:
        for place in left.get(product_id, ()):
            part = min(quantity, place[1])
            if part > 0:
                grants.append(Grant(key, place[0], part))
                taken[place[0]] += part
                place[1] -= part
                quantity -= part
    _change(taken)
    return grants


def release(quantities: Mapping[int, int]) -> None:
    """Give promised units back, by level; in the caller's transaction, after lock()."""
    _change({level_id: -quantity for level_id, quantity in quantities.items() if quantity})


def _change(quantities: Mapping[int, int]) -> None:
    if not quantities:
        return
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_stocklevel SET reserved = reserved + change.quantity
              FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
             WHERE inventory_stocklevel.id = change.id
               AND reserved + change.quantity BETWEEN 0 AND on_hand
            """,
            [list(quantities), list(quantities.values())],
        )
        if cursor.rowcount != len(quantities):
            raise RuntimeError("A promise does not agree with the stock; nothing was changed. Run `manage.py prove`.")
