"""The staff's pages on products and stock, a file for each kind of thing."""

from inventory.admin import (
    categories,
    counts,
    families,
    listings,
    lots,
    order_list,
    places,
    products,
    purchase_orders,
    stock,
    supplier_returns,
    suppliers,
    terms,
    transfers,
)

__all__ = [
    "categories",
    "counts",
    "families",
    "listings",
    "lots",
    "order_list",
    "places",
    "products",
    "purchase_orders",
    "stock",
    "supplier_returns",
    "suppliers",
    "terms",
    "transfers",
]
