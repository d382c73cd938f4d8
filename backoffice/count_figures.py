"""Figures without a sheet of their own, from a file or typed as a correction: what they change is held by the one limit of
all counts (rule: S8). They are put on sheets, which are booked at once or wait for another person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backoffice import goods, shelves, stocktaking
from inventory import count_due, counting, reservations
from inventory import ledger as stock
from inventory.count_due import Spot
from inventory.counting import Figure
from inventory.models import CountLine, CountSheet, Location, Movement, Product


@dataclass(frozen=True, slots=True)
class Found:
    """So many lay there `at` a moment, or now: on the shelf, without what was packed. `reason` is the movement's note."""

    product_id: int
    location_id: int
    units: int
    lot_id: int | None = None
    at: datetime | None = None
    reason: str = ""

    @property
    def spot(self) -> shelves.Spot:
        return self.product_id, self.location_id, self.lot_id


def book(found: Sequence[Found], *, key: str, note: str, by: Any = None) -> list[CountSheet]:
    """What was counted against what should have lain there then: booked, or held where all of it is worth more than the
    limit. One sheet for each warehouse, made once by `key`. ValueError where a sheet that is not booked has some of it.
    """
    if len({one.spot for one in found}) != len(found):
        raise ValueError(_("A product is counted twice in one place: add the two up."))
    return _on_sheets(found, key=key, note=note, by=by)


def correct(
    changes: Sequence[goods.Goods], *, key: str, note: str, by: Any = None
) -> tuple[list[Movement], list[CountSheet]]:
    """Correct the stock up or down, with a reason: at once, or above the limit as sheets that wait for another person."""
    if not note.strip():
        raise ValueError("Say why the stock is corrected.")
    costs = dict(Product.objects.filter(pk__in={c.product_id for c in changes}).values_list("pk", "average_cost"))
    worth = sum((abs(change.quantity) * costs[change.product_id] for change in changes), Decimal(0))
    if not stocktaking.above_limit(worth):
        return goods.adjust(changes, key=key, note=note, by=by), []
    units: dict[shelves.Spot, int] = defaultdict(int)
    for change in changes:
        units[change.product_id, change.location_id or stock.default_location().pk, change.lot_id] += change.quantity
    with transaction.atomic():
        reservations.lock({product for product, _place, _lot in units})
        lies = shelves.lay([(spot, None) for spot in units])
        found = [
            Found(product, place, lay.should_be + change, lot, reason=note)
            for ((product, place, lot), change), lay in zip(units.items(), lies, strict=True)
        ]
        if any(one.units < 0 for one in found):
            raise ValueError(
                _("More would be missing than lies there unpacked. Look once more, or unpack the parcels.")
            )
        return [], _on_sheets(found, key=key, note=_("Corrected: %(why)s") % {"why": note}, by=by, look_first=True)


def _on_sheets(found: Sequence[Found], *, key: str, note: str, by: Any, look_first: bool = False) -> list[CountSheet]:
    if not found:
        return []
    with transaction.atomic():
        reservations.lock({one.product_id for one in found})
        known = CountSheet.objects.filter(key__startswith=f"{key}:").order_by("pk")
        if known.exists():
            return list(known)
        lies = dict(zip((o.spot for o in found), shelves.lay([(o.spot, o.at) for o in found]), strict=True))
        sheets = _made(found, key=key, note=note, by=by)
        lines = CountLine.objects.filter(sheet__in=sheets)
        _enter(sheets, list(lines), {one.spot: one for one in found}, lies, by)
        look_first = look_first or stocktaking.needs_approval(sheets[0])
        for sheet in sheets:
            stocktaking.submit(sheet.pk, by=by, look_first=look_first)
        return list(known.all())


def _made(found: Sequence[Found], *, key: str, note: str, by: Any) -> list[CountSheet]:
    """Sheets with a line for each, in the order said; warehouse by warehouse, claimed in the order of their ids."""
    places = Location.objects.in_bulk({one.location_id for one in found})
    spots: dict[int, list[Spot]] = defaultdict(list)
    for one in found:
        spots[places[one.location_id].warehouse_or_self].append(Spot(*one.spot))
    for warehouse in sorted(spots):
        counting.claim(warehouse)
    if taken := count_due.on_open_sheets({(one.product_id, one.location_id) for one in found}):
        raise ValueError(being_counted(sorted(set(taken.values()))))
    sheets: list[CountSheet] = []
    for warehouse, mine in sorted(spots.items()):
        sheets += counting.open_sheets(
            mine, warehouse_id=warehouse, blind=False, note=note, by=by, key=f"{key}:{warehouse}"
        )
    return sheets


def being_counted(numbers: Sequence[str]) -> str:
    return _("It is being counted on sheet %(numbers)s: enter it there, or cancel that sheet.") % {
        "numbers": ", ".join(numbers[:5])
    }


def _enter(
    sheets: Sequence[CountSheet],
    lines: Sequence[CountLine],
    found: Mapping[shelves.Spot, Found],
    lies: Mapping[shelves.Spot, shelves.Lay],
    by: Any,
) -> None:
    figures: dict[int, list[Figure]] = defaultdict(list)
    reasons: dict[int, dict[int, str]] = defaultdict(dict)
    for line in lines:
        one = found[line.product_id, line.location_id, line.lot_id]
        should = lies[one.spot].should_be
        figures[line.sheet_id].append(Figure(line.pk, one.units, should_have_been=should, at=one.at))
        if one.reason:
            reasons[line.sheet_id][line.pk] = one.reason
    for sheet in sheets:
        counting.enter(sheet, figures[sheet.pk], packed={}, by=by)
        counting.explain(sheet.pk, reasons[sheet.pk])
