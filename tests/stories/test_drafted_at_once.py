"""Two buyers press at the same instant: what is short is ordered once."""

from typing import Any

import pytest
from django.db import connections

from backoffice.reordering import drafting, gathered
from backoffice.reordering.drafting import Chosen
from inventory.models import PurchaseOrderLine
from tests.backoffice.ordering import hold, line, make_supplier
from tests.making import make_merchant, make_product
from tests.processes import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("everything", [False, True], ids=["ticked lines", "the whole list"])
def test_two_buyers_at_once_draft_once(everything: bool) -> None:
    make_merchant()
    make_product("TENT")
    make_supplier("NORD", "TENT")
    hold("TENT", 10, 30)
    chosen = Chosen(line("TENT").pair, 30, line("TENT").spoken_for)

    def press() -> Any:
        try:
            if everything:
                return len(drafting.draft_all(gathered.Asked(), by=None))
            return len(drafting.draft([chosen], by=None).orders)
        except ValueError:
            return 0
        finally:
            connections.close_all()

    assert sorted(together(press, press, press)) == [0, 0, 1]
    assert list(PurchaseOrderLine.objects.values_list("ordered", flat=True)) == [30]
