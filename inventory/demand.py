"""How much of each product is sold a week: its mean and its spread, from the movements (rule: S9). The one writer of
`WeeklyDemand`.

Demand is what left for customers, shipped from here or sent by the store itself; a shipment taken back lowers the week in
which it was taken back. A week is Monday to Sunday in the merchant's zone; the present one is not over and does not count.
A week without a sale is a zero. A product is judged from the week of its first movement in that warehouse.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from inventory.models import WeeklyDemand

REFRESH = """
    WITH sold AS (
        SELECT product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id,
               date_trunc('week', movement.at AT TIME ZONE %(zone)s) AS week, greatest(-sum(quantity), 0) AS units
          FROM inventory_movement movement JOIN inventory_location place ON place.id = movement.location_id
         WHERE movement.reason IN ('shipment', 'elsewhere') AND movement.at >= %(since)s AND movement.at < %(until)s
         GROUP BY 1, 2, 3),
    summed AS (
        SELECT product_id, warehouse_id, sum(units) AS units, sum(units * units) AS squares
          FROM sold GROUP BY 1, 2 HAVING sum(units) > 0),
    judged AS (
        SELECT summed.*, least(%(weeks)s, extract(day FROM %(until)s AT TIME ZONE %(zone)s
                                                  - date_trunc('week', begun.at AT TIME ZONE %(zone)s))::int / 7) AS weeks
          FROM summed, LATERAL (
               SELECT min(first.at) AS at
                 FROM inventory_stocklevel level
                 JOIN inventory_location place
                   ON place.id = level.location_id AND coalesce(place.warehouse_id, place.id) = summed.warehouse_id
                CROSS JOIN LATERAL (SELECT at FROM inventory_movement movement
                                     WHERE movement.product_id = level.product_id
                                       AND movement.location_id = level.location_id
                                     ORDER BY at LIMIT 1) first
                WHERE level.product_id = summed.product_id) begun)
    INSERT INTO inventory_weeklydemand (product_id, warehouse_id, span, weeks, until, units, mean, deviation, worked_out_at)
    SELECT product_id, warehouse_id, %(weeks)s, weeks, %(monday)s, units, units / weeks,
           CASE WHEN weeks > 1 THEN sqrt(greatest(squares - units * units / weeks, 0) / (weeks - 1)) END, %(at)s
      FROM judged WHERE weeks > 0
     ORDER BY product_id, warehouse_id
    ON CONFLICT (product_id, warehouse_id) DO UPDATE
       SET span = excluded.span, weeks = excluded.weeks, until = excluded.until, units = excluded.units,
           mean = excluded.mean, deviation = excluded.deviation, worked_out_at = excluded.worked_out_at
"""


def refresh(*, weeks: int, time_zone: str, today: date) -> int:
    """Work the demand of all products out anew, over so many complete weeks before `today`; how many have any."""
    zone = ZoneInfo(time_zone)
    monday, at = today - timedelta(days=today.weekday()), timezone.now()
    with transaction.atomic(), database.cursor() as cursor:
        # Two workers at once would wait for each other's rows in turn; the second finds the same figures anyway.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('weekly demand'))")
        cursor.execute(
            REFRESH,
            {
                "zone": time_zone,
                "weeks": weeks,
                "at": at,
                "monday": monday,
                "since": _midnight(monday - timedelta(weeks=weeks), zone),
                "until": _midnight(monday, zone),
            },
        )
        count: int = cursor.rowcount
        cursor.execute("DELETE FROM inventory_weeklydemand WHERE worked_out_at <> %s", [at])
    return count


def is_stale(*, weeks: int, time_zone: str, today: date) -> bool:
    """Whether the figures are not of today, or of another span than is asked for now."""
    newest = WeeklyDemand.objects.order_by("-worked_out_at").values_list("worked_out_at", "span").first()
    return newest is None or newest[1] != weeks or newest[0].astimezone(ZoneInfo(time_zone)).date() != today


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
