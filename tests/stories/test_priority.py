"""A person says which orders are served before others (rule: S3): by the page, the list, the API and in a file."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.sync.models import Delivery
from orders import priority, promise_keeping
from orders.models import Order, OrderLine, TimelineEntry
from tests.api.conftest import Call, sentences
from tests.api.conftest import caller as caller
from tests.api.orders import order as sent_by_api
from tests.api.orders import send
from tests.making import PLACED, make_merchant, make_order, make_product, make_record, newer, receive, take_in
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> tuple[Order, Order]:
    """An old and a young order that wait for the same tents."""
    make_merchant()
    make_product("TENT")
    return make_order([("TENT", 2, "1.00")]), make_order([("TENT", 2, "1.00")], placed_at=PLACED + timedelta(days=1))


def reserved(*orders: Order) -> list[int]:
    return [OrderLine.objects.get(order=order).allocated for order in orders]


def test_what_comes_in_goes_to_whom_a_person_put_first(waiting: tuple[Order, Order]) -> None:
    old, young = waiting

    logged_in("clerk").post(reverse("admin:orders_order_do", args=[young.pk, "priority"]), {"priority": "10"})
    receive("TENT", 3)

    assert reserved(old, young) == [1, 2]
    said = TimelineEntry.objects.get(order=young, what="priority")
    assert said.sentence == "Served before all others from now on (until now in the usual turn)."
    page = logged_in("clerk").get(reverse("admin:orders_order_change", args=[young.pk])).content.decode()
    assert "served before all others" in page


def test_who_waits_behind_is_told_its_new_day(waiting: tuple[Order, Order]) -> None:
    """Both wait for the same tents, so both are told anew."""
    before = set(Delivery.objects.values_list("topic", "object_id", "wanted_version"))
    assert priority.put([waiting[1].pk], 10, who="Ann") == 1
    wished = set(Delivery.objects.values_list("topic", "object_id", "wanted_version")) - before
    assert {topic for topic, _, _ in wished} == {promise_keeping.PRODUCT, promise_keeping.ORDER}
    assert priority.put([waiting[1].pk], 10, who="Ann") == 0


def test_ticked_orders_are_put_first_together_in_as_many_statements_as_one(
    waiting: tuple[Order, Order],
) -> None:
    client = logged_in("clerk")
    ticked = {"action": "serve_first", "_selected_action": [order.pk for order in waiting]}
    answer = client.post(reverse("admin:orders_order_changelist"), ticked, follow=True)
    assert "2 orders are served before all others from now on." in answer.content.decode()
    shown = client.get(reverse("admin:orders_order_changelist"), {"turn": "before"}).content.decode()
    assert all(order.number in shown for order in waiting)

    with CaptureQueriesContext(database) as one:
        priority.put([waiting[0].pk], 20, who="Ann")
    more = [make_order([("TENT", 1, "1.00")]).pk for _ in range(5)]
    with CaptureQueriesContext(database) as many:
        priority.put(more, 20, who="Ann")
    assert len(many) == len(one)


def test_a_program_says_it_when_it_sends_the_order_and_later(caller: Call) -> None:
    make_merchant()
    make_product("TENT")
    client = caller("clerk")

    number = send(client, sent_by_api(priority=30)).json()["number"]
    path = f"/api/v1/orders/{number}/"
    assert client.get(path).json()["priority"] == 30
    assert client.post(f"{path}priority/", {"priority": 5}, format="json").json()["priority"] == 5
    refused = client.post(f"{path}priority/", {"priority": 1000}, format="json")
    assert refused.status_code == 400
    assert "999" in sentences(refused)["priority"]


def test_a_newer_version_of_an_order_leaves_the_turn_to_the_person_who_chose_it() -> None:
    make_merchant()
    make_product("TENT")
    record = make_record("1", priority=50)
    (order,) = take_in([record])
    assert order.priority == 50
    priority.put([order.pk], 200, who="Ann")
    (again,) = take_in([newer(record, customer_note="Soon, please")])
    assert (again.priority, again.customer_note) == (200, "Soon, please")


@pytest.mark.parametrize("typed", ["", "soon", "²", "0", "1000"])
def test_what_is_no_turn_is_refused_on_the_page_too(waiting: tuple[Order, Order], typed: str) -> None:
    press = reverse("admin:orders_order_do", args=[waiting[0].pk, "priority"])
    answer = logged_in("clerk").post(press, {"priority": typed}, follow=True)
    assert "is no priority: give a whole number from 1 (served first) to 999" in answer.content.decode()
    assert Order.objects.get(pk=waiting[0].pk).priority == Order.Priority.USUAL


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_what_is_no_turn_is_refused_in_a_sentence(waiting: tuple[Order, Order], number: int) -> None:
    with pytest.raises(ValueError, match="whole number from 1"):
        priority.put([waiting[0].pk], number, who="Ann")
