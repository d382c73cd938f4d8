"""Which lot leaves first: the first to expire, then the first that came; and which must not leave at all (rule: S11)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import F, Q, QuerySet

from inventory.models import LotLevel

Spot = tuple[int, int]
"""(product, location)"""


def in_turn(product_ids: Iterable[int], *, good_on: date | None = None) -> dict[Spot, list[tuple[int, int]]]:
    """By place: (lot, units there) in the order in which lots leave; one statement.

    `good_on` leaves out what must not go to a customer on that day: a lot is good through its expiry day, a recalled one
    never.
    """
    levels = LotLevel.objects.filter(units__gt=0, lot__product__in=list(product_ids))
    if good_on is not None:
        levels = may_go(levels, good_on)
    found: dict[Spot, list[tuple[int, int]]] = defaultdict(list)
    ordered = levels.order_by(F("lot__expires_on").asc(nulls_last=True), "lot__created_at", "lot_id")
    for lot_id, product_id, location_id, units in ordered.values_list("lot", "lot__product", "location", "units"):
        found[product_id, location_id].append((lot_id, units))
    return dict(found)


def unfit(day: date) -> QuerySet[LotLevel]:
    """Where expired or recalled lots lie in places that are sold from."""
    return LotLevel.objects.filter(
        Q(lot__expires_on__lt=day) | Q(lot__recalled_at__isnull=False), units__gt=0, location__sellable=True
    )


def may_go(levels: QuerySet[LotLevel], day: date) -> QuerySet[LotLevel]:
    """Of these, the ones of lots that may be sent to a customer on this day."""
    return levels.filter(Q(lot__expires_on=None) | Q(lot__expires_on__gte=day), lot__recalled_at=None)
