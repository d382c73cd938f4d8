"""The catalogue and the stock as tables, in and out, a file for each kind of thing."""

from inventory.resources.products import ProductResource
from inventory.resources.stock_counts import StockCountResource

__all__ = ["ProductResource", "StockCountResource"]
