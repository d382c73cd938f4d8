"""What a WooCommerce store said, read: recorded answers of a real store, and the vendor's documentation."""

import base64
import copy
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

import pytest

from backoffice.lib.money import total
from backoffice.sync.connectors import Account
from backoffice.sync.http import Http
from orders.records import ChargeRecord, ListingRecord, OrderRecord, PaymentRecord, RefundLineRecord, TaxRecord
from orders.stores.base import Gone, Incoming, Nothing, Unreadable
from orders.stores.woocommerce import WooCommerce
from tests.fake_store_data import all_orders, raw, recorded, webhook

SECRET = "hub-webhook-secret-2026"


@pytest.fixture
def store() -> WooCommerce:
    account = Account("https://shop.example.com", {"key": "ck_x", "secret": "cs_x", "webhook_secret": SECRET})
    return WooCommerce(account, Http())


def order(store: WooCommerce, data: Any) -> OrderRecord:
    record = store.read(Incoming("order", "1", "k", json.dumps(data).encode()))
    assert isinstance(record, OrderRecord)
    return record


def adds_up(record: OrderRecord) -> D:
    return (
        total(line.gross - line.discount for line in record.lines)
        + total(charge.amount for charge in record.charges)
        + total(tax.amount for tax in record.taxes)
    )


def one(number: int) -> dict[str, Any]:
    return copy.deepcopy(next(row for _, row in reversed(all_orders()) if row["id"] == number))


def test_every_recorded_order_adds_up_to_the_cent(store: WooCommerce) -> None:
    seen = all_orders() + [("dp4", row) for row in recorded("orders/list_dp4.body.json")]
    assert len({row["id"] for _, row in seen}) >= 48
    for name, row in seen:
        record = order(store, row)
        assert adds_up(record) == record.total == D(row["total"]), (name, row["id"])
        assert total(tax.amount for tax in record.taxes) == D(row["total_tax"]).quantize(D("0.01"))
        assert record.doubts == ()
        assert all(line.discount >= 0 for line in record.lines)


def test_lines_shipping_fees_taxes_and_coupons(store: WooCommerce) -> None:
    record = order(store, one(68))
    fees = [charge for charge in record.charges if charge.kind == "fee"]
    assert [(fee.name, fee.amount, fee.tax) for fee in fees] == [
        ("Emballage cadeau", D("4.50"), D("0.59")),
        ("Rabais fidélité", D("-6.49"), D("-0.84")),
    ]
    coupon = order(store, one(64))
    assert coupon.coupons == ("erable10",)
    assert total(line.discount for line in coupon.lines) == D("5.43")
    assert [charge.kind for charge in order(store, one(88)).charges] == ["shipping", "shipping"]
    assert order(store, one(89)).currency == "USD"


def test_two_taxes_by_their_own_names_and_rates(store: WooCommerce) -> None:
    record = order(store, recorded("orders/after_trashed_get.body.json"))
    assert record.taxes == (
        TaxRecord("GST", D("1.00"), "10", D("5")),
        TaxRecord("PST", D("1.40"), "11", D("7")),
    )
    assert record.cancelled
    assert record.placed_at == datetime(2026, 11, 22, 22, 41, 54, tzinfo=UTC)
    assert record.version == datetime(2026, 11, 22, 22, 41, 59, tzinfo=UTC)


def test_a_variation_shows_what_was_chosen_and_no_plugin_internals(store: WooCommerce) -> None:
    line = order(store, one(110)).lines[0]
    assert (line.item_id, line.sku, line.variation) == ("44", "CAF", "Format: 250 g, Mouture: Espresso")
    engraved = [
        found
        for _, row in all_orders()
        for found, given in zip(order(store, row).lines, row["line_items"], strict=True)
        if any(meta["key"] == "_engrave_font" for meta in given["meta_data"])
    ]
    assert engraved
    assert all("Gravure" in found.variation and "font" not in found.variation for found in engraved)


def test_a_deleted_product_has_no_number_and_still_counts(store: WooCommerce) -> None:
    record = order(store, recorded("errors/bad_product_in_order.body.json"))
    assert (record.lines[0].item_id, record.lines[0].sku, record.lines[0].needs_shipping) == ("", "", True)
    assert record.lines[0].name


