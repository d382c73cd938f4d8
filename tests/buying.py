"""Suppliers and purchase orders for tests, made through the same doors as in life."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from inventory import purchasing
from inventory.models import Location, Product, PurchaseOrder, Supplier
from inventory.purchasing import Wanted
from tests.making import make_product

NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def make_supplier(**fields: Any) -> Supplier:
    words = {"code": "NORD", "name": "Nordlys Textiles", "email": "orders@nordlys.example", **fields}
    return Supplier.objects.get_or_create(code=words["code"], defaults=words)[0]


def make_warehouse(code: str = "MAIN") -> Location:
    return Location.objects.get_or_create(code=code, defaults={"name": "Main warehouse"})[0]


def make_draft(*wanted: tuple[str, int, str], supplier: Supplier | None = None) -> PurchaseOrder:
    """A draft of (SKU, quantity, price); products that are not there yet are made."""
    lines = []
    for sku, quantity, price in wanted or (("TENT", 10, "40.00"),):
        product = Product.objects.filter(sku=sku).first() or make_product(sku)
        lines.append(Wanted(product.pk, quantity, Decimal(price)))
    supplier = supplier or make_supplier()
    return purchasing.draft(supplier_id=supplier.pk, warehouse_id=make_warehouse().pk, lines=lines, by=None)


def make_sent(*wanted: tuple[str, int, str], supplier: Supplier | None = None) -> PurchaseOrder:
    order = make_draft(*wanted, supplier=supplier)
    with transaction.atomic():
        locked, lines = purchasing.lock(order.pk)
        purchasing.sent(locked, lines, at=NOW, expected_on=date(2026, 11, 16), line_dates={})
    return locked
