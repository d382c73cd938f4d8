"""Counting the stock: sheets by plan and by hand, figures while sales go on, differences looked at and booked (rule: S8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import DecimalField, F, QuerySet, Sum
from django.db.models.functions import Abs
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import goods
from backoffice.shelves import Spot
from inventory import count_due, counting, reservations
from inventory.count_due import Pair
from inventory.counting import Figure
from inventory.models import CountLine, CountPlan, CountSheet, Movement
from orders import merchant
from shipping import packing

State = CountSheet.State
DOUBLING = [
    reason.value
    for reason in (
        Movement.Reason.COUNT,
        Movement.Reason.ADJUSTMENT,
        Movement.Reason.MOVE,
        Movement.Reason.TRANSFER,
        Movement.Reason.SCRAP,
    )
]
"""What may have booked the same difference already, if it came after the count; a sale never does."""
PART = ":part-"
"""In the key of sheets whose file came by parts, before the number of the part."""
OPEN_AT_ONCE = 10
"""Sheets of one plan that wait to be counted: a warehouse never counted before is done by and by, and not in one pile."""


# --- sheets --------------------------------------------------------------------------------------------------------------
def make_due_sheets(*, at: datetime | None = None) -> int:
    """Sheets of all active plans for what is due by today; how many. Run twice, the second run makes none."""
    plans = CountPlan.objects.filter(active=True, warehouse__archived_at=None).order_by("id")
    return sum(len(make_sheets(plan, at=at)) for plan in plans)


def make_sheets(plan: CountPlan, *, at: datetime | None = None, by: Any = None) -> list[CountSheet]:
    """The plan's sheets for what is due; a part of a sheet once a day, so that no sheet is made for every new product."""
    seller = merchant.current()
    now = at or timezone.now()
    today = merchant.local_day(now, seller)
    with transaction.atomic():
        counting.claim(plan.warehouse_id)
        room = OPEN_AT_ONCE - plan.sheets.filter(state__in=[State.OPEN, State.REVIEW]).count()
        if room <= 0:
            return []
        pairs = count_due.due(plan, today=today, zone=seller.time_zone, at_most=room * plan.sheet_lines)
        newest = plan.sheets.order_by("-id").values_list("created_at", flat=True).first()
        made_today = newest is not None and merchant.local_day(newest, seller) >= today
        if not pairs or (by is None and made_today and len(pairs) < plan.sheet_lines):
            return []
        return counting.open_sheets(
            count_due.walk(pairs),
            warehouse_id=plan.warehouse_id,
            lines_a_sheet=plan.sheet_lines,
            plan_id=plan.pk,
            blind=plan.blind,
            by=by,
        )


def start(
    warehouse_id: int,
    find: Callable[[], Iterable[Pair]] | None,
    *,
    lines_a_sheet: int = 100,
    blind: bool = True,
    note: str = "",
    by: Any = None,
) -> tuple[list[CountSheet], dict[Pair, str]]:
    """Sheets by hand for what `find` gives, or a blank one; and what was left out because a sheet has it already."""
    with transaction.atomic():
        counting.claim(warehouse_id)
        pairs = list(find()) if find else []
        taken = count_due.on_open_sheets(pairs) if pairs else {}
        spots = count_due.walk(pair for pair in pairs if pair not in taken)
        if find and not spots:
            if taken:
                raise ValueError(
                    _("All of it is being counted already, on sheet %(numbers)s.")
                    % {"numbers": ", ".join(sorted(set(taken.values()))[:5])}
                )
            raise ValueError(_("There is nothing to count. Take a blank sheet for what may be found."))
        sheets = counting.open_sheets(
            spots, warehouse_id=warehouse_id, lines_a_sheet=lines_a_sheet, blind=blind, note=note, by=by
        )
    return sheets, taken


# --- figures -------------------------------------------------------------------------------------------------------------
def enter(sheet_id: int, figures: Sequence[Figure], *, by: Any = None) -> set[int]:
    """Note figures; see counting.enter. Sales go on: only the moment of noting is locked."""
    products = set(
        CountLine.objects.filter(sheet=sheet_id, pk__in=[figure.line_id for figure in figures])
        .values_list("product_id", flat=True)
        .order_by()
    )
    with transaction.atomic():
        reservations.lock(products)
        sheet = counting.lock(sheet_id)
        return counting.enter(sheet, figures, packed=packing.in_parcels(products), by=by)


