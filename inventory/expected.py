"""When goods on order come: on a line's own day, else on its order's. Of an order it is said when the next of them come."""

from collections.abc import Iterable
from datetime import date

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from inventory.models import PurchaseOrder, PurchaseOrderLine


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
