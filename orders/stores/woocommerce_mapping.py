"""What a WooCommerce answer means: dict in, record out. No network; seen on REST API v3 of WooCommerce 11.0."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from backoffice.lib.money import ZERO, minor_unit, parsed, rounded, total
from backoffice.lib.text import plain
from orders.figures import YEARS, possible
from orders.records import (
    AddressRecord,
    ChargeRecord,
    CustomerRecord,
    LineRecord,
    ListingRecord,
    OrderRecord,
    PaymentRecord,
    RefundLineRecord,
    RefundRecord,
    TaxRecord,
)
from orders.stores.base import Nothing, Unreadable
from orders.stores.woocommerce_fields import decimal, identity, meta, money, paragraphs, rows, short, text, time

UNPAID = {"pending", "failed", "on-hold"}
MAY_SHIP = {"processing", "completed"}
CANCELLED = {"cancelled", "refunded", "trash"}
NOT_YET = {"checkout-draft", "auto-draft"}
KNOWN_STATES = UNPAID | MAY_SHIP | CANCELLED | NOT_YET

BACKORDERS = {"no": "refuse", "yes": "allow", "notify": "allow_tell"}
STOCK_STATES = {"instock": "in_stock", "onbackorder": "backorder", "outofstock": "out"}
GRAMS = {"kg": Decimal(1000), "g": Decimal(1), "lbs": Decimal("453.59237"), "oz": Decimal("28.349523125")}

# Where the usual language plugins note the customer's language: WPML, Polylang, TranslatePress, Weglot.
LANGUAGE_KEYS = (
    "wpml_language",
    "_pll_language",
    "pll_language",
    "trp_language",
    "weglot_language",
    "_locale",
    "locale",
)
GIFT_NOTE_KEYS = ("gift_message", "_gift_message", "gift_note", "_gift_note")

# What differs between a webhook and an answer for one and the same state of an object.
PASSING_FIELDS = {"_links", "_embedded", "payment_url", "is_editable", "needs_payment", "currency_symbol", "price_html"}


def state_key(data: Mapping[str, Any]) -> str:
    """Equal for one state of one object, whether it came by webhook, poll or file."""
    lasting = {name: value for name, value in data.items() if name not in PASSING_FIELDS and name != "related_ids"}
    canonical = json.dumps(lasting, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    changed = text(data.get("date_modified_gmt")) or text(data.get("date_created_gmt"))
    return f"{text(data.get('id'))[:100]}:{changed[:40]}:{digest}"


# --- orders -----------------------------------------------------------------------------------------------------------
def order_record(data: Mapping[str, Any], states: Mapping[str, str] | None = None) -> OrderRecord | Nothing:
    """`states` says what a state of the merchant's own is like, in WooCommerce's: {"awaiting-pickup": "processing"}."""
    where = f"order {text(data.get('id')) or '?'}"
    state = text(data.get("status"))
    if state in NOT_YET:
        return Nothing("The customer has not sent this order off yet; it is taken in when they do.")
    doubts: list[str] = []
    meaning = (states or {}).get(state, state)
    if meaning not in KNOWN_STATES:
        doubts.append(
            f"The store gives this order the state “{state}”, which WooCommerce itself does not have: "
            "say in the connection's options under “states” which state it is like, then take the order in again."
        )
    currency = text(data.get("currency")).upper()
    if not currency:
        raise Unreadable(f"{where.capitalize()} does not say its currency.")
    virtual = data.get("needs_processing") is False
    lines = tuple(_lines(data, currency, where, virtual, doubts))
    charges = (*_charges(data, "shipping", currency, where), *_charges(data, "fee", currency, where))
    taxes = tuple(_taxes(data, currency, where))
    store_total = order_total = money(data, "total", currency, where, required=True)
    gift_cards = tuple(_gift_cards(data, currency, where))
    given = total(card.amount for card in gift_cards)
    ours = sum_of(lines, charges, taxes)
    if ours != order_total:
        # The order's own total is what is left to pay after gift cards (C26: they pay, they do not lower the price).
        order_total += given
    if rounding := _rounding(data, ours, order_total, currency, len(lines) + len(charges) + len(taxes)):
        charges = (*charges, rounding)

    paid_at = time(data, "date_paid_gmt", where)
    placed_at = time(data, "date_created_gmt", where)
    version = time(data, "date_modified_gmt", where) or placed_at
    if placed_at is None or version is None:
        raise Unreadable(f"{where.capitalize()} does not say when it was placed (date_created_gmt).")
    method = plain(data.get("payment_method_title")) or text(data.get("payment_method"))
    reference = text(data.get("transaction_id"))
    payments = [*gift_cards]
    if paid_at and order_total - given:
        payments.append(
            PaymentRecord("paid", order_total - given, at=paid_at, method=method, reference=reference),
        )
    payments += _refund_payments(data, currency, where)
    billing = _address(data.get("billing"))
    shipping = _address(data.get("shipping"), phone=billing.phone)
    if not (shipping.line1 or shipping.city or shipping.postal_code):
        shipping = billing
    return OrderRecord(
        external_id=identity(data, "order"),
        external_number=text(data.get("number")) or identity(data, "order"),
        external_state=state,
        version=version,
        placed_at=placed_at,
        currency=currency,
        total=order_total,
        customer=_customer(data, billing),
        billing=billing,
        shipping=shipping,
        lines=lines,
        charges=charges,
        taxes=taxes,
        payments=tuple(payments),
        paid_at=paid_at,
        may_ship=meaning in MAY_SHIP,
        cancelled=meaning in CANCELLED,
        fulfilled_elsewhere=meaning == "completed",
        shipping_method=short(", ".join(charge.name for charge in charges if charge.kind == "shipping")),
        payment_method=short(method, 120),
        payment_reference=short(reference, 200),
        coupons=tuple(plain(coupon.get("code")) for coupon in rows(data, "coupon_lines")),
        customer_note=paragraphs(data.get("customer_note")),
        gift_note=paragraphs(meta(data, GIFT_NOTE_KEYS)),
        doubts=tuple(doubts),
        store_total=store_total,
    )


def sum_of(lines: Iterable[LineRecord], charges: Iterable[ChargeRecord], taxes: Iterable[TaxRecord]) -> Decimal:
    """What the parts of an order add up to (rule: O5)."""
    return (
        total(line.gross - line.discount for line in lines)
        + total(charge.amount for charge in charges)
        + total(tax.amount for tax in taxes)
    )


def _lines(
    data: Mapping[str, Any], currency: str, where: str, virtual: bool, doubts: list[str]
) -> Iterator[LineRecord]:
    for row in rows(data, "line_items"):
        name = short(plain(row.get("name"))) or "(an item without a name)"
        gross = money(row, "subtotal", currency, where)
        after = money(row, "total", currency, where)
        quantity = _quantity(row.get("quantity"), name, doubts)
        item = row.get("variation_id") or row.get("product_id") or ""
        yield LineRecord(
            external_id=text(row.get("id")),
            name=name,
            quantity=quantity,
            # An order edited in the store's admin may ask for more than the price: that is no negative discount.
            gross=max(gross, after),
            sku=text(row.get("sku")),
            item_id=text(item),
            variation=short(_variation(row)),
            discount=max(gross - after, ZERO),
            tax=money(row, "total_tax", currency, where),
            # `needs_processing` is false when every product that still exists is a download; of a deleted one it says
            # nothing, so such a line stays on the list. Single downloads in a mixed order are known by their listing.
            needs_shipping=not (virtual and item),
            set_aside=_reduced(row),
        )


def _reduced(row: Mapping[str, Any]) -> int:
    """What the store has taken from its own figure for this line; it says so in a field that it shows to nobody else."""
    for field in rows(row, "meta_data"):
        if field.get("key") == "_reduced_stock":
            said = text(field.get("value"))
            return int(said) if said.isdecimal() and len(said) < 10 else 0
    return 0


def _charges(data: Mapping[str, Any], kind: str, currency: str, where: str) -> Iterator[ChargeRecord]:
    for row in rows(data, f"{kind}_lines"):
        name = plain(row.get("method_title" if kind == "shipping" else "name"))
        yield ChargeRecord(
            kind=kind,
            name=short(name) or kind.capitalize(),
            amount=money(row, "total", currency, where),
            external_id=text(row.get("id")),
            tax=money(row, "total_tax", currency, where),
        )


def _taxes(data: Mapping[str, Any], currency: str, where: str, sign: int = 1) -> Iterator[TaxRecord]:
    for row in rows(data, "tax_lines"):
        rate = row.get("rate_percent")
        yield TaxRecord(
            name=short(plain(row.get("label")), 120) or text(row.get("rate_code")) or "Tax",
            amount=sign
            * (money(row, "tax_total", currency, where) + money(row, "shipping_tax_total", currency, where)),
            external_id=text(row.get("rate_id")),
            rate=None if rate is None or rate == "" else decimal(rate, where, "rate_percent"),
        )


def _rounding(
    data: Mapping[str, Any], ours: Decimal, theirs: Decimal, currency: str, figures: int
) -> ChargeRecord | None:
    """The cents between net figures rounded one by one and a total that was rounded once (rule: O5).

    A store whose prices include tax shows net figures that it keeps with more decimals. Elsewhere the figures are
    exact, and a difference is one that a person must see.
    """
    difference = theirs - ours
    if not difference or not data.get("prices_include_tax"):
        return None
    if not possible(difference) or abs(difference) > minor_unit(currency) * figures / 2:
        return None
    return ChargeRecord(kind="fee", name="Rounding", amount=difference, external_id="rounding")


def _gift_cards(data: Mapping[str, Any], currency: str, where: str) -> Iterator[PaymentRecord]:
    """`gift_cards` of the extension WooCommerce Gift Cards: id, code, amount; the code is money, so its end only."""
    at = time(data, "date_paid_gmt", where) or time(data, "date_created_gmt", where)
    for row in rows(data, "gift_cards"):
        if amount := money(row, "amount", currency, where):
            code = text(row.get("code"))
            yield PaymentRecord(
                f"gift-card:{text(row.get('id')) or code[-4:]}",
                amount,
                at=at,
                method="Gift card",
                reference=f"…{code[-4:]}" if code else "",
            )


def _refund_payments(data: Mapping[str, Any], currency: str, where: str) -> Iterator[PaymentRecord]:
    for row in rows(data, "refunds"):
        if amount := abs(money(row, "total", currency, where)):
            yield PaymentRecord(
                f"refund:{text(row.get('id'))}", -amount, method="Refund", reason=short(plain(row.get("reason")))
            )


def _customer(data: Mapping[str, Any], billing: AddressRecord) -> CustomerRecord:
    billed = data.get("billing")
    number = text(data.get("customer_id"))
    return CustomerRecord(
        external_id="" if number == "0" else number,
        name=billing.name,
        company=billing.company,
        email=text(billed.get("email")) if isinstance(billed, Mapping) else "",
        phone=billing.phone,
        language=(text(data.get("lang")) or meta(data, LANGUAGE_KEYS))[:2].lower(),
    )


def _address(data: Any, phone: str = "") -> AddressRecord:
    if not isinstance(data, Mapping):
        return AddressRecord(phone=phone)

    def field(name: str) -> str:
        return short(plain(data.get(name)))

    return AddressRecord(
        name=short(f"{field('first_name')} {field('last_name')}".strip()),
        company=field("company"),
        line1=field("address_1"),
        line2=field("address_2"),
        city=field("city"),
        province=field("state"),
        postal_code=field("postcode"),
        country=field("country"),
        phone=field("phone") or phone,
    )


def _variation(row: Mapping[str, Any]) -> str:
    """What the customer chose: the visible meta of the line; keys that begin with `_` are plugins' own."""
    chosen = []
    for entry in rows(row, "meta_data"):
        value = entry.get("display_value", entry.get("value"))
        if not text(entry.get("key")).startswith("_") and isinstance(value, str | int | float) and plain(value):
            chosen.append(f"{plain(entry.get('display_key') or entry.get('key'))}: {plain(value)}")
    return ", ".join(chosen)


