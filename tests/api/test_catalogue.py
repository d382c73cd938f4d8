"""The catalogue by API: all of a product, narrowed by branch, family and supplier; no money to who may not see it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import categories, kits
from inventory.models import ProductFamily, SellingUnit, Supplier, SupplierProduct
from tests.api.conftest import Call
from tests.making import make_merchant, make_product


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    tree = categories.ensure(["Camping › Tents", "Campinghouse"])
    family = ProductFamily.objects.create(code="T", name="Tents")
    tent = make_product(
        "TENT", 5, price="120.00", family=family, category=tree["Camping › Tents"], hs_code="630622", origin_country="CA",
        barcode="4006381333931", height_mm=150,
    )  # fmt: skip
    chair = make_product("CHAIR", category=tree["Campinghouse"])
    kits.set_components(make_product("KIT", stocked=False), {tent.pk: 1, chair.pk: 4})
    acme = Supplier.objects.create(code="ACME", name="Acme", minimum_order=Decimal("345.67"))
    Supplier.objects.create(code="OLD", name="Old", archived_at=timezone.now())
    SupplierProduct.objects.create(supplier=acme, product=tent, supplier_sku="0017", pack=6, price=Decimal("67.89"))
    SellingUnit.objects.create(product=tent, name="pair", quantity=2, sku="TENT-2", barcode="036000291452", price="230")


def read(client: Any, path: str, **asked: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()


def skus(client: Any, **asked: Any) -> list[str]:
    return sorted(row["sku"] for row in read(client, "products/", **asked)["results"])


def test_a_product_is_told_with_all_that_belongs_to_it(caller: Call) -> None:
    tent = read(caller(), "products/TENT/")

    told = ("family", "category", "hs_code", "origin_country", "height_mm", "tracking", "is_kit")
    assert {name: tent[name] for name in told} == {
        "family": "T", "category": "Camping › Tents", "hs_code": "630622", "origin_country": "CA", "height_mm": 150,
        "tracking": "none", "is_kit": False,
    }  # fmt: skip
    assert tent["selling_units"] == [
        {"name": "pair", "name_fr": "", "quantity": 2, "sku": "TENT-2", "barcode": "036000291452", "price": "230.0000"}
    ]
    assert tent["suppliers"] == [
        {
            "supplier": "ACME",
            "supplier_sku": "0017",
            "pack": 6,
            "minimum": 0,
            "price": "67.8900",
            "lead_time_days": None,
            "rank": 1,
        }
    ]
    kit = read(caller(), "products/KIT/")
    assert kit["components"] == [{"sku": "TENT", "quantity": 1}, {"sku": "CHAIR", "quantity": 4}]
    assert (kit["family"], kit["category"]) == (None, None)


def test_products_are_narrowed_by_branch_family_supplier_kit_and_any_bar_code(caller: Call) -> None:
    client = caller()

    assert skus(client, category="Camping") == ["TENT"]
    assert skus(client, category="Camping > Tents") == ["TENT"]
    assert skus(client, category="Nowhere") == []
    assert skus(client, family="T") == ["TENT"]
    assert skus(client, supplier="ACME") == ["TENT"]
    assert skus(client, kit="true") == ["KIT"]
    assert skus(client, barcode="04006381333931") == ["TENT"]
    assert skus(client, barcode="0036000291452") == ["TENT"]


def test_categories_and_suppliers_are_lists(caller: Call) -> None:
    client = caller()

    assert {row["path"]: row["parent_path"] for row in read(client, "categories/")["results"]} == {
        "Camping": None, "Camping › Tents": "Camping", "Campinghouse": None,
    }  # fmt: skip
    assert [row["path"] for row in read(client, "categories/", under="Camping › Tents")["results"]] == [
        "Camping › Tents"
    ]
    assert {row["code"] for row in read(client, "suppliers/")["results"]} == {"ACME", "OLD"}
    assert [row["code"] for row in read(client, "suppliers/", archived="false")["results"]] == ["ACME"]


@pytest.mark.parametrize("role", ["warehouse", "clerk"])
def test_prices_of_suppliers_are_not_told_to_who_sees_no_costs(caller: Call, role: str) -> None:
    client = caller(role)

    for path in ("products/", "products/TENT/", "suppliers/"):
        text = client.get(f"/api/v1/{path}").content.decode()
        assert "67.89" not in text
        assert "345.67" not in text
        assert ("230.0000" in text) == (role == "clerk" and path != "suppliers/")


@pytest.mark.parametrize("path", ["products/", "categories/", "suppliers/"])
def test_a_list_asks_as_often_for_thirty_rows_as_for_a_few(caller: Call, path: str) -> None:
    client = caller()
    counts = []
    for span in (range(1), range(1, 30)):
        for at in span:
            category = categories.add(name=f"C{at}", parent=categories.ensure(["Camping"])["Camping"])
            family = ProductFamily.objects.create(code=f"F{at}", name="F")
            product = make_product(f"P{at}", family=family, category=category)
            supplier = Supplier.objects.create(code=f"S{at}", name="S")
            SupplierProduct.objects.create(supplier=supplier, product=product)
            SellingUnit.objects.create(product=product, name="pair", quantity=2)
            kits.set_components(make_product(f"K{at}", stocked=False), {product.pk: 2})
        read(client, path)
        with CaptureQueriesContext(database) as asked:
            read(client, path, page_size=200)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 10
