"""What a store takes back while it lies in a parcel: the parcel is taken apart, and everything still agrees."""

from dataclasses import replace
from decimal import Decimal

import pytest

from backoffice import journey
from orders.models import Order
from orders.records import OrderRecord, RefundLineRecord, RefundRecord
from shipping.models import Shipment
from tests.making import PLACED, make_connection, make_merchant, make_product, make_record, newer, take_in
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


@pytest.fixture
def record() -> OrderRecord:
    make_merchant()
    make_product("TENT", 10)
    record = make_record("77", lines=[("TENT", 3, "100.00")])
    order = take_in([record])[0]
    journey.pack([order.pk])
    return record


def lowered(record: OrderRecord, quantity: int) -> OrderRecord:
    return newer(record, lines=(replace(record.lines[0], quantity=quantity),))


def test_a_cancelled_order_lies_in_no_parcel(record: OrderRecord) -> None:
    take_in([newer(record, cancelled=True)])

    assert Shipment.objects.get().state == Shipment.State.UNPACKED
    assert Order.objects.get().state == Order.State.CANCELLED
    assert_proven()


def test_fewer_are_packed_anew(record: OrderRecord) -> None:
    order = take_in([lowered(record, 2)])[0]
    assert Shipment.objects.get().state == Shipment.State.UNPACKED
    assert order.state == Order.State.TO_PACK
    assert_proven()

    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])

    order.refresh_from_db()
    assert order.state == Order.State.SHIPPED
    assert_proven()


def test_more_leave_the_parcel_as_it_is(record: OrderRecord) -> None:
    order = take_in([lowered(record, 4)])[0]

    assert Shipment.objects.get().state == Shipment.State.PACKED
    assert order.state == Order.State.TO_PACK
    assert_proven()


def test_refunded_units_are_taken_out(record: OrderRecord) -> None:
    line = RefundLineRecord(record.lines[0].external_id, 1, Decimal("100.00"))

    journey.take_in_refunds(
        make_connection(), [RefundRecord("refund:1", "77", Decimal("100.00"), at=PLACED, lines=(line,))]
    )

    assert Shipment.objects.get().state == Shipment.State.UNPACKED
    assert Order.objects.get().lines.get().allocated == 2
    assert_proven()


def test_a_line_that_the_store_removed_before_the_invoice_has_no_price_any_more() -> None:
    make_merchant()
    make_product("TENT", 10)
    make_product("ROPE", 10)
    both = make_record("78", lines=[("TENT", 1, "100.00"), ("ROPE", 1, "20.00")], paid=False)
    take_in([both])
    one = make_record("78", lines=[("TENT", 1, "100.00")])

    order = take_in([newer(one)])[0]

    assert [(line.ordered, line.gross) for line in order.lines.order_by("position")] == [(1, 100), (0, 0)]
    assert order.items_total == Decimal("100.00")
    assert_proven()
