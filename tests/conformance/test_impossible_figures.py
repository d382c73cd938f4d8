"""What no order has: taken in and held with a sentence, never a failed arrival (rule: O4)."""

import json
from typing import Any

import pytest

from backoffice import inward
from backoffice.sync.models import Arrival, Connection
from orders.models import Hold, Order
from orders.stores.base import Incoming
from tests.making import make_connection, make_product
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


def order(**fields: Any) -> dict[str, Any]:
    line = {"id": 1, "name": "Tent", "sku": "TENT", "quantity": 1, "subtotal": "10.00", "total": "10.00"}
    return {
        "id": 77,
        "number": "77",
        "status": "processing",
        "currency": "CAD",
        "total": "10.00",
        "date_created_gmt": "2026-11-02T15:00:00",
        "date_modified_gmt": "2026-11-02T15:00:00",
        "date_paid_gmt": "2026-11-02T15:00:00",
        "billing": {"first_name": "Ann", "address_1": "12 Elm Street", "city": "Halifax", "state": "NS",
                    "postcode": "B3H 1A1", "country": "CA", "email": "ann@example.ca"},
        "line_items": [{**line, **fields.pop("line", {})}],
        **fields,
    }  # fmt: skip


def taken(data: dict[str, Any]) -> tuple[Order, list[str]]:
    connection = make_connection()
    make_product("TENT", 5)
    store = inward.store_of(connection)
    inward.keep(connection, list(store.unpack(json.dumps(data).encode())))
    inward.work_on_arrivals(connection_id=connection.pk)
    arrival = Arrival.objects.get()
    assert arrival.state == Arrival.State.DONE, arrival.sentence
    assert_proven()
    found = Order.objects.get()
    return found, [hold.sentence for hold in Hold.objects.filter(order=found)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"line": {"quantity": 99999999999}}, "99999999999"),
        ({"line": {"quantity": "1e999999"}}, "1e999999"),
        ({"total": "99999999999999.99"}, "99999999999999.99"),
        ({"total": "1e999999"}, "1E+999999"),
        ({"line": {"subtotal": "1e999999", "total": "1e999999"}}, "1E+999999"),
        ({"line": {"total_tax": "-99999999999999"}}, "-99999999999999"),
        ({"tax_lines": [{"label": "HST", "rate_percent": 9999999, "tax_total": "0"}]}, "9999999"),
        ({"fee_lines": [{"id": 2, "name": "Fee", "total": "88888888888888"}]}, "88888888888888"),
        ({"refunds": [{"id": 3, "total": "-77777777777777"}]}, "-77777777777777"),
        ({"date_created_gmt": "0001-01-01T00:00:00"}, "0001-01-01"),
        ({"date_modified_gmt": "9999-12-31T23:59:59"}, "9999-12-31"),
        ({"date_paid_gmt": "0001-01-01T00:00:00"}, "0001-01-01"),
        ({"prices_include_tax": True, "total": "1e999999"}, "1E+999999"),
    ],
)
def test_it_is_taken_in_and_held_with_what_the_store_said(fields: dict[str, Any], said: str) -> None:
    found, sentences = taken(order(**fields))
    assert any(said in sentence for sentence in sentences), sentences
    assert found.state == Order.State.HELD


def test_many_possible_figures_that_add_up_to_an_impossible_one() -> None:
    lines = [
        {"id": n, "name": f"Tent {n}", "quantity": 1, "subtotal": "900000000", "total": "900000000"} for n in range(9)
    ]
    _, sentences = taken(order(line_items=lines))
    assert any("“Tent 1”" in sentence for sentence in sentences)


def test_text_that_no_database_keeps_is_cleaned() -> None:
    found, _ = taken(order(number="7\x007\ud800", transaction_id="ch\x00_1", line={"sku": "TE\x00NT"}))
    assert (found.external_number, found.payment_reference) == ("77", "ch_1")
    assert found.lines.get().product.sku == "TENT"


def test_a_refund_that_cannot_be_is_put_to_a_person() -> None:
    connection = make_connection()
    body = {"id": 5, "date_created_gmt": "2026-11-02T15:00:00", "amount": "1e999999", "line_items": []}
    refund = Incoming("refund", "5", "k", json.dumps(body).encode(), {"order": "77", "currency": "CAD"})
    inward.keep(connection, [refund])
    inward.work_on_arrivals()
    arrival = Arrival.objects.get()
    assert arrival.state == Arrival.State.FAILED
    assert "the field amount" in arrival.sentence


def test_the_same_holds_for_orders_that_come_by_api() -> None:
    api = Connection.objects.create(name="API", connector="api")
    body = {"external_id": "A1", "currency": "CAD", "total": "99999999999999.99", "lines":
            [{"name": "Tent", "quantity": 1, "unit_price": "10"}]}  # fmt: skip
    context = {"received_at": "2026-11-02T15:00:00+00:00"}
    inward.keep(api, [Incoming("order", "A1", "k", json.dumps(body).encode(), context)])
    inward.work_on_arrivals()
    assert Arrival.objects.get().state == Arrival.State.DONE
    assert Hold.objects.filter(sentence__contains="99999999999999.99").exists()
