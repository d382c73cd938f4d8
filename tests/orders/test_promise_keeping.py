"""The record of promises follows what happens to orders and goods, told like everything else: by wishes."""

from datetime import date, timedelta

import pytest

from backoffice import journey, outward
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Delivery
from orders import promise_keeping
from orders.models import LinePromise, Order, OrderLine
from tests.expected import bought
from tests.making import PLACED, make_order, make_product, make_record, newer, receive, take_in

pytestmark = pytest.mark.django_db
FAR = date(2027, 3, 1)


def standing() -> dict[str, str]:
    """What each order was told last: the purchase order's number, or why nothing is known."""
    told = LinePromise.objects.filter(replaced_at=None).select_related("line__order")
    return {p.line.order.number: p.details.get("number") or p.details.get("why", "") for p in told}


def keep() -> None:
    outward.deliver()


def test_a_new_order_that_waits_is_told() -> None:
    make_product("TENT", 1)
    make_product("LAMP")
    bought("LAMP", 5, FAR, "41")
    order = make_order([("TENT", 1, "10.00"), ("LAMP", 1, "10.00")])
    served = make_order([("LAMP", 1, "10.00")], paid=False)
    keep()

    assert standing() == {order.number: "41"}
    assert not Delivery.objects.filter(topic=promise_keeping.ORDER, object_id=served.pk).exists()


def test_what_is_in_stock_costs_no_wish() -> None:
    make_product("TENT", 5)
    make_order()

    assert not Delivery.objects.filter(topic__startswith="promise").exists()


def test_a_newer_version_that_wants_more_is_told_anew() -> None:
    make_product("TENT")
    bought("TENT", 5, FAR, "41")
    bought("TENT", 5, FAR + timedelta(days=7), "42")
    record = make_record(lines=[("TENT", 5, "10.00")], paid=False)
    take_in([record])
    keep()
    assert standing() == {}
    paid = make_record(record.external_id, lines=[("TENT", 5, "10.00")])
    [order] = take_in([newer(paid)])
    keep()
    assert standing() == {order.number: "41"}


def test_who_waits_behind_is_told_when_an_order_is_cancelled() -> None:
    make_product("TENT")
    bought("TENT", 5, FAR, "41")
    first = make_order([("TENT", 4, "10.00")])
    second = make_order([("TENT", 4, "10.00")], placed_at=PLACED + timedelta(hours=1))
    keep()
    assert standing() == {first.number: "41", second.number: "no_supplier"}

    journey.cancel([first.pk], why="changed their mind", who="Bea")
    keep()

    assert standing() == {second.number: "41"}


def test_units_that_are_cancelled_move_the_others_up() -> None:
    make_product("TENT")
    bought("TENT", 5, FAR, "41")
    first = make_order([("TENT", 4, "10.00")])
    second = make_order([("TENT", 4, "10.00")], placed_at=PLACED + timedelta(hours=1))
    keep()

    journey.cancel_lines({OrderLine.objects.get(order=first).pk: 3}, why="too many", who="Bea")
    keep()

    assert standing() == {first.number: "41", second.number: "41"}


def test_goods_that_come_end_promises_and_move_those_that_still_wait() -> None:
    make_product("TENT")
    bought("TENT", 5, FAR, "41")
    make_order([("TENT", 4, "10.00")])
    second = make_order([("TENT", 4, "10.00")], placed_at=PLACED + timedelta(hours=1))
    keep()

    receive("TENT", 5)
    keep()

    assert standing() == {second.number: "41"}


def test_once_a_day_all_are_looked_through() -> None:
    make_product("TENT")
    line = bought("TENT", 5, FAR, "41")
    order = make_order([("TENT", 4, "10.00")])
    keep()
    line.order.state = "cancelled"
    line.order.save(update_fields=["state"])
    Order.objects.filter(pk=make_order([("TENT", 1, "10.00")]).pk).update(cancelled_at=PLACED)

    deliveries.want([(connections.own("promises")["promises"].pk, promise_keeping.DAY, 739_000)])
    keep()

    assert standing() == {order.number: "no_supplier"}
