"""The staff's pages on products and stock, a file for each kind of thing."""

from inventory.admin import listings, places, products, stock

__all__ = ["listings", "places", "products", "stock"]
