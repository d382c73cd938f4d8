"""The order list kept: which lines it has, by what it is filtered, sorted and counted. The one writer of `OrderListLine`.

To find what is short every product is looked at, which takes half a second where there are 100,000. So it is kept which
ones were, and the figures of a page's lines are worked out at the moment they are shown. A list that is gathered in no time
is gathered whenever it is looked at; one that takes long, when it is a hundred times as old as gathering it took.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from backoffice import finding
from backoffice.reordering import needs
from inventory import demand
from inventory.models import OrderList, OrderListLine
from orders import merchant

IN_NO_TIME_MS = 50
WORTH = 100

_GATHER = f"""
    WITH listed AS MATERIALIZED ({needs.sql(of_pairs=False)}),
    gone AS (
        DELETE FROM inventory_orderlistline old
         WHERE NOT EXISTS (SELECT 1 FROM listed WHERE listed.product_id = old.product_id
                                                  AND listed.warehouse_id = old.warehouse_id))
    INSERT INTO inventory_orderlistline AS old (product_id, warehouse_id, supplier_id, kind, urgency, quantity, value)
    SELECT product_id, warehouse_id, supplier_id, kind, coalesce(projected - point, 0), quantity, quantity * price
      FROM listed ORDER BY product_id, warehouse_id
    ON CONFLICT (product_id, warehouse_id) DO UPDATE
       SET supplier_id = excluded.supplier_id, kind = excluded.kind, urgency = excluded.urgency,
           quantity = excluded.quantity, value = excluded.value
     WHERE (old.supplier_id, old.kind, old.urgency, old.quantity, old.value)
           IS DISTINCT FROM (excluded.supplier_id, excluded.kind, excluded.urgency, excluded.quantity, excluded.value)
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtext('order list'))"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: of a supplier (0: of none), a warehouse, a kind (empty: all that is to be ordered), words; how sorted."""

    supplier: int | None = None
    warehouse: int | None = None
    kind: str = ""
    text: str = ""
    sort: str = "urgent"


@dataclass(frozen=True, slots=True)
class Short:
    """A supplier's part of the list does not come to its minimum order."""

    supplier: str
    warehouse: str
    currency: str
    minimum: Decimal
    value: Decimal


SORTS: dict[str, tuple[str, ...]] = {
    "urgent": ("urgency", "id"),
    "sku": ("product__sku", "warehouse__pick_order"),
    "supplier": ("supplier__name", "supplier_id", "warehouse__pick_order", "warehouse_id", "product__sku"),
    "value": ("-value", "id"),
}


def refresh() -> None:
    """Gather the list anew, in a constant number of statements. Only lines that changed are written."""
    begun = time.monotonic()
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(_GATHER, needs.parameters())
        took = round((time.monotonic() - begun) * 1000)
        OrderList.objects.update_or_create(pk=1, defaults={"gathered_at": timezone.now(), "took_ms": took})


def work_out_demand() -> int:
    """Bring the demand to this day, where it is not; how many products in warehouses were worked out."""
    seller = merchant.current()
    weeks, zone, today = seller.demand_weeks, seller.time_zone, merchant.local_day(timezone.now(), seller)
    if not demand.is_stale(weeks=weeks, time_zone=zone, today=today):
        return 0
    return demand.refresh(weeks=weeks, time_zone=zone, today=today)


def up_to_date() -> OrderList:
    """The list as it may be shown, gathered anew where that is due."""
    known = OrderList.objects.filter(pk=1).first()
    if known is None or known.took_ms <= IN_NO_TIME_MS or _age(known) > WORTH * timedelta(milliseconds=known.took_ms):
        refresh()
        return OrderList.objects.get(pk=1)
    return known


def _age(known: OrderList) -> timedelta:
    return timezone.now() - known.gathered_at


def asked(what: Asked) -> QuerySet[OrderListLine]:
    """The lines of the kept list that are asked for."""
    found = OrderListLine.objects.all()
    found = found.filter(kind=what.kind) if what.kind else found.exclude(kind=OrderListLine.Kind.UNKNOWN)
    if what.supplier is not None:
        found = found.filter(supplier=what.supplier or None)
    if what.warehouse is not None:
        found = found.filter(warehouse=what.warehouse)
    found = finding.found(found, what.text, finding.of_product("product"))
    return found.order_by(*SORTS.get(what.sort, SORTS["urgent"]))


def pairs(found: QuerySet[OrderListLine]) -> list[needs.Pair]:
    return list(found.values_list("product_id", "warehouse_id"))


def below_minimum(suppliers: Iterable[int]) -> list[Short]:
    """Of these suppliers: what the list comes to by warehouse, where that is less than the least they take an order for."""
    sums = (
        OrderListLine.objects.filter(supplier__in=set(suppliers), supplier__minimum_order__gt=0, quantity__gt=0)
        .exclude(kind=OrderListLine.Kind.UNKNOWN)
        .values_list("supplier__name", "warehouse__name", "supplier__currency", "supplier__minimum_order")
        .annotate(value=Sum("value"))
        .order_by("supplier__name", "warehouse__name")
    )
    return [Short(*row) for row in sums.filter(value__lt=F("supplier__minimum_order"))]
