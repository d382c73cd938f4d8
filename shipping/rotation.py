"""First to expire, first out, across the bins of a warehouse (rule: S11).

Allocation promises bin by bin as they are picked from, and looks at no lot. Before goods are picked or packed the promises go
to the bins of the same warehouse in which what expires first lies free; what other orders have there stays theirs.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from inventory.models import Lot, Product, StockLevel
from inventory.reservations import Grant
from orders import allocation
from orders.models import Allocation
from shipping import lots
from shipping.models import Shipment, ShipmentLine

Turn = tuple[bool, date]
"""When a unit should leave; last of all one that may not leave at all."""
UNFIT: Turn = (True, date.max)


@dataclass(slots=True)
class _Shelf:
    """A level and the units in its good lots, in the order in which they leave: ours first, then those of other orders."""

    level_id: int
    sellable: bool
    lots: list[tuple[Turn, int]]
    mine: int
    others: int

    def worst(self) -> tuple[Turn, int]:
        """When the last of our units here should leave, and how many of ours are as late."""
        turn, before, _ = self._around(self.mine - 1)
        return turn, self.mine - before

    def next_free(self) -> tuple[Turn, int]:
        """When the first unit that nobody has should leave, and how many go with it."""
        first = self.mine + self.others
        turn, _, end = self._around(first)
        return turn, end - first

    def _around(self, position: int) -> tuple[Turn, int, int]:
        """The lot of the unit at a position: its turn, where it begins, where it ends."""
        begin = 0
        for turn, units in self.lots:
            if position < begin + units:
                return turn, begin, begin + units
            begin += units
        return UNFIT, begin, max(begin, position + 1)


def rotate(order_ids: Iterable[int]) -> None:
    """What is promised to these orders and in no parcel is promised where what expires first is free; on equal days it stays.

    In the caller's transaction, with the levels locked. One statement where nothing is followed by lot.
    """
    found = Allocation.objects.filter(line__order__in=list(order_ids))
    found = found.exclude(level__product__tracking=Product.Tracking.NONE).order_by("line__order_id", "line__position")
    promised = {(line, level): units for line, level, units in found.values_list("line", "level", "quantity")}
    if not promised:
        return
    packed: dict[int, int] = defaultdict(int)
    products = set(found.values_list("level__product", flat=True))
    inside = ShipmentLine.objects.filter(shipment__state=Shipment.State.PACKED, level__product__in=products)
    for line, level, units in inside.values_list("line", "level", "quantity"):
        packed[level] += units
        if (line, level) in promised:
            promised[line, level] -= units
    loose: dict[int, list[list[int]]] = defaultdict(list)
    for (line, level), units in promised.items():
        if units > 0:
            loose[level].append([line, units])
    taken: dict[tuple[int, int], int] = {}
    grants: list[Grant] = []
    for shelves in _shelves(products, loose, packed):
        gone, come = _exchanged(shelves)
        for level, units in gone.items():
            taken_here = _taken(loose[level], units)
            taken |= {(line, level): part for line, part in taken_here}
            grants += _given(taken_here, come)
    if taken:
        allocation.deal_out(taken, grants)


def _shelves(
    products: Iterable[int], loose: dict[int, list[list[int]]], packed: dict[int, int]
) -> Iterable[list[_Shelf]]:
    """What of one product lies in one warehouse where these orders have some of it, as it is picked from."""
    levels = StockLevel.objects.filter(product__in=products, on_hand__gt=0).select_related("location")
    by_level = {level.pk: level for level in levels.order_by("location__pick_order", "pk")}
    good = lots.free(by_level)
    lying = {lot for of in good.values() for lot, _ in of}
    days = dict(Lot.objects.filter(pk__in=lying).values_list("pk", "expires_on"))
    shelves: dict[tuple[int, int], list[_Shelf]] = defaultdict(list)
    for pk, level in by_level.items():
        mine = sum(units for _, units in loose[pk])
        turns = [((False, days[lot] or date.max), units) for lot, units in good[pk] if units > 0]
        shelves[level.product_id, level.location.warehouse_or_self].append(
            _Shelf(pk, level.location.sellable, turns, mine, max(0, level.reserved - packed[pk] - mine))
        )
    return [together for together in shelves.values() if len(together) > 1 and any(one.mine for one in together)]


def _exchanged(shelves: list[_Shelf]) -> tuple[dict[int, int], dict[int, int]]:
    """By level: units of ours that go away from there, and that come."""
    before = {shelf.level_id: shelf.mine for shelf in shelves}
    while True:
        giving = max((shelf for shelf in shelves if shelf.mine), key=lambda shelf: shelf.worst()[0])
        taking = min(
            (shelf for shelf in shelves if shelf.sellable), key=lambda shelf: shelf.next_free()[0], default=giving
        )
        (late, of_ours), (soon, free) = giving.worst(), taking.next_free()
        if soon >= late:
            break
        units = min(of_ours, free)
        giving.mine -= units
        taking.mine += units
    change = {shelf.level_id: shelf.mine - before[shelf.level_id] for shelf in shelves}
    return {pk: -n for pk, n in change.items() if n < 0}, {pk: n for pk, n in change.items() if n > 0}


def _taken(of_lines: list[list[int]], units: int) -> list[tuple[int, int]]:
    """(line, units) that go away, of the orders that came first."""
    found = []
    for line, there in of_lines:
        part = min(there, units)
        if part:
            found.append((line, part))
            units -= part
    return found


def _given(parts: list[tuple[int, int]], come: dict[int, int]) -> Iterable[Grant]:
    """The same units of the same lines, in the places to which they go."""
    for line, units in parts:
        left = units
        for level in list(come):
            part = min(left, come[level])
            if part:
                come[level] -= part
                left -= part
                yield Grant(line, level, part)
