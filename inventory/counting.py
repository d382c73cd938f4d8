"""Count sheets: the one writer of sheets and their lines (rule: S8).

Whoever enters figures has locked the stock levels of the products first: what should be there is noted in that moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.lib.bulk import copy_in, draft, give_ids
from inventory.count_due import Pair, Spot, on_open_sheets
from inventory.models import CountLine, CountSheet, LotLevel, Product, StockLevel

State = CountSheet.State
MOST_LINES = 5_000
"""Lines of one sheet: what a person still walks along."""
MOST_UNITS = 1_000_000_000
LIKELY_UNITS = 9_999_999
"""More than so many is a bar code typed as a number, unless the ledger has about as many."""
SCANS = 50
"""Scans that a line remembers: two phones that lost an answer each send theirs again within a few others."""
_LOCK = 0x436F756E
"""The first half of an advisory lock; the second is the warehouse."""

Packed = Mapping[tuple[int, int, int | None], int]
"""Units of (product, place, lot) that lie in packed parcels: they have left the shelf, and not yet the ledger."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What was found for one line; with `add` so many more than before. None takes the figure back: not counted.

    Where it was counted earlier, `at` says when, and `should_have_been` how many should have lain there then.
    """

    line_id: int
    units: int | None
    add: bool = False
    scan: str = ""
    at: datetime | None = None
    should_have_been: int | None = None


# --- sheets --------------------------------------------------------------------------------------------------------------
def claim(warehouse_id: int) -> None:
    """Until the transaction ends nobody else puts goods of this warehouse on a sheet: two sheets would book twice."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, warehouse_id % 2**31])


def open_sheets(
    spots: Sequence[Spot],
    *,
    warehouse_id: int,
    lines_a_sheet: int = MOST_LINES,
    plan_id: int | None = None,
    blind: bool = True,
    note: str = "",
    by: Any = None,
    key: str = "",
) -> list[CountSheet]:
    """Sheets with these lines in this order; without any, one blank sheet. After claim(), in its transaction.

    A constant number of statements for any number. A sheet does not end between two lots of one product. `key` is the
    word of a file, by which its sheets are made once.
    """
    parts = list(_parts(spots, min(lines_a_sheet, MOST_LINES))) or [[]]
    sheets = [
        draft(CountSheet, warehouse_id=warehouse_id, plan_id=plan_id, state=State.OPEN.value, blind=blind, note=note[:250],
              created_at=timezone.now(), created_by_id=by.pk if by else None)
        for _part in parts
    ]  # fmt: skip
    give_ids(sheets)
    for part, sheet in enumerate(sheets):
        sheet.number = f"C{sheet.pk:05d}"
        sheet.key = f"{key}:{part}" if key else None
    copy_in(sheets, with_ids=True)
    copy_in([line for sheet, part in zip(sheets, parts, strict=True) for line in _lines(sheet.pk, part)])
    return sheets


def _parts(spots: Sequence[Spot], size: int) -> Iterable[list[Spot]]:
    part: list[Spot] = []
    for spot in spots:
        if len(part) >= size and (part[-1].product_id, part[-1].location_id) != (spot.product_id, spot.location_id):
            yield part
            part = []
        part.append(spot)
    if part:
        yield part


def _lines(sheet_id: int, spots: Sequence[Spot], *, after: int = 0) -> list[CountLine]:
    return [
        draft(CountLine, sheet_id=sheet_id, position=position, product_id=spot.product_id,
              location_id=spot.location_id, lot_id=spot.lot_id)
        for position, spot in enumerate(spots, start=after + 1)
    ]  # fmt: skip


