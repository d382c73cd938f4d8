"""`manage.py sample`: a small merchant with products, stock and orders, so that there is something to look at."""

import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from accounting.models import TaxRegistration
from backoffice import dropping, goods, journey
from backoffice.lib import money
from backoffice.management import sample_warehouse
from backoffice.sync import waking
from inventory import ledger
from inventory.models import Location, Product, WarehouseProduct
from orders.models import Merchant, Order
from orders.records import (
    AddressRecord,
    ChargeRecord,
    CustomerRecord,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    TaxRecord,
)

PEOPLE = [("manager", "manager"), ("clerk", "clerk"), ("warehouse", "warehouse"), ("accountant", "accountant")]

PRODUCTS = [
    # SKU, name, French name, price, cost, grams, on hand, bin
    ("SIR-250", "Maple syrup, amber, 250 ml", "Sirop d'érable ambré, 250 ml", "9.99", "5.10", 420, 60, "A-01-1"),
    ("SIR-500", "Maple syrup, amber, 500 ml", "Sirop d'érable ambré, 500 ml", "15.99", "8.20", 780, 40, "A-01-2"),
    ("SIR-1L", "Maple syrup, dark, 1 l", "Sirop d'érable foncé, 1 l", "27.50", "14.00", 1450, 3, "A-01-3"),
    ("THE-BOR", "Boreal tea, 50 g", "Thé boréal, 50 g", "12.25", "4.80", 90, 25, "A-02-1"),
    ("TUQ-ROU", "Wool toque, red", "Tuque de laine, rouge", "34.00", "15.50", 140, 12, "B-01-1"),
    ("TUQ-BLE", "Wool toque, blue", "Tuque de laine, bleue", "34.00", "15.50", 140, 0, "B-01-2"),
    ("MIT-L", "Mittens, deerskin, large", "Mitaines en cuir de cerf, grandes", "89.00", "47.00", 260, 6, "B-02-1"),
    ("SAV-SAP", "Balsam fir soap", "Savon au sapin baumier", "7.50", "2.10", 110, 80, "C-01-1"),
    ("CAD-BTE", "Gift box", "Boîte-cadeau", "4.00", "1.15", 200, 100, "C-02-1"),
]

CUSTOMERS = [
    (
        "Ann Tremblay",
        "ann.tremblay@example.com",
        "514 555 0101",
        "1450 rue Saint-Denis",
        "Montréal",
        "QC",
        "H2X 3J8",
        "fr",
    ),
    (
        "Marc-André Côté-Gagné",
        "mac@example.com",
        "418 555 0102",
        "12 côte de la Fabrique",
        "Québec",
        "QC",
        "G1R 3V7",
        "fr",
    ),
    ("Priya Sharma", "priya@example.com", "416 555 0103", "88 Queen St W, Unit 1204", "Toronto", "ON", "M5H 2M5", "en"),
    (
        "John MacLeod",
        "john.macleod@example.com",
        "902 555 0104",
        "5 Spring Garden Rd",
        "Halifax",
        "NS",
        "B3J 3R4",
        "en",
    ),
    ("Mei Chen 陈美", "mei.chen@example.com", "604 555 0105", "1022 Robson St", "Vancouver", "BC", "V6E 1A9", "en"),
    (
        "Oksana Kovalenko Коваленко",
        "oksana@example.com",
        "204 555 0106",
        "300 Portage Ave",
        "Winnipeg",
        "MB",
        "R3C 0C4",
        "en",
    ),
]

# By ship-to province, for orders of November 2026: (name, rate in per cent). Nova Scotia has 14 % since 2025-04-01.
TAXES = {
    "QC": [("GST", "5"), ("QST", "9.975")],
    "ON": [("HST", "13")],
    "NS": [("HST", "14")],
    "BC": [("GST", "5"), ("PST", "7")],
    "MB": [("GST", "5"), ("RST", "7")],
}

ORDERS = [
    # customer, [(SKU, quantity)], paid, days ago, gift note
    (0, [("SIR-500", 3), ("THE-BOR", 1)], True, 6, ""),
    (1, [("TUQ-ROU", 1), ("TUQ-BLE", 2)], True, 5, ""),
    (2, [("SIR-1L", 5), ("CAD-BTE", 1)], True, 4, "Happy birthday, Dad! Love, P."),
    (3, [("MIT-L", 1)], True, 3, ""),
    (4, [("SIR-250", 12), ("SAV-SAP", 6), ("CAD-BTE", 2)], True, 2, ""),
    (5, [("TUQ-BLE", 1)], True, 2, ""),
    (2, [("SAV-SAP", 2)], False, 1, ""),
    (0, [("NEW-SKU-7", 1), ("SAV-SAP", 1)], True, 1, ""),
    (3, [("SIR-250", 2), ("SIR-500", 2), ("THE-BOR", 2), ("SAV-SAP", 2)], True, 0, ""),
    (1, [("SIR-500", 1)], True, 0, ""),
    (4, [("COF-MAT", 2), ("CAN-ERA", 3)], True, 0, ""),
    (0, [("SAV-SAP-12", 1)], True, 0, ""),
]


