"""Whatever is moved, transferred, sold, packed and shipped in any order: the proof holds, and no order loses its turn by a shelf.

STORIES_EXAMPLES=500 looks further than the few that run each time.
"""

import itertools
import os

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from backoffice import goods, journey, moving, transferring
from backoffice.moving import Moving
from inventory import ledger, places, transfers
from inventory.models import Location, StockLevel, Transfer
from orders.models import Order, OrderLine
from shipping.models import Shipment
from tests import making
from tests.proving import assert_proven

SKUS = ("TENT", "PEGS")
skus, units, pick = st.sampled_from(SKUS), st.integers(1, 6), st.integers(0, 10**6)


class MovingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # All of an example happens in one transaction that is never committed: the next one finds an empty house.
        self.around = transaction.atomic()
        self.around.__enter__()
        making.make_merchant()
        self.products = {sku: making.make_product(sku).pk for sku in SKUS}
        main = ledger.default_location()
        quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
        for warehouse in (main, quebec):
            places.add_bins(warehouse.pk, ["A", "B"], kind=Location.Kind.BIN, first_pick_order=10)
            places.add_bins(warehouse.pk, ["Q"], kind=Location.Kind.QUARANTINE, first_pick_order=90)
        self.ends = [main.pk, quebec.pk]
        self.places = [list(places.of_warehouse(pk)) for pk in self.ends]
        self.sellable = {place.pk: place.sellable for inside in self.places for place in inside}
        self.total = dict.fromkeys(SKUS, 0)
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

    def allocated(self) -> dict[int, int]:
        return dict(OrderLine.objects.values_list("pk", "allocated"))

    def there(self, sku: str, place: int) -> int:
        return (
            StockLevel.objects.filter(product=self.products[sku], location=place).aggregate(n=Sum("on_hand"))["n"] or 0
        )

    @rule(sku=skus, count=units, end=st.integers(0, 1), at=st.integers(0, 3))
    def receive(self, sku: str, count: int, end: int, at: int) -> None:
        place = self.places[end][at % len(self.places[end])].pk
        goods.receive([goods.Goods(self.products[sku], count, location_id=place)], key=next(self.keys))
        self.total[sku] += count

    @rule(items=st.lists(st.tuples(skus, units), min_size=1, max_size=2), age=st.integers(0, 3))
    def sell(self, items: list[tuple[str, int]], age: int) -> None:
        placed = making.PLACED.replace(day=1 + age)
        making.make_order([(sku, count, "10.00") for sku, count in items], placed_at=placed)

    @rule(sku=skus, count=units, end=st.integers(0, 1), source=st.integers(0, 3), onto=st.integers(0, 3))
    def move(self, sku: str, count: int, end: int, source: int, onto: int) -> None:
        inside = self.places[end]
        a, b = inside[source % len(inside)], inside[onto % len(inside)]
        what = [Moving(self.products[sku], count, a.pk, b.pk)]
        before, key = self.allocated(), next(self.keys)
        if a == b or count > self.there(sku, a.pk):
            with pytest.raises((ValueError, ledger.Short)), transaction.atomic():
                moving.move(what, key=key)
            return
        try:
            with transaction.atomic():
                assert len(moving.move(what, key=key)) == 2
        except ledger.Short as error:
            assert "in parcels" in str(error)  # noqa: PT017
            return
        assert moving.move(what, key=key) == []
        if b.sellable:
            lost = {pk for pk, had in before.items() if self.allocated()[pk] < had}
            assert not lost, "An order has fewer units than before its goods were moved."

    @rule(sku=skus, count=units, back=st.booleans())
    def draft(self, sku: str, count: int, back: bool) -> None:
        source, destination = self.ends[::-1] if back else self.ends
        lines = [transfers.Wanted(self.products[sku], count)]
        transfers.draft(source_id=source, destination_id=destination, lines=lines)

    def papers(self, state: str) -> list[Transfer]:
        return list(Transfer.objects.filter(state=state).order_by("id"))

    @precondition(lambda self: self.papers("draft"))
    @rule(number=pick)
    def send(self, number: int) -> None:
        papers = self.papers("draft")
        paper, before = papers[number % len(papers)], self.allocated()
        try:
            with transaction.atomic():
                transferring.send(paper.pk)
        except ledger.Short:
            transfers.cancel(paper.pk)
        assert self.allocated() == before

    @precondition(lambda self: self.papers("in_transit"))
    @rule(number=pick, count=units, lost=st.integers(0, 2), at=st.integers(0, 3))
    def receive_transfer(self, number: int, count: int, lost: int, at: int) -> None:
        papers = self.papers("in_transit")
        paper = papers[number % len(papers)]
        line = paper.lines.select_related("product").get()
        left = transferring.on_its_way(line)
        inside = self.places[self.ends.index(paper.destination_id)]
        arrived = [transferring.Arrived(line.pk, count, lost, inside[at % len(inside)].pk)]
        key = next(self.keys)
        if count + lost > left:
            with pytest.raises(ValueError, match="on their way"), transaction.atomic():
                transferring.receive(paper.pk, arrived, key=key)
            return
        assert transferring.receive(paper.pk, arrived, key=key)
        assert transferring.receive(paper.pk, arrived, key=key) == []
        self.total[line.product.sku] -= lost

    @precondition(lambda self: self.papers("in_transit"))
    @rule(number=pick)
    def bring_back(self, number: int) -> None:
        papers = self.papers("in_transit")
        assert transferring.bring_back(papers[number % len(papers)].pk)

    @precondition(lambda self: Order.objects.filter(state__in=["to_pack", "partly_to_pack"]).exists())
    @rule(number=pick)
    def pack(self, number: int) -> None:
        ready = list(Order.objects.filter(state__in=["to_pack", "partly_to_pack"]).values_list("pk", flat=True))
        journey.pack([sorted(ready)[number % len(ready)]])

    @precondition(lambda self: Shipment.objects.filter(state="packed").exists())
    @rule(number=pick, really=st.booleans())
    def ship(self, number: int, really: bool) -> None:
        packed = sorted(Shipment.objects.filter(state="packed").values_list("pk", flat=True))
        chosen = packed[number % len(packed)]
        if not really:
            journey.unpack([chosen])
            return
        for sku, quantity in Shipment.objects.get(pk=chosen).lines.values_list("line__sku", "quantity"):
            self.total[sku] -= quantity
        journey.ship([chosen])

    @invariant()
    def nothing_appears_or_vanishes(self) -> None:
        lying = StockLevel.objects.order_by().values_list("product__sku").annotate(units=Sum("on_hand"))
        assert dict.fromkeys(SKUS, 0) | dict(lying) == self.total
        assert not StockLevel.objects.filter(location__sellable=False, reserved__gt=0).exists()
        self.steps += 1
        # The proof looks through every table: it is asked now and then, and at the end of each example.
        if self.steps % 8 == 0:
            assert_proven()


@pytest.mark.django_db
@pytest.mark.slow
def test_goods_move_and_travel_in_any_order() -> None:
    examples = int(os.environ.get("STORIES_EXAMPLES", "0"))
    run_state_machine_as_test(
        MovingMachine,
        settings=settings(
            max_examples=examples or 12,
            stateful_step_count=40,
            deadline=None,
            derandomize=not examples,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
