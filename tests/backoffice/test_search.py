"""One search box finds an order by everything a customer may say on the phone (rule: O7)."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.models import Invoice
from backoffice import journey, search
from orders.models import Order
from orders.records import CustomerRecord
from tests.making import HALIFAX, MONTREAL, make_merchant, make_order, make_product, make_record, take_in
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders() -> dict[str, Order]:
    make_merchant()
    make_product("TENT-4P", 50, barcode="0628915123457")
    ann = replace(
        make_record("W-5001", [("TENT-4P", 1, "100.00")]),
        customer=CustomerRecord(name="Ann Côté", email="Ann.Cote@Example.ca", phone="+1 (902) 555-0147"),
        shipping=HALIFAX,
        billing=HALIFAX,
    )
    zoe = replace(
        make_record("W-5002", [("TENT-4P", 1, "100.00")], address=MONTREAL),
        customer=CustomerRecord(name="Zoé Müller-Tremblay", email="zoe@example.ca", phone="514 555 0199"),
    )
    wu = replace(
        make_record("W-5003", [("TENT-4P", 1, "100.00")], address=replace(HALIFAX, name="Wu Li")),
        customer=CustomerRecord(name="Wu Li", email="wu@example.ca", company="Forêt Boréale inc."),
        shipping=replace(HALIFAX, name="Théo Gagné", company="Chez Gagné", phone="+1 418 555-0123"),
    )
    other = make_record(
        "W-5004",
        [("OTHER", 1, "1.00")],
        email="other@example.ca",
        address=replace(MONTREAL, name="Sam One", postal_code="V6B 1A1"),
    )
    found = take_in([ann, zoe, wu, other])
    parcel = journey.pack([found[0].pk], who="Marie")[0]
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Canada Post", "RN123456789CA")}, who="Marie")
    return dict(zip(("ann", "zoe", "wu", "other"), found, strict=True))


def names(q: str, orders: dict[str, Order]) -> set[str]:
    by_id = {order.pk: name for name, order in orders.items()}
    return {by_id[found.order.pk] for found in search.find(q)}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("W-5001", {"ann"}),
        ("#W-5001", {"ann"}),
        ("w-5001", {"ann"}),
        ("ann.cote@example.ca", {"ann"}),
        ("  ANN.COTE@EXAMPLE.CA ", {"ann"}),
        ("ann.cote@", {"ann"}),
        ("côté", {"ann"}),
        ("cote", {"ann"}),
        ("COTE ANN", {"ann"}),
        ("muller", {"zoe"}),
        ("trembl", {"zoe"}),
        ("Wu", {"wu"}),
        ("theo", {"wu"}),
        ("chez gagne", {"wu"}),
        ("foret boreale", {"wu"}),
        ("418 555 0123", {"wu"}),
        ("Sam One", {"other"}),
        ("902 555-0147", {"ann"}),
        ("19025550147", {"ann"}),
        ("+1 (902) 555 0147", {"ann"}),
        ("5145550199", {"zoe"}),
        ("h2x3j6", {"zoe"}),
        ("H2X 3J6", {"zoe"}),
        ("B3H", {"ann", "wu"}),
        ("TENT-4P", {"ann", "zoe", "wu"}),
        ("tent-4p", {"ann", "zoe", "wu"}),
        ("0628915123457", {"ann", "zoe", "wu"}),
        ("OTHER", {"other"}),
        ("RN123456789CA", {"ann"}),
        ("rn 123 456 789 ca", {"ann"}),
        ("100%", set()),
        ("_", set()),
        ("%", set()),
        ("", set()),
        ("a", set()),
        ("'; DROP TABLE orders_order; --", set()),
        ("\x00", set()),
        ("nobody of that name", set()),
    ],
)
def test_an_order_is_found_by_what_the_customer_says(orders: dict[str, Order], q: str, expected: set[str]) -> None:
    assert names(q, orders) == expected


def test_it_is_found_by_the_hubs_number_and_by_the_invoice(orders: dict[str, Order]) -> None:
    ann = orders["ann"]
    label = Invoice.objects.get(order=ann).label

    assert names(ann.number, orders) == {"ann"}
    assert names(label, orders) == {"ann"}
    assert names(label.lower(), orders) == {"ann"}


@pytest.mark.parametrize("said", ["number", "external", "tracking", "invoice"])
def test_a_number_goes_straight_to_its_order(orders: dict[str, Order], said: str) -> None:
    ann = orders["ann"]
    q = {
        "number": ann.number,
        "external": "#W-5001",
        "tracking": "RN123456789CA",
        "invoice": Invoice.objects.get(order=ann).label,
    }[said]

    answer = logged_in("clerk").get(reverse("admin:search"), {"q": q})

    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:orders_order_change", args=[ann.pk])


def test_a_name_lists_what_was_found_and_by_what(orders: dict[str, Order]) -> None:
    text = logged_in("warehouse").get(reverse("admin:search"), {"q": "cote"}).content.decode()

    assert orders["ann"].number in text
    assert orders["zoe"].number not in text
    assert '<td data-label="Found by">name</td>' in text


def test_nothing_found_says_what_to_try(orders: dict[str, Order]) -> None:
    text = logged_in("clerk").get(reverse("admin:search"), {"q": "<b>nobody</b>"}).content.decode()

    assert "Nothing was found for “&lt;b&gt;nobody&lt;/b&gt;”." in text


def test_finding_takes_two_statements_however_many_are_found() -> None:
    make_merchant()
    make_product("TENT", 500)
    take_in([make_record() for _ in range(60)])

    for limit in (5, 50):
        with CaptureQueriesContext(connection) as seen:
            assert len(search.find("TENT", limit=limit)) == limit
        assert len(seen) == 2


def test_two_orders_with_one_number_are_both_shown() -> None:
    from tests.making import make_connection

    first = make_order(external_id="77")
    second = make_order(external_id="77", connection=make_connection(name="Second store"))

    answer = logged_in("clerk").get(reverse("admin:search"), {"q": "77"})

    assert answer.status_code == 200
    assert {hit.order.pk for hit in answer.context["found"]} == {first.pk, second.pk}


def test_the_orders_list_searches_likewise(orders: dict[str, Order]) -> None:
    answer = logged_in("clerk").get(reverse("admin:orders_order_changelist"), {"q": "cote"})

    assert [order.pk for order in answer.context["cl"].result_list] == [orders["ann"].pk]


def test_each_branch_of_the_search_has_its_index(orders: dict[str, Order]) -> None:
    """With few rows the planner would rather read them all; forbidden that, it must find an index for each condition."""
    with CaptureQueriesContext(connection) as seen:
        search.matches("tremblay")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {seen[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "customer_name_trigram" in plan
    assert "address_name_trigram" in plan
    assert "Seq Scan on orders_address" not in plan
