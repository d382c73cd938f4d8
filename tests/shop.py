"""A WooCommerce shop on paper: bodies as its webhooks and pages carry them, signed as it signs, brought to the door."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backoffice import inward
from backoffice.sync.models import Connection
from orders.models import Order
from orders.stores.base import Incoming
from tests import making

SECRET = "hub-webhook-secret-2026"
OPENED = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)

ANN = {
    "first_name": "Ann", "last_name": "Côté", "company": "", "address_1": "12 Elm Street", "address_2": "",
    "city": "Halifax", "state": "NS", "postcode": "B3H 1A1", "country": "CA", "phone": "902 555-0147",
}  # fmt: skip

Item = tuple[str, int, str]
"""(SKU, quantity, price of one)"""


def connected(**fields: Any) -> Connection:
    """A connection whose webhooks are signed with SECRET."""
    words = {"credentials": {"key": "ck_" + "1f" * 20, "secret": "cs_" + "2e" * 20, "webhook_secret": SECRET}}
    return making.make_connection(**{**words, **fields})


def order(
    number: int,
    items: Sequence[Item] = (("TENT", 1, "100.00"),),
    *,
    status: str = "processing",
    minute: float = 0,
    discounts: Sequence[str] = (),
    taxes: Sequence[tuple[str, str, str]] = (),
    fees: Sequence[tuple[str, str]] = (),
    shipping: str = "0.00",
    email: str = "ann@example.ca",
    address: dict[str, str] | None = None,
    paid: bool | None = None,
    placed: datetime = OPENED,
    **fields: Any,
) -> dict[str, Any]:
    """An order as WooCommerce shows it; `minute` after it was placed is when it was changed last.

    `discounts` are per line; `taxes` are (label, rate in per cent, amount); a line of quantity 0 is left out.
    """
    off = [*discounts, *["0.00"] * (len(items) - len(discounts))]
    lines = [
        _line(number, at, item, Decimal(less)) for at, (item, less) in enumerate(zip(items, off, strict=True), start=1)
    ]
    lines = [line for line in lines if line["quantity"]]
    amounts = [Decimal(line["total"]) for line in lines] + [Decimal(amount) for _, amount in fees]
    tax = sum((Decimal(amount) for _, _, amount in taxes), Decimal(0))
    total = sum(amounts, Decimal(shipping)) + tax
    paid = status in ("processing", "completed", "refunded") if paid is None else paid
    billing = {**(address or ANN), "email": email}
    return {
        "id": number,
        "number": str(number),
        "status": status,
        "currency": "CAD",
        "prices_include_tax": False,
        "date_created_gmt": _gmt(placed),
        "date_modified_gmt": _gmt(placed + timedelta(minutes=minute)),
        "date_paid_gmt": _gmt(placed) if paid else None,
        "date_completed_gmt": None,
        "customer_id": 0,
        "customer_note": "",
        "needs_processing": True,
        "billing": billing,
        "shipping": dict(address or ANN),
        "payment_method": "stripe",
        "payment_method_title": "Card",
        "transaction_id": f"ch_{number}" if paid else "",
        "discount_total": f"{sum((Decimal(less) for less in discounts), Decimal(0)):.2f}",
        "shipping_total": shipping,
        "total": f"{total:.2f}",
        "total_tax": f"{tax:.2f}",
        "line_items": lines,
        "tax_lines": [
            {"id": 900 + at, "rate_id": at, "rate_code": label, "label": label, "compound": False,
             "tax_total": amount, "shipping_tax_total": "0.00", "rate_percent": float(rate), "meta_data": []}
            for at, (label, rate, amount) in enumerate(taxes, start=1)
        ],
        "shipping_lines": [
            {"id": 800, "method_title": "Expedited Parcel", "method_id": "flat_rate", "total": shipping,
             "total_tax": "0.00", "taxes": [], "meta_data": []}
        ] if Decimal(shipping) else [],
        "fee_lines": [
            {"id": 700 + at, "name": name, "total": amount, "total_tax": "0.00", "taxes": [], "meta_data": []}
            for at, (name, amount) in enumerate(fees, start=1)
        ],
        "coupon_lines": [],
        "refunds": [],
        "meta_data": [],
        **fields,
    }  # fmt: skip


def _line(number: int, at: int, item: Item, discount: Decimal) -> dict[str, Any]:
    sku, quantity, price = item
    gross = Decimal(price) * quantity
    return {
        "id": number * 100 + at, "name": f"Product {sku}", "product_id": _product_number(sku), "variation_id": 0,
        "quantity": quantity, "tax_class": "", "subtotal": f"{gross:.2f}", "subtotal_tax": "0.00",
        "total": f"{gross - discount:.2f}", "total_tax": "0.00", "taxes": [], "meta_data": [], "sku": sku,
        "price": float(price),
    }  # fmt: skip


def _product_number(sku: str) -> int:
    return int(hashlib.sha256(sku.encode()).hexdigest()[:7], 16)


def refund(number: int, body: dict[str, Any], items: Sequence[Item], *, tax: str = "0.00") -> dict[str, Any]:
    """A refund of units of an order's lines, as `orders/<id>/refunds` shows it."""
    line_of = {line["sku"]: line["id"] for line in body["line_items"]}
    amounts = {sku: Decimal(price) * quantity for sku, quantity, price in items}
    tax_lines = [
        {"id": 950, "rate_id": row["rate_id"], "rate_code": row["rate_code"], "label": row["label"], "compound": False,
         "tax_total": f"-{tax}", "shipping_tax_total": "0.00", "rate_percent": row["rate_percent"], "meta_data": []}
        for row in body["tax_lines"][:1]
    ]  # fmt: skip
    return {
        "id": number,
        "date_created_gmt": body["date_modified_gmt"],
        "amount": f"{sum(amounts.values(), Decimal(tax)):.2f}",
        "reason": "Changed their mind",
        "line_items": [
            {"id": number * 100 + at, "name": sku, "quantity": -quantity, "total": f"-{amounts[sku]:.2f}", "sku": sku,
             "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(line_of[sku])}]}
            for at, (sku, quantity, _) in enumerate(items, start=1)
        ],
        "shipping_lines": [], "fee_lines": [], "tax_lines": tax_lines if Decimal(tax) else [], "meta_data": [],
    }  # fmt: skip


def with_refund(body: dict[str, Any], made: dict[str, Any], *, minute: float) -> dict[str, Any]:
    """The order as it shows that refund: changed, and with the refund's amount."""
    changed = datetime.fromisoformat(body["date_created_gmt"]) + timedelta(minutes=minute)
    shown = {"id": made["id"], "reason": made["reason"], "total": f"-{made['amount']}"}
    return {**body, "refunds": [*body["refunds"], shown], "date_modified_gmt": changed.isoformat()}


def _gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")


# --- bringing it to the door ----------------------------------------------------------------------------------------------
def raw(body: dict[str, Any]) -> bytes:
    """The bytes of a webhook: `/` and all that is not ASCII escaped, as PHP writes JSON."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def headers(body: bytes, topic: str = "order.updated", secret: str = SECRET) -> dict[str, str]:
    resource, _, event = topic.partition(".")
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Delivery-ID": hashlib.sha256(body).hexdigest()[:32],
    }


def ring(connection: Connection, body: dict[str, Any], topic: str = "order.updated") -> list[int]:
    """A webhook rings at the door: it is kept, nothing is worked on yet."""
    said = raw(body)
    return inward.webhook(connection, headers(said, topic), said)


def deliver(connection: Connection, *bodies: dict[str, Any]) -> Order:
    """Webhooks come in this order and are worked on, each by itself; the order of the last."""
    for body in bodies:
        ring(connection, body)
        inward.work_on_arrivals()
    return Order.objects.get(connection=connection, external_id=str(bodies[-1]["id"]))


def refunded(connection: Connection, body: dict[str, Any], made: dict[str, Any]) -> None:
    """A poll brings an order and its refund, as it does where the order shows one."""
    page = inward.store_of(connection)
    items = [
        *page.unpack(raw(body)),
        Incoming(
            "refund", str(made["id"]), f"refund:{made['id']}", raw(made), {"order": str(body["id"]), "currency": "CAD"}
        ),
    ]
    inward.keep(connection, items)
    inward.work_on_arrivals()
