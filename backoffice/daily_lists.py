"""What is wished for once a day: lists by mail on the mornings of working days, promises looked through when a day begins.

The wish is about the day (its ordinal is the object's number), so it is made once however often the clock asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from backoffice import backorder_mail
from backoffice.lib.working_days import Calendar
from backoffice.reordering import mail as order_list_mail
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Delivery
from inventory.ledger import default_location
from orders import merchant, promise_keeping
from orders.models import Merchant


@dataclass(frozen=True, slots=True)
class Daily:
    """From `hour` on, in the merchant's zone, where `wanted` says so."""

    topic: str
    door: str
    hour: int
    wanted: Callable[[Merchant], bool]
    working_days_only: bool = True


MORNING = 6
DAILY = (
    Daily(promise_keeping.DAY, promise_keeping.DOOR, 0, lambda seller: True, working_days_only=False),
    Daily(order_list_mail.TOPIC, order_list_mail.DOOR, MORNING, order_list_mail.wanted),
    Daily(backorder_mail.TOPIC, "mail", MORNING, lambda seller: bool(seller.backorder_list_email)),
)


def wish_due(*, now: datetime | None = None) -> list[str]:
    """Wish for what this day still wants; the topics. Asked every quarter of an hour, it costs little."""
    seller = merchant.current()
    local = (now or timezone.now()).astimezone(ZoneInfo(seller.time_zone))
    today = local.date()
    due = [daily for daily in DAILY if local.hour >= daily.hour and daily.wanted(seller)]
    house = default_location()
    if not Calendar(house.holiday_region, house.working_days).is_open(today):
        due = [daily for daily in due if not daily.working_days_only]
    wished = Delivery.objects.filter(topic__in=[daily.topic for daily in due], object_id=today.toordinal())
    known = set(wished.values_list("topic", flat=True))
    due = [daily for daily in due if daily.topic not in known]
    if due:
        with transaction.atomic():
            doors = connections.own(*{daily.door for daily in due})
            deliveries.want([(doors[daily.door].pk, daily.topic, today.toordinal()) for daily in due])
    return [daily.topic for daily in due]
