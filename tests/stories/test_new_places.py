"""An order that waits while its goods go to a place where they never lay finds them there (rules: S2, S5)."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from backoffice import goods, moving, transferring
from inventory import ledger, transfers
from inventory.models import Location, Product, StockLevel
from orders import allocation
from orders.models import OrderLine
from tests import making, processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def _tent() -> int:
    return Product.objects.get(sku="TENT").pk


def _bin(code: str) -> Location:
    home = ledger.default_location()
    return Location.objects.create(code=code, name=code, kind=Location.Kind.BIN, warehouse=home, pick_order=5)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def _received() -> Callable[[], object]:
    shelf = _bin("B-1")
    return lambda: goods.receive([goods.Goods(_tent(), 20, location_id=shelf.pk)], key="came")


def _moved() -> Callable[[], object]:
    goods.receive([goods.Goods(_tent(), 20)], key="came")
    home, shelf = ledger.default_location(), _bin("B-1")
    return lambda: moving.move([moving.Moving(_tent(), 20, home.pk, shelf.pk)], key="moved")


def _arrived() -> Callable[[], object]:
    goods.receive([goods.Goods(_tent(), 20)], key="came")
    home, east = ledger.default_location(), Location.objects.create(code="EAST", name="East", pick_order=200)
    paper = transfers.draft(source_id=home.pk, destination_id=east.pk, lines=[transfers.Wanted(_tent(), 20)])
    transferring.send(paper.pk)
    arrived = [transferring.Arrived(paper.lines.get().pk, 20)]
    return lambda: transferring.receive(paper.pk, arrived, key="arrived")


@pytest.mark.parametrize("prepare", [_received, _moved, _arrived])
def test_it_gets_what_came_to_a_new_place_while_it_waited(prepare: Callable[[], Callable[[], object]]) -> None:
    making.make_merchant()
    making.make_connection()
    making.make_product("TENT", 1)
    making.make_order([("TENT", 1, "1.00")], external_id="1")
    comes = prepare()
    done, may_end = Event(), Event()

    def holds() -> None:
        with transaction.atomic():
            comes()
            done.set()
            may_end.wait(20)
        connections.close_all()

    def buys() -> None:
        making.make_order([("TENT", 5, "1.00")], external_id="2")
        connections.close_all()

    holding, buying = Thread(target=holds), Thread(target=buys)
    holding.start()
    assert done.wait(20)
    buying.start()
    while buying.is_alive() and not _somebody_waits():
        buying.join(0.02)
    waited = buying.is_alive()
    may_end.set()
    holding.join()
    buying.join()

    assert waited
    assert OrderLine.objects.get(order__external_id="2").allocated == 5
    assert set(StockLevel.objects.values_list("places", flat=True)) == {StockLevel.objects.count()}


def test_goods_go_through_many_new_bins_while_two_buy() -> None:
    making.make_merchant()
    store = making.make_connection()
    making.make_product("TENT", 100)
    stops = [ledger.default_location().pk, *(_bin(f"B-{n:02}").pk for n in range(12))]
    tent = _tent()

    def moves() -> None:
        for at, (here, there) in enumerate(pairwise(stops)):
            with transaction.atomic():
                allocation.lock_products([tent])
                units = StockLevel.objects.get(product=tent, location=here).on_hand
                moving.move([moving.Moving(tent, units, here, there)], key=f"move-{at}")

    def buys(who: int) -> None:
        for at in range(12):
            making.make_order(
                [("TENT", 1, "1.00")], connection=store, external_id=f"{who}-{at}", email=f"b{who}@example.ca"
            )

    processes.together(moves, partial(buys, 1), partial(buys, 2))

    assert OrderLine.objects.count() == 24
    assert not OrderLine.objects.filter(backordered__gt=0).exists()
