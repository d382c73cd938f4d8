"""A refund that comes before its order waits for it, and goes on by itself (rule: O4)."""

import json
from pathlib import Path

import pytest

from backoffice import inward
from backoffice.sync.models import Arrival
from orders.models import Order
from orders.stores.base import Incoming
from tests.making import make_connection
from tests.proving import assert_proven

RECORDINGS = Path(__file__).parent.parent / "recordings" / "woocommerce" / "orders"
REFUND = json.dumps(json.loads((RECORDINGS / "refunds_96.body.json").read_text())[0]).encode()


@pytest.mark.django_db
def test_it_waits_and_is_applied_once_the_order_is_there() -> None:
    store = make_connection()
    kept = inward.keep(store, [Incoming("refund", "97", "97", REFUND, {"order": "96"})])
    inward.work_on_arrivals()
    arrival = Arrival.objects.get(pk__in=kept)
    assert arrival.state == Arrival.State.WAITING
    assert arrival.not_before is not None
    assert "waits for the order" in arrival.sentence

    inward.keep(store, list(inward.store_of(store).unpack((RECORDINGS / "one_96.body.json").read_bytes())))
    inward.work_on_arrivals()
    assert inward.wake_refunds() == 1
    inward.work_on_arrivals()
    arrival.refresh_from_db()
    assert arrival.state == Arrival.State.DONE
    order = Order.objects.get(external_id="96")
    assert str(order.refunded_total) == "18.390"
    assert order.payments.filter(amount__lt=0).count() == 1
    assert_proven()


@pytest.mark.django_db
def test_after_two_days_a_person_is_asked() -> None:
    store = make_connection()
    inward.keep(store, [Incoming("refund", "97", "97", REFUND, {"order": "96"})])
    for _ in range(inward.PATIENCE + 1):
        Arrival.objects.update(not_before=None)
        inward.work_on_arrivals()
    arrival = Arrival.objects.get()
    assert arrival.state == Arrival.State.FAILED
    assert "Take the order in" in arrival.sentence
