"""The webhook door: signature on the raw body, kept as it came, answered while no worker runs."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from backoffice import inward
from backoffice.sync.models import Arrival, Connection
from orders.models import Order
from tests.fake_store import FakeStore
from tests.making import make_connection

BODY = (Path(__file__).parent.parent / "recordings" / "woocommerce" / "orders" / "one_96.body.json").read_bytes()


@pytest.fixture
def shop(db: None) -> Connection:
    return make_connection(credentials=FakeStore(empty=True).credentials)


def knock(shop: Connection, body: bytes = BODY, *, secret: str | None = None, topic: str = "order.updated") -> Any:
    headers = FakeStore(empty=True).webhook_headers(topic, body, secret=secret)
    return Client().post(f"/webhooks/{shop.pk}/", body, content_type="application/json", headers=headers)


def test_an_order_is_kept_as_it_came_and_not_worked_on(shop: Connection) -> None:
    assert knock(shop).json() == {"kept": 1}
    arrival = Arrival.objects.get()
    assert bytes(arrival.body) == BODY
    assert arrival.state == Arrival.State.WAITING
    assert not Order.objects.exists()


def test_a_card_number_in_a_note_is_never_held(shop: Connection) -> None:
    body = BODY.replace(b'"customer_note":""', b'"customer_note":"my card: 4111 1111 1111 1111, thanks"')
    assert body != BODY
    knock(shop, body)
    assert b"4111 1111" not in bytes(Arrival.objects.get().body)
    inward.work_on_arrivals()
    assert Order.objects.get().customer_note == "my card: •••• 1111, thanks"


def test_a_card_number_that_is_a_json_number_is_never_held(shop: Connection) -> None:
    body = BODY.replace(b'"customer_note":""', b'"customer_note":"","transaction_id":4111111111111111')
    knock(shop, body)
    assert b"4111111111111111" not in bytes(Arrival.objects.get().body)
    inward.work_on_arrivals()
    assert Order.objects.get().payment_reference == "•••• 1111"


@pytest.mark.parametrize("number", ['"96\\u0000"', '"96\\ud800"', '"\\u0000"', "{}", '"' + "9" * 300 + '"'])
@pytest.mark.parametrize("topic", ["order.updated", "order.deleted", "product.deleted", "product.updated"])
def test_a_number_that_cannot_be_is_no_crash_at_the_door(shop: Connection, number: str, topic: str) -> None:
    for rest in (', "line_items": [], "date_modified_gmt": "\\u0000"', ""):
        assert knock(shop, f'{{"id": {number}{rest}}}'.encode(), topic=topic).status_code == 200
    inward.work_on_arrivals()
    assert not Arrival.objects.filter(state=Arrival.State.WAITING).exists()
    assert not Arrival.objects.filter(sentence__contains="database refused").exists()


def test_the_worker_then_makes_an_order_of_it(shop: Connection) -> None:
    knock(shop)
    inward.work_on_arrivals()
    assert Order.objects.get().external_id == "96"


def test_the_same_again_is_counted_and_not_kept_twice(shop: Connection) -> None:
    assert [knock(shop).json()["kept"] for _ in range(3)] == [1, 0, 0]
    assert Arrival.objects.get().repeats == 2


def test_a_wrong_signature_is_refused_and_nothing_is_kept(shop: Connection) -> None:
    assert knock(shop, secret="somebody else").status_code == 401
    assert not Arrival.objects.exists()


def test_a_body_changed_by_one_byte_is_refused(shop: Connection) -> None:
    headers = FakeStore(empty=True).webhook_headers("order.updated", BODY)
    changed = BODY.replace(b"66.60", b"16.60")
    answer = Client().post(f"/webhooks/{shop.pk}/", changed, content_type="application/json", headers=headers)
    assert answer.status_code == 401


def test_the_greeting_is_answered(shop: Connection) -> None:
    answer = Client().post(f"/webhooks/{shop.pk}/", b"webhook_id=7", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert not Arrival.objects.exists()


def test_a_paused_connection_still_hears_and_one_switched_off_does_not(shop: Connection) -> None:
    Connection.objects.update(state=Connection.State.PAUSED)
    assert knock(shop).status_code == 200
    Connection.objects.update(state=Connection.State.OFF)
    assert knock(shop).status_code == 404


def test_an_unknown_door_and_a_look_inside_are_refused(shop: Connection) -> None:
    assert Client().post("/webhooks/999999/", BODY, content_type="application/json").status_code == 404
    assert Client().get(f"/webhooks/{shop.pk}/").status_code == 405


def test_what_is_too_large_is_refused_unread(shop: Connection, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    assert knock(shop).status_code == 413


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_once_it_is_committed() -> None:
    from django_q.models import OrmQ

    shop = make_connection(credentials=FakeStore(empty=True).credentials)
    knock(shop)
    assert [task.task["func"] for task in OrmQ.objects.all()] == ["backoffice.tasks.work_on_arrivals"]
