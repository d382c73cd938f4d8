"""Import and export of products and stock, for their admin pages: `class ProductAdmin(ProductExchange, …)`."""

from typing import Any

from django.http import HttpRequest

from backoffice.exchange.admin import TableExchange, key_of
from inventory.resources import ProductResource, StockCountResource


class ProductExchange(TableExchange):
    resource_classes = (ProductResource,)
    may_import = ("inventory.add_product", "inventory.change_product")
    may_export = ("inventory.view_product",)


class StockCountExchange(TableExchange):
    """On the list of stock levels: what is exported is the count sheet, what is imported are its figures."""

    resource_classes = (StockCountResource,)
    may_import = ("inventory.adjust_stock",)
    may_export = ("inventory.view_stocklevel",)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        known = form is not None and form.is_bound and form.is_valid()
        return {**self.get_resource_kwargs(request), "key": key_of(form) if known else ""}
