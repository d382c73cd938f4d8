"""What an order in a file means (docs/files.md): rows with named cells, or an object of the same names, to a record."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.lib.money import parsed, rounded, total
from backoffice.lib.text import plain, unaccented
from backoffice.sync.connectors import Account
from orders.records import (
    AddressRecord,
    ChargeRecord,
    CustomerRecord,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    TaxRecord,
)
from orders.stores.base import Unreadable

LINE_FIELDS = ("sku", "item", "variation", "quantity", "unit_price", "discount", "needs_shipping")
ADDRESS_FIELDS = ("name", "company", "line1", "line2", "city", "province", "postal_code", "country", "phone")
ORDER_FIELDS = (
    "order_number placed_at updated_at currency customer_id email name company phone language shipping shipping_method "
    "fee fee_name paid payment_method payment_reference may_ship cancelled coupon note gift_note total priority"
).split()
KNOWN = {
    *ORDER_FIELDS,
    *LINE_FIELDS,
    *(f"{kind}_{field}" for kind in ("ship", "bill") for field in ADDRESS_FIELDS),
}
ALIASES = {
    "order": "order_number",
    "order_no": "order_number",
    "order_id": "order_number",
    "number": "order_number",
    "date": "placed_at",
    "order_date": "placed_at",
    "customer": "name",
    "customer_name": "name",
    "e_mail": "email",
    "item_name": "item",
    "product": "item",
    "product_name": "item",
    "qty": "quantity",
    "price": "unit_price",
    "gift_message": "gift_note",
    "notes": "note",
    **{f"{kind}_address{n}": f"{kind}_line{n}" for kind in ("ship", "bill") for n in ("1", "2")},
    **{f"{kind}_address": f"{kind}_line1" for kind in ("ship", "bill")},
    **{f"{kind}_postcode": f"{kind}_postal_code" for kind in ("ship", "bill")},
}
YES = {"yes", "y", "true", "1", "x", "paid", "oui", "o", "vrai", "paye"}
NO = {"", "no", "n", "false", "0", "non", "faux", "unpaid", "impaye"}

_TAX_COLUMN = re.compile(r"tax(?:[\s_:-]+(?P<name>.*?))?\s*(?:\(?(?P<rate>\d+(?:[.,]\d+)?)\s*%\)?)?", re.IGNORECASE)


def column(heading: str) -> str:
    """The field that a column's heading names; a tax column keeps its heading."""
    words = heading.strip()
    if re.match(r"tax\b", words.replace("_", " "), re.IGNORECASE):
        return words
    name = re.sub(r"[^a-z0-9]+", "_", unaccented(words)).strip("_")
    return ALIASES.get(name, name)


def columns(headings: Sequence[str]) -> list[str]:
    """The fields of a header row. A second `name` after `sku` is the item's."""
    found: list[str] = []
    for heading in headings:
        field = column(heading)
        if field == "name" and field in found and "sku" in found:
            field = "item"
        found.append(field)
    return found


