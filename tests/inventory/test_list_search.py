"""Each list finds by its search box what is meant, by an index however much there is (backoffice/finding.py)."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from backoffice import desk, finding
from inventory.models import CountSheet, Listing, Location, Lot, ProductFamily, Transfer
from tests.buying import make_draft, make_supplier, make_warehouse
from tests.making import make_connection, make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db

INDEXED = {
    "listing": "listing_found_by", "lot": "lot_found_by", "transfer": "transfer_found_by",
    "countsheet": "countsheet_found_by", "productfamily": "productfamily_found_by", "product": "product_found_by",
    "movement": "movement_note",
}  # fmt: skip


@pytest.fixture
def shop() -> Client:
    make_merchant()
    tent, lamp = make_product("TENT", name="Alpine tent", name_fr="Tente"), make_product("Lamp-1", name="Lamp")
    here = make_warehouse()
    there = Location.objects.create(code="EAST", name="East")
    for number, note, product in (("T-1", "", tent), ("T-10", "for the tent fair", lamp), ("T-11", "", lamp)):
        paper = Transfer.objects.create(number=number, source=here, destination=there, note=note)
        paper.lines.create(product=product, wanted=1)
    for code in ("L-1", "L-15"):
        Lot.objects.create(product=lamp, code=code)
    CountSheet.objects.create(number="C-1", warehouse=here, note="back room")
    store = make_connection()
    Listing.objects.create(connection=store, external_id="77", sku="there-77", name="Alpine set", product=tent)
    Listing.objects.create(connection=store, external_id="770", sku="there-770", name="Lamp", product=lamp)
    return logged_in("manager")


def listed(client: Client, model: str, q: str) -> list[str]:
    answer: Any = client.get(reverse(f"admin:inventory_{model}_changelist"), {"q": q})
    assert answer.status_code == 200
    return sorted(str(row) for row in answer.context["cl"].result_list)


FOUND: list[tuple[str, str, list[str]]] = [
    # A whole number means just that, in letters of any size.
    ("transfer", "T-1", ["T-1"]),
    ("transfer", " t-1 ", ["T-1"]),
    # What is none is looked for anywhere in it.
    ("transfer", "T-", ["T-1", "T-10", "T-11"]),
    ("transfer", "FAIR 10", ["T-10"]),
    ("transfer", "fair 11", []),
    ("transfer", "lamp-1", ["T-10", "T-11"]),
    ("transfer", "%", []),
    ("lot", "L-1", ["L-1"]),
    ("lot", "-1", ["L-1", "L-15"]),
    ("lot", "LAMP-1", ["L-1", "L-15"]),
    # A SKU of which there is nothing here is no answer, words may be.
    ("lot", "TENT", []),
    ("countsheet", "room", ["C-1"]),
    ("listing", "77", ["there-77 at Boréal"]),
    ("listing", "THERE-77", ["there-77 at Boréal"]),
    ("listing", "tent", ["there-77 at Boréal"]),
    ("listing", "alpine", ["there-77 at Boréal"]),
    ("listing", "there", ["there-77 at Boréal", "there-770 at Boréal"]),
]


def test_what_is_typed_finds_what_is_meant(shop: Client) -> None:
    assert [(model, q, listed(shop, model, q)) for model, q, _found in FOUND] == FOUND


def test_a_purchase_order_is_found_by_its_number_its_supplier_and_what_is_on_it(shop: Client) -> None:
    here = make_draft(("TENT", 2, "4"), supplier=make_supplier(code="A", name="Acme Outdoor"))
    other = make_draft(("LAMP", 2, "4"), supplier=make_supplier(code="B", name="Brightly"))
    here.lines.update(supplier_sku="ac-9")

    assert listed(shop, "purchaseorder", "outdoor acme") == [here.number]
    assert listed(shop, "purchaseorder", "AC-9") == [here.number]
    assert listed(shop, "purchaseorder", other.number.lower()) == [other.number]
    assert listed(shop, "purchaseorder", "LAMP") == [other.number]
    assert listed(shop, "purchaseorder", f"bright {other.number[-1]}") == [other.number]


@pytest.mark.parametrize("q", ["x", "12", "a b c", "%", "'", "0000000000012", "a\x00b"])
def test_every_list_answers_to_whatever_is_typed(q: str) -> None:
    for model, page in admin.site._registry.items():
        if isinstance(page, desk.DeskAdmin) and page.search_fields:
            list(finding.found(model._default_manager.all(), q, page.search_fields))


@pytest.mark.parametrize("name", INDEXED)
def test_a_word_is_found_by_an_index(name: str) -> None:
    model = next(model for model in admin.site._registry if model._meta.label_lower == f"inventory.{name}")
    fields = finding.PRODUCT if name == "product" else admin.site._registry[model].search_fields
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")

        assert INDEXED[name] in finding.found(model.objects.order_by(), "something", fields).explain()


def test_a_long_list_says_that_there_is_more_and_lets_one_go_on(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_COUNTED", 60)
    ProductFamily.objects.bulk_create([ProductFamily(code=f"F{n:03d}", name="Family") for n in range(170)])
    url = reverse("admin:inventory_productfamily_changelist")

    first, third, last = (shop.get(url, {"p": page}).content.decode() for page in ("", "3", "4"))

    assert "60+" in first
    assert "160+" in third
    assert "170" in last
    assert "F150" in last
    assert "F149" in third
