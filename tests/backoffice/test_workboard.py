"""The home page: what waits for whom, what is wrong, in a number of statements that does not grow."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.heartbeat import NAME
from backoffice.sync import arrivals, connections
from backoffice.sync.arrivals import Kept
from backoffice.sync.models import Arrival, Connection, Heartbeat
from inventory import catalogue, kits
from tests.making import make_connection, make_merchant, make_order, make_product, make_record, take_in
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db


def home(role: str = "manager") -> dict:
    return logged_in(role).get(reverse("admin:index")).context


def tiles(role: str = "manager") -> dict[str, str]:
    return {str(tile["title"]): tile["count"] for tile in home(role)["tiles"]}


def test_it_counts_what_waits() -> None:
    make_merchant()
    make_product("TENT", 3)
    make_order([("TENT", 2, "10.00")])
    make_order([("TENT", 2, "10.00")])
    make_order([("TENT", 2, "10.00")])
    make_order([("NO-SUCH", 1, "10.00")])
    make_order([("TENT", 1, "10.00")], paid=False)

    assert tiles() == {
        "To pack": "2",
        "Packed, to be shipped": "0",
        "Waiting for stock": "2",
        "Needs a person": "1",
        "Waiting for payment": "1",
    }


def test_the_warehouse_sees_its_own_part() -> None:
    make_connection()
    shown = home("warehouse")

    assert [str(tile["title"]) for tile in shown["tiles"]] == [
        "To pack",
        "Packed, to be shipped",
        "Waiting for stock",
        "Needs a person",
    ]
    assert shown["connections"] == []


def test_a_new_shop_is_told_its_first_steps() -> None:
    steps = [step["words"] for step in home()["first_steps"]]

    assert steps == [
        "Say who sells: name, address and time zone",
        "Enter the tax registration numbers",
        "Connect the store",
        "Or add products by hand",
    ]
    make_order()
    assert home()["first_steps"] == []


def test_a_silent_worker_is_said() -> None:
    assert "The worker has never run" in home("warehouse")["alerts"][0]["sentence"]

    Heartbeat.objects.create(name=NAME, at=timezone.now())
    assert home()["alerts"] == []

    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=20))
    assert "silent for 20" in home()["alerts"][0]["sentence"]


def test_a_paused_connection_says_why() -> None:
    store = make_connection()
    connections.pause(store.pk, "The store does not accept the key. Make a new one.")

    said = [found.sentence for found in home("clerk")["connections"]]

    assert said == ["Paused: The store does not accept the key. Make a new one."]


def test_what_failed_is_an_alert_with_the_way_there() -> None:
    Heartbeat.objects.create(name=NAME, at=timezone.now())
    store = make_connection()
    arrivals.keep(store, [Kept("order", "1", "k", b"{}")])
    Arrival.objects.update(state=Arrival.State.FAILED)

    alert = home("clerk")["alerts"][0]

    assert alert["sentence"] == "1 thing that came in needs a person."
    assert alert["url"].endswith("?state__exact=failed")
    assert home("warehouse")["alerts"] == []


def test_its_statements_do_not_grow() -> None:
    make_merchant()
    make_product("TENT", 10)
    client = logged_in("manager")
    take_in([make_record() for _ in range(5)])
    few = statements(client, reverse("admin:index"))

    take_in([make_record() for _ in range(50)])
    for number in range(20):
        Connection.objects.create(name=f"Store {number}", connector="woocommerce")

    assert statements(client, reverse("admin:index")) == few
    assert few <= 12


def test_who_waits_for_what_is_archived_is_named() -> None:
    """It is on no order list, so nobody would ever order it."""
    Heartbeat.objects.create(name=NAME, at=timezone.now())
    make_merchant()
    tent, rope = make_product("TENT"), make_product("ROPE")
    kits.set_components(make_product("CAMP", stocked=False), {rope.pk: 2})
    make_order([("TENT", 2, "10.00"), ("CAMP", 1, "10.00")])
    assert home("clerk")["alerts"] == []

    catalogue.archive([tent.pk, rope.pk])

    alert = home("clerk")["alerts"][0]
    assert alert["sentence"].startswith("Orders wait for ROPE, TENT, which is archived")
    assert alert["url"].endswith("?by=product&q=ROPE")


def test_what_only_a_mouse_could_press_is_made_a_button() -> None:
    """The file that does it looks for these very words of unfold's pages (rule: U3)."""
    make_merchant()
    text = logged_in("manager").get(reverse("admin:inventory_purchaseorder_changelist")).content.decode()

    assert text.index('<a class="desk-skip" href="#content" data-menu="Menu">') < text.index('id="nav-sidebar"')
    assert 'id="content"' in text
    assert "backoffice/keyboard" in text
    for opens in ("filterOpen = true", "sidebarMobileOpen = !sidebarMobileOpen", "openUserLinks = !openUserLinks"):
        assert f'x-on:click="{opens}"' in text
