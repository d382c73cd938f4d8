"""Value of stock at the end of a day = Σ quantity × unit cost of all movements + Σ revaluations, both before the day was over.

The house keeps one moving average a product, over all places. So a warehouse's share in the value of a product is its share
in the units (docs/decisions/0024): movements alone would leave a value where no unit is, as soon as two warehouses had
bought at two prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from inventory.reports import asked as asking
from inventory.reports.asked import Asked
from inventory.reports.by_product import ByProduct
from inventory.reports.columns import CATEGORY, ON_HAND, PRODUCT, SKU, VALUE, Column, Kind


@dataclass(frozen=True, slots=True)
class ValueRow:
    sku: str
    name: str
    category: str
    on_hand: int
    value: Decimal

    @property
    def unit_value(self) -> Decimal | None:
        return round(self.value / self.on_hand, 4) if self.on_hand else None


def worth(before: str) -> str:
    """SQL: the `units` of the product `p` here, all its units, and the `value` of those here, before an instant."""
    return f"""
        SELECT units, CASE WHEN NOT {{partly}} THEN value WHEN everywhere = 0 THEN 0
                           ELSE round(value * units / everywhere, 4) END AS value
          FROM (SELECT coalesce(sum(m.quantity) FILTER (WHERE {{here}}), 0)::bigint AS units,
                       coalesce(sum(m.quantity), 0) AS everywhere,
                       coalesce(sum(m.quantity * m.unit_cost), 0)
                       + coalesce((SELECT sum(r.amount) FROM inventory_revaluation r
                                    WHERE r.product_id = p.id AND r.at < {before}), 0) AS value
                  FROM inventory_movement m WHERE m.product_id = p.id AND m.at < {before}) summed
    """


VALUATION = ByProduct(
    row=ValueRow,
    columns=(SKU, PRODUCT, CATEGORY, ON_HAND, Column("unit_value", _("Value of one"), Kind.COST, guarded=True), VALUE),
    figures=f"SELECT units AS on_hand, value FROM ({worth('%(until)s')}) worth",
    kept="(f.on_hand <> 0 OR round(f.value, 2) <> 0)",
    sums=("on_hand", "value"),
)


@dataclass(frozen=True, slots=True)
class WarehouseValue:
    warehouse: str
    """Empty: value that is left on products of which nothing is there, from the rounding of costs."""
    products: int
    on_hand: int
    value: Decimal


def by_warehouse(asked: Asked) -> Sequence[WarehouseValue]:
    """What lies in each warehouse and on its way between them. Goes through all movements: only where somebody asks."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            WITH moved AS (
                SELECT m.product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id,
                       sum(m.quantity) AS units, sum(m.quantity * m.unit_cost) AS value
                  FROM inventory_movement m
                  JOIN inventory_location place ON place.id = m.location_id
                  JOIN inventory_product p ON p.id = m.product_id
                 WHERE m.at < %(until)s AND {asking.chosen(asked)}
                 GROUP BY 1, 2),
            whole AS (
                SELECT product_id, sum(units) AS units, sum(value) AS value
                  FROM (SELECT product_id, units, value FROM moved
                        UNION ALL
                        SELECT r.product_id, 0, r.amount FROM inventory_revaluation r
                          JOIN inventory_product p ON p.id = r.product_id
                         WHERE r.at < %(until)s AND {asking.chosen(asked)}) part
                 GROUP BY product_id),
            lines AS (
                SELECT moved.warehouse_id, count(*) FILTER (WHERE moved.units <> 0) AS products, sum(moved.units) AS units,
                       sum(round(whole.value * moved.units / whole.units, 4)) AS value
                  FROM moved JOIN whole ON whole.product_id = moved.product_id AND whole.units <> 0
                 GROUP BY moved.warehouse_id
                UNION ALL
                SELECT NULL, 0, 0, sum(value) FROM whole WHERE units = 0 HAVING round(sum(value), 4) <> 0)
            SELECT coalesce(warehouse.name, ''), lines.products, lines.units::bigint, lines.value
              FROM lines LEFT JOIN inventory_location warehouse ON warehouse.id = lines.warehouse_id
             WHERE lines.units <> 0 OR lines.value <> 0
             ORDER BY warehouse.pick_order NULLS LAST, warehouse.code
            """,
            asking.parameters(asked),
        )
        return [WarehouseValue(*row) for row in cursor.fetchall()]
