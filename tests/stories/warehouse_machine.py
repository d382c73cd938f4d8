"""What all rules of the warehouse machine share: the books of one example, choosing, and what must hold after each step."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from backoffice import desk
from inventory.availability import available
from inventory.models import Location, Lot, LotLevel, Product, StockLevel
from orders.models import Allocation, OrderLine
from tests.proving import assert_proven
from tests.stories.warehouse_world import SOLD, STOCKED, TRACKED, Books, Spot, World, free, packed

T = TypeVar("T")
pick = st.integers(0, 10**6)
units = st.integers(1, 6)
stocked = st.sampled_from(STOCKED)


class Machine(RuleBasedStateMachine):
    world: ClassVar[World]
    """Made once, by whoever runs the machine, in the transaction around all examples."""
    every = 10
    """The proof looks through every table: it is asked after so many steps, and at the end of each example."""

    def __init__(self) -> None:
        super().__init__()
        # All of an example happens in one transaction that is never committed: the next one finds the warehouse new.
        self.around = transaction.atomic()
        self.around.__enter__()
        self.books = Books()
        self.keys = (f"k{n}" for n in itertools.count())
        self.steps = 0
        self.look_at_places()

    def teardown(self) -> None:
        try:
            with connection.cursor() as cursor:
                # Foreign keys are looked at when a transaction ends, which this one never does.
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            assert_proven()
        finally:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)

    # --- places and goods -------------------------------------------------------------------------------------------------
    def look_at_places(self) -> None:
        known = Location.objects.select_related("warehouse")
        self.places = {place.code: place.pk for place in known}
        self.homes = {place.code: place.warehouse.code if place.warehouse else place.code for place in known}
        self.sellable = {place.code for place in known if place.sellable}
        self.quarantine = {self.homes[place.code]: place.code for place in known if place.kind == "quarantine"}
        self.open = sorted(place.code for place in known if place.kind != "transit")

    def pk(self, sku: str) -> int:
        return self.world.products[sku].pk

    def lot_pk(self, sku: str, lot: str) -> int | None:
        return Lot.objects.get(product=self.pk(sku), code=lot).pk if lot else None

    def lot_of(self, sku: str, number: int) -> str:
        return TRACKED[sku][number % len(TRACKED[sku])] if sku in TRACKED else ""

    def lands(self, spot: Spot) -> Spot:
        """Where what comes to a place in truth lies: a lot that must not be sold goes on to quarantine."""
        if not spot[1] or spot[2] not in self.sellable or self.books.good(spot[1]):
            return spot
        self.look_at_places()
        return spot[0], spot[1], self.quarantine[self.homes[spot[2]]]

    def come(self, spot: Spot, count: int) -> None:
        self.books.come(self.lands(spot) if count > 0 else spot, count)

    def inside(self, warehouse: str) -> list[str]:
        return [place for place in self.open if self.homes[place] == warehouse]

    # --- choosing and doing ---------------------------------------------------------------------------------------------
    @staticmethod
    def one_of(of: Sequence[T], number: int) -> T:
        return of[number % len(of)]

    @staticmethod
    def said(what: Callable[[], Any]) -> str:
        """Do it; where it is refused, the sentence. Anything but a sentence for a person is a bug."""
        sentence = ""
        try:
            with transaction.atomic():
                what()
        except desk.SAID as error:
            sentence = str(error) or repr(error)
        assert not sentence or sentence.endswith((".", "?")), sentence
        return sentence

    def allocated(self) -> dict[int, int]:
        return dict(OrderLine.objects.values_list("pk", "allocated"))

    def nobody_lost(self, before: dict[int, int]) -> None:
        now = self.allocated()
        lost = {pk for pk, had in before.items() if now[pk] < had}
        assert not lost, "An order has fewer units than before, though none were lost."

    # --- what must hold -------------------------------------------------------------------------------------------------
    @invariant()
    def the_hub_says_what_the_books_say(self) -> None:
        lying = {
            (sku, place): there
            for sku, place, there in StockLevel.objects.values_list("product__sku", "location__code", "on_hand")
            if there
        }
        ours: dict[tuple[str, str], int] = {}
        for (sku, _lot, place), count in self.books.stock.items():
            ours[sku, place] = ours.get((sku, place), 0) + count
        assert lying == {spot: count for spot, count in ours.items() if count}
        lots: dict[Spot, int] = {
            (sku, lot, place): count
            for sku, lot, place, count in LotLevel.objects.filter(units__gt=0).values_list(
                "lot__product__sku", "lot__code", "location__code", "units"
            )
        }
        assert lots == {spot: count for spot, count in self.books.stock.items() if spot[1] and count}
        assert min(self.books.stock.values(), default=0) >= 0
        assert not Allocation.objects.filter(level__location__sellable=False).exists()
        self.parcels_can_leave(packed(), lots)
        self.orders_are_as_told()
        self.steps += 1
        if self.steps % self.every == 0:
            self.look_closely()

    def parcels_can_leave(self, inside: dict[Spot, int], lots: dict[Spot, int]) -> None:
        for spot, count in inside.items():
            if spot[1]:
                assert count <= lots.get(spot, 0), f"{count} of {spot} are packed, {lots.get(spot, 0)} are there."

    def orders_are_as_told(self) -> None:
        figures = OrderLine.objects.order_by("order_id", "position").values_list(
            "order__external_id", "ordered", "cancelled", "shipped", "returned", "allocated", "backordered"
        )
        papers = self.books.orders
        told = [(name, line) for name, paper in papers.items() for line in paper.lines]
        spare = free(self.books, self.homes, self.sellable)
        assert all(count >= 0 for of in spare.values() for count in of.values())
        assert [row[:5] for row in figures] == [
            (name, ln.ordered, ln.cancelled, ln.shipped, ln.returned) for name, ln in told
        ]
        for (name, line), row in zip(told, figures, strict=True):
            has, waits = row[5], row[6]
            assert has + waits == line.left
            if not papers[name].served:
                assert has == 0, f"Order {name} may not ship, and has {has} of {line.sold}."
            elif waits:
                serving = self.books.serving.get(papers[name].store) or list(spare)
                whole = [min(spare[at][sku] // each for sku, each in line.needs.items()) for at in serving]
                assert max(whole) <= 0, f"Order {name} waits for {waits} of {line.sold}; free are {spare}."

    def look_closely(self) -> None:
        assert_proven()
        costs = dict(Product.objects.filter(stocked=True).values_list("sku", "average_cost"))
        assert costs == self.books.cost
        for number, store in enumerate(self.world.stores):
            spare = free(self.books, self.homes, self.sellable)
            serving = self.books.serving.get(number) or list(spare)
            told = available([self.pk(sku) for sku in SOLD if sku != "DOZEN"], connection_id=store.pk)
            for sku in SOLD:
                if sku != "DOZEN":
                    each = self.needs(sku)
                    right = sum(min(spare[at][part] // n for part, n in each.items()) for at in serving)
                    assert told[self.pk(sku)] == right, (sku, store.name)

    def needs(self, sold: str) -> dict[str, int]:
        raise NotImplementedError

    def lying(self, sku: str) -> int:
        found: int | None = StockLevel.objects.filter(product=self.pk(sku)).aggregate(n=Sum("on_hand"))["n"]
        return found or 0
