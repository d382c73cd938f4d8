"""The one writer of `reserved`: units on hand that are promised (rule: S2).

Whoever changes promises locks the levels first, in the order of their ids, and reads lines and allocations after that:
so no two batches wait for each other, and nobody decides on figures that have just changed. Of what never was in stock there
is no level to lock: an advisory lock of the product stands for it, and comes before any level.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection as database

from inventory.models import ServedStore


class Spot(NamedTuple):
    """Units of a product that are free in one place; `warehouse_id` is whose place it is."""

    level_id: int
    units: int
    warehouse_id: int


@dataclass(slots=True)
class Free:
    """What may be promised now: by product the spots in the order in which they are picked from.

    `serving` says which warehouses serve a store, first choice first; a store that is not in it is served by all.
    """

    spots: dict[int, list[Spot]] = field(default_factory=dict)
    serving: dict[int, list[int]] = field(default_factory=dict)
    turn: dict[int, int] = field(default_factory=dict)
    """By level, also of those of which nothing is free, its turn in the order in which they are picked from."""


class Ask(NamedTuple):
    """`quantity` whole units for the asker `key`, each of which takes the `needs` (product, stock units) from one warehouse.

    `connection_id` is the store whose order it is: only warehouses that serve it are asked.
    """

    key: int
    needs: tuple[tuple[int, int], ...]
    quantity: int
    connection_id: int


class Grant(NamedTuple):
    """`quantity` stock units of one level for the asker `key`."""

    key: int
    level_id: int
    quantity: int


LOCKED = """
    SELECT level.id, level.product_id, level.on_hand - level.reserved, place.sellable,
           coalesce(warehouse.pick_order, place.pick_order), place.pick_order, coalesce(warehouse.id, place.id),
           (SELECT array_agg(ARRAY[served.connection_id, served.warehouse_id] ORDER BY served.position, served.id)
              FROM inventory_servedstore served), level.places
      FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
      LEFT JOIN inventory_location warehouse ON warehouse.id = place.warehouse_id
     WHERE level.product_id = ANY(%(products)s) {unless} ORDER BY level.id
"""

# Where one of the products has no level yet no level at all is locked: whoever waited for it looks anew, for its first
# goods may have come meanwhile, and what he would hold until then could be waited for in a circle.
FIRST = f"""
    WITH bare AS MATERIALIZED (
         SELECT pg_advisory_xact_lock(%(key)s, key)
           FROM (SELECT DISTINCT (product.id %% 2147483648)::int AS key FROM inventory_product product
                  WHERE product.id = ANY(%(products)s) AND product.stocked
                    AND NOT EXISTS (SELECT 1 FROM inventory_stocklevel level WHERE level.product_id = product.id)
                  ORDER BY 1) keys)
    {LOCKED.format(unless="AND (SELECT count(*) FROM bare) = 0")} FOR UPDATE OF level
"""
AGAIN = f"{LOCKED.format(unless='')} FOR UPDATE OF level"
_FIRST_GOODS = 41_020
"""The first half of an advisory lock; the second is the product."""


def lock(product_ids: Iterable[int]) -> Free:
    """Lock all levels of these products until the transaction ends; what is free in sellable places.

    One statement, two where one of them never was in stock: nobody else sells it or receives its first goods meanwhile.
    One more where goods came to a new place while it was waited for: the statement that waited cannot see that level.
    """
    products = set(product_ids)
    if not products:
        return Free()
    rows = _rows(FIRST, products) or _rows(AGAIN, products)
    while _are_more(rows):
        seen, rows = rows, _rows(AGAIN, products)
        if len(rows) == len(seen):
            # A level was taken away by hand: there are no more.
            break
    return _free(rows)


def _are_more(rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether one of these products has levels that are not among the rows."""
    seen = Counter(row[1] for row in rows)
    return any(row[8] > seen[row[1]] for row in rows)


def look(product_ids: Iterable[int]) -> Free:
    """The same without locking anything: for a plan that is only shown. Two statements where none of it ever lay anywhere."""
    free = _free(_rows(LOCKED.format(unless=""), product_ids))
    if not free.turn:
        # Which warehouse serves which store is read along with the places; here there is none.
        for served in ServedStore.objects.order_by("position", "id"):
            free.serving.setdefault(served.connection_id, []).append(served.warehouse_id)
    return free


def _rows(statement: str, product_ids: Iterable[int]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, {"products": sorted(set(product_ids)), "key": _FIRST_GOODS})
        return cursor.fetchall()


def _free(rows: list[tuple[Any, ...]]) -> Free:
    free = Free()
    for connection_id, warehouse_id in (rows[0][7] or ()) if rows else ():
        free.serving.setdefault(connection_id, []).append(warehouse_id)
    rows.sort(key=lambda row: (row[4], row[6], row[5], row[0]))
    for level_id, product_id, units, sellable, _, _, warehouse_id, *_ in rows:
        free.turn[level_id] = len(free.turn)
        if sellable and units > 0:
            free.spots.setdefault(product_id, []).append(Spot(level_id, units, warehouse_id))
    return free


def reserve(asked: Sequence[Ask], free: Free) -> list[Grant]:
    """Promise stock to askers, served in the order given, as far as it reaches.

    `free` comes from lock(), in the same transaction. One statement for any number, and it holds only while enough is
    free.
    """
    grants = Table(free).draw(asked)
    taken: dict[int, int] = defaultdict(int)
    for grant in grants:
        taken[grant.level_id] += grant.quantity
    _change(taken)
    return grants


