"""S4: the backorder list on screen, as files and on paper, by age, by product and by customer."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice import backorder_mail, daily_lists, goods, outward
from inventory.models import Location, Product
from orders import backorder_list, backorders
from orders.backorder_list import Asked
from orders.models import LineComponent, Merchant, OrderLine
from tests.expected import bought
from tests.making import MONTREAL, make_merchant, make_order, make_product
from tests.reading import Read
from tests.smtp import MailServer, subject_of
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db
URL = reverse("admin:orders_order_waiting")


def days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def shop() -> None:
    """Ann waits for 2 stoves and 4 of 9 tents, Zoé for a kit of a stove and two poles, the longest."""
    make_merchant()
    make_product("TENT", 5)
    stove, pole = make_product("STOVE"), make_product("POLE")
    make_product("SET")
    make_order([("TENT", 9, "100.00"), ("STOVE", 2, "20.00")], placed_at=days_ago(3))
    kit = make_order([("SET", 1, "80.00")], placed_at=days_ago(10), email="zoe@example.ca", address=MONTREAL)
    LineComponent.objects.create(line=kit.lines.get(), product=stove, quantity=1)
    LineComponent.objects.create(line=kit.lines.get(), product=pole, quantity=2)
    make_order([("TENT", 7, "100.00")], paid=False)
    bought("STOVE", 3, date(timezone.now().year + 1, 6, 1), "41")


def page(**asked: Any) -> Any:
    return logged_in("clerk").get(URL, asked)


def test_by_age_the_longest_wait_first(shop: None) -> None:
    rows = page(by="age").context["rows"]

    assert [(row.sku, row.units, row.customer, days) for row, _, _, days in rows] == [
        ("SET", 1, "Zoé Tremblay", 10),
        ("TENT", 4, "Ann Côté", 3),
        ("STOVE", 2, "Ann Côté", 3),
    ]
    # 4 of 9 tents at 900.00, before tax.
    assert [str(row.value) for row, *_ in rows] == ["80.00", "400.00", "40.00"]
    assert "purchase order 41" in rows[2][2]
    assert "POLE: nothing is on order" in rows[0][2]


def test_by_product_a_kit_counts_as_its_components(shop: None) -> None:
    apart = Location.objects.create(code="Q", name="Quarantine", sellable=False)
    goods.receive([goods.Goods(Product.objects.get(sku="TENT").pk, 12, location_id=apart.pk)], key="apart")
    rows = page(by="product").context["rows"]

    assert {row.sku: (row.units, row.orders) for row, *_ in rows} == {"POLE": (2, 1), "STOVE": (3, 2), "TENT": (4, 1)}
    assert [(row.sku, row.on_hand, row.on_order) for row, *_ in rows] == [
        ("POLE", 0, 0),
        ("STOVE", 0, 3),
        ("TENT", 5, 0),
    ]
    assert sum(row.units for row, *_ in rows) == sum(backorders.waiting().values())
    stove = rows[1][0].id
    lines = page(by="product", product=stove)
    assert [(row.sku, row.units) for row, *_ in lines.context["rows"]] == [("SET", 1), ("STOVE", 2)]
    assert lines.context["about"] == "STOVE Product STOVE"


def test_by_customer_with_what_it_is_worth(shop: None) -> None:
    rows = page(by="customer").context["rows"]

    assert [(row.name, row.units, row.orders, days) for row, _, _, days in rows] == [
        ("Ann Côté", 6, 1, 3),
        ("Zoé Tremblay", 1, 1, 10),
    ]
    assert [[(currency, str(value)) for currency, value in row.values] for row, *_ in rows] == [
        [("CAD", "440.00")],
        [("CAD", "80.00")],
    ]
    lines = page(by="customer", customer=rows[0][0].id).context["rows"]
    assert [row.sku for row, *_ in lines] == ["TENT", "STOVE"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"by": "age", "q": "stov"}, ["STOVE"]),
        ({"by": "age", "q": "tremblay"}, ["SET"]),
        ({"by": "product", "q": "pol"}, ["POLE"]),
        ({"by": "age", "q": "100%"}, []),
    ],
)
def test_it_is_searched(shop: None, asked: dict[str, str], found: list[str]) -> None:
    answer = page(**asked)

    assert [row.sku for row, *_ in answer.context["rows"]] == found
    assert found or "Nothing that waits fits this" in answer.content.decode()


def test_the_warehouse_sees_no_value(shop: None) -> None:
    client = logged_in("warehouse")

    for by in ("age", "product", "customer"):
        assert "400.00" not in client.get(URL, {"by": by}).content.decode()
        assert "440.00" not in client.get(URL, {"by": by}).content.decode()
        table = b"".join(client.get(URL, {"by": by, "export": "csv"}).streaming_content).decode()
        assert "value" not in table
        assert "400" not in table
    assert "$400.00" not in Read(client.get(URL, {"by": "age", "export": "pdf"}).content).text()


def test_as_files(shop: None) -> None:
    client = logged_in("clerk")

    text = b"".join(client.get(URL, {"by": "age", "export": "csv"}).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["sku"], row["units"], row["days"], row["value"]) for row in rows] == [
        ("SET", "1", "10", "80.00"),
        ("TENT", "4", "3", "400.00"),
        ("STOVE", "2", "3", "40.00"),
    ]
    book = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get(URL, {"by": "product", "export": "xlsx"}).streaming_content))
    )
    cells = list(book.active.iter_rows(values_only=True))
    assert [(row[0], row[1], row[6]) for row in cells[1:]] == [
        ("POLE Product POLE", "SET", 2),
        ("STOVE Product STOVE", "SET", 1),
        ("STOVE Product STOVE", "STOVE", 2),
        ("TENT Product TENT", "TENT", 4),
    ]


@pytest.mark.parametrize("by", ["age", "product", "customer"])
def test_on_paper(shop: None, by: str) -> None:
    answer = logged_in("clerk").get(URL, {"by": by, "export": "pdf"})

    text = Read(answer.content).text()
    assert answer["Content-Type"] == "application/pdf"
    for words in ("Backorders", "Product TENT", "Ann Côté", "$400.00", "purchase order 41"):
        assert words in text


def test_pages_go_on_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch, shop: None) -> None:
    make_order([("TENT", 1, "1.00")] * 7, placed_at=days_ago(3), email="zoe@example.ca", address=MONTREAL)
    for by, read in (
        ("age", backorder_list.lines),
        ("product", backorder_list.products),
        ("customer", backorder_list.customers),
    ):
        asked, seen = Asked(), []
        while True:
            part = read(asked, limit=2) if by != "customer" else read(asked, limit=1)
            seen += [getattr(row, "line_id", getattr(row, "id", 0)) for row in part.rows]
            if not part.after:
                break
            asked = Asked(after=part.after)
        assert len(seen) == len(set(seen)) == {"age": 10, "product": 3, "customer": 2}[by], by
        assert len([row for _, row in backorder_list.every_line(by, Asked())]) == (11 if by == "product" else 10)


@pytest.mark.parametrize("after", [["x", "y"], ["2026-01-01", "x", "1"], ["", "", ""]])
@pytest.mark.parametrize("by", ["age", "product", "customer"])
def test_an_address_that_was_changed_by_hand_begins_at_the_beginning(shop: None, by: str, after: list[str]) -> None:
    assert page(by=by, after=after).status_code == 200


def test_nothing_waits() -> None:
    assert "No order waits for stock." in page().content.decode()
    assert "No order waits for stock." in Read(page(export="pdf").content).text()


@pytest.mark.parametrize("by", ["age", "product", "customer"])
def test_a_page_needs_no_more_statements_for_more_rows(by: str) -> None:
    make_product("TENT")
    make_product("LAMP")
    make_order([("TENT", 1, "1.00"), ("LAMP", 1, "1.00")])
    client = logged_in("manager")
    few = statements(client, f"{URL}?by={by}")

    for number in range(12):
        make_product(f"P{number}")
        make_order([(f"P{number}", 1, "1.00")] * 3, email=f"{number}@example.ca")

    assert statements(client, f"{URL}?by={by}") == few


def test_a_download_that_is_counted_waits_on_the_list_too(shop: None) -> None:
    line = make_order([("STOVE", 1, "1.00")]).lines.get()
    OrderLine.objects.filter(pk=line.pk).update(needs_shipping=False)
    line.order.state = "done"
    line.order.save(update_fields=["state"])

    assert line.pk in [row.line_id for row in backorder_list.lines(Asked()).rows]


# --- by mail --------------------------------------------------------------------------------------------------------------
def morning(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 11, day, hour, 5, tzinfo=ZoneInfo("America/Toronto"))


def test_it_is_mailed_once_each_working_morning(shop: None, mail_server: MailServer) -> None:
    Merchant.objects.update(backorder_list_email="office@boreal.example")

    asked = [
        backorder_mail.TOPIC in daily_lists.wish_due(now=now)
        for now in (morning(25, 5), morning(25), morning(25, 9), morning(28))
    ]
    outward.deliver()
    outward.deliver()

    assert asked == [False, True, False, False]
    (mail,) = [m for m in mail_server.mails if "backorders" in str(m["Message-ID"])]
    text = mail.get_body(("plain",)).get_content()
    assert subject_of(mail) == "Backorders of November 25, 2026"
    assert "Lines: 3 · Units: 7 · Orders: 2" in text
    assert "2 × Product STOVE. Promised: June" in text
    names = {part.get_filename(): part for part in mail.iter_attachments()}
    kinds = [(by, kind) for by in ("product", "customer", "age") for kind in ("pdf", "xlsx")]
    assert set(names) == {f"backorders-2026-11-25-{by}.{kind}" for by, kind in kinds}
    paper = Read(names["backorders-2026-11-25-product.pdf"].get_content()).text()
    assert "Product STOVE" in paper
    assert "400.00" not in paper
    assert "400" not in text


def test_with_amounts_where_the_merchant_wants_them_in_that_mailbox(shop: None, mail_server: MailServer) -> None:
    Merchant.objects.update(backorder_list_email="office@boreal.example", backorder_list_amounts=True)
    daily_lists.wish_due(now=morning(25))
    outward.deliver()

    (mail,) = [m for m in mail_server.mails if "backorders" in str(m["Message-ID"])]
    papers = [Read(part.get_content()).text() for part in mail.iter_attachments() if "pdf" in part.get_filename()]
    assert len(papers) == 3
    assert all("400.00" in paper for paper in papers)


def test_in_french(shop: None, mail_server: MailServer) -> None:
    Merchant.objects.update(backorder_list_email="office@boreal.example", language="fr")
    daily_lists.wish_due(now=morning(25))
    outward.deliver()

    (mail,) = [m for m in mail_server.mails if "backorders" in str(m["Message-ID"])]
    assert subject_of(mail) == "Commandes en attente du 25 novembre 2026"
    assert "bon de commande 41" in Read(next(iter(mail.iter_attachments())).get_content()).text()


def test_where_nobody_is_named_or_nothing_waits_nothing_is_mailed(mail_server: MailServer) -> None:
    make_merchant()
    assert backorder_mail.TOPIC not in daily_lists.wish_due(now=morning(25))
    Merchant.objects.update(backorder_list_email="office@boreal.example")
    daily_lists.wish_due(now=morning(26))
    outward.deliver()

    assert not mail_server.mails


def test_what_is_waited_for_is_found_behind_products_that_nobody_waits_for(
    shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backorder_list, "WINDOW", 1)
    for number in range(12):
        make_product(f"A{number:02}")
        make_product(f"STOVE-{number:02}", 1)

    found, asked = [], Asked()
    for _ in range(4):
        part = backorder_list.products(asked, limit=1)
        found += [row.sku for row in part.rows]
        asked = Asked(after=part.after)
        if not part.after:
            break

    assert found == ["POLE", "STOVE", "TENT"]
    assert [row.sku for row in backorder_list.products(Asked(text="tent"), limit=1).rows] == ["TENT"]
