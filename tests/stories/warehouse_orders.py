"""Rules of the warehouse machine: what stores tell, what clerks decide, what is packed, leaves and comes back."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backoffice import goods, journey, moving, returning, settling
from orders import priority
from orders.models import Hold, OrderLine
from orders.records import OrderRecord, RefundLineRecord, RefundRecord
from shipping.models import Shipment, ShipmentLine
from tests import making
from tests.stories.warehouse_machine import Machine, pick, units
from tests.stories.warehouse_world import SOLD, TRACKED, Line, Paper, Spot, packed

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
        names = [name for name, paper in self.books.orders.items() if not (alive and paper.cancelled)]
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
        return any(not paper.cancelled for paper in self.books.orders.values())

    # --- what stores tell -----------------------------------------------------------------------------------------------
    @rule(items=items, store=st.integers(0, 1), paid=st.booleans(), age=st.integers(0, 3))
    def sell(self, items: list[tuple[str, int]], store: int, paid: bool, age: int) -> None:
        self.take_in(items, store, paid, age)

    @precondition(lambda self: self.books.orders)
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

    @precondition(lambda self: self.books.orders)
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
    @precondition(lambda self: any(paper.held for paper in self.books.orders.values()))
    @rule(number=pick)
    def let_go(self, number: int) -> None:
        name = self.one_of([name for name, paper in self.books.orders.items() if paper.held], number)
        self.records[name] = replace(self.records[name], doubts=())
        open_now = Hold.objects.filter(order_id=self.ids[name], released_at=None)
        settling.release_hold(open_now.values_list("pk", flat=True), why="asked the customer", who="Cléo")
        self.books.orders[name].held = False

    @precondition(lambda self: self.books.orders)
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

    @precondition(lambda self: self.books.orders)
    @rule(number=pick, at=st.integers(0, 2), count=units)
    def cancel_line(self, number: int, at: int, count: int) -> None:
        name, paper = self.chosen(number)
        line, row = paper.lines[at % len(paper.lines)], self.rows(name)[at % len(paper.lines)]
        refused = self.said(lambda: journey.cancel_lines({row.pk: count}, why="the customer rang", who="Cléo"))
        assert bool(refused) == (count > line.left), refused
        line.cancelled += 0 if refused else count

    # --- parcels ----------------------------------------------------------------------------------------------------------
    def loose(self, name: str) -> dict[int, int]:
        """By line: whole units that are promised and lie in no parcel."""
        inside: Counter[int] = Counter()
        open_items = ShipmentLine.objects.filter(shipment__order=self.ids[name], shipment__state="packed")
        for line, count in open_items.values_list("line", "quantity"):
            inside[line] += count
        return {row.pk: row.allocated - inside[row.pk] // row.pieces for row in self.rows(name)}

    def ready(self) -> list[str]:
        return [name for name in self.books.orders if any(self.loose(name).values())]

    @precondition(lambda self: self.ready())
    @rule(number=pick, in_part=st.booleans(), count=units)
    def pack(self, number: int, in_part: bool, count: int) -> None:
        name = self.one_of(self.ready(), number)
        paper, loose, before = self.books.orders[name], self.loose(name), packed()
        wanted = {pk: min(count, there) for pk, there in loose.items()} if in_part else loose
        parcels: list[Shipment] = []
        refused = self.said(
            lambda: parcels.extend(journey.pack([self.ids[name]], quantities=wanted if in_part else None))
        )
        if refused:
            unfit = any(lot and not self.books.good(lot) for _, lot, _ in self.books.spots())
            assert paper.held or unfit, refused
            return
        assert not paper.held
        added: Counter[int] = Counter()
        for item in ShipmentLine.objects.filter(shipment__in=parcels):
            added[item.line_id] += item.quantity
        pieces = {row.pk: row.pieces for row in self.rows(name)}
        assert {pk: n // pieces[pk] for pk, n in added.items()} == {pk: n for pk, n in wanted.items() if n}
        for row, line in zip(self.rows(name), paper.lines, strict=True):
            assert added[row.pk] == added[row.pk] // pieces[row.pk] * sum(line.needs.values())
        self.first_to_expire_goes_first(packed() - before)

    def first_to_expire_goes_first(self, added: Counter[Spot]) -> None:
        inside = packed()
        for sku, lot, place in added:
            if not lot:
                continue
            assert self.books.good(lot), f"Lot {lot} must not be sold."
            for other in TRACKED[sku]:
                left = self.books.stock[sku, other, place] - inside[sku, other, place]
                if left > 0 and self.books.good(other):
                    days = self.books.expires
                    assert days.get(other, date.max) >= days.get(lot, date.max), f"{lot} went before {other}."

    @precondition(lambda self: self.books.orders)
    @rule(number=pick, at=st.integers(0, 2))
    def pack_too_many(self, number: int, at: int) -> None:
        name, _paper = self.chosen(number)
        pk, there = self.one_of(sorted(self.loose(name).items()), at)
        assert "cannot be packed" in self.said(lambda: journey.pack([self.ids[name]], quantities={pk: there + 1}))

    def parcels(self) -> list[Shipment]:
        return list(Shipment.objects.filter(state=Shipment.State.PACKED).select_related("order").order_by("pk"))

    @precondition(lambda self: self.parcels())
    @rule(number=pick, lot=pick)
    def another_lot(self, number: int, lot: int) -> None:
        parcel = self.one_of(self.parcels(), number)
        item = parcel.lines.filter(lot__isnull=False).select_related("level__location", "level__product", "lot").first()
        if item is None or item.level is None or item.lot is None:
            return
        sku, place = item.level.product.sku, item.level.location.code
        code = self.lot_of(sku, lot)
        spare = self.books.stock[sku, code, place] - packed()[sku, code, place]
        refused = self.said(lambda: journey.change_lot(item, code, who="Wim"))
        may = code == item.lot.code or (self.books.good(code) and spare >= item.quantity)
        assert bool(refused) != may, refused

    @precondition(lambda self: self.parcels())
    @rule(number=pick)
    def unpack(self, number: int) -> None:
        journey.unpack([self.one_of(self.parcels(), number).pk])

    @precondition(lambda self: self.parcels())
    @rule(number=pick)
    def ship(self, number: int) -> None:
        parcel = self.one_of(self.parcels(), number)
        paper = self.books.orders[parcel.order.external_id]
        inside = list(
            parcel.lines.values_list(
                "line__position",
                "line__pieces",
                "level__product__sku",
                "lot__code",
                "level__location__code",
                "quantity",
            )
        )
        refused = self.said(lambda: journey.ship([parcel.pk]))
        assert bool(refused) == paper.held, refused
        if refused:
            return
        journey.ship([parcel.pk])
        gone: Counter[int] = Counter()
        for position, pieces, sku, lot, place, count in inside:
            line = paper.lines[position - 1]
            gone[position] += count
            line.shipped += gone[position] // pieces
            gone[position] %= pieces
            line.sent[sku, lot or ""] += count
            self.books.come((sku, lot or "", place), -count)
        assert not any(gone.values()), "Half a kit has left."

    @precondition(lambda self: self.ready())
    @rule(number=pick)
    def pack_and_ship(self, number: int) -> None:
        name = self.one_of(self.ready(), number)
        self.pack(self.ready().index(name), False, 1)
        mine = [at for at, parcel in enumerate(self.parcels()) if parcel.order.external_id == name]
        for _ in mine:
            at = next((n for n, p in enumerate(self.parcels()) if p.order.external_id == name), None)
            if at is not None:
                self.ship(at)

    # --- what comes back ---------------------------------------------------------------------------------------------------
    def out(self) -> list[tuple[str, int]]:
        return [
            (name, at)
            for name, paper in self.books.orders.items()
            for at, line in enumerate(paper.lines)
            if any(count > 0 for count in line.sent.values())
        ]

    @precondition(lambda self: self.out())
    @rule(
        number=pick, count=units, part=st.booleans(), lot=pick, onto=st.sampled_from(["stock", "quarantine", "scrap"])
    )
    def take_back(self, number: int, count: int, part: bool, lot: int, onto: str) -> None:
        """A whole unit, or one part of a kit; it may be sold again, is looked at first, or is thrown away."""
        name, at = self.one_of(self.out(), number)
        line, row = self.books.orders[name].lines[at], self.rows(name)[at]
        code = next((self.one_of(sorted(lots), lot) for sku in line.needs if (lots := self.lots_sent(line, sku))), "")
        codes = {row.pk: code} if code else {}
        if part and row.components.exists():
            sku = self.one_of(sorted(line.needs), number)
            back = {sku: count}
            wish: dict[str, Any] = {"quantities": {}, "parts": {returning.Part(row.pk, self.pk(sku)): count}}
        else:
            count = max(1, count // 2)
            back = {sku: count * each for sku, each in line.needs.items()}
            wish = {"quantities": {row.pk: count}}
        spots = {sku: (sku, code if sku in TRACKED else "", "MAIN") for sku in back}
        may = all(line.sent[spot[:2]] >= back[sku] for sku, spot in spots.items())
        key = next(self.keys)
        refused = self.said(lambda: returning.return_to_stock(**wish, lot_codes=codes, key=key, who="Wim"))
        assert bool(refused) != may, refused or f"{back} of {line} came back."
        if refused:
            return
        assert not returning.return_to_stock(**wish, lot_codes=codes, key=key, who="Wim")
        for sku, units_back in back.items():
            line.back[sku] += units_back
            line.sent[spots[sku][:2]] -= units_back
            spots[sku] = self.lands(spots[sku])
            self.books.come(spots[sku], units_back)
        self.put(onto, spots, back)

    @staticmethod
    def lots_sent(line: Line, sku: str) -> list[str]:
        return [lot for (of, lot), count in line.sent.items() if of == sku and lot and count > 0]

    def put(self, onto: str, spots: dict[str, Spot], back: dict[str, int]) -> None:
        for sku, spot in spots.items():
            lot, key = self.lot_pk(sku, spot[1]), next(self.keys)
            place, quarantine = self.places[spot[2]], self.quarantine["MAIN"]
            inside = packed()
            at_place = sum(n for (of, _, where), n in inside.items() if (of, where) == (sku, "MAIN"))
            if onto == "quarantine" and spot[2] != quarantine:
                enough = self.books.there(sku, "MAIN") - at_place >= back[sku]
                enough = enough and self.books.stock[spot] - inside[spot] * bool(spot[1]) >= back[sku]
                what = [moving.Moving(self.pk(sku), back[sku], place, self.places[quarantine], lot)]
                refused = self.said(lambda what=what, key=key: moving.move(what, key=key))  # type: ignore[misc]
                assert bool(refused) != enough, refused
                if enough:
                    self.books.move(spot, quarantine, back[sku])
            elif onto == "scrap":
                goods.adjust(
                    [goods.Goods(self.pk(sku), -back[sku], location_id=place, lot_id=lot)], key=key, note="broken"
                )
                self.books.come(spot, -back[sku])
