"""Places, moves and transfers by API: read, and goods moved once by a key of the caller's own."""

from typing import Any

import pytest

from inventory import ledger, places, transfers
from inventory.models import Location, Movement, StockLevel
from tests.api.conftest import Call, sentences
from tests.making import make_merchant, make_product

MOVE = {"lines": [{"sku": "TENT", "quantity": 3, "from_location": "MAIN", "to_location": "MAIN-A-1"}]}


@pytest.fixture(autouse=True)
def shop(db: Any) -> None:
    make_merchant()
    make_product("TENT", 5)
    places.add_bins(ledger.default_location().pk, ["A-1"], kind=Location.Kind.BIN, first_pick_order=1)


def move(client: Any, body: dict[str, Any], key: str = "m1") -> Any:
    return client.post("/api/v1/moves/", body, format="json", headers={"Idempotency-Key": key})


def test_goods_are_moved_once_by_the_key(caller: Call) -> None:
    client = caller("warehouse")

    first, again = move(client, MOVE), move(client, MOVE)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert [(leg["location"], leg["quantity"]) for leg in first.json()["movements"]] == [("MAIN", -3), ("MAIN-A-1", 3)]
    assert "unit_cost" not in first.json()["movements"][0]
    assert StockLevel.objects.get(location__code="MAIN-A-1").on_hand == 3
    other = {"lines": [{**MOVE["lines"][0], "quantity": 1}]}
    assert move(client, other).status_code == 409


def test_what_is_wrong_is_named_by_its_line_and_nothing_moves(caller: Call) -> None:
    line = MOVE["lines"][0]
    wrong = {"lines": [line, {**line, "sku": "NONE"}, {**line, "to_location": "X"}, {**line, "lot": "L9"}]}

    answer = move(caller(), wrong)

    assert answer.status_code == 400
    said = sentences(answer)
    assert said["lines.1.sku"] == "SKU NONE is no product here. Create it first, or correct the SKU."
    assert said["lines.2.to_location"].startswith("There is no place X in use.")
    assert said["lines.3.lot"] == "TENT has no lot L9."
    short = move(caller(), {"lines": [{**line, "quantity": 9}]}, "m2")
    assert (short.status_code, Movement.objects.filter(reason="move").count()) == (409, 0)
    assert "9 of TENT cannot be moved from Main warehouse: 5 are there" in sentences(short)[""]


def test_places_and_transfers_are_read(caller: Call) -> None:
    quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
    tent = StockLevel.objects.get().product
    paper = transfers.draft(
        source_id=ledger.default_location().pk, destination_id=quebec.pk, lines=[transfers.Wanted(tent.pk, 2)]
    )
    client = caller("warehouse")

    bins = client.get("/api/v1/locations/", {"warehouse": "MAIN"}).json()["results"]
    one = client.get("/api/v1/locations/MAIN-A-1/").json()
    found = client.get("/api/v1/transfers/", {"state": "draft", "to_warehouse": "QC"}).json()["results"]

    assert [place["code"] for place in bins] == ["MAIN-A-1"]
    assert (one["kind"], one["warehouse"], one["sellable"]) == ("bin", "MAIN", True)
    assert found == [client.get(f"/api/v1/transfers/{paper.number}/").json()]
    assert found[0]["lines"] == [{"sku": "TENT", "lot": "", "wanted": 2, "sent": 0, "received": 0, "lost": 0}]
    assert client.get("/api/v1/transfers/", {"from_warehouse": "QC"}).json()["results"] == []