def renamed(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order of a JSON file by the names used here; `ship` and `bill` may be objects of their own."""
    found: dict[str, Any] = {}
    for name, value in order.items():
        if name in ("ship", "bill") and isinstance(value, Mapping):
            found.update({column(f"{name}_{part}"): detail for part, detail in value.items()})
        else:
            found[column(name)] = value
    if isinstance(lines := found.get("lines"), list):
        found["lines"] = [
            {"item" if column(name) == "name" else column(name): value for name, value in line.items()}
            if isinstance(line, Mapping)
            else line
            for line in lines
        ]
    return found


def folded(rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Rows of one order as one object: what belongs to a line in `lines`, the rest once."""
    order: dict[str, Any] = {}
    lines: list[dict[str, str]] = []
    for row in rows:
        if line := {name: row[name] for name in LINE_FIELDS if row.get(name)}:
            lines.append(line)
        for name, value in row.items():
            if name in LINE_FIELDS or not value:
                continue
            if order.setdefault(name, value) != value:
                raise Unreadable(
                    f"Order {row.get('order_number', '')} has two values for “{name}”, “{order[name]}” and “{value}”: "
                    "write what belongs to the whole order once, or the same on each of its rows."
                )
    taxes = [_tax_of(name, order.pop(name)) for name in list(order) if name not in KNOWN and _is_tax(name)]
    return {**order, "taxes": taxes, "lines": lines}


def order_record(order: Mapping[str, Any], account: Account, read_at: datetime) -> OrderRecord:
    number = _text(order, "order_number")
    if not number:
        raise Unreadable("There is no order number, so these rows belong to no order: fill in order_number.")
    where = f"Order {number}"
    currency = (_text(order, "currency") or str(account.options.get("currency") or "")).upper()
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Unreadable(f"{where} has no currency: fill in its three letters, for example CAD.")
    zone = ZoneInfo(account.time_zone)
    placed_at = _moment(order, "placed_at", where, zone)
    if placed_at is None:
        raise Unreadable(f"{where} has no date: fill in placed_at, for example 2026-11-22 14:30.")
    lines = tuple(_lines(order, currency, where))
    charges = tuple(_charges(order, currency, where))
    taxes = tuple(_taxes(order, currency, where))
    ours = (
        total(line.gross - line.discount for line in lines)
        + total(charge.amount for charge in charges)
        + total(tax.amount for tax in taxes)
    )
    whole = _amount(order, "total", currency, where)
    order_total = ours if whole is None else whole
    paid_at = _paid_at(order, where, zone, placed_at)
    method, reference = plain(_text(order, "payment_method")), _text(order, "payment_reference")
    billing, shipping = _addresses(order)
    return OrderRecord(
        external_id=number,
        external_number=number,
        external_state="cancelled" if _yes(order, "cancelled", where) else "paid" if paid_at else "unpaid",
        # A file has no time of change: the file that was read last is the newest word.
        version=_moment(order, "updated_at", where, zone) or read_at,
        placed_at=placed_at,
        currency=currency,
        total=order_total,
        customer=CustomerRecord(
            external_id=_text(order, "customer_id"),
            name=plain(_text(order, "name")) or billing.name,
            company=plain(_text(order, "company")) or billing.company,
            email=_text(order, "email"),
            phone=_text(order, "phone") or billing.phone,
            language=_text(order, "language")[:2].lower(),
        ),
        billing=billing,
        shipping=shipping,
        lines=lines,
        charges=charges,
        taxes=taxes,
        payments=(PaymentRecord("paid", order_total, paid_at, method, reference),) if paid_at and order_total else (),
        paid_at=paid_at,
        may_ship=_yes(order, "may_ship", where) if _text(order, "may_ship") else paid_at is not None,
        cancelled=_yes(order, "cancelled", where),
        shipping_method=plain(_text(order, "shipping_method")),
        payment_method=method,
        payment_reference=reference,
        coupons=tuple(filter(None, [_text(order, "coupon")])),
        customer_note=_text(order, "note"),
        gift_note=_text(order, "gift_note"),
        priority=_priority(order, where),
    )


def _priority(order: Mapping[str, Any], where: str) -> int | None:
    said = _text(order, "priority")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:4]) <= 999):
        raise Unreadable(
            f"{where} has priority “{said}”: give a whole number from 1 (served first) to 999, or leave it empty."
        )
    return int(said)


def _lines(order: Mapping[str, Any], currency: str, where: str) -> Iterator[LineRecord]:
    rows = _objects(order, "lines", where)
    if not rows:
        raise Unreadable(f"{where} has no lines: each needs sku or item, quantity and unit_price.")
    for position, row in enumerate(rows, start=1):
        line = f"{where}, line {position}"
        sku, name = _text(row, "sku"), plain(_text(row, "item"))
        if not sku and not name:
            raise Unreadable(f"{line} has neither sku nor item: say what was bought.")
        quantity = _amount(row, "quantity", "", line)
        if quantity is None or quantity != quantity.to_integral_value() or quantity < 0:
            raise Unreadable(f"{line} needs a whole quantity; it has “{_text(row, 'quantity')}”.")
        price = _amount(row, "unit_price", "", line)
        if price is None:
            raise Unreadable(f"{line} has no unit_price; write 0 where it was free.")
        yield LineRecord(
            external_id=str(position),
            name=name or sku,
            quantity=int(quantity),
            gross=rounded(price * quantity, currency),
            sku=sku,
            variation=plain(_text(row, "variation")),
            discount=abs(_amount(row, "discount", currency, line) or Decimal(0)),
            needs_shipping=_yes(row, "needs_shipping", line) if _text(row, "needs_shipping") else True,
        )


