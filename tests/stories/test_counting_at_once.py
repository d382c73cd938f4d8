"""Counting, selling and booking at the same instant, in real processes: each difference is booked once and is a true one."""

from contextlib import suppress
from functools import partial

import pytest

from backoffice import count_scans, journey, proof, stocktaking
from inventory import count_due, ledger
from inventory.counting import Figure
from inventory.models import CountLine, CountPlan, CountSheet, Movement, StockLevel
from tests import making, processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _sheet(*skus: str) -> CountSheet:
    home = ledger.default_location().pk
    ids = [making.make_product(sku, 50).pk for sku in skus]
    return stocktaking.start(home, lambda: count_due.of_products(home, ids))[0][0]


def _submitted(sheet_id: int) -> str:
    try:
        return str(stocktaking.submit(sheet_id))
    except ValueError as error:
        return str(error)


def _entered(sheet_id: int, line_id: int, units: int) -> str:
    try:
        stocktaking.enter(sheet_id, [Figure(line_id, units)])
    except ValueError as error:
        return str(error)
    return "entered"


def test_two_who_book_at_the_same_instant_book_once() -> None:
    making.make_merchant()
    sheet = _sheet("TENT", "ROPE")
    for line in sheet.lines.all():
        stocktaking.enter(sheet.pk, [Figure(line.pk, 48)])

    said = processes.together(*[partial(_submitted, sheet.pk)] * 4)

    assert said == ["booked"] * 4
    assert sorted(Movement.objects.filter(reason="count").values_list("quantity", flat=True)) == [-2, -2]
    assert proof.prove().faults == []


def test_a_figure_is_entered_before_the_booking_or_not_at_all() -> None:
    making.make_merchant()
    sheet = _sheet("TENT", "ROPE")
    tent, rope = sheet.lines.order_by("product__sku").reverse()
    stocktaking.enter(sheet.pk, [Figure(tent.pk, 49)])

    processes.together(
        partial(_entered, sheet.pk, rope.pk, 40),
        partial(_submitted, sheet.pk),
        partial(_entered, sheet.pk, tent.pk, 45),
        partial(_submitted, sheet.pk),
    )

    sheet.refresh_from_db()
    stocktaking.submit(sheet.pk)
    for line in CountLine.objects.select_related("movement"):
        assert (line.difference or 0) == (line.movement.quantity if line.movement else 0)
    assert proof.prove().faults == []


def test_sales_and_counting_at_the_same_instant_make_no_false_difference() -> None:
    """Whoever counts walks past the shelf while four others pack and ship from it."""
    making.make_merchant()
    sheet = _sheet("TENT")
    line = sheet.lines.get()
    orders = [making.make_order([("TENT", 2, "100.00")]).pk for _each in range(12)]

    def sells(mine: list[int]) -> None:
        for pk in mine:
            journey.ship([parcel.pk for parcel in journey.pack([pk])])

    def counts() -> None:
        for _time in range(6):
            # What lies on the shelf in this moment, as somebody sees it who stands before it.
            before = CountLine.objects.get(pk=line.pk).expected
            stocktaking.enter(sheet.pk, [Figure(line.pk, 1_000)])
            seen = CountLine.objects.get(pk=line.pk).expected
            assert before is None or seen <= before
            stocktaking.enter(sheet.pk, [Figure(line.pk, seen)])

    processes.together(*[partial(sells, mine) for mine in processes.shares(orders, 3)], counts)

    left = StockLevel.objects.get().on_hand
    stocktaking.enter(sheet.pk, [Figure(line.pk, left)])
    stocktaking.submit(sheet.pk)
    assert left == 50 - 24
    assert not Movement.objects.filter(reason="count").exists()
    assert proof.prove().faults == []


def test_the_same_goods_come_on_one_sheet_only_whoever_puts_them_there() -> None:
    making.make_merchant()
    home = ledger.default_location()
    making.make_product("TENT", 5)
    plans = [CountPlan.objects.create(name=name, warehouse=home) for name in ("One", "Two")]
    blank = stocktaking.start(home.pk, None)[0][0]

    def scans() -> None:
        with suppress(ValueError):
            count_scans.scan(blank.pk, code="TENT", add=1)

    processes.together(*[partial(stocktaking.make_sheets, plan) for plan in plans], scans)

    assert CountLine.objects.count() == 1
    assert proof.prove().faults == []


def test_two_who_scan_the_same_goods_add_up() -> None:
    making.make_merchant()
    sheet = _sheet("TENT")

    def scans() -> None:
        for _time in range(10):
            count_scans.scan(sheet.pk, code="TENT", add=1)

    processes.together(scans, scans)

    assert sheet.lines.get().counted == 20