def test_what_is_only_downloaded_is_not_shipped(store: WooCommerce) -> None:
    """`needs_processing` is false for an order of downloads, but also for one of free text, which is a thing to send."""
    free_text = one(116)
    assert free_text["needs_processing"] is False
    assert order(store, free_text).lines[0].needs_shipping
    free_text["line_items"][0]["product_id"] = 31
    assert not order(store, free_text).lines[0].needs_shipping


def test_guest_names_and_addresses(store: WooCommerce) -> None:
    record = order(store, recorded("orders/one_102.body.json"))
    assert record.customer.external_id == "2"
    assert record.billing.name == "Noémie Lévesque"
    assert record.shipping.phone == "416-555-0101"
    guest = one(102)
    guest["customer_id"] = 0
    guest["line_items"][0]["name"] = "Caf&eacute; &amp; th&eacute; &ndash; <b>250 g</b>"
    guest["shipping"] = dict.fromkeys(guest["shipping"], "")
    guest["meta_data"] = [{"id": 1, "key": "wpml_language", "value": "fr"}]
    record = order(store, guest)
    assert record.customer.external_id == ""
    assert record.customer.language == "fr"
    assert record.lines[0].name == "Café & thé – 250 g"
    assert record.shipping == record.billing


def test_money_that_came_and_went_back(store: WooCommerce) -> None:
    record = order(store, recorded("orders/one_102.body.json"))
    assert [(p.external_id, p.amount) for p in record.payments] == [
        ("paid", D("39.85")),
        ("refund:103", D("-7.15")),
        ("refund:104", D("-32.70")),
    ]
    assert record.paid_at == datetime(2026, 11, 22, 22, 41, 57, tzinfo=UTC)
    assert record.cancelled


@pytest.mark.parametrize(
    ("state", "may_ship", "cancelled", "elsewhere"),
    [
        ("pending", False, False, False),
        ("failed", False, False, False),
        ("on-hold", False, False, False),
        ("processing", True, False, False),
        ("completed", True, False, True),
        ("cancelled", False, True, False),
        ("refunded", False, True, False),
        ("trash", False, True, False),
    ],
)
def test_states(store: WooCommerce, state: str, may_ship: bool, cancelled: bool, elsewhere: bool) -> None:
    record = order(store, {**one(102), "status": state})
    assert (record.may_ship, record.cancelled, record.fulfilled_elsewhere) == (may_ship, cancelled, elsewhere)
    assert record.external_state == state
    assert record.doubts == ()


def test_a_state_of_the_merchants_own_is_a_doubt_until_it_is_explained(store: WooCommerce) -> None:
    data = {**one(102), "status": "awaiting-pickup"}
    record = order(store, data)
    assert not record.may_ship
    assert "“awaiting-pickup”" in record.doubts[0]
    store.account = replace(store.account, options={"states": {"awaiting-pickup": "processing"}})
    record = order(store, data)
    assert record.may_ship
    assert record.doubts == ()
    assert record.external_state == "awaiting-pickup"


def test_a_cart_is_no_order_yet(store: WooCommerce) -> None:
    data = {**one(102), "status": "checkout-draft"}
    assert isinstance(store.read(Incoming("order", "1", "k", json.dumps(data).encode())), Nothing)


def test_a_gift_card_pays_and_lowers_no_price(store: WooCommerce) -> None:
    """C26. WooCommerce Gift Cards: `gift_cards` on the order; the order's total is what is left to pay."""
    data = {**one(102), "refunds": [], "status": "processing"}
    data["total"] = "14.85"
    data["gift_cards"] = [{"id": 7, "code": "ABCD-EFGH-IJKL-MNOP", "amount": 25}]
    record = order(store, data)
    assert record.total == D("39.85") == adds_up(record)
    assert [(p.external_id, p.amount) for p in record.payments] == [("gift-card:7", D("25.00")), ("paid", D("14.85"))]
    assert "ABCD" not in repr(record)


def test_prices_with_tax_inside_settle_their_cents(store: WooCommerce) -> None:
    """Twenty lines of 10.00 with 13 % inside: net 8.849558 each, shown as 8.85; the order is 200.00."""
    data = one(102)
    line = {**data["line_items"][0], "subtotal": "8.85", "total": "8.85", "total_tax": "1.15", "quantity": 1}
    data.update(prices_include_tax=True, line_items=[line] * 20, shipping_lines=[], refunds=[], total="200.00")
    data["tax_lines"] = [{**data["tax_lines"][0], "tax_total": "23.01", "shipping_tax_total": "0.00"}]
    record = order(store, data)
    assert adds_up(record) == record.total == D("200.00")
    assert record.charges == (ChargeRecord("fee", "Rounding", D("-0.01"), "rounding"),)
    data["total"] = "205.00"
    assert adds_up(order(store, data)) == D("200.01")
    data.update(prices_include_tax=False, total="200.00")
    assert adds_up(order(store, data)) == D("200.01")


