"""Count sheets as PDF, drawn from what the tables say now, in a constant number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.utils import timezone

from inventory import counting
from inventory.count_paper import PaperLine, SheetData, draw
from inventory.models import CountLine, CountSheet
from orders import merchant
from shipping import packing

MOST = 50
"""Sheets in one PDF."""


def sheets(sheet_ids: Sequence[int], *, printed_by: str = "") -> tuple[bytes, str]:
    """The PDF of these sheets in the merchant's language, and the name of its file; ValueError where it cannot be made.

    A sheet that is not blind says what the ledger has in the moment of printing, before anything is counted.
    """
    wanted = list(dict.fromkeys(sheet_ids))
    found = CountSheet.objects.select_related("warehouse", "plan").in_bulk(wanted)
    if not found or len(found) < len(wanted):
        raise ValueError("There is no such count sheet here any more. Go back to the list and choose again.")
    if len(wanted) > MOST:
        raise ValueError(f"{len(wanted)} at once is too many: print at most {MOST} sheets at a time.")
    seller = merchant.current()
    now = timezone.now().astimezone(ZoneInfo(seller.time_zone))
    lines: dict[int, list[CountLine]] = defaultdict(list)
    for line in (
        CountLine.objects.filter(sheet__in=wanted)
        .select_related("product", "location__warehouse", "lot")
        .order_by("sheet", "position")
    ):
        lines[line.sheet_id].append(line)
    there = should_be([line for pk, group in lines.items() if not found[pk].blind for line in group])
    content = draw(
        [
            SheetData(
                number=sheet.number,
                warehouse=sheet.warehouse.name,
                merchant_name=seller.name,
                printed_at=now,
                lines=tuple(_line(line, there.get(line.pk)) for line in lines[sheet.pk]),
                blind=sheet.blind,
                plan=sheet.plan.name if sheet.plan else "",
                note=sheet.note,
                language=seller.language,
                printed_by=printed_by,
            )
            for sheet in (found[pk] for pk in wanted)
        ]
    )
    name = f"count-{found[wanted[0]].number}" if len(wanted) == 1 else f"counts-{now.date().isoformat()}"
    return content, f"{name}.pdf"


def should_be(lines: Sequence[CountLine]) -> dict[int, int]:
    """By line, what was there when it was counted, or what is there now; never for the lines of a blind sheet."""
    waiting = [line for line in lines if line.expected is None]
    now = counting.should_be(waiting, packing.in_parcels({line.product_id for line in waiting})) if waiting else {}
    return {line.pk: now.get(line.pk, 0) if line.expected is None else line.expected for line in lines}


def _line(line: CountLine, expected: int | None) -> PaperLine:
    return PaperLine(
        place=line.location.name,
        place_code=line.location.code,
        sku=line.product.sku,
        name=line.product.name,
        variation=line.product.variation,
        barcode=line.product.barcode,
        lot=line.lot.code if line.lot else "",
        counted=line.counted,
        expected=expected,
    )
