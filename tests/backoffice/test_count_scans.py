"""Counting with a scanner: place, product, units; what is not on the sheet is put on it, a lost answer adds nothing twice."""

import pytest

from backoffice import count_scans, journey, stocktaking
from backoffice.count_scans import Wanted, scan
from inventory import ledger
from inventory.models import CountLine, CountSheet, Location, SellingUnit
from tests.making import make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet() -> CountSheet:
    make_merchant()
    return stocktaking.start(ledger.default_location().pk, None)[0][0]


@pytest.fixture
def shelf() -> Location:
    return Location.objects.create(code="A-01", name="Shelf one", kind="bin", warehouse=ledger.default_location())


def test_what_is_scanned_is_added_to_a_blank_sheet(sheet: CountSheet, shelf: Location) -> None:
    make_product("TENT", 3, barcode="0628915123457")

    found = scan(sheet.pk, place="a-01", code="628915123457", units=4)

    line = CountLine.objects.get()
    assert (line.location, line.counted, line.expected) == (shelf, 4, 0)
    assert (found.counted, found.said) == (4, "4 × TENT")
    assert "expected" not in found.to_json()


def test_scans_add_up_and_the_box_of_twelve_adds_twelve(sheet: CountSheet) -> None:
    product = make_product("EGG", 30)
    SellingUnit.objects.create(product=product, name="dozen", quantity=12, sku="EGG-12")

    assert [scan(sheet.pk, code=code, add=1).counted for code in ("EGG", "EGG-12", "egg")] == [1, 13, 14]


def test_a_scan_sent_again_after_a_lost_answer_is_not_added_again(sheet: CountSheet) -> None:
    make_product("TENT", 3)

    said = [scan(sheet.pk, code="TENT", add=1, once=word).counted for word in ("a", "a", "b", "a", "b")]
    assert said == [1, 1, 2, 2, 2]
    CountLine.objects.update(counted=None)
    assert [scan(sheet.pk, code="TENT", add=1, once=word).counted for word in ("b", "c")] == [None, 1]


def test_goods_that_go_while_they_are_scanned_one_by_one_are_counted_again(sheet: CountSheet) -> None:
    make_product("TENT", 3)
    order = make_order([("TENT", 1, "100.00")])
    assert not scan(sheet.pk, code="TENT", add=1).moved
    journey.pack([order.pk])

    found = scan(sheet.pk, code="TENT", add=1)

    assert found.moved
    assert found.said.startswith("Goods of TENT came or went while you scanned them.")


def test_a_code_that_names_a_place_changes_the_place(sheet: CountSheet, shelf: Location) -> None:
    found = scan(sheet.pk, place="MAIN", code="A-01")

    assert found.to_json() | {"said": ""} == {
        "place": "A-01", "place_name": "Shelf one", "sku": "", "name": "", "variation": "", "lot": "", "line": None,
        "counted": None, "said": "", "count_again": False,
    }  # fmt: skip


def test_a_product_is_shown_before_it_is_counted(sheet: CountSheet) -> None:
    product = make_product("TENT", 3)

    found = scan(sheet.pk, code="TENT")

    assert (found.product, found.counted, CountLine.objects.count()) == (product, None, 0)


def test_what_cannot_be_is_refused_in_a_sentence(sheet: CountSheet, shelf: Location) -> None:
    make_product("TENT", 3)
    make_product("SERVICE", stocked=False)
    Location.objects.create(code="W2", name="Second")

    with pytest.raises(Wanted, match="Scan the place first"):
        scan(sheet.pk, code="TENT", units=3)
    with pytest.raises(ValueError, match="“W2” is no place in Main warehouse"):
        scan(sheet.pk, place="W2", code="TENT", units=3)
    with pytest.raises(ValueError, match="“NIX”"):
        scan(sheet.pk, place="A-01", code="NIX", units=3)
    with pytest.raises(ValueError, match="is not stocked"):
        scan(sheet.pk, place="A-01", code="SERVICE", units=3)
    with pytest.raises(ValueError, match="cannot be right"):
        scan(sheet.pk, place="A-01", code="TENT", units=30_000_000)
    assert not CountLine.objects.exists()


def test_it_is_entered_on_the_sheet_that_has_it(sheet: CountSheet) -> None:
    product = make_product("TENT", 3)
    home = ledger.default_location().pk
    other = stocktaking.start(home, lambda: [(product.pk, home)])[0][0]

    with pytest.raises(ValueError, match=f"on sheet {other.number}"):
        scan(sheet.pk, code="TENT", units=3)
    assert scan(other.pk, code="TENT", units=3).counted == 3


def test_no_figures_once_the_sheet_is_closed(sheet: CountSheet) -> None:
    make_product("TENT", 3)
    stocktaking.cancel(sheet.pk)

    with pytest.raises(ValueError, match=f"Sheet {sheet.number} is cancelled"):
        scan(sheet.pk, code="TENT", units=3)
    assert count_scans.places(sheet).count() == 1
