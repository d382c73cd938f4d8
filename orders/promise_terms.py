"""What days are worked out from was said anew: lead times, and when warehouses work. Promises follow at once (rule: S10)."""

from collections.abc import Iterable

from django.db import transaction

from backoffice.sync import deliveries
from inventory.models import PurchaseOrderLine, SupplierProduct
from orders import backorders, promise_keeping, promises

OF_SUPPLIER = frozenset({"lead_time_days", "holiday_region", "archived_at"})
OF_WAREHOUSE = frozenset({"handling_days", "cut_off", "working_days", "holiday_region", "pick_order", "archived_at"})
"""The fields that promises are made of."""
AT_ONCE = 10_000
"""Units that wait, up to which their lines are told in the same transaction; more are told by the worker, moments later."""


def suppliers_changed(supplier_ids: Iterable[int]) -> None:
    """Who waits for what these suppliers sell, or have on its way without a day, is told anew; in the caller's transaction."""
    ids = set(supplier_ids)
    if ids:
        sold = SupplierProduct.objects.filter(supplier__in=ids).values_list("product_id", flat=True)
        coming = PurchaseOrderLine.objects.filter(order__supplier__in=ids, outstanding__gt=0)
        products_changed({*sold, *coming.values_list("product_id", flat=True)})


def warehouses_changed() -> None:
    """Everybody who waits is told anew."""
    _tell(backorders.waiting())


def products_changed(product_ids: Iterable[int]) -> None:
    """Who waits for these products is told anew; a constant number of statements."""
    ids = set(product_ids)
    if ids:
        _tell(backorders.waiting(ids))


def _tell(waited: dict[int, int]) -> None:
    with transaction.atomic():
        if sum(waited.values()) <= AT_ONCE:
            promises.refresh_products(waited)
        else:
            deliveries.want(promise_keeping.product_wishes(waited))
