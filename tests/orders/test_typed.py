"""What staff type on the pages of orders and customers: what is refused, and in which words."""

import pytest
from django.urls import reverse

from backoffice import journey
from tests.making import make_merchant, make_order, make_product
from tests.orders.test_admin import press
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    make_merchant()
    make_product("TENT", 5)


CARD = "4111 1111 1111 1111"


def test_no_reason_holds_a_card_number() -> None:
    order = make_order([("TENT", 1, "10.00")])

    assert press(logged_in("manager"), order, "cancel", why=f"charge {CARD}").startswith("This holds what looks like")
    assert order.cancelled_at is None


def test_a_customers_form_refuses_card_numbers_and_somebody_without_any_name() -> None:
    client, url = logged_in("clerk"), reverse("admin:orders_customer_add")

    wrong = client.post(url, {"name": "Ann", "language": "en", "notes": CARD}).context["adminform"].form.errors
    assert set(wrong) == {"notes"}
    nobody = client.post(url, {"language": "en", "notes": "x"}).context["adminform"].form.errors
    assert nobody["__all__"] == ["A customer needs a name, a company or an e-mail."]
    assert client.post(url, {"company": "Ville", "language": "en"}).status_code == 302


@pytest.mark.parametrize(
    ("button", "fields", "words"),
    [
        ("cancel-lines", {"units-²": "1", "why": "x"}, "Say how many units, on at least one line."),
        ("cancel-lines", {"units-" + "9" * 40: "1", "why": "x"}, "Say how many units, on at least one line."),
        ("map-sku", {"sku": "S" * 500, "product": "TENT"}, "A SKU has at most 120 characters; this one has 500."),
        ("explain-tax", {"name": "T" * 500, "code": "HST"}, "The name of a tax has at most 120 characters"),
        ("explain-tax", {"name": "T", "code": "H" * 500}, "The code of a tax has at most 20 characters"),
    ],
)
def test_what_is_no_number_or_too_long_is_said_in_a_sentence(button: str, fields: dict[str, str], words: str) -> None:
    assert words in press(logged_in("manager"), make_order([("TENT", 1, "10.00")]), button, **fields)


def test_a_parcel_that_is_no_number_is_not_found() -> None:
    order = make_order([("TENT", 1, "10.00")])
    client = logged_in("manager")

    url = reverse("admin:orders_order_do", args=[order.pk, "ship"])
    assert client.post(url, {"parcel": "²"}).status_code == 404
    assert client.get("/admin/orders/order/²/change/").status_code == 302


def test_one_unit_is_packed_in_the_singular() -> None:
    order = make_order([("TENT", 1, "10.00")])
    parcel = journey.pack([order.pk], who="Marie")[0]

    assert order.timeline.filter(sentence=f"Parcel {parcel.number} packed: 1 unit.").exists()
