"""What is there and what is expected, dealt out on paper to who waits: who gets which units, and from what (rules: S3, S10).

Each day on which something comes the queue is served as allocation serves it, whole units from one warehouse, so what is said
of a line is what happens to it if everything comes on its day. Nothing here asks the database; the time grows with the queue.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from inventory.promise import Arrival
from inventory.reservations import Ask, Free, Grant, Spot, Table

Key = tuple[int, ...]
"""Where somebody stands in the queue; the lower is served first."""


class Supply(NamedTuple):
    """Units of a product that lie in a warehouse, or come there `on` a day."""

    product_id: int
    warehouse_id: int
    units: int
    on: date | None = None
    arrival: Arrival | None = None


@dataclass(slots=True)
class Outcome:
    """What somebody gets: the supplies drawn on, by their numbers, and how many whole units nothing covers.

    `left` is what lies there in the end of its products, by product and warehouse.
    """

    ask: Ask
    drawn: set[int] = field(default_factory=set)
    missing: int = 0
    left: dict[int, dict[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    key: Key
    ask: Ask
    missing: int
    drawn: set[int] = field(default_factory=set)


class Dealing:
    """One world on paper: made once for everything that is connected, then asked for each who waits or would like to."""

    def __init__(
        self,
        supplies: Iterable[Supply],
        queue: Iterable[tuple[Key, Ask]],
        *,
        serving: Mapping[int, list[int]],
        picked: Iterable[int],
    ) -> None:
        """`picked` are warehouses in the order in which they are picked from, `serving` as in reservations.Free."""
        self.supplies = sorted(supplies, key=lambda supply: supply.on or date.min)
        self._serving = dict(serving)
        self._turn = {warehouse: turn for turn, warehouse in enumerate(picked)}
        self._table = Table(Free({}, self._serving))
        # By product (moment, whose, number of the supply, units): what came, then who of the queue took of it.
        self._log: dict[int, list[tuple[int, Key | None, int, int]]] = defaultdict(list)
        self._queue = {
            ask.key: _Waiting(key, ask, ask.quantity) for key, ask in sorted(queue, key=lambda pair: pair[0])
        }
        self._open: dict[int, list[_Waiting]] = defaultdict(list)
        for waiting in self._queue.values():
            for product_id, _ in waiting.ask.needs:
                self._open[product_id].append(waiting)
        self._run()

    def _run(self) -> None:
        moment = 0
        for day, numbers in groupby(range(len(self.supplies)), key=lambda number: self.supplies[number].on):
            come = list(numbers)
            for number in come:
                supply = self.supplies[number]
                self._table.put(supply.product_id, self._spot(number, supply.units), self._turn)
                self._log[supply.product_id].append((moment, None, number, supply.units))
            # Whoever orders now is served before anybody else is asked again: the queue had its turn when this came.
            moment += day is None
            self._deal({self.supplies[number].product_id for number in come}, moment)
            moment += 1

    def _spot(self, number: int, units: int) -> Spot:
        return Spot(number, units, self.supplies[number].warehouse_id)

    def _deal(self, products: set[int], moment: int) -> None:
        """Serve who waits for these products, as allocation does when they come."""
        there = sum(sum(self._table.lying(product_id).values()) for product_id in products)
        for waiting in self._in_turn(products):
            if there <= 0:
                break
            if not waiting.missing:
                continue
            grants = self._table.draw([waiting.ask._replace(quantity=waiting.missing)])
            waiting.missing -= _whole(waiting.ask, grants)
            for grant in grants:
                product_id = self.supplies[grant.level_id].product_id
                waiting.drawn.add(grant.level_id)
                self._log[product_id].append((moment, waiting.key, grant.level_id, -grant.quantity))
                there -= grant.quantity if product_id in products else 0
        for product_id in products & self._open.keys():
            self._open[product_id] = [waiting for waiting in self._open[product_id] if waiting.missing]

    def _in_turn(self, products: set[int]) -> Iterable[_Waiting]:
        queues = [self._open[product_id] for product_id in products & self._open.keys()]
        # A kit that waits for two of them stands in both; its second turn finds it served, or as short as before.
        return queues[0] if len(queues) == 1 else merge(*queues, key=lambda waiting: waiting.key)

    def outcome(self, ask: Ask, key: Key | None = None) -> Outcome:
        """What this asker gets, who stands in the queue by the key of the ask; else as if it stood at `key`, or behind all.

        Who is not in the queue takes nothing from those in it: any number can be asked, one after the other.
        """
        waiting = self._queue.get(ask.key)
        if waiting is None:
            return self._outside(ask, key)
        left = {product_id: self._table.lying(product_id) for product_id, _ in ask.needs}
        return Outcome(waiting.ask, waiting.drawn, waiting.missing, left)

    def _outside(self, ask: Ask, key: Key | None) -> Outcome:
        lies: dict[int, dict[int, int]] = {product_id: {} for product_id, _ in ask.needs}
        events = merge(*(self._log.get(product_id, ()) for product_id in lies), key=lambda event: event[0])
        for _, together in groupby(events, key=lambda event: event[0]):
            more = False
            for _, whose, number, units in together:
                if whose is None or key is None or whose < key:
                    here = lies[self.supplies[number].product_id]
                    here[number] = here.get(number, 0) + units
                    more = more or whose is None
            if more:
                found = self._drawn(ask, lies)
                if not found.missing:
                    return found
        return self._drawn(ask, lies)

    def _drawn(self, ask: Ask, lies: Mapping[int, Mapping[int, int]]) -> Outcome:
        spots: dict[int, Sequence[Spot]] = {
            product_id: sorted(
                (self._spot(number, units) for number, units in here.items() if units > 0), key=self._picked
            )
            for product_id, here in lies.items()
        }
        table = Table(Free({pk: list(here) for pk, here in spots.items()}, self._serving))
        grants = table.draw([ask])
        return Outcome(
            ask,
            {grant.level_id for grant in grants},
            ask.quantity - _whole(ask, grants),
            {product_id: table.lying(product_id) for product_id in lies},
        )

    def _picked(self, spot: Spot) -> tuple[int, int]:
        return self._turn.get(spot.warehouse_id, len(self._turn)), spot.level_id


def _whole(ask: Ask, grants: Iterable[Grant]) -> int:
    return sum(grant.quantity for grant in grants) // sum(units for _, units in ask.needs)
