"""On hand at the end of a day = Σ quantity of all movements before the day was over (rule: S1)."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from inventory.reports.by_product import ByProduct
from inventory.reports.columns import CATEGORY, ON_HAND, PRODUCT, SKU, Column


@dataclass(frozen=True, slots=True)
class StockRow:
    sku: str
    name: str
    category: str
    on_hand: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    sku: str
    name: str
    category: str
    code: str
    warehouse: str
    place: str
    on_hand: int


STOCK = ByProduct(
    row=StockRow,
    columns=(SKU, PRODUCT, CATEGORY, ON_HAND),
    figures="""
        SELECT coalesce(sum(m.quantity), 0)::bigint AS on_hand
          FROM inventory_movement m WHERE m.product_id = p.id AND m.at < %(until)s AND {here}
    """,
    kept="f.on_hand <> 0",
    sums=("on_hand",),
)
"""A line for each product."""

STOCK_BY_PLACE = ByProduct(
    row=PlaceRow,
    columns=(SKU, PRODUCT, Column("warehouse", _("Warehouse")), Column("place", _("Place")), ON_HAND),
    figures="""
        SELECT place.code, coalesce(warehouse.name, place.name) AS warehouse,
               CASE WHEN warehouse.id IS NULL THEN '' ELSE place.name END AS place, there.on_hand
          FROM (SELECT m.location_id, sum(m.quantity)::bigint AS on_hand
                  FROM inventory_movement m WHERE m.product_id = p.id AND m.at < %(until)s AND {here}
                 GROUP BY m.location_id HAVING sum(m.quantity) <> 0) there
          JOIN inventory_location place ON place.id = there.location_id
          LEFT JOIN inventory_location warehouse ON warehouse.id = place.warehouse_id
    """,
    kept="TRUE",
    sums=("on_hand",),
    finer="code",
)
"""A line for each place in which a product lay."""