def _quantity(value: Any, name: str, doubts: list[str]) -> int:
    try:
        amount = parsed(value)
    except ValueError:
        amount = Decimal(-1)
    if not possible(amount):
        # Said here, where it is still as the store wrote it: written out, 1e999999 has a million digits.
        doubts.append(f"The quantity of “{name}” is {value!r}, which cannot be: correct it in the store.")
        return 0
    if amount == amount.to_integral_value() and amount >= 0:
        return int(amount)
    doubts.append(f"The quantity of “{name}” is {value!r}; whole units are counted here: correct it in the store.")
    return max(int(amount.to_integral_value(rounding="ROUND_CEILING")), 0)


# --- refunds ----------------------------------------------------------------------------------------------------------
def refund_record(data: Mapping[str, Any], order_id: str, currency: str) -> RefundRecord:
    where = f"refund {text(data.get('id')) or '?'}"
    at = time(data, "date_created_gmt", where)
    if at is None:
        raise Unreadable(f"{where.capitalize()} does not say when it was made (date_created_gmt).")
    _must_be_possible(data, where)
    lines = []
    for row in rows(data, "line_items"):
        quantity = _quantity(text(row.get("quantity")).lstrip("-") or "0", text(row.get("name")), [])
        amount = abs(money(row, "total", currency, where))
        if quantity or amount:
            lines.append(RefundLineRecord(meta(row, ("_refunded_item_id",)), quantity, amount))
    return RefundRecord(
        external_id=f"refund:{identity(data, 'refund')}",
        order_external_id=order_id,
        amount=abs(money(data, "amount", currency, where, required=True)),
        at=at,
        reason=short(plain(data.get("reason"))),
        lines=tuple(lines),
        taxes=tuple(tax for tax in _taxes(data, currency, where, sign=-1) if tax.amount),
        shipping=abs(total(money(row, "total", currency, where) for row in rows(data, "shipping_lines"))),
        fees=-total(money(row, "total", currency, where) for row in rows(data, "fee_lines")),
    )


