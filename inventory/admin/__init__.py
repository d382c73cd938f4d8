"""The staff's pages on products and stock, a file for each kind of thing."""

from inventory.admin import (
    categories,
    families,
    listings,
    order_list,
    places,
    products,
    stock,
    suppliers,
    terms,
)

__all__ = ["categories", "families", "listings", "order_list", "places", "products", "stock", "suppliers", "terms"]