def add_line(sheet: CountSheet, spot: Spot) -> CountLine:
    """The sheet's line for what was found, put at its end where it had none. After lock(), in its transaction.

    ValueError where it is being counted on another sheet.
    """
    known = sheet.lines.filter(product=spot.product_id, location=spot.location_id, lot=spot.lot_id).first()
    if known is not None:
        return known
    claim(sheet.warehouse_id)
    other = on_open_sheets([(spot.product_id, spot.location_id)]).get((spot.product_id, spot.location_id))
    if other not in (None, sheet.number):
        raise ValueError(
            _("It is being counted in this place on sheet %(number)s: enter it there.") % {"number": other}
        )
    last = sheet.lines.aggregate(last=Max("position"))["last"] or 0
    if last >= MOST_LINES:
        raise ValueError(_("The sheet is full. Finish it, and go on with another one."))
    copy_in(_lines(sheet.pk, [spot], after=last))
    return sheet.lines.get(position=last + 1)


def lock(sheet_id: int) -> CountSheet:
    """The sheet as it is now, until the transaction ends; after the levels are locked."""
    return CountSheet.objects.select_for_update(of=("self",)).get(pk=sheet_id)


def check_open(sheet: CountSheet) -> None:
    if sheet.state != State.OPEN:
        raise ValueError(
            _("Sheet %(number)s is %(state)s; no figures are entered any more.")
            % {"number": sheet.number, "state": sheet.get_state_display()}
        )


def tells(sheet: CountSheet, *, approves: bool) -> bool:
    """Whether what should be there is shown: of a blind sheet only once it is booked, or to who is to approve it."""
    return not sheet.blind or sheet.state == State.BOOKED or (approves and sheet.state == State.REVIEW)


# --- figures -------------------------------------------------------------------------------------------------------------
def enter(sheet: CountSheet, figures: Sequence[Figure], *, packed: Packed, by: Any = None) -> set[int]:
    """Note what was found beside what should be there now; a figure entered again replaces the one before.

    What should be there is the ledger's figure less what lies in packed parcels. After lock(), with the levels locked.
    The lines whose figure was added to while goods of it came or went: nobody can tell which of them were scanned.
    A constant number of statements for any number.
    """
    check_open(sheet)
    lines = {line.pk: line for line in sheet.lines.filter(pk__in=[figure.line_id for figure in figures])}
    wanted = [f for f in figures if f.line_id in lines and not (f.scan and f.scan[:32] in lines[f.line_id].scans)]
    if not wanted:
        return set()
    expected = {f.line_id: f.should_have_been for f in wanted if f.should_have_been is not None}
    if unsaid := [lines[figure.line_id] for figure in wanted if figure.line_id not in expected]:
        expected |= should_be(unsaid, packed)
    _refuse_impossible(wanted, lines, expected)
    now = timezone.now()
    moved = {
        figure.line_id
        for figure in wanted
        if figure.add and (line := lines[figure.line_id]).counted is not None and line.expected != expected[line.pk]
    }
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_countline line
               SET counted = CASE WHEN said.add THEN coalesce(line.counted, 0) + said.units ELSE said.units END,
                   expected = CASE WHEN said.units IS NULL THEN NULL ELSE said.expected END,
                   counted_at = CASE WHEN said.units IS NULL THEN NULL ELSE said.at END,
                   counted_by_id = CASE WHEN said.units IS NULL THEN NULL ELSE %s::int END,
                   unit_cost = product.average_cost,
                   scans = CASE WHEN said.scan = '' THEN line.scans
                                ELSE (array_prepend(said.scan::varchar, line.scans))[1:%s] END
              FROM unnest(%s::bigint[], %s::int[], %s::bool[], %s::int[], %s::text[], %s::timestamptz[])
                   said(id, units, add, expected, scan, at),
                   inventory_product product
             WHERE line.id = said.id AND product.id = line.product_id
            """,
            [
                by.pk if by else None, SCANS, [f.line_id for f in wanted], [f.units for f in wanted],
                [f.add for f in wanted], [expected[f.line_id] for f in wanted], [f.scan[:32] for f in wanted],
                [f.at or now for f in wanted],
            ],
        )  # fmt: skip
    return moved


def _refuse_impossible(figures: Sequence[Figure], lines: Mapping[int, CountLine], expected: Mapping[int, int]) -> None:
    for figure in figures:
        if figure.units is None:
            continue
        units = figure.units + ((lines[figure.line_id].counted or 0) if figure.add else 0)
        if figure.units < 0 or units > min(MOST_UNITS, max(LIKELY_UNITS, 10 * expected[figure.line_id])):
            raise ValueError(_("%(units)d units cannot be right: count again.") % {"units": units})


def should_be(lines: Sequence[CountLine], packed: Packed) -> dict[int, int]:
    """By line, how many should lie there now. Of what is followed by lot, a line without one is for what has none."""
    products, places = {line.product_id for line in lines}, {line.location_id for line in lines}
    on_hand: dict[Pair, int] = {
        (product, place): units
        for product, place, units in StockLevel.objects.filter(
            product_id__in=products, location_id__in=places
        ).values_list("product_id", "location_id", "on_hand")
    }
    tracked = set(
        Product.objects.filter(pk__in=products).exclude(tracking=Product.Tracking.NONE).values_list("pk", flat=True)
    )
    in_lots: dict[tuple[int, int], int] = {}
    if tracked:
        for product, lot, place, units in LotLevel.objects.filter(
            lot__product_id__in=tracked, location_id__in=places
        ).values_list("lot__product_id", "lot_id", "location_id", "units"):
            in_lots[lot, place] = units
            on_hand[product, place] = on_hand.get((product, place), 0) - units
    packed_in_all: dict[Pair, int] = {}
    for (product, place, _lot), units in packed.items():
        packed_in_all[product, place] = packed_in_all.get((product, place), 0) + units
    found = {}
    for line in lines:
        spot = line.product_id, line.location_id
        if line.lot_id is not None:
            found[line.pk] = in_lots.get((line.lot_id, line.location_id), 0) - packed.get((*spot, line.lot_id), 0)
        elif line.product_id in tracked:
            found[line.pk] = on_hand.get(spot, 0) - packed.get((*spot, None), 0)
        else:
            found[line.pk] = on_hand.get(spot, 0) - packed_in_all.get(spot, 0)
    return found


def explain(sheet_id: int, reasons: Mapping[int, str]) -> None:
    """Why lines differ, in words; they are the movement's note. Not any more once the sheet is booked."""
    lines = list(CountLine.objects.filter(sheet=sheet_id, pk__in=list(reasons), movement=None))
    for line in lines:
        line.reason = reasons[line.pk][:250]
    CountLine.objects.bulk_update(lines, ["reason"])


