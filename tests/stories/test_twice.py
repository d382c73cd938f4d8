"""Every step of the journey can be run again, after a crash or by two clicks, and changes nothing the second time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from backoffice import goods, inward, journey, returning, settling
from backoffice.sync.models import Connection, Delivery
from inventory.models import Product
from orders import promises
from orders.models import Hold, Order
from shipping.models import Shipment
from tests import making, shop
from tests.proving import nothing_is_written

pytestmark = pytest.mark.django_db


@dataclass
class House:
    """A shop with a few orders, each as far as a step needs it."""

    store: Connection
    tent: Product
    paid: Order
    short: Order
    unknown: Order
    taxed: Order
    parcel: Shipment
    gone: Shipment


@pytest.fixture
def house() -> House:
    store = shop.connected()
    tent = making.make_product("TENT", 20, "40.00")
    paid = shop.deliver(store, shop.order(1, [("TENT", 2, "100.00")]))
    packed = shop.deliver(store, shop.order(2, [("TENT", 1, "100.00")]))
    shipped = shop.deliver(store, shop.order(3, [("TENT", 3, "100.00")]))
    unknown = shop.deliver(store, shop.order(4, [("TIPI", 1, "80.00")]))
    taxed = shop.deliver(store, shop.order(5, taxes=[("Eco", "1", "1.00")]))
    store.reserve_when_placed_hours = 48
    shop.deliver(store, shop.order(7, [("TENT", 1, "100.00")], status="pending", placed=timezone.now()))
    short = shop.deliver(store, shop.order(6, [("TENT", 40, "100.00")]))
    gone = journey.pack([shipped.pk])[0]
    journey.ship([gone.pk])
    return House(store, tent, paid, short, unknown, taxed, journey.pack([packed.pk])[0], gone)


def _pack(house: House) -> None:
    journey.pack([house.paid.pk])


def _unpack(house: House) -> None:
    journey.unpack([house.parcel.pk])


def _ship(house: House) -> None:
    journey.ship([house.parcel.pk], tracking={house.parcel.pk: journey.Tracking("UPS", "1Z 999")})


def _track(house: House) -> None:
    journey.track(Shipment.objects.get(pk=house.gone.pk), journey.Tracking("UPS", "1Z 888"), who="Wim")


def _go_on(house: House) -> None:
    journey.go_on([house.paid.pk, house.short.pk, house.unknown.pk, house.taxed.pk])


def _receive(house: House) -> None:
    goods.receive([goods.Goods(house.tent.pk, 5, Decimal("44.00"))], key="delivery note 12")


def _adjust_down(house: House) -> None:
    # More than is free, so that promises are taken back.
    goods.adjust([goods.Goods(house.tent.pk, -4)], key="count 3", note="damaged")


def _return(house: House) -> None:
    line = house.gone.order.lines.get()
    returning.return_to_stock({line.pk: 2}, key="rma 1", who="Wim")


def _cancel(house: House) -> None:
    journey.cancel([house.paid.pk, house.parcel.order_id], why="the customer rang", who="Cléo")


def _map_sku(house: House) -> None:
    settling.map_sku(house.store, "TIPI", house.tent, who="Cléo")


def _explain_tax(house: House) -> None:
    settling.explain_tax("Eco", "ECO", who="Aude")


def _release(house: House) -> None:
    holds = Hold.objects.filter(order=house.taxed)
    cleo = get_user_model().objects.get_or_create(username="cleo")[0]
    settling.release_hold([hold.pk for hold in holds], why="it is right so", by=cleo, who="Cléo")


def _expire(_house: House) -> None:
    Order.objects.filter(state=Order.State.UNPAID).update(reserve_until=shop.OPENED - timedelta(days=1))
    journey.expire_reservations()


STEPS = [
    _pack, _unpack, _ship, _track, _go_on, _receive, _adjust_down, _return, _cancel, _map_sku, _explain_tax, _release,
    _expire,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__.strip("_"))
def test_a_step_run_again_changes_nothing(house: House, step: Callable[[House], None]) -> None:
    step(house)
    promises.refresh_orders(Order.objects.values_list("pk", flat=True))
    # What was wished for is told by now: a wish made again for nothing would show.
    Delivery.objects.update(state=Delivery.State.DONE, known_version=1, wanted_version=1)
    with nothing_is_written():
        step(house)


def test_the_same_payload_a_thousand_times_is_one_order() -> None:
    store = shop.connected()
    making.make_product("TENT", 3)
    record = making.make_record("77", [("TENT", 2, "100.00")])
    making.take_in([record], store)
    with nothing_is_written():
        for _ in range(10):
            journey.take_in(store, [record] * 100)


def test_the_same_webhook_again_is_only_counted() -> None:
    store = shop.connected()
    making.make_product("TENT", 3)
    body = shop.order(77, [("TENT", 2, "100.00")])
    shop.deliver(store, body)
    for _ in range(30):
        assert shop.ring(store, body) == []
        assert inward.work_on_arrivals().total() == 0
    assert store.arrivals.get().repeats == 30
    assert Order.objects.count() == 1


def test_an_arrival_worked_on_again_changes_nothing_of_its_order() -> None:
    from backoffice.sync import arrivals

    store = shop.connected()
    making.make_product("TENT", 3)
    order = shop.deliver(store, shop.order(77, [("TENT", 2, "100.00")]))
    journey.cancel([order.pk], why="the customer rang", who="Cléo")
    arrivals.again(list(store.arrivals.values_list("pk", flat=True)))
    inward.work_on_arrivals()
    order.refresh_from_db()
    assert order.state == Order.State.CANCELLED


def test_a_refund_that_comes_twice_is_booked_once() -> None:
    store = shop.connected()
    making.make_product("TENT", 3)
    body = shop.order(77, [("TENT", 2, "100.00")])
    shop.deliver(store, body)
    made = shop.refund(78, body, [("TENT", 1, "100.00")])
    with_refund = shop.with_refund(body, made, minute=5)
    shop.refunded(store, with_refund, made)
    records = [inward.store_of(store).read(item) for item in _incoming(body, made)]
    with nothing_is_written():
        journey.take_in_refunds(store, records)
    order = Order.objects.get()
    assert (order.refunded_total, order.lines.get().cancelled) == (Decimal("100.00"), 1)


def _incoming(body: dict, made: dict) -> list:
    from orders.stores.base import Incoming

    return [Incoming("refund", "78", "again", shop.raw(made), {"order": str(body["id"]), "currency": "CAD"})]
