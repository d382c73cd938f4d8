"""The record of what was told: one standing row a line, replaced where the answer changes. The one writer of LinePromise."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from inventory.promise import LEAD_TIME, Promise
from orders import promise_words, timeline
from orders.models import LinePromise, TimelineEntry
from orders.queue import QUEUED, TAKING

STANDING = """
    SELECT standing.id, standing.line_id, standing.kind, standing.earliest, standing.latest, standing.details,
           standing.purchase_line_id, standing.transfer_id, standing.supplier_id,
           EXISTS (SELECT 1 FROM orders_linepromise older
                    WHERE older.line_id = standing.line_id AND older.id < standing.id AND older.earliest IS NOT NULL)
      FROM orders_linepromise standing
     WHERE standing.replaced_at IS NULL AND standing.line_id = ANY(%s)
     ORDER BY standing.id
       FOR UPDATE OF standing
"""
OVER = f"""
    UPDATE orders_linepromise standing SET replaced_at = %(now)s
      FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
     WHERE standing.line_id = line.id AND standing.replaced_at IS NULL AND {{which}}
       AND NOT ({QUEUED})
"""
OVER_PRODUCTS = OVER.format(which=TAKING)
OVER_ORDERS = OVER.format(which="line.order_id = ANY(%(orders)s)")
OVER_ALL = OVER.format(which="true")
MOVED_ON = """
    UPDATE orders_linepromise standing SET earliest = new.earliest, latest = new.latest, details = new.details
      FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::jsonb[]) AS new(id, earliest, latest, details)
     WHERE standing.id = new.id
"""
REPLACED = "UPDATE orders_linepromise SET replaced_at = %s WHERE id = ANY(%s)"
# Two who record at once the first promise of one line: the second finds it there.
TOLD = """
    INSERT INTO orders_linepromise
           (line_id, made_at, kind, earliest, latest, details, purchase_line_id, transfer_id, supplier_id)
    SELECT new.line_id, %s, new.kind, new.earliest, new.latest, new.details, new.purchase_line_id, new.transfer_id,
           new.supplier_id
      FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[], %s::jsonb[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS new(line_id, kind, earliest, latest, details, purchase_line_id, transfer_id, supplier_id)
    ON CONFLICT (line_id) WHERE replaced_at IS NULL DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer for a line; the order and SKU are for the timeline."""

    order_id: int
    sku: str
    promise: Promise


def write(told: Mapping[int, Told], *, now: datetime | None = None) -> set[int]:
    """Record what each line is told from now on; the lines that are told something else than before.

    A promise that moves is a line on the order's timeline. Six statements for any number.
    """
    if not told:
        return set()
    at = now or timezone.now()
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(STANDING, [list(told)])
        before: dict[int, tuple[int, Promise, bool]] = {
            line: (pk, Promise(kind, earliest, latest, _details(details), purchase, transfer, supplier), again)
            for pk, line, kind, earliest, latest, details, purchase, transfer, supplier, again in cursor.fetchall()
        }
        changed = {line for line, new in told.items() if line not in before or before[line][1] != new.promise}
        # A lead time from today, or what is late, moves on with every day: one row more than was told first, not one a day.
        drifted = {line for line in changed & before.keys() if before[line][2] and _drifts(before[line][1], told[line])}
        if drifted:
            cursor.execute(MOVED_ON, _columns(drifted, lambda line: (before[line][0], *_days(told[line].promise)), 4))
        fresh = sorted(changed - drifted)
        if replaced := [before[line][0] for line in fresh if line in before]:
            cursor.execute(REPLACED, [at, replaced])
        if fresh:
            cursor.execute(TOLD, [at, *_columns(fresh, lambda line: (line, *_row(told[line].promise)), 8)])
        timeline.write(
            [
                _moved(told[line], before[line][1], at)
                for line in fresh
                if line in before
                and not _drifts(before[line][1], told[line])
                and _dates_differ(before[line][1], told[line])
            ]
        )
    return changed


def close(*, product_ids: Iterable[int] = (), order_ids: Iterable[int] = ()) -> int:
    """Promises end that nobody waits for any more: the goods are reserved, shipped or cancelled, or the order is held."""
    ended = 0
    with database.cursor() as cursor:
        for sql, name, ids in (
            (OVER_PRODUCTS, "products", list(product_ids)),
            (OVER_ORDERS, "orders", list(order_ids)),
        ):
            if ids:
                cursor.execute(sql, {name: ids, "now": timezone.now()})
                ended += cursor.rowcount
    return ended


def close_all() -> int:
    """The same for all that stand, whatever they are about."""
    with database.cursor() as cursor:
        cursor.execute(OVER_ALL, {"now": timezone.now()})
        return cursor.rowcount


def _columns(lines: Iterable[int], row: Any, width: int) -> list[list[Any]]:
    rows = [row(line) for line in lines]
    return [[values[at] for values in rows] for at in range(width)]


def _days(promise: Promise) -> tuple[Any, ...]:
    return promise.earliest, promise.latest, Jsonb(promise.details)


def _row(promise: Promise) -> tuple[Any, ...]:
    return (promise.kind, *_days(promise), promise.purchase_line_id, promise.transfer_id, promise.supplier_id)


def _details(text: str | dict[str, Any]) -> dict[str, Any]:
    # Django's cursors give JSON as text.
    return dict(json.loads(text)) if isinstance(text, str) else text


def _drifts(before: Promise, told: Told) -> bool:
    """Whether only days passed: a lead time from today, or the same arrival that is a day later and has no new day."""
    now = told.promise
    if (before.kind, before.supplier_id) != (now.kind, now.supplier_id):
        return False
    source = (before.purchase_line_id, before.transfer_id) == (now.purchase_line_id, now.transfer_id)
    overdue = "was" in before.details and before.details["was"] == now.details.get("was")
    return now.kind == LEAD_TIME or (source and overdue)


def _dates_differ(before: Promise, told: Told) -> bool:
    return (before.earliest, before.latest) != (told.promise.earliest, told.promise.latest)


def _moved(told: Told, before: Promise, at: datetime) -> TimelineEntry:
    was, now = promise_words.span(before, "en"), promise_words.span(told.promise, "en")
    why = promise_words.reason(told.promise, "en")
    return timeline.entry(told.order_id, "promised", f"{told.sku}: promise moved from {was} to {now}: {why}.", at=at)


def as_told(moments: Mapping[int, datetime]) -> dict[int, LinePromise]:
    """What stood for each of these lines at a moment; one statement for any number, none where none is asked for."""
    if not moments:
        return {}
    return {
        told.line_id: told
        for told in LinePromise.objects.filter(line__in=list(moments), made_at__lte=max(moments.values()))
        if told.made_at <= moments[told.line_id]
        and (told.replaced_at is None or told.replaced_at > moments[told.line_id])
    }
