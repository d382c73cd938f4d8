"""`connect`, `sync` and `take_in`, as someone without a browser uses them."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backoffice import inward
from backoffice.sync.models import Arrival, Connection, Delivery
from inventory.availability import available
from inventory.models import Listing, Movement
from orders.models import Order
from orders.stores.base import Incoming
from tests.fake_store import FakeStore
from tests.making import make_connection
from tests.proving import assert_proven

RECORDINGS = Path(__file__).parent.parent / "recordings" / "woocommerce"


def run(*words: object, **options: Any) -> str:
    said = StringIO()
    call_command(*(str(word) for word in words), stdout=said, stderr=StringIO(), **options)
    return said.getvalue().strip()


def connect(store: FakeStore, *more: str) -> str:
    keys = ["--key", store.key, "--secret", store.secret, "--webhook-secret", store.webhook_secret]
    return run("connect", "woocommerce", "--url", store.url, *keys, *more)


@pytest.mark.django_db
def test_connect_prints_the_number_and_keeps_the_keys_encrypted() -> None:
    with FakeStore() as store:
        number = connect(store)
    connection = Connection.objects.get(pk=number)
    assert connection.credentials == store.credentials
    raw = Connection.objects.extra(select={"raw": "credentials"}).values_list("raw", flat=True)[0]
    assert store.secret.encode() not in bytes(raw)


@pytest.mark.django_db
def test_connecting_again_changes_the_connection_and_makes_no_second_one() -> None:
    with FakeStore() as store:
        assert connect(store) == connect(store, "--buffer", "5")
    assert Connection.objects.get(connector="woocommerce").safety_buffer == 5


@pytest.mark.django_db
def test_plain_http_is_only_for_this_machine() -> None:
    with pytest.raises(CommandError, match="https"):
        run("connect", "woocommerce", "--url", "http://shop.example.com", "--key", "k", "--secret", "s")


@pytest.mark.django_db
def test_the_first_sync_takes_over_products_stock_and_orders_and_the_second_changes_nothing() -> None:
    with FakeStore() as store:
        number = connect(store)
        run("sync", number, "--once")
        orders, moved = Order.objects.count(), Movement.objects.count()
        assert orders == len([o for o in store.orders.values() if o["status"] != "checkout-draft"])
        assert_proven()
        before = len(store.requests)
        run("sync", number, "--once")
        assert (Order.objects.count(), Movement.objects.count()) == (orders, moved)
        assert [asked.method for asked in store.requests[before:] if asked.method != "GET"] == []
    assert_proven()


@pytest.mark.django_db
def test_what_the_store_had_set_aside_for_open_orders_is_theirs_and_its_own_figure_is_not_overwritten() -> None:
    with FakeStore() as store:
        figures = {str(p["id"]): p["stock_quantity"] for p in [*store.products.values(), *store.variations.values()]}
        run("sync", connect(store), "--once")
    for listing in Listing.objects.filter(manages_stock=True, seen_quantity__gte=0).exclude(product=None):
        unpaid = sum(
            line.ordered for line in listing.product.order_lines.filter(order__may_ship=False, order__cancelled_at=None)
        )
        free = available([listing.product_id])[listing.product_id]
        assert figures[listing.external_id] <= free <= figures[listing.external_id] + unpaid, listing.sku


@pytest.mark.django_db
def test_a_store_that_cannot_be_reached_is_said_so_and_nothing_is_lost() -> None:
    connection = make_connection()
    with pytest.raises(CommandError, match="could not be pulled"):
        run("sync", connection.pk, "--once")
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


@pytest.mark.django_db
def test_wrong_keys_pause_the_connection_once() -> None:
    with FakeStore() as store:
        connection = make_connection(store, credentials={"key": "ck_wrong", "secret": "cs_wrong"})
        with pytest.raises(CommandError):
            run("sync", connection.pk, "--once")
    connection.refresh_from_db()
    assert connection.state == Connection.State.PAUSED
    assert "cs_wrong" not in connection.state_sentence


@pytest.mark.django_db
def test_sync_of_an_unknown_connection_names_those_there_are() -> None:
    make_connection()
    with pytest.raises(CommandError, match="Boréal"):
        run("sync", "nowhere", "--once")


@pytest.mark.django_db
def test_take_in_says_for_each_order_the_stores_total_and_ours() -> None:
    files = sorted((RECORDINGS / "orders").glob("one_*.body.json"))
    lines = [json.loads(line) for line in run("take_in", "woocommerce", *files, "--json").splitlines()]
    assert len(lines) == len(files)
    for line in lines:
        assert set(line) == {"external_id", "total", "ours", "state", "hold"}
        assert line["total"] == line["ours"] or line["hold"]
    assert Arrival.objects.count() == len(files)
    assert_proven()


@pytest.mark.django_db
def test_taken_in_twice_it_is_there_once_and_said_the_same() -> None:
    file = RECORDINGS / "orders" / "one_96.body.json"
    assert run("take_in", "woocommerce", file, "--json") == run("take_in", "woocommerce", file, "--json")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_file_that_is_no_order_is_named_and_the_others_go_in(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"id": 12,')
    with pytest.raises(CommandError, match=r"broken\.json"):
        run("take_in", "woocommerce", broken, RECORDINGS / "orders" / "one_96.body.json")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_parcel_is_told_to_the_store_once_and_its_echo_is_no_change() -> None:
    from backoffice import journey

    with FakeStore(empty=True) as store:
        number = connect(store)
        run("sync", number, "--once")
        placed = store.place_order([("SIR-500", 1)])
        run("sync", number, "--once")
        order = Order.objects.get(external_id=str(placed))
        parcels = journey.pack([order.pk])
        journey.ship([parcels[0].pk], tracking={parcels[0].pk: journey.Tracking("Canada Post", "123456789012")})
        run("sync", number, "--once")
        assert store.orders[placed]["status"] == "completed"
        told = [note for note in store.notes[placed] if "123456789012" in note["note"]]
        assert len(told) == 1
        run("sync", number, "--once")
        run("sync", number, "--once")
        assert [n for n in store.notes[placed] if "123456789012" in n["note"]] == told
    order.refresh_from_db()
    assert order.state == Order.State.SHIPPED
    assert not order.holds.filter(released_at=None).exists()
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
    assert_proven()


@pytest.mark.django_db
def test_the_store_can_be_asked_again_for_one_order() -> None:
    with FakeStore(empty=True) as store:
        number = connect(store)
        run("sync", number, "--once")
        placed = store.place_order([("SIR-500", 2)])
        run("sync", number, "--once")
        order = Order.objects.get(external_id=str(placed))
        assert inward.ask_again(order) == "The store says nothing new."
        store.change_order(placed, status="cancelled")
        assert order.number in inward.ask_again(order)
    order.refresh_from_db()
    assert order.state == Order.State.CANCELLED
    assert_proven()


@pytest.mark.django_db
def test_a_store_that_asks_to_be_left_alone_is_left_alone() -> None:
    with FakeStore(empty=True) as store:
        connection = make_connection(store)
        store.fail_next(status=429, headers={"Retry-After": "300"})
        with pytest.raises(CommandError, match="could not be pulled"):
            run("sync", connection.pk, "--once")
        asked = len(store.requests)
        Connection.objects.update(polled_at=None)
        assert inward.due_for_poll() == []
        with pytest.raises(CommandError, match="asked to be left alone until"):
            run("sync", connection.pk, "--once")
        assert len(store.requests) == asked
        Connection.objects.update(poll_not_before=timezone.now() - timedelta(seconds=1))
        assert inward.due_for_poll() == [connection]
        run("sync", connection.pk, "--once")
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


@pytest.mark.django_db
def test_sync_of_a_paused_connection_says_why_and_how_to_go_on_and_works_on_what_is_kept() -> None:
    with FakeStore() as store:
        connection = make_connection(store, state=Connection.State.PAUSED, state_sentence="The keys were revoked.")
        body = (RECORDINGS / "orders" / "one_96.body.json").read_bytes()
        inward.keep(connection, list(inward.store_of(connection).unpack(body)))
        for words in (["--once"], []):
            with pytest.raises(CommandError, match=r"paused.*The keys were revoked\..*Resume"):
                run("sync", connection.pk, *words)
        assert store.requests == []
    assert Order.objects.get().external_id == "96"


@pytest.mark.django_db
def test_what_came_in_and_waits_is_counted_as_waiting() -> None:
    with FakeStore(empty=True) as store:
        connection = make_connection(store)
        body = b'{"id": 5, "date_created_gmt": "2026-11-02T15:00:00", "amount": "1", "line_items": []}'
        inward.keep(connection, [Incoming("refund", "5", "k", body, {"order": "404", "currency": "CAD"})])
        assert run("sync", connection.pk, "--once").endswith("still waiting: 1")


@pytest.mark.django_db
def test_the_total_is_the_stores_own_in_the_currencys_own_decimals(tmp_path: Path) -> None:
    order = json.loads((RECORDINGS / "orders" / "one_96.body.json").read_text())
    paid = Decimal(order["total"])
    card = tmp_path / "card.json"
    card.write_text(
        json.dumps({**order, "total": str(paid - 5), "gift_cards": [{"id": 1, "code": "ABCD", "amount": "5.00"}]})
    )
    said = json.loads(run("take_in", "woocommerce", card, "--json"))
    assert (Decimal(said["total"]), Decimal(said["ours"])) == (paid - 5, paid - 5)
    yen = tmp_path / "yen.json"
    line = {"id": 1, "name": "Tent", "quantity": 1, "subtotal": "1200", "total": "1200"}
    bare = {name: order[name] for name in ("status", "date_created_gmt", "date_modified_gmt", "billing")}
    yen.write_text(json.dumps({**bare, "id": 970, "currency": "JPY", "total": "1200", "line_items": [line]}))
    said = json.loads(run("take_in", "woocommerce", yen, "--json"))
    assert (said["total"], said["ours"]) == ("1200", "1200")