Left = Sequence[list[int]]
"""Spots as they shrink: [level, units, warehouse]."""


class Table:
    """Stock that is dealt out on paper: each draw leaves less of it. Nothing is written."""

    def __init__(self, free: Free) -> None:
        self._serving = free.serving
        self._left: dict[int, Left] = {pk: [list(spot) for spot in spots] for pk, spots in free.spots.items()}

    def put(self, product_id: int, spot: Spot, turn: Mapping[int, int]) -> None:
        """More of a product is there; `turn` says of warehouses which is picked from first."""
        spots = [known for known in self._left.get(product_id, ()) if known[1]]
        self._left[product_id] = sorted([*spots, list(spot)], key=lambda known: turn.get(known[2], len(turn)))

    def lying(self, product_id: int) -> dict[int, int]:
        """What is left of a product, by warehouse."""
        found: dict[int, int] = defaultdict(int)
        for _, units, warehouse_id in self._left.get(product_id, ()):
            found[warehouse_id] += units
        return found

    def draw(self, asked: Iterable[Ask]) -> list[Grant]:
        """What these get, served in the order given."""
        grants: list[Grant] = []
        for ask in asked:
            serving = self._serving.get(ask.connection_id)
            if len(ask.needs) == 1 and ask.needs[0][1] == 1:
                _grant_plain(ask, self._left.get(ask.needs[0][0], ()), serving, grants)
            else:
                _grant_whole(ask, self._left, serving, grants)
        return grants

    def draw_whole(self, asked: Sequence[Ask]) -> list[Grant]:
        """What these get where all of it is there; else nothing, and nothing is drawn."""
        before = {pk: self._left[pk] for ask in asked for pk, _ in ask.needs if pk in self._left}
        self._left |= {pk: [list(spot) for spot in spots] for pk, spots in before.items()}
        grants = self.draw(asked)
        wanted = sum(ask.quantity * units for ask in asked for _, units in ask.needs)
        if sum(grant.quantity for grant in grants) < wanted:
            self._left |= before
            return []
        return grants


def _in_turn(spots: Left, serving: list[int] | None) -> Left:
    if serving is None:
        return spots
    return sorted((spot for spot in spots if spot[2] in serving), key=lambda spot: serving.index(spot[2]))


def _grant_plain(ask: Ask, spots: Left, serving: list[int] | None, grants: list[Grant]) -> None:
    quantity = ask.quantity
    for spot in _in_turn(spots, serving):
        part = min(quantity, spot[1])
        if part > 0:
            grants.append(Grant(ask.key, spot[0], part))
            spot[1] -= part
            quantity -= part


def _grant_whole(ask: Ask, left: Mapping[int, Left], serving: list[int] | None, grants: list[Grant]) -> None:
    """Whole units only, and all parts of one from one warehouse: they go out in one parcel (rule: S6)."""
    quantity = ask.quantity
    first = _in_turn(left.get(ask.needs[0][0], ()), serving)
    for warehouse_id in dict.fromkeys(spot[2] for spot in first):
        here = {
            product_id: [spot for spot in left.get(product_id, ()) if spot[2] == warehouse_id]
            for product_id, _ in ask.needs
        }
        whole = min(sum(spot[1] for spot in here[product_id]) // units for product_id, units in ask.needs)
        whole = min(whole, quantity)
        if whole <= 0:
            continue
        quantity -= whole
        for product_id, units in ask.needs:
            wanted = whole * units
            for spot in here[product_id]:
                part = min(wanted, spot[1])
                if part > 0:
                    grants.append(Grant(ask.key, spot[0], part))
                    spot[1] -= part
                    wanted -= part


def exchange(changes: Mapping[int, int]) -> None:
    """Promises go from some askers to others: by level, how many more or fewer are promised there; after lock()."""
    _change({level_id: units for level_id, units in changes.items() if units})


def release(quantities: Mapping[int, int]) -> None:
    """Give promised units back, by level; in the caller's transaction, after lock()."""
    _change({level_id: -quantity for level_id, quantity in quantities.items() if quantity})


def take_over(quantities: Mapping[int, int]) -> None:
    """Promise units in the places to which they were moved, by level; they were released where they lay before."""
    _change(quantities)


def restore(*, lower: bool) -> list[str]:
    """Reserved as the allocations say, those that must be lowered or those that must be raised; a sentence for each.

    Allocations are the upper app's, and only they know what is promised. In the caller's transaction.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            WITH wrong AS (SELECT level.id, level.reserved AS was, coalesce(promised.units, 0) AS units
                             FROM inventory_stocklevel level
                             LEFT JOIN (SELECT level_id, sum(quantity) AS units FROM orders_allocation GROUP BY level_id)
                                       promised ON promised.level_id = level.id
                            WHERE level.reserved {">" if lower else "<"} coalesce(promised.units, 0)
                              AND level.on_hand >= coalesce(promised.units, 0))
            UPDATE inventory_stocklevel level SET reserved = wrong.units
              FROM wrong, inventory_product product, inventory_location place
             WHERE level.id = wrong.id AND product.id = level.product_id AND place.id = level.location_id
            RETURNING format('%s at %s: %s were reserved, %s are allocated to orders.', product.sku, place.code, wrong.was,
                             wrong.units)
            """
        )
        return [row[0] for row in cursor.fetchall()]


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
