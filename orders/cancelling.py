"""Cancelling what was not shipped: stock is given back in the same transaction (rule: O12)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from orders import allocation, timeline
from orders.models import Order, OrderLine


def cancel_lines(quantities: Mapping[int, int]) -> set[int]:
    """Cancel so many units of each line, backordered ones first, then allocated ones; the products freed.

    ValueError with a sentence where more would be cancelled than is left: shipped units are returned, not cancelled.
    """
    wanted = {line: quantity for line, quantity in quantities.items() if quantity > 0}
    if not wanted:
        return set()
    with transaction.atomic():
        allocation.lock_lines(wanted)
        lines = OrderLine.objects.select_for_update(of=("self",)).order_by("id").in_bulk(wanted)
        give_back = {}
        for pk, quantity in wanted.items():
            line = lines[pk]
            left = line.ordered - line.cancelled - line.shipped
            if quantity > left:
                raise ValueError(
                    f"{quantity} of {line.sku or line.name} cannot be cancelled: {left} are left to be shipped, "
                    f"{line.shipped} have been. Take shipped goods back as a return instead."
                )
            give_back[pk] = max(0, quantity - line.backordered)
        freed = allocation.release(give_back)
        with database.cursor() as cursor:
            cursor.execute(
                """
                UPDATE orders_orderline SET cancelled = cancelled + change.quantity
                  FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
                 WHERE orders_orderline.id = change.id
                """,
                [list(wanted), list(wanted.values())],
            )
    return set(freed)


def cancel_rest(order_ids: Iterable[int], *, why: str, who: str, at: datetime | None = None) -> set[int]:
    """Cancel all that has not been shipped of these orders; the products freed. Done twice it changes nothing.

    An order of which everything was shipped is not cancelled: there is nothing left of it that could be.
    """
    ids = list(order_ids)
    with transaction.atomic():
        lines = list(OrderLine.objects.filter(order_id__in=ids))
        left = {line.pk: line.ordered - line.cancelled - line.shipped for line in lines}
        freed = cancel_lines(left)
        over = {line.order_id for line in lines if line.shipped} - {line.order_id for line in lines if left[line.pk]}
        fresh = list(Order.objects.filter(pk__in=set(ids) - over, cancelled_at=None).values_list("pk", flat=True))
        Order.objects.filter(pk__in=fresh).update(cancelled_at=at or timezone.now())
        timeline.write([timeline.entry(pk, "cancelled", f"Cancelled: {why}", who=who) for pk in fresh])
    return freed
