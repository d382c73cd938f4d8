"""Goods on hand of which nothing was shipped for so many days, to customers by us or by a store itself.

Idle since the last such shipment; what was never shipped, since the first unit came in. With a warehouse asked for, all of
this is of that warehouse alone. The value is that of the valuation on the same day.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from inventory.reports.by_product import ByProduct
from inventory.reports.columns import CATEGORY, ON_HAND, PRODUCT, SKU, VALUE, Column, Kind
from inventory.reports.valuation import worth


@dataclass(frozen=True, slots=True)
class DeadRow:
    sku: str
    name: str
    category: str
    on_hand: int
    value: Decimal
    last_receipt: date | None
    last_sale: date | None
    idle_days: int | None


DEAD_STOCK = ByProduct(
    row=DeadRow,
    columns=(
        SKU,
        PRODUCT,
        CATEGORY,
        ON_HAND,
        VALUE,
        Column("last_receipt", _("Last receipt"), Kind.DAY),
        Column("last_sale", _("Last sale"), Kind.DAY),
        Column("idle_days", _("Days idle"), Kind.DAYS),
    ),
    # The newest shipment first, and the sums only where it is long ago: most products need no more than that one look.
    figures=f"""
        SELECT worth.units AS on_hand, worth.value, came.last_receipt, sold.day AS last_sale,
               %(last)s::date - coalesce(sold.day, came.first) AS idle_days
          FROM (SELECT max(day) AS day FROM (
                    SELECT (m.at AT TIME ZONE %(zone)s)::date AS day FROM inventory_movement m
                     WHERE m.product_id = p.id AND m.at < %(until)s AND m.reason IN ('shipment', 'elsewhere') AND {{here}}
                     ORDER BY m.at DESC LIMIT 1) newest) sold
         CROSS JOIN LATERAL (
             SELECT (min(m.at) AT TIME ZONE %(zone)s)::date AS first,
                    (max(m.at) FILTER (WHERE m.reason IN ('receipt', 'opening')) AT TIME ZONE %(zone)s)::date AS last_receipt
               FROM inventory_movement m
              WHERE m.product_id = p.id AND m.at < %(until)s AND m.quantity > 0 AND {{here}}
                AND (sold.day IS NULL OR %(last)s::date - sold.day >= %(idle_days)s)) came
         CROSS JOIN LATERAL ({worth("%(until)s")}) worth
         WHERE %(last)s::date - coalesce(sold.day, came.first) >= %(idle_days)s
    """,
    kept="f.on_hand > 0",
    sums=("on_hand", "value"),
)
