"""Moving, putting away and transferring in a real browser: the pages fit a phone, and a transfer is sent and received."""

import os
from typing import Any

import pytest
from django.urls import reverse

from backoffice import goods, moving, transferring
from inventory import ledger, places, transfers
from inventory.models import Location, Product, StockLevel, Transfer, WarehouseProduct
from tests.making import make_connection, make_merchant, make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Tent for four people with a name that does not want to end on this small screen"
PICTURES = os.environ.get("PICTURES", "")


@pytest.fixture
def paper(live_server: Any) -> Transfer:
    make_merchant()
    make_connection()
    main = ledger.default_location()
    quebec = Location.objects.create(code="QC", name="Entrepôt de Québec", pick_order=200)
    tent, pegs = make_product("TENT", 12, name=LONG), make_product("PEGS-WITH-A-LONG-SKU-0001", 30)
    places.add_bins(main.pk, ["A-01", "A-02"], kind=Location.Kind.BIN, first_pick_order=10)
    places.add_bins(quebec.pk, ["Q-01"], kind=Location.Kind.BIN, first_pick_order=10)
    places.add_bins(main.pk, ["HOLD"], kind=Location.Kind.QUARANTINE, first_pick_order=90)
    moving.set_own_bins({(tent.pk, main.pk): places.named("A-01").pk})
    goods.receive([goods.Goods(pegs.pk, 4, location_id=places.named("A-02").pk)], key="there")
    WarehouseProduct.objects.create(
        product=make_product("LAMP", 40), warehouse=quebec, reorder_point=5, target_level=20
    )
    lines = [transfers.Wanted(tent.pk, 4), transfers.Wanted(pegs.pk, 10)]
    sent = transfers.draft(source_id=main.pk, destination_id=quebec.pk, lines=lines, note="With the Tuesday van")
    transferring.send(sent.pk)
    return transfers.draft(source_id=main.pk, destination_id=quebec.pk, lines=lines)


def pages(paper: Transfer) -> dict[str, str]:
    main, sent = paper.source_id, Transfer.objects.get(state="in_transit").pk
    return {
        "places": reverse("admin:inventory_location_changelist"),
        "add": reverse("admin:inventory_location_add"),
        "warehouse": reverse("admin:inventory_location_change", args=[main]),
        "bin": reverse("admin:inventory_location_change", args=[places.named("A-01").pk]),
        "bins": reverse("admin:inventory_location_bins", args=[main]),
        "stock": reverse("admin:inventory_location_stock", args=[main]),
        "move": reverse("admin:inventory_location_move") + "?product=TENT&from=MAIN&units=3",
        "put-away": reverse("admin:inventory_location_put_away"),
        "transfers": reverse("admin:inventory_transfer_changelist"),
        "new": reverse("admin:inventory_transfer_add"),
        "suggested": f"{reverse('admin:inventory_transfer_add')}?do=suggest&source={main}&destination={paper.destination_id}",
        "draft": reverse("admin:inventory_transfer_change", args=[paper.pk]),
        "sent": reverse("admin:inventory_transfer_change", args=[sent]),
        "product": reverse("admin:inventory_product_change", args=[Product.objects.get(sku="TENT").pk]),
    }


@pytest.mark.parametrize("desk", [1280, 390], indirect=True)
def test_pages_fit_and_the_browser_has_nothing_to_complain_of(desk: Any, paper: Transfer) -> None:
    desk.log_in("manager")
    wide = desk.page.viewport_size["width"]

    too_wide, wrong = [], []
    for name, path in pages(paper).items():
        desk.complaints.clear()
        assert desk.open(path).status == 200, path
        if PICTURES:
            desk.page.screenshot(path=f"{PICTURES}/{name}-{wide}.png", full_page=True)
        if desk.width() > wide:
            too_wide.append((path, desk.width()))
        wrong += [(path, said) for said in desk.complaints]

    assert too_wide == []
    assert wrong == []


@pytest.mark.parametrize("desk", [390], indirect=True)
def test_a_transfer_is_sent_and_received_on_a_phone(desk: Any, paper: Transfer) -> None:
    desk.log_in("warehouse")
    page = desk.page
    desk.open(reverse("admin:inventory_transfer_change", args=[paper.pk]))

    page.locator("input[name^=units-]").first.fill("7")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_selector("text=11 units are on their way")
    page.locator("input[name^=units-]").first.fill("5")
    page.locator("input[name^=lost-]").first.fill("2")
    page.locator("select[name^=place-]").first.select_option(label="Q-01")
    page.get_by_role("button", name="Receive", exact=True).click()
    page.wait_for_selector("text=9 units received. 2 are lost")

    paper.refresh_from_db()
    assert paper.state == Transfer.State.RECEIVED
    assert StockLevel.objects.get(location__name="Q-01").on_hand == 5
    assert desk.complaints == []


@pytest.mark.parametrize("desk", [390], indirect=True)
def test_goods_are_put_away_on_a_phone(desk: Any, paper: Transfer) -> None:
    desk.log_in("warehouse")
    page = desk.page
    desk.open(reverse("admin:inventory_location_put_away"))

    page.get_by_label("TENT", exact=True).check()
    page.get_by_role("button", name="Put away").click()
    page.wait_for_selector("text=8 units moved")

    assert StockLevel.objects.get(location__name="A-01").on_hand == 8
    assert desk.complaints == []
