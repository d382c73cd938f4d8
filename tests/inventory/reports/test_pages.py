"""The pages of the reports and their files: who sees what, in how many statements, and what is said where something is wrong."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounting import chart, ledger
from accounting.models import Entry
from inventory.models import Category, Product, ValueRank
from inventory.reports import abc
from inventory.reports.named import REPORTS
from tests.inventory.reports.telling import Reason, happened, warehouse
from tests.making import make_merchant, make_product, receive
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db

DAY = (timezone.now() - timedelta(days=300)).date().isoformat()
LATER = (timezone.now() - timedelta(days=290)).date().isoformat()


def address(name: str, query: str = "") -> str:
    return reverse(f"admin:inventory_report_{name}") + query


def read(client: Client, name: str, query: str = "") -> str:
    answer = client.get(address(name, query))
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def sold(sku: str, **fields: Any) -> Product:
    product = make_product(sku, **fields)
    happened(product, DAY, Reason.RECEIPT, 10, "4321.25")
    happened(product, LATER, Reason.SHIPMENT, -4)
    return product


@pytest.fixture
def shop() -> Product:
    make_merchant()
    tent = sold("TENT", name="Tent for two")
    abc.work_out()
    return tent


@pytest.mark.parametrize("role", ["warehouse", "clerk", "accountant", "manager"])
def test_quantities_are_for_all_and_values_for_who_sees_costs(shop: Product, role: str) -> None:
    client = logged_in(role)
    sees = role in ("accountant", "manager")

    for name in ("stock", "card", "dead", "abc"):
        query = f"?product=TENT&first={DAY}&total=1"
        page = read(client, name, query)
        file = b"".join(client.get(address(name, query + "&export=csv")).streaming_content).decode()
        assert "TENT" in page
        for text in (page, file):
            assert (
                "4,321.25" in text or "25,927.50" in text or "17,285" in text or "25927.5" in text or "17285" in text
            ) == (sees and name != "stock"), (name, text[-600:])
    for name in ("valuation", "turnover"):
        for query in ("", "?total=1", "?by=category", "?export=csv"):
            assert client.get(address(name, query)).status_code == (200 if sees else 403)


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "card"])
def test_a_page_needs_as_many_statements_for_forty_products_as_for_one(shop: Product, name: str) -> None:
    client = logged_in("manager")
    few = {by: statements(client, address(name, f"?by={by}&total=1")) for by in REPORTS[name].ways}

    for number in range(40):
        category = Category.objects.create(name=f"C{number}", path=f"C{number}")
        sold(f"MORE-{number:02d}", category=category)
    abc.work_out()

    assert {by: statements(client, address(name, f"?by={by}&total=1")) for by in few} == few
    assert max(few.values()) <= 20


def test_a_card_needs_as_many_statements_for_many_movements_as_for_few(shop: Product) -> None:
    client = logged_in("manager")
    query = f"?product=TENT&first={DAY}"
    few = statements(client, address("card", query))

    for number in range(60):
        happened(shop, LATER, Reason.COUNT, 1, place=warehouse(f"W{number % 5}"))

    assert statements(client, address("card", query)) == few


def test_a_long_card_goes_on_from_page_to_page(shop: Product) -> None:
    for _ in range(120):
        happened(shop, LATER, Reason.COUNT, 1, "1.00")
    client = logged_in("clerk")

    answer = client.get(address("card", f"?product=TENT&first={DAY}"))
    second = client.get(address("card", answer.context["next"]))

    assert len(answer.context["table"]) == 100
    assert len(second.context["table"]) == 22
    assert "Before this page" in second.content.decode()
    assert answer.context["next"] in answer.content.decode().replace("&amp;", "&")
    assert second.context["next"] is None


def test_the_files_hold_the_whole_report_and_numbers_are_numbers(shop: Product) -> None:
    for number in range(60):
        receive(make_product(f"P-{number:02d}", name="=1+1").sku, 2, "3.00")
    client = logged_in("manager")

    text = b"".join(client.get(address("valuation", "?export=csv")).streaming_content).decode("utf-8-sig")
    book = load_workbook(io.BytesIO(b"".join(client.get(address("valuation", "?export=xlsx")).streaming_content)))

    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 61
    assert rows[0] == {
        "sku": "P-00", "name": "'=1+1", "category": "", "on_hand": "2", "unit_value": "3.00", "value": "6.00",
    }  # fmt: skip
    sheet = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert sheet[0] == ["sku", "name", "category", "on_hand", "unit_value", "value"]
    assert sheet[1] == ["P-00", "'=1+1", None, 2, 3, 6]
    assert len(sheet) == 62
    answer = client.get(address("stock", f"?last={LATER}&by=place&export=xlsx"))
    assert answer["Content-Disposition"] == f'attachment; filename="stock-place-{LATER}.xlsx"'
    assert "no-store" in answer["Cache-Control"]


def test_the_card_as_a_file_has_each_movement_by_the_merchants_clock(shop: Product) -> None:
    client = logged_in("manager")

    answer = client.get(address("card", f"?product=tent&first={DAY}&export=csv"))

    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["at"][:16], row["reason"], row["quantity"], row["on_hand"], row["value"]) for row in rows] == [
        (f"{DAY}T12:00", "receipt of goods", "10", "10", "43212.50"),
        (f"{LATER}T12:00", "shipped", "-4", "6", "25927.50"),
    ]


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("stock", "?last=soon", "“soon” is no day; write it as 2026-12-31."),
        ("stock", "?last=0001-01-01", "0001-01-01 is too far away."),
        ("stock", "?last=9999-12-31", "9999-12-31 is too far away."),
        ("stock", "?warehouse=99999", "What was chosen from a list is not there any more."),
        ("stock", "?category=²", "What was chosen from a list is not there any more."),
        ("turnover", "?first=2026-03-02&last=2026-03-01", "The first day is after the last one."),
        ("dead", "?idle=soon", "“soon” is no number of units."),
        ("dead", "?idle=0", "say a number from 1"),
        ("card", "?product=NO-SUCH", "No product has the SKU or barcode “NO-SUCH”."),
        ("card", "", "Type or scan the product whose card you want to see."),
        ("stock", "?q=nothing", "Nothing fits what is asked for."),
        ("stock", "?by=moon", "TENT"),
        ("abc", "?after=moon", "TENT"),
        ("card", "?product=TENT&after=moon", "Nothing moved in these days."),
        ("card", "?product=TENT&after=2026-01-01&after=0&after=0", "Nothing moved in these days."),
        ("turnover", f"?first=2000-01-01&last={LATER}", "TENT"),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(shop: Product, name: str, query: str, said: str) -> None:
    assert said in read(logged_in("manager"), name, query)


def test_empty_reports_say_so() -> None:
    client = logged_in("manager")

    for name in ("stock", "valuation", "dead", "turnover"):
        for by in REPORTS[name].ways:
            assert "There is nothing to report for these days." in read(client, name, f"?by={by}")
        assert "Products" in read(client, name, "?total=1")
    assert "The products are not ranked yet." in read(client, "abc")


def test_ranking_anew_is_a_button_and_not_a_link(shop: Product) -> None:
    ValueRank.objects.all().delete()
    client = logged_in("warehouse")

    assert client.get(address("abc_work_out")).status_code == 405
    assert logged_in("nobody").post(address("abc_work_out")).status_code == 403
    assert client.post(address("abc_work_out")).status_code == 302
    assert ValueRank.objects.get().value_class == "A"


def test_the_books_are_put_beside_the_stock() -> None:
    """The stock of TENT came without the books' knowing; 3 at 3.3333 are 9.9999 here and 10.00 there."""
    make_merchant()
    client = logged_in("manager")
    receive(make_product("THIRDS").sku, 3, "3.3333")
    receive(make_product("FIFTHS").sku, 1, "0.0050")
    page = read(client, "valuation", "?total=1")
    assert "It comes from rounding: the books are kept in cents, and 2 entries went into the account." in page
    assert "Rounding to cents does not explain" not in page

    happened(make_product("TENT"), DAY, Reason.OPENING, 2, "50.00")
    page = read(client, "valuation", "?total=1")
    assert "Rounding to cents does not explain this much." in page
    assert "−$99.99" in page

    opening = [(chart.INVENTORY, Decimal("99.99")), (chart.OPENING, Decimal("-99.99"))]
    today = timezone.localdate()
    ledger.post([ledger.Draft("opening", Entry.Kind.STOCK, today, "Opening", "CAD", opening)])
    assert "The books and the stock agree." in read(client, "valuation", "?total=1")
    assert "Beside the books" not in read(client, "valuation", "?total=1&q=TENT")
