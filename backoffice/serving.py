"""Which warehouses serve which store was said anew: stores hear their stock, and orders that waited may be served."""

from collections.abc import Iterable

from django.db import transaction

from backoffice import goods
from inventory.models import Listing
from orders import promises, publishing
from orders.models import LineComponent, OrderLine


def stores_changed(connection_ids: Iterable[int]) -> None:
    """Serve the waiting orders of these stores from the warehouses that serve them now, and tell the stores their stock.

    What is promised already stays promised, wherever it lies.
    """
    ids = set(connection_ids)
    if not ids:
        return
    with transaction.atomic():
        waiting = OrderLine.objects.filter(order__connection__in=ids, backordered__gt=0)
        products = set(waiting.exclude(product=None).values_list("product_id", flat=True))
        products |= set(LineComponent.objects.filter(line__in=waiting).values_list("product_id", flat=True))
        goods.refill(products)
        promises.refresh_products(products)
        listed = Listing.objects.filter(connection__in=ids).exclude(product=None)
        publishing.stock_changed(listed.values_list("product_id", flat=True))