# --- the sheet's way -----------------------------------------------------------------------------------------------------
def hold_for_review(sheet: CountSheet, *, by: Any) -> None:
    _turn(sheet, State.REVIEW, submitted_at=timezone.now(), submitted_by=by)


def mark_booked(sheet: CountSheet, *, key: str, by: Any) -> None:
    """The sheet is booked; each line with a difference gets the movement of its key (`key` and the line's number)."""
    now = timezone.now()
    first = {} if sheet.submitted_at else {"submitted_at": now, "submitted_by": by}
    _turn(sheet, State.BOOKED, booked_at=now, booked_by=by, **first)
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_countline line SET movement_id = movement.id
              FROM inventory_movement movement
             WHERE line.sheet_id = %s AND line.difference <> 0 AND movement.key = %s || line.id
            """,
            [sheet.pk, key],
        )


def count_again(sheet: CountSheet, line_ids: Iterable[int] | None = None) -> int:
    """Take figures back, of these lines or of all that differ, and open the sheet for them; how many."""
    lines = sheet.lines.filter(counted__isnull=False)
    lines = lines.exclude(difference=0) if line_ids is None else lines.filter(pk__in=list(line_ids))
    count = lines.update(counted=None, expected=None, counted_at=None, counted_by=None)
    if count:
        _turn(sheet, State.OPEN, submitted_at=None, submitted_by=None)
    return count


def cancel(sheet: CountSheet) -> None:
    _turn(sheet, State.CANCELLED)


def _turn(sheet: CountSheet, state: State, **fields: Any) -> None:
    sheet.state = state
    for name, value in fields.items():
        setattr(sheet, name, value)
    CountSheet.objects.filter(pk=sheet.pk).update(state=state, **fields)
