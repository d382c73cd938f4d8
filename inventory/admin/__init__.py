"""The staff's pages on products and stock, a file for each kind of thing."""

from inventory.admin import (
    categories,
    families,
    listings,
    places,
    products,
    stock,
    suppliers,
    terms,
)

__all__ = ["categories", "families", "listings", "places", "products", "stock", "suppliers", "terms"]
