"""What is expected, for tests: suppliers, purchase orders and transfers as rows, without how they came to be."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from inventory import ledger
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    Location,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierProduct,
    Transfer,
    TransferLine,
)

SENT = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)
_numbers = count(1)


def make_supplier(code: str = "MILL", lead_time_days: int | None = None, **fields: Any) -> Supplier:
    words = {"name": f"Supplier {code}", "lead_time_days": lead_time_days, **fields}
    return Supplier.objects.update_or_create(code=code, defaults=words)[0]


def sells(supplier: Supplier, sku: str, **fields: Any) -> SupplierProduct:
    return SupplierProduct.objects.create(supplier=supplier, product=Product.objects.get(sku=sku), **fields)


def make_warehouse(code: str, **fields: Any) -> Location:
    words = {"name": f"Warehouse {code}", "kind": Location.Kind.WAREHOUSE, **fields}
    return Location.objects.get_or_create(code=code, defaults=words)[0]


def bought(
    sku: str,
    units: int,
    on: date | None,
    number: str = "",
    *,
    supplier: Supplier | None = None,
    state: str = "sent",
    warehouse: Location | None = None,
    **fields: Any,
) -> PurchaseOrderLine:
    """A purchase order of one line, sent, that is expected on a day."""
    order = PurchaseOrder.objects.create(
        number=number or f"P{next(_numbers)}",
        supplier=supplier or make_supplier(),
        warehouse=warehouse or ledger.default_location(),
        state=state,
        currency="CAD",
        expected_on=on,
        sent_at=None if state == "draft" else SENT,
    )
    return PurchaseOrderLine.objects.create(
        order=order, position=1, product=Product.objects.get(sku=sku), ordered=units, promised_on=on, **fields
    )


def came(line: PurchaseOrderLine, on: date, units: int) -> GoodsReceipt:
    """It was received on a day: for the supplier's punctuality; the stock is not touched."""
    receipt = GoodsReceipt.objects.create(
        order=line.order, key=f"came-{next(_numbers)}", at=datetime(on.year, on.month, on.day, 16, tzinfo=UTC)
    )
    GoodsReceiptLine.objects.create(
        receipt=receipt, line=line, location=line.order.warehouse, quantity=units, unit_cost=0
    )
    line.received += units
    line.save(update_fields=["received"])
    return receipt


def late_by(supplier: Supplier, sku: str, days: int) -> None:
    """An earlier purchase order of this supplier that came so many days after its day, a Monday."""
    promised = date(2026, 10, 19)
    came(bought(sku, 1, promised, supplier=supplier, state="received"), promised + timedelta(days=days), 1)


def sent(sku: str, units: int, on: date | None, number: str = "T1", *, source: Location, to: Location) -> Transfer:
    """A transfer on its way."""
    transfer = Transfer.objects.create(
        number=number, source=source, destination=to, state=Transfer.State.IN_TRANSIT, expected_on=on, sent_at=SENT
    )
    TransferLine.objects.create(transfer=transfer, product=Product.objects.get(sku=sku), wanted=units, sent=units)
    return transfer