def _must_be_possible(data: Mapping[str, Any], where: str) -> None:
    """A refund has no doubts of its own: of one that cannot be, nothing is booked, and a person is told."""
    kinds = ("line_items", "shipping_lines", "fee_lines", "tax_lines")
    for row in (data, *(row for kind in kinds for row in rows(data, kind))):
        for name in ("amount", "total", "tax_total", "shipping_tax_total"):
            if not possible(money(row, name, "", where)):
                raise Unreadable(f"In {where} the field {name} cannot be: {row.get(name)!r}. Correct it in the store.")


# --- products ---------------------------------------------------------------------------------------------------------
def listing_record(data: Mapping[str, Any], context: Mapping[str, Any]) -> ListingRecord:
    """`context` has what only the parent or the shop knows: parent_sku, parent_name, weight_unit."""
    where = f"product {text(data.get('id')) or '?'}"
    kind = text(data.get("type")) or "simple"
    parent_id = text(data.get("parent_id")) if kind == "variation" else ""
    manages = data.get("manage_stock") is True
    shared = data.get("manage_stock") == "parent"
    quantity = data.get("stock_quantity")
    sku = text(data.get("sku"))
    if parent_id and not shared and sku and sku == context.get("parent_sku"):
        # A variation without a SKU shows its parent's; two such variations are not one product.
        sku = ""
    name = plain(data.get("name"))
    parent_name = plain(context.get("parent_name"))
    if parent_name and not name.startswith(parent_name):
        name = f"{parent_name} - {name}" if name else parent_name
    price = text(data.get("price"))
    figure = decimal(quantity, where, "stock_quantity") if manages and quantity is not None else None
    worth = decimal(price, where, "price") if price else None
    changed = time(data, "date_modified_gmt", where)
    return ListingRecord(
        external_id=identity(data, "product"),
        sku=sku,
        name=short(name),
        parent_id="" if parent_id == "0" else parent_id,
        variation=short(_attributes(data)) if parent_id else "",
        # A figure that cannot be is none: a product without price or opening stock is seen and put right.
        price=worth if worth is not None and possible(worth) else None,
        quantity=int(figure) if figure is not None and possible(figure) else None,
        manages_stock=manages,
        stock_shared_with_parent=shared,
        stocked=kind not in ("grouped", "external") and not data.get("virtual"),
        sellable=kind not in ("grouped", "external", "variable")
        and data.get("status") == "publish"
        and bool(data.get("purchasable")),
        backorders=BACKORDERS.get(text(data.get("backorders")), ""),
        barcode=text(data.get("global_unique_id")),
        weight_grams=_grams(data.get("weight"), text(context.get("weight_unit"))),
        heading=kind == "variable",
        version=changed if changed is not None and changed.year in YEARS else None,
    )


def _attributes(data: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{plain(row.get('name'))}: {plain(row.get('option'))}"
        for row in rows(data, "attributes")
        if plain(row.get("option"))
    )


def _grams(weight: Any, unit: str) -> int | None:
    """None where the unit is not known: a wrong weight costs postage, a missing one is asked for."""
    try:
        amount = parsed(weight) * GRAMS[unit]
    except (KeyError, ValueError):
        return None
    return int(rounded(amount, "JPY")) if amount > 0 and possible(amount) else None
