"""What stands in a cell, so that no spreadsheet runs it and it comes back as it was (case: C34f).

A text that a spreadsheet would take for a formula gets an apostrophe in front, and loses it again on the way in. A text
that already begins with apostrophes before such a sign gets one more, so that none is lost. A plain number keeps its sign.
"""

import re
from decimal import Decimal
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def shown(value: Any) -> str:
    """A value as the text of a cell, before it is made safe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return figure(value)
    return str(value)


def figure(value: Decimal) -> str:
    """An amount without idle zeros, with two decimals at least: 90.75, 12.50, 0.0015."""
    text = f"{value.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def safe(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unsafe(text: str) -> str:
    """The text as it was before `safe`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
