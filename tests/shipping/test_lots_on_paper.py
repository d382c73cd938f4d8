"""Pick list and packing slip name the lots: those to take, the first to expire first, and those in the parcel."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import goods, journey
from inventory import lots
from shipping import papers
from tests.making import make_merchant, make_order, make_product
from tests.reading import Read

pytestmark = pytest.mark.django_db


def test_the_lots_to_take_and_those_that_were_taken() -> None:
    make_merchant()
    milk = make_product("MILK", tracking="lot", expires=True, name_fr="Lait")
    today = timezone.localdate()
    for code, ahead in (("LATE", 30), ("SOON", 5), ("OLD", -1)):
        lot = lots.take_in([lots.Named(milk.pk, code, today + timedelta(days=ahead))])[milk.pk, code]
        goods.receive([goods.Goods(milk.pk, 3, lot_id=lot.pk)], key=code)
    order = make_order([("MILK", 4, "2.00")])

    said = Read(papers.pick_list([order.pk])).text()
    assert "Lot/serial SOON × 3" in said
    assert "Lot/serial LATE × 1" in said
    assert "OLD" not in said
    french = Read(papers.pick_list([order.pk], language="fr")).text()
    assert "Lait" in french
    assert "Lot/série SOON × 3" in french

    journey.pack([order.pk])
    assert "Lot/serial SOON, LATE" in Read(papers.slips([order.pk])).text()
