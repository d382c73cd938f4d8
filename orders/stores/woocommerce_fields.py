"""Reading single fields of a WooCommerce answer; every failure says which field of which object."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from backoffice.lib.money import parsed, rounded
from backoffice.lib.text import clean, plain
from orders.figures import possible
from orders.stores.base import Unreadable

LONGEST_ID = 120


def short(text: str, length: int = 250) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = data.get(name) or []
    # PHP writes an array whose numbering has a gap as an object.
    if isinstance(rows, Mapping):
        rows = list(rows.values())
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def text(value: Any) -> str:
    return "" if value is None or isinstance(value, bool | dict | list) else clean(str(value)).strip()


def identity(data: Mapping[str, Any], kind: str) -> str:
    number = text(data.get("id"))
    if not number or number == "0":
        raise Unreadable(f"This {kind} has no number (id).")
    if len(number) > LONGEST_ID:
        raise Unreadable(f"The number (id) of this {kind} is longer than any: {short(number, 40)}")
    return number


def meta(data: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    found = {text(row.get("key")): text(row.get("value")) for row in rows(data, "meta_data")}
    return next((found[key] for key in keys if found.get(key)), "")


def paragraphs(value: Any) -> str:
    lines = (plain(line) for line in html.unescape(text(value)).splitlines())
    return "\n".join(lines).strip()


def decimal(value: Any, where: str, name: str) -> Decimal:
    try:
        return parsed(value)
    except ValueError as error:
        raise Unreadable(f"In {where} the field {name} cannot be read: {error}") from None


def money(data: Mapping[str, Any], name: str, currency: str, where: str, *, required: bool = False) -> Decimal:
    """To the cent, as WooCommerce itself shows it; as it came where the currency is not known. Empty is nothing."""
    value = data.get(name)
    if value is None or value == "":
        if required:
            raise Unreadable(f"{where.capitalize()} has no {name}.")
        return Decimal("0.00")
    amount = decimal(value, where, name)
    # What cannot be stays as it came: it is named to a person, and has more digits than can be rounded.
    return rounded(amount, currency) if currency and possible(amount) else amount


def time(data: Mapping[str, Any], name: str, where: str) -> datetime | None:
    """Only the `_gmt` fields are safe, and they carry no Z."""
    value = data.get(name)
    if not value:
        return None
    try:
        when = datetime.fromisoformat(str(value))
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable(f"In {where} the field {name} is no date: {value!r}.") from None
