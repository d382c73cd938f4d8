"""A count by file says what lay on the shelf when it was counted: what was packed or sold since is no difference (rule: S8)."""

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from backoffice import count_figures, goods, journey, stocktaking
from backoffice.exchange.admin import TableExchange
from backoffice.exchange.files import CsvFormat, TableFile
from inventory import ledger
from inventory.models import CountSheet, Location, Movement, StockLevel
from inventory.resources import StockCountResource
from orders.models import Order
from tests.making import make_merchant, make_order, make_product
from tests.staff import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def merchant() -> None:
    make_merchant()


def uploaded(body: str, **options: Any) -> Any:
    return StockCountResource(key=f"k{hash(body)}").import_data(TableFile(body.encode()), **options)


def filled_in(**counted: int) -> str:
    """The export of now with these figures (by SKU) filled in."""
    resource = StockCountResource()
    rows = resource.get_queryset()
    written = CsvFormat().write(resource.headers(rows), resource.rows(rows)).read().decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(written)))
    for row in table:
        row["counted"] = str(counted.get(row["sku"], ""))
    file = io.StringIO()
    writer = csv.DictWriter(file, table[0])
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue()


def packed(units: int) -> Order:
    order = make_order([("TENT", units, "100.00")])
    journey.pack([order.pk])
    return order


def ship(order: Order) -> None:
    journey.ship(list(order.shipments.values_list("pk", flat=True)))


def on_hand() -> int:
    return StockLevel.objects.get(product__sku="TENT").on_hand


def test_what_is_packed_is_not_counted() -> None:
    make_product("TENT", 10)
    order = packed(3)
    assert uploaded("sku,counted\nTENT,7\n").totals["skip"] == 1
    assert uploaded(filled_in(TENT=6)).rows[0].diff[5:10] == ["10", "3", "7 → 6", filled_at(), "-1"]
    ship(order)

    assert on_hand() == 6


def filled_at() -> str:
    return CountSheet.objects.get().lines.get().counted_at.isoformat()


@pytest.mark.parametrize("unpacked", [False, True])
def test_what_was_sold_packed_or_unpacked_between_the_export_and_the_upload_is_no_difference(unpacked: bool) -> None:
    make_product("TENT", 10)
    before = packed(1)
    file = filled_in(TENT=9)
    ship(packed(3))
    packed(2)
    goods.receive([goods.Goods(before.lines.get().product_id, 5)], key="came")
    if unpacked:
        journey.unpack(list(before.shipments.values_list("pk", flat=True)))
    else:
        ship(before)

    assert uploaded(file).totals["skip"] == 1
    assert uploaded(file.replace(",9,", ",8,")).totals["update"] == 1
    assert [(m.quantity, m.note) for m in Movement.objects.filter(reason="count")] == [
        (-1, f"Counted on sheet {CountSheet.objects.get().number}")
    ]
    assert on_hand() == (11 if unpacked else 10)
    assert "counted, corrected or moved since then" in str(
        uploaded(file.replace(",9,", ",7,")).invalid_rows[0].error_dict
    )


def test_the_moment_is_any_that_the_person_writes_and_one_that_cannot_be_is_refused() -> None:
    make_product("TENT", 10)
    goods.receive([goods.Goods(StockLevel.objects.get().product_id, 10)], key="today")
    today = f"{timezone.now():%Y-%m-%d}"
    for moment, words in (
        ("16:30", "is no moment"),
        (today, f"{today} is a day without a time. Write it like"),
        ("2126-01-01 10:00", "still to come"),
        ("2020-01-01 10:00", "days ago"),
    ):
        wrong = uploaded(f"sku,counted,counted_at\nTENT,1,{moment}\n").invalid_rows[0]
        assert words in wrong.error_dict["counted_at"][0]
    assert uploaded("sku,counted,counted_at\nTENT,,soon\n").totals["skip"] == 1
    assert on_hand() == 20


def test_a_file_does_not_book_what_a_sheet_is_about_to() -> None:
    product, home = make_product("TENT", 10), ledger.default_location().pk
    sheet = stocktaking.start(home, lambda: [(product.pk, home)])[0][0]

    wrong = uploaded("sku,counted\nTENT,7\n").invalid_rows[0]
    assert wrong.error_dict == {
        "counted": [f"It is being counted on sheet {sheet.number}: enter it there, or cancel that sheet."]
    }


def test_a_file_that_is_worth_more_than_the_limit_waits_for_another_person() -> None:
    make_merchant(count_approval_limit=10)
    make_product("TENT", 100, "5.00")
    typist, boss = make_person("warehouse"), make_person("manager")
    make_product("ROPE", 1)
    body = "sku,counted\nTENT,1\nROPE,\n"
    resource = StockCountResource(key="k")
    result = resource.import_data(TableFile(body.encode()), user=typist)
    # Nothing is changed yet, and who was not counted is not said to be right.
    assert (
        TableExchange._words(result) == "Imported: 1 differ, 1 not counted or as they should be, 0 wrong and left out."
    )
    assert (result.unchanged, result.stay) == (1, "are not counted or are as they should be")

    sheet = CountSheet.objects.get()
    assert (on_hand(), sheet.state, sheet.submitted_by) == (100, "review", typist)
    assert resource.said == [
        f"It is worth more than the limit: sheet {sheet.number} waits for another person, who books it."
    ]
    found = [count_figures.Found(sheet.lines.get().product_id, ledger.default_location().pk, 1)]
    assert count_figures.book(found, key="k", note="Again", by=typist) == [sheet]
    stocktaking.approve(sheet.pk, by=boss)
    assert on_hand() == 1


def test_two_warehouses_above_the_limit_only_together_both_wait_for_another_person() -> None:
    make_merchant(count_approval_limit=15)
    make_product("TENT", 100, "5.00")
    Location.objects.create(code="EAST", name="East", kind="warehouse", pick_order=300)
    typist = make_person("manager")
    body = "sku,location,counted\nTENT,MAIN,98\nTENT,EAST,2\n"
    StockCountResource(key="k").import_data(TableFile(body.encode()), user=typist)

    for sheet in CountSheet.objects.all():
        with pytest.raises(ValueError, match="another person must approve"):
            stocktaking.approve(sheet.pk, by=typist)
    assert CountSheet.objects.filter(state="review").count() == 2
