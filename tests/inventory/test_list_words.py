"""What lists say to people: in the menu's words, with filters that can be understood, and when they are empty."""

import pytest
from django.urls import reverse

from backoffice.unfold_settings import NAVIGATION
from inventory.models import Location
from tests.buying import make_warehouse
from tests.making import make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
ORDERS = "admin:inventory_purchaseorder_changelist"


@pytest.fixture(autouse=True)
def main() -> Location:
    make_merchant()
    return make_warehouse()


def text(page: str, role: str = "manager", **asked: str) -> str:
    return logged_in(role).get(reverse(page), asked).content.decode()


def test_an_empty_list_says_what_to_do() -> None:
    empty, narrowed = text(ORDERS), text(ORDERS, q="nothing")

    assert "Nothing here yet." in empty
    assert "Add purchase order</a>" in empty
    assert "Nothing fits. Take a filter off or search for something else." in narrowed
    assert "Add purchase order</a>" not in narrowed
    assert "Add purchase order</a>" not in text(ORDERS, "accountant")


@pytest.mark.parametrize("name", ["purchaseorder", "countsheet", "countplan", "transfer", "warehouseproduct"])
def test_a_warehouse_is_chosen_from_the_warehouses(main: Location, name: str) -> None:
    Location.objects.create(code="EAST", name="East house")
    Location.objects.create(code="MAIN-A-9", name="A-9", kind="bin", warehouse=main)
    shown = text(f"admin:inventory_{name}_changelist")

    assert "East house" in shown
    assert "A-9" not in shown
    assert "created at" not in shown.lower()


def test_a_page_has_the_name_that_the_menu_has() -> None:
    menu = {str(item["title"]) for group in NAVIGATION for item in group["items"]}
    for model in ("location", "kitcomponent", "warehouseproduct", "supplierproduct", "supplierreturn"):
        title = (
            logged_in("manager").get(reverse(f"admin:inventory_{model}_changelist")).context["opts"].verbose_name_plural
        )
        assert str(title).capitalize() in menu
    assert "Back-in-stock sign-ups" in menu


def test_units_and_products_are_told_apart_and_files_are_explained() -> None:
    make_product("TENT").selling_units.create(name="Case", quantity=12, sku="TENT-12")
    units = text("admin:inventory_sellingunit_changelist")

    assert "SKU of the unit" in units
    assert "TENT-12" in units
    assert "The file may have these columns" in text("admin:inventory_product_import")
    assert "The file will have these columns" in text("admin:inventory_product_export")
