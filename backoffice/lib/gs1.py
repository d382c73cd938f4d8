"""What a GS1 bar code says beside the product: its lot, when it expires, its serial number (GS1 General Specifications, 3)."""

import re
from dataclasses import dataclass
from datetime import date

from stdnum import gs1_128
from stdnum.exceptions import ValidationError

SEPARATOR = "\x1d"
# What readers put before the data to say that it is GS1: Code 128, DataMatrix, QR code, DataBar.
SYMBOLS = ("]C1", "]d2", "]Q3", "]e0")


@dataclass(frozen=True, slots=True)
class Label:
    """One label: a GTIN of fourteen digits, and what stands beside it."""

    gtin: str
    lot: str = ""
    serial: str = ""
    expires_on: date | None = None
    units: int | None = None


def read(code: str) -> Label | None:
    """The label that a scanned text is, as readers send it or with brackets as printed; None where it is none."""
    text = code.strip()
    marked = text.startswith(SYMBOLS)
    text = text[3:] if marked else text
    if text.startswith("("):
        text, marked = re.sub(r"\((\d{2,4})\)", rf"{SEPARATOR}\1", text).removeprefix(SEPARATOR), True
    text = text.removeprefix(SEPARATOR)
    # Without a mark only what cannot be a plain number: (01), fourteen digits, and something behind them.
    if not re.match(r"01\d{14}." if not marked else r"0[12]\d{14}", text):
        return None
    try:
        said = gs1_128.info(text, SEPARATOR)
    except (ValidationError, ValueError):
        return None
    units = said.get("37") or said.get("30")
    expires = said.get("17") or said.get("15")
    return Label(
        gtin=said.get("01") or said.get("02", ""),
        lot=said.get("10", ""),
        serial=said.get("21", ""),
        expires_on=expires if isinstance(expires, date) else None,
        units=int(units) if units and str(units).isdecimal() else None,
    )
