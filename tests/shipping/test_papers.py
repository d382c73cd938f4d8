from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from backoffice import goods, journey
from backoffice.journey import Tracking
from inventory import ledger
from inventory.models import Location, Product
from orders.models import Order
from orders.records import LineRecord
from shipping import papers
from shipping.models import Shipment
from tests.making import MONTREAL, make_merchant, make_order, make_product, make_record, receive, take_in
from tests.reading import Read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def pack(order: Order) -> Shipment:
    (shipment,) = journey.pack([order.pk])
    return shipment


def ship(order: Order) -> Shipment:
    shipment = pack(order)
    journey.ship([shipment.pk], tracking={shipment.pk: Tracking("Canada Post", "7023")})
    return shipment


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if name in line)


# --- slips -----------------------------------------------------------------------------------------------------------------
def test_the_slip_of_a_packed_order_says_what_is_in_it() -> None:
    make_product("TENT", 5)
    make_product("LAMP", 0)
    order = make_order(
        [("TENT", 2, "100.00"), ("LAMP", 1, "20.00")], external_id="4711", gift_note="Bonne fête!", customer_note="Ring"
    )
    shipment = pack(order)

    read = Read(papers.slips([order.pk]))

    text = read.text()
    for words in ("Packing slip", order.number, "4711", shipment.number, "Ann Côté", "Bonne fête!", "Ring"):
        assert words in text
    assert "1 on backorder" in text
    assert "$" not in text
    assert "100.00" not in text
    assert read.codes() == [order.number]


def test_before_it_is_packed_the_slip_says_what_would_be_packed() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 7, "100.00")])

    text = Read(papers.slips([order.pk])).text()

    assert "2 on backorder" in text
    assert f"{order.number}-1" not in text


def test_c20_each_parcel_s_slip_lists_its_own_also_when_printed_again() -> None:
    make_product("TENT", 10)
    make_product("LAMP", 1)
    order = make_order([("TENT", 15, "100.00"), ("LAMP", 1, "20.00")])
    first = ship(order)
    as_sent = Read(papers.slips([order.pk])).text()
    receive("TENT", 5)
    second = pack(order)

    text = Read(papers.slips([order.pk])).text()
    again = Read(papers.slips_for_shipments([first.pk])).text()

    here, elsewhere = text.split("Not in this parcel", 1)
    assert second.number in here
    assert row(here, "Product TENT").split()[-3:] == ["15", "5", "10"]
    assert "Product LAMP" not in here.split("In this", 1)[1]
    assert "Product LAMP" in elsewhere
    assert "on backorder" not in text
    assert "5 on backorder" in as_sent
    assert as_sent == again


def test_the_slip_is_in_the_customer_s_language() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 1, "100.00")], language="fr", address=MONTREAL)

    assert "Bordereau d’expédition" in Read(papers.slips([order.pk])).text()


def test_what_nobody_carries_is_on_no_slip() -> None:
    make_product("TENT", 5)
    make_product("CARD", stocked=False)
    order = make_order([("TENT", 1, "100.00"), ("CARD", 1, "50.00")])
    pack(order)

    assert "CARD" not in Read(papers.slips([order.pk])).text()


def test_slips_come_in_the_order_asked_for() -> None:
    make_product("TENT", 5)
    first, second = make_order(), make_order()

    read = Read(papers.slips([second.pk, first.pk]))

    assert [read.codes(page) for page in range(2)] == [[second.number], [first.number]]


def test_an_order_with_nothing_to_pack_is_named() -> None:
    make_product("TENT", 1)
    fine, waiting = make_order(), make_order()

    with pytest.raises(papers.NothingToPrint, match=f"order {waiting.number}, so there is no packing slip"):
        papers.slips([fine.pk, waiting.pk])


def test_a_parcel_that_was_unpacked_has_no_slip() -> None:
    make_product("TENT", 1)
    shipment = pack(make_order())
    journey.unpack([shipment.pk])

    with pytest.raises(papers.NothingToPrint, match="was unpacked again"):
        papers.slips_for_shipments([shipment.pk])


