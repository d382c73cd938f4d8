"""WooCommerce asked and told, against the fake store on loopback."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from requests import Request

from backoffice.sync.connectors import Account
from backoffice.sync.errors import NotConnected, Refused, Unavailable
from backoffice.sync.http import Http
from orders.records import FulfilmentRecord, ListingRecord, ParcelRecord, StockRecord
from orders.stores.base import Gone, Incoming
from orders.stores.woocommerce import WooCommerce
from orders.stores.woocommerce_calls import oauth_signature
from tests.fake_store import FakeStore

PARCEL = ParcelRecord("Postes Canada", "7023210039414604", "", datetime(2026, 11, 23, 3, 0, tzinfo=UTC), (("1", 2),))


@pytest.fixture
def server() -> Iterator[FakeStore]:
    with FakeStore() as found:
        yield found


@pytest.fixture
def store(server: FakeStore) -> WooCommerce:
    return WooCommerce(Account(server.url, dict(server.credentials)), Http(timeout=2))


def pulled(store: WooCommerce, topic: str, cursor: dict[str, object] | None = None) -> tuple[list[Incoming], dict]:
    items: list[Incoming] = []
    cursor = dict(cursor or {})
    for page in store.pull(topic, cursor):
        items += page.items
        cursor = page.cursor
    return items, cursor


def ids(items: list[Incoming], topic: str = "order") -> set[int]:
    return {int(item.external_id) for item in items if item.topic == topic}


# --- sign-in ----------------------------------------------------------------------------------------------------------
def test_the_signature_is_that_of_the_vendors_rules() -> None:
    """The base string written by hand after the WooCommerce documentation (parameters encoded twice), signed by openssl:
    GET&http%3A%2F%2Fshop.test%2Fx&filter%255Bx%255D%3Da%2520b%252Bc%2526d%26oauth_consumer_key%3Dabc123
    %26oauth_signature_method%3DHMAC-SHA256, key topsecret&.
    """
    fields = [
        ("oauth_consumer_key", "abc123"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("filter[x]", "a b+c&d"),
    ]
    made = "i6MaKYiQWRGdb09D9aaqka38+uIj/HdeRrEhWPET/FM="
    assert oauth_signature("get", "http://shop.test/x", fields, "topsecret") == made


def test_a_wrong_secret_is_not_connected(server: FakeStore) -> None:
    store = WooCommerce(Account(server.url, {"key": server.key, "secret": "cs_wrong"}), Http(timeout=2))
    with pytest.raises(NotConnected, match="signature does not match"):
        store.check()


def test_over_https_the_key_goes_in_a_header() -> None:
    store = WooCommerce(Account("https://shop.example.com/", {"key": "ck_a", "secret": "cs_b"}), Http())
    prepared = Request("GET", "https://shop.example.com/x", auth=store.api.auth).prepare()
    assert prepared.headers["Authorization"].startswith("Basic ")
    assert "oauth" not in str(prepared.url)
    assert store.api.root == "https://shop.example.com/wp-json/wc/v3"


def test_missing_credentials_and_a_wrong_address_are_said(server: FakeStore) -> None:
    with pytest.raises(NotConnected, match="no consumer key"):
        WooCommerce(Account(server.url, {}), Http()).check()
    server.fail_next(status=404, body="<html>Not found</html>")
    with pytest.raises(NotConnected, match="no WooCommerce"):
        WooCommerce(Account(server.url, dict(server.credentials)), Http(timeout=2)).check()


def test_check_says_who_answered(server: FakeStore, store: WooCommerce) -> None:
    assert (
        store.check()
        == f"WooCommerce at 127.0.0.1:{server.url.rsplit(':')[-1]} answers; it has {len(server.orders)} orders."
    )


# --- polling orders ---------------------------------------------------------------------------------------------------
def test_a_first_poll_brings_every_order_and_its_refunds(server: FakeStore, store: WooCommerce) -> None:
    items, cursor = pulled(store, "order")
    assert ids(items) == set(server.orders)
    assert ids(items, "refund") == {97, 99, 103, 104}
    assert {item.context["order"] for item in items if item.topic == "refund"} == {"96", "98", "102"}
    assert len({(item.topic, item.key) for item in items}) == len(items)
    assert cursor["since"] == max(order["date_modified_gmt"] for order in server.orders.values())


def test_the_next_poll_brings_what_changed_and_a_little_more(server: FakeStore, store: WooCommerce) -> None:
    _, cursor = pulled(store, "order")
    changed = server.place_order([("SIR-250", 1)])
    server.change_order(53, customer_note="Sonnez deux fois")
    items, later = pulled(store, "order", cursor)
    assert {changed, 53} <= ids(items)
    assert later["since"] > cursor["since"]
    asked = next(a for a in reversed(server.requests) if a.path == "orders")
    since = datetime.fromisoformat(cursor["since"])
    first = next(a for a in server.requests if a.query.get("modified_after"))
    assert datetime.fromisoformat(first.query["modified_after"]) == since - timedelta(minutes=5)
    assert "Z" not in asked.query["modified_after"]
    assert asked.query["dates_are_gmt"] == "true"


def crowd(server: FakeStore, count: int, seconds: int) -> None:
    """`count` copies of an order, spread over `seconds` seconds."""
    begin = datetime(2026, 11, 20, 12, tzinfo=UTC)
    template = server.orders[53]
    server.orders.clear()
    for n in range(count):
        stamp = f"{begin + timedelta(seconds=n * seconds // count):%Y-%m-%dT%H:%M:%S}"
        server.orders[1000 + n] = {**template, "id": 1000 + n, "refunds": [], "date_modified_gmt": stamp}


@pytest.mark.parametrize(("count", "seconds"), [(250, 250), (250, 7), (350, 1), (1000, 3), (100, 1), (200, 2)])
def test_orders_that_share_a_second_are_all_read(
    server: FakeStore, store: WooCommerce, count: int, seconds: int
) -> None:
    crowd(server, count, seconds)
    items, _ = pulled(store, "order")
    assert len(items) == count
    assert ids(items) == set(server.orders)
    again, _ = pulled(store, "order", {"since": max(o["date_modified_gmt"] for o in server.orders.values())})
    assert ids(again) == set(server.orders)


def test_orders_that_change_while_they_are_read_hide_no_others(server: FakeStore, store: WooCommerce) -> None:
    crowd(server, 500, 100)
    seen: set[int] = set()
    for number, page in enumerate(store.pull("order", {})):
        seen |= ids(list(page.items))
        for order in sorted(server.orders)[number * 7 : number * 7 + 30]:
            server.change_order(order)
        if number > 30:
            break
    assert seen == set(server.orders)


def test_a_poll_that_broke_goes_on_from_its_last_page(server: FakeStore, store: WooCommerce) -> None:
    crowd(server, 300, 300)
    pages = store.pull("order", {})
    kept = next(pages)
    server.fail_next(status=503)
    with pytest.raises(Unavailable):
        next(pages)
    items, _ = pulled(store, "order", kept.cursor)
    assert ids(list(kept.items)) | ids(items) == set(server.orders)


def test_fetch_brings_an_order_as_it_is_now(server: FakeStore, store: WooCommerce) -> None:
    server.change_order(53, status="on-hold")
    assert store.read(store.fetch("53")).external_state == "on-hold"  # type: ignore[union-attr]
    assert store.read(store.fetch("999999")) == Gone("order", "999999")


# --- polling products -------------------------------------------------------------------------------------------------
def test_products_come_before_variations_with_what_the_parent_knows(server: FakeStore, store: WooCommerce) -> None:
    items, cursor = pulled(store, "product")
    assert ids(items, "product") == set(server.products) | set(server.variations)
    records = {item.external_id: store.read(item) for item in items}
    variation = records["38"]
    assert isinstance(variation, ListingRecord)
    assert variation.name == "T-shirt « Érable » - Érable, M"
    assert variation.weight_grams == 200
    assert set(cursor) == {"since", "variations_since"}
    server.requests.clear()
    server.variations[38].update(date_modified_gmt=server.now(), stock_quantity=3)
    later, _ = pulled(store, "product", cursor)
    changed = next(store.read(item) for item in later if item.external_id == "38")
    assert isinstance(changed, ListingRecord)
    assert changed.quantity == 3
    assert changed.name == "T-shirt « Érable » - Érable, M"


def test_an_older_woocommerce_lists_variations_below_their_parents(server: FakeStore, store: WooCommerce) -> None:
    server.has_variations_route = False
    items, _ = pulled(store, "product")
    assert ids(items, "product") == set(server.products) | set(server.variations)


def test_a_key_that_may_not_read_settings_still_pulls(server: FakeStore, store: WooCommerce) -> None:
    server.fail_next(status=403, path="settings", body={"code": "x", "message": "Sorry, you cannot list resources."})
    items, _ = pulled(store, "product")
    assert all(store.read(item).weight_grams is None for item in items)  # type: ignore[union-attr]


# --- stock ------------------------------------------------------------------------------------------------------------
def level(number: int, quantity: int, parent: str = "", status: str = "in_stock", backorders: str = "") -> StockRecord:
    return StockRecord(str(number), parent, quantity, status, backorders)


def test_products_and_variations_go_where_they_belong(server: FakeStore, store: WooCommerce) -> None:
    told = store.push_stock([level(10, 51), level(38, 4, "36"), level(42, 0, "36", "backorder", "allow_tell")])
    assert [t.error for t in told] == [None, None, None]
    assert {t.object_key: t.known for t in told}["42"] == {"quantity": 0, "status": "backorder"}
    assert (server.products[10]["stock_quantity"], server.variations[38]["stock_quantity"]) == (51, 4)
    assert [a.path for a in server.requests] == ["products/batch", "products/36/variations/batch"]
    assert server.requests[0].body == {"update": [{"id": 10, "stock_quantity": 51, "stock_status": "instock"}]}


def test_a_price_goes_along_where_one_is_told(server: FakeStore, store: WooCommerce) -> None:
    (told,) = store.push_stock([StockRecord("10", "", 52, "in_stock", "", Decimal("25.00"))])

    assert told.error is None
    # https://woocommerce.github.io/woocommerce-rest-api-docs/#product-properties: `regular_price` is a string.
    sent = {"id": 10, "stock_quantity": 52, "stock_status": "instock", "regular_price": "25.00"}
    assert server.requests[0].body == {"update": [sent]}


def test_stock_keeping_is_never_switched_on(server: FakeStore, store: WooCommerce) -> None:
    (told,) = store.push_stock([level(30, 5)])
    assert isinstance(told.error, Refused)
    assert "keeps no stock figure" in str(told.error)
    assert server.products[30]["manage_stock"] is False


def test_a_variation_that_shares_its_parents_stock_is_told_through_the_parent(store: WooCommerce) -> None:
    (told,) = store.push_stock([level(44, 5, "43")])
    assert isinstance(told.error, Refused)
    assert "parent" in str(told.error)
    (told,) = store.push_stock([level(43, 5)])
    assert told.known == {"quantity": 5, "status": "in_stock"}


def test_a_variation_under_the_wrong_parent_is_refused_alone(store: WooCommerce) -> None:
    told = {t.object_key: t for t in store.push_stock([level(44, 3, "36"), level(38, 3, "36")])}
    assert isinstance(told["44"].error, Refused)
    assert told["38"].known == {"quantity": 3, "status": "in_stock"}


def test_what_came_through_before_the_trouble_is_known(server: FakeStore, store: WooCommerce) -> None:
    server.fail_next(path="variations", status=503)
    told = {t.object_key: t for t in store.push_stock([level(10, 5), level(38, 5, "36"), level(44, 5, "43")])}
    assert told["10"].error is None
    assert isinstance(told["38"].error, Unavailable)
    assert isinstance(told["44"].error, Unavailable)


# --- parcels ----------------------------------------------------------------------------------------------------------
def fulfilment(**changes: object) -> FulfilmentRecord:
    return replace(FulfilmentRecord("53", (PARCEL,), True, False, 0, "fr"), **changes)


def test_a_parcel_is_a_note_for_the_customer_a_tracking_entry_and_completed(
    server: FakeStore, store: WooCommerce
) -> None:
    told = store.push_fulfilment(fulfilment())
    note = server.notes[53][0]
    assert note["customer_note"] is True
    assert note["note"] == "Le colis 1 a été expédié le 2026-11-22 par Postes Canada. Suivi : 7023210039414604"
    (tracking,) = [m["value"] for m in server.orders[53]["meta_data"] if m["key"] == "_wc_shipment_tracking_items"]
    assert [(item["tracking_provider"], item["tracking_number"]) for item in tracking] == [
        ("Postes Canada", "7023210039414604")
    ]
    assert server.orders[53]["status"] == "completed"
    assert told.known is not None
    assert (told.known["parcels"], told.known["state"]) == (1, "completed")


def test_part_by_part_each_parcel_is_told_once(server: FakeStore, store: WooCommerce) -> None:
    """C21: the store is `processing` until the last parcel."""
    before = server.orders[53]["status"]
    parcels: tuple[ParcelRecord, ...] = ()
    for n in range(5):
        parcels += (replace(PARCEL, tracking_number=f"70{n}" if n != 2 else ""),)
        told = store.push_fulfilment(fulfilment(parcels=parcels, complete=n == 4, told_parcels=n, language="en"))
        assert told.known is not None
        assert told.known["state"] == ("completed" if n == 4 else before)
    assert len(server.notes[53]) == 5
    (tracking,) = [m["value"] for m in server.orders[53]["meta_data"] if m["key"] == "_wc_shipment_tracking_items"]
    assert [item["tracking_number"] for item in tracking] == ["700", "701", "703", "704"]


def test_told_again_nothing_is_written(server: FakeStore, store: WooCommerce) -> None:
    store.push_fulfilment(fulfilment())
    server.requests.clear()
    store.push_fulfilment(fulfilment())
    store.push_fulfilment(fulfilment(told_parcels=1))
    store.push_fulfilment(fulfilment(language="en"))
    assert {a.method for a in server.requests} == {"GET"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_two_parcels_under_one_number_are_told_each(server: FakeStore, store: WooCommerce, language: str) -> None:
    both = (PARCEL, PARCEL)
    store.push_fulfilment(fulfilment(complete=False, language=language))
    store.push_fulfilment(fulfilment(parcels=both, told_parcels=1, language=language))
    assert len(server.notes[53]) == 2
    # The answer to the first was lost, and the customer's language was changed since: still nothing twice.
    store.push_fulfilment(fulfilment(parcels=both, language="en"))
    assert len(server.notes[53]) == 2
    (tracking,) = [m["value"] for m in server.orders[53]["meta_data"] if m["key"] == "_wc_shipment_tracking_items"]
    assert len(tracking) == 1


def test_what_a_person_noted_in_the_store_is_not_told_again(server: FakeStore, store: WooCommerce) -> None:
    order = server.orders[52]
    assert any(meta["key"] == "_wc_shipment_tracking_items" for meta in order["meta_data"])
    there = replace(PARCEL, tracking_number="1234567890123456")
    store.push_fulfilment(fulfilment(order_external_id="52", parcels=(there,)))
    assert {a.method for a in server.requests} == {"GET"}


@pytest.mark.parametrize("state", ["cancelled", "refunded"])
def test_a_closed_order_is_never_opened_again(server: FakeStore, store: WooCommerce, state: str) -> None:
    server.orders[53]["status"] = state
    told = store.push_fulfilment(fulfilment())
    assert server.orders[53]["status"] == state
    assert told.known is not None
    assert told.known["state"] == state


def test_an_order_cancelled_here_is_cancelled_there(server: FakeStore, store: WooCommerce) -> None:
    server.orders[53]["status"] = "processing"
    told = store.push_fulfilment(fulfilment(parcels=(), cancelled=True))
    assert told.known is not None
    assert server.orders[53]["status"] == told.known["state"] == "cancelled"
    assert 53 not in server.notes
    server.orders[54]["status"] = "completed"
    with pytest.raises(Refused, match="calls it completed"):
        store.push_fulfilment(fulfilment(order_external_id="54", parcels=(), cancelled=True))
    server.orders[54]["status"] = "trash"
    with pytest.raises(Refused, match="trash"):
        store.push_fulfilment(fulfilment(order_external_id="54"))
