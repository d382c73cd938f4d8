"""The lines of the order list, gathered by SQL: only what is short is read, a page at a time, in a constant number of
statements.

Stock counts where it may be sold: what lies in quarantine is nobody's. On order is what suppliers were sent and have not
delivered; drafts are shown apart. Goods on their way from another warehouse count where they arrive. What customers wait for
counts against the warehouse that serves the order's store first, and where none is named for the store, against the default
one: there the goods must come in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection as database

from inventory import ledger, reorder
from orders import merchant
from orders.queue import QUEUED, TOUCHING, UNITS, WANTS

Pair = tuple[int, int]
"""(product, warehouse)"""
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """One product in one warehouse: the figures, what they come to, and what would be ordered of whom."""

    product_id: int
    warehouse_id: int
    sku: str
    name: str
    variation: str
    warehouse: str
    supplier_id: int | None
    supplier: str | None
    supplier_sku: str | None
    currency: str | None
    minimum_order: Decimal | None
    price: Decimal | None
    pack: int
    minimum: int
    lead_days: int | None
    on_hand: int
    allocated: int
    backordered: int
    on_order: int
    in_transit: int
    in_draft: int
    projected: int
    limit_point: int | None
    limit_target: int | None
    weeks: int | None
    until: date | None
    mean: Decimal | None
    deviation: Decimal | None
    suggested_point: int | None
    suggested_target: int | None
    kind: str
    point: int | None
    target: int | None
    quantity: int

    @property
    def pair(self) -> Pair:
        return self.product_id, self.warehouse_id

    @property
    def value(self) -> Decimal | None:
        return None if self.price is None else self.quantity * self.price

    @property
    def spoken_for(self) -> int:
        """What is coming or drafted already: where it has changed, somebody has ordered since."""
        return self.on_order + self.in_transit + self.in_draft

    @property
    def can_be_ordered(self) -> bool:
        return self.supplier_id is not None and self.kind != "unknown"


_ALL: dict[str, str] = dict.fromkeys(("lines", "levels", "products"), "true")
_OF_PAIRS = {
    "lines": f"{TOUCHING} AND {WANTS} = ANY(%(products)s)",
    "levels": "product_id = ANY(%(products)s)",
    "products": "(product_id, warehouse_id) IN (SELECT * FROM unnest(%(products)s::bigint[], %(warehouses)s::bigint[]))",
}
"""Of all products, or of some pairs of product and warehouse."""

_FIGURES = f"""
    WITH serves AS (
        SELECT DISTINCT ON (served.connection_id) served.connection_id, served.warehouse_id
          FROM inventory_servedstore served
          JOIN inventory_location house ON house.id = served.warehouse_id AND house.archived_at IS NULL
         ORDER BY served.connection_id, served.position, served.id),
    waiting AS MATERIALIZED (
        SELECT {WANTS} AS product_id, coalesce(serves.warehouse_id, %(default)s) AS warehouse_id, sum({UNITS})::bigint AS units
          FROM orders_orderline line
          JOIN orders_order o ON o.id = line.order_id
          LEFT JOIN orders_linecomponent part ON part.line_id = line.id
          LEFT JOIN serves ON serves.connection_id = o.connection_id
         WHERE {QUEUED} AND {{lines}} GROUP BY 1, 2),
    stock AS (
        SELECT level.product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id,
               sum(level.on_hand) AS on_hand, sum(level.reserved) AS allocated
          FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id AND place.sellable
         WHERE {{levels}} GROUP BY 1, 2),
    bought AS (
        SELECT line.product_id, bought.warehouse_id,
               sum(line.outstanding) FILTER (WHERE bought.state <> 'draft') AS on_order,
               sum(line.outstanding) FILTER (WHERE bought.state = 'draft') AS in_draft
          FROM inventory_purchaseorderline line JOIN inventory_purchaseorder bought ON bought.id = line.order_id
         WHERE line.outstanding > 0 AND bought.state IN ('draft', 'sent', 'confirmed', 'part_received') AND {{levels}}
         GROUP BY 1, 2),
    coming AS (
        SELECT line.product_id, sent.destination_id AS warehouse_id, sum(line.sent - line.received - line.lost) AS units
          FROM inventory_transferline line JOIN inventory_transfer sent ON sent.id = line.transfer_id
         WHERE sent.state = 'in_transit' AND {{levels}} GROUP BY 1, 2),
    pair AS (
        SELECT product_id, warehouse_id FROM inventory_warehouseproduct WHERE reorder_point IS NOT NULL AND {{products}}
         UNION SELECT product_id, warehouse_id FROM inventory_weeklydemand WHERE {{products}}
         UNION SELECT product_id, warehouse_id FROM waiting WHERE {{products}}),
    asked AS (
        SELECT pair.product_id, pair.warehouse_id, product.sku, product.name, product.variation,
               coalesce(stock.on_hand, 0) AS on_hand, coalesce(stock.allocated, 0) AS allocated,
               coalesce(waiting.units, 0) AS backordered, coalesce(bought.on_order, 0) AS on_order,
               coalesce(coming.units, 0) AS in_transit, coalesce(bought.in_draft, 0) AS in_draft,
               held.reorder_point AS limit_point, held.target_level AS limit_target,
               demand.weeks, demand.until, demand.mean, demand.deviation
          FROM pair
          JOIN inventory_product product ON product.id = pair.product_id AND product.stocked AND product.archived_at IS NULL
          LEFT JOIN inventory_warehouseproduct held USING (product_id, warehouse_id)
          LEFT JOIN inventory_weeklydemand demand USING (product_id, warehouse_id)
          LEFT JOIN stock USING (product_id, warehouse_id)
          LEFT JOIN waiting USING (product_id, warehouse_id)
          LEFT JOIN bought USING (product_id, warehouse_id)
          LEFT JOIN coming USING (product_id, warehouse_id)),
    likely AS MATERIALIZED (
        SELECT * FROM asked
         WHERE limit_point IS NULL OR on_hand - allocated - backordered + on_order + in_transit <= limit_point)
    SELECT likely.*, place.name AS warehouse, supplied.supplier_id, supplied.supplier, supplied.currency,
           supplied.minimum_order, supplied.supplier_sku, supplied.price, coalesce(supplied.pack, 1) AS pack,
           coalesce(supplied.minimum, 0) AS minimum, supplied.lead_days
      FROM likely
      JOIN inventory_location place
        ON place.id = likely.warehouse_id AND place.kind = 'warehouse' AND place.archived_at IS NULL
      LEFT JOIN LATERAL (
           SELECT supplier.id AS supplier_id, supplier.name AS supplier, supplier.currency, supplier.minimum_order,
                  sold.supplier_sku, sold.price, sold.pack, sold.minimum,
                  coalesce(sold.lead_time_days, supplier.lead_time_days) AS lead_days
             FROM inventory_supplierproduct sold JOIN inventory_supplier supplier ON supplier.id = sold.supplier_id
            WHERE sold.product_id = likely.product_id AND supplier.archived_at IS NULL
            ORDER BY sold.rank, sold.id LIMIT 1) supplied ON true
