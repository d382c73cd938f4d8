"""Which goods a plan puts on sheets: by value class and age, in walking order, never twice."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from backoffice import goods, schedules, stocktaking, tasks
from inventory import count_due, ledger
from inventory.counting import Figure
from inventory.models import Category, CountLine, CountPlan, CountSheet, Location, Movement, Product, WarehouseProduct
from tests.making import make_merchant, make_product

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def merchant() -> None:
    make_merchant()


def make_plan(**fields: Any) -> CountPlan:
    return CountPlan.objects.create(**{"name": "All", "warehouse": ledger.default_location(), **fields})


def make_bin(code: str, pick_order: int = 100) -> Location:
    home = ledger.default_location()
    return Location.objects.create(code=code, name=code, kind="bin", warehouse=home, pick_order=pick_order)


def put(product: Product, place: Location, units: int) -> None:
    goods.receive([goods.Goods(product.pk, units, Decimal("1.00"), place.pk)], key=f"put-{product.pk}-{place.pk}")


def due(plan: CountPlan, today: date | None = None) -> list[str]:
    day = today or timezone.now().date()
    pairs = count_due.due(plan, today=day, zone="America/Toronto", at_most=100)
    skus = dict(Product.objects.values_list("pk", "sku"))
    return [skus[product] for product, _place in pairs]


def counted(sku: str, at: datetime) -> None:
    """A booked count of it at some time."""
    product = Product.objects.get(sku=sku)
    home = ledger.default_location()
    sheet = CountSheet.objects.create(number=f"X{sku}{at:%d%H%M}", warehouse=home, state="booked")
    CountLine.objects.create(
        sheet=sheet, position=1, product=product, location=home, counted=1, expected=1, counted_at=at
    )


def _shipped(sku: str, units: int) -> None:
    product = Product.objects.get(sku=sku)
    place = ledger.default_location().pk
    ledger.record([ledger.Move(product.pk, place, -units, Movement.Reason.SHIPMENT, f"shipped-{sku}")])


def test_each_class_has_its_own_age_and_never_counted_comes_first() -> None:
    for sku in ("STOVE", "TENT", "ROPE", "NEW"):
        make_product(sku, 100, "10.00")
    for sku, units in (("STOVE", 80), ("TENT", 15), ("ROPE", 5)):
        _shipped(sku, units)
    plan = make_plan(days_a=30, days_b=90, days_c=180)
    for sku in ("STOVE", "TENT", "ROPE"):
        counted(sku, datetime(2026, 7, 1, 15, 0, tzinfo=UTC))

    assert due(plan, date(2026, 7, 30)) == ["NEW"]
    assert due(plan, date(2026, 7, 31)) == ["NEW", "STOVE"]
    assert due(plan, date(2026, 9, 29)) == ["NEW", "STOVE", "TENT"]
    assert due(plan, date(2026, 12, 28)) == ["NEW", "STOVE", "TENT", "ROPE"]


def test_days_are_those_of_the_merchant() -> None:
    make_product("TENT", 5)
    plan = make_plan(days_c=1)
    counted("TENT", datetime(2026, 7, 2, 3, 0, tzinfo=UTC))  # 23:00 on the first of July in Toronto

    assert due(plan, date(2026, 7, 1)) == []
    assert due(plan, date(2026, 7, 2)) == ["TENT"]


def test_only_booked_counts_make_young() -> None:
    make_product("TENT", 5)
    plan = make_plan()
    counted("TENT", timezone.now())
    assert due(plan) == []

    CountSheet.objects.update(state="cancelled")
    assert due(plan) == ["TENT"]


def test_a_plan_keeps_to_its_category_its_warehouse_and_what_is_stocked() -> None:
    camping = Category.objects.create(name="Camping", path="Camping")
    tents = Category.objects.create(name="Tents", parent=camping, path="Camping › Tents")
    other = Category.objects.create(name="Camping food", path="Camping food")
    make_product("TENT", 5, category=tents)
    make_product("LAMP", 5, category=camping)
    make_product("SOUP", 5, category=other)
    make_product("LOOSE", 5)
    elsewhere = Location.objects.create(code="W2", name="Second", pick_order=500)
    put(make_product("FAR", category=tents), elsewhere, 3)

    assert sorted(due(make_plan(category=camping))) == ["LAMP", "TENT"]
    assert due(make_plan(name="Far", warehouse=elsewhere)) == ["FAR"]


def test_empty_bins_of_once_are_not_walked_to() -> None:
    home, old = make_bin("A-1"), make_bin("A-2")
    product = make_product("TENT")
    for place in (home, old):
        put(product, place, 2)
        goods.adjust([goods.Goods(product.pk, -2, None, place.pk)], key=f"gone-{place.pk}", note="Gone")
    WarehouseProduct.objects.create(product=product, warehouse=ledger.default_location(), put_away=home)

    plan = make_plan()
    assert count_due.due(plan, today=timezone.now().date(), zone="UTC", at_most=9) == [(product.pk, home.pk)]


def test_sheets_are_in_walking_order_and_hold_so_many_lines() -> None:
    far, near = make_bin("Z-9", 20), make_bin("A-1", 10)
    for sku, place in (("B", far), ("A", far), ("D", near), ("C", near), ("E", near)):
        put(make_product(sku), place, 1)
    plan = make_plan(sheet_lines=2, blind=False)

    sheets = stocktaking.make_sheets(plan)

    lines = [[line.product.sku for line in sheet.lines.select_related("product")] for sheet in sheets]
    assert lines == [["C", "D"], ["E", "A"], ["B"]]
    assert {(sheet.blind, sheet.plan_id) for sheet in sheets} == {(False, plan.pk)}
    assert len({sheet.number for sheet in sheets}) == 3


def test_the_task_is_safe_to_run_twice_and_leaves_sleeping_plans_alone() -> None:
    make_product("TENT", 5)
    make_plan(name="Sleeping", active=False)
    make_plan()

    assert tasks.make_count_sheets() == "1 count sheets made"
    assert tasks.make_count_sheets() == "0 count sheets made"
    assert CountLine.objects.count() == 1
    assert "backoffice.tasks.make_count_sheets" in {timed.task for timed in schedules.TIMED}


def test_what_is_on_one_open_sheet_is_not_put_on_another() -> None:
    make_product("TENT", 5)
    make_product("ROPE", 5)
    first, second = make_plan(), make_plan(name="Second")
    stocktaking.make_sheets(first)

    assert stocktaking.make_sheets(second) == []


def test_new_goods_wait_for_tomorrow_once_the_days_sheet_is_made() -> None:
    make_product("TENT", 5)
    plan = make_plan()
    stocktaking.make_sheets(plan)
    make_product("NEW", 5)

    assert stocktaking.make_sheets(plan) == []
    assert len(stocktaking.make_sheets(plan, at=timezone.now() + timedelta(days=1))) == 1


def test_a_warehouse_never_counted_is_done_by_and_by() -> None:
    ids = [make_product(f"P{n:02d}").pk for n in range(25)]
    goods.receive([goods.Goods(pk, 1) for pk in ids], key="first")
    plan = make_plan(sheet_lines=2)

    assert len(stocktaking.make_sheets(plan)) == stocktaking.OPEN_AT_ONCE
    assert stocktaking.make_sheets(plan) == []
    sheet = CountSheet.objects.earliest("id")
    stocktaking.enter(sheet.pk, [Figure(pk, 1) for pk in sheet.lines.values_list("pk", flat=True)])
    stocktaking.submit(sheet.pk)
    assert [sheet.lines.count() for sheet in stocktaking.make_sheets(plan)] == [2]


def test_sheets_by_hand_of_a_place_of_a_category_of_products_and_blank() -> None:
    home, shelf, other = ledger.default_location(), make_bin("A-1"), make_bin("A-2")
    food = Category.objects.create(name="Food", path="Food")
    tent, soup, new = make_product("TENT"), make_product("SOUP", category=food), make_product("NEW")
    put(tent, shelf, 1)
    put(tent, other, 1)
    put(soup, other, 1)

    assert count_due.in_place(home.pk, shelf.pk) == [(tent.pk, shelf.pk)]
    assert count_due.in_place(home.pk, category_id=food.pk) == [(soup.pk, other.pk)]
    assert sorted(count_due.of_products(home.pk, [tent.pk, new.pk])) == sorted(
        [(tent.pk, shelf.pk), (tent.pk, other.pk), (new.pk, home.pk)]
    )
    (blank,), _taken = stocktaking.start(home.pk, None)
    assert blank.lines.count() == 0
    (sheet,), _taken = stocktaking.start(home.pk, lambda: count_due.in_place(home.pk, other.pk))
    sheets, taken = stocktaking.start(home.pk, lambda: count_due.of_products(home.pk, [tent.pk]))
    assert taken == {(tent.pk, other.pk): sheet.number}
    assert [line.location for line in sheets[0].lines.all()] == [shelf]
