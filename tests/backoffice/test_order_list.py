"""The order list: what is gathered, with which figures, for whom."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import goods
from backoffice.reordering import gathered, needs
from inventory import demand, kits
from inventory.ledger import Move, default_location, record
from inventory.models import (
    Location,
    Movement,
    OrderList,
    OrderListLine,
    Product,
    ServedStore,
    Supplier,
    SupplierProduct,
    Transfer,
    TransferLine,
    WeeklyDemand,
)
from orders.models import Merchant
from tests.backoffice.ordering import (
    TODAY,
    hold,
    line,
    listed,
    make_bought,
    make_second_warehouse,
    make_supplier,
    sell,
    work_out,
)
from tests.making import make_connection, make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db


# --- limits -----------------------------------------------------------------------------------------------------------
def test_what_falls_to_its_reorder_point_is_on_the_list_with_its_whole_arithmetic() -> None:
    make_product("TENT", 12)
    make_product("LAMP", 12)
    make_supplier("NORD", "TENT", "LAMP", pack=4)
    hold("TENT", 10, 30)
    hold("LAMP", 10, 30)
    make_order([("TENT", 5, "100.00")])

    found = listed()

    # TENT 12 − 5 = 7, at or below 10: 23 up to 30, in packs of 4: 24. LAMP has 12, above 10.
    assert set(found) == {("TENT", "MAIN")}
    tent = found["TENT", "MAIN"]
    assert (tent.on_hand, tent.allocated, tent.backordered, tent.projected) == (12, 5, 0, 7)
    assert (tent.kind, tent.point, tent.target, tent.quantity) == ("limit", 10, 30, 24)
    assert (tent.supplier, tent.price, tent.value) == ("Nord Ltd", Decimal(4), Decimal(96))


def test_a_kit_on_backorder_counts_by_its_components() -> None:
    # C16: the kit takes 2 × A and 2 × B. 8 A on hand, 7 kits want 14: 4 kits have their 8, 3 wait for 6 more: −6.
    a, b = make_product("A", 8), make_product("B", 4258)
    kits.set_components(make_product("KIT", stocked=False), {a.pk: 2, b.pk: 2})
    hold("A", 4, 10)
    hold("B", 100, 200)
    make_order([("KIT", 7, "10.00")])

    found = line("A")

    # Up to 10 are 16. Of B there is plenty, though 6 of it wait with their kits.
    assert (found.on_hand, found.allocated, found.backordered, found.projected, found.quantity) == (8, 8, 6, -6, 16)
    assert ("B", "MAIN") not in listed()


def test_a_closed_warehouse_orders_nothing_and_its_stores_wait_at_the_next() -> None:
    west = make_second_warehouse()
    make_product("TENT")
    hold("TENT", 5, 9, west)
    store = make_connection(name="West store")
    ServedStore.objects.create(connection=store, warehouse=west, position=1)
    make_order([("TENT", 4, "100.00")], connection=store)
    assert set(listed()) == {("TENT", "WEST")}

    Location.objects.filter(pk=west.pk).update(archived_at=timezone.now())

    found = listed()
    assert set(found) == {("TENT", "MAIN")}
    assert (found["TENT", "MAIN"].kind, found["TENT", "MAIN"].quantity) == ("waiting", 4)


def test_what_is_on_order_counts_and_what_is_drafted_is_not_ordered_twice() -> None:
    make_product("TENT", 2)
    make_supplier("NORD", "TENT")
    hold("TENT", 10, 30)
    make_bought("TENT", 8, received=3)
    make_bought("TENT", 6, state="draft")
    make_bought("TENT", 50, state="cancelled")
    make_bought("TENT", 50, state="closed")

    tent = line("TENT")

    # 2 + 5 outstanding = 7; up to 30 are 23, of which 6 are drafted: 17.
    assert (tent.on_order, tent.in_draft, tent.projected, tent.quantity) == (5, 6, 7, 17)


def test_goods_on_their_way_from_another_warehouse_count_where_they_arrive() -> None:
    west = make_second_warehouse()
    make_product("TENT", 2)
    hold("TENT", 10, 30)
    hold("TENT", 5, 9, west)
    transfer = Transfer.objects.create(number="T1", source=default_location(), destination=west, state="in_transit")
    TransferLine.objects.create(
        transfer=transfer, product=Product.objects.get(sku="TENT"), wanted=6, sent=6, received=2, lost=1
    )

    found = listed()

    # There 0 + 3 on their way, up to 9 are 6; here 2, up to 30 are 28.
    assert (found["TENT", "WEST"].in_transit, found["TENT", "WEST"].quantity) == (3, 6)
    assert (found["TENT", "MAIN"].in_transit, found["TENT", "MAIN"].quantity) == (0, 28)


def test_stock_in_bins_counts_for_their_warehouse_and_quarantine_for_nobody() -> None:
    main = default_location()
    tent = make_product("TENT", 4)
    bin_a = Location.objects.create(code="A1", name="A1", kind="bin", warehouse=main)
    bad = Location.objects.create(code="Q", name="Quarantine", kind="quarantine", warehouse=main, sellable=False)
    for place, units in ((bin_a, 3), (bad, 50)):
        goods.receive([goods.Goods(tent.pk, units, Decimal(1), place.pk)], key=place.code)
    hold("TENT", 10, 30)

    assert line("TENT").on_hand == 7
    assert line("TENT").quantity == 23


def test_what_customers_wait_for_counts_where_their_store_is_served_from() -> None:
    west = make_second_warehouse()
    make_product("TENT")
    hold("TENT", 0, 5)
    hold("TENT", 0, 5, west)
    other = make_connection(name="West store")
    ServedStore.objects.create(connection=other, warehouse=default_location(), position=2)
    ServedStore.objects.create(connection=other, warehouse=west, position=1)
    make_order([("TENT", 3, "100.00")])
    make_order([("TENT", 4, "100.00")], connection=other)

    found = listed()

    assert (found["TENT", "MAIN"].backordered, found["TENT", "MAIN"].quantity) == (3, 8)
    assert (found["TENT", "WEST"].backordered, found["TENT", "WEST"].quantity) == (4, 9)


def test_an_unpaid_order_waits_for_its_customer_and_orders_nothing() -> None:
    make_product("TENT")
    make_order([("TENT", 3, "100.00")], paid=False)

    assert listed() == {}


# --- no limits --------------------------------------------------------------------------------------------------------
def test_what_customers_wait_for_is_ordered_though_nobody_set_a_limit() -> None:
    make_product("TENT")
    make_supplier("NORD", "TENT", pack=2)
    make_order([("TENT", 3, "100.00")])

    tent = line("TENT")

    assert (tent.kind, tent.projected, tent.target, tent.quantity) == ("waiting", -3, 0, 4)


def test_archived_products_and_suppliers_are_left_out() -> None:
    make_product("OLD")
    make_product("TENT")
    for sku in ("OLD", "TENT"):
        hold(sku, 5, 10)
    make_supplier("GONE", "TENT", rank=1, archived_at=timezone.now())
    make_supplier("NORD", "TENT", rank=3, pack=7)
    make_supplier("LAST", "TENT", rank=4)
    Product.objects.filter(sku="OLD").update(archived_at=timezone.now())

    found = listed()

    assert set(found) == {("TENT", "MAIN")}
    assert (found["TENT", "MAIN"].supplier, found["TENT", "MAIN"].quantity) == ("Nord Ltd", 14)


def test_a_product_without_supplier_is_listed_and_cannot_be_ordered() -> None:
    make_product("TENT")
    hold("TENT", 5, 10)

    tent = line("TENT")

    assert (tent.supplier_id, tent.pack, tent.quantity, tent.value, tent.can_be_ordered) == (None, 1, 10, None, False)


# --- demand -----------------------------------------------------------------------------------------------------------


def test_demand_is_the_mean_and_spread_of_complete_weeks_with_zeros() -> None:
    make_product("TENT")
    sell("TENT", 4, 0, 6, 2)

    work_out(weeks=4)

    # Mean 12 ÷ 4 = 3; deviations 1, −3, 3, −1: squares 1 + 9 + 9 + 1 = 20; 20 ÷ 3 = 6.667, its root 2.5820.
    found = WeeklyDemand.objects.get()
    assert (found.weeks, found.units, found.mean, found.deviation) == (4, 12, Decimal(3), Decimal("2.5820"))
    assert found.until == date(2026, 11, 23)


def test_only_the_last_weeks_count_and_a_young_product_is_judged_from_its_first_movement() -> None:
    make_product("OLD")
    make_product("NEW")
    make_product("NEWEST")
    sell("OLD", 90, 90, 4, 4)
    sell("NEW", 5, 7)
    sell("NEWEST", 9)

    work_out(weeks=2)
    assert WeeklyDemand.objects.get(product__sku="OLD").mean == 4
    work_out(weeks=8)

    found = {d.product.sku: (d.weeks, d.mean, d.deviation) for d in WeeklyDemand.objects.select_related("product")}
    # NEW: mean 6, squares 1 + 1 = 2, 2 ÷ 1 = 2, its root 1.4142. One week has no spread.
    assert found["NEW"] == (2, Decimal(6), Decimal("1.4142"))
    assert found["NEWEST"] == (1, Decimal(9), None)
    assert found["OLD"][0] == 4


def test_a_sale_late_on_sunday_is_of_that_week_in_the_merchants_zone() -> None:
    tent = make_product("TENT")
    # Sunday 22 November, 23:30 in Toronto, is Monday in UTC.
    late = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
    record([Move(tent.pk, default_location().pk, 9, Movement.Reason.RECEIPT, "in")], at=late - timedelta(weeks=3))
    record([Move(tent.pk, default_location().pk, -2, Movement.Reason.SHIPMENT, "out")], at=late)

    work_out()

    assert WeeklyDemand.objects.get().units == 2


def test_demand_that_is_over_is_forgotten_and_stale_figures_are_known_as_such() -> None:
    make_product("TENT")
    sell("TENT", 4, 4)
    work_out()
    assert WeeklyDemand.objects.exists()
    today = timezone.localdate()
    assert not demand.is_stale(weeks=8, time_zone="America/Toronto", today=today)
    assert demand.is_stale(weeks=9, time_zone="America/Toronto", today=today)
    assert demand.is_stale(weeks=8, time_zone="America/Toronto", today=today + timedelta(days=1))

    work_out(today=TODAY + timedelta(weeks=20))

    assert not WeeklyDemand.objects.exists()


def test_demand_suggests_what_no_limit_says() -> None:
    make_merchant(service_level=Decimal(95))
    make_product("TENT")
    make_supplier("NORD", "TENT")
    sell("TENT", 4, 0, 6, 2)
    work_out(weeks=4)
    take = Move(Product.objects.get().pk, default_location().pk, -980, Movement.Reason.ADJUSTMENT, "lost")
    record([take])

    # Two weeks: 3 × 2 + 1.6449 × 2.5820 × 1.4142 = 12.006 → 13; and 3 more: 16. 1000 − 12 − 980 = 8 ≤ 13: 8 are wanted.
    tent = line("TENT")
    assert (tent.kind, tent.projected, tent.point, tent.target, tent.quantity) == ("demand", 8, 13, 16, 8)

    hold("TENT", 5, 9)

    assert listed() == {}  # a limit wins: 8 are more than 5


def test_without_a_lead_time_it_is_said_that_nothing_can_be_suggested() -> None:
    make_product("TENT")
    make_supplier("NORD", "TENT")
    Supplier.objects.update(lead_time_days=None)
    sell("TENT", 4, 0, 6, 2)
    work_out(weeks=4)

    # Nothing is short either: 1000 − 12 are there.
    assert (line("TENT").kind, line("TENT").quantity, line("TENT").lead_days) == ("unknown", 0, None)
    assert not gathered.asked(gathered.Asked()).exists()
    assert gathered.asked(gathered.Asked(kind="unknown")).count() == 1

    SupplierProduct.objects.update(lead_time_days=10)

    assert listed() == {}


# --- the kept list ----------------------------------------------------------------------------------------------------
def test_the_list_is_filtered_searched_and_sorted() -> None:
    west = make_second_warehouse()
    for sku, name in (("TENT", "Tent for two"), ("LAMP", "Lamp"), ("STOVE", "Stove")):
        make_product(sku, name=name)
    nord = make_supplier("NORD", "TENT", "LAMP", pack=2)
    hold("TENT", 5, 10)
    hold("LAMP", 50, 51)
    hold("STOVE", 1, 2, west)
    make_order([("STOVE", 1, "9.00")])
    gathered.refresh()

    def skus(**what: Any) -> list[str]:
        found = gathered.asked(gathered.Asked(**what))
        return [row.product.sku for row in found.select_related("product")]

    assert skus() == ["LAMP", "TENT", "STOVE", "STOVE"]
    assert skus(sort="sku") == ["LAMP", "STOVE", "STOVE", "TENT"]
    assert sorted(skus(supplier=nord.pk)) == ["LAMP", "TENT"]
    assert skus(supplier=0) == ["STOVE", "STOVE"]
    assert skus(warehouse=west.pk) == ["STOVE"]
    assert skus(kind="waiting") == ["STOVE"]
    assert skus(text="tent two") == ["TENT"]
    assert skus(text="la") == ["LAMP"]
    assert skus(text="100%") == []


def test_a_suppliers_minimum_order_is_missed_by_the_whole_of_the_list() -> None:
    make_product("TENT")
    make_product("LAMP")
    nord = make_supplier("NORD", "TENT", "LAMP", minimum_order=Decimal(100))
    hold("TENT", 5, 10)
    hold("LAMP", 5, 14)
    gathered.refresh()

    # 10 + 14 = 24 units at 4.00 are 96.00.
    assert [(s.supplier, s.warehouse, s.value) for s in gathered.below_minimum([nord.pk])] == [
        ("Nord Ltd", "Main warehouse", Decimal(96))
    ]
    hold("LAMP", 5, 15)
    gathered.refresh()
    assert gathered.below_minimum([nord.pk]) == []


def test_the_kept_list_follows_what_happens_and_writes_only_what_changed() -> None:
    make_product("TENT")
    make_product("LAMP")
    hold("TENT", 5, 10)
    hold("LAMP", 5, 10)
    gathered.refresh()
    before = dict(OrderListLine.objects.values_list("product__sku", "id"))

    goods.receive([goods.Goods(Product.objects.get(sku="TENT").pk, 7, None)], key="came")
    gathered.refresh()

    assert dict(OrderListLine.objects.values_list("product__sku", "id")) == {"LAMP": before["LAMP"]}


def test_a_list_that_takes_long_is_kept_for_a_while() -> None:
    make_product("TENT")
    gathered.refresh()
    hold("TENT", 5, 10)
    OrderList.objects.update(took_ms=600)
    assert not OrderListLine.objects.exists()

    gathered.up_to_date()
    assert not OrderListLine.objects.exists()

    OrderList.objects.update(gathered_at=timezone.now() - timedelta(seconds=61))
    gathered.up_to_date()
    assert OrderListLine.objects.count() == 1


def test_any_number_of_products_takes_the_same_number_of_statements() -> None:
    make_merchant()
    gathered.refresh()
    counts = []
    for size in (3, 40):
        for at in range(size):
            make_product(f"{size}-{at}")
            hold(f"{size}-{at}", 5, 10)
        with CaptureQueriesContext(connection) as seen:
            gathered.refresh()
            needs.lines(gathered.pairs(gathered.asked(gathered.Asked())))
        counts.append(len(seen))

    assert OrderListLine.objects.count() == 43
    assert counts[0] == counts[1]
    assert Merchant.objects.count() == 1
