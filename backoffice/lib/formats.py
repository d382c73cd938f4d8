"""Amounts, rates and days as Canadians write them, in English and in French."""

from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_name

from backoffice.lib.money import MINOR_UNITS


def locale(language: str) -> str:
    return "fr_CA" if language == "fr" else "en_CA"


@lru_cache(maxsize=8192)
def money(amount: Decimal, currency: str, language: str) -> str:
    """`$1,234.56` or `1 234,56 $`; more decimals than the currency has are kept where the amount truly has them."""
    least = MINOR_UNITS.get(currency, 2)
    exponent = amount.normalize().as_tuple().exponent
    digits = max(least, -exponent if isinstance(exponent, int) else least)
    padded = amount.quantize(Decimal(1).scaleb(-digits))
    text: str = format_currency(
        padded, currency, locale=locale(language), currency_digits=digits == least, decimal_quantization=digits == least
    )
    return text.replace("-", "−")


@lru_cache(maxsize=1024)
def number(value: Decimal | int, language: str) -> str:
    text: str = format_decimal(value, locale=locale(language), decimal_quantization=False)
    return text


def percent(rate: Decimal, language: str) -> str:
    """`9.975%` or `9,975 %`; trailing zeros of the table's column are not part of the rate."""
    return number(rate.normalize() + 0, language) + ("\u00a0%" if language == "fr" else "%")


@lru_cache(maxsize=2048)
def day(value: date, language: str) -> str:
    text: str = format_date(value, format="long", locale=locale(language))
    return text.replace("1 ", "1er ", 1) if language == "fr" and value.day == 1 else text


@lru_cache(maxsize=2048)
def days(first: date, last: date, language: str) -> str:
    """A span of days: `December 3–7, 2026` or `3 au 7 décembre 2026`; one day where both are the same."""
    if first == last:
        return day(first, language)
    before, after = day(first, language), day(last, language)
    if first.year != last.year:
        return f"{before} au {after}" if language == "fr" else f"{before} – {after}"
    if language == "fr":
        number_of_day, month, _year = before.split(" ")
        return f"{number_of_day} au {after}" if first.month == last.month else f"{number_of_day} {month} au {after}"
    start = before.removesuffix(f", {first.year}")
    return f"{start}–{last.day}, {last.year}" if first.month == last.month else f"{start} – {after}"


@lru_cache(maxsize=512)
def currency_name(currency: str, language: str) -> str:
    name: str = get_currency_name(currency, locale=locale(language))
    return f"{name} ({currency})"


@lru_cache(maxsize=512)
def country_name(code: str, language: str) -> str:
    return str(Locale.parse(locale(language)).territories.get(code.upper(), code))
