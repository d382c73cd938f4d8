"""What a person holds between two scans: units of products (and lots), carried from screen to screen in one hidden field."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from inventory.models import Lot, Product

MOST_UNITS = 1_000_000
MOST_HELD = 200


@dataclass(frozen=True, slots=True)
class Held:
    product: Product
    units: int
    lot: Lot | None = None

    @property
    def words(self) -> str:
        what = f"{self.product.sku} · {self.lot.code}" if self.lot else self.product.sku
        return _("%(units)s × %(what)s") % {"units": self.units, "what": what}


def words(held: Iterable[Held]) -> str:
    return ", ".join(one.words for one in held)


def written(held: Iterable[Held]) -> str:
    """For the form: product:lot:units, with commas."""
    return ",".join(f"{one.product.pk}:{one.lot.pk if one.lot else ''}:{one.units}" for one in held)


def read(text: str) -> list[Held]:
    """What `written` wrote, without what is not there any more; two statements at most."""
    rows = []
    for part in text.split(",")[:MOST_HELD]:
        product, lot, units = [*part.split(":"), "", "", ""][:3]
        if _number(product) and _number(units) and 0 < int(units) <= MOST_UNITS:
            rows.append((int(product), int(lot) if _number(lot) else None, int(units)))
    products = Product.objects.in_bulk([product for product, _lot, _units in rows]) if rows else {}
    named = [lot for _product, lot, _units in rows if lot is not None]
    lots = Lot.objects.in_bulk(named) if named else {}
    return [
        Held(products[product], units, lots[lot] if lot is not None else None)
        for product, lot, units in rows
        if product in products and (lot is None or (lot in lots and lots[lot].product_id == product))
    ]


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def added(held: Sequence[Held], new: Held) -> list[Held]:
    """With so many more of it; what was scanned last stands last."""
    same = [one for one in held if (one.product, one.lot) == (new.product, new.lot)]
    rest = [one for one in held if one not in same]
    return [*rest, replace(new, units=new.units + sum(one.units for one in same))]


def corrected(held: Sequence[Held], units: int) -> list[Held]:
    """The last of it is so many; none at all takes it out."""
    if not held:
        return []
    return [*held[:-1], replace(held[-1], units=units)] if units else list(held[:-1])
