"""Figures and times that no order has and no database column holds: set aside before they make an arrival fail (O4).

The order is taken in with a harmless value in their place and held, with a sentence that names the field and what the
store said: a person sees it, and corrects it in the store.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from orders.records import ChargeRecord, LineRecord, OrderRecord, PaymentRecord, TaxRecord

MOST_MONEY = Decimal(1_000_000_000)
"""Of one figure; well below what a column holds, so that an order's and a year's sums fit as well."""
MOST_UNITS = 10_000_000
MOST_RATE = Decimal(1000)
YEARS = range(1971, 2200)
ZERO = Decimal(0)


def in_range(record: OrderRecord) -> OrderRecord:
    """The record itself where all its figures are possible; else one with a doubt for each that is not."""
    checked = _Checked()
    cleaned = _checked(record, checked)
    return replace(cleaned, doubts=(*record.doubts, *checked.doubts)) if checked.doubts else record


def possible(amount: Decimal) -> bool:
    return abs(amount) < MOST_MONEY


@dataclass(slots=True)
class _Checked:
    doubts: list[str] = field(default_factory=list)
    whole: Decimal = ZERO
    """Of all parts so far: many possible figures can add up to an impossible one."""

    def money(self, amount: Decimal, what: str) -> Decimal:
        if possible(amount):
            return amount
        return self._doubt(what, amount, ZERO)

    def part(self, amount: Decimal, what: str) -> Decimal:
        amount = self.money(amount, what)
        if not possible(self.whole + abs(amount)):
            return self._doubt(what, amount, ZERO)
        self.whole += abs(amount)
        return amount

    def units(self, quantity: int, what: str) -> int:
        if 0 <= quantity < MOST_UNITS:
            return quantity
        self._doubt(what, Decimal(quantity), ZERO)
        return 0

    def rate(self, rate: Decimal | None, what: str) -> Decimal | None:
        if rate is None or abs(rate) < MOST_RATE:
            return rate
        self._doubt(what, rate, ZERO)
        return None

    def time(self, when: datetime, what: str, instead: datetime) -> datetime:
        if when.year in YEARS:
            return when
        self._say(what, when.isoformat())
        return instead

    def time_if_any(self, when: datetime | None, what: str) -> datetime | None:
        if when is None or when.year in YEARS:
            return when
        self._say(what, when.isoformat())
        return None

    def _doubt(self, what: str, said: Decimal, instead: Decimal) -> Decimal:
        self._say(what, _short(said))
        return instead

    def _say(self, what: str, said: str) -> None:
        self.doubts.append(f"The store says {said} as {what}, which cannot be: correct it in the store.")


def _short(said: Decimal) -> str:
    # 1E+999999 written out would be a million digits.
    return f"{said:f}" if -30 < said.adjusted() < 30 else str(said.normalize())


def _checked(record: OrderRecord, checked: _Checked) -> OrderRecord:
    others = (record.version, record.placed_at, record.paid_at)
    likely = next(
        (when for when in others if when is not None and when.year in YEARS), datetime(2000, 1, 1, tzinfo=UTC)
    )
    paid_at = checked.time_if_any(record.paid_at, "the time of payment")
    own = record.store_total
    return replace(
        record,
        placed_at=checked.time(record.placed_at, "the time when the order was placed", likely),
        version=checked.time(record.version, "the time of the last change", likely),
        paid_at=paid_at or (likely if record.paid_at else None),
        total=checked.money(record.total, "the total"),
        store_total=own if own is None or possible(own) else None,
        lines=tuple(_line(line, checked) for line in record.lines),
        charges=tuple(_charge(charge, checked) for charge in record.charges),
        taxes=tuple(_tax(tax, checked) for tax in record.taxes),
        payments=tuple(_payments(record.payments, checked)),
    )


def _line(line: LineRecord, checked: _Checked) -> LineRecord:
    of = f"of “{line.name}”"
    return replace(
        line,
        quantity=checked.units(line.quantity, f"the quantity {of}"),
        gross=checked.part(line.gross, f"the amount {of}"),
        discount=checked.part(line.discount, f"the discount {of}"),
        tax=checked.money(line.tax, f"the tax {of}"),
        set_aside=line.set_aside if line.set_aside < MOST_UNITS else 0,
    )


def _charge(charge: ChargeRecord, checked: _Checked) -> ChargeRecord:
    return replace(
        charge,
        amount=checked.part(charge.amount, f"the amount of “{charge.name}”"),
        tax=checked.money(charge.tax, f"the tax of “{charge.name}”"),
    )


def _tax(tax: TaxRecord, checked: _Checked) -> TaxRecord:
    return replace(
        tax,
        amount=checked.part(tax.amount, f"the amount of the tax “{tax.name}”"),
        rate=checked.rate(tax.rate, f"the rate of the tax “{tax.name}”"),
    )


def _payments(payments: tuple[PaymentRecord, ...], checked: _Checked) -> list[PaymentRecord]:
    """Money that cannot have come is left out: it comes in with the order's corrected version."""
    kept = []
    for paid in payments:
        amount = checked.money(paid.amount, f"the amount paid by “{paid.method or paid.external_id}”")
        if amount or not paid.amount:
            at = checked.time_if_any(paid.at, f"the time of the payment by “{paid.method or paid.external_id}”")
            kept.append(replace(paid, at=at, tax=checked.money(paid.tax, "the tax of a refund")))
    return kept
