"""Suppliers, limits, purchase orders and sales for tests of the order list."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.reordering import gathered, needs
from inventory import demand
from inventory.ledger import Move, default_location, record
from inventory.models import (
    Location,
    Movement,
    OrderListLine,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierProduct,
    WarehouseProduct,
)

TODAY = date(2026, 11, 25)
"""A Wednesday; the last complete week before it began on Monday, 16 November."""
ZONE = ZoneInfo("America/Toronto")


def hold(sku: str, point: int | None, target: int | None = None, warehouse: Location | None = None) -> None:
    """A limit of a product."""
    WarehouseProduct.objects.update_or_create(
        product=Product.objects.get(sku=sku),
        warehouse=warehouse or default_location(),
        defaults={"reorder_point": point, "target_level": target},
    )


def make_supplier(code: str = "NORD", *skus: str, **terms: Any) -> Supplier:
    """A supplier of these products; terms of the supplier or of each of its products."""
    own = {name: terms.pop(name) for name in ("minimum_order", "currency", "archived_at") if name in terms}
    supplier = Supplier.objects.update_or_create(
        code=code, defaults={"name": f"{code.title()} Ltd", "lead_time_days": 10, **own}
    )[0]
    for sku in skus:
        SupplierProduct.objects.create(
            supplier=supplier, product=Product.objects.get(sku=sku), **{"price": Decimal("4.00"), **terms}
        )
    return supplier


def make_bought(sku: str, quantity: int, state: str = "sent", received: int = 0) -> None:
    order = PurchaseOrder.objects.create(
        number=f"B-{PurchaseOrder.objects.count() + 1}",
        supplier=Supplier.objects.get_or_create(code="NORD", defaults={"name": "Nord Ltd"})[0],
        warehouse=default_location(),
        state=state,
        currency="CAD",
    )
    PurchaseOrderLine.objects.create(
        order=order, position=1, product=Product.objects.get(sku=sku), ordered=quantity, received=received
    )


def make_second_warehouse() -> Location:
    default_location()
    return Location.objects.create(code="WEST", name="Calgary", pick_order=200)


def listed() -> dict[tuple[str, str], needs.Line]:
    """The whole list as a page shows it, by SKU and warehouse code."""
    gathered.refresh()
    found = needs.lines(gathered.pairs(OrderListLine.objects.order_by("id")))
    codes = dict(Location.objects.values_list("pk", "code"))
    return {(line.sku, codes[line.warehouse_id]): line for line in found}


def line(sku: str) -> needs.Line:
    return listed()[sku, "MAIN"]


def sell(sku: str, *weekly: int, warehouse: Location | None = None) -> None:
    """So many shipped in each complete week before TODAY, the newest last; first received a day before the first of them."""
    product, place = Product.objects.get(sku=sku), (warehouse or default_location()).pk
    monday = date(2026, 11, 23)
    first = monday - timedelta(weeks=len(weekly))
    at = datetime(first.year, first.month, first.day, 9, tzinfo=ZONE)
    record([Move(product.pk, place, 1000, Movement.Reason.RECEIPT, f"in-{sku}-{place}")], at=at)
    for week, units in enumerate(weekly):
        for part, some in enumerate((units // 2, units - units // 2)):
            reason = Movement.Reason.SHIPMENT if part else Movement.Reason.ELSEWHERE
            move = Move(product.pk, place, -some, reason, f"out-{sku}-{place}-{week}-{part}")
            record([move], at=at + timedelta(weeks=week, days=1 + part))


def work_out(weeks: int = 8, today: date = TODAY) -> None:
    demand.refresh(weeks=weeks, time_zone="America/Toronto", today=today)
