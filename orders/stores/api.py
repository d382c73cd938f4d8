"""Orders that programs send to the hub's own API (docs/api.md): the kept JSON to a record."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from backoffice.lib.address import province_code
from backoffice.lib.money import parsed, rounded
from orders.figures import in_range
from orders.records import (
    AddressRecord,
    ChargeRecord,
    CustomerRecord,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    TaxRecord,
)
from orders.stores.base import Incoming, Nothing, Record, Store, Unreadable

ADDRESS_FIELDS = ("name", "company", "line1", "line2", "city", "province", "postal_code", "country", "phone")
CUSTOMER_FIELDS = ("external_id", "name", "company", "email", "phone", "language")


class Api(Store):
    name = "api"
    title = "Orders by API"
    credentials: ClassVar = ()

    def check(self) -> str:
        return "The API is this installation's own: programs reach it with a key."

    def read(self, incoming: Incoming) -> Record:
        if incoming.topic != "order":
            return Nothing(f"A {incoming.topic} that came by API; it was worked on when it came.")
        try:
            # Figures stay the text that was written, so that nothing is rounded on the way.
            order = json.loads(incoming.body, parse_float=str)
            return in_range(self._order(order, incoming))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(f"This is no order as docs/api.md describes it: {error}.") from None

    def _order(self, order: Mapping[str, Any], incoming: Incoming) -> OrderRecord:
        currency = str(order["currency"]).upper()
        came_at = datetime.fromisoformat(str(incoming.context["received_at"]))
        placed_at = self._moment(order.get("placed_at")) or came_at
        total = rounded(parsed(order["total"]), currency)
        payments = tuple(self._payments(order, currency))
        paid_at = self._moment(order.get("paid_at"))
        if paid_at is None and payments and sum(p.amount for p in payments) >= total > 0:
            paid_at = max((p.at for p in payments if p.at), default=came_at)
        method, reference = _text(order, "payment_method"), _text(order, "payment_reference")
        if paid_at and not payments and total > 0:
            payments = (PaymentRecord("paid", total, paid_at, method, reference),)
        may_ship = order.get("may_ship")
        shipping = _address(order.get("shipping"))
        billing = _address(order.get("billing"))
        customer = order.get("customer") or {}
        return OrderRecord(
            external_id=str(order["external_id"]).strip(),
            external_number=_text(order, "external_number") or str(order["external_id"]).strip(),
            external_state=_text(order, "external_state"),
            # Without a time of change the order that came last is the newest word.
            version=self._moment(order.get("updated_at")) or came_at,
            placed_at=placed_at,
            currency=currency,
            total=total,
            customer=CustomerRecord(**{name: _text(customer, name) for name in CUSTOMER_FIELDS}),
            billing=billing if billing != AddressRecord() else shipping,
            shipping=shipping if shipping != AddressRecord() else billing,
            lines=tuple(_lines(order, currency)),
            charges=tuple(_charges(order, currency)),
            taxes=tuple(_taxes(order, currency)),
            payments=payments,
            paid_at=paid_at,
            may_ship=paid_at is not None if may_ship is None else bool(may_ship),
            cancelled=bool(order.get("cancelled")),
            shipping_method=_text(order, "shipping_method"),
            payment_method=method,
            payment_reference=reference,
            coupons=tuple(str(coupon) for coupon in order.get("coupons") or ()),
            customer_note=str(order.get("customer_note") or ""),
            gift_note=str(order.get("gift_note") or ""),
            priority=order.get("priority"),
        )

    def _payments(self, order: Mapping[str, Any], currency: str) -> Iterator[PaymentRecord]:
        for position, paid in enumerate(order.get("payments") or (), start=1):
            yield PaymentRecord(
                external_id=_text(paid, "external_id") or str(position),
                amount=rounded(parsed(paid["amount"]), currency),
                at=self._moment(paid.get("at")) or self._moment(order.get("paid_at")),
                method=_text(paid, "method") or _text(order, "payment_method"),
                reference=_text(paid, "reference") or _text(order, "payment_reference"),
            )

    def _moment(self, written: Any) -> datetime | None:
        """A time without a zone is the connection's own (rule: O6)."""
        if not written:
            return None
        when = datetime.fromisoformat(str(written))
        return (when if when.tzinfo else when.replace(tzinfo=ZoneInfo(self.account.time_zone))).astimezone(UTC)


def _lines(order: Mapping[str, Any], currency: str) -> Iterator[LineRecord]:
    for position, line in enumerate(order["lines"], start=1):
        quantity = int(line["quantity"])
        gross = line.get("gross")
        amount = parsed(line["unit_price"]) * quantity if gross in (None, "") else parsed(gross)
        yield LineRecord(
            external_id=_text(line, "external_id") or str(position),
            name=_text(line, "name") or _text(line, "sku"),
            quantity=quantity,
            gross=rounded(amount, currency),
            sku=_text(line, "sku"),
            item_id=_text(line, "item_id"),
            variation=_text(line, "variation"),
            discount=_amount(line, "discount", currency),
            tax=_amount(line, "tax", currency),
            needs_shipping=bool(line.get("needs_shipping", True)),
        )


def _charges(order: Mapping[str, Any], currency: str) -> Iterator[ChargeRecord]:
    for position, charge in enumerate(order.get("charges") or (), start=1):
        yield ChargeRecord(
            kind=str(charge["kind"]),
            name=_text(charge, "name") or str(charge["kind"]).capitalize(),
            amount=_amount(charge, "amount", currency),
            external_id=_text(charge, "external_id") or str(position),
            tax=_amount(charge, "tax", currency),
        )


def _taxes(order: Mapping[str, Any], currency: str) -> Iterator[TaxRecord]:
    for tax in order.get("taxes") or ():
        rate = tax.get("rate")
        yield TaxRecord(
            name=_text(tax, "name"),
            amount=_amount(tax, "amount", currency),
            external_id=_text(tax, "name"),
            rate=None if rate in (None, "") else parsed(rate),
        )


def _address(address: Mapping[str, Any] | None) -> AddressRecord:
    said = {name: _text(address or {}, name) for name in ADDRESS_FIELDS}
    country = said["country"].upper()
    return AddressRecord(**{**said, "country": country, "province": province_code(said["province"], country)})


def _text(row: Mapping[str, Any], name: str) -> str:
    """One line of what was sent. It is text and no HTML, so that nothing in it is taken for a tag."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(row.get(name) or "")).split())


def _amount(row: Mapping[str, Any], name: str, currency: str) -> Decimal:
    written = row.get(name)
    return rounded(Decimal(0) if written in (None, "") else parsed(written), currency)
