"""How often stock turns: turnover = cost of the goods shipped in the span ÷ average value of stock in the span.

The cost of goods shipped is Σ −quantity × unit cost of shipments, of goods that stores shipped themselves, and of returns
from customers, which lessen it. The average value is the mean of the opening and the closing value; days of stock = days
of the span ÷ turnover: how long the average stock lasts at that pace.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from inventory.reports.by_product import ByProduct
from inventory.reports.columns import CATEGORY, PRODUCT, SKU, Column, Kind
from inventory.reports.valuation import worth


@dataclass(frozen=True, slots=True)
class TurnoverRow:
    sku: str
    name: str
    category: str
    shipped: int
    cost: Decimal
    opening: Decimal
    closing: Decimal
    span: int

    @property
    def average(self) -> Decimal:
        return (self.opening + self.closing) / 2

    @property
    def turnover(self) -> Decimal | None:
        """None where there was no stock to turn."""
        return self.cost / self.average if self.average > 0 else None

    @property
    def days_of_stock(self) -> Decimal | None:
        """None where nothing was shipped, so that the stock would last for ever."""
        return self.span / self.turnover if self.turnover and self.turnover > 0 else None


TURNOVER = ByProduct(
    row=TurnoverRow,
    columns=(
        SKU,
        PRODUCT,
        CATEGORY,
        Column("shipped", _("Shipped"), Kind.UNITS),
        Column("cost", _("Cost of goods shipped"), Kind.AMOUNT, guarded=True),
        Column("opening", _("Opening value"), Kind.AMOUNT, guarded=True),
        Column("closing", _("Closing value"), Kind.AMOUNT, guarded=True),
        Column("average", _("Average value"), Kind.AMOUNT, guarded=True),
        Column("turnover", _("Turnover"), Kind.TIMES, guarded=True),
        Column("days_of_stock", _("Days of stock"), Kind.DAYS, guarded=True),
    ),
    figures=f"""
        SELECT sold.units AS shipped, sold.cost, opening.value AS opening, closing.value AS closing, %(days)s::int AS span
          FROM (SELECT coalesce(-sum(m.quantity), 0)::bigint AS units,
                       coalesce(-sum(m.quantity * m.unit_cost), 0) AS cost
                  FROM inventory_movement m
                 WHERE m.product_id = p.id AND m.at >= %(since)s AND m.at < %(until)s
                   AND m.reason IN ('shipment', 'elsewhere', 'return') AND {{here}}) sold,
               ({worth("%(since)s")}) opening,
               ({worth("%(until)s")}) closing
    """,
    kept="(f.shipped <> 0 OR f.cost <> 0 OR round(f.opening, 2) <> 0 OR round(f.closing, 2) <> 0)",
    sums=("shipped", "cost", "opening", "closing"),
    same=("span",),
)
