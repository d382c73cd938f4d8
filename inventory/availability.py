"""What can be promised, and what a store is told of it (rules: S2, S7)."""

from collections.abc import Iterable

from django.db.models import Sum

from inventory.models import Product, StockLevel


def available(product_ids: Iterable[int]) -> dict[int, int]:
    """On hand − allocated in sellable places, per product; 0 where nothing lies anywhere."""
    ids = list(product_ids)
    rows = (
        StockLevel.objects.filter(product_id__in=ids, location__sellable=True)
        .order_by()
        .values_list("product_id")
        .annotate(free=Sum("available"))
    )
    return {**dict.fromkeys(ids, 0), **dict(rows)}


def published(free: int, *, safety_buffer: int, policy: str) -> tuple[int, str]:
    """The figure and the word for a store: (quantity, `in_stock` | `backorder` | `out`)."""
    quantity = max(0, free - safety_buffer)
    if quantity > 0:
        return quantity, "in_stock"
    return 0, "out" if policy == Product.BackorderPolicy.REFUSE else "backorder"
