from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from backoffice import journey, outward
from backoffice.journey import Tracking
from backoffice.sync import deliveries
from backoffice.sync.connectors import connector_of
from backoffice.sync.models import Connection, Delivery
from orders.models import Order, TimelineEntry
from orders.stores.base import Gone
from shipping import fulfilment
from shipping.models import Shipment
from tests.fake_store import FakeStore
from tests.making import make_connection, make_merchant, make_product, receive, take_in

pytestmark = pytest.mark.django_db

SKU = "SIR-250"
CARRIER = "Canada Post"


@pytest.fixture
def store() -> Iterator[FakeStore]:
    with FakeStore() as running:
        yield running


@pytest.fixture
def connection(store: FakeStore) -> Connection:
    make_merchant()
    return make_connection(store)


def bought(store: FakeStore, connection: Connection, quantity: int = 1) -> tuple[int, Order]:
    number = store.place_order([(SKU, quantity)])
    return number, fetched(store, connection, number)


def fetched(store: FakeStore, connection: Connection, number: int) -> Order:
    connector: Any = connector_of(connection)
    return take_in([connector.read(connector.fetch(str(number)))], connection)[0]


def shipped(order: Order, number: str = "7023") -> Shipment:
    (shipment,) = journey.pack([order.pk])
    journey.ship([shipment.pk], tracking={shipment.pk: Tracking(CARRIER, number)})
    shipment.refresh_from_db()
    return shipment


def tell(connection: Connection) -> None:
    """Tell the store all that it should know of orders, and nothing else."""
    Delivery.objects.update(not_before=None)
    outward.deliver(connection_id=connection.pk)


def told(store: FakeStore, number: int) -> list[str]:
    """What the store was asked to change on an order since the last look."""
    asked = [a for a in store.requests if f"orders/{number}" in a.path and a.method != "GET"]
    store.requests.clear()
    return [f"{a.method} {a.path.rpartition('/v3/')[2]}" for a in asked]


def delivery() -> Delivery:
    return Delivery.objects.get(topic=journey.FULFILMENT)


def test_a_shipped_order_is_told_with_its_number_and_closed(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection, 2)
    shipped(order)
    tell(connection)

    assert store.orders[number]["status"] == "completed"
    (note,) = store.notes[number]
    assert "Canada Post" in note["note"]
    assert "7023" in note["note"]
    line = order.lines.get()
    assert delivery().state == "done"
    assert delivery().known["told"] == [[CARRIER, "7023", "", [[line.external_id, 2]]]]
    assert delivery().known["parcels"] == 1


