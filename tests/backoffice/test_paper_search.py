"""The one search box finds the papers of the warehouse too, for who may see them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice import paper_search
from inventory.models import CountSheet, Location, Product, PurchaseOrder, SupplierReturn, Transfer
from tests.buying import NOW, make_draft, make_supplier, make_warehouse
from tests.making import make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> PurchaseOrder:
    make_merchant()
    order = make_draft(supplier=make_supplier(code="ACME", name="Équipement Acme"))
    PurchaseOrder.objects.update(supplier_reference="SO 88/1")
    here, there = make_warehouse(), Location.objects.create(code="EAST", name="East")
    Transfer.objects.create(number="T-7", source=here, destination=there)
    CountSheet.objects.create(number="C-7", warehouse=here)
    SupplierReturn.objects.create(number="R-7", supplier=order.supplier, reason="Torn", supplier_reference="RMA-5")
    return order


def found(q: str, may_see: Any = lambda permission: True) -> list[str]:
    return [paper.number for paper in paper_search.find(q, may_see=may_see)]


def test_papers_are_found_by_their_numbers_and_by_the_supplier(order: PurchaseOrder) -> None:
    asked = {
        order.number: [order.number], f"#{order.number.lower()}": [order.number], "so 88/1": [order.number], "SO 88": [],
        "acme": ["ACME", order.number], "acme équip": ["ACME", order.number],
        "t-7": ["T-7"], "C-7": ["C-7"], "R-7": ["R-7"], "rma-5": ["R-7"],
        "%": [], "__": [], "7": [], "": [], "{named}": [], "'; --": [], "a\x00cme": ["ACME", order.number],
    }  # fmt: skip

    assert {q: found(q) for q in asked} == asked


def test_products_and_places_are_found(order: PurchaseOrder) -> None:
    make_product("MIT-L", name="Mittens", barcode="0628176000016")
    make_product("TUQ-1", name="Tuque, merino", name_fr="Tuque en mérinos", archived_at=NOW)
    Location.objects.create(code="MAIN-A-01-1", name="A-01-1", kind="bin", warehouse=order.warehouse)
    asked = {
        "mit-l": ["MIT-L"], "628176000016": ["MIT-L"], "MITTEN": ["MIT-L"], "tuque mer": ["TUQ-1"], "tuque mit": [],
        "mi": [], "%%%": [], "a-01-1": ["MAIN-A-01-1"], "main-a-01-1": ["MAIN-A-01-1"], "MAIN": ["MAIN"],
    }  # fmt: skip

    assert {q: found(q) for q in asked} == asked
    assert [str(paper.state_words) for paper in paper_search.find("tuque", may_see=lambda permission: True)] == [
        "archived"
    ]
    assert found("mit-l", lambda permission: permission != "inventory.view_product") == []
    assert found("a-01-1", lambda permission: permission != "inventory.view_location") == []
    answer = logged_in("clerk").get(reverse("admin:search"), {"q": "tuque"})
    assert answer["Location"] == reverse("admin:inventory_product_change", args=[Product.objects.get(sku="TUQ-1").pk])


def test_nobody_finds_what_they_may_not_see(order: PurchaseOrder) -> None:
    assert found("acme", lambda permission: permission != "inventory.view_supplier") == [order.number]
    assert found("acme", lambda permission: permission == "inventory.view_supplier") == ["ACME"]
    assert found("C-7", lambda permission: permission != "inventory.view_countsheet") == []
    # A clerk counts nothing.
    assert logged_in("clerk").get(reverse("admin:search"), {"q": "C-7"}).status_code == 200


def test_one_paper_is_gone_to_and_several_are_shown(order: PurchaseOrder) -> None:
    client = logged_in("warehouse")

    answer = client.get(reverse("admin:search"), {"q": "T-7"})
    assert answer["Location"] == reverse("admin:inventory_transfer_change", args=[Transfer.objects.get().pk])

    text = client.get(reverse("admin:search"), {"q": "acme"}).content.decode()
    assert f'<span class="desk-code">{order.number}</span></a> Équipement Acme' in text
    assert "purchase order, draft" in text


def test_one_statement_by_indexes_however_many_there_are(order: PurchaseOrder) -> None:
    for at in range(30):
        PurchaseOrder.objects.create(
            number=f"OLD-{at}", supplier=order.supplier, warehouse=order.warehouse, currency="CAD"
        )
    with CaptureQueriesContext(connection) as seen:
        assert len(found("acme")) == paper_search.MOST
    assert len(seen) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {seen[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "purchase_order_supplier" in plan
    assert "product_found_by" in plan
    for table in ("product", "purchaseorder", "transfer", "countsheet", "supplierreturn"):
        assert f"Seq Scan on inventory_{table}" not in plan
