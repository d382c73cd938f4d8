"""The backorder list and the score of promises in a browser: nothing is wider than the screen, nothing complains."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders import promises
from orders.models import Order, OrderLine
from tests.expected import bought, make_supplier, sells
from tests.making import MONTREAL, make_merchant, make_order, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def waiting() -> Order:
    make_merchant()
    make_product("TENT-4P-GREEN", 5, name="Four-season tent for four people with a vestibule", variation="forest green")
    make_product("LAMP", name="Lamp")
    make_product("ROPE", name="Rope")
    today = timezone.localdate()
    mill = make_supplier("NORD", 12, name="Nordlys Textiles and Outdoor Equipment")
    sells(mill, "ROPE")
    bought("TENT-4P-GREEN", 40, today + timedelta(days=9), "PO-100041", supplier=mill)
    bought("LAMP", 2, today - timedelta(days=4), "PO-100038", supplier=mill)
    ago = timezone.now() - timedelta(days=23)
    order = make_order([("TENT-4P-GREEN", 9, "1249.99"), ("LAMP", 2, "20.00"), ("ROPE", 1, "12.50")], placed_at=ago)
    for number in range(6):
        at = ago + timedelta(days=number)
        make_order([("LAMP", 1 + number, "20.00")], placed_at=at, email=f"{number}@example.ca", address=MONTREAL)
    promises.refresh_products(list(OrderLine.objects.values_list("product_id", flat=True).distinct()))
    return order


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_the_pages_fit_and_do_not_complain(desk: Any, waiting: Order) -> None:
    desk.log_in("manager")
    wide = desk.page.viewport_size["width"]
    base = "/admin/orders/order/"
    for path in ("waiting/", "waiting/?by=customer", "waiting/?by=age", "promises/", f"{waiting.pk}/change/"):
        answer = desk.open(f"{base}{path}")
        assert answer.status == 200, path
        if SHOTS:
            desk.page.screenshot(path=f"{SHOTS}/{wide}-{len(os.listdir(SHOTS)):02}.png", full_page=True)
        assert desk.width() <= wide, path
    assert desk.complaints == []


@pytest.mark.parametrize("desk", [1280], indirect=True)
def test_from_a_product_to_its_lines_by_keyboard(desk: Any, waiting: Order) -> None:
    desk.log_in("warehouse")
    desk.open("/admin/orders/order/waiting/")
    desk.page.get_by_title("Line by line").first.focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**product=*")

    assert "PO-100038 was expected" in desk.page.content()
    assert "$" not in desk.page.inner_text("main" if desk.page.query_selector("main") else "body")
