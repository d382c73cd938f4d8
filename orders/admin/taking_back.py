"""The form of the order page by which goods come back: what it shows, and what was typed into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from django.http import HttpRequest
from django.utils.translation import gettext as _

from backoffice import desk
from backoffice.returning import Part, To
from inventory import places
from inventory.models import Product
from orders.models import LineComponent, OrderLine
from shipping.coming_back import Said
from shipping.models import Shipment

MOST_NAMED = 8
"""Lots that are named beside their field; a line may have hundreds of serial numbers."""


@dataclass(slots=True)
class Row:
    """So many of a product can come back, whole units of a line or stock units of a part of it."""

    name: str
    title: str
    what: str
    most: int
    lot: str = ""
    """The name of its field for a lot or serial number; empty where it is not followed."""
    lots: str = ""
    """Those that went out."""
    expires: str = ""
    """The name of its field for the day on which a lot expires that is not known: it left before it was followed."""
    part: bool = False


def rows(lines: Sequence[OrderLine], parcels: Sequence[Shipment]) -> list[Row]:
    """What of an order can come back; each line is told which of its parts are back and which are out (`partly`)."""
    codes, untold = _lots(parcels)
    found: list[Row] = []
    for line in lines:
        parts = list(line.components.all())
        product = None if parts else line.product
        if whole := _whole(line, parts):
            what = _("%(name)s, whole") % {"name": line.name} if parts else line.name
            found.append(_row(f"units-{line.pk}", line.sku, what, whole, line.pk, product, codes, untold))
        back, out = [], []
        for part in parts:
            of, left = part.product, line.shipped * part.quantity - part.returned
            if left > 0:
                found.append(
                    _row(f"part-{line.pk}-{of.pk}", of.sku, of.name, left, line.pk, of, codes, untold, part=True)
                )
                out.append(f"{left} × {of.sku}")
            if loose := part.returned - line.returned * part.quantity:
                back.append(f"{loose} × {of.sku}")
        line.partly = (  # type: ignore[attr-defined]
            _("Back in part: %(back)s. Still out: %(out)s.") % {"back": ", ".join(back), "out": ", ".join(out)}
            if back
            else ""
        )
    return found


def _whole(line: OrderLine, parts: Sequence[LineComponent]) -> int:
    """Of a kit or a dozen, those of which every part is still out."""
    left = [(line.shipped * part.quantity - part.returned) // part.quantity for part in parts]
    return min(left, default=line.shipped - line.returned)


def _row(
    name: str,
    title: str,
    what: str,
    most: int,
    line_id: int,
    product: Product | None,
    codes: dict[tuple[int, int], list[str]],
    untold: set[tuple[int, int]],
    *,
    part: bool = False,
) -> Row:
    row = Row(name, title, what, most, part=part)
    if product is not None and product.tracking != Product.Tracking.NONE:
        row.lot = f"lot-{line_id}-{product.pk}"
        known = codes.get((line_id, product.pk), [])
        if product.expires and (line_id, product.pk) in untold:
            row.expires = f"expires-{line_id}-{product.pk}"
        row.lots = ", ".join(known[:MOST_NAMED]) + (" …" if len(known) > MOST_NAMED else "")
    return row


def _lots(parcels: Sequence[Shipment]) -> tuple[dict[tuple[int, int], list[str]], set[tuple[int, int]]]:
    """By line and product the lots that left, and what left without one; `inside` was read with each parcel."""
    found: dict[tuple[int, int], list[str]] = {}
    untold = set()
    for item in chain.from_iterable(p.inside for p in parcels if p.state == Shipment.State.SHIPPED):  # type: ignore[attr-defined]
        if item.lot is not None:
            of = found.setdefault((item.line_id, item.lot.product_id), [])
            if item.lot.code not in of:
                of.append(item.lot.code)
        elif item.level is not None:
            untold.add((item.line_id, item.level.product_id))
    return found, untold


# --- what was typed -----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Typed:
    """Units of lines and of parts, what was said of the lots of each, and where they go."""

    quantities: dict[int, int] = field(default_factory=dict)
    parts: dict[Part, int] = field(default_factory=dict)
    lots: dict[Part, Said] = field(default_factory=dict)
    to: To = To.STOCK
    place_id: int | None = None

    @property
    def lines(self) -> set[int]:
        return {*self.quantities, *(part.line_id for part in (*self.parts, *self.lots))}

    @property
    def units(self) -> int:
        return sum(self.quantities.values()) + sum(self.parts.values())


def read(request: HttpRequest) -> Typed:
    """What was typed; ValueError where it is no number of units, no place, or nothing at all."""
    typed = Typed()
    for name, value in request.POST.items():
        kind, *ids = name.split("-")
        said = str(value).strip()
        if not said or not all(map(desk.is_number, ids)):
            continue
        if kind == "units" and len(ids) == 1:
            typed.quantities[int(ids[0])] = desk.whole_number(said)
        elif kind == "part" and len(ids) == 2:
            typed.parts[Part(int(ids[0]), int(ids[1]))] = desk.whole_number(said)
        elif kind == "lot" and len(ids) == 2:
            day = request.POST.get(f"expires-{ids[0]}-{ids[1]}", "")
            typed.lots[Part(int(ids[0]), int(ids[1]))] = Said(
                desk.words(request, name, most=2000), expires_on=_day(day)
            )
    if not typed.units:
        raise ValueError(_("Say how many units, on at least one line."))
    typed.to = To(to) if (to := request.POST.get("to", "")) in To.values else To.STOCK
    if place := request.POST.get("place", "").strip():
        typed.place_id = places.named(place).pk
    return typed


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is no date. Write it like 2027-01-31.") % {"text": text.strip()[:40]}) from None
