"""Who sells: what may be set, and what is refused with a sentence."""

from decimal import Decimal

import pytest
from django.urls import reverse

from orders.models import Merchant
from tests.making import make_merchant
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("service_level", "100", "from 50 to 99.99"),
        ("service_level", "40", "from 50 to 99.99"),
        ("demand_weeks", "1", "from 2 to 104"),
        ("count_approval_limit", "-1", "from 0 up"),
        ("order_list_email", "nobody", "valid email"),
    ],
)
def test_the_merchants_settings_must_be_possible(field: str, typed: str, said: str) -> None:
    url = reverse("admin:orders_merchant_change", args=[1])
    good = {
        "name": "Boréal", "address": "x", "currency": "CAD", "time_zone": "America/Toronto", "language": "en",
        "demand_weeks": "26", "service_level": "97.5", "order_list_email": "buyer@boreal.example",
        "count_approval_limit": "250",
    }  # fmt: skip
    make_merchant()
    client = logged_in("manager")

    refused = client.post(url, good | {field: typed})
    assert said in refused.content.decode()
    assert client.post(url, good).status_code == 302

    seller = Merchant.objects.get()
    assert (seller.demand_weeks, seller.service_level) == (26, Decimal("97.5"))
    assert (seller.order_list_email, seller.count_approval_limit) == ("buyer@boreal.example", Decimal(250))