def test_a_store_that_taxes_per_order_adds_up_too(store: WooCommerce) -> None:
    data = one(102)
    line = {**data["line_items"][0], "subtotal": "0.35", "total": "0.35", "total_tax": "0.05", "quantity": 1}
    data.update(line_items=[line] * 3, shipping_lines=[], refunds=[], total="1.19")
    data["tax_lines"] = [{**data["tax_lines"][0], "tax_total": "0.14", "shipping_tax_total": "0.00"}]
    record = order(store, data)
    assert adds_up(record) == record.total == D("1.19")


def test_odd_quantities(store: WooCommerce) -> None:
    data = one(102)
    data["line_items"][0]["quantity"] = 0
    assert order(store, data).lines[0].quantity == 0
    data["line_items"][0]["quantity"] = 1.5
    record = order(store, data)
    assert record.lines[0].quantity == 2
    assert "1.5" in record.doubts[0]


def test_a_price_raised_by_hand_is_no_negative_discount(store: WooCommerce) -> None:
    data = one(102)
    data["line_items"][0].update(subtotal="20.00", total="25.32")
    line = order(store, data).lines[0]
    assert (line.gross, line.discount) == (D("25.32"), D("0.00"))


def test_refunds_with_their_breakdown(store: WooCommerce) -> None:
    rows = recorded("orders/refunds_102.body.json") + recorded("orders/refunds_96.body.json")
    found = {}
    for row in rows:
        incoming = Incoming("refund", str(row["id"]), "k", json.dumps(row).encode(), {"order": "96"})
        found[row["id"]] = store.read(incoming)
    part = found[97]
    assert (part.external_id, part.order_external_id, part.amount) == ("refund:97", "96", D("18.39"))
    assert part.lines == (RefundLineRecord("171", 1, D("15.99")),)
    assert [(tax.name, tax.amount) for tax in part.taxes] == [("GST", D("0.80")), ("QST", D("1.60"))]
    rest = found[104]
    assert rest.shipping == D("9.95")
    assert rest.shipping + rest.lines[0].amount + rest.taxes[0].amount == rest.amount == D("32.70")


def listing(store: WooCommerce, data: Any, **context: str) -> ListingRecord:
    record = store.read(Incoming("product", "1", "k", json.dumps(data).encode(), {"weight_unit": "kg", **context}))
    assert isinstance(record, ListingRecord)
    return record


def test_products_as_listed(store: WooCommerce) -> None:
    products = {row["id"]: listing(store, row) for row in recorded("products/list.body.json")}
    variations = {row["id"]: listing(store, row) for row in recorded("products/all_variations_endpoint.body.json")}
    assert (products[10].sku, products[10].barcode, products[10].weight_grams) == ("SIR-250", "0620000000012", 450)
    assert products[16].backorders == "allow"
    assert products[20].name == "Tisane camomille & mélisse 60 g"
    assert (products[43].heading, products[43].sellable, products[43].quantity) == (True, False, 46)
    assert [products[n].sellable for n in (46, 47, 33)] == [False, False, False]
    assert [products[n].stocked for n in (30, 31, 46)] == [False, False, False]
    assert products[30].quantity is None
    assert variations[44].stock_shared_with_parent
    assert (variations[44].manages_stock, variations[44].quantity, variations[44].parent_id) == (False, None, "43")
    assert (variations[42].quantity, variations[42].variation) == (-1, "Couleur: Noir, Taille: G")


def test_a_variation_without_a_sku_does_not_take_its_parents(store: WooCommerce) -> None:
    data = {**recorded("products/all_variations_endpoint.body.json")[2], "sku": "TSH"}
    assert listing(store, data, parent_sku="TSH", parent_name="T-shirt").sku == ""
    assert listing(store, data, parent_sku="TSH", parent_name="T-shirt").name == "T-shirt - Noir, G"


def test_a_weight_without_its_unit_is_not_guessed(store: WooCommerce) -> None:
    assert listing(store, recorded("products/list.body.json")[-1], weight_unit="").weight_grams is None


