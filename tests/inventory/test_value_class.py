"""ABC by value: 80 %, 15 %, the rest, and what was never sold."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from inventory import ledger, value_class
from inventory.models import Movement, Product
from tests.making import make_product

pytestmark = pytest.mark.django_db
_key = iter(range(10_000))


def _shipped(product: Product, units: int, *, days_ago: int = 1, reason: str = "shipment") -> None:
    ledger.record(
        [
            ledger.Move(
                product.pk, ledger.default_location().pk, -units, Movement.Reason(reason), f"shipped-{next(_key)}"
            )
        ],
        at=timezone.now() - timedelta(days=days_ago),
    )


def _names() -> dict[str, str]:
    skus = dict(Product.objects.values_list("pk", "sku"))
    return {skus[pk]: classed.name for pk, classed in value_class.classes().items()}


def test_the_first_eighty_per_cent_are_a_and_the_next_fifteen_b() -> None:
    for sku, units in (("STOVE", 60), ("TENT", 25), ("ROPE", 11), ("PEG", 3), ("CUP", 1)):
        _shipped(make_product(sku, 100, "10.00"), units)
    make_product("NEW", 5)

    # TENT begins at 60 % and ROPE at 85 %, PEG at 96 %.
    assert _names() == {"STOVE": "A", "TENT": "A", "ROPE": "B", "PEG": "C", "CUP": "C", "NEW": "C"}


def test_value_counts_and_not_units_and_only_the_last_year() -> None:
    dear, cheap, old = make_product("DEAR", 10, "900.00"), make_product("CHEAP", 90, "1.00"), make_product("OLD", 9)
    _shipped(dear, 1, reason="elsewhere")
    _shipped(cheap, 50)
    _shipped(old, 9, days_ago=366)

    found = value_class.classes()

    assert _names() == {"DEAR": "A", "CHEAP": "B", "OLD": "C"}
    assert (found[dear.pk].units, found[dear.pk].value) == (1, Decimal("900.00"))
    assert found[old.pk] == value_class.Classed(0, Decimal(0), "C")


def test_what_is_not_stocked_has_no_class_and_goods_without_a_cost_are_c() -> None:
    make_product("SERVICE", stocked=False)
    free = make_product("FREE", 5, "0")
    _shipped(free, 5)

    assert _names() == {"FREE": "C"}


def test_the_class_is_among_all_though_few_are_asked_for(django_assert_num_queries: object) -> None:
    big, small = make_product("BIG", 10, "100.00"), make_product("SMALL", 10, "1.00")
    _shipped(big, 10)
    _shipped(small, 1)

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert {pk: c.name for pk, c in value_class.classes([small.pk]).items()} == {small.pk: "C"}
