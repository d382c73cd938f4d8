"""Anything that can happen to stock and orders, in any order, against a model kept with pencil and paper.

STORIES_EXAMPLES=500 looks further than the few that run each time.
"""

import itertools
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backoffice import goods, journey, returning, settling
from inventory.models import StockLevel
from orders.models import Hold, Order, OrderLine
from orders.records import OrderRecord, RefundLineRecord, RefundRecord
from shipping.models import Shipment
from tests import making, shop
from tests.proving import assert_proven
from tests.stories.stock_model import Line, Paper, Shelf

SKUS = ["TENT", "PEGS", "LAMP"]
DOUBT = "The store's own check found something odd about this order."
units = st.integers(1, 6)
skus = st.sampled_from(SKUS)
pick = st.integers(0, 10**6)


class StockMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # All of an example happens in one transaction that is never committed: the next one finds an empty house.
        self.around = transaction.atomic()
        self.around.__enter__()
        self.store = shop.connected()
        self.products = {sku: making.make_product(sku) for sku in SKUS}
        self.shelf = Shelf(dict.fromkeys(SKUS, 0))
        self.records: dict[str, OrderRecord] = {}
        self.ids: dict[str, int] = {}
        self.by_store: set[str] = set()
        self.refunded: set[str] = set()
        self.keys = (f"k{n}" for n in itertools.count())
        self.steps = 0

    def teardown(self) -> None:
        try:
            with connection.cursor() as cursor:
                # Foreign keys are looked at when a transaction ends, which this one never does.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert_proven()
        finally:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    # --- choosing -----------------------------------------------------------------------------------------------------
    def orders(self, *, alive: bool = False) -> list[str]:
        return [name for name, paper in self.shelf.orders.items() if not (alive and paper.cancelled)]

    def chosen(self, number: int, *, alive: bool = False) -> tuple[str, Paper]:
        names = self.orders(alive=alive)
        name = names[number % len(names)]
        return name, self.shelf.orders[name]

    def line_id(self, name: str, at: int) -> int:
        return OrderLine.objects.get(order_id=self.ids[name], position=at + 1).pk

    def told(self, name: str, **fields: Any) -> None:
        """The store tells a newer version of an order."""
        record = replace(self.records[name], version=self.records[name].version + timedelta(seconds=1), **fields)
        self.records[name] = record
        journey.take_in(self.store, [record])

    @initialize(
        there=st.tuples(*[st.integers(0, 9)] * 3),
        sold=st.lists(
            st.tuples(st.lists(st.tuples(skus, units), min_size=1, max_size=3), st.integers(0, 3)), max_size=6
        ),
    )
    def open_the_shop(self, there: tuple[int, ...], sold: list[tuple[list[tuple[str, int]], int]]) -> None:
        for sku, count in zip(SKUS, there, strict=True):
            if count:
                self.receive(sku, count)
        for items, age in sold:
            self.sell(items, True, age)

    # --- goods ----------------------------------------------------------------------------------------------------------
    @rule(sku=skus, count=units)
    def receive(self, sku: str, count: int) -> None:
        goods.receive([goods.Goods(self.products[sku].pk, count)], key=next(self.keys))
        self.shelf.on_hand[sku] += count
        self.shelf.serve()

    @rule(sku=skus, count=units)
    def find(self, sku: str, count: int) -> None:
        goods.adjust([goods.Goods(self.products[sku].pk, count)], key=next(self.keys), note="found")
        self.shelf.on_hand[sku] += count
        self.shelf.serve()

    @rule(sku=skus, count=units)
    def lose(self, sku: str, count: int) -> None:
        count = min(count, self.shelf.on_hand[sku])
        if count:
            goods.adjust([goods.Goods(self.products[sku].pk, -count)], key=next(self.keys), note="broken")
            self.shelf.lose(sku, count)
            self.shelf.serve()

    @precondition(lambda self: any(ln.shipped > ln.returned for p in self.shelf.orders.values() for ln in p.lines))
    @rule(number=pick, count=units)
    def take_back(self, number: int, count: int) -> None:
        shipped = [
            (name, at)
            for name, paper in self.shelf.orders.items()
            for at, ln in enumerate(paper.lines)
            if ln.shipped > ln.returned
        ]
        name, at = shipped[number % len(shipped)]
        line = self.shelf.orders[name].lines[at]
        count = min(count, line.shipped - line.returned)
        returning.return_to_stock({self.line_id(name, at): count}, key=next(self.keys), who="Wim")
        line.returned += count
        self.shelf.on_hand[line.sku] += count
        self.shelf.serve()

    # --- what the store tells ---------------------------------------------------------------------------------------------
    @rule(items=st.lists(st.tuples(skus, units), min_size=1, max_size=3), paid=st.booleans(), age=st.integers(0, 3))
    def sell(self, items: list[tuple[str, int]], paid: bool, age: int) -> None:
        name = str(len(self.records) + 1)
        placed = making.PLACED - timedelta(hours=age)
        lines = [(sku, count, "10.00") for sku, count in items]
        self.records[name] = making.make_record(name, lines, paid=paid, placed_at=placed)
        self.ids[name] = making.take_in([self.records[name]], self.store)[0].pk
        self.shelf.orders[name] = Paper((-age, int(name)), [Line(sku, count) for sku, count in items], paid)
        self.shelf.serve()

    @precondition(lambda self: self.orders(alive=True))
    @rule(number=pick)
    def pay_or_not(self, number: int) -> None:
        """The payment comes; or the store takes its word back, and the order makes room for others."""
        name, paper = self.chosen(number, alive=True)
        paper.paid = not paper.paid
        state = "processing" if paper.paid else "pending"
        self.told(name, may_ship=paper.paid, external_state=state)
        if not paper.paid:
            for line in paper.lines:
                line.allocated = 0
            paper.unpack_overfull()
        self.shelf.serve()

    @precondition(lambda self: self.orders(alive=True))
    @rule(number=pick, at=st.integers(0, 2), count=st.integers(0, 8))
    def edit(self, number: int, at: int, count: int) -> None:
        """Quantities go up, down or to nothing; what is shipped stays, what was cancelled here comes off first."""
        name, paper = self.chosen(number, alive=True)
        said = self.records[name].lines
        at %= len(said)
        self.told(name, lines=tuple(replace(ln, quantity=count) if n == at else ln for n, ln in enumerate(said)))
        for line, wanted in zip(paper.lines, self.records[name].lines, strict=True):
            if wanted.quantity < line.ordered and name not in self.refunded:
                line.cancelled = max(0, line.cancelled - (line.ordered - wanted.quantity))
            line.ordered = max(wanted.quantity, line.shipped + line.cancelled)
            line.allocated = min(line.allocated, line.left)
        paper.unpack_overfull()
        self.shelf.serve()

    @precondition(lambda self: self.orders(alive=True))
    @rule(number=pick)
    def cancelled_by_the_store(self, number: int) -> None:
        name, paper = self.chosen(number, alive=True)
        if any(line.shipped for line in paper.lines) and not any(line.left for line in paper.lines):
            # Nothing is left that could be cancelled: what refunds took back stays theirs, also when it is taken up again.
            return
        self.told(name, cancelled=True, external_state="cancelled")
        self.by_store.add(name)
        for line in paper.lines:
            self.shelf.cancel_units(line, line.left)
        paper.cancelled = True
        paper.unpack_overfull()
        self.shelf.serve()

    @precondition(lambda self: self.by_store)
    @rule(number=pick)
    def taken_up_again(self, number: int) -> None:
        name = sorted(self.by_store)[number % len(self.by_store)]
        self.by_store.remove(name)
        paper = self.shelf.orders[name]
        self.told(name, cancelled=False, external_state="processing" if paper.paid else "pending")
        paper.cancelled = False
        # Which units the refund took back is not known any more: a person is asked.
        paper.held = paper.held or name in self.refunded
        for line, said in zip(paper.lines, self.records[name].lines, strict=True):
            line.cancelled = 0
            line.ordered = max(said.quantity, line.shipped)
        self.shelf.serve()

    @precondition(lambda self: self.orders())
    @rule(number=pick, at=st.integers(0, 2), count=units)
    def refund(self, number: int, at: int, count: int) -> None:
        """What is refunded and not yet shipped is cancelled; what is shipped stays shipped."""
        name, paper = self.chosen(number)
        at %= len(paper.lines)
        said = self.records[name].lines[at]
        key = f"refund:{next(self.keys)}"
        part = RefundLineRecord(said.external_id, count, said.gross)
        record = RefundRecord(key, name, said.gross, making.PLACED, lines=(part,))
        for _ in range(2):
            journey.take_in_refunds(self.store, [record])
        self.refunded.add(name)
        line = paper.lines[at]
        self.shelf.cancel_units(line, min(count, line.left))
        paper.unpack_overfull()
        self.shelf.serve()

    @precondition(lambda self: self.orders(alive=True))
    @rule(number=pick)
    def hold(self, number: int) -> None:
        name, paper = self.chosen(number, alive=True)
        self.told(name, doubts=(DOUBT,))
        paper.held = True
        self.shelf.serve()

    # --- what people do ---------------------------------------------------------------------------------------------------
    @precondition(lambda self: any(p.held for p in self.shelf.orders.values()))
    @rule(number=pick)
    def release(self, number: int) -> None:
        held = [name for name, paper in self.shelf.orders.items() if paper.held]
        name = held[number % len(held)]
        self.records[name] = replace(self.records[name], doubts=())
        open_now = Hold.objects.filter(order_id=self.ids[name], released_at=None)
        settling.release_hold(open_now.values_list("pk", flat=True), why="asked the customer", who="Cléo")
        self.shelf.orders[name].held = False
        self.shelf.serve()

    @precondition(lambda self: self.orders())
    @rule(number=pick)
    def cancel(self, number: int) -> None:
        name, paper = self.chosen(number)
        self.by_store.discard(name)
        journey.cancel([self.ids[name]], why="the customer rang", who="Cléo")
        for line in paper.lines:
            self.shelf.cancel_units(line, line.left)
        paper.cancelled, paper.parcels = True, []
        self.shelf.serve()

    @precondition(lambda self: self.orders())
    @rule(number=pick, at=st.integers(0, 2), count=units)
    def cancel_line(self, number: int, at: int, count: int) -> None:
        name, paper = self.chosen(number)
        at %= len(paper.lines)
        line = paper.lines[at]
        wish = {self.line_id(name, at): count}
        if count > line.left:
            with pytest.raises(ValueError, match="cannot be cancelled"):
                journey.cancel_lines(wish, why="the customer rang", who="Cléo")
            return
        journey.cancel_lines(wish, why="the customer rang", who="Cléo")
        self.shelf.cancel_units(line, count)
        paper.parcels = []
        self.shelf.serve()

    def loose(self, name: str) -> dict[int, int]:
        """What is allocated and lies in no parcel yet."""
        paper = self.shelf.orders[name]
        free = {at: ln.allocated - paper.packed(at) for at, ln in enumerate(paper.lines)}
        return {at: count for at, count in free.items() if count}

    @precondition(lambda self: self.orders())
    @rule(number=pick, any_at_all=st.booleans())
    def pack(self, number: int, any_at_all: bool) -> None:
        ready = [name for name in self.shelf.orders if any_at_all or self.loose(name)] or self.orders()
        name = ready[number % len(ready)]
        paper, parcel = self.shelf.orders[name], self.loose(name)
        if parcel and paper.held:
            with pytest.raises(Exception, match="held"):
                journey.pack([self.ids[name]])
            return
        packed = journey.pack([self.ids[name]])
        assert len(packed) == bool(parcel)
        if parcel:
            paper.parcels.append(parcel)

    @precondition(lambda self: any(p.parcels for p in self.shelf.orders.values()))
    @rule(number=pick)
    def unpack(self, number: int) -> None:
        name, paper = self._packed(number)
        journey.unpack(self._parcels(name))
        paper.parcels = []

    @precondition(lambda self: any(p.parcels for p in self.shelf.orders.values()))
    @rule(number=pick)
    def ship(self, number: int) -> None:
        name, paper = self._packed(number)
        if paper.held:
            with pytest.raises(ValueError, match="held"):
                journey.ship(self._parcels(name))
            return
        parcels = self._parcels(name)
        for _ in range(2):
            journey.ship(parcels)
        for parcel in paper.parcels:
            for at, count in parcel.items():
                line = paper.lines[at]
                line.allocated -= count
                line.shipped += count
                self.shelf.on_hand[line.sku] -= count
        paper.parcels = []

    @precondition(lambda self: any(self.loose(name) for name in self.shelf.orders))
    @rule(number=pick)
    def pack_and_ship(self, number: int) -> None:
        ready = [name for name in self.shelf.orders if self.loose(name)]
        name = ready[number % len(ready)]
        if not self.shelf.orders[name].held:
            self.pack(self.orders().index(name), True)
            packed = [name for name, paper in self.shelf.orders.items() if paper.parcels]
            self.ship(packed.index(name))

    def _packed(self, number: int) -> tuple[str, Paper]:
        names = [name for name, paper in self.shelf.orders.items() if paper.parcels]
        name = names[number % len(names)]
        return name, self.shelf.orders[name]

    def _parcels(self, name: str) -> list[int]:
        packed = Shipment.objects.filter(order_id=self.ids[name], state=Shipment.State.PACKED)
        return list(packed.values_list("pk", flat=True))

    # --- what must hold ---------------------------------------------------------------------------------------------------
    @invariant()
    def the_hub_says_what_the_paper_says(self) -> None:
        levels = StockLevel.objects.values_list("product__sku", "on_hand", "reserved")
        ours = {sku: (there, self.shelf.promised(sku)) for sku, there in self.shelf.on_hand.items()}
        assert dict.fromkeys(SKUS, (0, 0)) | {sku: (there, promised) for sku, there, promised in levels} == ours
        figures = OrderLine.objects.order_by("order_id", "position").values_list(
            "order__external_id", "ordered", "cancelled", "shipped", "allocated", "returned"
        )
        assert list(figures) == [
            (name, ln.ordered, ln.cancelled, ln.shipped, ln.allocated, ln.returned)
            for name, paper in self.shelf.orders.items()
            for ln in paper.lines
        ]
        open_now = Shipment.objects.filter(state=Shipment.State.PACKED).values_list("order__external_id", flat=True)
        assert sorted(open_now) == sorted(n for n, paper in self.shelf.orders.items() for _ in paper.parcels)
        assert Order.objects.count() == len(self.shelf.orders)
        self.steps += 1
        # The proof looks through every table: it is asked now and then, and at the end of each example.
        if self.steps % 8 == 0:
            assert_proven()


@pytest.mark.django_db
@pytest.mark.slow
def test_stock_and_orders_in_any_order() -> None:
    examples = int(os.environ.get("STORIES_EXAMPLES", "0"))
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=examples or 20,
            stateful_step_count=40,
            deadline=None,
            # The same each time where it must not surprise; new ones where somebody asked to look further.
            derandomize=not examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            # Made shorter for minutes it would only be late; its steps are printed as they were.
            phases=[Phase.generate],
        ),
    )