def _charges(order: Mapping[str, Any], currency: str, where: str) -> Iterator[ChargeRecord]:
    method = plain(_text(order, "shipping_method"))
    shipping = _amount(order, "shipping", currency, where)
    if shipping or method:
        yield ChargeRecord("shipping", method or "Shipping", shipping or rounded(0, currency), "shipping")
    if fee := _amount(order, "fee", currency, where):
        yield ChargeRecord("fee", plain(_text(order, "fee_name")) or "Fee", fee, "fee")


def _is_tax(heading: str) -> bool:
    return bool(_TAX_COLUMN.fullmatch(heading.replace("_", " ").strip()))


def _tax_of(heading: str, amount: str) -> dict[str, str]:
    found = _TAX_COLUMN.fullmatch(heading.replace("_", " ").strip())
    name, rate = (found["name"], found["rate"]) if found else ("", "")
    return {"name": (name or "").strip(" (") or "Tax", "rate": (rate or "").replace(",", "."), "amount": amount}


def _taxes(order: Mapping[str, Any], currency: str, where: str) -> Iterator[TaxRecord]:
    for row in _objects(order, "taxes", where):
        amount = _amount(row, "amount", currency, where)
        if amount is not None:
            name = plain(_text(row, "name")) or "Tax"
            yield TaxRecord(name, amount, external_id=name, rate=_amount(row, "rate", "", where))


def _addresses(order: Mapping[str, Any]) -> tuple[AddressRecord, AddressRecord]:
    """Billing and shipping; each stands in for the other where only one is given."""

    def address(kind: str) -> AddressRecord:
        return AddressRecord(**{field: plain(_text(order, f"{kind}_{field}")) for field in ADDRESS_FIELDS})

    billing, shipping = address("bill"), address("ship")
    if not (billing.line1 or billing.city or billing.postal_code):
        billing = replace(shipping, name=billing.name or shipping.name)
    if not (shipping.line1 or shipping.city or shipping.postal_code):
        shipping = replace(billing, name=shipping.name or billing.name)
    own = {"name": plain(_text(order, "name")), "company": plain(_text(order, "company"))}
    if not billing.name:
        billing = replace(billing, **own)
    if not shipping.name:
        shipping = replace(shipping, **own)
    phone = _text(order, "phone")
    return replace(billing, phone=billing.phone or phone), replace(shipping, phone=shipping.phone or phone)


def _paid_at(order: Mapping[str, Any], where: str, zone: ZoneInfo, placed_at: datetime) -> datetime | None:
    word = unaccented(_text(order, "paid"))
    if word in NO:
        return None
    return placed_at if word in YES else _moment(order, "paid", where, zone)


# --- single fields ----------------------------------------------------------------------------------------------------
def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _objects(row: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    value = row.get(name) or []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise Unreadable(f"{where}: “{name}” must be a list of objects.")
    return value


def _yes(row: Mapping[str, Any], name: str, where: str) -> bool:
    word = unaccented(_text(row, name))
    if word in YES or word in NO:
        return word in YES
    raise Unreadable(f"{where}: “{name}” is yes or no, not “{_text(row, name)}”.")


def _amount(row: Mapping[str, Any], name: str, currency: str, where: str) -> Decimal | None:
    """A figure as people write it; one that can be read in two ways is not guessed."""
    written = _text(row, name)
    if not written:
        return None
    figure = re.sub(r"[\s\u00a0\u202f$€£]", "", written).replace("−", "-")
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", figure) and ("." in figure or figure.count(",") > 1):
        figure = figure.replace(",", "")
    elif re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", figure):
        raise Unreadable(f"{where}: {name} “{written}” can be read in two ways; write it without a comma.")
    elif re.fullmatch(r"-?\d+,\d+", figure):
        figure = figure.replace(",", ".")
    try:
        amount = parsed(figure)
    except ValueError:
        raise Unreadable(f"{where}: {name} “{written}” is not a figure.") from None
    if abs(amount) >= 10**9:
        raise Unreadable(f"{where}: {name} “{written}” is too large to be true.")
    return rounded(amount, currency) if currency else amount


def _moment(row: Mapping[str, Any], name: str, where: str, zone: ZoneInfo) -> datetime | None:
    """A time without a zone is the connection's own (rule: O6)."""
    written = _text(row, name)
    if not written:
        return None
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        raise Unreadable(
            f"{where}: {name} “{written}” is no date that can be read for sure; write it as 2026-11-22 or "
            "2026-11-22 14:30."
        ) from None
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
