"""Waiting for stock, by product: how many units are missing, for how many orders, since when."""

from typing import Any

from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from backoffice import desk

MISSING = """
    SELECT product.id, product.sku, product.name, product.variation, sum(line.backordered), count(DISTINCT o.id),
           min(o.placed_at),
           (SELECT coalesce(sum(level.on_hand), 0) FROM inventory_stocklevel level WHERE level.product_id = product.id),
           (SELECT coalesce(sum(level.available), 0) FROM inventory_stocklevel level
              JOIN inventory_location place ON place.id = level.location_id AND place.sellable
             WHERE level.product_id = product.id)
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      JOIN inventory_product product ON product.id = line.product_id
     WHERE line.backordered > 0
       AND o.state IN ('backorder', 'partly_to_pack', 'partly_shipped', 'packed')
     GROUP BY product.id
     ORDER BY 7, product.sku
     LIMIT 500
"""
COLUMNS = ("id", "sku", "name", "variation", "units", "orders", "since", "on_hand", "available")


def missing() -> list[dict[str, Any]]:
    """Products that orders wait for, whoever waits longest first, in one statement."""
    with database.cursor() as cursor:
        cursor.execute(MISSING)
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def view(request: HttpRequest) -> HttpResponse:
    desk.must(request, "orders.view_order")
    return desk.page(request, "admin/orders/order/waiting.html", _("Waiting for stock"), products=missing())
