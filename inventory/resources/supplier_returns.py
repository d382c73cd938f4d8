"""Returns to suppliers as a table, a row for each line; it goes out only (rule: U5)."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet

from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.lib import cells
from inventory.models import SupplierReturn, SupplierReturnLine


class SupplierReturnResource(TableResource):
    """What went back, from where, why, and what the supplier gives for it."""

    guarded = {SEE_COSTS: ("unit_credit",)}
    plain = (
        "number", "supplier", "supplier_reference", "purchase_order", "state", "reason", "sku", "name", "location", "lot",
        "quantity", "unit_credit",
    )  # fmt: skip

    class Meta(TableResource.Meta):
        model = SupplierReturn
        name = "Returns to suppliers"
        fields: ClassVar = ()

    def headers(self, queryset: QuerySet[Any]) -> list[str]:
        return list(self.fields)

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        lines = SupplierReturnLine.objects.select_related("product", "location", "lot").order_by("id")
        returns = queryset.select_related("supplier", "order").prefetch_related(Prefetch("lines", lines))
        for going_back in returns.iterator(chunk_size=CHUNK):
            for line in going_back.lines.all():
                row = _row(going_back, line)
                yield [cells.shown(row[name]) for name in self.fields]


def _row(going_back: SupplierReturn, line: SupplierReturnLine) -> dict[str, Any]:
    return {
        "number": going_back.number,
        "supplier": going_back.supplier.name,
        "supplier_reference": going_back.supplier_reference,
        "purchase_order": going_back.order.number if going_back.order else "",
        "state": going_back.state,
        "reason": going_back.reason,
        "sku": line.product.sku,
        "name": line.product.name,
        "location": line.location.code,
        "lot": line.lot.code if line.lot else "",
        "quantity": line.quantity,
        "unit_credit": line.unit_credit,
    }
