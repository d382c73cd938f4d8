"""A line that means no product here: named by a person it takes stock, released by a person it ships uncounted."""

from decimal import Decimal

import pytest

from backoffice import journey, settling
from inventory.availability import available
from orders.models import Order
from orders.records import LineRecord
from tests.making import make_product, make_record, take_in
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


def held() -> Order:
    free_text = LineRecord(external_id="1", name="A thing the clerk typed", quantity=2, gross=Decimal("20.00"))
    [order] = take_in([make_record(lines=[free_text])])
    assert order.state == Order.State.HELD
    return order


def test_named_by_a_person_it_takes_stock_and_its_order_goes_on() -> None:
    product = make_product("LAMP", on_hand=5)
    order = held()
    settling.name_line(order.lines.get(), product, who="Marie")
    order.refresh_from_db()
    assert (order.state, order.lines.get().allocated) == (Order.State.TO_PACK, 2)
    assert available([product.pk]) == {product.pk: 3}
    with pytest.raises(ValueError, match="already"):
        settling.name_line(order.lines.get(), product, who="Marie")
    assert_proven()


def test_released_as_it_is_it_is_packed_and_shipped_without_touching_any_stock() -> None:
    order = held()
    settling.release_hold([order.holds.get().pk], why="made to order", who="Marie")
    order.refresh_from_db()
    assert order.state == Order.State.TO_PACK
    parcels = journey.pack([order.pk])
    journey.ship([parcel.pk for parcel in parcels])
    order.refresh_from_db()
    assert (order.state, order.lines.get().shipped) == (Order.State.SHIPPED, 2)
    assert_proven()