"""

LISTED = f"""
    SELECT judged.*, {reorder.QUANTITY} AS quantity FROM ({reorder.JUDGED}) judged
     WHERE {reorder.IS_SHORT} OR kind = 'unknown' AND mean IS NOT NULL
"""
COLUMNS = ", ".join(field.name for field in fields(Line))


def sql(*, of_pairs: bool) -> str:
    """The order list as a query, of all products or of the pairs in its parameters."""
    return LISTED.replace("{figures}", _FIGURES.format(**(_OF_PAIRS if of_pairs else _ALL)))


def parameters(pairs: Sequence[Pair] = ()) -> dict[str, Any]:
    return {
        "z": reorder.quantile(merchant.current().service_level),
        "default": ledger.default_location().pk,
        "products": [product for product, _ in pairs],
        "warehouses": [warehouse for _, warehouse in pairs],
    }


def lines(pairs: Sequence[Pair]) -> list[Line]:
    """What these products in these warehouses lack at this moment, in the order given; what lacks nothing is left out.

    Three statements for any number.
    """
    if not pairs:
        return []
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM ({sql(of_pairs=True)}) listed", parameters(pairs))
        found = {line.pair: line for line in (Line(*row) for row in cursor.fetchall())}
    return [found[pair] for pair in pairs if pair in found]


def each(pairs: Iterable[Pair]) -> Iterator[Line]:
    """The same for a long list, so many at a time that memory stays small."""
    left = iter(pairs)
    while some := list(islice(left, CHUNK)):
        yield from lines(some)
