"""The catalogue and the stock as tables, in and out, a file for each kind of thing."""

from inventory.resources.categories import CategoryResource
from inventory.resources.count_plans import CountPlanResource
from inventory.resources.count_sheets import CountSheetResource
from inventory.resources.families import FamilyResource
from inventory.resources.kit_components import KitComponentResource
from inventory.resources.listings import ListingResource
from inventory.resources.locations import LocationResource
from inventory.resources.lots import LotResource
from inventory.resources.movements import MovementResource
from inventory.resources.products import ProductResource
from inventory.resources.purchase_orders import PurchaseOrderResource
from inventory.resources.selling_units import SellingUnitResource
from inventory.resources.stock_counts import StockCountResource
from inventory.resources.supplier_returns import SupplierReturnResource
from inventory.resources.suppliers import SupplierProductResource, SupplierResource
from inventory.resources.transfers import TransferResource
from inventory.resources.warehouse_products import WarehouseProductResource

__all__ = [
    "CategoryResource", "CountPlanResource", "CountSheetResource", "FamilyResource", "KitComponentResource",
    "ListingResource", "LocationResource", "LotResource", "MovementResource", "ProductResource",
    "PurchaseOrderResource", "SellingUnitResource", "StockCountResource", "SupplierProductResource", "SupplierResource",
    "SupplierReturnResource", "TransferResource", "WarehouseProductResource",
]  # fmt: skip
