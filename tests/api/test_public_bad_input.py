"""What anybody may call is called with anything: each answer is a sentence, none an error of ours."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from orders.models import BackInStockSignup
from tests.making import make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant(publishes_availability=True)
    make_product("TENT", 2)
    cache.clear()


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/api/v1/availability?sku=%00", {400}),
        ("/api/v1/availability?sku=TENT&connection=%C2%B2", {400}),
        ("/api/v1/availability?sku=TENT&connection=99999999999999999999", {400}),
        ("/api/v1/availability?sku=" + "x" * 5000, {200}),
        ("/api/v1/availability?sku=%27%3B--,%F0%9F%98%80", {200}),
        ("/availability/demo/?sku=" + "y" * 3000 + "&lang=zz", {200}),
        ("/back-in-stock/" + "z" * 500 + "/", {404}),
        ("/back-in-stock/a/b/", {404}),
        ("/back-in-stock/stop/%00/", {400}),
    ],
)
def test_reading_with_anything(path: str, codes: set[int]) -> None:
    assert Client().get(path).status_code in codes


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"sku": 1}', b'{"sku": "TENT", "email": ["a@b.ca"]}',
        b'{"sku": "TENT", "email": "a@b.ca", "more": 1}', b'{"sku": "TENT", "email": "a\\u0000@b.ca"}',
    ],
)  # fmt: skip
def test_signing_up_with_anything(body: bytes) -> None:
    answer = Client().post("/api/v1/back-in-stock/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]
    assert not BackInStockSignup.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [{"rule": "x"}, {"product": "TENT", "arriving": "²"}, {"product": "TENT", "arriving": "-1"},
     {"product": "TENT", "arriving": "9" * 30}, {"product": "p" * 500}, {"arriving": "5"},
     {"after": "\u00e9" * 300}, {"pick": ["x", "-1", "9" * 30]}, {"all": "x", "pick": "1"}],
)  # fmt: skip
def test_the_plan_of_who_gets_the_stock_with_anything(asked: dict[str, Any]) -> None:
    client, page = logged_in("manager"), reverse("admin:orders_order_release")

    assert client.get(page, asked).status_code == 200
    assert client.post(page, {"fingerprint": "x", "of": "²"}, query_params=asked).status_code == 302
