"""The arithmetic of ordering again, against figures worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from inventory import reorder

pytestmark = pytest.mark.django_db

NOTHING: dict[str, Any] = {
    "on_hand": 0, "allocated": 0, "backordered": 0, "on_order": 0, "in_transit": 0, "in_draft": 0, "limit_point": None,
    "limit_target": None, "mean": None, "deviation": None, "lead_days": None, "pack": 1, "minimum": 0,
}  # fmt: skip
TYPES = {"mean": "numeric", "deviation": "numeric"}


def judged(service_level: str = "95", **figures: Any) -> dict[str, Any]:
    """What the arithmetic makes of these figures, all others being nothing or unknown."""
    values = NOTHING | figures
    row = "SELECT " + ", ".join(f"%({name})s::{TYPES.get(name, 'bigint')} AS {name}" for name in values)
    columns = ("projected", "kind", "point", "target", "suggested_point", "suggested_target", "short", "quantity")
    sql = f"""SELECT projected, kind, point, target, suggested_point, suggested_target,
                     {reorder.IS_SHORT}, {reorder.QUANTITY} FROM ({reorder.JUDGED.format(figures=row)}) judged"""
    with connection.cursor() as cursor:
        cursor.execute(sql, values | {"z": reorder.quantile(Decimal(service_level))})
        return dict(zip(columns, cursor.fetchone(), strict=True))


@pytest.mark.parametrize(
    ("figures", "projected", "short", "quantity"),
    [
        # 12 − 5 − 0 + 0 = 7, above 6: nothing to do.
        ({"on_hand": 12, "allocated": 5, "limit_point": 6, "limit_target": 20}, 7, False, 13),
        # 11 − 5 = 6, at the point: up to 20 are 14.
        ({"on_hand": 11, "allocated": 5, "limit_point": 6, "limit_target": 20}, 6, True, 14),
        # C16: 8 on hand, 8 of the 14 promised are allocated, 6 wait: 8 − 8 − 6 = −6; up to 10 are 16.
        ({"on_hand": 8, "allocated": 8, "backordered": 6, "limit_point": 4, "limit_target": 10}, -6, True, 16),
        # The same 6 on order: 0; up to 10 are 10.
        ({"on_hand": 8, "allocated": 8, "backordered": 6, "on_order": 6, "limit_point": 4, "limit_target": 10}, 0, True, 10),
        # 2 here and 9 on their way from another warehouse are 11, above 10.
        ({"on_hand": 2, "in_transit": 9, "limit_point": 10, "limit_target": 12}, 11, False, 1),
        # Packs of 12: 20 − 3 = 17 are two packs.
        ({"on_hand": 3, "limit_point": 5, "limit_target": 20, "pack": 12}, 3, True, 24),
        # At least 50 an order, in packs of 12: 17 wanted, 50 at least, five packs.
        ({"on_hand": 3, "limit_point": 5, "limit_target": 20, "pack": 12, "minimum": 50}, 3, True, 60),
        # Exactly one pack is one pack.
        ({"on_hand": 8, "limit_point": 8, "limit_target": 20, "pack": 12}, 8, True, 12),
        # No target: the point plus one pack: 5 + 6 = 11; 11 − 4 = 7 are two packs.
        ({"on_hand": 4, "limit_point": 5, "pack": 6}, 4, True, 12),
        # 20 − 3 = 17, of which 10 stand on a draft: 7 more.
        ({"on_hand": 3, "limit_point": 5, "limit_target": 20, "in_draft": 10}, 3, True, 7),
        # All 17 stand on a draft: still short, nothing more to order, whatever the minimum.
        ({"on_hand": 3, "limit_point": 5, "limit_target": 20, "in_draft": 17, "minimum": 50}, 3, True, 0),
        # A point of 0 with a target of 0 keeps none: nothing is wanted until somebody waits; then it is what he waits for.
        ({"limit_point": 0, "limit_target": 0}, 0, False, 0),
        ({"backordered": 2, "limit_point": 0, "limit_target": 0}, -2, True, 2),
    ],
)  # fmt: skip
def test_limits(figures: dict[str, Any], projected: int, short: bool, quantity: int) -> None:
    found = judged(**figures)

    assert (found["kind"], found["projected"], found["short"]) == ("limit", projected, short)
    assert found["quantity"] == quantity


@pytest.mark.parametrize(
    ("figures", "level", "point", "target"),
    [
        # Stevenson's restaurant: 50 jars a week, deviation 3, two weeks, 10 % risk: 100 + 1.28 × 3 × √2 = 105.43 → 106;
        # one week's mean more: 156.
        ({"mean": 50, "deviation": 3, "lead_days": 10}, "90", 106, 156),
        # 4 a week, deviation 2, 15 working days, 95 %: 12 + 1.6449 × 2 × 1.7321 = 17.70 → 18; + 4 = 22.
        ({"mean": 4, "deviation": 2, "lead_days": 15}, "95", 18, 22),
        # The pack of 24 is more than a week's demand: 18 + 24 = 42.
        ({"mean": 4, "deviation": 2, "lead_days": 15, "pack": 24}, "95", 18, 42),
        # A service level of one half keeps no safety stock: 10 × 1 = 10 and not 11.
        ({"mean": 10, "deviation": 5, "lead_days": 5}, "50", 10, 20),
        # Two days are 0.4 weeks: 3 × 0.4 + 2.3263 × 1 × 0.6325 = 2.67 → 3; + 3 = 6.
        ({"mean": 3, "deviation": 1, "lead_days": 2}, "99", 3, 6),
        # 0.5 a week, always the same: 0.5 × 4 = 2; a week's mean of 0.5 is less than one unit: 3.
        ({"mean": "0.5", "deviation": 0, "lead_days": 20}, "95", 2, 3),
    ],
)
def test_demand_suggests_limits(figures: dict[str, Any], level: str, point: int, target: int) -> None:
    found = judged(level, **figures)

    assert (found["kind"], found["point"], found["target"]) == ("demand", point, target)
    assert found["short"]
    assert found["quantity"] >= target


def test_limits_win_over_demand_which_is_shown_beside() -> None:
    found = judged(on_hand=9, limit_point=8, limit_target=30, mean=4, deviation=2, lead_days=15)

    assert (found["kind"], found["point"], found["short"]) == ("limit", 8, False)
    assert (found["suggested_point"], found["suggested_target"]) == (18, 22)


@pytest.mark.parametrize(
    "figures",
    [{"mean": 4, "deviation": 2}, {"mean": 4, "lead_days": 15}, {"lead_days": 15}],
    ids=["no lead time", "one week only", "never sold"],
)
def test_what_is_not_known_suggests_nothing(figures: dict[str, Any]) -> None:
    found = judged(**figures)

    assert (found["kind"], found["suggested_point"], found["suggested_target"]) == ("unknown", None, None)
    assert not found["short"]


def test_without_limit_and_suggestion_only_what_customers_wait_for_is_ordered() -> None:
    # 2 free, 5 wait, 1 is coming: −2.
    found = judged(on_hand=2, backordered=5, on_order=1, pack=4)

    assert (found["kind"], found["projected"], found["short"], found["quantity"]) == ("waiting", -2, True, 4)


def test_quantile() -> None:
    # From any table of the normal distribution.
    assert [round(reorder.quantile(Decimal(level)), 4) for level in ("50", "90", "95", "99")] == [
        0.0, 1.2816, 1.6449, 2.3263,
    ]  # fmt: skip