def explain(sheet_id: int, reasons: Mapping[int, str]) -> None:
    """Why lines differ, in words; they are the movement's note once it is booked."""
    counting.explain(sheet_id, reasons)


# --- what differs --------------------------------------------------------------------------------------------------------
def value_of(lines: QuerySet[CountLine]) -> Decimal:
    """What the differences are worth, missing and surplus added up without their signs."""
    worth = Abs(F("difference") * F("unit_cost"), output_field=DecimalField(max_digits=20, decimal_places=4))
    found: Decimal | None = lines.filter(difference__isnull=False).aggregate(worth=Sum(worth))["worth"]
    return found or Decimal(0)


def above_limit(worth: Decimal) -> bool:
    """Whether differences worth so much wait for another person, however they were typed."""
    limit = merchant.current().count_approval_limit
    return limit is not None and worth > limit


def needs_approval(sheet: CountSheet) -> bool:
    """The sheets of one file are judged together; of a file that came by parts, nobody knows what they are worth together."""
    if sheet.key is None:
        return above_limit(value_of(CountLine.objects.filter(sheet=sheet)))
    file, _warehouse, _part = sheet.key.rsplit(":", 2)
    together = CountLine.objects.filter(sheet__key__startswith=f"{file}:").exclude(sheet__state=State.CANCELLED)
    return holds_parts() if PART in file else above_limit(value_of(together))


def holds_parts() -> bool:
    """Whether a file of counts that comes by parts waits for another person, whatever each part is worth."""
    return merchant.current().count_approval_limit is not None


def submit(sheet_id: int, *, by: Any = None, look_first: bool = False, touched: goods.Touched | None = None) -> State:
    """The sheet is counted: booked at once, or held for another person where it is worth more than the merchant's limit.

    `look_first` holds it in any case, to look at the differences. Pressed twice, the second does nothing. `touched` is told
    which orders lost or got stock by it.
    """
    with transaction.atomic():
        sheet, lines = _locked(sheet_id)
        if sheet.state != State.OPEN:
            return State(sheet.state)
        if not lines:
            raise ValueError(_("Nothing is counted yet. Enter a figure, or cancel the sheet."))
        if look_first or needs_approval(sheet):
            counting.hold_for_review(sheet, by=by)
        else:
            _book(sheet, lines, by=by, touched=touched)
        return State(sheet.state)


def approve(sheet_id: int, *, by: Any, touched: goods.Touched | None = None) -> State:
    """Book a sheet that was held. Above the limit another person than those who counted must do it."""
    with transaction.atomic():
        sheet, lines = _locked(sheet_id)
        if sheet.state != State.REVIEW:
            return State(sheet.state)
        if needs_approval(sheet):
            if by.pk in {sheet.submitted_by_id, *(line.counted_by_id for line in lines)}:
                raise ValueError(
                    _(
                        "You counted this sheet yourself. It is worth more than the limit: another person must approve it."
                    )
                )
            if not by.has_perm("inventory.approve_count"):
                raise ValueError(_("It is worth more than the limit: a person who may approve counts must book it."))
        _book(sheet, lines, by=by, touched=touched)
        return State(sheet.state)


def ask_again(sheet_id: int, line_ids: Iterable[int] | None = None) -> int:
    """Have lines of a held sheet counted again: those given, or all that differ. How many; not once it is booked."""
    with transaction.atomic():
        sheet = counting.lock(sheet_id)
        if sheet.state != State.REVIEW:
            raise ValueError(
                _("Only what waits for approval can be counted again. Make a new sheet for what is booked.")
            )
        return counting.count_again(sheet, line_ids)


def cancel(sheet_id: int) -> None:
    """Nothing of the sheet is booked; its goods are free for other sheets."""
    with transaction.atomic():
        sheet = counting.lock(sheet_id)
        if sheet.state == State.BOOKED:
            raise ValueError(_("It is booked: what is wrong is counted again on a new sheet."))
        counting.cancel(sheet)


def _locked(sheet_id: int) -> tuple[CountSheet, list[CountLine]]:
    """The sheet and its counted lines, with the levels of all their products locked before it."""
    counted = CountLine.objects.filter(sheet=sheet_id, counted__isnull=False)
    products = set(counted.values_list("product_id", flat=True).order_by())
    reservations.lock(products)
    sheet = counting.lock(sheet_id)
    lines = list(counted.select_related("product", "location").order_by("position"))
    if {line.product_id for line in lines} - products:
        raise ValueError(_("A figure was entered in this very moment. Look at the sheet again."))
    return sheet, lines


