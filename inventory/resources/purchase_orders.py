"""Purchase orders as a table, a row for each line; it goes out only (rule: U5)."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet

from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.lib import cells
from inventory import expected
from inventory.models import PurchaseOrder, PurchaseOrderLine
from orders import merchant
from orders.models import Merchant


class PurchaseOrderResource(TableResource):
    """What is ordered, what came of it and what is still to come."""

    guarded = {SEE_COSTS: ("currency", "unit_price", "amount")}
    plain = (
        "number", "supplier", "supplier_reference", "state", "warehouse", "sent_on", "promised_on", "expected_on", "line",
        "sku", "supplier_sku", "name", "ordered", "received", "cancelled", "outstanding", "currency", "unit_price", "amount",
    )  # fmt: skip

    class Meta(TableResource.Meta):
        model = PurchaseOrder
        name = "Purchase orders"
        fields: ClassVar = ()

    def headers(self, queryset: QuerySet[Any]) -> list[str]:
        return list(self.fields)

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        seller = merchant.current()
        lines = PurchaseOrderLine.objects.select_related("product").order_by("position")
        orders = queryset.select_related("supplier", "warehouse").prefetch_related(Prefetch("lines", lines))
        for order in orders.iterator(chunk_size=CHUNK):
            for line in order.lines.all():
                row = _row(order, line, seller)
                yield [cells.shown(row[name]) for name in self.fields]


def _row(order: PurchaseOrder, line: PurchaseOrderLine, seller: Merchant) -> dict[str, Any]:
    wanted = line.ordered - line.cancelled
    return {
        "number": order.number,
        "supplier": order.supplier.name,
        "supplier_reference": order.supplier_reference,
        "state": order.state,
        "warehouse": order.warehouse.code,
        "sent_on": merchant.local_day(order.sent_at, seller) if order.sent_at else None,
        "promised_on": line.promised_on,
        "expected_on": expected.due(order, line),
        "line": line.position,
        "sku": line.product.sku,
        "supplier_sku": line.supplier_sku,
        "name": line.product.name,
        "ordered": line.ordered,
        "received": line.received,
        "cancelled": line.cancelled,
        "outstanding": line.outstanding,
        "currency": order.currency,
        "unit_price": line.unit_price,
        "amount": wanted * line.unit_price,
    }
