"""Which warehouses serve which store, or which places are sold from, was said anew: stores hear it, orders are served anew."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from backoffice import goods
from inventory import ledger
from inventory.models import Listing, Location, Movement, StockLevel
from orders import allocation, promises, publishing
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


def places_switched(location_ids: Iterable[int]) -> None:
    """These places are sold from now, or never more: bins follow their warehouse, and promises follow what is sold.

    What is promised where nothing is sold from any more is taken back from the orders served last, as when it goes to
    quarantine; other stock serves them in their turn.
    """
    ids = set(location_ids)
    if not ids:
        return
    with transaction.atomic():
        places = Location.objects.filter(Q(pk__in=ids) | Q(warehouse__in=ids))
        for sellable in (True, False):
            of = Location.objects.filter(pk__in=ids, kind=Location.Kind.WAREHOUSE, sellable=sellable)
            places.filter(kind=Location.Kind.BIN, warehouse__in=of).update(sellable=sellable)
        lying = StockLevel.objects.filter(location__in=places, on_hand__gt=0)
        products = set(lying.values_list("product_id", flat=True))
        allocation.lock_products(products)
        ended = lying.filter(location__sellable=False, reserved__gt=0).values_list("product", "location", "on_hand")
        freed = goods.take_back_promises(
            [
                ledger.Move(product, place, -units, Movement.Reason.MOVE, "never sold")
                for product, place, units in ended
            ],
            why="its place is not sold from any more",
        )
        goods.refill(products | freed)
        promises.refresh_products(products | freed)
