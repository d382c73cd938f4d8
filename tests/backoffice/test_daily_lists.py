"""The clock asks every quarter of an hour; a day's list is wished for once, on the morning of a working day."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from backoffice import daily_lists
from backoffice.sync.models import Delivery
from orders import promise_keeping
from tests.making import make_merchant

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, 5, tzinfo=ZoneInfo("America/Toronto"))


def test_promises_are_looked_through_once_a_day_on_holidays_too() -> None:
    make_merchant()

    asked = [daily_lists.wish_due(now=now) for now in (at(25, 0), at(25, 1), at(25, 23), at(25, 4, month=12))]

    assert asked == [[promise_keeping.DAY], [], [], [promise_keeping.DAY]]
    assert set(Delivery.objects.filter(topic=promise_keeping.DAY).values_list("object_id", "wanted_version")) == {
        (date(2026, 11, 25).toordinal(), 1),
        (date(2026, 12, 25).toordinal(), 1),
    }
