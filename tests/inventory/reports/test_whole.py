"""The reports on what really happened through the house's own doors, and on more rows than anyone wants in memory."""

import tracemalloc
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from backoffice import journey, landed, receiving, returning
from backoffice.landed import Landed
from backoffice.receiving import ReceiptItem
from inventory.models import LandedCost, Product
from inventory.reports.movement_card import card
from inventory.reports.stock_at import STOCK
from inventory.reports.valuation import VALUATION
from tests.buying import make_sent
from tests.inventory.reports.telling import asked
from tests.making import make_merchant, make_order, make_product, receive
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
FUTURE = "2100-01-01"


def test_bought_with_freight_sold_and_taken_back_the_stock_and_the_books_agree() -> None:
    """10 at 40.00; 5 sold; freight of 25.00, half for what stays: 212.50. 1 comes back at 42.50: 255.00 for 6."""
    make_merchant()
    bought = make_sent(("TENT", 10, "40.00"))
    receipt = receiving.receive(bought.pk, [ReceiptItem(bought.lines.get().pk, 10)], key="slip").receipt
    order = make_order([("TENT", 5, "90.00")])
    journey.ship([journey.pack([order.pk])[0].pk])
    landed.bill_later(receipt.pk, Landed(LandedCost.Kind.FREIGHT, Decimal("25.00")), key="bill")
    returning.return_to_stock({order.lines.get().pk: 1}, key="back", who="test")

    row = VALUATION.page(asked(FUTURE)).rows[0]
    assert (row.on_hand, row.value, row.unit_value) == (6, 255, Decimal("42.5"))
    moves = card(asked(FUTURE, "2020-01-01", product_id=Product.objects.get().pk)).page.rows
    assert [(m.reason, m.on_hand, m.value) for m in moves] == [
        ("receipt", 10, 400), ("shipment", 5, 200), ("revaluation", 5, Decimal("212.5")), ("return", 6, 255),
    ]  # fmt: skip
    page = logged_in("manager").get(reverse("admin:inventory_report_valuation"), {"total": "1"}).content.decode()
    assert "The books and the stock agree." in page


def test_a_report_of_many_products_needs_no_memory_for_them() -> None:
    make_merchant()
    receive(make_product("FIRST").sku, 1)
    with connection.cursor() as cursor:
        columns = "name_fr, variation, barcode, average_cost, tax_class, hs_code, origin_country, customs_description,"
        cursor.execute(
            f"""INSERT INTO inventory_product (sku, name, {columns} stocked, is_kit, tracking, expires, backorder_policy,
                                               created_at)
                SELECT 'MANY-' || n, repeat('long ', 20), {columns} stocked, is_kit, tracking, expires, backorder_policy,
                       created_at FROM inventory_product, generate_series(1, 20000) n"""
        )
        cursor.execute(
            """INSERT INTO inventory_movement (product_id, location_id, quantity, reason, unit_cost, at, key, note)
               SELECT p.id, m.location_id, 1, m.reason, 1, m.at, 'many-' || p.id, '' FROM inventory_product p,
                      inventory_movement m WHERE p.sku LIKE 'MANY-%'"""
        )
    tracemalloc.start()

    count = sum(row.on_hand for row in STOCK.rows(asked(FUTURE)))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_001
    assert peak < 3_000_000  # the rows themselves would be ten times as much
