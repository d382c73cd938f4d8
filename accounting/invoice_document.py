"""All that an invoice says, frozen: kept as JSON with the invoice, so that it can be drawn again as it was (rule: A2)."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, Self

from backoffice.lib.address import PostalAddress
from backoffice.lib.letterhead import Letterhead


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """`amount` is before discount and tax; `unit_price` likewise, with as many decimals as it truly has."""

    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    sku: str = ""
    variation: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceDiscount:
    """`amount` is not negative; `name` is the coupon or the reason, empty for "Discount" alone."""

    amount: Decimal
    name: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceCharge:
    """`kind` is `shipping` or `fee`; a fee may be negative."""

    kind: str
    amount: Decimal
    name: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceTax:
    """`rate` in per cent; `registration` is the merchant's number for this tax."""

    name: str
    amount: Decimal
    rate: Decimal | None = None
    registration: str = ""


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    amount: Decimal
    paid_on: date | None = None
    method: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """Dates are the merchant's local days. The document is PAID when its payments reach its total."""

    number: str
    issued_on: date
    currency: str
    merchant: Letterhead
    order_number: str
    bill_to: PostalAddress
    lines: tuple[InvoiceLine, ...]
    total: Decimal
    language: str = "en"
    store_number: str = ""
    store_name: str = ""
    ordered_on: date | None = None
    customer_reference: str = ""
    customer_email: str = ""
    ship_to: PostalAddress | None = None
    discounts: tuple[InvoiceDiscount, ...] = ()
    charges: tuple[InvoiceCharge, ...] = ()
    taxes: tuple[InvoiceTax, ...] = ()
    payments: tuple[InvoicePayment, ...] = ()
    note: str = ""

    @property
    def items(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def paid(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), Decimal(0))

    @property
    def is_paid(self) -> bool:
        return self.paid >= self.total

    def to_json(self) -> dict[str, Any]:
        """Amounts as strings, days in ISO form: what a JSONField holds without loss."""
        document: dict[str, Any] = _plain(self)
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The same document again; keys that this version does not know are left aside, missing ones are empty."""
        ship_to = document.get("ship_to")
        return cls(
            **{
                **_known(cls, document),
                "issued_on": date.fromisoformat(document["issued_on"]),
                "ordered_on": _day(document.get("ordered_on")),
                "total": Decimal(document["total"]),
                "merchant": _letterhead(document["merchant"]),
                "bill_to": PostalAddress(**_known(PostalAddress, document["bill_to"])),
                "ship_to": PostalAddress(**_known(PostalAddress, ship_to)) if ship_to else None,
                "lines": tuple(_row(InvoiceLine, row) for row in document["lines"]),
                "discounts": tuple(_row(InvoiceDiscount, row) for row in document.get("discounts", ())),
                "charges": tuple(_row(InvoiceCharge, row) for row in document.get("charges", ())),
                "taxes": tuple(_row(InvoiceTax, row) for row in document.get("taxes", ())),
                "payments": tuple(_row(InvoicePayment, row) for row in document.get("payments", ())),
            }
        )


DECIMALS = {"amount", "unit_price", "rate"}


def _plain(value: Any) -> Any:
    # One invoice has some hundred values, and a backlog thousands of invoices: the commonest kinds are asked for first.
    kind = type(value)
    if value is None or kind is str or kind is int:
        return value
    if kind is Decimal:
        return format(value, "f")
    if kind is tuple:
        return [_plain(item) for item in value]
    if kind is date:
        return value.isoformat()
    return {name: _plain(getattr(value, name)) for name in _names(kind)}


def _names(kind: type) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


_NAMES: dict[type, tuple[str, ...]] = {}


def _known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {key: value for key, value in values.items() if key in names}


def _row(kind: type, values: dict[str, Any]) -> Any:
    row = _known(kind, values)
    for key in DECIMALS & row.keys():
        row[key] = None if row[key] is None else Decimal(row[key])
    if "paid_on" in row:
        row["paid_on"] = _day(row["paid_on"])
    return kind(**row)


def _letterhead(values: dict[str, Any]) -> Letterhead:
    return Letterhead(**{**_known(Letterhead, values), "address": tuple(values.get("address", ()))})


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
