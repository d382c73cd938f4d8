"""What a reviewer broke once: each as it must hold."""

from decimal import Decimal

import pytest

from backoffice import goods, inward, journey, outward, settling
from backoffice.sync.models import Delivery
from inventory.availability import available
from orders.models import Order
from orders.records import ChargeRecord, LineRecord
from shipping.models import Shipment
from tests.fake_store import FakeStore
from tests.making import make_connection, make_order, make_product, make_record, take_in
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


def test_shipping_twice_leaves_the_number_of_what_has_left() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 1, "100.00")])
    [parcel] = journey.pack([order.pk])
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Purolator", "GOOD123456")})
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking()})
    assert Shipment.objects.get().tracking_number == "GOOD123456"


def test_a_number_that_cannot_be_right_ships_nothing() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 1, "100.00")])
    [parcel] = journey.pack([order.pk])
    with pytest.raises(ValueError, match="more than 60"):
        journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Purolator", "9" * 500)})
    assert Shipment.objects.get().state == Shipment.State.PACKED


def test_cancelling_what_is_on_backorder_leaves_the_packed_parcel_alone() -> None:
    make_product("RED", 1)
    make_product("BLUE")
    order = make_order([("RED", 1, "10.00"), ("BLUE", 2, "10.00")])
    [parcel] = journey.pack([order.pk])
    journey.cancel_lines({order.lines.get(sku="BLUE").pk: 1}, why="one is enough", who="Ann")
    parcel.refresh_from_db()
    assert parcel.state == Shipment.State.PACKED
    journey.cancel_lines({order.lines.get(sku="RED").pk: 1}, why="neither", who="Ann")
    parcel.refresh_from_db()
    assert parcel.state == Shipment.State.UNPACKED
    assert_proven()


def test_what_is_shipped_whole_is_not_cancelled() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 1, "100.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    assert journey.cancel([order.pk], why="stale page", who="Ann") == set()
    order.refresh_from_db()
    assert (order.state, order.cancelled_at) == (Order.State.SHIPPED, None)
    assert not order.timeline.filter(what="cancelled").exists()


def test_the_store_hears_that_nothing_is_left_however_the_rest_went() -> None:
    make_product("TENT", 3)
    store = make_connection()
    [part, whole] = take_in([make_record("1", [("TENT", 3, "10.00")]), make_record("2", [("TENT", 2, "10.00")])], store)
    journey.ship([parcel.pk for parcel in journey.pack([part.pk], quantities={part.lines.get().pk: 2})])
    told = Delivery.objects.filter(topic=journey.FULFILMENT)
    before = told.get(object_id=part.pk).wanted_version
    journey.cancel_lines({part.lines.get().pk: 1}, why="enough", who="Ann")
    assert told.get(object_id=part.pk).wanted_version > before
    journey.cancel_lines({whole.lines.get().pk: 2}, why="none", who="Ann")
    assert told.filter(object_id=whole.pk).exists()
    assert_proven()


def test_a_paid_order_that_only_shipping_waits_for_keeps_its_place_in_the_queue() -> None:
    product = make_product("TENT", 3)
    nameless = make_record("1", [("TENT", 3, "10.00")], doubts=("The address has no name.",))
    [held] = take_in([nameless])
    assert held.state == Order.State.HELD
    assert held.lines.get().allocated == 3
    [second] = take_in([make_record("2", [("TENT", 1, "10.00")])])
    assert second.state == Order.State.BACKORDER
    with pytest.raises(Exception, match="held"):
        journey.pack([held.pk])
    settling.release_hold([held.holds.get().pk], why="called", who="Ann")
    held.refresh_from_db()
    assert held.state == Order.State.TO_PACK
    assert available([product.pk]) == {product.pk: 0}
    assert_proven()


def test_an_order_of_fees_alone_is_done_and_not_cancelled() -> None:
    record = make_record(
        "1", [], charges=(ChargeRecord("fee", "Consulting", Decimal("100.00")),), total=Decimal("100.00")
    )
    [order] = take_in([record])
    assert order.state == Order.State.DONE
    assert order.invoice.total == Decimal("100.00")
    assert_proven()


def test_a_download_is_never_packed() -> None:
    make_product("TENT", 5)
    download = LineRecord("1", "Map", 1, Decimal("5.00"), sku="MAP", needs_shipping=False)
    tent = LineRecord("2", "Tent", 1, Decimal("100.00"), sku="TENT")
    make_product("MAP", stocked=False)
    [alone, mixed] = take_in([make_record("1", [download]), make_record("2", [download, tent])])
    assert (alone.state, mixed.state) == (Order.State.DONE, Order.State.TO_PACK)
    assert journey.pack([alone.pk]) == []
    [parcel] = journey.pack([mixed.pk])
    assert [line.line.sku for line in parcel.lines.all()] == ["TENT"]
    journey.ship([parcel.pk])
    mixed.refresh_from_db()
    assert mixed.state == Order.State.SHIPPED
    assert_proven()


def pulled(store: FakeStore) -> None:
    connection = make_connection(store)
    inward.poll(connection)
    inward.work_on_arrivals()
    outward.deliver()


def test_what_the_store_sold_and_shipped_itself_does_not_go_back_on_sale() -> None:
    with FakeStore(empty=True) as store:
        pulled(store)
        product = next(p for p in store.products.values() if p["sku"] == "SIR-500")
        figure = product["stock_quantity"]
        store.place_order([("SIR-500", 2)], status="completed")
        assert product["stock_quantity"] == figure - 2
        pulled(store)
        order = Order.objects.latest("id")
        assert order.state == Order.State.ELSEWHERE
        here = order.lines.get().product
        assert here is not None
        assert available([here.pk]) == {here.pk: figure - 2}
        goods.receive([goods.Goods(here.pk, 1)], key="more")
        outward.deliver()
        assert product["stock_quantity"] == figure - 1
    assert_proven()


def test_the_store_shipped_what_was_reserved_here() -> None:
    with FakeStore(empty=True) as store:
        pulled(store)
        number = store.place_order([("SIR-500", 2)])
        pulled(store)
        product = next(p for p in store.products.values() if p["sku"] == "SIR-500")
        left_there = product["stock_quantity"]
        store.change_order(number, status="completed")
        pulled(store)
        order = Order.objects.latest("id")
        assert order.state == Order.State.HELD
        settling.sent_by_store(order, who="Ann")
        order.refresh_from_db()
        assert order.state == Order.State.ELSEWHERE
        assert not order.holds.filter(released_at=None).exists()
        outward.deliver()
        assert product["stock_quantity"] == left_there
        here = order.lines.get().product
        assert here is not None
        assert available([here.pk]) == {here.pk: left_there}
    assert_proven()
