"""Numbers without a gap and without a double, under any number of processes (rule: A2, case: C33)."""

import random
import time

import pytest
from django.db import transaction

from accounting import numbering
from accounting.models import Invoice, Series
from backoffice import journey, proof
from orders.models import Order
from tests.making import make_merchant, make_order, make_product
from tests.processes import together


@pytest.mark.django_db
def test_the_first_number_is_one_and_the_next_follow() -> None:
    series, first = numbering.draw("invoice", 1)
    _, second = numbering.draw("invoice", 3)
    _, third = numbering.draw("invoice", 1)

    assert (first, second, third) == (1, 2, 5)
    assert numbering.label(series, 1) == "INV-000001"
    assert numbering.label(series, 1_234_567) == "INV-1234567"


@pytest.mark.django_db
def test_series_count_for_themselves() -> None:
    numbering.draw("invoice", 7)

    assert numbering.draw("credit", 1)[1] == 1


@pytest.mark.django_db
def test_a_merchants_own_prefix_is_used() -> None:
    Series.objects.create(code="invoice", prefix="FA-2026-", next_number=41)

    series, number = numbering.draw("invoice", 1)

    assert numbering.label(series, number) == "FA-2026-000041"


@pytest.mark.django_db
def test_what_is_rolled_back_gives_its_numbers_back() -> None:
    numbering.draw("invoice", 2)
    with transaction.atomic():
        numbering.draw("invoice", 5)
        transaction.set_rollback(True)

    assert numbering.draw("invoice", 1)[1] == 3


@pytest.mark.django_db(transaction=True)
def test_numbers_are_drawn_only_inside_the_transaction_that_uses_them() -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        numbering.draw("invoice", 1)


@pytest.mark.django_db
def test_none_is_no_number() -> None:
    with pytest.raises(ValueError, match="at least one"):
        numbering.draw("invoice", 0)


@pytest.mark.django_db(transaction=True)
def test_c33_50_invoices_at_once_one_rolled_back_have_no_gap_and_no_double() -> None:
    make_merchant()
    make_product("TENT", 100)
    orders = [make_order([("TENT", 1, "10.00")], paid=False).pk for _ in range(50)]
    Order.objects.update(paid_at="2026-11-23T15:00Z", may_ship=True, paid_total=0)
    unlucky = orders[17]

    def invoiced(mine: list[int]) -> int:
        done = 0
        for order in mine:
            try:
                with transaction.atomic():
                    journey.go_on([order])
                    # Long enough that the others really wait for this number.
                    time.sleep(random.uniform(0, 0.02))
                    if order == unlucky:
                        raise RuntimeError("crash")
                done += 1
            except RuntimeError:
                pass
        return done

    answers = together(*[lambda mine=orders[hand::10]: invoiced(mine) for hand in range(10)])

    assert sum(answers) == 49
    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 50))
    assert not Invoice.objects.filter(order=unlucky).exists()
    assert Series.objects.get().next_number == 50
    # In order: whoever has the higher number was let go on after the lower one was committed.
    issued = list(Invoice.objects.order_by("number").values_list("issued_at", flat=True))
    assert issued == sorted(issued)
    checks = {check.name: check for check in proof.prove().checks}
    assert checks["invoice numbers"].ok
    assert checks["one invoice an order"].ok
    journey.go_on([unlucky])
    assert Invoice.objects.get(order=unlucky).number == 50
