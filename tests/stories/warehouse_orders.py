"""Rules of the warehouse machine: what stores tell of orders, and what clerks decide."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Max
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backoffice import journey, settling
from inventory.models import Movement
from orders import priority
from orders.models import Hold, Order, OrderLine
from orders.records import OrderRecord, RefundLineRecord, RefundRecord
from tests import making
from tests.stories.warehouse_machine import Machine, pick, units
from tests.stories.warehouse_world import SOLD, Line, Paper

DOUBT = "The store's own check found something odd about this order."
items = st.lists(st.tuples(st.sampled_from(SOLD), units), min_size=1, max_size=3)


class OrderRules(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, OrderRecord] = {}
        self.ids: dict[str, int] = {}
        self.by_store: set[str] = set()
        self.refunded: set[str] = set()

    # --- choosing -----------------------------------------------------------------------------------------------------
    def chosen(self, number: int, *, alive: bool = False) -> tuple[str, Paper]:
        names = [
            name for name, paper in self.books.orders.items() if not paper.elsewhere and not (alive and paper.cancelled)
        ]
        name = self.one_of(names, number)
        return name, self.books.orders[name]

    def rows(self, name: str) -> list[OrderLine]:
        return list(OrderLine.objects.filter(order=self.ids[name]).order_by("position"))

    def told(self, name: str, **fields: Any) -> None:
        """The store tells a newer version of an order."""
        record = replace(self.records[name], version=self.records[name].version + timedelta(seconds=1), **fields)
        self.records[name] = record
        journey.take_in(self.world.stores[self.books.orders[name].store], [record])

    def alive(self) -> bool:
        return any(not paper.cancelled and not paper.elsewhere for paper in self.books.orders.values())

    def known(self) -> bool:
        return any(not paper.elsewhere for paper in self.books.orders.values())

    # --- what stores tell -----------------------------------------------------------------------------------------------
    @rule(items=items, store=st.integers(0, 1), paid=st.booleans(), age=st.integers(0, 3))
    def sell(self, items: list[tuple[str, int]], store: int, paid: bool, age: int) -> None:
        self.take_in(items, store, paid, age)

    @precondition(lambda self: self.known())
    @rule(number=pick, turn=st.sampled_from([50, 100, 150]))
    def somebody_says_who_is_first(self, number: int, turn: int) -> None:
        """What is reserved stays where it is; the next goods go by the new turn."""
        name, paper = self.chosen(number)
        before = self.allocated()
        assert priority.put([self.ids[name]], turn, who="Marie") == (turn != paper.turn[0])
        paper.turn = (turn, *paper.turn[1:])
        assert self.allocated() == before

    def take_in(self, items: list[tuple[str, int]], store: int, paid: bool, age: int) -> str:
        before = self.allocated()
        name = str(len(self.records) + 1)
        lines = [(sku, count, "10.00") for sku, count in items]
        placed = making.PLACED - timedelta(hours=age)
        self.records[name] = making.make_record(name, lines, paid=paid, placed_at=placed)
        self.ids[name] = making.take_in([self.records[name]], self.world.stores[store])[0].pk
        told = [Line(sku, count, self.needs(sku)) for sku, count in items]
        self.books.orders[name] = Paper(store, (100, -age, int(name)), told, paid)
        self.nobody_lost(before)
        return name

    @precondition(lambda self: self.alive())
    @rule(number=pick)
    def pay_or_not(self, number: int) -> None:
        name, paper = self.chosen(number, alive=True)
        paper.paid = not paper.paid
        self.told(name, may_ship=paper.paid, external_state="processing" if paper.paid else "pending")

    @precondition(lambda self: self.alive())
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

    @precondition(lambda self: self.alive())
    @rule(number=pick)
    def cancelled_by_the_store(self, number: int) -> None:
        name, paper = self.chosen(number, alive=True)
        self.told(name, cancelled=True, external_state="cancelled")
        self.cancel_all(paper)
        if paper.cancelled:
            self.by_store.add(name)
        else:
            self.records[name] = replace(self.records[name], cancelled=False)

    @precondition(lambda self: self.by_store)
    @rule(number=pick)
    def taken_up_again(self, number: int) -> None:
        name = self.one_of(sorted(self.by_store), number)
        self.by_store.remove(name)
        paper = self.books.orders[name]
        self.told(name, cancelled=False, external_state="processing" if paper.paid else "pending")
        paper.cancelled = False
        # Which units the refund took back is not known any more: a person is asked.
        paper.held = paper.held or name in self.refunded
        for line, said in zip(paper.lines, self.records[name].lines, strict=True):
            line.cancelled = 0
            line.ordered = max(said.quantity, line.shipped)

    @precondition(lambda self: self.known())
    @rule(number=pick, at=st.integers(0, 2), count=units)
    def refund(self, number: int, at: int, count: int) -> None:
        """What is refunded and not yet shipped is cancelled; what is shipped stays shipped."""
        name, paper = self.chosen(number)
        at %= len(paper.lines)
        said = self.records[name].lines[at]
        part = RefundLineRecord(said.external_id, count, said.gross)
        record = RefundRecord(f"refund:{next(self.keys)}", name, said.gross, making.PLACED, lines=(part,))
        journey.take_in_refunds(self.world.stores[paper.store], [record])
        self.refunded.add(name)
        line = paper.lines[at]
        line.cancelled += min(count, line.left)

    @precondition(lambda self: self.alive())
    @rule(number=pick)
    def hold(self, number: int) -> None:
        name, paper = self.chosen(number, alive=True)
        self.told(name, doubts=(DOUBT,))
        paper.held = True

    # --- what clerks decide ---------------------------------------------------------------------------------------------
    @staticmethod
    def may_be_let_go(paper: Paper) -> bool:
        return paper.held and not paper.elsewhere

    @precondition(lambda self: any(self.may_be_let_go(paper) for paper in self.books.orders.values()))
    @rule(number=pick)
    def let_go(self, number: int) -> None:
        name = self.one_of([name for name, paper in self.books.orders.items() if self.may_be_let_go(paper)], number)
        self.records[name] = replace(self.records[name], doubts=())
        open_now = Hold.objects.filter(order_id=self.ids[name], released_at=None)
        settling.release_hold(open_now.values_list("pk", flat=True), why="asked the customer", who="Cléo")
        self.books.orders[name].held = False

    @precondition(lambda self: self.known())
    @rule(number=pick)
    def cancel(self, number: int) -> None:
        name, paper = self.chosen(number)
        self.by_store.discard(name)
        over = paper.cancelled or (any(ln.shipped for ln in paper.lines) and not any(ln.left for ln in paper.lines))
        assert (self.ids[name] in journey.cancel([self.ids[name]], why="the customer rang", who="Cléo")) != over
        if not over:
            self.cancel_all(paper)

    @staticmethod
    def cancel_all(paper: Paper) -> None:
        if any(ln.shipped for ln in paper.lines) and not any(ln.left for ln in paper.lines):
            return
        for line in paper.lines:
            line.cancelled += line.left
        paper.cancelled = True

    @precondition(lambda self: self.known())
    @rule(number=pick, at=st.integers(0, 2), count=units)
    def cancel_line(self, number: int, at: int, count: int) -> None:
        name, paper = self.chosen(number)
        line, row = paper.lines[at % len(paper.lines)], self.rows(name)[at % len(paper.lines)]
        refused = self.said(lambda: journey.cancel_lines({row.pk: count}, why="the customer rang", who="Cléo"))
        assert bool(refused) == (count > line.left), refused
        line.cancelled += 0 if refused else count

    @precondition(lambda self: self.alive())
    @rule(number=pick)
    def the_store_sent_the_rest(self, number: int) -> None:
        """The goods are gone, from wherever they may be sold, as far as they were there."""
        name, paper = self.chosen(number, alive=True)
        wanted: Counter[str] = Counter()
        for line in paper.lines:
            wanted.update({sku: line.left * each for sku, each in line.needs.items()})
        there = {sku: sum(self.books.there(sku, place) for place in self.sellable) for sku in wanted}
        last = Movement.objects.aggregate(last=Max("pk"))["last"] or 0
        settling.sent_by_store(Order.objects.get(pk=self.ids[name]), who="Cléo")
        paper.elsewhere = True
        gone: Counter[str] = Counter()
        for moved in Movement.objects.filter(pk__gt=last).select_related("product", "lot", "location"):
            sku = moved.product.sku
            gone[sku] -= moved.quantity
            self.books.come((sku, moved.lot.code if moved.lot else "", moved.location.code), moved.quantity)
        assert gone == Counter({sku: min(count, there[sku]) for sku, count in wanted.items()})
