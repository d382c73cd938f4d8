"""How true the ledger was when it was counted: lines without a difference, and what the differences were worth."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection as database


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Booked counts of one plan (or by hand, without one) in one warehouse. Values are at cost."""

    warehouse: str
    plan: str
    sheets: int
    lines: int
    right: int
    missing: Decimal
    surplus: Decimal

    @property
    def share(self) -> Decimal:
        """Lines without a difference, in per cent."""
        return Decimal(100 * self.right) / self.lines if self.lines else Decimal(0)

    @property
    def net(self) -> Decimal:
        return self.surplus - self.missing


def accuracy(since: datetime, until: datetime) -> list[Accuracy]:
    """By warehouse and plan, of the sheets booked in a span; one statement."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT location.name, coalesce(plan.name, ''), count(DISTINCT sheet.id), count(*),
                   count(*) FILTER (WHERE line.difference = 0),
                   coalesce(-sum(line.difference * line.unit_cost) FILTER (WHERE line.difference < 0), 0),
                   coalesce(sum(line.difference * line.unit_cost) FILTER (WHERE line.difference > 0), 0)
              FROM inventory_countsheet sheet
              JOIN inventory_location location ON location.id = sheet.warehouse_id
              LEFT JOIN inventory_countplan plan ON plan.id = sheet.plan_id
              JOIN inventory_countline line ON line.sheet_id = sheet.id AND line.difference IS NOT NULL
             WHERE sheet.state = 'booked' AND sheet.booked_at >= %s AND sheet.booked_at < %s
             GROUP BY location.id, plan.id
             ORDER BY location.pick_order, location.name, plan.name NULLS LAST
            """,
            [since, until],
        )
        return [Accuracy(*row) for row in cursor.fetchall()]
