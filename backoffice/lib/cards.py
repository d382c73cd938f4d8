"""Card numbers are never held: found in text by issuer, length and check digit (ISO/IEC 7812), so that they can be refused.

A store's own 13-digit number and a bar code must not be taken for one, so the check digit alone is not enough.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

# First digits and lengths by issuer (their merchants' manuals, 2026-11): Visa, Mastercard, American Express, Discover,
# Diners Club, JCB, UnionPay.
ISSUERS = (
    (re.compile(r"4"), {13, 16, 19}),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),
    (re.compile(r"3[47]"), {15}),
    (re.compile(r"6011|64[4-9]|65"), {16, 17, 18, 19}),
    (re.compile(r"30[0-59]|3[689]"), {14, 16, 17, 18, 19}),
    (re.compile(r"352[89]|35[3-8]"), {16, 17, 18, 19}),
    (re.compile(r"62"), {16, 17, 18, 19}),
)
# Digits in one run or in groups, as people type them; not a part of a longer word such as a UUID.
_RUN = re.compile(r"(?<![\w.-])\d(?:[ \u00a0-]?\d){12,18}(?![\w]|[.-]\d)")
# What is worth a closer look in JSON as it came: there a line break is written `\\n` and joins the digits behind it to a
# word, and a number may be written as 4111111111111111.0 or 4.111111111111111e15.
_WORTH_A_LOOK = re.compile(r"\d(?:(?:[ \u00a0-]|\\u00[aA]0)?\d){12}|\d\.\d+[eE]\+?1[2-8]")
REFUSAL = "This holds what looks like a card number. Card numbers are never kept here: take it out and send the rest."


def find_card_number(text: object) -> str:
    """The first card number in a text, as it stands there; empty where there is none."""
    for found in _RUN.finditer(str(text)):
        digits = re.sub(r"\D", "", found[0])
        if _issued(digits) and _luhn(digits) and not (len(digits) == 13 and _gtin(digits)):
            return found[0]
    return ""


def masked(text: str) -> str:
    """The text with all but the last four digits of each card number hidden."""
    while found := find_card_number(text):
        text = text.replace(found, "•••• " + re.sub(r"\D", "", found)[-4:])
    return text


def where(data: Any, path: tuple[str, ...] = ()) -> str | None:
    """The place of the first card number in nested data, as `lines.0.name`; None where there is none."""
    if isinstance(data, Mapping):
        places = [(str(name), value) for name, value in data.items()]
    elif isinstance(data, list | tuple):
        places = [(str(at), value) for at, value in enumerate(data)]
    else:
        return ".".join(path) if isinstance(data, str | int | float) and find_card_number(_written(data)) else None
    return next((found for name, value in places if (found := where(value, (*path, name))) is not None), None)


def _issued(digits: str) -> bool:
    return any(first.match(digits) and len(digits) in lengths for first, lengths in ISSUERS)


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _gtin(digits: str) -> bool:
    """Whether the check digit is that of a bar code (GS1 general specifications 7.9)."""
    return sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(reversed(digits))) % 10 == 0


def masked_body(body: bytes) -> bytes:
    """What came in, as it came; where it holds a card number, with that hidden in the texts and numbers of its JSON."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if not _WORTH_A_LOOK.search(text):
        return body
    try:
        data = json.loads(text)
        without = _without(data)
    except (ValueError, RecursionError):
        return masked(text).encode()
    if without == data:
        return body
    try:
        return json.dumps(without, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half a character (a lone surrogate) is no text: it stays the escape that it came as.
        return json.dumps(without).encode()


def _written(value: str | int | float) -> str:
    """A number as its plain digits."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e19
    return str(int(value)) if whole else str(value)


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {masked(key): _without(item) for key, item in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool) and find_card_number(_written(value)):
        return masked(_written(value))
    return value
