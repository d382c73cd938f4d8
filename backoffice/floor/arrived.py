"""What was counted of a delivery and is not booked yet: product, units, lot and expiry, carried in one hidden field."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from inventory.models import Product

MOST_ROWS = 500
MOST_UNITS = 1_000_000
LONGEST_LOT = 80
WAYS = {10: "%Y-%m-%d", 8: "%Y%m%d", 6: "%y%m%d"}
"""By their length: 270131 would pass for a day of the year 2701."""


@dataclass(frozen=True, slots=True)
class Came:
    product: Product
    units: int
    lot_code: str = ""
    expires_on: date | None = None

    @property
    def words(self) -> str:
        what = f"{self.product.sku} · {self.lot_code}" if self.lot_code else self.product.sku
        return _("%(units)s × %(what)s") % {"units": self.units, "what": what}


def written(came: Iterable[Came]) -> str:
    return json.dumps(
        [[c.product.pk, c.units, c.lot_code, c.expires_on.isoformat() if c.expires_on else ""] for c in came]
    )


def read(text: str) -> list[Came]:
    """What `written` wrote, without what makes no sense; one statement."""
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        return []
    sound = [row for row in rows if _sound(row)][:MOST_ROWS] if isinstance(rows, list) else []
    products = Product.objects.in_bulk({row[0] for row in sound}) if sound else {}
    return [
        Came(products[pk], units, lot.strip()[:LONGEST_LOT], day(expires))
        for pk, units, lot, expires in sound
        if pk in products
    ]


def _sound(row: object) -> bool:
    return (
        isinstance(row, list)
        and [type(part) for part in row] == [int, int, str, str]
        and 0 < row[0] < 2**63
        and 0 < row[1] <= MOST_UNITS
    )


def day(text: str) -> date | None:
    """A day as a person or a label writes it: 2027-01-31, 20270131 or 270131; None for anything else."""
    written = text.strip()
    way = WAYS.get(len(written))
    if way is None:
        return None
    try:
        return datetime.strptime(written, way).date()  # noqa: DTZ007 — a day has no zone
    except ValueError:
        return None


def added(rows: Sequence[Came], new: Came) -> list[Came]:
    """With so many more of it; what was scanned last stands last. A lot has one day of expiry, the one said last."""
    same = [row for row in rows if (row.product, row.lot_code) == (new.product, new.lot_code)]
    rest = [row for row in rows if row not in same]
    known = next((row.expires_on for row in same if row.expires_on), None)
    return [*rest, replace(new, units=new.units + sum(row.units for row in same), expires_on=new.expires_on or known)]


def corrected(rows: Sequence[Came], units: int) -> list[Came]:
    """The last of them is so many; none takes it out."""
    if not rows:
        return []
    return [*rows[:-1], replace(rows[-1], units=units)] if units > 0 else list(rows[:-1])


def units_of(rows: Iterable[Came], product: Product) -> int:
    return sum(row.units for row in rows if row.product == product)