# --- labels ----------------------------------------------------------------------------------------------------------------
def test_a_label_says_where_it_goes() -> None:
    make_product("TENT", 1)
    order = make_order(external_id="4711")
    shipment = pack(order)

    for content in (papers.labels([order.pk]), papers.labels_for_shipments([shipment.pk])):
        read = Read(content)
        assert read.sizes == {(288.0, 432.0)}
        for words in ("Ann Côté", "12 Elm Street", "B3H 1A1", shipment.number, "4711", "Boréal Outfitters Inc."):
            assert words in read.text()
        assert read.codes() == [order.number]


def test_an_order_without_street_has_no_label() -> None:
    make_product("TENT", 1)
    record = make_record()
    (order,) = take_in([record])
    order.shipping_address.line1 = ""
    order.shipping_address.save()

    with pytest.raises(papers.NothingToPrint, match=f"Order {order.number} has no street address"):
        papers.labels([order.pk])


# --- pick list ---------------------------------------------------------------------------------------------------------------
def put_in_bin(product: Product, units: int, name: str) -> None:
    place = Location.objects.create(code=name, name=name, kind="bin", warehouse=ledger.default_location())
    goods.receive([goods.Goods(product.pk, units, None, place.pk)], key=f"into {name}")


def test_the_pick_list_has_each_product_once_with_a_box_for_each_order() -> None:
    put_in_bin(make_product("TENT"), 5, "B-07")
    put_in_bin(make_product("LAMP"), 5, "A-01")
    first = make_order([("TENT", 2, "100.00"), ("LAMP", 1, "20.00")])
    second = make_order([("TENT", 1, "100.00")])

    text = Read(papers.pick_list([first.pk, second.pk], printed_by="Sam")).text()

    assert text.index("A-01") < text.index("B-07")
    for words in (
        f"{first.number} × 2",
        f"{second.number} × 1",
        f"{first.number} × 1",
        "by Sam",
        "Orders: 2",
        "Units: 4",
    ):
        assert words in text


def test_what_is_packed_already_or_on_backorder_is_not_picked() -> None:
    make_product("TENT", 3)
    packed, open_order = make_order([("TENT", 2, "100.00")]), make_order([("TENT", 4, "100.00")])
    pack(packed)

    text = Read(papers.pick_list([packed.pk, open_order.pk])).text()

    assert f"{open_order.number} × 1" in text
    assert f"{packed.number} ×" not in text
    assert "Nothing to pick now" in text


def test_nothing_to_pick_is_said() -> None:
    make_product("TENT", 0)

    with pytest.raises(papers.NothingToPrint, match="nothing to pick"):
        papers.pick_list([make_order().pk])


def test_stock_of_several_places_is_picked_where_it_was_set_aside() -> None:
    near = Location.objects.create(code="NEAR", name="Alpha hall", pick_order=1)
    make_product("TENT", 0)
    far = Location.objects.create(code="FAR", name="Beta hall", pick_order=2)
    tent = Product.objects.get(sku="TENT")
    goods.receive([goods.Goods(tent.pk, 1, None, near.pk), goods.Goods(tent.pk, 5, None, far.pk)], key="two places")
    order = make_order([("TENT", 3, "100.00")])

    text = Read(papers.pick_list([order.pk])).text()

    assert text.index("Alpha hall") < text.index("Beta hall")
    assert f"{order.number} × 1" in text
    assert f"{order.number} × 2" in text


# --- speed -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [papers.slips, papers.labels, papers.pick_list])
def test_as_many_statements_for_twenty_orders_as_for_one(make: Any) -> None:
    skus = [f"P{n}" for n in range(4)]
    for sku in skus:
        make_product(sku, 500)
    orders = take_in([make_record(lines=[(sku, 1, "10.00") for sku in skus[: 1 + n % 4]]) for n in range(21)])
    if make is not papers.pick_list:
        journey.pack([order.pk for order in orders[::2]])

    def statements(ids: Sequence[int]) -> int:
        with CaptureQueriesContext(database) as captured:
            make(ids)
        return len(captured)

    one, twenty = statements([orders[0].pk]), statements([order.pk for order in orders[1:]])
    assert one == twenty
    assert one <= 7


def test_a_line_that_the_store_does_not_ship_is_left_out() -> None:
    make_product("TENT", 5)
    lines = [
        ("TENT", 1, "100.00"),
        LineRecord("9", "Guide as PDF", 1, Decimal("5.00"), sku="PDF", needs_shipping=False),
    ]
    order = make_order(lines)

    assert "Guide as PDF" not in Read(papers.slips([order.pk])).text()
