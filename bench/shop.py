"""A shop to measure on: a WooCommerce connection, products with plenty of stock, and orders as that store sends them."""

import json
import os
import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

PRODUCTS = 500
CENT = Decimal("0.01")


def start() -> None:
    """Make Django ready; the database is the scratch one that `make bench` sets."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    import django

    django.setup()


def make() -> Any:
    """The connection of a shop with products, each listed there and in stock."""
    from backoffice import goods
    from backoffice.sync.models import Connection
    from inventory.models import Listing, Product

    connection = Connection.objects.create(
        name="Bench", connector="woocommerce", url="http://127.0.0.1:9", credentials={"webhook_secret": "bench"}
    )
    products = Product.objects.bulk_create(
        [Product(sku=f"SKU-{n:04d}", name=f"Product {n}", price=Decimal("10.00")) for n in range(PRODUCTS)]
    )
    Listing.objects.bulk_create(
        [
            Listing(connection=connection, external_id=str(n), sku=product.sku, product=product)
            for n, product in enumerate(products, start=1)
        ]
    )
    goods.receive([goods.Goods(p.pk, 1_000_000, Decimal("4.00")) for p in products], key="bench")
    return connection


def order_body(number: int, chance: random.Random) -> bytes:
    """A paid order of three lines of a customer not seen before, with shipping, GST and QST, as WooCommerce sends it."""
    lines, net = [], Decimal(0)
    for position, product in enumerate(sorted(chance.sample(range(1, PRODUCTS + 1), 3))):
        quantity = chance.randint(1, 3)
        amount = quantity * Decimal("10.00")
        net += amount
        lines.append(_line(number * 10 + position, product, quantity, amount))
    shipping = Decimal("9.95")
    taxes = [_tax(number * 10 + 5, 16, "GST", Decimal(5), net, shipping)]
    taxes.append(_tax(number * 10 + 6, 17, "QST", Decimal("9.975"), net, shipping))
    tax = sum((Decimal(t["tax_total"]) + Decimal(t["shipping_tax_total"]) for t in taxes), Decimal(0))
    at = f"2026-11-{1 + number % 20:02d}T{number % 24:02d}:{number % 60:02d}:00"
    address = {
        "first_name": "Anne", "last_name": f"Côté-{number}", "company": "", "address_1": f"{number} rue Principale",
        "address_2": "", "city": "Montréal", "state": "QC", "postcode": "H2X 1Y4", "country": "CA",
    }  # fmt: skip
    order = {
        "id": number, "parent_id": 0, "status": "processing", "currency": "CAD", "prices_include_tax": False,
        "discount_total": "0.00", "discount_tax": "0.00", "shipping_total": str(shipping),
        "total": str(net + shipping + tax), "total_tax": str(tax), "customer_id": number,
        "billing": {**address, "email": f"anne{number}@example.com", "phone": "514 555 0102"},
        "shipping": {**address, "phone": "", "address_1": f"{number} rue du Quai"},
        "payment_method": "stripe", "payment_method_title": "Carte de crédit", "transaction_id": f"ch_{number}",
        "customer_note": "", "number": str(number), "meta_data": [], "line_items": lines, "tax_lines": taxes,
        "shipping_lines": [{
            "id": number * 10 + 7, "method_title": "Forfait", "method_id": "flat_rate", "total": str(shipping),
            "total_tax": "1.49", "taxes": [], "meta_data": [],
        }],
        "fee_lines": [], "coupon_lines": [], "refunds": [], "needs_processing": True,
        "date_created_gmt": at, "date_modified_gmt": at, "date_paid_gmt": at, "date_completed_gmt": None,
    }  # fmt: skip
    return json.dumps(order).encode()


def _line(pk: int, product: int, quantity: int, amount: Decimal) -> dict[str, Any]:
    return {
        "id": pk, "name": f"Product {product - 1}", "product_id": product, "variation_id": 0, "quantity": quantity,
        "tax_class": "", "subtotal": str(amount), "subtotal_tax": "0.00", "total": str(amount), "total_tax": "0.00",
        "taxes": [], "meta_data": [], "sku": f"SKU-{product - 1:04d}", "price": 10,
    }  # fmt: skip


def _tax(pk: int, rate_id: int, name: str, rate: Decimal, net: Decimal, shipping: Decimal) -> dict[str, Any]:
    return {
        "id": pk, "rate_id": rate_id, "rate_code": f"CA-QC-{name}", "label": name, "compound": False,
        "tax_total": str((net * rate / 100).quantize(CENT, ROUND_HALF_UP)),
        "shipping_tax_total": str((shipping * rate / 100).quantize(CENT, ROUND_HALF_UP)),
        "rate_percent": float(rate), "meta_data": [],
    }  # fmt: skip


class Orders:
    """New orders without end, the same ones in every run."""

    def __init__(self, first: int = 1) -> None:
        self.next = first
        self.chance = random.Random(2026)

    def take(self, count: int) -> list[bytes]:
        bodies = [order_body(number, self.chance) for number in range(self.next, self.next + count)]
        self.next += count
        return bodies


def settle_down() -> None:
    """On tables that started empty, cached plans of foreign-key checks are bad: fill first, then look anew."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
