"""Orders by API: once, whole, and refused with the field's name."""

import threading
from typing import Any

import pytest
from django.db import connection as database

from accounting.models import Invoice
from backoffice.sync.models import Arrival
from orders.models import Order
from tests.api.conftest import Call, sentences
from tests.api.orders import order, send
from tests.making import make_merchant, make_product


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    make_product("TENT", 10)


def test_an_order_comes_in_allocated_and_invoiced(caller: Call) -> None:
    answer = send(caller(), order())

    assert answer.status_code == 201, answer.json()
    said = answer.json()
    assert (said["state"], said["total"], said["paid_total"]) == ("to_pack", "228.000", "228.000")
    assert [(ln["sku"], ln["ordered"], ln["allocated"], ln["backordered"]) for ln in said["lines"]] == [
        ("TENT", 2, 2, 0)
    ]
    assert said["invoice"] == Invoice.objects.get().label
    assert said["timeline"][-1]["sentence"].startswith("Taken in from Orders by API")


def test_the_body_is_kept_as_it_came(caller: Call) -> None:
    client = caller()
    body = b'{"external_id":"A-1",  "currency":"CAD","total":0,"lines":[{"sku":"TENT","quantity":1,"unit_price":0}]}'
    answer = client.post(
        "/api/v1/orders/", body, content_type="application/json", headers={"Idempotency-Key": "verbatim"}
    )

    assert answer.status_code == 201, answer.json()
    arrival = Arrival.objects.get()
    assert bytes(arrival.body) == body
    assert (arrival.topic, arrival.key, arrival.state) == ("order", "verbatim", "done")


def test_the_same_key_and_body_give_the_same_order(caller: Call) -> None:
    client = caller()
    first = send(client, order())
    second = send(client, dict(reversed(order().items())))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["number"] == second.json()["number"]
    assert Order.objects.count() == Invoice.objects.count() == 1


def test_the_same_key_with_another_body_is_a_conflict(caller: Call) -> None:
    client = caller()
    send(client, order())
    answer = send(client, order(total="229.00"))

    assert answer.status_code == 409
    assert "k-1 was used for another request" in sentences(answer)[""]
    assert Order.objects.get().total == 228


def test_another_key_with_the_same_order_makes_no_second_one(caller: Call) -> None:
    client = caller()
    send(client, order(updated_at="2026-11-02T16:00:00Z"))
    later = order(updated_at="2026-11-02T17:00:00Z", customer_note="Ring twice")
    older = order(updated_at="2026-11-02T15:30:00Z", customer_note="An old word")

    assert send(client, later, key="k-2").status_code == 200
    assert send(client, older, key="k-3").status_code == 200
    assert Order.objects.get().customer_note == "Ring twice"


def test_without_a_key_nothing_is_taken_in(caller: Call) -> None:
    answer = caller().post("/api/v1/orders/", order(), format="json")

    assert answer.status_code == 400
    assert "Idempotency-Key" in sentences(answer)
    assert not Arrival.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": [{"sku": "TENT", "quantity": "many", "unit_price": "1"}]}, "lines.0.quantity"),
        ({"lines": [{"sku": "TENT", "quantity": 1, "unit_price": "1"}, {"quantity": 1, "gross": 1}]}, "lines.1.sku"),
        ({"lines": [{"sku": "TENT", "quantity": 1}]}, "lines.0.unit_price"),
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "TENT", "quantity": 1, "unit_price": "NaN"}]}, "lines.0.unit_price"),
        ({"total": "12,34"}, "total"),
        ({"currency": "dollars"}, "currency"),
        ({"external_id": " "}, "external_id"),
        ({"placed_at": "yesterday"}, "placed_at"),
        ({"customer": {"email": "no address"}}, "customer.email"),
        ({"custommer": {}}, "custommer"),
        ({"shipping": {"zip": "B3H 1A1"}}, "shipping.zip"),
        ({"gift_note": "a\u0000b"}, "gift_note"),
        ({"payments": [{"external_id": "1", "amount": 1}, {"external_id": "1", "amount": 1}]}, "payments"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(caller: Call, change: dict[str, Any], field: str) -> None:
    answer = send(caller(), order(**change))

    assert answer.status_code == 400
    assert field in sentences(answer)
    assert not Order.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"", b"[" * 100_000])
def test_what_is_no_order_at_all_says_so(caller: Call, body: bytes) -> None:
    answer = caller().post("/api/v1/orders/", body, content_type="application/json", headers={"Idempotency-Key": "odd"})
    assert answer.status_code == 400
    assert sentences(answer)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_note": "my card is 4111 1111 1111 1111, thanks"}, "customer_note"),
        ({"payment_reference": "5555555555554444"}, "payment_reference"),
        ({"external_id": "378282246310005"}, "external_id"),
    ],
)
def test_card_numbers_are_refused_and_not_kept(caller: Call, change: dict[str, Any], field: str) -> None:
    answer = send(caller(), order(**change))

    assert answer.status_code == 400
    assert "card number" in sentences(answer)[field]
    assert not Arrival.objects.exists()


def test_a_bar_code_is_no_card_number(caller: Call) -> None:
    make_product("4006381333931", 5)
    assert send(caller(), order(sku="4006381333931")).status_code == 201


def test_an_unknown_sku_loses_no_order(caller: Call) -> None:
    answer = send(caller(), order(sku="0017"))

    assert answer.status_code == 201
    assert answer.json()["state"] == "held"
    assert "SKU 0017 of Orders by API is no product here" in answer.json()["holds"][0]["sentence"]


def test_totals_that_do_not_add_up_hold_the_order(caller: Call) -> None:
    answer = send(caller(), order(total="227.99"))

    assert answer.status_code == 201
    assert "228.00" in answer.json()["holds"][0]["sentence"]
    assert not Invoice.objects.exists()


def test_amounts_are_taken_to_the_cent_half_up(caller: Call) -> None:
    lines = [{"sku": "TENT", "quantity": 1, "gross": 140}]
    taxes = [{"name": "GST", "rate": 5, "amount": 7.0}, {"name": "QST", "rate": 9.975, "amount": 13.965}]
    answer = send(caller(), order(lines=lines, taxes=taxes, total=160.97))

    assert answer.status_code == 201, answer.json()
    assert [tax["amount"] for tax in answer.json()["taxes"]] == ["7.000", "13.970"]
    assert not answer.json()["holds"]


def test_an_order_left_by_a_crash_is_finished_by_the_retry(caller: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    client = caller()
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("backoffice.inward.work_on_arrivals", _crash)
        crashed = send(client, order())
    assert crashed.status_code == 500
    assert sentences(crashed)[""].startswith("Something went wrong")
    assert Arrival.objects.get().state == "waiting"

    assert send(client, order()).status_code == 200
    assert Order.objects.count() == 1


def _crash(**kwargs: Any) -> None:
    raise RuntimeError("killed")


@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_the_same_instant_makes_one_order(caller: Call) -> None:
    clients = [caller() for _ in range(6)]
    start = threading.Barrier(len(clients))
    answers: list[Any] = []

    def post(client: Any) -> None:
        try:
            start.wait()
            answers.append(send(client, order()))
        finally:
            database.close()

    threads = [threading.Thread(target=post, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({answer.json()["number"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert Order.objects.count() == Invoice.objects.count() == Arrival.objects.count() == 1
