"""The one function of promise dates (rule: S10): when what somebody asks for can leave, of all that is there and expected.

The first arrival that covers the queue before it and it, counted in whole units of which all parts come from one warehouse, for
they go out in one parcel; without one, what would have to be bought for the warehouse where that is soonest.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from inventory import promise
from inventory.dealing import Dealing, Key, Outcome, Supply
from inventory.promise import Arrival, House, Lead, Promise
from inventory.reservations import Ask

ANYWHERE = House()


class Outlook:
    """All that is known of some products at a moment; asked as often as there are lines that wait for them."""

    def __init__(
        self,
        *,
        now: datetime,
        houses: Mapping[int, House],
        free: Mapping[int, Mapping[int, int]],
        arrivals: Mapping[int, Iterable[tuple[int, Arrival]]],
        leads: Mapping[int, Lead],
        queue: Iterable[tuple[Key, Ask]] = (),
        serving: Mapping[int, list[int]] | None = None,
    ) -> None:
        """`houses` are warehouses in the order in which they are picked from, `free` units by product and warehouse,
        `arrivals` (warehouse, arrival) by product; `serving` as in reservations.Free. `now` is their local time."""
        self._now, self._houses, self._leads, self._serving = now, houses, leads, serving or {}
        self._arrivals = {product_id: list(coming) for product_id, coming in arrivals.items()}
        self._dealing = Dealing(self._supplies(free), queue, serving=self._serving, picked=houses)
        self._of_supplies: dict[int, Promise] = {}

    def _supplies(self, free: Mapping[int, Mapping[int, int]]) -> list[Supply]:
        lies = [Supply(pk, place, units) for pk, places in free.items() for place, units in places.items()]
        comes = [
            Supply(pk, place, arrival.units, on, arrival)
            for pk, coming in self._arrivals.items()
            for place, arrival in coming
            # What comes to where nothing is sold from is promised to nobody.
            if place in self._houses and (on := promise.comes_on(arrival, self._now)) is not None
        ]
        return lies + sorted(comes, key=lambda supply: (supply.on, (supply.arrival and supply.arrival.source_id) or 0))

    def promise(self, ask: Ask, key: Key | None = None, *, names: Mapping[int, str] | None = None) -> Promise:
        """For whoever waits, by the key of its ask; for one that is not in the queue as if it stood at `key`, or behind all.

        `names` of products are for the reason, which says of several parts the one that is waited for.
        """
        outcome = self._dealing.outcome(ask, key)
        named = names or {}
        name = {pk: named.get(pk, str(pk)) if len(ask.needs) > 1 else "" for pk, _ in ask.needs}
        supplies = self._dealing.supplies
        parts = self._bought(outcome, name) if outcome.missing else []
        # Of two that let it leave on the same day the later is the one that is waited for.
        drawn = sorted(outcome.drawn, reverse=True)
        parts += [(name[supplies[number].product_id], self._of_supply(number)) for number in drawn]
        return promise.whole(parts)

    def _of_supply(self, number: int) -> Promise:
        known = self._of_supplies.get(number)
        if known is None:
            supply = self._dealing.supplies[number]
            if supply.arrival is None:
                known = promise.in_stock(self._houses.get(supply.warehouse_id, ANYWHERE), self._now)
            else:
                known = promise.on_arrival(supply.arrival, self._now)
            self._of_supplies[number] = known
        return known

    def _bought(self, outcome: Outcome, name: Mapping[int, str]) -> list[tuple[str, Promise]]:
        """What is short, in the warehouse where it would be complete soonest."""
        warehouses = self._serving.get(outcome.ask.connection_id) or list(self._houses)
        choices = []
        for warehouse in warehouses or (0,):
            short = [
                pk for pk, units in outcome.ask.needs if outcome.left[pk].get(warehouse, 0) < units * outcome.missing
            ]
            house = self._houses.get(warehouse, ANYWHERE)
            why = {pk: self._why(outcome, pk, set(warehouses)) for pk in short}
            choices.append(
                [(name[pk], promise.if_bought(self._leads.get(pk), house, self._now, why[pk])) for pk in short]
            )
        return min(choices, key=lambda parts: _soonest(promise.whole(parts)))

    def _why(self, outcome: Outcome, product_id: int, warehouses: set[int]) -> dict[str, Any]:
        """Why it does not come without being bought: a name of orders.promise_words, and what belongs to it."""
        units = dict(outcome.ask.needs)[product_id]
        there = sum(lies for place, lies in outcome.left[product_id].items() if place in warehouses)
        if there >= units * outcome.missing:
            return {"start": "apart"}
        coming = self._arrivals.get(product_id, ())
        here = [arrival for place, arrival in coming if place in warehouses]
        undated = next((arrival.number for arrival in here if arrival.on is None), None)
        if undated is not None:
            return {"start": "undated", "number": undated}
        if not here:
            return {"start": "elsewhere"} if coming else {}
        mine = any(self._dealing.supplies[number].product_id == product_id for number in outcome.drawn)
        return {"start": "short"} if there or mine else {"taken": True}


def _soonest(parts: Promise) -> tuple[bool, date]:
    return not parts.is_known, parts.earliest or date.max
