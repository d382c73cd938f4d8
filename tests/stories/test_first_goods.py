"""An order and the very first goods of a product at the same instant: whoever is first, the order gets them (rules: S2, S5)."""

import random
from collections.abc import Callable
from functools import partial
from threading import Event, Thread

import pytest
from django.db import connections, transaction

from backoffice import goods
from inventory.models import Product
from orders.models import Order, OrderLine
from tests import making, processes
from tests.proving import assert_proven

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _sells() -> None:
    making.make_order([("NEW", 5, "1.00")])


def _receives() -> None:
    goods.receive([goods.Goods(Product.objects.get().pk, 20)], key="first")


@pytest.mark.parametrize(("first", "second"), [(_sells, _receives), (_receives, _sells)])
def test_who_comes_second_waits_for_the_first_and_knows_what_he_did(
    first: Callable[[], None], second: Callable[[], None]
) -> None:
    making.make_merchant()
    making.make_connection()
    making.make_product("NEW")
    done, may_end = Event(), Event()

    def holds() -> None:
        with transaction.atomic():
            first()
            done.set()
            may_end.wait(20)
        connections.close_all()

    def follows() -> None:
        second()
        connections.close_all()

    holding, following = Thread(target=holds), Thread(target=follows)
    holding.start()
    assert done.wait(20)
    following.start()
    following.join(0.5)
    waited = following.is_alive()
    may_end.set()
    holding.join()
    following.join()

    assert waited
    assert OrderLine.objects.get().allocated == 5
    assert_proven()


def test_many_products_that_never_were_here_are_sold_and_received_in_four_processes() -> None:
    making.make_merchant()
    making.make_connection()
    products = [making.make_product(f"NEW-{n}").pk for n in range(16)]

    def works(who: int) -> None:
        chance = random.Random(who)
        mine = chance.sample(range(16), 16)
        for at in range(0, 16, 2):
            pair = mine[at : at + 2]
            if who % 2:
                goods.receive([goods.Goods(products[n], 10) for n in pair], key=f"{who}-{at}")
            else:
                lines = [(f"NEW-{n}", 2, "1.00") for n in pair]
                making.make_order(lines, external_id=f"{who}{at:02}", email=f"b{who}@example.ca")

    processes.together(*[partial(works, who) for who in range(4)])

    assert Order.objects.count() == 16
    assert not OrderLine.objects.filter(backordered__gt=0).exists()
    assert_proven()
