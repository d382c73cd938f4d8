"""Import and export of the catalogue and of stock, for their admin pages: `class ProductAdmin(ProductExchange, …)`."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest

from backoffice.exchange.admin import TableExchange, key_of
from inventory import resources


class ProductExchange(TableExchange):
    resource_classes = (resources.ProductResource,)
    may_import = ("inventory.add_product", "inventory.change_product")
    may_export = ("inventory.view_product",)


class CategoryExchange(TableExchange):
    resource_classes = (resources.CategoryResource,)
    may_import = ("inventory.add_category", "inventory.change_category")
    may_export = ("inventory.view_category",)


class FamilyExchange(TableExchange):
    resource_classes = (resources.FamilyResource,)
    may_import = ("inventory.add_productfamily", "inventory.change_productfamily")
    may_export = ("inventory.view_productfamily",)


class SupplierExchange(TableExchange):
    resource_classes = (resources.SupplierResource,)
    may_import = ("inventory.add_supplier", "inventory.change_supplier")
    may_export = ("inventory.view_supplier",)


class SupplierProductExchange(TableExchange):
    resource_classes = (resources.SupplierProductResource,)
    may_import = ("inventory.add_supplierproduct", "inventory.change_supplierproduct")
    may_export = ("inventory.view_supplierproduct",)


class SellingUnitExchange(TableExchange):
    resource_classes = (resources.SellingUnitResource,)
    may_import = ("inventory.add_sellingunit", "inventory.change_sellingunit")
    may_export = ("inventory.view_sellingunit",)


class KitComponentExchange(TableExchange):
    resource_classes = (resources.KitComponentResource,)
    may_import = ("inventory.add_kitcomponent", "inventory.change_kitcomponent")
    may_export = ("inventory.view_kitcomponent",)


class WarehouseProductExchange(TableExchange):
    resource_classes = (resources.WarehouseProductResource,)
    may_import = ("inventory.add_warehouseproduct", "inventory.change_warehouseproduct")
    may_export = ("inventory.view_warehouseproduct",)


class ListingExchange(TableExchange):
    resource_classes = (resources.ListingResource,)
    may_import = ("inventory.map_sku", "inventory.change_listing")
    may_export = ("inventory.view_listing",)


class StockCountExchange(TableExchange):
    """On the list of stock levels: what is exported is the count sheet, what is imported are its figures."""

    resource_classes = (resources.StockCountResource,)
    may_import = ("inventory.adjust_stock",)
    may_export = ("inventory.view_stocklevel",)

    def job_options(self) -> dict[str, Any]:
        return {"key": f"file-{uuid4().hex}"}

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        known = form is not None and form.is_bound and form.is_valid()
        return {**self.get_resource_kwargs(request), "key": key_of(form) if known else ""}


class CountPlanExchange(TableExchange):
    resource_classes = (resources.CountPlanResource,)
    may_import = ("inventory.add_countplan", "inventory.change_countplan")
    may_export = ("inventory.view_countplan",)


class CountSheetExchange(TableExchange):
    """Figures come in by the sheet's own page, the phone, or the count of stock levels by file."""

    resource_classes = (resources.CountSheetResource,)
    may_export = ("inventory.view_countsheet",)


class MovementExchange(TableExchange):
    """Out only: movements are made by what happens."""

    resource_classes = (resources.MovementResource,)
    may_export = ("inventory.view_movement",)


class LocationExchange(TableExchange):
    resource_classes = (resources.LocationResource,)
    may_import = ("inventory.add_location", "inventory.change_location")
    may_export = ("inventory.view_location",)


class LotExchange(TableExchange):
    """What is imported are the days on which lots expire; lots themselves come with their goods."""

    resource_classes = (resources.LotResource,)
    may_import = ("inventory.change_lot",)
    may_export = ("inventory.view_lot",)


class TransferExchange(TableExchange):
    """On the list of transfers: each with its lines, to read."""

    resource_classes = (resources.TransferResource,)
    may_export = ("inventory.view_transfer",)


class PurchaseOrderExchange(TableExchange):
    """All purchase orders go out as a table; lines of drafts come in, new drafts too, all of a file in one transaction."""

    resource_classes = (resources.PurchaseOrderResource,)
    may_import = ("inventory.add_purchaseorder", "inventory.change_purchaseorder")
    in_background = False
    may_export = ("inventory.view_purchaseorder",)


class SupplierReturnExchange(TableExchange):
    """Returns to suppliers, out only."""

    resource_classes = (resources.SupplierReturnResource,)
    may_export = ("inventory.view_supplierreturn",)
