"""Rules of the warehouse machine: what is bought, counted, dealt out anew, and what is told to whoever waits."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backoffice import (
    buying,
    count_scans,
    kitting,
    landed,
    outward,
    receiving,
    releasing,
    repairing,
    reversing,
    sending_back,
    serving,
    stocktaking,
)
from backoffice.sync import connections
from inventory import availability, purchasing, supplier_returns
from inventory.models import (
    CountSheet,
    GoodsReceipt,
    LandedCost,
    PurchaseOrder,
    ReceiptReversal,
    Revaluation,
    ServedStore,
    StockLevel,
)
from orders import back_in_stock, promise_keeping, release
from orders.models import BackInStockSignup
from tests.stories.warehouse_goods import ON_ITS_WAY, GoodsRules, cost
from tests.stories.warehouse_machine import pick, stocked, units
from tests.stories.warehouse_world import (
    CENT,
    HUNDREDTH_OF_ONE,
    KITS,
    SOLD,
    TRACKED,
    Spot,
    best_before,
    packed,
    today,
)

FREIGHT = LandedCost.Kind.FREIGHT
rules = st.sampled_from(release.Rule)
some = st.lists(stocked, min_size=1, max_size=2, unique=True)


@dataclass
class Sheet:
    """Figures as they were found, with what should have been there then."""

    warehouse: str
    found: dict[Spot, tuple[int, int]] = field(default_factory=dict)
    by: set[str] = field(default_factory=set)

    @property
    def differences(self) -> dict[Spot, int]:
        return {spot: counted - expected for spot, (counted, expected) in self.found.items() if counted != expected}


class DeskRules(GoodsRules):
    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[int, Sheet] = {}
        self.holds = dict.fromkeys(KITS, 0)

    # --- buying -----------------------------------------------------------------------------------------------------------
    def bought(self, *states: str) -> list[PurchaseOrder]:
        return list(PurchaseOrder.objects.filter(state__in=states).order_by("id"))

    @rule(skus=some, count=units, each=cost, at_main=st.booleans(), ahead=st.integers(1, 9))
    def order_goods(self, skus: list[str], count: int, each: str, at_main: bool, ahead: int) -> None:
        wanted = [purchasing.Wanted(self.pk(sku), count, Decimal(each)) for sku in skus]
        warehouse = self.places["MAIN" if at_main else "QC"]
        made: list[PurchaseOrder] = []
        refused = self.said(
            lambda: made.append(
                purchasing.draft(supplier_id=self.world.supplier.pk, warehouse_id=warehouse, lines=wanted, by=None)
            )
        )
        assert bool(refused) == bool(self.archived & set(skus)), refused
        if made:
            line = made[0].lines.order_by("position")[0]
            buying.change(made[0].pk, [purchasing.Change(line.pk, quantity=count + 1)])
            buying.send(made[0].pk)
            buying.confirm(made[0].pk, dates={line.pk: today() + timedelta(days=ahead)})

    @precondition(lambda self: self.bought("sent", "confirmed", "part_received"))
    @rule(number=pick, ahead=st.integers(-2, 12), count=units)
    def supplier_says_otherwise(self, number: int, ahead: int, count: int) -> None:
        order = self.one_of(self.bought("sent", "confirmed", "part_received"), number)
        refused = self.said(lambda: buying.confirm(order.pk, whole=today() + timedelta(days=ahead)))
        assert bool(refused) == (ahead < 0), refused
        line = order.lines.order_by("position")[0]
        refused = self.said(lambda: buying.change(order.pk, [purchasing.Change(line.pk, quantity=count)]))
        assert bool(refused) == (count < line.received + line.cancelled), refused

    @precondition(lambda self: self.bought("sent", "confirmed", "part_received"))
    @rule(number=pick, of=pick, count=units, lot=pick, at=pick, freight=st.sampled_from([None, "1.00", "3.33"]))
    def goods_come(self, number: int, of: int, count: int, lot: int, at: int, freight: str | None) -> None:
        order = self.one_of(self.bought("sent", "confirmed", "part_received"), number)
        line = self.one_of(list(order.lines.select_related("product").order_by("position")), of)
        sku = line.product.sku
        count = 1 if sku == "PHONE" else count
        spot = (sku, self.lot_of(sku, lot), self.one_of(self.inside(order.warehouse.code), at))
        item = receiving.ReceiptItem(
            line.pk, count, self.places[spot[2]], spot[1], self.books.expires.get(spot[1], best_before(spot[1]))
        )
        costs = [landed.Landed(FREIGHT, Decimal(freight))] if freight else []
        before, waited, key = self.allocated(), self.queue(sku), next(self.keys)
        refused = self.said(lambda: receiving.receive(order.pk, [item], key=key, costs=costs))
        assert bool(refused) == (sku == "PHONE" and self.books.there(sku, lot=spot[1]) > 0), refused
        if refused:
            return
        assert not receiving.receive(order.pk, [item], key=key, costs=costs).fresh
        worth = count * line.unit_price + Decimal(freight or 0)
        self.arrived(spot, count, (worth / count).quantize(HUNDREDTH_OF_ONE, ROUND_HALF_UP))
        self.nobody_lost(before)
        self.served_in_turn(waited, before)

    @precondition(lambda self: GoodsReceipt.objects.exists())
    @rule(number=pick, amount=st.sampled_from(["0.05", "2.00", "7.77"]))
    def freight_is_billed_later(self, number: int, amount: str) -> None:
        receipt = self.one_of(list(GoodsReceipt.objects.order_by("id")), number)
        line = receipt.lines.select_related("line__product").get()
        sku, key, bill = line.line.product.sku, next(self.keys), landed.Landed(FREIGHT, Decimal(amount))
        refused = self.said(lambda: landed.bill_later(receipt.pk, bill, key=key))
        assert bool(refused) == (not line.stands), refused
        if refused:
            return
        assert landed.bill_later(receipt.pk, bill, key=key) is None
        stays = Decimal(amount) * min(self.books.there(sku), line.stands) / line.stands
        self.books.revalued(sku, stays.quantize(CENT, ROUND_HALF_UP))

    @precondition(lambda self: GoodsReceipt.objects.exists())
    @rule(number=pick, count=units)
    def a_receipt_was_wrong(self, number: int, count: int) -> None:
        receipt = self.one_of(list(GoodsReceipt.objects.order_by("id")), number)
        item = receipt.lines.select_related("line__product").get()
        sku, key, stood = item.line.product.sku, next(self.keys), item.line.received
        refused = self.said(lambda: reversing.reverse(receipt.pk, {item.pk: count}, key=key, reason="Typed wrong"))
        if refused:
            there = self.books.there(sku) - sum(units for spot, units in packed().items() if spot[0] == sku)
            assert count >= item.stands or count > there or "still lie here" in refused, refused
            return
        assert not reversing.reverse(receipt.pk, {item.pk: count}, key=key, reason="Typed wrong")
        item.line.refresh_from_db()
        assert item.line.received == stood - count
        movements = []
        for back in ReceiptReversal.objects.filter(key__startswith=f"{key}:").select_related(
            "movement__location", "movement__lot"
        ):
            lot = back.movement.lot
            self.books.come((sku, lot.code if lot else "", back.movement.location.code), -back.quantity)
            movements.append(back.movement_id)
        for change in Revaluation.objects.filter(key__startswith=f"reversed:{movements[0]}:"):
            self.books.revalued(sku, change.amount)

    @precondition(lambda self: self.bought("sent", "confirmed", "part_received"))
    @rule(number=pick)
    def the_rest_never_comes(self, number: int) -> None:
        order = self.one_of(self.bought("sent", "confirmed", "part_received"), number)
        rest = sum(max(0, ln.ordered - ln.received - ln.cancelled) for ln in order.lines.all())
        assert buying.cancel_rest(order.pk) == rest

    @precondition(lambda self: self.books.spots(but=[ON_ITS_WAY]))
    @rule(number=pick, count=units, given=st.sampled_from(["0.00", "7.00"]), credited=st.booleans())
    def goods_go_back(self, number: int, count: int, given: str, credited: bool) -> None:
        spot = self.one_of(self.books.spots(but=[ON_ITS_WAY]), number)
        sku, lot, place = spot
        going = supplier_returns.Going(self.pk(sku), self.places[place], count, Decimal(given), self.lot_pk(sku, lot))
        paper = supplier_returns.draft(supplier_id=self.world.supplier.pk, lines=[going], reason="Cracked", by=None)
        refused = self.said(lambda: sending_back.send(paper.pk))
        assert bool(refused) == (count > self.books.stock[spot]), refused
        if refused:
            supplier_returns.cancel(paper.pk)
            return
        self.books.come(spot, -count)
        if credited:
            sending_back.credit(paper.pk, amount=Decimal("5.00"))

    # --- counting ---------------------------------------------------------------------------------------------------------
    @rule(skus=some, at=pick)
    def open_a_sheet(self, skus: list[str], at: int) -> None:
        place = self.one_of(self.open, at)
        pairs = [(self.pk(sku), self.places[place]) for sku in skus]
        made: list[CountSheet] = []
        self.said(lambda: made.extend(stocktaking.start(self.places[self.homes[place]], lambda: pairs)[0]))
        for sheet in made:
            self.sheets[sheet.pk] = Sheet(self.homes[place])

    def in_state(self, *states: str) -> list[int]:
        found = CountSheet.objects.filter(pk__in=list(self.sheets), state__in=states)
        return list(found.order_by("pk").values_list("pk", flat=True))

    @precondition(lambda self: self.in_state("open"))
    @rule(number=pick, sku=stocked, at=pick, lot=pick, off=st.integers(-3, 3), boss=st.booleans())
    def scan(self, number: int, sku: str, at: int, lot: int, off: int, boss: bool) -> None:
        pk = self.one_of(self.in_state("open"), number)
        sheet = self.sheets[pk]
        place, code = self.one_of(self.inside(sheet.warehouse), at), self.lot_of(sku, lot)
        spot = (sku, code, place)
        inside = packed()
        expected = self.books.stock[spot] - inside[spot]
        counted = max(0, expected + off)
        counted = min(counted, 1) if sku == "PHONE" else counted
        who = "manager" if boss else "warehouse"
        typed = f"{code}, {best_before(code)}" if sku == "MILK" and code not in self.books.expires else code
        refused = self.said(
            lambda: count_scans.scan(pk, place=place, code=sku, units=counted, lot=typed, by=self.person(who))
        )
        if refused:
            assert "sheet" in refused, refused
            return
        if day := best_before(code):
            self.books.expires.setdefault(code, day)
        sheet.found[spot] = (counted, expected)
        sheet.by.add(who)

    @staticmethod
    def person(role: str) -> User:
        return User.objects.get(username=role)

    @precondition(lambda self: self.in_state("open"))
    @rule(number=pick, look_first=st.booleans())
    def finish_a_sheet(self, number: int, look_first: bool) -> None:
        pk = self.one_of(self.in_state("open"), number)
        self.booked(pk, lambda: stocktaking.submit(pk, by=self.person("warehouse"), look_first=look_first))
        self.sheets[pk].by.add("warehouse")

    @precondition(lambda self: self.in_state("review"))
    @rule(number=pick, boss=st.booleans())
    def approve_a_sheet(self, number: int, boss: bool) -> None:
        pk = self.one_of(self.in_state("review"), number)
        who = "manager" if boss else "warehouse"
        large = stocktaking.needs_approval(CountSheet.objects.get(pk=pk))
        refused = self.booked(pk, lambda: stocktaking.approve(pk, by=self.person(who)))
        if large and (who in self.sheets[pk].by or not boss):
            assert refused

    @precondition(lambda self: self.in_state("open", "review"))
    @rule(number=pick, again=st.booleans())
    def reject_a_sheet(self, number: int, again: bool) -> None:
        pk = self.one_of(self.in_state("open", "review"), number)
        if again and pk in self.in_state("review"):
            sheet = self.sheets[pk]
            assert stocktaking.ask_again(pk) == len(sheet.differences)
            sheet.found = {spot: of for spot, of in sheet.found.items() if spot not in sheet.differences}
        else:
            stocktaking.cancel(pk)

    def booked(self, pk: int, press: Any) -> str:
        """Press; once it is booked, each difference is a movement of just so many, whatever was sold meanwhile."""
        refused = self.said(press)
        if not refused and CountSheet.objects.get(pk=pk).state == "booked":
            sheet = self.sheets[pk]
            for spot, count in sheet.differences.items():
                # A serial number that is found here does not lie where it was thought to.
                for other in [s for s, units in self.books.stock.items() if units and s[:2] == spot[:2] and s != spot]:
                    if spot[0] == "PHONE" and count > 0 and other not in sheet.found and other[2] != ON_ITS_WAY:
                        self.come(other, -1)
                self.come(spot, count)
        return refused

    # --- dealt out anew -----------------------------------------------------------------------------------------------------
    @rule(skus=some, by=rules, meanwhile=st.booleans(), more=stocked)
    def deal_out(self, skus: list[str], by: release.Rule, meanwhile: bool, more: str) -> None:
        ids = {self.pk(sku) for sku in skus}
        release.plan(ids, by, arriving={self.pk(more): 5})
        shown = release.plan(ids, by)
        if meanwhile and more not in TRACKED:
            self.receive(more, 2, 0, 0, "7.00")
        now = release.plan(ids, by)
        done: list[release.Plan] = []
        refused = self.said(lambda: done.append(releasing.carry_out(ids, by, shown.fingerprint, who="Marie")))
        assert bool(refused) == (now.fingerprint != shown.fingerprint and bool(now.changes)), refused
        if done:
            has = self.allocated()
            assert {line.line_id: line.gets for line in done[0].lines} == {
                line.line_id: has[line.line_id] for line in done[0].lines
            }
            assert not release.plan(ids, by).changes

    @rule(store=st.integers(0, 1), by=st.sampled_from([[], ["MAIN"], ["QC"], ["QC", "MAIN"]]))
    def served_by_others(self, store: int, by: list[str]) -> None:
        connection = self.world.stores[store].pk
        with transaction.atomic():
            ServedStore.objects.filter(connection=connection).delete()
            for position, code in enumerate(by):
                ServedStore.objects.create(connection_id=connection, warehouse_id=self.places[code], position=position)
            serving.stores_changed([connection])
        self.books.serving[store] = by

    @rule(kit=st.sampled_from(list(KITS)), choice=st.integers(0, 2))
    def a_kit_is_put_together_otherwise(self, kit: str, choice: int) -> None:
        self.holds[kit] = choice
        inside = {self.pk(part): count for part, count in KITS[kit][choice].items()}
        kitting.set_components(self.world.products[kit], inside)

    def needs(self, sold: str) -> dict[str, int]:
        if sold == "DOZEN":
            return {"A": 12}
        if sold not in KITS:
            return {sold: 1}
        found: dict[str, int] = {}
        for part, count in KITS[sold][self.holds[sold]].items():
            for sku, each in self.needs(part).items():
                found[sku] = found.get(sku, 0) + count * each
        return found

    # --- who waits is told ------------------------------------------------------------------------------------------------
    @rule()
    def the_worker_runs(self) -> None:
        door = connections.own(promise_keeping.DOOR)[promise_keeping.DOOR]
        assert not outward.deliver(connection_id=door.pk)["failed"]

    @rule(sold=st.sampled_from([sold for sold in SOLD if sold != "DOZEN"]), who=st.integers(0, 4))
    def tell_me_when_it_is_back(self, sold: str, who: int) -> None:
        back_in_stock.sign_up(self.world.products[sold], f"ann{who}@example.ca")

    @rule()
    def who_waits_is_called(self) -> None:
        before = set(BackInStockSignup.objects.exclude(called_at=None).values_list("pk", flat=True))
        free = availability.available([self.pk(sold) for sold in SOLD if sold != "DOZEN"])
        back_in_stock.call_waiting()
        for pk, spare in free.items():
            called = BackInStockSignup.objects.filter(product=pk).exclude(called_at=None)
            assert len(called) <= spare or set(called.values_list("pk", flat=True)) <= before
        assert back_in_stock.call_waiting() == 0

    # --- a figure goes wrong and is put right -----------------------------------------------------------------------------
    @precondition(lambda self: StockLevel.objects.exists())
    @rule(number=pick, figure=st.sampled_from(["on_hand", "reserved"]))
    def a_figure_goes_wrong(self, number: int, figure: str) -> None:
        level = self.one_of(list(StockLevel.objects.filter(on_hand__gt=F("reserved")).order_by("id")) or [None], number)
        if level is not None:
            StockLevel.objects.filter(pk=level.pk).update(**{figure: F(figure) + 1})
            assert len(repairing.repair(by="Marie")) == 1
        assert repairing.repair(by="Marie") == []