def test_the_order_s_timeline_says_what_the_store_was_told(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    _, order = bought(store, connection)
    shipment = shipped(order)
    tell(connection)

    (entry,) = TimelineEntry.objects.filter(order=order, what="told")
    assert entry.sentence == (
        f"Boréal was told: parcel {shipment.number} shipped, Canada Post 7023; the order is complete."
    )


def test_c21_the_store_shows_part_until_the_last_parcel(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 10)
    number, order = bought(store, connection, 15)
    shipped(order, "AAA1")
    tell(connection)
    assert store.orders[number]["status"] == "processing"
    assert TimelineEntry.objects.filter(what="told").latest("id").sentence.endswith("the rest is still to come.")

    receive(SKU, 5)
    shipped(order, "BBB2")
    tell(connection)

    assert store.orders[number]["status"] == "completed"
    assert sorted(("AAA1" in n["note"], "BBB2" in n["note"]) for n in store.notes[number]) == [
        (False, True),
        (True, False),
    ]


def test_what_the_store_knows_is_not_told_again(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    shipped(order)
    tell(connection)
    assert told(store, number)

    deliveries.want([(connection.pk, journey.FULFILMENT, order.pk)])
    tell(connection)

    assert not [asked for asked in store.requests if f"orders/{number}" in asked.path]
    assert delivery().last_words == "The store knows it already."
    assert delivery().known["parcels"] == 1


def test_a_corrected_number_is_told_again(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    shipment = shipped(order, "WRONG1")
    tell(connection)
    journey.track(shipment, Tracking(CARRIER, "RIGHT2"), who="Ann")
    tell(connection)

    assert sorted("RIGHT2" in note["note"] for note in store.notes[number]) == [False, True]


def test_an_answer_that_was_lost_is_told_again_without_harm(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    shipped(order)
    store.fail_next(path=f"orders/{number}/notes", method="POST", drop=True, after=True)
    tell(connection)
    assert delivery().state == "waiting"
    tell(connection)

    assert delivery().state == "done"
    assert len(store.notes[number]) == 1
    assert store.orders[number]["status"] == "completed"


def test_c6_the_store_s_own_answer_is_no_news(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    shipped(order)
    tell(connection)
    told(store, number)

    order = fetched(store, connection, number)
    tell(connection)

    assert (order.external_state, order.state) == ("completed", "shipped")
    assert told(store, number) == []


def test_an_order_cancelled_here_is_cancelled_in_the_store(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    journey.cancel([order.pk], why="the customer asked for it.", who="Ann")
    tell(connection)

    assert store.orders[number]["status"] == "cancelled"
    assert TimelineEntry.objects.get(what="told").sentence == "Boréal was told: the order is cancelled."


def test_c6_an_order_that_the_store_cancelled_is_not_told_back(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    store.change_order(number, status="cancelled")
    fetched(store, connection, number)
    deliveries.want([(connection.pk, journey.FULFILMENT, order.pk)])
    told(store, number)
    tell(connection)

    assert told(store, number) == []
    assert delivery().last_words == "Nothing to tell: the store called this order off itself."


def test_an_order_that_the_store_deleted_is_not_told_back(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    del store.orders[number]
    journey.take_in_gone(connection, [Gone("order", str(number))])
    told(store, number)
    tell(connection)

    assert told(store, number) == []
    assert not Delivery.objects.filter(topic=journey.FULFILMENT, state="failed").exists()
    assert Order.objects.get(pk=order.pk).state == "cancelled"


def test_c23_cancelled_after_a_part_was_shipped_keeps_the_part_told(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 1)
    number, order = bought(store, connection, 3)
    shipped(order)
    tell(connection)
    store.change_order(number, status="cancelled")
    fetched(store, connection, number)
    deliveries.want([(connection.pk, journey.FULFILMENT, order.pk)])
    tell(connection)

    assert store.orders[number]["status"] == "cancelled"
    assert len(store.notes[number]) == 1


def test_nothing_is_told_before_anything_happened(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    number, order = bought(store, connection)
    deliveries.want([(connection.pk, journey.FULFILMENT, order.pk)])
    tell(connection)

    assert told(store, number) == []
    assert delivery().state == "done"


def test_one_order_in_trouble_keeps_no_other_back(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 9)
    numbers, orders = zip(*(bought(store, connection) for _ in range(3)), strict=True)
    for at, order in enumerate(orders):
        shipped(order, f"N{at}")
    store.fail_next(path=f"orders/{numbers[0]}", status=500)
    tell(connection)

    states = {d.object_id: d.state for d in Delivery.objects.filter(topic=journey.FULFILMENT)}
    assert [states[order.pk] for order in orders] == ["waiting", "done", "done"]


def test_a_store_that_is_down_is_not_asked_for_every_order(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 9)
    orders = [bought(store, connection)[1] for _ in range(5)]
    for order in orders:
        shipped(order)
    store.requests.clear()
    store.fail_next(50, path="orders/", status=503)
    tell(connection)

    assert len([asked for asked in store.requests if "orders/" in asked.path]) == fulfilment.PATIENCE
    assert set(Delivery.objects.filter(topic=journey.FULFILMENT).values_list("state", flat=True)) == {"waiting"}


def test_wrong_keys_pause_the_store_with_one_alert(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 9)
    for order in [bought(store, connection)[1] for _ in range(3)]:
        shipped(order)
    Connection.objects.filter(pk=connection.pk).update(credentials={**store.credentials, "secret": "cs_" + "0" * 40})
    store.requests.clear()
    tell(connection)

    connection.refresh_from_db()
    assert connection.state == "paused"
    assert len(store.requests) == 1


def test_the_attempt_shows_request_and_answer_without_secrets(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 5)
    _, order = bought(store, connection)
    shipped(order)
    tell(connection)

    attempt = delivery().tries.get()
    assert "completed" in attempt.request
    assert "completed" in attempt.response
    assert store.secret not in attempt.request + attempt.response
    assert store.key not in attempt.request + attempt.response


def test_as_many_statements_for_twenty_orders_as_for_one(store: FakeStore, connection: Connection) -> None:
    make_product(SKU, 50)
    orders = [bought(store, connection)[1] for _ in range(21)]
    for order in orders:
        shipped(order)

    def statements(count: int) -> int:
        batch = deliveries.claim(connection_id=connection.pk, topic=journey.FULFILMENT, limit=count, worker="test")
        assert len(batch) == count
        with CaptureQueriesContext(database) as captured:
            assert not [result for result in fulfilment.tell(connection, batch) if result.error]
        return len(captured)

    assert statements(1) == statements(20)
