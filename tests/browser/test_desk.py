"""The day's work in a real browser: pages fit a phone, nothing is blocked or broken, an order is packed and shipped."""

from typing import Any

import pytest
from django.urls import reverse

from backoffice.sync import arrivals
from backoffice.sync.arrivals import Kept
from backoffice.sync.models import Delivery
from inventory.models import Product
from inventory.reports.named import REPORTS
from orders.models import Order
from shipping.models import Shipment
from tests.making import make_connection, make_merchant, make_order, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "NO-SUCH-SKU-WITH-A-VERY-LONG-CODE-WITHOUT-ANY-SPACE-0001"


@pytest.fixture
def order(live_server: Any) -> Order:
    make_merchant()
    make_product("TENT", 5, name="Tent for four people with a name that does not want to end on this small screen")
    make_order([(LONG, 2, "10.00")], email="a-mailbox-with-a-very-long-name-indeed@subdomain.of.a.long.example.ca")
    arrivals.keep(make_connection(), [Kept("order", "1", "k", b'{"long": "' + b"x" * 500 + b'"}')])
    return make_order([("TENT", 7, "10.00")], taxes=[("HST", "15", "10.50")], shipping="12.00")


def pages(order: Order) -> list[str]:
    first = {
        "orders_order_change": order.pk,
        "inventory_product_change": Product.objects.get().pk,
        "sync_connection_change": order.connection_id,
        "sync_connection_credentials": order.connection_id,
        "sync_arrival_change": 0,
        "sync_delivery_change": Delivery.objects.order_by("id")[0].pk,
        "orders_customer_change": order.customer_id,
        "orders_merchant_change": 1,
    }
    first["sync_arrival_change"] = order.connection.arrivals.get().pk
    lists = [
        "orders_order", "orders_hold", "orders_customer", "shipping_shipment", "inventory_product", "inventory_stocklevel",
        "inventory_movement", "inventory_listing", "accounting_invoice", "accounting_entry", "sync_connection", "sync_arrival",
        "sync_delivery",
    ]  # fmt: skip
    held = Order.objects.get(state="held")
    return [
        reverse("admin:index"),
        reverse("admin:search") + "?q=ann",
        reverse("admin:orders_order_waiting"),
        reverse("admin:inventory_product_receive"),
        reverse("admin:inventory_product_correct"),
        reverse("admin:accounting_trial_balance"),
        *[reverse(f"admin:inventory_report_{name}") + "?product=TENT&total=1" for name in REPORTS],
        reverse("admin:orders_order_change", args=[held.pk]),
        *[reverse(f"admin:{name}_changelist") for name in lists],
        *[reverse(f"admin:{name}", args=[pk]) for name, pk in first.items()],
    ]


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_main_pages_fit_and_the_browser_has_nothing_to_complain_of(desk: Any, order: Order) -> None:
    desk.log_in("manager")
    wide = desk.page.viewport_size["width"]

    too_wide, wrong = [], []
    for path in pages(order):
        desk.complaints.clear()
        assert desk.open(path).status == 200, path
        if desk.width() > wide:
            too_wide.append((path, desk.width()))
        wrong += [(path, said) for said in desk.complaints]

    assert too_wide == []
    assert wrong == []


def test_an_order_is_found_packed_and_shipped(desk: Any, order: Order) -> None:
    desk.log_in("warehouse")
    page = desk.page

    page.locator(".desk-search-large input").fill(order.number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/orders/order/{order.pk}/change/")
    assert "5 units reserved and can be packed now. Waiting for stock: 2 × TENT." in page.inner_text(".desk-answer")
    page.get_by_role("button", name="Pack what is reserved").click()
    page.wait_for_selector(".desk-parcel")
    assert "Packed as parcel" in page.inner_text("#main")
    page.get_by_label("Carrier").fill("Canada Post")
    page.get_by_label("Tracking number").fill("7023 2100 3941 4604")
    page.get_by_role("button", name="Ship", exact=True).click()
    page.wait_for_selector("text=has left")

    parcel = Shipment.objects.get()
    assert (parcel.state, parcel.tracking_number, parcel.shipped_by.username) == (
        "shipped",
        "7023210039414604",
        "warehouse",
    )
    order.refresh_from_db()
    assert order.state == Order.State.PARTLY_SHIPPED
    assert desk.complaints == []


@pytest.mark.parametrize("desk", [390], indirect=True)
def test_a_sku_is_named_on_a_phone_with_suggestions(desk: Any, order: Order) -> None:
    desk.log_in("clerk")
    page, held = desk.page, Order.objects.get(state="held")
    desk.open(reverse("admin:orders_order_change", args=[held.pk]))

    page.locator("input[name=product]").press_sequentially("tent")
    page.wait_for_selector("datalist option[value=TENT]", state="attached")
    page.locator("input[name=product]").fill("TENT")
    page.get_by_role("button", name="It means this product").click()
    page.wait_for_selector("text=1 order went on")

    held.refresh_from_db()
    assert held.state == Order.State.BACKORDER
    assert desk.complaints == []


def test_the_order_page_is_worked_by_keyboard_alone(desk: Any, order: Order) -> None:
    desk.log_in("warehouse")
    page = desk.page
    desk.open(reverse("admin:orders_order_change", args=[order.pk]))

    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Pack what is reserved":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".desk-parcel")

    assert Shipment.objects.count() == 1


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_the_preview_of_an_import_scrolls_inside_its_card(desk: Any, order: Order) -> None:
    desk.log_in("manager")
    page = desk.page
    desk.open(reverse("admin:inventory_product_import"))
    long = "a-name-without-any-space-" * 6
    body = f"sku,name,name_fr,variation,barcode,price\nNEW-1,{long},{long},{long},0628915123456,1\nNEW-2,,{long},{long},1,x\n"

    page.set_input_files("input[type=file]", {"name": "p.csv", "mimeType": "text/csv", "buffer": body.encode()})
    page.click("#content button[type=submit], main button[type=submit]")
    page.wait_for_selector("text=What is wrong")

    assert page.locator("text=What changes").count() >= 1
    assert desk.width() <= page.viewport_size["width"]
