"""Products and counts as tables: what goes out comes back as it was, what is wrong is named, good rows go on."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from stdnum import ean

from backoffice import goods
from backoffice.exchange.files import CsvFormat, TableFile, XlsxFormat
from inventory.models import Lot, LotLevel, Movement, Product, StockLevel
from inventory.resources import ProductResource, StockCountResource
from orders.models import Order
from tests.making import make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db
FORMATS = [CsvFormat, XlsxFormat]


def exported(resource: Any, kind: Any) -> bytes:
    rows = resource.get_queryset()
    return bytes(kind().write(resource.headers(rows), resource.rows(rows)).read())


def imported(resource: Any, body: bytes | str, **options: Any) -> Any:
    return resource.import_data(TableFile(body.encode() if isinstance(body, str) else body), **options)


def facts() -> list[dict[str, Any]]:
    return list(Product.objects.order_by("sku").values("sku", "name", "barcode", "price", "weight_grams", "variation"))


@pytest.mark.parametrize("kind", FORMATS)
def test_what_goes_out_comes_back_unchanged(kind: Any) -> None:
    make_product("0017", name="Kessel, groß", barcode="4006381333931", price=Decimal("90.750"))
    make_product("90.750", name='=HYPERLINK("http://x")', barcode="0012345678905", price=Decimal("0.0015"))
    make_product("-3", name="'=already quoted", variation="+1-800", weight_grams=0)
    make_product("1e5", name="@SUM(A1)\nsecond line", variation="-draft")
    make_product("00", name="''-x", variation="2026-11-22")
    before = facts()

    body = exported(ProductResource(), kind)
    unchanged = imported(ProductResource(), body)
    assert (unchanged.totals["skip"], unchanged.changing, unchanged.wrong) == (5, 0, 0)

    Product.objects.all().delete()
    made = imported(ProductResource(), body)
    assert (made.totals["new"], made.wrong, made.base_errors) == (5, 0, [])
    assert facts() == before


def test_no_exported_cell_is_run_by_a_spreadsheet() -> None:
    make_product("A", name="=1+1")
    make_product("B", name="+cmd|' /C calc'!A0")
    make_product("C", name="-5")
    text = exported(ProductResource(), CsvFormat).decode("utf-8-sig")

    assert "'=1+1" in text
    assert "'+cmd" in text
    assert ",-5," in text


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_with_a_byte_order_mark_reads_like_one_without(mark: str) -> None:
    result = imported(ProductResource(), f"{mark}SKU;Name;Barcode\n0017;Kettle;4006381333931\n")

    assert result.totals["new"] == 1
    product = Product.objects.get()
    assert (product.sku, product.barcode) == ("0017", "4006381333931")


def test_columns_that_are_left_out_stay_as_they_are() -> None:
    make_product("A", name="Kettle", price=Decimal("5"), stocked=False)
    imported(ProductResource(), "sku,price,stocked\nA,7.5,\n")

    product = Product.objects.get()
    assert (product.name, product.price, product.stocked) == ("Kettle", Decimal("7.5"), False)


def test_the_preview_writes_nothing_and_shows_each_change_and_each_error() -> None:
    make_product("A", name="Kettle", price=Decimal("5"))
    make_product("B", name="Pot")
    body = "sku,name,price,stocked\nA,Kettle,6,yes\nB,Pot,,yes\nC,New one,1,oui\nD,,1,yes\nE,x,cheap,perhaps\nA,again,1,yes\n"
    preview = imported(ProductResource(), body, dry_run=True)

    assert not Product.objects.filter(sku="C").exists()
    assert dict(preview.totals) | {"delete": 0} == {
        "new": 1, "update": 1, "skip": 1, "invalid": 3, "error": 0, "delete": 0,
    }  # fmt: skip
    assert "5.00 → 6.00" in preview.rows[0].diff
    wrong = {row.number: row.error_dict for row in preview.invalid_rows}
    assert set(wrong) == {5, 6, 7}
    assert "name" in wrong[5]
    assert wrong[6]["price"] == ["“cheap” is not a figure."]
    assert wrong[6]["stocked"] == ["“perhaps” is neither yes nor no."]
    assert "Row 2" in wrong[7]["__all__"][0]


def test_good_rows_go_on_without_the_wrong_ones() -> None:
    result = imported(ProductResource(), "sku,name\nA,Kettle\nB,\nC,Pot\n")

    assert (result.totals["new"], result.wrong) == (2, 1)
    assert list(Product.objects.values_list("sku", flat=True)) == ["A", "C"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("name\nKettle\n", "no column sku"),
        ("sku,prise\nA,1\n", "prise is not known here"),
        ("sku,name,Name\nA,1,2\n", "stands there twice"),
    ],
)
def test_a_file_of_something_else_is_refused_in_a_sentence(body: str, words: str) -> None:
    result = imported(ProductResource(), body)

    assert words in str(result.base_errors[0].error)
    assert not Product.objects.exists()


def test_who_may_not_see_amounts_neither_gets_nor_sets_them() -> None:
    make_product("A", 1, price=Decimal("5"))
    blind = ProductResource(may=lambda permission: False)

    header = exported(blind, CsvFormat).decode("utf-8-sig").splitlines()[0]
    assert "price" not in header
    assert "average_cost" not in header
    refused = imported(ProductResource(may=lambda permission: False), "sku,price\nA,1\n")
    assert "price is not known here" in str(refused.base_errors[0].error)


def test_orders_that_waited_for_a_product_go_on_when_it_is_imported() -> None:
    make_merchant()
    order = make_order([("0017", 1, "10.00")])
    assert order.state == "held"
    imported(ProductResource(), "sku,name\n0017,Kettle\n")

    assert Order.objects.get().state == "backorder"


def test_many_rows_are_written_in_sets() -> None:
    codes = [f"{n:012}{ean.calc_check_digit(f'{n:012}')}" for n in range(10_000)]
    body = "sku,name,barcode\n" + "".join(f"S{n:05},Product {n},{codes[n]}\n" for n in range(10_000))
    with CaptureQueriesContext(database) as made:
        assert imported(ProductResource(), body).totals["new"] == 10_000
    with CaptureQueriesContext(database) as again:
        assert imported(ProductResource(), body).totals["skip"] == 10_000

    assert len(made) < 140
    assert len(again) < 40


def test_stocked_is_not_switched_by_a_file_either_while_there_is_stock() -> None:
    make_merchant()
    make_product("A", 5)
    make_product("B")
    result = imported(ProductResource(), "sku,stocked\nA,no\nB,no\n")

    assert [(row.number, set(row.error_dict)) for row in result.invalid_rows] == [(2, {"stocked"})]
    assert "Correct the stock to zero first" in result.invalid_rows[0].error_dict["stocked"][0]
    assert dict(Product.objects.values_list("sku", "stocked")) == {"A": True, "B": False}


def test_what_is_not_taken_over_and_what_is_not_clear_is_said_beside_the_change() -> None:
    make_product("A", 1, "12.50", barcode="0012345678905")
    body = "sku,name,average_cost,is_kit,barcode\nA,Product A,22.5,no,0012345678905\n"
    body += "B,Bell,0,,012345678905\nC,Pot,1,yes,4006381333931\nD,Pan,,,4006381333931\n"
    resource = ProductResource()
    result = imported(resource, body)

    said = dict(result.remarks)
    assert (result.totals["skip"], result.totals["new"]) == (1, 3)
    assert "22.5 is not taken over, it stays 12.50" in said[2]
    assert "is also that of A." in said[3]
    assert "1 is not taken over, it stays 0.00" in said[4]
    assert "is_kit" in said[4]
    assert "is also that of C." in said[5]
    assert not dict(imported(resource, "sku,barcode\nB,012345678905\n").remarks)
    assert not dict(imported(resource, "sku,average_cost\nA,12.5000\n").remarks)


def test_a_sku_of_what_nobody_sees_is_not_imported() -> None:
    result = imported(ProductResource(), "sku,name\nA\x07B,Bell\nC,Pot\n")

    assert "characters that cannot be seen" in result.invalid_rows[0].error_dict["sku"][0]
    assert list(Product.objects.values_list("sku", flat=True)) == ["C"]


# --- counting ------------------------------------------------------------------------------------------------------------
def test_a_count_becomes_movements_once() -> None:
    make_merchant()
    make_product("A", 10, "4.00")
    make_product("B", 5)
    make_product("C", 3)
    body = "sku,counted\nA,7\nB,5\nC,\n"
    result = imported(StockCountResource(key="sheet-1"), body)
    imported(StockCountResource(key="sheet-1"), "sku,counted\nA,1\n")

    assert (result.totals["update"], result.totals["skip"]) == (1, 2)
    movement = Movement.objects.get(reason="count")
    assert (movement.product.sku, movement.quantity, movement.unit_cost) == ("A", -3, Decimal("4"))
    assert StockLevel.objects.get(product__sku="A").on_hand == 7


def test_the_preview_of_a_count_shows_each_difference_with_its_value() -> None:
    make_merchant()
    make_product("A", 10, "4.00")
    preview = imported(
        StockCountResource(), "sku,location,counted\nA,MAIN,7\nA,NOWHERE,1\nX,,1\nA,,many\n", dry_run=True
    )

    assert dict(zip(preview.diff_headers, preview.rows[0].diff, strict=True)) | {"name": "", "bin": ""} == {
        "sku": "A", "name": "", "location": "MAIN", "bin": "", "lot": "", "on_hand": "10", "packed": "0",
        "counted": "10 → 7", "counted_at": "no moment: the stock of now", "difference": "-3", "value": "-12.00",
    }  # fmt: skip
    assert [set(row.error_dict) for row in preview.invalid_rows] == [{"location"}, {"sku"}, {"counted"}]
    assert not Movement.objects.filter(reason="count").exists()


def test_counting_less_than_is_promised_takes_promises_back() -> None:
    make_merchant()
    make_product("TENT", 2)
    order = make_order([("TENT", 2, "100.00")])
    imported(StockCountResource(key="k"), "sku,counted\nTENT,1\n")

    line = order.lines.get()
    assert (line.allocated, line.backordered) == (1, 1)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_count_sheet_that_nobody_filled_in_changes_nothing(kind: Any) -> None:
    make_merchant()
    make_product("0017", 4)
    body = exported(StockCountResource(), kind)
    result = imported(StockCountResource(key="k"), body)

    assert (result.changing, result.wrong, result.base_errors) == (0, 0, [])


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_followed_is_counted_in_a_file_lot_by_lot(kind: Any) -> None:
    make_merchant()
    milk = make_product("0017", tracking="lot", cost="2.00")
    for code, units in {"0017": 4, "L-2": 6}.items():
        lot = Lot.objects.create(product=milk, code=code)
        goods.receive([goods.Goods(milk.pk, units, Decimal(2), lot_id=lot.pk)], key=code)
    sheet = exported(StockCountResource(), kind)
    assert imported(StockCountResource(key="k"), sheet).changing == 0

    assert [row[4:6] for row in StockCountResource().rows(StockLevel.objects.all())] == [["0017", "4"], ["L-2", "6"]]

    body = "sku,lot,counted\n0017,0017,3\n0017,L-2,7\n"
    done = imported(StockCountResource(key="k"), body)
    now = "no moment: the stock of now"
    assert [row.diff[5:] for row in done.rows] == [
        ["4", "0", "4 → 3", now, "-1", "-2.00"], ["6", "0", "6 → 7", now, "+1", "2.00"],
    ]  # fmt: skip
    imported(StockCountResource(key="k"), body)
    assert dict(LotLevel.objects.values_list("lot__code", "units")) == {"0017": 3, "L-2": 7}
    assert StockLevel.objects.get().on_hand == 10


def test_a_lot_in_a_count_is_one_of_the_product_and_a_serial_number_one_unit() -> None:
    make_merchant()
    make_product("TENT", 1)
    Lot.objects.create(product=make_product("SAW", tracking="serial"), code="S1")
    made = imported(StockCountResource(key="k"), "sku,lot,counted\nSAW,S1,2\nSAW,S9,1\nSAW,,1\nTENT,S1,1\nTENT,,\n")

    assert [next(iter(row.error_dict.values()))[0] for row in made.invalid_rows] == [
        "S1 is the serial number of one unit: say 0 or 1.",
        "SAW has no lot “S9”. Write it as it stands in the list of lots, or receive it.",
        "SAW is followed by lot or serial number: name it in the column lot, or count it on a count sheet, lot by lot.",
        "TENT is not followed by lot or serial number: leave the lot out.",
    ]
