"""When goods on order come: on a line's own day, else on its order's. Of an order it is said when the next of them come."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from inventory.models import Product, PurchaseOrder, PurchaseOrderLine, SupplierProduct


def due(order: PurchaseOrder, line: PurchaseOrderLine) -> date | None:
    return line.expected_on or order.expected_on


def next_day(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine]) -> date | None:
    """The first day on which something of it that has not come is expected; None where nothing is, or nobody said when."""
    return min((day for line in lines if line.outstanding and (day := due(order, line))), default=None)


def next_days() -> Subquery:
    """The same for each row of a query of purchase orders."""
    coming = PurchaseOrderLine.objects.filter(order=OuterRef("pk"), outstanding__gt=0)
    return Subquery(
        coming.annotate(due=Coalesce("expected_on", "order__expected_on")).order_by("due").values("due")[:1]
    )


def packs(supplier_id: int, product_ids: Iterable[int]) -> dict[int, int]:
    """In packs of how many units a supplier sells these products; one statement."""
    terms = SupplierProduct.objects.filter(supplier=supplier_id, product__in=set(product_ids))
    return dict(terms.values_list("product_id", "pack"))


def by_their_number(supplier_id: int, lines: Sequence[PurchaseOrderLine]) -> dict[str, tuple[Product, int]]:
    """By the supplier's own number (in small letters) what stands on an order, and how many units its pack holds."""
    named = [line for line in lines if line.supplier_sku]
    held = packs(supplier_id, (line.product_id for line in named)) if named else {}
    return {
        line.supplier_sku.casefold(): (
            line.product,
            # A serial number is one unit, however many lie in the box.
            1 if line.product.tracking == Product.Tracking.SERIAL else held.get(line.product_id, 1),
        )
        for line in reversed(named)
    }
