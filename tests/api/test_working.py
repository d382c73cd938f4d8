"""What the API does besides taking in orders: packing, shipping, receiving."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backoffice.sync.models import Arrival
from inventory.models import Lot, LotLevel, Movement, Product, StockLevel
from orders.models import Order
from shipping.models import Shipment
from tests.api.conftest import Call, sentences
from tests.making import make_merchant, make_order, make_product


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    make_product("TENT", 10)


def post(client: Any, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, format="json", headers=headers)


def test_an_order_is_packed_and_shipped_once(caller: Call) -> None:
    client = caller("warehouse")
    order = make_order([("TENT", 2, "100.00")])
    packed, again = post(client, f"orders/{order.number}/pack/"), post(client, f"orders/{order.number}/pack/")
    assert (packed.status_code, again.status_code) == (201, 200)
    assert packed.json() == again.json()

    number = packed.json()["number"]
    tracking = {
        "carrier": "Canada Post",
        "tracking_number": "7023 2100 3941 4604",
        "tracking_url": "https://x.example/1",
    }
    for _ in range(2):
        shipped = post(client, f"shipments/{number}/ship/", tracking)
        assert shipped.status_code == 200
    assert (shipped.json()["state"], shipped.json()["tracking_number"]) == ("shipped", "7023210039414604")
    assert StockLevel.objects.get().on_hand == 8
    assert Order.objects.get().state == "shipped"
    assert Order.objects.get().timeline.filter(what="shipped").get().who == "warehouse (API)"


def test_a_part_is_packed_by_line(caller: Call) -> None:
    order = make_order([("TENT", 2, "100.00"), ("TENT", 3, "100.00")])
    answer = post(caller(), f"orders/{order.number}/pack/", {"lines": [{"position": 2, "quantity": 1}]})

    assert [(line["position"], line["quantity"]) for line in answer.json()["lines"]] == [(2, 1)]


def test_what_cannot_be_packed_says_why(caller: Call) -> None:
    client = caller()
    order = make_order([("TENT", 20, "1.00")])
    too_many = post(client, f"orders/{order.number}/pack/", {"lines": [{"position": 1, "quantity": 11}]})
    assert too_many.status_code == 409
    assert "only 10 are allocated" in sentences(too_many)[""]
    no_line = post(client, f"orders/{order.number}/pack/", {"lines": [{"position": 7, "quantity": 1}]})
    assert no_line.status_code == 400
    assert "has no line 7" in sentences(no_line)["lines.0.position"]

    unpaid = make_order(paid=False)
    nothing = post(client, f"orders/{unpaid.number}/pack/")
    assert nothing.status_code == 409
    assert "Nothing of order" in sentences(nothing)[""]
    assert not Shipment.objects.exists()


def test_a_tracking_number_is_corrected_after_shipping(caller: Call) -> None:
    client = caller()
    order = make_order()
    number = post(client, f"orders/{order.number}/pack/").json()["number"]
    post(client, f"shipments/{number}/ship/")
    post(client, f"shipments/{number}/ship/", {"tracking_number": "123"})

    assert Shipment.objects.get().tracking_number == "123"
    assert StockLevel.objects.get().on_hand == 9


RECEIPT = {"note": "PO 41", "lines": [{"sku": "TENT", "quantity": 5, "unit_cost": "12.50"}]}


def test_goods_come_in_once_and_go_to_who_waits(caller: Call) -> None:
    client = caller()
    order = make_order([("TENT", 12, "1.00")])
    first = post(client, "stock/receipts/", RECEIPT, **{"Idempotency-Key": "r1"})
    again = post(client, "stock/receipts/", RECEIPT, **{"Idempotency-Key": "r1"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["movements"][0]["unit_cost"] == "12.5000"
    assert StockLevel.objects.get().on_hand == 15
    assert order.lines.get().allocated == 12
    assert Arrival.objects.get(topic="receipt").state == "done"


def test_the_same_key_with_other_goods_is_a_conflict(caller: Call) -> None:
    client = caller()
    post(client, "stock/receipts/", RECEIPT, **{"Idempotency-Key": "r1"})
    other = post(client, "stock/receipts/", {"lines": [{"sku": "TENT", "quantity": 6}]}, **{"Idempotency-Key": "r1"})

    assert other.status_code == 409
    assert StockLevel.objects.get().on_hand == 15


def test_what_cannot_come_in_is_named_by_its_line(caller: Call) -> None:
    make_product("HOUR", stocked=False)
    lines = [
        {"sku": "TENT", "quantity": 1},
        {"sku": "NONE", "quantity": 1},
        {"sku": "HOUR", "quantity": 1},
        {"sku": "TENT", "quantity": 1, "location": "MOON"},
    ]
    answer = post(caller(), "stock/receipts/", {"lines": lines}, **{"Idempotency-Key": "r1"})

    assert answer.status_code == 400
    assert set(sentences(answer)) == {"lines.1.sku", "lines.2.sku", "lines.3.location"}
    assert not Arrival.objects.exists()
    assert StockLevel.objects.get().on_hand == 10


@pytest.mark.parametrize(
    ("quantity", "cost", "field"),
    [
        (1_000_000, "9999999999.9999", "lines.0.unit_cost"),
        (1, "10000000", "lines.0.unit_cost"),
        (1_000_000, "100000", "lines.0.quantity"),
        (1, "NaN", "lines.0.unit_cost"),
    ],
)
def test_what_no_column_holds_is_named_by_its_field(caller: Call, quantity: int, cost: str, field: str) -> None:
    body = {"lines": [{"sku": "TENT", "quantity": quantity, "unit_cost": cost}]}
    answer = post(caller(), "stock/receipts/", body, **{"Idempotency-Key": "r1"})

    assert answer.status_code == 400
    assert field in sentences(answer)
    assert not Arrival.objects.exists()


def test_the_dearest_goods_that_are_taken_can_be_booked(caller: Call) -> None:
    lines = [
        {"sku": "TENT", "quantity": 9_999, "unit_cost": "9999999.9999"},
        {"sku": "TENT", "quantity": 999_999, "unit_cost": "99999.9999"},
    ]
    answer = post(caller(), "stock/receipts/", {"lines": lines}, **{"Idempotency-Key": "r1"})

    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("field", ["carrier", "tracking_number"])
def test_what_is_too_long_for_a_parcel_is_refused(caller: Call, field: str) -> None:
    client = caller()
    number = post(client, f"orders/{make_order().number}/pack/").json()["number"]
    answer = post(client, f"shipments/{number}/ship/", {field: "x" * 61})

    assert answer.status_code == 400
    assert field in sentences(answer)
    assert Shipment.objects.get().state == "packed"


def test_a_tracking_number_may_have_a_card_s_check_digit_by_chance(caller: Call) -> None:
    client = caller()
    number = post(client, f"orders/{make_order().number}/pack/").json()["number"]
    answer = post(
        client, f"shipments/{number}/ship/", {"carrier": "Canada Post", "tracking_number": "4111111111111111"}
    )
    assert answer.status_code == 200
    assert Shipment.objects.get().tracking_number == "4111111111111111"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("carrier", "card 4111 1111 1111 1111"),
        ("tracking_url", "https://x.example/?c=4111111111111111"),
    ],
)
def test_card_numbers_are_refused_on_a_parcel_too(caller: Call, field: str, text: str) -> None:
    client = caller()
    number = post(client, f"orders/{make_order().number}/pack/").json()["number"]
    answer = post(client, f"shipments/{number}/ship/", {field: text})

    assert answer.status_code == 400
    assert "card number" in sentences(answer)[field]
    assert Shipment.objects.get().state == "packed"


def test_the_warehouse_receives_without_seeing_or_setting_costs(caller: Call) -> None:
    client = caller("warehouse")
    refused = post(client, "stock/receipts/", RECEIPT, **{"Idempotency-Key": "r1"})
    assert refused.status_code == 400
    assert "lines.0.unit_cost" in sentences(refused)

    body = {"lines": [{"sku": "TENT", "quantity": 5}]}
    taken = post(client, "stock/receipts/", body, **{"Idempotency-Key": "r2"})
    assert taken.status_code == 201
    assert "unit_cost" not in taken.json()["movements"][0]
    assert Product.objects.get(sku="TENT").average_cost == Decimal("10.0000")
    assert Movement.objects.filter(by__username="warehouse").count() == 1


def test_goods_that_are_followed_come_in_with_their_lot(caller: Call) -> None:
    make_product("MILK", tracking="lot", expires=True)
    client = caller()

    def receive(key: str, **said: object) -> Any:
        lines = [{"sku": "MILK", "quantity": 3, **said}]
        return post(client, "stock/receipts/", {"lines": lines}, **{"Idempotency-Key": key})

    answer = receive("l1")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "lines.0.lot")
    assert "say which one stands on the goods" in answer.json()["errors"][0]["message"]
    assert receive("l2", lot="L-1").status_code == 422
    assert receive("l3", lot="L-1", expires_on="2027-05-01").status_code == 201
    assert Lot.objects.get().expires_on == date(2027, 5, 1)
    assert LotLevel.objects.get().units == 3
