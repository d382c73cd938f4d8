"""What stores may know of stock: the same answer as on every other page, in four statements (rules: S7, S10; case: C15)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache, caches
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import kits
from inventory.models import Listing, Product, SellingUnit, Supplier, SupplierProduct
from orders import promises
from orders.models import BackInStockSignup, Merchant
from tests.api.conftest import Call, sentences
from tests.making import make_connection, make_merchant, make_order, make_product, receive

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/availability"


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant(publishes_availability=True)
    cache.clear()
    caches["answers"].clear()


@pytest.fixture
def goods() -> None:
    """A tent in stock, a lamp on backorder, a rope that is sold out, eggs by the dozen, a kit, an hour of work."""
    tent = make_product("TENT", 5)
    lamp = make_product("LAMP")
    supplier = Supplier.objects.create(code="LUX", name="Lux", lead_time_days=5)
    SupplierProduct.objects.create(supplier=supplier, product=lamp)
    make_product("ROPE", backorder_policy="refuse")
    egg = make_product("EGG", 30, "0.20", price=Decimal("0.40"))
    SellingUnit.objects.create(product=egg, name="dozen", quantity=12, sku="EGG-12")
    kits.set_components(make_product("CAMP", stocked=False), {tent.pk: 2, lamp.pk: 1})
    make_product("HOUR", stocked=False)


def asked(*skus: str, client: Client | None = None, **more: str) -> dict[str, dict[str, object]]:
    answer = (client or Client()).get(ADDRESS, {"sku": ",".join(skus), **more})
    assert answer.status_code == 200, answer.content
    return {row["sku"]: row for row in answer.json()["results"]}


def test_each_sku_says_whether_it_is_there_and_when_it_comes_in_both_languages(goods: None) -> None:
    found = asked("TENT", "LAMP", "ROPE", "EGG-12", "CAMP", "HOUR", "NONE")

    states = {sku: row["state"] for sku, row in found.items()}
    assert states == {
        "TENT": "in_stock",
        "LAMP": "backorder",
        "ROPE": "out",
        "EGG-12": "in_stock",
        "CAMP": "backorder",
        "HOUR": "in_stock",
        "NONE": "unknown",
    }
    assert found["TENT"]["words"]["en"].startswith("In stock, expected to ship ")  # type: ignore[index]
    assert found["LAMP"]["words"]["fr"].startswith("En rupture de stock temporaire, expédition prévue ")  # type: ignore[index]
    assert found["ROPE"]["words"] == {"en": "Sold out", "fr": "Épuisé"}
    assert "quantity" not in found["TENT"]


def test_the_days_are_those_of_the_one_function(goods: None) -> None:
    lamp = Product.objects.get(sku="LAMP")
    promise = promises.for_products([lamp.pk])[lamp.pk]

    row = asked("LAMP")["LAMP"]

    assert promise.earliest is not None
    assert promise.latest is not None
    assert (row["earliest"], row["latest"]) == (promise.earliest.isoformat(), promise.latest.isoformat())


def test_how_many_is_shown_where_the_merchant_wants_it_and_to_who_has_a_key(goods: None, caller: Call) -> None:
    Merchant.objects.update(publishes_quantity=True)
    found = asked("TENT", "EGG-12", "LAMP")
    assert {sku: row["quantity"] for sku, row in found.items()} == {"TENT": 5, "EGG-12": 2, "LAMP": 0}

    Merchant.objects.update(publishes_availability=False, publishes_quantity=False)
    refused = Client().get(ADDRESS, {"sku": "TENT"})
    assert refused.status_code == 401
    assert "does not publish what is in stock" in sentences(refused)[""]
    assert asked("TENT", client=caller("clerk"))["TENT"]["quantity"] == 5


def test_a_stores_own_warehouses_and_buffer_count(goods: None) -> None:
    store = make_connection(name="Careful", safety_buffer=5)

    kept_back = asked("TENT", connection=str(store.pk))["TENT"]
    # Nobody says “on backorder, ships tomorrow”: the day is that of goods which the buffer leaves for sale.
    assert (kept_back["state"], kept_back["earliest"]) == ("backorder", None)
    assert asked("TENT")["TENT"]["state"] == "in_stock"
    assert Client().get(ADDRESS, {"sku": "TENT", "connection": "x"}).status_code == 400


def test_a_store_asks_by_its_own_names(goods: None) -> None:
    store = make_connection(name="Egg store")
    egg = Product.objects.get(sku="EGG")
    dozen = SellingUnit.objects.get(sku="EGG-12")
    Listing.objects.create(connection=store, sku="STORE-DOZ", product=egg, selling_unit=dozen)
    Merchant.objects.update(publishes_quantity=True)

    assert asked("STORE-DOZ")["STORE-DOZ"]["state"] == "unknown"
    assert asked("STORE-DOZ", connection=str(store.pk))["STORE-DOZ"]["quantity"] == 2
    make_order([("EGG", 25, "0.40")])
    signed = {"sku": "STORE-DOZ", "email": "ann@example.ca", "connection": str(store.pk)}
    assert Client().post("/api/v1/back-in-stock/", signed, content_type="application/json").status_code == 201
    assert BackInStockSignup.objects.values_list("product__sku", "unit").get() == ("EGG", 12)


def test_a_kit_of_what_is_never_on_backorder_is_sold_out_with_it() -> None:
    rope, tent = make_product("ROPE", backorder_policy="refuse"), make_product("TENT", 5)
    kits.set_components(make_product("CAMP", stocked=False), {tent.pk: 1, rope.pk: 1})

    assert asked("CAMP")["CAMP"]["state"] == "out"


def test_a_sku_with_a_comma_is_asked_by_the_repeated_parameter() -> None:
    make_product("A,B", 1)
    answer = Client().get(f"{ADDRESS}?sku=A%2CB&sku=")
    assert [(row["sku"], row["state"]) for row in answer.json()["results"]] == [("A,B", "in_stock")]


@pytest.mark.parametrize(
    ("who", "more"), [("anybody", {}), ("a store", {}), ("a program", {}), ("a store's program", {})]
)
def test_two_hundred_skus_take_four_statements(goods: None, caller: Call, who: str, more: dict[str, str]) -> None:
    client = caller("clerk") if "program" in who else Client()
    if "store" in who:
        more = {"connection": str(make_connection(name="Store", safety_buffer=1).pk)}
    for number in range(190):
        make_product(f"P{number}")
    skus = ["TENT", "LAMP", "EGG-12", "CAMP", *(f"P{number}" for number in range(190)), "A", "B", "C"]
    make_order([("LAMP", 3, "1.00")])

    asked("NONE", client=client, **more)  # What the first use of a key notes, the next minute does not.
    with CaptureQueriesContext(database) as few:
        asked("TENT", client=client, **more)
    with CaptureQueriesContext(database) as made:
        assert len(asked(*skus, client=client, **more)) == 197

    assert len(few) <= 4
    assert len(made) <= 4


def test_more_than_two_hundred_or_none_are_refused_in_a_sentence() -> None:
    too_many = Client().get(ADDRESS, {"sku": ",".join(f"P{n}" for n in range(201))})

    assert too_many.status_code == 400
    assert sentences(too_many) == {"sku": "201 SKUs are asked for at once; ask for 200 at most."}
    assert sentences(Client().get(ADDRESS)) == {"sku": "Say which SKUs: ?sku=A,B,C."}


def test_an_answer_is_kept_until_the_state_changes(goods: None) -> None:
    first = Client().get(ADDRESS, {"sku": "TENT,LAMP"})
    tag = first["ETag"]

    again = Client().get(ADDRESS, {"sku": "TENT,LAMP"}, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    # What the answer does not speak of changes nothing of it.
    receive("ROPE", 5)
    assert Client().get(ADDRESS, {"sku": "TENT,LAMP"}, headers={"if-none-match": tag}).status_code == 304

    receive("LAMP", 1)
    assert Client().get(ADDRESS, {"sku": "TENT,LAMP"}, headers={"if-none-match": tag}).status_code == 200


def test_it_is_worked_out_once_for_each_state_and_minute(
    transactional_db: None, goods: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)

    def statements(**headers: str) -> int:
        with CaptureQueriesContext(database) as made:
            assert Client().get(ADDRESS, {"sku": "TENT,LAMP"}, headers=headers).status_code in (200, 304)
        return len(made)

    def fewest(**headers: str) -> int:
        # Tests beside this one commit too, which makes another state.
        return min(statements(**headers) for _ in range(20))

    assert statements() == 3
    assert fewest() == 1
    assert fewest(**{"if-none-match": Client().get(ADDRESS, {"sku": "TENT,LAMP"})["ETag"]}) == 1

    receive("LAMP", 1)
    assert asked("TENT", "LAMP")["LAMP"]["state"] == "in_stock"
    Merchant.objects.update(publishes_quantity=True)
    assert asked("TENT", "LAMP")["LAMP"]["quantity"] == 1
    fewest()
    now += timedelta(minutes=1)
    assert statements() == 3

    Merchant.objects.update(publishes_availability=False)
    assert Client().get(ADDRESS, {"sku": "TENT,LAMP"}).status_code == 401


def test_any_page_may_read_it_and_no_cookie_goes_along(goods: None) -> None:
    answer = Client().get(ADDRESS, {"sku": "TENT"})
    before = Client().options(ADDRESS)

    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert (before.status_code, before["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Access-Control-Allow-Origin" not in Client().get("/api/v1/products/")


def test_who_asks_too_often_is_told_when_to_go_on(goods: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import AnonRateThrottle

    monkeypatch.setattr(AnonRateThrottle, "rate", "3/min", raising=False)
    codes = [Client().get(ADDRESS, {"sku": "TENT"}).status_code for _ in range(4)]

    assert codes == [200, 200, 200, 429]


def test_what_is_archived_is_unknown(goods: None) -> None:
    Product.objects.filter(sku="TENT").update(archived_at=timezone.now() - timedelta(days=1))

    assert asked("TENT")["TENT"]["state"] == "unknown"
