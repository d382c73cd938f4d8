"""Locking the levels of products where one was taken away by hand."""

import pytest
from django.db import transaction

from backoffice import goods
from inventory import ledger, reservations
from inventory.models import Location, StockLevel
from tests import making


@pytest.mark.django_db
def test_a_level_that_was_taken_away_by_hand_is_not_looked_for_again_and_again() -> None:
    making.make_merchant()
    tent = making.make_product("TENT", 3)
    shelf = Location.objects.create(code="B-1", name="B-1", kind="bin", warehouse=ledger.default_location())
    goods.receive([goods.Goods(tent.pk, 2, location_id=shelf.pk)], key="came")
    assert list(StockLevel.objects.values_list("places", flat=True)) == [2, 2]
    StockLevel.objects.get(location=shelf).delete()

    with transaction.atomic():
        free = reservations.lock([tent.pk])

    assert [spot.units for spot in free.spots[tent.pk]] == [3]
