"""The look-up screen: what a person with a scanner is told, by role, and never a price."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory import ledger
from inventory.models import CountSheet, Location, Product, ProductPicture, PurchaseOrder, PurchaseOrderLine, Supplier
from tests import bars
from tests.bars import GTIN
from tests.making import make_merchant, make_order, make_product
from tests.staff import logged_in, make_person, statements

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tent() -> Product:
    make_merchant()
    return make_product("TENT", 5, "77.77", name="Tent for four", barcode=GTIN, price="543.21")


def look(role: str, code: str) -> str:
    answer = logged_in(role).post(reverse("floor:look_up"), {"code": code}, headers={"X-Floor": "1"})
    assert answer.status_code == 200
    assert answer["X-Floor"] == "1"
    return str(answer.content.decode())


def coming(product: Product, units: int, number: str = "PO-1001") -> PurchaseOrder:
    supplier = Supplier.objects.create(code="S", name="Sleeping Bags Ltd")
    order = PurchaseOrder.objects.create(
        number=number, supplier=supplier, warehouse=ledger.default_location(), state="sent", currency="CAD",
        expected_on=date(2026, 12, 3),
    )  # fmt: skip
    PurchaseOrderLine.objects.create(order=order, position=1, product=product, ordered=units, unit_price="66.66")
    return order


def test_a_product_shows_what_lies_where_what_is_promised_and_what_comes(tent: Product) -> None:
    make_order([("TENT", 7, "543.21")])
    coming(tent, 24)

    text = look("warehouse", GTIN)

    assert "Tent for four" in text
    assert 'data-tone="ok"' in text
    for word, figure in (("on hand", 5), ("reserved", 5), ("free to sell", 0), ("coming", 24)):
        assert f"<dt>{word}</dt><dd>{figure}</dd>" in text, word
    assert '<dt>on backorder</dt><dd class="warn">2</dd>' in text
    assert "PO-1001" in text
    assert "expected 3 Dec 2026" in text


@pytest.mark.parametrize("role", ["warehouse", "clerk", "accountant", "manager", "administrator"])
def test_nobody_reads_a_price_or_a_cost_here(tent: Product, role: str) -> None:
    order = make_order([("TENT", 7, "543.21")])
    coming(tent, 24)

    for code in ("TENT", "PO-1001", order.number, ledger.default_location().code):
        text = look(role, code)
        for amount in ("543.21", "77.77", "66.66"):
            assert amount not in text, (code, amount)


def test_a_place_shows_what_lies_there() -> None:
    text = look("clerk", ledger.default_location().code)

    assert 'data-kind="place"' in text
    assert "Tent for four" in text


def test_papers_are_shown_to_whom_they_are_open(tent: Product) -> None:
    coming(tent, 24)
    CountSheet.objects.create(number="CS-1", warehouse=ledger.default_location())

    assert "0 of 24 came" in look("clerk", "PO-1001")
    assert "Count it" in look("warehouse", "CS-1")
    CountSheet.objects.update(state="booked", booked_at=timezone.now())
    booked = look("warehouse", "CS-1")
    assert "Count sheet" in booked
    assert "Count it" not in booked
    refused = look("clerk", "CS-1")
    assert 'data-tone="refused"' in refused
    assert "Count sheet" not in refused


def test_an_order_shows_its_state_and_leads_to_its_page() -> None:
    order = make_order([("TENT", 7, "1.00")])

    text = look("warehouse", order.number)

    assert "part to pack, part on backorder" in text
    assert "2 on backorder" in text
    assert "0 of 7 shipped" in text
    assert reverse("admin:orders_order_change", args=[order.pk]) in text


def test_the_beginning_of_a_name_lists_products() -> None:
    text = look("warehouse", "four")

    assert 'data-tone="ask"' in text
    assert "1 product is named like" in text
    assert "?code=TENT" in text


def test_its_picture_is_shown_to_whoever_looks_it_up(tent: Product) -> None:
    picture = ProductPicture.objects.create(
        product=tent, picture=SimpleUploadedFile("tent.jpg", bars.jpeg(GTIN)), words="A green tent"
    )
    url = reverse("admin:inventory_product_picture", args=[picture.pk])

    assert f'src="{url}?small=1" alt="A green tent"' in look("warehouse", "TENT")
    assert logged_in("warehouse").get(f"{url}?small=1").status_code == 200


def test_an_unknown_code_is_refused_in_words_and_shown_as_text() -> None:
    text = look("warehouse", "<b>NOPE</b>")

    assert 'data-tone="refused"' in text
    assert "Not done" in text
    assert "&lt;b&gt;NOPE&lt;/b&gt;" in text
    assert "<b>NOPE" not in text


def test_without_the_script_the_same_form_answers_with_a_whole_page() -> None:
    page = logged_in("warehouse").post(reverse("floor:look_up"), {"code": "TENT"}).content.decode()

    assert page.startswith("<!DOCTYPE html>")
    assert "Tent for four" in page
    assert "<script>" not in page


def test_a_link_of_a_card_opens_the_next_one() -> None:
    page = logged_in("warehouse").get(reverse("floor:look_up"), {"code": "TENT"}).content.decode()

    assert "Tent for four" in page


def test_the_number_of_statements_does_not_grow_with_places(tent: Product) -> None:
    client, url = logged_in("warehouse"), reverse("floor:look_up") + "?code=TENT"
    before = statements(client, url)
    home = ledger.default_location()
    for number in range(20):
        bin = Location.objects.create(code=f"B{number}", name=f"B{number}", kind="bin", warehouse=home)
        ledger.record([ledger.Move(tent.pk, bin.pk, 1, "receipt", f"k{number}")])
    coming(tent, 5)

    assert statements(client, url) <= before + 1


@pytest.mark.parametrize("page", ["home", "look_up"])
def test_who_is_logged_out_is_asked_to_log_in_and_a_script_is_told(page: str) -> None:
    url = reverse(f"floor:{page}")

    assert Client().get(url)["Location"].startswith("/admin/login/?next=/floor/")
    assert Client().get(url, headers={"X-Floor": "1"}).status_code == 401


def test_customers_with_a_log_in_do_not_get_in() -> None:
    client = Client()
    client.force_login(make_person("stranger"), backend="django.contrib.auth.backends.ModelBackend")

    assert client.get(reverse("floor:look_up")).status_code == 302


def test_pages_may_use_their_own_camera_and_are_kept_nowhere() -> None:
    answer: Any = logged_in("warehouse").get(reverse("floor:look_up"))

    assert "camera=(self)" in answer["Permissions-Policy"]
    assert answer["Cache-Control"] == "private, no-store"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
