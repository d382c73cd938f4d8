"""Purchase orders by API: read, and received once by a key of the caller's own."""

from typing import Any

import pytest

from inventory.models import GoodsReceipt, PurchaseOrder, StockLevel
from tests.api.conftest import Call, sentences
from tests.buying import make_sent, make_warehouse
from tests.making import make_merchant


@pytest.fixture
def order(db: Any) -> PurchaseOrder:
    make_merchant()
    make_warehouse()
    return make_sent(("TENT", 10, "40.00"), ("ROPE", 5, "2.00"))


def receive(client: Any, order: PurchaseOrder, body: dict[str, Any], key: str = "r1") -> Any:
    address = f"/api/v1/purchase-orders/{order.number}/receipts/"
    return client.post(address, body, format="json", headers={"Idempotency-Key": key})


def test_goods_are_received_once_by_the_key(caller: Call, order: PurchaseOrder) -> None:
    client = caller("warehouse")
    body = {"delivery_note": "LS-88", "lines": [{"line": 1, "quantity": 12}, {"line": 2, "quantity": 1}]}

    first, again = receive(client, order, body), receive(client, order, body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    said = first.json()
    assert [(line["line"], line["sku"], line["quantity"]) for line in said["lines"]] == [
        (1, "TENT", 12),
        (2, "ROPE", 1),
    ]
    assert said["note"] == "TENT: 2 more came than were ordered."
    assert "unit_cost" not in said["lines"][0]
    assert GoodsReceipt.objects.count() == 1
    assert StockLevel.objects.get(product__sku="TENT").on_hand == 12
    assert receive(client, order, {"lines": [{"line": 1, "quantity": 1}]}).status_code == 409


def test_what_is_wrong_is_named_by_its_line_and_nothing_comes(caller: Call, order: PurchaseOrder) -> None:
    lines = [{"line": 1, "quantity": 1}, {"line": 7, "quantity": 1}, {"line": 2, "quantity": 1, "location": "X"}]
    answer = receive(caller("warehouse"), order, {"lines": lines})
    assert answer.status_code == 400
    said = sentences(answer)
    assert said["lines.1.line"] == f"{order.number} has no line 7."
    assert said["lines.2.location"].startswith("There is no place X in use.")
    assert not GoodsReceipt.objects.exists()
    assert receive(caller("clerk"), order, {"lines": lines[:1]}).status_code == 403


def test_purchase_orders_are_read_with_prices_for_who_may_see_costs(caller: Call, order: PurchaseOrder) -> None:
    (whole,) = caller("manager").get("/api/v1/purchase-orders/", {"sku": "ROPE", "state": "sent"}).json()["results"]
    one = caller("warehouse").get(f"/api/v1/purchase-orders/{order.number}/").json()
    assert [(line["sku"], line["outstanding"], line["unit_price"]) for line in whole["lines"]] == [
        ("TENT", 10, "40.0000"), ("ROPE", 5, "2.0000")
    ]  # fmt: skip
    assert one["number"] == order.number
    assert "rate" not in one
    assert "unit_price" not in one["lines"][0]
    assert caller("warehouse").get("/api/v1/purchase-orders/", {"supplier": "NOBODY"}).json()["results"] == []