# --- files and webhooks -----------------------------------------------------------------------------------------------
def test_one_order_a_list_and_a_webhook_body_are_unpacked(store: WooCommerce) -> None:
    single = raw("orders/one_88.body.json")
    for body in (single, b"\xef\xbb\xbf" + single, b"[" + single + b"]", webhook("0006")[1]):
        (incoming,) = store.unpack(body, name="x.json")
        assert isinstance(store.read(incoming), OrderRecord)
    assert len(list(store.unpack(raw("orders/list_p1.body.json")))) == 25


def test_one_bad_entry_of_a_list_stops_no_other(store: WooCommerce) -> None:
    body = b"[" + raw("orders/one_88.body.json") + b", 17, " + raw("errors/bad_key.body.json") + b"]"
    good, number, error = store.unpack(body, name="x.json")
    assert isinstance(store.read(good), OrderRecord)
    for bad in (number, error):
        assert bad.context["problem"].startswith("Entry ")
        with pytest.raises(Unreadable, match="Entry"):
            store.read(bad)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (raw("errors/bad_key.body.json"), "error that the store answered"),
        (webhook("0008")[1], "product"),
        (raw("orders/refunds_96.body.json")[1:-1], "refund"),
        (b'{"id": 5, "line_items": [', "not JSON.*column"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "not JSON"),
        (b'"text"', "not an object"),
        (b"[" * 100_000, "nested too deeply"),
        (raw("errors/real_maintenance_mode.body.json"), "not JSON"),
    ],
)
def test_what_is_no_order_is_refused_in_a_sentence(store: WooCommerce, body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        list(store.unpack(body))


@pytest.mark.parametrize(
    ("field", "value"), [("total", "many"), ("total", ""), ("date_created_gmt", "hier"), ("currency", ""), ("id", 0)]
)
def test_an_order_that_lacks_what_matters_is_unreadable(store: WooCommerce, field: str, value: Any) -> None:
    with pytest.raises(Unreadable):
        order(store, {**one(102), field: value})


def test_every_recorded_webhook_passes_its_signature(store: WooCommerce) -> None:
    topics = set()
    for number in range(1, 111):
        try:
            headers, body = webhook(f"{number:04}")
        except StopIteration:
            continue
        incoming = store.webhook(headers, body)
        if incoming is None:
            assert b"webhook_id=" in body or "customer" in headers["X-WC-Webhook-Topic"]
            continue
        topics.add(incoming.topic)
        assert store.read(incoming)
    assert topics == {"order", "product"}


def test_webhook_and_poll_of_one_state_have_one_key(store: WooCommerce) -> None:
    keys: dict[tuple[int, str], set[str]] = {}
    for _, row in all_orders():
        (incoming,) = store.unpack(json.dumps(row).encode())
        keys.setdefault((row["id"], row["date_modified_gmt"]), set()).add(incoming.key)
    assert all(len(found) == 1 for found in keys.values())
    assert len({key for found in keys.values() for key in found}) == len(keys)


def signed(store: WooCommerce, topic: str, body: bytes) -> Incoming | None:
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    return store.webhook({"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature}, body)


def test_deleted_restored_and_gone_before_the_delivery(store: WooCommerce) -> None:
    gone = signed(store, "order.deleted", b'{"id":95}')
    assert gone is not None
    assert store.read(gone) == Gone("order", "95")
    product = signed(store, "product.deleted", b'{"id":95}')
    assert product is not None
    assert store.read(product) == Gone("product", "95")
    assert signed(store, "order.created", raw("orders/after_force_deleted_get.body.json")) is None
    restored = signed(store, "order.restored", raw("orders/one_88.body.json"))
    assert restored is not None
    assert isinstance(store.read(restored), OrderRecord)


def test_a_signed_body_that_cannot_be_read_is_kept_for_a_person(store: WooCommerce) -> None:
    kept = signed(store, "order.updated", b'{"id":95,"status":')
    assert kept is not None
    assert kept.body == b'{"id":95,"status":'
    with pytest.raises(Unreadable, match="not JSON"):
        store.read(kept)


def test_refund_payment_and_refund_record_have_one_name(store: WooCommerce) -> None:
    payment = next(p for p in order(store, one(102)).payments if p.amount < 0)
    assert isinstance(payment, PaymentRecord)
    assert payment.external_id == "refund:103"
