"""Eight processes buy the same fifty products, singly and in kits: nothing is oversold, nothing is lost (rule: S2; case: C11)."""

import os

import pytest

from orders.models import Order
from tests import buyers

SECONDS = float(os.environ.get("STORIES_SECONDS", "5"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_nothing_is_oversold_and_no_deadlock_is_left_to_a_person() -> None:
    store = buyers.open_shop()

    sale = buyers.buy_together(store, buyers=8, seconds=SECONDS)

    unhandled = {words: count for words, count in sale.counts.items() if words.startswith("unhandled")}
    assert not unhandled
    assert sale.counts["orders"] == Order.objects.count()
    assert sale.sold > 0
    assert buyers.faults(store) == []
