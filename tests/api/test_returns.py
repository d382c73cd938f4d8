"""Goods come back by the API: whole, in part, by lot, to where they are said to go."""

from typing import Any

import pytest

from backoffice import journey
from inventory.models import LotLevel, Product, SellingUnit, StockLevel
from orders.models import Order
from tests.api.conftest import Call, sentences
from tests.making import make_merchant, make_order, make_product
from tests.stories.test_lots import receive


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    egg = make_product("EGG", 24)
    SellingUnit.objects.create(product=egg, name="dozen", quantity=12, sku="EGG-12")


def sent(*lines: tuple[str, int]) -> Order:
    order = make_order([(sku, units, "10.00") for sku, units in lines])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    return order


def returned(client: Any, order: Order, *lines: dict[str, Any], key: str = "r-1", **more: Any) -> Any:
    body = {"lines": list(lines), **more}
    return client.post(f"/api/v1/orders/{order.number}/returns/", body, format="json", headers={"Idempotency-Key": key})


def test_five_eggs_of_a_dozen_come_back_once(caller: Call) -> None:
    order = sent(("EGG-12", 2))
    part = {"position": 1, "part": "EGG", "quantity": 5}

    first, again = returned(caller("warehouse"), order, part), returned(caller("warehouse"), order, part)

    assert (first.status_code, again.status_code) == (201, 200)
    line = first.json()["lines"][0]
    assert (line["returned"], line["parts"]) == (0, [{"sku": "EGG", "quantity": 12, "returned": 5}])
    assert StockLevel.objects.get().on_hand == 5
    whole = returned(caller("warehouse"), order, {"position": 1, "quantity": 1}, key="r-2", to="quarantine")
    assert whole.json()["lines"][0]["returned"] == 1
    assert order.timeline.filter(what="returned").last().who == "warehouse (API)"
    assert StockLevel.objects.get(location__code="MAIN-QUARANTINE").on_hand == 12


def test_several_lots_of_a_line_come_back_at_once(caller: Call) -> None:
    milk = make_product("MILK", tracking="lot")
    receive(milk, "A", 1)
    receive(milk, "B", 4)
    order = sent(("MILK", 5))
    lots = [{"position": 1, "quantity": units, "lot": lot} for lot, units in (("A", 1), ("B", 2))]

    assert returned(caller(), order, *lots).status_code == 201

    assert dict(LotLevel.objects.filter(units__gt=0).values_list("lot__code", "units")) == {"A": 1, "B": 2}
    refused = returned(caller(), order, {"position": 1, "quantity": 1, "lot": "A"}, key="more")
    assert refused.status_code == 422
    assert sentences(refused)[""].startswith("1 of lot A cannot come back: 1 were shipped with this line, 1 of them")


def test_what_cannot_come_back_is_said_by_line(caller: Call) -> None:
    order = sent(("EGG-12", 1))
    client = caller()
    lines = (
        {"position": 7, "quantity": 1},
        {"position": 1, "part": "HEN", "quantity": 1},
        {"position": 1, "quantity": 1, "lot": "L"},
    )

    answer = returned(client, order, *lines)

    assert answer.status_code == 400
    assert sentences(answer) == {
        "lines.0.position": f"Order {order.number} has no line 7.",
        "lines.1.part": "Line 1 has no part HEN. Its parts: EGG.",
        "lines.2.lot": "Name each part of a kit on a line of its own, with its lot.",
    }
    nowhere = returned(client, order, {"position": 1, "quantity": 1}, location="MOON")
    assert "There is no place MOON in use." in sentences(nowhere)["location"]
    assert returned(caller("clerk"), order, {"position": 1, "quantity": 1}).status_code == 403
    assert StockLevel.objects.get().on_hand == 12
    assert Product.objects.get(sku="EGG").movements.filter(reason="return").count() == 0
