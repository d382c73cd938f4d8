"""What happens at the same instant, in real processes: one order, one promise, one number, whoever is first."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from accounting.models import Invoice, Series
from backoffice import goods, inward, journey, returning
from backoffice.sync.models import Connection, Delivery
from inventory.ledger import Short
from inventory.models import Product, StockLevel
from orders.models import Customer, Order, OrderLine
from shipping.models import Shipment
from shipping.packing import CannotPack
from tests import making, processes, shop
from tests.fake_store import FakeStore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _ring_and_work(store: Connection, body: dict[str, Any]) -> None:
    shop.ring(store, body)
    inward.work_on_arrivals()


def _one_of_everything(number: int) -> None:
    order = Order.objects.get(external_id=str(number))
    assert order.lines.get().allocated == 2
    assert StockLevel.objects.get().reserved == 2
    invoice = Invoice.objects.get()
    assert Delivery.objects.filter(topic=journey.INVOICE_MAIL, object_id=invoice.pk, wanted_version=1).count() == 1
    assert Customer.objects.count() == 1


def test_the_same_webhook_twice_at_the_same_instant_is_one_order() -> None:
    """Case C1."""
    store = shop.connected()
    making.make_product("TENT", 10)
    body = shop.order(501, [("TENT", 2, "100.00")])
    # Its sibling differs in a field that says nothing: another arrival of the very same order.
    sibling = {**body, "meta_data": [{"id": 1, "key": "_seen", "value": "1"}]}
    processes.together(*[partial(_ring_and_work, store, said) for said in (body, body, sibling, sibling)])
    _one_of_everything(501)


def test_webhook_and_poll_at_the_same_instant_are_one_order() -> None:
    """Case C1."""
    with FakeStore(empty=True) as shopfront:
        store = making.make_connection(shopfront)
        inward.poll(store)
        inward.work_on_arrivals()
        Product.objects.filter(sku="SIR-250").update(backorder_policy="allow_tell")
        goods.receive([goods.Goods(Product.objects.get(sku="SIR-250").pk, 5)], key="first")
        before = StockLevel.objects.get(product__sku="SIR-250").available
        number = shopfront.place_order([("SIR-250", 2)])
        body = shopfront.orders[number]

        def polls() -> None:
            inward.poll(store)
            inward.work_on_arrivals()

        processes.together(polls, partial(_ring_and_work, store, body), polls, partial(_ring_and_work, store, body))
        assert Order.objects.get().lines.get().allocated == 2
        assert StockLevel.objects.get(product__sku="SIR-250").available == before - 2
        assert Invoice.objects.count() == 1
        assert Delivery.objects.get(topic=journey.INVOICE_MAIL).wanted_version == 1


def test_two_orders_of_one_new_guest_at_the_same_instant_are_one_customer() -> None:
    store = shop.connected()
    making.make_product("TENT", 10)
    bodies = [shop.order(number, [("TENT", 1, "100.00")], email="New@Guest.example") for number in range(600, 608)]
    processes.together(*[partial(_ring_and_work, store, body) for body in bodies])
    # Whoever came second tried again by itself; nobody is left for a person.
    assert Counter(store.arrivals.values_list("state", flat=True)) == {"done": 8}
    assert Customer.objects.count() == 1
    assert Order.objects.count() == 8


@pytest.mark.parametrize("attempt", range(3))
def test_two_buyers_of_the_last_unit_and_one_gets_it(attempt: int) -> None:
    """Case C11."""
    store = shop.connected()
    making.make_product("TENT", 1)
    bodies = [shop.order(700 + attempt * 10 + n, email=f"b{n}@example.ca") for n in range(2)]
    processes.together(*[partial(_ring_and_work, store, body) for body in bodies])
    assert sorted(Order.objects.values_list("state", flat=True)) == ["backorder", "to_pack"]


@pytest.mark.parametrize("attempt", range(2))
def test_fifty_buyers_of_twenty_units_in_four_processes(attempt: int) -> None:
    """Case C11."""
    store = shop.connected()
    tent = making.make_product("TENT", 20)
    bodies = [shop.order(800 + n, email=f"b{n % 13}@example.ca", minute=n) for n in range(50)]
    random.Random(attempt).shuffle(bodies)

    def buys(mine: list[dict[str, Any]]) -> None:
        for body in mine:
            _ring_and_work(store, body)

    processes.together(*[partial(buys, mine) for mine in processes.shares(bodies, 4)])
    inward.work_on_arrivals()
    assert Counter(Order.objects.values_list("state", flat=True)) == {"to_pack": 20, "backorder": 30}
    level = StockLevel.objects.get(product=tent)
    assert (level.on_hand, level.reserved) == (20, 20)


def test_fifty_invoices_at_once_and_one_rolled_back_leave_no_gap() -> None:
    """Case C33."""
    store = shop.connected()
    making.make_product("TENT", 100)
    records = [making.make_record(str(900 + n), [("TENT", 1, "100.00")], email=f"b{n}@example.ca") for n in range(51)]

    def invoices(mine: list[Any]) -> None:
        for record in mine:
            if record.external_id == "925":
                with transaction.atomic():
                    journey.take_in(store, [record])
                    transaction.set_rollback(True)
            else:
                journey.take_in(store, [record])

    processes.together(*[partial(invoices, mine) for mine in processes.shares(records, 4)])
    numbers = list(Invoice.objects.order_by("id").values_list("number", flat=True))
    assert sorted(numbers) == list(range(1, 51))
    assert Series.objects.get().next_number == 51
    assert not Order.objects.filter(external_id="925").exists()


# --- everything at once -----------------------------------------------------------------------------------------------
SKUS = ["TENT", "PEGS", "LAMP", "ROPE", "MAT"]
SEED = int(os.environ.get("STORIES_SEED", "0"))
SECONDS = float(os.environ.get("STORIES_SECONDS", "5"))
REFUSALS = (ValueError, Short, CannotPack)
"""A person is told so, and nothing was done: another one was faster."""


def _shop_of_work(store: Connection, chance: random.Random, seconds: float) -> Counter[str]:
    """A process that does whatever comes, over the same few products, for a while."""
    counts: Counter[str] = Counter()
    products = list(Product.objects.order_by("id").values_list("pk", flat=True))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        step = chance.choice(
            [_sells, _sells, _edits, _receives, _loses, _packs_and_ships, _cancels, _cancels_line, _takes_back]
        )
        try:
            step(store, chance, products)
        except REFUSALS as error:
            counts[f"refused by {type(error).__name__}"] += 1
        counts[step.__name__] += 1
    return counts


def _body(number: int, chance: random.Random, **fields: Any) -> dict[str, Any]:
    items = [(sku, chance.randint(1, 6), "10.00") for sku in chance.sample(SKUS, chance.randint(1, 4))]
    return shop.order(number, items, email=f"b{number % 7}@example.ca", **fields)


def _sells(store: Connection, chance: random.Random, _products: list[int]) -> None:
    for _ in range(chance.randint(1, 5)):
        number = chance.randint(1, 10**6)
        shop.ring(store, _body(number, chance, status=chance.choice(["processing", "processing", "pending"])))
    inward.work_on_arrivals()


def _edits(store: Connection, chance: random.Random, _products: list[int]) -> None:
    for number in _some(Order.objects.values_list("external_id", flat=True), chance, 3):
        status = chance.choice(["processing", "processing", "pending", "cancelled"])
        shop.ring(store, _body(int(number), chance, status=status, minute=chance.randint(1, 10**6)))
    inward.work_on_arrivals()


def _receives(_store: Connection, chance: random.Random, products: list[int]) -> None:
    came = [goods.Goods(pk, chance.randint(1, 9)) for pk in chance.sample(products, 3)]
    goods.receive(came, key=f"r{chance.random()}")


def _loses(_store: Connection, chance: random.Random, products: list[int]) -> None:
    lost = [goods.Goods(pk, -chance.randint(1, 4)) for pk in chance.sample(products, 2)]
    goods.adjust(lost, key=f"a{chance.random()}", note="broken")


def _packs_and_ships(_store: Connection, chance: random.Random, _products: list[int]) -> None:
    ready = Order.objects.filter(state__in=["to_pack", "partly_to_pack"]).values_list("pk", flat=True)
    parcels = journey.pack(_some(ready, chance, 3))
    if chance.random() < 0.2:
        journey.unpack([parcel.pk for parcel in parcels])
    packed = Shipment.objects.filter(state="packed").values_list("pk", flat=True)
    journey.ship(_some(packed, chance, 3))


def _cancels(_store: Connection, chance: random.Random, _products: list[int]) -> None:
    journey.cancel(_some(Order.objects.values_list("pk", flat=True), chance, 2), why="rang", who="Cléo")


def _cancels_line(_store: Connection, chance: random.Random, _products: list[int]) -> None:
    lines = _some(OrderLine.objects.values_list("pk", flat=True), chance, 2)
    journey.cancel_lines(dict.fromkeys(lines, 1), why="rang", who="Cléo")


def _takes_back(_store: Connection, chance: random.Random, _products: list[int]) -> None:
    lines = _some(OrderLine.objects.filter(shipped__gt=0).values_list("pk", flat=True), chance, 2)
    returning.return_to_stock(dict.fromkeys(lines, 1), key=f"b{chance.random()}", who="Wim")


def _some(found: Any, chance: random.Random, most: int) -> list[Any]:
    rows = list(found)
    return chance.sample(rows, min(len(rows), most))


def test_everything_at_once_over_the_same_products_waits_for_ever_on_nothing() -> None:
    store = shop.connected()
    for sku in SKUS:
        making.make_product(sku, 60)
    works: list[Callable[[], Counter[str]]] = [
        partial(_shop_of_work, store, random.Random(f"{SEED} {who}"), SECONDS) for who in range(4)
    ]
    counts: Counter[str] = sum(processes.together(*works), Counter())
    inward.work_on_arrivals()
    assert counts["_sells"], counts
    assert counts["_packs_and_ships"], counts
    failed = list(store.arrivals.filter(state="failed").values_list("sentence", flat=True))
    assert not failed, failed
