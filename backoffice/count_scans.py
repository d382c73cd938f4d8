"""What a person with a scanner says while counting: this place, this product (and lot), so many; one small answer each."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from backoffice.lib import gs1
from inventory import catalogue, counting, lots, reservations
from inventory.count_due import Spot
from inventory.counting import Figure
from inventory.models import CountLine, CountSheet, Location, Lot, Product
from shipping import packing


class Wanted(ValueError):
    """Something more must be scanned; `what` is place or lot. The message says it in a sentence."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(sentence)
        self.what = what


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scan meant and what is noted now; never what should be there."""

    place: Location | None
    product: Product | None = None
    lot: str = ""
    line_id: int | None = None
    counted: int | None = None
    said: str = ""
    moved: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "place": self.place.code if self.place else "",
            "place_name": self.place.name if self.place else "",
            "sku": self.product.sku if self.product else "",
            "name": self.product.name if self.product else "",
            "variation": self.product.variation if self.product else "",
            "lot": self.lot,
            "line": self.line_id,
            "counted": self.counted,
            "said": self.said,
            "count_again": self.moved,
        }


def scan(
    sheet_id: int,
    *,
    place: str = "",
    code: str = "",
    units: int | None = None,
    add: int | None = None,
    lot: str = "",
    once: str = "",
    by: Any = None,
) -> Scanned:
    """Note `units` found, or `add` so many to those found before; with neither, only say what the codes mean.

    A `code` that names a place changes the place. What is not on the sheet yet is put on it. `once` is the scan's own
    word: sent again after a lost answer it is not added again. Wanted or ValueError with a sentence where it is unclear.
    """
    sheet = CountSheet.objects.select_related("warehouse").get(pk=sheet_id)
    counting.check_open(sheet)
    where = _place(sheet, place) if place.strip() else None
    if not code.strip():
        return Scanned(where, said=where.name if where else "")
    label = gs1.read(code)
    product, each = _product(sheet, label.gtin if label else code)
    if product is None:
        found = _place(sheet, code)
        return Scanned(found, said=found.name)
    day = None
    if label:
        named = label.serial if product.tracking == Product.Tracking.SERIAL and label.serial else label.lot
        each, lot = each * (label.units or 1), lot.strip() or named
        day = label.expires_on if lot == named and product.expires else None
    where = where or _only_place(sheet, product)
    if units is None and add is None:
        return _as_it_is(sheet, where, product, lot)
    with transaction.atomic():
        # Every level of the product, and those only: the line is for none other.
        reservations.lock([product.pk])
        sheet = counting.lock(sheet_id)
        counting.check_open(sheet)
        line = counting.add_line(
            sheet, Spot(product.pk, where.pk, _lot(product, lot, day, units if add is None else add))
        )
        figure = Figure(line.pk, (units if add is None else add or 0) * each, add=add is not None, scan=once)  # type: ignore[operator]
        moved = counting.enter(sheet, [figure], packed=packing.in_parcels([product.pk]), by=by)
        line.refresh_from_db()
        if product.tracking == Product.Tracking.SERIAL and line.lot_id and (line.counted or 0) > 1:
            raise ValueError(_("A serial number is one unit: %(lot)s was scanned already.") % {"lot": lot.strip()})
    said = _("%(units)s × %(sku)s") % {"units": line.counted, "sku": product.sku}
    if moved:
        said = _("Goods of %(sku)s came or went while you scanned them. Count them here once more from the start.") % {
            "sku": product.sku
        }
    return Scanned(where, product, lot.strip(), line.pk, line.counted, said, bool(moved))


def places(sheet: CountSheet) -> QuerySet[Location]:
    """The warehouse of the sheet and the places in it."""
    return Location.objects.filter(Q(pk=sheet.warehouse_id) | Q(warehouse=sheet.warehouse_id), archived_at=None)


def _place(sheet: CountSheet, text: str) -> Location:
    typed = text.replace("\x00", "").strip()
    found = list(places(sheet).filter(Q(code__iexact=typed) | Q(name__iexact=typed))[:3])
    exact = [place for place in found if place.code == typed] or found
    if len(exact) != 1:
        raise ValueError(
            _("“%(code)s” is no place in %(warehouse)s, and no product. Scan the label of the shelf again.")
            % {"code": typed[:80], "warehouse": sheet.warehouse.name}
        )
    return exact[0]


def _product(sheet: CountSheet, code: str) -> tuple[Product | None, int]:
    """The product, and how many of it one scan is; none where the code is that of a place."""
    try:
        product, unit = catalogue.find_by_code(code)
    except ValueError:
        if places(sheet).filter(Q(code__iexact=code.strip()) | Q(name__iexact=code.strip())).exists():
            return None, 1
        raise
    if not product.stocked:
        raise ValueError(_("%(sku)s is not stocked: count what it is made of.") % {"sku": product.sku})
    return product, unit.quantity if unit else 1


def _only_place(sheet: CountSheet, product: Product) -> Location:
    """Where nothing was scanned: the one place in which the sheet has the product, or a warehouse that has no bins."""
    known = list(places(sheet).filter(pk__in=sheet.lines.filter(product=product).values("location")).distinct()[:2])
    if len(known) != 1 and not known:
        known = list(places(sheet)[:2])
    if len(known) != 1:
        raise Wanted("place", _("Scan the place first: there are several."))
    return known[0]


def _as_it_is(sheet: CountSheet, where: Location, product: Product, lot: str) -> Scanned:
    lines = CountLine.objects.filter(sheet=sheet, product=product, location=where)
    if product.tracking != Product.Tracking.NONE:
        if not lot.strip():
            raise Wanted("lot", _wanted_lot(product))
        lines = lines.filter(lot=lots.find(product.pk, lot))
    line = lines.first()
    return Scanned(where, product, lot.strip(), line.pk if line else None, line.counted if line else None)


def _lot(product: Product, text: str, day: date | None, units: int | None) -> int | None:
    """The lot that is meant; one that nobody knew is noted. Nothing is found of none at all without naming one."""
    if product.tracking == Product.Tracking.NONE:
        return None
    code = text.replace("\x00", "").strip()[:80]
    if code:
        return _named(product, code, day, units).pk
    if units:
        raise Wanted("lot", _wanted_lot(product))
    return None


def _named(product: Product, code: str, day: date | None, units: int | None) -> Lot:
    """Goods that expire are never found of a lot without a day: nobody would see that they are old."""
    known = lots.find(product.pk, code)
    if known is None or day is not None:
        code, day = (code, day) if day or not product.expires else _with_day(code)
        if product.expires and day is None:
            raise ValueError(
                _(
                    "Lot %(lot)s of %(sku)s is not known here: scan it once more. If it is new, type it with the day on which it"
                    " expires: %(lot)s, 2027-03-01."
                )
                % {"lot": code, "sku": product.sku}
            )
        return lots.take_in([lots.Named(product.pk, code, day)])[product.pk, code]
    if units and product.expires and known.expires_on is None:
        raise ValueError(
            _("Lot %(lot)s of %(sku)s has no day on which it expires. Write it on the lot's page, then count it.")
            % {"lot": known.code, "sku": product.sku}
        )
    return known


def _with_day(text: str) -> tuple[str, date | None]:
    """`L3, 2027-03-01` is a lot and the day on which it expires."""
    code, _comma, day = text.rpartition(",")
    try:
        return (code.strip(), date.fromisoformat(day.strip())) if code.strip() else (text, None)
    except ValueError:
        return text, None


def _wanted_lot(product: Product) -> str:
    if product.tracking == Product.Tracking.SERIAL:
        return _("Scan the serial number of %(sku)s.") % {"sku": product.sku}
    return _("Scan or type the lot of %(sku)s.") % {"sku": product.sku}
