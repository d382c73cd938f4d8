"""How many statements the way in costs: none that grows with the number of orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from backoffice import inward
from orders.models import Order
from tests import making, shop

pytestmark = pytest.mark.django_db
SKUS = ["TENT", "PEGS", "LAMP", "ROPE", "MAT"]


class Statements(list[str]):
    """What was sent to the database, COPY and savepoints among it."""

    def __str__(self) -> str:
        return "\n".join(f"{at:4} {' '.join(sql.split())[:150]}" for at, sql in enumerate(self, start=1))


@contextmanager
def counted() -> Iterator[Statements]:
    sent = Statements()

    def notes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, params, many, context)

    from psycopg import Cursor

    copy = Cursor.copy

    def noted_copy(self: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        # COPY goes past Django's own counting.
        sent.append(str(statement))
        return copy(self, statement, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(notes):
        patch.setattr(Cursor, "copy", noted_copy)
        yield sent


def body(number: int) -> dict[str, Any]:
    items = [(SKUS[(number + step) % 5], 1 + step, "10.00") for step in range(3)]
    return shop.order(number, items, email=f"b{number}@example.ca", taxes=[("HST", "14", "8.40")], shipping="5.00")


@pytest.fixture
def store() -> Any:
    for sku in SKUS:
        making.make_product(sku, 1000)
    store = shop.connected()
    # What is made once for a whole house, and the listings that stores are told of.
    shop.deliver(store, body(1))
    return store


def taken_in(store: Any, numbers: range) -> Statements:
    for number in numbers:
        shop.ring(store, body(number))
    with counted() as sent:
        inward.work_on_arrivals()
    assert Order.objects.filter(external_id__in=map(str, numbers)).count() == len(numbers)
    return sent


def test_a_batch_costs_the_same_number_of_statements_for_twenty_as_for_a_hundred(store: Any) -> None:
    few, many = taken_in(store, range(100, 120)), taken_in(store, range(200, 299))
    # 99, so that both are one batch that is not full: a full one is followed by a look for more.
    assert len(few) == len(many), f"{len(few)} for 20, {len(many)} for 99:\n{many}"
    full = taken_in(store, range(300, 400))
    assert len(full) < 200, f"{len(full)} for 100:\n{full}"


def test_one_webhook_is_taken_in_with_forty_statements_at_most(store: Any) -> None:
    said = shop.raw(body(500))
    with counted() as sent:
        inward.webhook(store, shop.headers(said), said)
        inward.work_on_arrivals()
    assert Order.objects.get(external_id="500").state == Order.State.TO_PACK
    assert len(sent) <= 40, f"{len(sent)} statements:\n{sent}"


def test_a_newer_version_costs_no_more_for_many_than_for_one(store: Any) -> None:
    taken_in(store, range(600, 660))
    counts = []
    for numbers in (range(600, 605), range(605, 660)):
        for number in numbers:
            shop.ring(
                store, {**body(number), "customer_note": "Ring twice", "date_modified_gmt": "2026-11-30T10:00:00"}
            )
        with counted() as sent:
            inward.work_on_arrivals()
        counts.append((len(sent), sent))
    assert counts[0][0] == counts[1][0], f"{counts[0][0]} for 5, {counts[1][0]} for 55:\n{counts[1][1]}"
