"""Everything that a real WooCommerce store sent: it all comes in, to the cent or held with a reason."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from backoffice import inward, outward
from backoffice.sync.models import Arrival, Delivery
from orders.models import Hold, Order
from tests import fake_store_data, making, shop
from tests.fake_store import FakeStore

pytestmark = pytest.mark.django_db


def _every_total_is_the_stores() -> None:
    newest: dict[str, dict] = {}
    for _, body in fake_store_data.all_orders():
        known = newest.get(str(body["id"]))
        if known is None or known["date_modified_gmt"] <= body["date_modified_gmt"]:
            newest[str(body["id"])] = body
    held = set(Hold.objects.exclude(stops=Hold.Stops.NOTHING).values_list("order__external_id", flat=True))
    orders = {order.external_id: order for order in Order.objects.all()}
    assert orders
    for number, order in orders.items():
        said = Decimal(newest[number]["total"])
        if (order.total, order.computed_total) != (said, said):
            assert number in held, f"Order {number}: {said} in the store, {order.total} here, and nobody was asked."
        assert order.currency == newest[number]["currency"]
    for hold in Hold.objects.all():
        assert hold.sentence.endswith("."), hold.sentence


def test_every_recorded_order_comes_in_from_its_file() -> None:
    store = shop.connected()
    connector = inward.store_of(store)
    for name, body in fake_store_data.all_orders():
        inward.keep(store, list(connector.unpack(json.dumps(body).encode(), name=name)))
    inward.work_on_arrivals()
    states = Counter(store.arrivals.values_list("state", flat=True))
    assert set(states) <= {Arrival.State.DONE, Arrival.State.OLD, Arrival.State.IGNORED}, states
    numbers = {body["id"] for _, body in fake_store_data.all_orders() if body["status"] not in ("checkout-draft",)}
    assert Order.objects.count() == len(numbers)
    _every_total_is_the_stores()


def test_every_recorded_webhook_comes_in_with_its_signature() -> None:
    store = shop.connected()
    bodies = sorted((fake_store_data.RECORDINGS / "webhooks").glob("*.body"))
    kept = 0
    for path in bodies:
        headers, raw = fake_store_data.webhook(path.stem)
        kept += len(inward.webhook(store, headers, raw))
        inward.work_on_arrivals()
    assert kept > 50
    failed = list(store.arrivals.filter(state=Arrival.State.FAILED).values_list("sentence", flat=True))
    assert not failed
    assert Order.objects.count() == 35
    _every_total_is_the_stores()


def test_a_forged_webhook_is_turned_away() -> None:
    store = shop.connected()
    headers, raw = fake_store_data.webhook("0006")
    with pytest.raises(PermissionError, match="not the store's"):
        inward.webhook(store, headers, raw.replace(b"33.82", b"00.82"))
    assert not store.arrivals.exists()


def test_a_whole_store_is_taken_over_and_told() -> None:
    """Products, orders and refunds by polling; then the store hears of its stock and of nothing that came from it."""
    with FakeStore() as shopfront:
        store = making.make_connection(shopfront)
        inward.poll(store)
        inward.work_on_arrivals()
        assert not store.arrivals.filter(state=Arrival.State.FAILED).exists()
        _every_total_is_the_stores()
        outward.deliver(connection_id=store.pk)
        left = Delivery.objects.filter(connection=store).exclude(state=Delivery.State.DONE)
        assert not left, [(d.topic, d.state, d.last_words) for d in left]
        written = [asked for asked in shopfront.requests if asked.method != "GET" and asked.path.startswith("orders")]
        assert not written
        asked = len(shopfront.requests)
        # Polled again, only the products come that were just told of their stock; that is told nobody again.
        store.refresh_from_db()
        assert inward.poll(store)["order"] == 0
        inward.work_on_arrivals()
        outward.deliver(connection_id=store.pk)
        assert not [again for again in shopfront.requests[asked:] if again.method != "GET"]
