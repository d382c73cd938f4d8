"""Money is a Decimal rounded half up to the currency's minor unit, with the currency beside it (rule: O5)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

# ISO 4217 list one, column "minor unit", where it is not 2 (read 2026-11).
MINOR_UNITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

ZERO = Decimal("0.00")


@lru_cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of the currency: 0.01 for CAD, 1 for JPY."""
    return Decimal(1).scaleb(-MINOR_UNITS.get(currency, 2))


def rounded(amount: Decimal | int, currency: str) -> Decimal:
    """`amount` to the currency's minor unit, half up: 13.965 CAD is 13.97."""
    return Decimal(amount).quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def parsed(value: object) -> Decimal:
    """A Decimal from what a system sent as text or number; ValueError with a sentence for anything else.

    A float is read by its shortest text, never by its binary value.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is not an amount.")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount.") from None
    if not amount.is_finite():
        raise ValueError(f"{text!r} is not an amount.")
    return amount


def shares(amount: Decimal, weights: list[Decimal], currency: str) -> list[Decimal]:
    """`amount` divided by `weights` in whole minor units that add up to it exactly; the largest remainders get the rest."""
    unit = minor_unit(currency)
    whole = sum(weights, Decimal(0))
    if not weights:
        return []
    if whole == 0:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [amount * weight / whole for weight in weights]
    parts = [(part / unit).to_integral_value(rounding="ROUND_FLOOR") * unit for part in exact]
    left = int(((amount - sum(parts, Decimal(0))) / unit).to_integral_value())
    for index in sorted(range(len(parts)), key=lambda i: exact[i] - parts[i], reverse=True)[:left]:
        parts[index] += unit
    return parts
