"""The pages on counting fit the desk and the phone, and the browser has nothing to complain of."""

from typing import Any

import pytest
from django.urls import reverse

from backoffice import goods, stocktaking
from inventory import ledger
from inventory.counting import Figure
from inventory.models import CountPlan, CountSheet, Location
from tests.making import make_merchant, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "SKU-WITH-A-VERY-LONG-CODE-WITHOUT-ANY-SPACE-0001"


@pytest.fixture
def sheet(live_server: Any) -> CountSheet:
    make_merchant()
    home = ledger.default_location()
    shelf = Location.objects.create(code="A-01", name="Aisle A, shelf 1, behind the stairs", kind="bin", warehouse=home)
    product = make_product(LONG, name="Merino base layer with a name that does not want to end on a small screen")
    goods.receive([goods.Goods(product.pk, 20, None, shelf.pk)], key="first")
    plan = CountPlan.objects.create(name="Cycle count of the main hall and all its aisles", warehouse=home, blind=False)
    made = stocktaking.make_sheets(plan)[0]
    stocktaking.enter(made.pk, [Figure(made.lines.get().pk, 19)])
    return made


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_the_pages_on_counting_fit_and_nothing_is_blocked(desk: Any, sheet: CountSheet) -> None:
    desk.log_in("manager")
    width = desk.page.viewport_size["width"]
    one = reverse("admin:inventory_countsheet_change", args=[sheet.pk])
    names = (
        "countsheet_changelist",
        "countsheet_start",
        "countsheet_accuracy",
        "countplan_changelist",
        "countplan_add",
    )

    for address in (one, *(reverse(f"admin:inventory_{name}") for name in names)):
        desk.open(address)
        assert desk.width() <= width, address
    desk.open(one)
    desk.page.fill(f"input[name=units-{sheet.lines.get().pk}]", "18")
    desk.page.click("text=Note these figures")
    desk.page.wait_for_selector("text=1 figure is noted.")
    desk.page.click("text=Finish and book")
    desk.page.wait_for_selector("text=The count is booked")

    assert desk.complaints == []
    assert sheet.lines.get().movement is not None