def _book(sheet: CountSheet, lines: Sequence[CountLine], *, by: Any, touched: goods.Touched | None) -> None:
    differing = [line for line in lines if line.difference]
    _refuse_doubtful(differing)
    key = f"sheet-{sheet.pk}"
    goods.book_found(
        {
            line.pk: goods.Goods(
                line.product_id, line.difference, location_id=line.location_id, lot_id=line.lot_id, note=line.reason
            )
            for line in differing
        }
        | _serials_from_elsewhere(differing),
        key=key,
        note=_("Counted on sheet %(number)s") % {"number": sheet.number},
        by=by,
        touched=touched,
    )
    counting.mark_booked(sheet, key=f"{Movement.Reason.COUNT.value}:{key}:", by=by)


def _serials_from_elsewhere(lines: Sequence[CountLine]) -> dict[str, goods.Goods]:
    """A serial number is one unit: found here, it does not lie where the ledger has it, unless this sheet says it does."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT line.id, lot.product_id, there.location_id, there.units, lot.id, found.name
              FROM inventory_countline line
              JOIN inventory_location found ON found.id = line.location_id
              JOIN inventory_lot lot ON lot.id = line.lot_id
              JOIN inventory_product product ON product.id = lot.product_id AND product.tracking = 'serial'
              JOIN inventory_lotlevel there
                ON there.lot_id = lot.id AND there.location_id <> line.location_id AND there.units > 0
              JOIN inventory_location place ON place.id = there.location_id AND place.kind <> 'transit'
             WHERE line.id = ANY(%s) AND line.difference > 0
               AND NOT EXISTS (SELECT 1 FROM inventory_countline other
                                WHERE other.sheet_id = line.sheet_id AND other.lot_id = line.lot_id
                                  AND other.location_id = there.location_id AND other.counted IS NOT NULL)
            """,
            [[line.pk for line in lines]],
        )
        return {
            f"{line}-from-{place}": goods.Goods(
                product, -units, location_id=place, lot_id=lot, note=_("Found in %(place)s") % {"place": name}
            )
            for line, product, place, units, lot, name in cursor.fetchall()
        }


def changed_since(counted: Sequence[tuple[Spot, datetime]]) -> set[Spot]:
    """Those (product, place, lot) of which a difference may have been booked from elsewhere since they were counted."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT found.n
              FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) WITH ORDINALITY found(product_id, location_id, at, n)
             WHERE EXISTS (SELECT 1 FROM inventory_movement movement
                            WHERE movement.product_id = found.product_id AND movement.location_id = found.location_id
                              AND movement.at > found.at AND movement.reason = ANY(%s))
            """,
            [
                [product for (product, _place, _lot), _at in counted],
                [place for (_product, place, _lot), _at in counted],
                [at for _spot, at in counted],
                DOUBLING,
            ],
        )
        return {counted[number - 1][0] for (number,) in cursor.fetchall()}


def _refuse_doubtful(lines: Sequence[CountLine]) -> None:
    """A count, a correction or a move from elsewhere may have booked the same difference: now it would be doubled. And more
    cannot be missing than the ledger still has, where something else took it out meanwhile."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT product.sku || ' (' || location.name || ')'
              FROM (SELECT product_id, location_id, sum(difference) AS units, min(counted_at) AS counted_at
                      FROM inventory_countline WHERE id = ANY(%s) GROUP BY product_id, location_id) found
              JOIN inventory_product product ON product.id = found.product_id
              JOIN inventory_location location ON location.id = found.location_id
              LEFT JOIN inventory_stocklevel level
                ON level.product_id = found.product_id AND level.location_id = found.location_id
              CROSS JOIN LATERAL (SELECT EXISTS (
                    SELECT 1 FROM inventory_movement movement
                     WHERE movement.product_id = found.product_id AND movement.location_id = found.location_id
                       AND movement.at > found.counted_at AND movement.reason = ANY(%s)) AS changed) since
             WHERE since.changed OR coalesce(level.on_hand, 0) + found.units < 0
             ORDER BY 1
            """,
            [[line.pk for line in lines], DOUBLING],
        )
        doubtful = cursor.fetchall()
    if doubtful:
        raise ValueError(
            _("%(goods)s: it was counted, corrected or moved elsewhere since it was counted here. Count it again.")
            % {"goods": ", ".join(named for (named,) in doubtful[:5])}
        )
