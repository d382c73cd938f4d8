"""Rules of the warehouse machine: what is packed, leaves, and comes back."""

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backoffice import goods, journey, moving, returning
from shipping.models import Shipment, ShipmentLine
from tests.stories.warehouse_machine import pick, units
from tests.stories.warehouse_orders import OrderRules
from tests.stories.warehouse_world import TRACKED, Line, Paper, Spot, packed, promised


class ParcelRules(OrderRules):
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
                    assert self.day(other) >= self.day(lot), f"{lot} went before {other}."
            for bin in self.inside(self.homes[place]):
                if bin != place and (first := self.first_free(sku, bin, inside)):
                    assert self.day(first) >= self.day(lot), f"{lot} of {place} went before {first}, free in {bin}."

    def day(self, lot: str) -> date:
        return self.books.expires.get(lot, date.max)

    def first_free(self, sku: str, place: str, inside: Counter[Spot]) -> str:
        """The lot of the first unit there that nobody has; who has some there takes what expires first."""
        if place not in self.sellable:
            return ""
        has = promised().get((sku, place), 0) - sum(n for (of, _, at), n in inside.items() if (of, at) == (sku, place))
        for lot in sorted(filter(self.books.good, TRACKED[sku]), key=self.day):
            has -= self.books.stock[sku, lot, place] - inside[sku, lot, place]
            if has < 0:
                return lot
        return ""

    @precondition(lambda self: self.known())
    @rule(number=pick, at=st.integers(0, 2))
    def pack_too_many(self, number: int, at: int) -> None:
        name, _paper = self.chosen(number)
        pk, there = self.one_of(sorted(self.loose(name).items()), at)
        assert "cannot be packed" in self.said(lambda: journey.pack([self.ids[name]], quantities={pk: there + 1}))

    def parcels(self) -> list[Shipment]:
        return list(Shipment.objects.filter(state=Shipment.State.PACKED).select_related("order").order_by("pk"))

    @precondition(lambda self: self.parcels())
    @rule(number=pick, lot=pick, fewer=st.integers(0, 3))
    def another_lot(self, number: int, lot: int, fewer: int) -> None:
        parcel = self.one_of(self.parcels(), number)
        item = parcel.lines.filter(lot__isnull=False).select_related("level__location", "level__product", "lot").first()
        if item is None or item.level is None or item.lot is None:
            return
        sku, place = item.level.product.sku, item.level.location.code
        code = self.lot_of(sku, lot)
        inside, before, count = packed(), self.allocated(), max(1, item.quantity - fewer)
        near = {place, *(bin for bin in self.inside(self.homes[place]) if bin in self.sellable)}
        spare = max(self.books.stock[sku, code, bin] - inside[sku, code, bin] for bin in near)
        refused = self.said(lambda: journey.change_lot(item, code, units=count, who="Wim"))
        may = code == item.lot.code or (self.books.good(code) and spare >= count)
        assert bool(refused) != may, refused
        if not refused and code != item.lot.code:
            change = packed()
            change.subtract(inside)
            moved = {its: sum(n for spot, n in change.items() if spot[:2] == (sku, its)) for its in TRACKED[sku]}
            assert (moved[code], moved[item.lot.code], sum(moved.values())) == (count, -count, 0)
        self.nobody_lost(before)

    @precondition(lambda self: self.parcels())
    @rule(number=pick)
    def unpack(self, number: int) -> None:
        journey.unpack([self.one_of(self.parcels(), number).pk])

    @precondition(lambda self: self.parcels())
    @rule(number=pick)
    def ship(self, number: int) -> None:
        parcel = self.one_of(self.parcels(), number)
        paper = self.books.orders[parcel.order.external_id]
        inside = self.inside_of(parcel)
        refused = self.said(lambda: journey.ship([parcel.pk]))
        assert bool(refused) == paper.held, refused
        if not refused:
            journey.ship([parcel.pk])
            self.left_with(paper, inside)

    @staticmethod
    def inside_of(parcel: Shipment) -> list[tuple[int, int, str, str | None, str, int]]:
        place = "level__location__code"
        return list(
            parcel.lines.values_list(
                "line__position", "line__pieces", "level__product__sku", "lot__code", place, "quantity"
            )
        )

    def left_with(self, paper: Paper, inside: list[tuple[int, int, str, str | None, str, int]]) -> None:
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

    @precondition(lambda self: self.ready())
    @rule()
    def pack_all(self) -> None:
        """One press for all that can go."""
        names = [name for name in self.ready() if not self.books.orders[name].held]
        before, loose = packed(), {name: self.loose(name) for name in names}
        refused = self.said(lambda: journey.pack([self.ids[name] for name in names]))
        if refused:
            assert any(lot and not self.books.good(lot) for _, lot, _ in self.books.spots()), refused
            return
        assert not any(count for name in names for count in self.loose(name).values()), loose
        self.first_to_expire_goes_first(packed() - before)

    @precondition(lambda self: self.parcels())
    @rule()
    def ship_all(self) -> None:
        """One press; where one order is held, nothing leaves."""
        parcels = self.parcels()
        held = any(self.books.orders[parcel.order.external_id].held for parcel in parcels)
        inside = {parcel.pk: self.inside_of(parcel) for parcel in parcels}
        refused = self.said(lambda: journey.ship([parcel.pk for parcel in parcels]))
        assert bool(refused) == held, refused
        for parcel in [] if refused else parcels:
            self.left_with(self.books.orders[parcel.order.external_id], inside[parcel.pk])

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
        wish["place_id"] = self.places["MAIN"]
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
