"""Sales go on while people count (rule: S8): what was found is booked, what was sold meanwhile is no difference."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting.models import EntryLine
from backoffice import goods, journey, moving, stocktaking
from backoffice.stocktaking import State
from inventory import count_due, ledger
from inventory.counting import Figure
from inventory.models import CountLine, CountSheet, Location, Movement, Product, StockLevel
from orders.models import OrderLine
from tests.making import make_merchant, make_order, make_product
from tests.staff import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def merchant() -> None:
    make_merchant()


def sheet_of(*skus: str, **fields: Any) -> CountSheet:
    home = ledger.default_location().pk
    products = list(Product.objects.filter(sku__in=skus).values_list("pk", flat=True))
    sheets, _taken = stocktaking.start(home, lambda: count_due.of_products(home, products), **fields)
    return sheets[0]


def count(sheet: CountSheet, sku: str, units: int | None, *, by: Any = None, add: bool = False) -> CountLine:
    line = sheet.lines.get(product__sku=sku)
    stocktaking.enter(sheet.pk, [Figure(line.pk, units, add)], by=by)
    line.refresh_from_db()
    return line


def on_hand(sku: str) -> int:
    return StockLevel.objects.get(product__sku=sku).on_hand


def booked() -> list[tuple[str, int]]:
    found = Movement.objects.filter(reason=Movement.Reason.COUNT).order_by("id")
    return list(found.values_list("product__sku", "quantity"))


def test_what_is_sold_between_counting_and_booking_is_no_difference() -> None:
    make_product("TENT", 10)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 10)
    order = make_order([("TENT", 2, "100.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])

    assert stocktaking.submit(sheet.pk) == State.BOOKED
    assert booked() == []
    assert on_hand("TENT") == 8


def test_a_true_difference_is_booked_as_it_was_found_whatever_was_sold_since() -> None:
    make_product("TENT", 10)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 9)
    order = make_order([("TENT", 2, "100.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    stocktaking.submit(sheet.pk)

    line = sheet.lines.get()
    assert booked() == [("TENT", -1)]
    assert on_hand("TENT") == 7
    assert line.movement == Movement.objects.get(reason="count")
    assert line.movement.note == f"Counted on sheet {sheet.number}"


def test_what_lies_in_a_packed_parcel_has_left_the_shelf() -> None:
    make_product("TENT", 10)
    order = make_order([("TENT", 3, "100.00")])
    parcels = journey.pack([order.pk])
    sheet = sheet_of("TENT")

    line = count(sheet, "TENT", 7)
    assert (line.expected, line.difference) == (7, 0)

    journey.ship([parcel.pk for parcel in parcels])
    stocktaking.submit(sheet.pk)
    assert booked() == []
    assert on_hand("TENT") == 7


def test_what_is_packed_after_it_was_counted_changes_nothing() -> None:
    make_product("TENT", 10)
    order = make_order([("TENT", 3, "100.00")])
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 10)
    journey.pack([order.pk])
    stocktaking.submit(sheet.pk)

    assert booked() == []


def test_found_goods_go_to_who_waits_and_the_books_know() -> None:
    make_product("TENT", 1, "40.00")
    make_order([("TENT", 2, "100.00")])
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 2)
    stocktaking.submit(sheet.pk)

    assert OrderLine.objects.get().allocated == 2
    entry = EntryLine.objects.filter(entry__key__startswith=f"movement:count:sheet-{sheet.pk}:")
    assert sorted(entry.values_list("amount", flat=True)) == [Decimal("-40.000"), Decimal("40.000")]


def test_lost_goods_take_the_promise_back_from_who_came_last() -> None:
    make_product("TENT", 4)
    first, last = make_order([("TENT", 2, "100.00")]), make_order([("TENT", 2, "100.00")])
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 3)
    stocktaking.submit(sheet.pk)

    assert [order.lines.get().allocated for order in (first, last)] == [2, 1]
    assert last.timeline.filter(what="unreserved").exists()


def test_zero_is_a_figure_and_empty_is_not_counted() -> None:
    make_product("TENT", 4)
    make_product("ROPE", 4)
    sheet = sheet_of("TENT", "ROPE")
    count(sheet, "TENT", 0)
    stocktaking.submit(sheet.pk)

    assert booked() == [("TENT", -4)]
    assert on_hand("ROPE") == 4
    assert sheet.lines.get(product__sku="ROPE").counted is None


def test_a_sheet_on_which_nothing_was_counted_is_not_submitted() -> None:
    make_product("TENT", 4)
    sheet = sheet_of("TENT")

    with pytest.raises(ValueError, match="Nothing is counted yet"):
        stocktaking.submit(sheet.pk)


def test_a_recount_replaces_and_scans_add_up_and_a_figure_can_be_taken_back() -> None:
    make_product("TENT", 4)
    sheet = sheet_of("TENT")

    assert count(sheet, "TENT", 9).difference == 5
    assert count(sheet, "TENT", 3).difference == -1
    assert count(sheet, "TENT", 1, add=True).counted == 4
    assert count(sheet, "TENT", None).counted is None
    assert count(sheet, "TENT", 1, add=True).counted == 1


def test_booked_twice_is_booked_once() -> None:
    make_product("TENT", 4)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 3)

    assert [stocktaking.submit(sheet.pk) for _time in range(3)] == [State.BOOKED] * 3
    assert booked() == [("TENT", -1)]
    with pytest.raises(ValueError, match="is booked"):
        count(sheet, "TENT", 2)
    with pytest.raises(ValueError, match="counted again on a new sheet"):
        stocktaking.cancel(sheet.pk)


def _over_the_limit(by: User) -> CountSheet:
    make_merchant(count_approval_limit=Decimal("100.00"))
    make_product("TENT", 20, "60.00")
    make_product("ROPE", 20, "1.00")
    sheet = sheet_of("TENT", "ROPE")
    count(sheet, "TENT", 18, by=by)
    count(sheet, "ROPE", 20, by=by)
    assert stocktaking.submit(sheet.pk, by=by) == State.REVIEW
    return sheet


def test_above_the_limit_another_person_approves() -> None:
    counter, boss = make_person("warehouse"), make_person("manager")
    sheet = _over_the_limit(counter)
    assert booked() == []

    counter.groups.set(boss.groups.all())
    with pytest.raises(ValueError, match="another person must approve"):
        stocktaking.approve(sheet.pk, by=User.objects.get(pk=counter.pk))
    with pytest.raises(ValueError, match="a person who may approve"):
        stocktaking.approve(sheet.pk, by=make_person("clerk"))
    assert stocktaking.approve(sheet.pk, by=boss) == State.BOOKED
    assert stocktaking.approve(sheet.pk, by=boss) == State.BOOKED

    sheet.refresh_from_db()
    assert booked() == [("TENT", -2)]
    assert (sheet.submitted_by, sheet.booked_by) == (counter, boss)


def test_surplus_does_not_hide_what_is_missing() -> None:
    make_merchant(count_approval_limit=Decimal("100.00"))
    make_product("TENT", 20, "60.00")
    make_product("STOVE", 20, "60.00")
    sheet = sheet_of("TENT", "STOVE")
    count(sheet, "TENT", 19)
    count(sheet, "STOVE", 21)

    assert stocktaking.submit(sheet.pk, by=make_person("warehouse")) == State.REVIEW


def test_a_recount_can_be_asked_for_before_approval() -> None:
    counter = make_person("warehouse")
    sheet = _over_the_limit(counter)

    assert stocktaking.ask_again(sheet.pk) == 1
    sheet.refresh_from_db()
    assert sheet.state == State.OPEN
    assert list(sheet.lines.order_by("product__sku").values_list("counted", flat=True)) == [20, None]
    count(sheet, "TENT", 20, by=counter)
    assert stocktaking.submit(sheet.pk, by=counter) == State.BOOKED
    assert booked() == []
    with pytest.raises(ValueError, match="Make a new sheet"):
        stocktaking.ask_again(sheet.pk)


def test_a_cancelled_sheet_books_nothing_and_sets_its_goods_free() -> None:
    make_product("TENT", 4)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 3)
    with pytest.raises(ValueError, match=f"on sheet {sheet.number}"):
        sheet_of("TENT")
    stocktaking.cancel(sheet.pk)

    assert stocktaking.submit(sheet.pk) == State.CANCELLED
    assert sheet_of("TENT").number != sheet.number
    assert booked() == []


def test_what_was_counted_elsewhere_since_is_not_booked_again() -> None:
    product = make_product("TENT", 10)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 8)
    goods.book_found({1: goods.Goods(product.pk, -2)}, key="other", note="From elsewhere")

    with pytest.raises(ValueError, match=r"TENT \(Main warehouse\): it was counted, corrected or moved elsewhere"):
        stocktaking.submit(sheet.pk)
    count(sheet, "TENT", 8)
    stocktaking.submit(sheet.pk)
    assert on_hand("TENT") == 8


def test_what_was_corrected_or_moved_since_it_was_counted_is_not_booked_a_second_time() -> None:
    product, home = make_product("TENT", 10), ledger.default_location()
    bin_a = Location.objects.create(code="A", name="Shelf A", kind="bin", warehouse=home)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 8)
    goods.adjust([goods.Goods(product.pk, -2)], key="lost", note="Two are missing")
    with pytest.raises(ValueError, match="corrected or moved elsewhere"):
        stocktaking.submit(sheet.pk)

    count(sheet, "TENT", 10)
    moving.move([moving.Moving(product.pk, 8, home.pk, bin_a.pk)], key="m")
    with pytest.raises(ValueError, match="corrected or moved elsewhere"):
        stocktaking.submit(sheet.pk)

    count(sheet, "TENT", 0)
    assert stocktaking.submit(sheet.pk) == State.BOOKED
    assert booked() == []


def test_more_cannot_be_missing_than_the_ledger_still_has() -> None:
    product = make_product("TENT", 10)
    sheet = sheet_of("TENT")
    count(sheet, "TENT", 2)
    goods.adjust([goods.Goods(product.pk, -5)], key="flood", note="Flood")

    with pytest.raises(ValueError, match="Count it again"):
        stocktaking.submit(sheet.pk)
    assert on_hand("TENT") == 5


def test_the_reason_of_a_line_stands_at_its_movement() -> None:
    make_product("TENT", 4)
    sheet = sheet_of("TENT")
    line = count(sheet, "TENT", 3)
    stocktaking.explain(sheet.pk, {line.pk: "One was torn"})
    stocktaking.submit(sheet.pk)

    assert Movement.objects.get(reason="count").note == "One was torn"


def _statements(do: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        do()
    return len(seen)


def test_a_thousand_lines_are_entered_and_booked_in_as_many_statements_as_twenty() -> None:
    home = Location.objects.get_or_create(code="MAIN", defaults={"name": "Main warehouse"})[0]
    needed = []
    for size in (5, 20, 1000):  # the first learns accounts and types
        products = Product.objects.bulk_create(Product(sku=f"P{size}-{n:04d}", name="Product") for n in range(size))
        ids = [product.pk for product in products]
        goods.receive([goods.Goods(pk, 5, Decimal("2.00")) for pk in ids], key=f"first-{size}")
        sheets, _taken = stocktaking.start(
            home.pk, lambda ids=ids: count_due.of_products(home.pk, ids), lines_a_sheet=size
        )
        (sheet,) = sheets
        figures = [Figure(pk, 4) for pk in sheet.lines.values_list("pk", flat=True)]
        needed.append(
            (
                _statements(lambda s=sheet, f=figures: stocktaking.enter(s.pk, f)),
                _statements(lambda s=sheet: stocktaking.submit(s.pk)),
            )
        )
        assert sheet.lines.filter(movement__quantity=-1).count() == size

    assert needed[1] == needed[2]
    assert needed[2][0] <= 12
    assert needed[2][1] <= 55
