"""What people type into the forms of buying: days, prices, amounts, lots, rows of products; with a sentence for what is none."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice import desk
from inventory import catalogue
from inventory.models import Product, SellingUnit


def day(text: str) -> date | None:
    """A day as the browser's field sends it; None where none was typed."""
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is no day. Write it like 2026-12-03.") % {"text": text.strip()[:40]}) from None
    if not 2000 <= found.year < 2200:
        raise ValueError(_("%(day)s cannot be right; look at the year.") % {"day": found})
    return found


LOT_LINE = re.compile(
    r"(?P<code>[^,;\t]+?)(?:(?:\s+[×xX*]\s*|\t\s*)(?P<units>\d{1,7}))?(?:\s*[,;\t]\s*(?P<day>[^,;\t]*))?"
)
"""A lot on a line of its own: its number, how many units, and when it expires; or three cells of a spreadsheet."""


def lots(text: str, *, sku: str, counted: int) -> list[tuple[str, int, date | None]]:
    """(lot, units, day) of each line. `counted` is how many came in all: what they must make together, or 0 where only they
    say it. One lot alone needs no number of its own."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found: list[tuple[str, int, date | None]] = []
    for line in lines:
        read = LOT_LINE.fullmatch(line)
        if read is None:
            raise ValueError(
                _("%(sku)s: “%(line)s” is not clear. Write L-77 × 40, 2026-12-03.") % {"sku": sku, "line": line[:60]}
            )
        code, units = read["code"].strip()[:80], int(read["units"] or (counted if len(lines) == 1 else 0))
        if not units:
            raise ValueError(
                _("%(sku)s: say how many of lot %(lot)s came, like %(lot)s × 40.") % {"sku": sku, "lot": code}
            )
        if any(code == one for one, _units, _day in found):
            raise ValueError(_("%(sku)s: lot %(lot)s stands there twice. Add the two up.") % {"sku": sku, "lot": code})
        found.append((code, units, day(read["day"] or "")))
    total = sum(units for _code, units, _day in found)
    if counted and found and total != counted:
        raise ValueError(
            _("%(sku)s: %(counted)s units are counted, and its lots make %(total)s. Correct one of them.")
            % {"sku": sku, "counted": counted, "total": total}
        )
    return found


def amount(text: str, *, minus: bool = False) -> Decimal | None:
    """A price or an amount, with a point or a comma; None where none was typed. Below zero only with `minus`."""
    plain = text.strip().replace("\u00a0", "").replace(" ", "").replace("$", "").replace("−", "-").replace(",", ".")
    if not plain:
        return None
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is no amount.") % {"text": text.strip()[:40]}) from None
    if not found.is_finite() or not (-1_000_000_000 if minus else 0) <= found < 1_000_000_000:
        raise ValueError(_("“%(text)s” cannot be right.") % {"text": text.strip()[:40]})
    return found


def counted(product_code: str, units: str) -> tuple[Product, int]:
    """A product and how many stock units: the code of a dozen counts twelve for each."""
    product, unit = catalogue.find_by_code(product_code)
    return product, desk.whole_number(units, least=1) * size(unit)


def size(unit: SellingUnit | None) -> int:
    return unit.quantity if unit is not None else 1


def rows(request: HttpRequest, *names: str) -> list[tuple[str, ...]]:
    """The rows of a form with several fields of each name; wholly empty ones are left out. A column that was not there
    is empty."""
    columns = [request.POST.getlist(name) for name in names]
    length = len(columns[0])
    full = [column if len(column) == length else [""] * length for column in columns]
    return [row for row in zip(*full, strict=True) if any(cell.strip() for cell in row)]


def chosen(request: HttpRequest, name: str) -> int:
    """The row that a field of choices names; 0, which is none, where none was chosen."""
    value = request.POST.get(name, "")
    return int(value) if desk.is_number(value) else 0


def key(request: HttpRequest) -> str:
    """By what a form is worked on once, however often it is sent."""
    found = request.POST.get("once", "")
    if not (found.isalnum() and len(found) == 32):
        raise ValueError(_("This form is too old. Open the page again."))
    return found
