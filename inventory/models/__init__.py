"""What the house knows of goods: the catalogue, suppliers, places, stock, and the papers by which goods come and go."""

from inventory.models.catalogue import (
    Category,
    KitComponent,
    KitContent,
    Product,
    ProductFamily,
    ProductPicture,
    SellingUnit,
)
from inventory.models.counting import CountLine, CountPlan, CountSheet
from inventory.models.demand import WeeklyDemand
from inventory.models.listings import Listing
from inventory.models.places import Location, ServedStore, WarehouseProduct
from inventory.models.purchasing import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    PurchaseOrder,
    PurchaseOrderLine,
    ReceiptReversal,
    SupplierReturn,
    SupplierReturnLine,
)
from inventory.models.ranking import ValueRank
from inventory.models.reorder import OrderList, OrderListLine
from inventory.models.repairs import StockRepair
from inventory.models.stock import Lot, LotLevel, Movement, Revaluation, StockLevel
from inventory.models.suppliers import Supplier, SupplierProduct
from inventory.models.transfers import Transfer, TransferLine

__all__ = [
    "Category", "CountLine", "CountPlan", "CountSheet", "GoodsReceipt", "GoodsReceiptLine", "KitComponent", "KitContent",
    "LandedCost", "Listing", "Location", "Lot", "LotLevel", "Movement", "OrderList", "OrderListLine",
    "Product", "ProductFamily", "ProductPicture",
    "PurchaseOrder", "PurchaseOrderLine", "ReceiptReversal",
    "Revaluation", "SellingUnit", "ServedStore", "StockLevel", "StockRepair", "Supplier",
    "SupplierProduct", "SupplierReturn", "SupplierReturnLine", "Transfer", "TransferLine", "ValueRank", "WarehouseProduct",
    "WeeklyDemand",
]  # fmt: skip
