"""The warehouse of the sample merchant: categories, suppliers, limits, a kit, a dozen, lots, a second place, goods on order."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from backoffice import buying, goods, transferring
from inventory import categories, kits, ledger, lots, purchasing, transfers
from inventory.models import (
    Location,
    Product,
    SellingUnit,
    Supplier,
    SupplierProduct,
    WarehouseProduct,
)

SUPPLIERS = [
    # code, name, language, lead time, e-mail, [(SKU, supplier's SKU, pack, minimum, price)]
    ("ERABLIERE", "Érablière des Cantons inc.", "fr", 5, "commandes@erabliere.example",
     [("SIR-250", "AMB-250", 12, 24, "5.10"), ("SIR-500", "AMB-500", 12, 12, "8.20"), ("SIR-1L", "FON-1000", 6, 6, "14.00")]),
    ("WOOL", "Northern Wool Co.", "en", 10, "orders@northernwool.example",
     [("TUQ-ROU", "TQ-RED", 6, 12, "15.50"), ("TUQ-BLE", "TQ-BLU", 6, 12, "15.50"), ("MIT-L", "MT-L", 1, 0, "47.00")]),
    ("HERBES", "Herbes boréales", "fr", 7, "", [("THE-BOR", "TB-50", 10, 20, "4.80"), ("SAV-SAP", "SS-1", 20, 40, "2.10")]),
]  # fmt: skip
LIMITS = {"SIR-250": (24, 60), "SIR-500": (18, 48), "SIR-1L": (6, 18), "TUQ-ROU": (6, 24), "TUQ-BLE": (6, 24), "MIT-L": (4, 8),
          "THE-BOR": (20, 60)}  # fmt: skip
TREE = {
    ("Pantry", "Garde-manger"): {("Maple", "Érable"): ["SIR-250", "SIR-500", "SIR-1L"], ("Tea", "Thé"): ["THE-BOR"]},
    ("Winter wear", "Vêtements d’hiver"): {
        ("Toques", "Tuques"): ["TUQ-ROU", "TUQ-BLE"],
        ("Mittens", "Mitaines"): ["MIT-L"],
    },
}
KIT = "COF-MAT"
CANDY = "CAN-ERA"


def stock(products: Mapping[str, Product]) -> dict[str, Product]:
    """All of it, on the products that are there; the products that it adds, by SKU."""
    main = ledger.default_location()
    _categories(products)
    _suppliers(products, main)
    added = {KIT: _kit(products), CANDY: _candy(main)}
    SellingUnit.objects.create(
        product=products["SAV-SAP"],
        name="box of 12",
        name_fr="boîte de 12",
        quantity=12,
        sku="SAV-SAP-12",
        price=Decimal(79),
    )
    return added


def _categories(products: Mapping[str, Product]) -> None:
    for (name, name_fr), branches in TREE.items():
        root = categories.add(name=name, name_fr=name_fr)
        for (branch, branch_fr), skus in branches.items():
            leaf = categories.add(name=branch, name_fr=branch_fr, parent=root)
            Product.objects.filter(pk__in=[products[sku].pk for sku in skus]).update(category=leaf)


def _suppliers(products: Mapping[str, Product], main: Location) -> None:
    for code, name, language, days, email, sold in SUPPLIERS:
        supplier = Supplier.objects.create(
            code=code, name=name, language=language, lead_time_days=days, email=email, holiday_region="CA-QC"
        )
        SupplierProduct.objects.bulk_create(
            SupplierProduct(
                supplier=supplier,
                product=products[sku],
                supplier_sku=theirs,
                pack=pack,
                minimum=least,
                price=Decimal(price),
            )
            for sku, theirs, pack, least, price in sold
        )
    here = {row.product_id: row for row in WarehouseProduct.objects.filter(warehouse=main)}
    for sku, (point, target) in LIMITS.items():
        row = here[products[sku].pk]
        row.reorder_point, row.target_level = point, target
    WarehouseProduct.objects.bulk_update(here.values(), ["reorder_point", "target_level"])


def _kit(products: Mapping[str, Product]) -> Product:
    """A gift of syrup, tea and soap in its box."""
    kit = Product.objects.create(
        sku=KIT, name="Morning gift set", name_fr="Coffret du matin", price=Decimal("39.00"), stocked=False
    )
    kits.set_components(kit, {products[sku].pk: units for sku, units in
                              {"SIR-250": 1, "THE-BOR": 1, "SAV-SAP": 2, "CAD-BTE": 1}.items()})  # fmt: skip
    return kit


def _candy(main: Location) -> Product:
    """Sweets in two lots, one of which expires soon."""
    candy = Product.objects.create(
        sku=CANDY, name="Maple candy, 100 g", name_fr="Bonbons à l’érable, 100 g", price=Decimal("6.50"), weight_grams=110,
        tracking=Product.Tracking.LOT, expires=True, barcode="0628451234562",
    )  # fmt: skip
    today = timezone.localdate()
    named = [lots.Named(candy.pk, code, today + timedelta(days=days)) for code, days in (("L2606", 25), ("L2611", 300))]
    made = lots.take_in(named)
    goods.receive(
        [goods.Goods(candy.pk, 30, Decimal("2.40"), main.pk, lot_id=lot.pk) for lot in made.values()],
        key="sample-candy",
        note="First delivery",
    )
    return candy


def second_place(products: Mapping[str, Product]) -> None:
    """A shop in Québec City that has some of the soap, and gets more."""
    main = ledger.default_location()
    shop = Location.objects.create(
        code="QUEBEC", name="Boutique de Québec", pick_order=200, holiday_region="CA-QC",
        address="41 rue du Petit-Champlain\nQuébec QC  G1K 4H4",
    )  # fmt: skip
    Location.objects.create(
        code="MAIN-Q", name="Quarantine", kind=Location.Kind.QUARANTINE, warehouse=main, sellable=False
    )
    paper = transfers.draft(
        source_id=main.pk,
        destination_id=shop.pk,
        lines=[transfers.Wanted(products["SAV-SAP"].pk, 12)],
        expected_on=timezone.localdate() + timedelta(days=2),
    )
    transferring.send(paper.pk)


def on_order(products: Mapping[str, Product]) -> None:
    """A purchase order that the supplier has confirmed, so that who waits is told a day."""
    main = ledger.default_location()
    wool = Supplier.objects.get(code="WOOL")
    order = purchasing.draft(
        supplier_id=wool.pk,
        warehouse_id=main.pk,
        lines=[purchasing.Wanted(products["TUQ-BLE"].pk, 24), purchasing.Wanted(products["TUQ-ROU"].pk, 12)],
        by=None,
    )
    buying.send(order.pk, by_hand=True)
    come = timezone.localdate() + timedelta(days=8)
    buying.confirm(order.pk, reference="NW-5521", dates={line.pk: come for line in order.lines.all()})
