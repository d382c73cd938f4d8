"""What a scanned code means."""

from datetime import date

import pytest

from backoffice.floor import codes
from backoffice.floor.codes import Kind
from inventory import ledger
from inventory.models import CountSheet, Location, Lot, PurchaseOrder, SellingUnit, Supplier, Transfer
from shipping import packing
from tests.bars import GTIN
from tests.making import make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", ["TENT", "tent", GTIN, GTIN[1:], f"0{GTIN}", f" {GTIN}\r\n"])
def test_a_product_by_sku_or_barcode_in_any_spelling(code: str) -> None:
    tent = make_product("TENT", barcode=GTIN)

    found = codes.one(code, Kind.PRODUCT)

    assert (found.product, found.unit, found.units) == (tent, None, 1)


def test_a_box_counts_what_is_in_it() -> None:
    tent = make_product("TENT")
    box = SellingUnit.objects.create(product=tent, name="box", quantity=12, barcode=GTIN)

    found = codes.one(GTIN, Kind.PRODUCT)

    assert (found.product, found.unit, found.units) == (tent, box, 12)


def test_a_label_with_lot_and_expiry_names_the_lot() -> None:
    milk = make_product("MILK", barcode=GTIN, tracking="lot", expires=True)
    lot = Lot.objects.create(product=milk, code="LOT7")

    known = codes.one(f"010{GTIN}1727013110LOT7", Kind.PRODUCT)
    new = codes.one(f"(01)0{GTIN}(10)LOT8", Kind.PRODUCT)

    assert (known.product, known.lot, known.lot_code, known.expires_on) == (milk, lot, "LOT7", date(2027, 1, 31))
    assert (new.product, new.lot, new.lot_code) == (milk, None, "LOT8")


def test_a_serial_number_is_the_lot_of_what_is_followed_by_serial() -> None:
    make_product("PHONE", barcode=GTIN, tracking="serial")

    assert codes.one(f"(01)0{GTIN}(10)BATCH(21)SN-1", Kind.PRODUCT).lot_code == "SN-1"


def test_papers_and_places_by_their_number() -> None:
    home = ledger.default_location()
    bin = Location.objects.create(code="A-01-1", name="A-01-1", kind="bin", warehouse=home)
    west = Location.objects.create(code="WEST", name="West")
    supplier = Supplier.objects.create(code="S", name="Sleeping Bags Ltd")
    purchase = PurchaseOrder.objects.create(number="PO-1001", supplier=supplier, warehouse=home, currency="CAD")
    transfer = Transfer.objects.create(number="TR-1", source=home, destination=west)
    sheet = CountSheet.objects.create(number="CS-1", warehouse=home)

    assert codes.one("a-01-1", *Kind).place == bin
    assert codes.one("PO-1001", *Kind).paper == purchase
    assert codes.one("po-1001", *Kind).paper == purchase
    assert codes.one("TR-1", *Kind).paper == transfer
    assert codes.one("CS-1", *Kind).paper == sheet


def test_an_order_by_its_number_its_parcel_or_its_tracking_number() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 1, "1.00")])
    parcel = packing.pack([order.pk])[0]
    type(parcel).objects.filter(pk=parcel.pk).update(tracking_number="7023210039414604")

    for code in (order.number, f"#{order.external_number}", parcel.number, "7023 2100 3941 4604"):
        assert [one.paper for one in codes.find(code, Kind)] == [order], code


def test_an_archived_place_is_none() -> None:
    Location.objects.create(code="OLD", name="Old", archived_at="2026-01-01T00:00Z")

    with pytest.raises(ValueError, match="“OLD” is no place here"):
        codes.one("OLD", Kind.PLACE)


def test_a_code_may_mean_several_things_and_the_wanted_one_comes_first() -> None:
    tent = make_product("A1")
    place = Location.objects.create(code="A1", name="A1")

    assert [one.kind for one in codes.find("A1", Kind)] == [Kind.PRODUCT, Kind.PLACE]
    assert codes.one("A1", Kind.PLACE, Kind.PRODUCT).place == place
    assert codes.one("A1", Kind.PRODUCT, Kind.PLACE).product == tent


def test_a_barcode_of_two_products_is_said_to_be_so() -> None:
    make_product("ONE", barcode=GTIN)
    make_product("TWO", barcode=GTIN)

    with pytest.raises(ValueError, match="ONE, TWO"):
        codes.one(GTIN, Kind.PRODUCT, Kind.PLACE)


def test_nothing_is_said_to_be_nothing() -> None:
    with pytest.raises(ValueError, match="“NOPE” is no product, lot or place here"):
        codes.one("NOPE", Kind.PRODUCT, Kind.LOT, Kind.PLACE)
    assert codes.find("  \x00 ", Kind) == []
