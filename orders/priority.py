"""Which orders are served before others (rule: S3): the lowest number first, then the oldest. The one writer of it."""

from collections.abc import Iterable

from django.db import transaction

from backoffice.sync import deliveries
from orders import promise_keeping, queue, timeline
from orders.models import Order

LEAST, MOST = 1, 999


def put(order_ids: Iterable[int], priority: int, *, who: str) -> int:
    """These orders take this turn from now on; how many had another. A constant number of statements.

    What is reserved stays where it is: the next goods are dealt out by the new turn, or all of them by a plan
    (orders.release). Who waits for the same goods is told its new day. ValueError for a number past 1 to 999.
    """
    check(priority)
    ids = set(order_ids)
    with transaction.atomic():
        queue.lock_orders(ids)
        found = Order.objects.select_for_update().filter(pk__in=ids).exclude(priority=priority).order_by("pk")
        before = dict(found.values_list("pk", "priority"))
        Order.objects.filter(pk__in=before).update(priority=priority)
        timeline.write(
            [
                timeline.entry(
                    pk, "priority", f"Served {words(priority)} from now on (until now {words(was)}).", who=who
                )
                for pk, was in before.items()
            ]
        )
        deliveries.want(promise_keeping.queue_wishes(before))
    return len(before)


def check(priority: int) -> None:
    """ValueError with a sentence for what is no turn."""
    if not LEAST <= priority <= MOST:
        raise ValueError(
            f"{priority} is no priority: give a whole number from {LEAST} (served first) to {MOST}; "
            f"{Order.Priority.USUAL} is usual."
        )


def words(priority: int) -> str:
    """The turn as staff read it."""
    known = dict(Order.Priority.choices)
    return str(known[priority]) if priority in known else f"by priority {priority}"
