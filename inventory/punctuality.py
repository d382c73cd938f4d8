"""How punctual suppliers are: the day they said first against the day their goods came (rules: S9, S10).

One that never says a day is held to what was expected when the order was sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection as database

SCORE = """
    SELECT supplier.id, supplier.code, supplier.name, coalesce(came.units, 0), coalesce(came.on_time, 0),
           coalesce(came.days_late, 0), coalesce(due.units, 0), coalesce(due.orders, 0)
      FROM inventory_supplier supplier
      LEFT JOIN (SELECT part.supplier_id, sum(part.units)::bigint AS units,
                        (sum(part.units) FILTER (WHERE part.late <= 0))::bigint AS on_time,
                        sum(part.units * greatest(part.late, 0))::bigint AS days_late
                   FROM (SELECT bought.supplier_id, day.late,
                                least(sum(item.quantity - item.reversed) OVER so_far, line.ordered)
                                - least(sum(item.quantity - item.reversed) OVER so_far - item.quantity + item.reversed,
                                        line.ordered) AS units
                           FROM inventory_goodsreceiptline item
                           JOIN inventory_goodsreceipt receipt ON receipt.id = item.receipt_id
                           JOIN inventory_purchaseorderline line ON line.id = item.line_id
                           JOIN inventory_purchaseorder bought ON bought.id = line.order_id
                          CROSS JOIN LATERAL (SELECT (receipt.at AT TIME ZONE %(zone)s)::date
                                                     - coalesce(line.promised_on, line.first_expected_on) AS late) day
                          WHERE day.late IS NOT NULL AND item.reversed < item.quantity
                         WINDOW so_far AS (PARTITION BY line.id ORDER BY receipt.at, item.id)) part
                  GROUP BY part.supplier_id) came ON came.supplier_id = supplier.id
      LEFT JOIN (SELECT bought.supplier_id, sum(line.outstanding) AS units, count(DISTINCT bought.id) AS orders
                   FROM inventory_purchaseorderline line
                   JOIN inventory_purchaseorder bought ON bought.id = line.order_id
                  WHERE line.outstanding > 0 AND bought.state IN ('sent', 'confirmed', 'part_received')
                    AND coalesce(line.expected_on, bought.expected_on) < %(today)s
                  GROUP BY bought.supplier_id) due ON due.supplier_id = supplier.id
     WHERE (came.units IS NOT NULL OR due.units IS NOT NULL) AND (%(ids)s::bigint[] IS NULL OR supplier.id = ANY(%(ids)s))
     ORDER BY supplier.name, supplier.id
"""


@dataclass(frozen=True, slots=True)
class Punctuality:
    """`received` are units of lines of which a day was known first; days late are counted per unit, early ones as none.

    Of a line that came in excess no more count than were ordered, those that came first.
    """

    supplier_id: int
    code: str
    name: str
    received: int
    on_time: int
    days_late: int
    overdue_units: int
    overdue_orders: int

    @property
    def share_on_time(self) -> Decimal | None:
        """In per cent, to one decimal; None where nothing is known."""
        return round(Decimal(100 * self.on_time) / self.received, 1) if self.received else None

    @property
    def mean_days_late(self) -> Decimal | None:
        return round(Decimal(self.days_late) / self.received, 1) if self.received else None


def of_suppliers(supplier_ids: Iterable[int] | None = None, *, zone: str, today: date) -> list[Punctuality]:
    """Suppliers of whom anything is known, by name: in one statement. Late is what its own or its order's day has passed."""
    ids = None if supplier_ids is None else list(supplier_ids)
    with database.cursor() as cursor:
        cursor.execute(SCORE, {"zone": zone, "today": today, "ids": ids})
        return [Punctuality(*row) for row in cursor.fetchall()]