class Command(BaseCommand):
    help = "Loads a sample merchant into an empty database, and prints the log-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        if Order.objects.exists() or Product.objects.exists():
            self.stdout.write("There is data already; the sample is only loaded into an empty database.")
            return
        with waking.awake():
            logins = _people()
            _merchant()
            products = _products()
            products |= sample_warehouse.stock(products)
            sample_warehouse.on_order(products)
            _orders(products)
            _ship_one()
            sample_warehouse.second_place(products)
        waking.wake(waking.DELIVER)
        self.stdout.write("Log-ins of the sample (change them before real use):")
        for name, password in logins:
            self.stdout.write(f"  {name:<12}{password}")


def _people() -> list[tuple[str, str]]:
    users = get_user_model().objects
    logins = []
    for name, group in [("admin", ""), *PEOPLE]:
        # Made anew for every installation: a password that stands in a repository is no password.
        password = secrets.token_urlsafe(9)
        user = users.create_user(name, f"{name}@example.com", password, is_staff=True, is_superuser=not group)
        if group:
            user.groups.add(Group.objects.get_or_create(name=group)[0])
        logins.append((name, password))
    return logins


def _merchant() -> None:
    Merchant.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Boutique Boréale",
            "address": "220 rue Principale\nSaint-Sauveur QC  J0R 1R0",
            "email": "bonjour@example.com",
            "phone": "450 555 0100",
            "website": "boreale.example.com",
            "publishes_availability": True,
            "count_approval_limit": Decimal("100.00"),
        },
    )
    TaxRegistration.objects.bulk_create(
        [
            TaxRegistration(code="GST", number="81234 5678 RT0001"),
            TaxRegistration(code="QST", number="1023456789 TQ0001"),
            TaxRegistration(code="PST-BC", number="PST-1234-5678"),
            TaxRegistration(code="RST-MB", number="123456-7"),
        ],
        ignore_conflicts=True,
    )


def _products() -> dict[str, Product]:
    warehouse = ledger.default_location()
    bins = {
        place: Location.objects.get_or_create(
            code=place, defaults={"name": place, "kind": Location.Kind.BIN, "warehouse": warehouse}
        )[0]
        for *_, place in PRODUCTS
    }
    made = Product.objects.bulk_create(
        [
            Product(sku=sku, name=name, name_fr=name_fr, price=Decimal(price), weight_grams=grams)
            for sku, name, name_fr, price, _, grams, _, _ in PRODUCTS
        ]
    )
    products = {product.sku: product for product in made}
    goods.receive(
        [
            goods.Goods(products[sku].pk, on_hand, Decimal(cost), bins[place].pk)
            for sku, _, _, _, cost, _, on_hand, place in PRODUCTS
            if on_hand
        ],
        key="sample",
        note="First delivery",
    )
    WarehouseProduct.objects.bulk_create(
        WarehouseProduct(product=products[sku], warehouse=warehouse, put_away=bins[place])
        for sku, *_, place in PRODUCTS
    )
    return products


def _orders(products: dict[str, Product]) -> None:
    shop = dropping.file_store()
    now = timezone.now().replace(microsecond=0)
    records = [
        _record(
            number, products, now - timedelta(days=days, minutes=7 * (number - 1000)), CUSTOMERS[who], lines, paid, gift
        )
        for number, (who, lines, paid, days, gift) in enumerate(ORDERS, start=1001)
    ]
    journey.take_in(shop, records)


def _record(
    number: int, products: dict[str, Product], at: Any, who: tuple[str, ...], lines: Any, paid: bool, gift: str
) -> OrderRecord:
    name, email, phone, street, city, province, postal_code, language = who
    address = AddressRecord(
        name=name, line1=street, city=city, province=province, postal_code=postal_code, country="CA", phone=phone
    )
    items = []
    for position, (sku, quantity) in enumerate(lines, start=1):
        product = products.get(sku)
        price = product.price if product is not None and product.price is not None else Decimal("19.00")
        title = (product.name_fr if language == "fr" else product.name) if product else "Snowshoe ornament"
        items.append(
            LineRecord(external_id=str(position), name=title, quantity=quantity, gross=price * quantity, sku=sku)
        )
    shipping = Decimal("9.95")
    base = sum((item.gross for item in items), Decimal(0)) + shipping
    taxes = tuple(
        TaxRecord(name=tax, rate=Decimal(rate), amount=money.rounded(base * Decimal(rate) / 100, "CAD"))
        for tax, rate in TAXES[province]
    )
    total = base + sum((tax.amount for tax in taxes), Decimal(0))
    method = "Carte de crédit" if language == "fr" else "Credit card"
    return OrderRecord(
        external_id=str(number),
        external_number=str(number),
        external_state="processing" if paid else "pending",
        version=at,
        placed_at=at,
        currency="CAD",
        total=total,
        customer=CustomerRecord(name=name, email=email, phone=phone, language=language),
        billing=address,
        shipping=address,
        lines=tuple(items),
        charges=(ChargeRecord(kind="shipping", name="Standard", amount=shipping),),
        taxes=taxes,
        payments=(PaymentRecord("paid", total, at, method, f"ch_{number}"),) if paid else (),
        paid_at=at if paid else None,
        may_ship=paid,
        shipping_method="Standard",
        payment_method=method,
        gift_note=gift,
    )


@transaction.atomic
def _ship_one() -> None:
    """One order is already on its way, so that its page shows a parcel."""
    order = Order.objects.get(external_id="1001")
    parcels = journey.pack([order.pk])
    journey.ship(
        [parcel.pk for parcel in parcels],
        tracking={
            parcels[0].pk: journey.Tracking(
                "Canada Post", "7316971234567890", "https://www.canadapost-postescanada.ca/track-reperage/en"
            )
        },
    )
