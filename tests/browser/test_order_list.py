"""The order list in a real browser: it fits a phone, nothing is blocked, all boxes are ticked at once, drafts are made."""

import os
from decimal import Decimal
from typing import Any

import pytest

from inventory.models import PurchaseOrderLine, Supplier
from tests.backoffice.ordering import hold, make_second_warehouse, make_supplier, sell, work_out
from tests.making import make_merchant, make_order, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
URL = "/admin/inventory/orderlistline/"
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def shop(live_server: Any) -> Supplier:
    make_merchant(order_list_email="buyer@boreal.example")
    make_product("TENT-4", 5, name="Tent for four people with a name that does not want to end on this small screen")
    make_product("A-SKU-WITH-A-VERY-LONG-CODE-WITHOUT-ANY-SPACE-0001", 1, name="Rope", variation="60 m, blue")
    make_product("LAMP", 0, name="Head lamp")
    make_product("STOVE", 0, name="Gas stove")
    for sku, point, target in (
        ("TENT-4", 10, 30),
        ("A-SKU-WITH-A-VERY-LONG-CODE-WITHOUT-ANY-SPACE-0001", 3, 5),
        ("LAMP", 12, 24),
    ):
        hold(sku, point, target)
    west = make_second_warehouse()
    hold("LAMP", 2, 4, west)
    make_order([("STOVE", 3, "60.00"), ("TENT-4", 7, "200.00")])
    make_supplier("NORD", "TENT-4", "LAMP", pack=4, minimum=8, supplier_sku="N-4711", minimum_order=Decimal(500))
    make_supplier("SUD", "STOVE", price=Decimal("31.50"))
    sell("LAMP", 4, 0, 6, 2)
    work_out(weeks=4)
    hold("LAMP", 1200, 1300)
    return Supplier.objects.get(code="NORD")


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_it_fits_and_nothing_is_blocked(desk: Any, shop: Supplier, request: pytest.FixtureRequest) -> None:
    desk.log_in("manager")
    desk.open(URL)
    desk.page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")

    assert desk.width() <= desk.page.viewport_size["width"]
    assert desk.complaints == []
    if SHOTS:
        desk.page.screenshot(path=f"{SHOTS}/list-{desk.page.viewport_size['width']}.png", full_page=True)


def test_all_boxes_are_ticked_at_once_and_one_click_drafts(desk: Any, shop: Supplier) -> None:
    desk.log_in("manager")
    desk.open(f"{URL}?supplier={shop.pk}")

    desk.page.check("[data-picks=pick]")
    boxes = desk.page.locator("[name=pick]")
    assert boxes.count() == desk.page.locator("[name=pick]:checked").count() == 3
    desk.page.locator("[name=pick]").first.uncheck()
    desk.page.click("button[value=draft]")
    desk.page.wait_for_load_state("networkidle")

    assert "2 draft purchase orders made" in desk.page.inner_text("body")
    assert PurchaseOrderLine.objects.count() == 2
    if SHOTS:
        desk.page.screenshot(path=f"{SHOTS}/drafted.png", full_page=True)
    assert desk.complaints == []
