"""What the API shows: whole, narrowed, in a constant number of statements, and no money to who may not see it."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import goods, journey
from inventory.models import Location, Product
from orders.models import Hold, Order, TimelineEntry
from tests.api.conftest import Call, sentences
from tests.making import make_connection, make_merchant, make_order, make_product

LISTS = ["orders/", "products/", "stock/", "shipments/", "invoices/"]


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    make_product("TENT", 1000, price="120.00")


def said_in(answer: Any) -> str:
    """What an answer says, without its times and numbers of orders: a second of 9.99 is no amount."""
    return re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?|\"1\d{5}(-\d+)?\"", "", answer.content.decode())


def read(client: Any, path: str, **asked: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_often_for_thirty_rows_as_for_one(caller: Call, path: str) -> None:
    client = caller()
    counts = []
    for wanted in (1, 30):
        while Order.objects.count() < wanted:
            order = make_order(taxes=(("HST", "14", "14.00"),))
            make_product(f"P{order.pk}", 3)
            journey.ship([journey.pack([order.pk])[0].pk])
        read(client, path)
        with CaptureQueriesContext(database) as asked:
            answer = read(client, path, page_size=200)
        assert len(answer["results"]) >= wanted
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 8


def test_one_order_asks_as_often_for_thirty_lines_as_for_one(caller: Call) -> None:
    client = caller()
    counts = []
    for lines in (1, 30):
        order = make_order([("TENT", 1, "1.00")] * lines)
        journey.pack([order.pk])
        read(client, f"orders/{order.number}/")
        with CaptureQueriesContext(database) as asked:
            assert len(read(client, f"orders/{order.number}/")["lines"]) == lines
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_order_shows_how_far_each_line_is(caller: Call) -> None:
    make_product("LAMP", 1)
    order = make_order([("TENT", 2, "100.00"), ("LAMP", 3, "10.00")], shipping="9.99", taxes=(("HST", "14", "33.60"),))
    journey.ship([journey.pack([order.pk], quantities={order.lines.get(sku="TENT").pk: 2})[0].pk])
    said = read(caller(), f"orders/{order.number}/")

    figures = [
        {name: line[name] for name in ("sku", "ordered", "allocated", "shipped", "backordered", "cancelled")}
        for line in said["lines"]
    ]
    assert figures == [
        {"sku": "TENT", "ordered": 2, "allocated": 0, "shipped": 2, "backordered": 0, "cancelled": 0},
        {"sku": "LAMP", "ordered": 3, "allocated": 1, "shipped": 0, "backordered": 2, "cancelled": 0},
    ]
    assert said["shipping_address"]["postal_code"] == "B3H 1A1"
    assert [(c["kind"], c["amount"]) for c in said["charges"]] == [("shipping", "9.990")]
    assert [(t["code"], t["rate"]) for t in said["taxes"]] == [("HST", "14.00000")]
    assert said["payments"][0]["method"] == "Visa"
    assert [(s["number"], s["state"], s["lines"][0]["quantity"]) for s in said["shipments"]] == [
        (f"{order.number}-1", "shipped", 2)
    ]
    assert said["timeline"][0]["what"] == "shipped"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"1", "2", "3"}),
        ({"state": "backorder"}, {"2"}),
        ({"connection": "Other shop"}, {"3"}),
        ({"external_number": "2"}, {"2"}),
        ({"email": " ANN@example.ca"}, {"1", "2"}),
        ({"sku": "LAMP"}, {"2"}),
        ({"placed_after": "2026-11-02T15:00:00Z"}, {"1", "2", "3"}),
        ({"placed_before": "2026-11-02T15:00:00Z"}, set()),
        ({"updated_after": "2020-01-01T00:00:00Z"}, {"1", "2", "3"}),
        ({"updated_after": "2126-01-01T00:00:00Z"}, set()),
    ],
)
def test_orders_are_narrowed(caller: Call, asked: dict[str, str], found: set[str]) -> None:
    make_product("LAMP")
    make_order(external_id="1")
    make_order([("LAMP", 1, "5.00")], external_id="2")
    make_order(external_id="3", email="bob@example.ca", connection=make_connection(name="Other shop"))

    assert {order["external_number"] for order in read(caller(), "orders/", **asked)["results"]} == found


def test_a_question_that_is_not_understood_is_refused(caller: Call) -> None:
    answer = caller().get("/api/v1/orders/", {"stat": "held", "placed_after": "yesterday"})

    assert answer.status_code == 400
    assert "stat" in sentences(answer)
    answer = caller().get("/api/v1/orders/", {"placed_after": "yesterday"})
    assert "placed_after" in sentences(answer)


def test_pages_follow_each_other_without_gap_or_double(caller: Call) -> None:
    numbers = [make_order().number for _ in range(5)]
    client, seen = caller(), []
    path = "/api/v1/orders/?page_size=2"
    while path:
        page = client.get(path).json()
        seen += [order["number"] for order in page["results"]]
        path = page["next"]
    assert seen == numbers[::-1]


def test_stock_is_shown_by_place_and_in_all(caller: Call) -> None:
    make_product("LAMP", 5)
    quarantine = Location.objects.create(code="Q", name="Quarantine", sellable=False)
    lamp = Product.objects.get(sku="LAMP")
    goods.receive([goods.Goods(lamp.pk, 2, location_id=quarantine.pk)], key="q")
    make_order([("LAMP", 1, "5.00")])
    said = read(caller(), "stock/?sku=LAMP&sku=TENT&sku=NONE")["results"]

    assert [row["sku"] for row in said] == ["LAMP", "TENT"]
    assert {name: said[0][name] for name in ("on_hand", "reserved", "available")} == {
        "on_hand": 7, "reserved": 1, "available": 4,
    }  # fmt: skip
    assert [
        tuple(row[name] for name in ("location", "on_hand", "available", "sellable")) for row in said[0]["locations"]
    ] == [
        ("MAIN", 5, 4, True),
        ("Q", 2, 0, False),
    ]


def test_a_product_is_found_by_its_exact_sku(caller: Call) -> None:
    make_product("90.750", barcode="4006381333931")
    make_product("0017")

    assert read(caller(), "products/90.750/")["barcode"] == "4006381333931"
    assert [row["sku"] for row in read(caller(), "products/", sku="0017")["results"]] == ["0017"]
    assert caller().get("/api/v1/products/17/").status_code == 404


def test_an_invoice_and_its_pdf_are_those_that_are_kept(caller: Call) -> None:
    order = make_order()
    client = caller()
    label = read(client, "invoices/", order=order.number)["results"][0]["label"]
    first, second = (client.get(f"/api/v1/invoices/{label}/pdf/", headers={"Accept": "application/pdf"}) for _ in "12")

    assert first["Content-Type"] == "application/pdf"
    assert first.content.startswith(b"%PDF")
    assert first.content == second.content
    assert len(read(client, f"invoices/{label}/")["pdf_sha256"]) == 64


@pytest.mark.parametrize("kind", ["slip", "label"])
def test_papers_are_pdfs(caller: Call, kind: str) -> None:
    order = make_order()
    journey.pack([order.pk])
    answer = caller("warehouse").get(f"/api/v1/orders/{order.number}/{kind}.pdf")

    assert answer.status_code == 200, answer.content
    assert answer.content.startswith(b"%PDF")
    assert "no-store" in answer["Cache-Control"]


def test_the_warehouse_sees_no_money(caller: Call) -> None:
    order = make_order(shipping="9.99", taxes=(("HST", "14", "15.40"),))
    held = make_order(total=Decimal("8765.43"))
    client = caller("warehouse")
    seen = [said_in(client.get(f"/api/v1/{path}")) for path in ("orders/", "products/", "stock/", "shipments/")]
    seen += [said_in(client.get(f"/api/v1/orders/{number}/")) for number in (order.number, held.number)]

    for amount in ("100.0", "9.99", "15.4", "125.39", "8765.43", "120.00", "10.00", "Visa", "ch_"):
        assert not [text for text in seen if amount in text], amount


def test_the_warehouse_reads_sentences_without_their_amounts(caller: Call) -> None:
    """The sentence of any hold and of any line of the timeline may name an amount, not only that of one kind."""
    order = make_order()
    said = "The store's total is now 226.00 CAD, but the invoice was issued over 113.00 CAD."
    Hold.objects.create(order=order, code="invoice", stops=Hold.Stops.NOTHING, sentence=said, released_why="3.50 off")
    TimelineEntry.objects.create(order=order, at=timezone.now(), who="store", what="held", sentence=said)

    shown = caller("warehouse").get(f"/api/v1/orders/{order.number}/")
    masked = "The store's total is now …, but the invoice was issued over …."
    assert not [amount for amount in ("226.00", "113.00", "3.50") if amount in said_in(shown)]
    assert (shown.json()["holds"][0]["sentence"], shown.json()["timeline"][0]["sentence"]) == (masked, masked)
    assert caller().get(f"/api/v1/orders/{order.number}/").json()["holds"][0]["sentence"] == said


@pytest.mark.parametrize(
    "path",
    [
        "products/%00/", "invoices/%00/", "invoices/%00/pdf/", "orders/%00/slip.pdf",
        *(f"{path}?{asked}" for path in LISTS for asked in ("sku=%00", "cursor=%00")),
    ],
)  # fmt: skip
def test_a_zero_byte_in_the_address_is_refused(caller: Call, path: str) -> None:
    answer = caller().get(f"/api/v1/{path}")

    assert answer.status_code == 400
    assert "NUL" in sentences(answer)[""]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("cursor=cD1hYmM=", "cursor"),  # position "abc"
        ("cursor=cD0=", "cursor"),  # position ""
        ("cursor=cD3Csg==", "cursor"),  # position "²", which isdigit() takes for a figure
        ("cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor"),
        ("cursor=nonsense", "cursor"),
        ("page_size=0", "page_size"),
        ("page_size=abc", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=²", "page_size"),
        ("page_size=", "page_size"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(caller: Call, path: str, asked: str, field: str) -> None:
    answer = caller().get(f"/api/v1/{path}?{asked}")

    assert answer.status_code == 400
    assert field in sentences(answer)


def test_a_figure_that_only_looks_like_one_is_a_connections_name(caller: Call) -> None:
    make_order(connection=make_connection(name="²"))

    assert len(read(caller(), "orders/", connection="²")["results"]) == 1
    assert read(caller(), "orders/", connection="³")["results"] == []


def test_a_page_is_at_most_two_hundred_rows(caller: Call) -> None:
    make_order()

    assert len(read(caller(), "orders/", page_size="99999999999999999999")["results"]) == 1


def test_nothing_is_at_an_address_where_nothing_is(caller: Call) -> None:
    for path in ("orders/999999/", "nowhere/", "orders", "invoices/X/pdf/"):
        answer = caller().get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert sentences(answer)
