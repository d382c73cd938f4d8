"""Counting what is followed by lot or serial number: each lot is a line, one that nobody knew is added."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from backoffice import goods, journey, proof, stocktaking
from backoffice.count_scans import Wanted, scan
from backoffice.exchange.files import TableFile
from inventory import ledger
from inventory.models import CountSheet, Location, Lot, LotLevel, Movement, Product
from inventory.resources import ProductResource
from tests.floor import Screen
from tests.making import make_merchant, make_order, make_product
from tests.staff import filled, logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet() -> CountSheet:
    make_merchant()
    return stocktaking.start(ledger.default_location().pk, None)[0][0]


def _with_lots(tracking: str = "lot") -> tuple[Product, Lot, Lot]:
    product = make_product("SOUP", tracking=tracking)
    first, second = (Lot.objects.create(product=product, code=code) for code in ("L1", "L2"))
    units = 5 if tracking == "lot" else 1
    goods.receive(
        [goods.Goods(product.pk, units, Decimal("2.00"), lot_id=lot.pk) for lot in (first, second)], key="lots"
    )
    return product, first, second


def test_lots_are_counted_one_by_one_and_an_unknown_one_is_added(sheet: CountSheet) -> None:
    product, first, second = _with_lots()
    home = ledger.default_location().pk
    stocktaking.cancel(sheet.pk)
    sheet = stocktaking.start(home, lambda: [(product.pk, home)])[0][0]
    assert [line.lot for line in sheet.lines.select_related("lot")] == [first, second]

    with pytest.raises(Wanted, match="Scan or type the lot of SOUP") as wanted:
        scan(sheet.pk, code="SOUP", units=5)
    assert wanted.value.what == "lot"
    scan(sheet.pk, code="SOUP", lot="L1", units=5)
    scan(sheet.pk, code="SOUP", lot="L2", units=3)
    scan(sheet.pk, code="SOUP", lot="L3", units=2)
    stocktaking.submit(sheet.pk)

    units = {lot.code: sum(lot.levels.values_list("units", flat=True)) for lot in Lot.objects.all()}
    assert units == {"L1": 5, "L2": 3, "L3": 2}


def test_a_new_lot_of_goods_that_expire_is_counted_with_its_day_only(sheet: CountSheet) -> None:
    product = make_product("MILK", tracking="lot", expires=True)
    Lot.objects.create(product=product, code="OLD")

    with pytest.raises(ValueError, match=r"Lot TYPO of MILK is not known here: .* TYPO, 2027-03-01\."):
        scan(sheet.pk, code="MILK", lot="TYPO", units=3)
    with pytest.raises(ValueError, match="OLD of MILK has no day"):
        scan(sheet.pk, code="MILK", lot="old", units=3)
    assert Lot.objects.count() == 1
    scan(sheet.pk, code="MILK", lot="New-1, 2027-03-01", units=3)
    assert scan(sheet.pk, code="MILK", lot="new-1", add=1).counted == 4

    assert Lot.objects.get(code="New-1").expires_on == date(2027, 3, 1)


def test_a_gs1_label_says_the_product_its_lot_and_the_day(sheet: CountSheet) -> None:
    make_product("MILK", tracking="lot", expires=True, barcode="4006381333931")
    make_product("PHONE", tracking="serial", barcode="9780306406157")
    floor = Screen("count")
    floor.scan(sheet.number)
    assert "1 × MILK · LOT6" in floor.scan("(01)04006381333931(17)270201(10)LOT6").sentence
    assert Lot.objects.get().expires_on == date(2027, 2, 1)
    label = "]C101040063813339311727030110LOT7"

    assert scan(sheet.pk, code=label).lot == "LOT7"
    assert [scan(sheet.pk, code=label, add=1).counted for _ in range(2)] == [1, 2]
    assert Lot.objects.get(code="LOT7").expires_on == date(2027, 3, 1)
    with pytest.raises(ValueError, match=r"expires on 2027-03-01, not on 2028-03-01"):
        scan(sheet.pk, code=label.replace("270301", "280301"), add=1)
    assert scan(sheet.pk, code="(01)09780306406157(21)SN-1", add=1).lot == "SN-1"


def test_goods_that_lie_here_without_a_day_do_not_begin_to_expire() -> None:
    make_merchant()
    product, *_lots = _with_lots()
    words = "Say first on which day these lots expire, on their pages or by the file of lots: L1, L2."

    page = reverse("admin:inventory_product_change", args=[product.pk])
    client = logged_in("manager")
    answer: Any = client.post(page, filled(client, page, expires="on"))
    assert answer.context["adminform"].form.errors["expires"] == [words]
    result = ProductResource().import_data(TableFile(b"sku,expires\nSOUP,yes\n"))
    assert result.invalid_rows[0].error_dict == {"expires": [words]}

    Lot.objects.update(expires_on=date(2027, 3, 1))
    assert ProductResource().import_data(TableFile(b"sku,expires\nSOUP,yes\n")).totals["update"] == 1


def test_a_serial_number_that_is_found_in_another_bin_leaves_the_one_where_it_was_thought_to_lie(
    sheet: CountSheet,
) -> None:
    product, first, _second = _with_lots("serial")
    home = ledger.default_location()
    shelf = Location.objects.create(code="A-01", name="Shelf one", kind="bin", warehouse=home)
    journey.pack([make_order([("SOUP", 1, "10.00")]).pk])
    scan(sheet.pk, place="A-01", code="SOUP", lot="L1", units=1)

    assert stocktaking.submit(sheet.pk) == "booked"

    assert dict(LotLevel.objects.filter(lot=first).values_list("location__code", "units")) == {"MAIN": 0, "A-01": 1}
    found = Movement.objects.filter(reason="count").order_by("quantity")
    assert list(found.values_list("location", "quantity", "note")) == [
        (home.pk, -1, "Found in Shelf one"), (shelf.pk, 1, f"Counted on sheet {sheet.number}"),
    ]  # fmt: skip
    assert sheet.lines.get().movement.quantity == 1
    assert proof.prove().faults == []

    again = stocktaking.start(home.pk, lambda: [(product.pk, home.pk), (product.pk, shelf.pk)])[0][0]
    scan(again.pk, place="A-01", code="SOUP", lot="L1", units=1)
    scan(again.pk, place="MAIN", code="SOUP", lot="L1", units=1)
    with pytest.raises(ValueError, match="one number is one unit"):
        stocktaking.submit(again.pk)


def test_a_serial_number_is_one_unit(sheet: CountSheet) -> None:
    _with_lots("serial")

    assert scan(sheet.pk, code="SOUP", lot="L1", add=1).counted == 1
    with pytest.raises(ValueError, match="L1 was scanned already"):
        scan(sheet.pk, code="SOUP", lot="L1", add=1)
