"""How good promises were: the first day a line was told beside the day on which the last of it left, by supplier (rule: S10).

What is told first is often that nobody knows, for goods are ordered once somebody waits; that is counted only where no day was
ever told.

A promise is kept where all of the line left by the second of its two days. One whose days are over while goods are still
missing is late already, by the days so far; what was cancelled, or shipped by the store itself, is not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.utils import timezone

from orders import merchant

CHUNK = 1_000
# Parcels are shipping's, which is above this app; a set of promises needs them joined.
JUDGED = """
    SELECT first.id, first.line_id, first.supplier_id, first.kind, first.made_at, first.earliest, first.latest, first.details,
           line.sku, line.name, o.id AS order_id, o.number,
           CASE WHEN first.latest IS NULL THEN NULL
                WHEN line.shipped > 0 AND line.shipped >= line.ordered - line.cancelled THEN gone.on
                WHEN line.shipped < line.ordered - line.cancelled AND first.latest < %(today)s AND o.cancelled_at IS NULL
                     AND NOT o.fulfilled_elsewhere THEN %(today)s::date END AS left_on,
           line.shipped < line.ordered - line.cancelled AS waits
      FROM orders_linepromise first
      JOIN orders_orderline line ON line.id = first.line_id
      JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN LATERAL (SELECT max((parcel.shipped_at AT TIME ZONE %(zone)s)::date) AS on
                           FROM shipping_shipmentline item JOIN shipping_shipment parcel ON parcel.id = item.shipment_id
                          WHERE item.line_id = line.id AND parcel.state = 'shipped') gone ON true
     WHERE first.made_at >= %(since)s AND first.made_at < %(until)s
       AND (%(supplier)s::bigint IS NULL OR first.supplier_id = %(supplier)s)
       AND NOT EXISTS (SELECT 1 FROM orders_linepromise other
                        WHERE other.line_id = first.line_id
                          AND (other.latest IS NULL, other.id) < (first.latest IS NULL, first.id))
"""
SCORES = f"""
    SELECT grouping(promise.supplier_id), promise.supplier_id, supplier.name,
           count(*), count(*) FILTER (WHERE latest IS NULL), count(left_on), count(*) FILTER (WHERE left_on <= latest),
           count(*) FILTER (WHERE left_on > latest), avg(left_on - latest) FILTER (WHERE left_on > latest),
           count(*) FILTER (WHERE left_on < earliest), avg(earliest - left_on) FILTER (WHERE left_on < earliest)
      FROM ({JUDGED}) promise LEFT JOIN inventory_supplier supplier ON supplier.id = promise.supplier_id
     GROUP BY GROUPING SETS ((promise.supplier_id, supplier.name), ())
     ORDER BY 1 DESC, 3 NULLS LAST
"""
EACH = f"""
    SELECT promise.id, promise.number, promise.sku, promise.name, supplier.name, promise.kind,
           (promise.made_at AT TIME ZONE %(zone)s)::date, promise.earliest, promise.latest,
           CASE WHEN NOT promise.waits THEN promise.left_on END, promise.left_on
      FROM ({JUDGED}) promise LEFT JOIN inventory_supplier supplier ON supplier.id = promise.supplier_id
     WHERE promise.id > %(after)s ORDER BY promise.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Score:
    """`supplier` is empty for promises that hung on no supplier; `told` counts also those of which no day was known."""

    supplier_id: int | None
    supplier: str
    told: int
    unknown: int
    judged: int
    kept: int
    late: int
    days_late: Decimal | None
    early: int
    days_early: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """Of a hundred that can be judged, how many were kept."""
        return Decimal(self.kept * 100) / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Scores:
    whole: Score
    suppliers: list[Score]


@dataclass(frozen=True, slots=True)
class EachPromise:
    """One promise beside what came of it; `days` above zero are late, below zero early."""

    order: str
    sku: str
    name: str
    supplier: str
    kind: str
    told_on: date
    earliest: date | None
    latest: date | None
    left_on: date | None
    outcome: str
    days: int | None


def scores(first: date, last: date, *, supplier_id: int | None = None) -> Scores:
    """Of promises told from the first day to the last, by supplier and of all; one statement."""
    with database.cursor() as cursor:
        cursor.execute(SCORES, _values(first, last, supplier_id))
        rows = cursor.fetchall()
    found = [(row[0], _score(*row[1:])) for row in rows]
    return Scores(
        whole=next(score for is_whole, score in found if is_whole),
        suppliers=[score for is_whole, score in found if not is_whole],
    )


def _score(
    supplier_id: int | None, name: str | None, told: int, unknown: int, judged: int, kept: int, late: int,
    days_late: Any, early: int, days_early: Any,
) -> Score:  # fmt: skip
    return Score(supplier_id, name or "", told, unknown, judged, kept, late, _one(days_late), early, _one(days_early))


def of_supplier(supplier_id: int, *, days: int = 365, now: datetime | None = None) -> Score:
    """How the promises that hung on one supplier did in the last so many days."""
    today = merchant.local_day(now or timezone.now(), merchant.current())
    return scores(today - timedelta(days=days - 1), today, supplier_id=supplier_id).whole


def each(first: date, last: date, *, supplier_id: int | None = None) -> Iterator[EachPromise]:
    """Every one of them, a thousand in memory at a time."""
    values = {**_values(first, last, supplier_id), "after": 0, "limit": CHUNK}
    while True:
        with database.cursor() as cursor:
            cursor.execute(EACH, values)
            rows = cursor.fetchall()
        for _, number, sku, name, supplier, kind, told_on, earliest, latest, shipped_on, judged_on in rows:
            outcome, days = _outcome(earliest, latest, judged_on)
            yield EachPromise(
                number, sku, name, supplier or "", kind, told_on, earliest, latest, shipped_on, outcome, days
            )
        if len(rows) < CHUNK:
            return
        values["after"] = rows[-1][0]


def _outcome(earliest: date | None, latest: date | None, left_on: date | None) -> tuple[str, int | None]:
    if earliest is None or latest is None:
        return "unknown", None
    if left_on is None:
        return "open", None
    if left_on > latest:
        return "late", (left_on - latest).days
    return "kept", min(0, (left_on - earliest).days)


def _values(first: date, last: date, supplier_id: int | None) -> dict[str, Any]:
    seller = merchant.current()
    zone = ZoneInfo(seller.time_zone)
    return {
        "since": datetime.combine(first, time(), zone),
        "until": datetime.combine(last + timedelta(days=1), time(), zone),
        "today": merchant.local_day(timezone.now(), seller),
        "zone": seller.time_zone,
        "supplier": supplier_id,
    }


def _one(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
