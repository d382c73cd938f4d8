"""Rules of the warehouse machine: goods that come, are corrected, moved, sent over, recalled and set aside."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backoffice import goods, moving, recalling, transferring
from inventory import catalogue, lots, places, transfers
from inventory.models import CountSheet, Lot, LotLevel, StockLevel, Transfer
from orders import merchant, publishing
from tests.stories.warehouse_machine import Machine, pick, stocked, units
from tests.stories.warehouse_world import STOCKED, TRACKED, Spot, best_before, packed, promised, today

cost = st.sampled_from(["7.00", "10.00", "12.34"])
ON_ITS_WAY = "TRANSIT"


class GoodsRules(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.archived: set[str] = set()

    # --- come and are corrected -------------------------------------------------------------------------------------------
    @rule(sku=stocked, count=units, lot=pick, at=pick, each=cost)
    def receive(self, sku: str, count: int, lot: int, at: int, each: str) -> None:
        count = 1 if sku == "PHONE" else count * 5 if sku == "A" else count
        spot = (sku, self.lot_of(sku, lot), self.one_of(self.open, at))
        before, waited = self.allocated(), self.queue(sku)

        def book() -> None:
            what = goods.Goods(
                self.pk(sku), count, Decimal(each), location_id=self.places[spot[2]], lot_id=self.named(spot)
            )
            goods.receive([what], key=next(self.keys))

        refused = self.said(book)
        assert bool(refused) == (sku == "PHONE" and self.books.there(sku, lot=spot[1]) > 0), refused
        if not refused:
            self.arrived(spot, count, Decimal(each))
            self.nobody_lost(before)
            self.served_in_turn(waited, before)

    def named(self, spot: Spot) -> int | None:
        """The lot as it stands on the goods, made where it is new."""
        sku, code, _place = spot
        if not code:
            return None
        known = Lot.objects.filter(product=self.pk(sku), code=code).first()
        day = known.expires_on if known else best_before(code)
        return lots.take_in([lots.Named(self.pk(sku), code, day)])[self.pk(sku), code].pk

    def arrived(self, spot: Spot, count: int, each: Decimal) -> None:
        self.books.bought(spot[0], count, each)
        if day := best_before(spot[1]):
            self.books.expires.setdefault(spot[1], day)
        self.come(spot, count)

    def queue(self, sku: str) -> list[tuple[tuple[int, int, int], int, int]]:
        """Lines of one unit of this product alone, of orders served everywhere: (turn, line, how many wait)."""
        found = []
        for name, paper in self.books.orders.items():
            rows = self.rows(name) if paper.served and not self.books.serving.get(paper.store) else []
            for row, line in zip(rows, paper.lines, strict=False):
                if line.needs == {sku: 1}:
                    found.append((paper.turn, row.pk, row.backordered))
        return sorted(found)

    def served_in_turn(self, waited: list[tuple[tuple[int, int, int], int, int]], before: dict[int, int]) -> None:
        now, behind = self.allocated(), False
        for _turn, pk, waits in waited:
            got = now[pk] - before[pk]
            assert not (behind and got), "Somebody was served before one who waits longer."
            behind = behind or got < waits

    def rows(self, name: str) -> list[Any]:
        raise NotImplementedError

    @rule(number=pick, count=st.integers(-6, 6))
    def correct(self, number: int, count: int) -> None:
        spots = self.books.spots(but=[ON_ITS_WAY])
        if not spots or not count:
            return
        spot = self.one_of(spots, number)
        count = max(count, -self.books.stock[spot])
        what = goods.Goods(
            self.pk(spot[0]), count, location_id=self.places[spot[2]], lot_id=self.lot_pk(spot[0], spot[1])
        )
        refused = self.said(lambda: goods.adjust([what], key=next(self.keys), note="looked"))
        assert bool(refused) == (spot[0] == "PHONE" and count > 0), refused
        if not refused:
            self.come(spot, count)

    # --- move inside a warehouse ------------------------------------------------------------------------------------------
    @precondition(lambda self: self.books.spots(but=[ON_ITS_WAY]))
    @rule(number=pick, onto=pick, count=units, put_away=st.booleans())
    def move(self, number: int, onto: int, count: int, put_away: bool) -> None:
        spot = self.one_of(self.books.spots(but=[ON_ITS_WAY]), number)
        sku, lot, place = spot
        target = self.one_of(self.inside(self.homes[place]), onto)
        inside, before = packed(), self.allocated()
        loose = self.books.there(sku, place) - sum(n for (of, _, at), n in inside.items() if (of, at) == (sku, place))
        if lot:
            loose = min(loose, self.books.stock[spot] - inside[spot])
        its, key = self.lot_pk(sku, lot), next(self.keys)
        source, to = self.places[place], self.places[target]

        def go() -> None:
            if put_away:
                what = [moving.PuttingAway(self.pk(sku), count, source, to, its)]
                moving.put_away(what, key=key, remember=target in self.sellable)
            else:
                moving.move([moving.Moving(self.pk(sku), count, source, to, its)], key=key)

        refused = self.said(go)
        kept = bool(lot) and place not in self.sellable and target in self.sellable and not self.books.good(lot)
        assert bool(refused) == (target == place or count > loose or kept), refused
        if refused:
            return
        assert moving.move([moving.Moving(self.pk(sku), count, source, to, its)], key=key) == []
        self.books.move(spot, target, count)
        if target in self.sellable:
            self.nobody_lost(before)

    # --- go to the other warehouse ----------------------------------------------------------------------------------------
    def papers(self, state: str) -> list[Transfer]:
        return list(Transfer.objects.filter(state=state).order_by("id"))

    @rule(sku=stocked, count=units, back=st.booleans(), lot=st.none() | pick)
    def draft_transfer(self, sku: str, count: int, back: bool, lot: int | None) -> None:
        ends = [self.places[code] for code in (("QC", "MAIN") if back else ("MAIN", "QC"))]
        known = Lot.objects.filter(product=self.pk(sku)).order_by("code")
        its = self.one_of(list(known), lot).pk if lot is not None and known else None
        transfers.draft(source_id=ends[0], destination_id=ends[1], lines=[transfers.Wanted(self.pk(sku), count, its)])

    @precondition(lambda self: self.papers("draft"))
    @rule(number=pick, fewer=st.integers(0, 3))
    def send_transfer(self, number: int, fewer: int) -> None:
        paper, before = self.one_of(self.papers("draft"), number), self.allocated()
        line = paper.lines.select_related("product").get()
        sku, count = line.product.sku, max(1, line.wanted - fewer)
        spare = {place: self.books.there(sku, place) for place in self.inside(paper.source.code)}
        has = promised()
        free = sum(n - has.get((sku, place), 0) for place, n in spare.items() if place in self.sellable)
        moved: list[Any] = []
        refused = self.said(lambda: moved.extend(transferring.send(paper.pk, quantities={line.pk: count})))
        if sku not in TRACKED:
            assert bool(refused) == (count > free), refused
        if refused:
            transfers.cancel(paper.pk)
            return
        left: Counter[str] = Counter()
        for one in moved:
            code, place = one.lot.code if one.lot else "", one.location.code
            self.books.come((sku, code, place), one.quantity)
            left[place] += one.quantity
        assert left[ON_ITS_WAY] == count == -sum(n for place, n in left.items() if place in spare)
        assert self.allocated() == before

    @precondition(lambda self: self.papers("in_transit"))
    @rule(number=pick, of=pick, count=st.integers(0, 6), lost=st.integers(0, 2), at=pick, boss=st.booleans())
    def receive_transfer(self, number: int, of: int, count: int, lost: int, at: int, boss: bool) -> None:
        paper = self.one_of(self.papers("in_transit"), number)
        line = self.one_of(list(paper.lines.select_related("product", "lot").order_by("id")), of)
        sku, lot = line.product.sku, line.lot.code if line.lot else ""
        place = self.one_of(self.inside(paper.destination.code), at)
        arrived = [transferring.Arrived(line.pk, count, lost, self.places[place])]
        before, key = self.allocated(), next(self.keys)
        by = User.objects.get(username="manager" if boss else "warehouse")
        refused = self.said(lambda: transferring.receive(paper.pk, arrived, key=key, by=by))
        wrong = not count + lost or count + lost > transferring.on_its_way(line)
        gone = sum(one.lost * one.product.average_cost for one in paper.lines.select_related("product"))
        if lost and not boss:
            wrong = wrong or gone + lost * line.product.average_cost > merchant.current().count_approval_limit
        assert bool(refused) == wrong, refused
        if not refused:
            assert transferring.receive(paper.pk, arrived, key=key) == []
            self.books.move((sku, lot, ON_ITS_WAY), self.lands((sku, lot, place))[2], count)
            self.books.come((sku, lot, ON_ITS_WAY), -lost)
            self.nobody_lost(before)

    @precondition(lambda self: self.papers("in_transit"))
    @rule(number=pick)
    def bring_back(self, number: int) -> None:
        paper = self.one_of(self.papers("in_transit"), number)
        coming = []
        for line in paper.lines.select_related("product", "lot"):
            spot = (line.product.sku, line.lot.code if line.lot else "", ON_ITS_WAY)
            coming.append((spot, transferring.on_its_way(line)))
        assert transferring.bring_back(paper.pk)
        for spot, count in coming:
            self.books.move(spot, self.lands((*spot[:2], paper.source.code))[2], count)
        assert transferring.bring_back(paper.pk) == []

    # --- must not be sold -------------------------------------------------------------------------------------------------
    def known_lots(self) -> list[str]:
        return sorted(Lot.objects.values_list("code", flat=True))

    @precondition(lambda self: self.known_lots())
    @rule(number=pick)
    def recall(self, number: int) -> None:
        code = self.one_of(self.known_lots(), number)
        lot = Lot.objects.select_related("product").get(code=code)
        lying = {p: n for (_, its, p), n in self.books.stock.items() if its == code and p in self.sellable and n}
        done = recalling.recall(lot.pk, why="Glass in it", who="Marie")
        assert (done.fresh, done.units) == (code not in self.books.recalled, sum(lying.values()))
        self.books.recalled.add(code)
        self.look_at_places()
        for place, count in lying.items():
            self.books.move((lot.product.sku, code, place), self.quarantine[self.homes[place]], count)
        assert not LotLevel.objects.filter(lot=lot, units__gt=0, location__sellable=True).exists()

    @precondition(lambda self: self.books.recalled)
    @rule(number=pick)
    def lift(self, number: int) -> None:
        code = self.one_of(sorted(self.books.recalled), number)
        assert recalling.lift(Lot.objects.get(code=code).pk)
        self.books.recalled.remove(code)

    @precondition(lambda self: Lot.objects.filter(product__expires=True).exists())
    @rule(number=pick, ahead=st.integers(-3, 9), midnight=st.booleans())
    def expiry_is_corrected(self, number: int, ahead: int, midnight: bool) -> None:
        lot = self.one_of(list(Lot.objects.filter(product__expires=True).order_by("code")), number)
        self.books.expires[lot.code] = today() + timedelta(days=ahead)
        if midnight:
            Lot.objects.filter(pk=lot.pk).update(expires_on=self.books.expires[lot.code])
            self.midnight_passes()
        else:
            self.set_aside(lot.code, recalling.set_expiry(lot.pk, self.books.expires[lot.code]))

    @rule()
    def midnight_passes(self) -> None:
        """What must not be sold is set aside."""
        self.set_aside("", recalling.set_aside())

    def set_aside(self, code: str, done: int) -> None:
        going = {
            spot: count
            for spot, count in self.books.stock.items()
            if count and spot[1] and code in ("", spot[1]) and spot[2] in self.sellable and not self.books.good(spot[1])
        }
        assert done == sum(going.values())
        self.look_at_places()
        for spot, count in going.items():
            self.books.move(spot, self.quarantine[self.homes[spot[2]]], count)

    # --- put away for good ------------------------------------------------------------------------------------------------
    @rule(at=pick)
    def archive_a_place(self, at: int) -> None:
        """Nothing that holds goods is archived; what is empty is, and takes none until it is taken out again."""
        place = self.one_of([code for code in self.open if self.homes[code] != code], at)
        pk = self.places[place]
        refused = self.said(lambda: places.archive([pk]))
        needed = StockLevel.objects.filter(location=pk, on_hand__gt=0).exists()
        needed = needed or CountSheet.objects.filter(state__in=["open", "review"], lines__location=pk).exists()
        assert bool(refused) == needed, refused
        if not refused:
            spot = next((spot for spot in self.books.spots() if spot[2] == self.homes[place]), None)
            if spot:
                what = [moving.Moving(self.pk(spot[0]), 1, self.places[spot[2]], pk, self.lot_pk(*spot[:2]))]
                assert "archived" in self.said(lambda: moving.move(what, key=next(self.keys)))
            places.take_out_of_archive([pk])

    @rule(sku=st.sampled_from(STOCKED))
    def archive_a_product(self, sku: str) -> None:
        """It leaves the lists; orders and stock go on."""
        pk = self.pk(sku)
        with transaction.atomic():
            away = catalogue.take_out_of_archive([pk]) if sku in self.archived else catalogue.archive([pk])
            publishing.stock_changed(away)
        assert away == {pk}
        self.archived ^= {sku}
