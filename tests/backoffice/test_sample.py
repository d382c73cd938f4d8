"""The sample merchant: there is something of everything to look at, and the books agree."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.test import RequestFactory

from backoffice import outward
from orders.models import Order
from tests.proving import assert_proven


def sample() -> str:
    said = StringIO()
    call_command("sample", stdout=said)
    return said.getvalue()


@pytest.mark.django_db
def test_the_sample_has_orders_in_every_work_list_and_is_proven() -> None:
    sample()
    states = set(Order.objects.values_list("state", flat=True))
    assert {"to_pack", "partly_to_pack", "backorder", "held", "unpaid", "shipped"} <= states
    outward.deliver()
    assert_proven()


@pytest.mark.django_db
def test_every_log_in_that_is_printed_works() -> None:
    lines = [line.split() for line in sample().splitlines()[1:]]
    assert [name for name, _ in lines] == ["admin", "manager", "clerk", "warehouse", "accountant"]
    for name, password in lines:
        assert authenticate(RequestFactory().get("/"), username=name, password=password), name


@pytest.mark.django_db
def test_it_is_loaded_into_an_empty_database_only() -> None:
    sample()
    orders = Order.objects.count()
    assert "already" in sample()
    assert Order.objects.count() == orders
