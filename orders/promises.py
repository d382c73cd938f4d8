"""Promises: what a line, or whoever orders now, is told of when it comes; and the record of what was told (rule: S10).

Pages, papers and the API ask for_lines and for_products, which work the answer out from what is known at that moment. The rows
of LinePromise are the record beside it: what was told first, what it hangs on, and when it moved.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction

from inventory.models import KitContent, Product
from inventory.promise import Promise
from inventory.reservations import Ask
from orders import promise_facts, promise_record
from orders.models import Merchant
from orders.promise_facts import Wanted
from orders.promise_record import Told

NOBODY = 0
"""Neither a line nor a store."""
UNKNOWN_PRODUCT = Promise("unknown", details={"why": "no_product"})


def for_lines(line_ids: Iterable[int], *, now: datetime | None = None) -> dict[int, Promise]:
    """What each of these lines is told now, if any of it is on backorder; a constant number of statements.

    A line that is not in the queue yet, because nobody has paid, is told what it would be told if it were.
    """
    ids = set(line_ids)
    return _answers(promise_facts.of_lines(ids), now) if ids else {}


def for_products(
    product_ids: Iterable[int], quantity: int = 1, *, connection_id: int | None = None, now: datetime | None = None
) -> dict[int, Promise]:
    """What somebody is told who orders so many units (kits) of each now, at a store; a constant number of statements."""
    ids = sorted(set(product_ids))
    if not ids:
        return {}
    parts: dict[int, dict[int, int]] = defaultdict(dict)
    for kit, product, units in KitContent.objects.filter(kit__in=ids).values_list("kit_id", "product_id", "quantity"):
        parts[kit][product] = units
    wanted = {pk: parts.get(pk) or {pk: 1} for pk in ids}
    return for_contents(wanted, quantity, connection_id=connection_id, now=now, names=_names(wanted.values()))


K = TypeVar("K")


def for_contents(
    contents: Mapping[K, Mapping[int, int]],
    quantity: int = 1,
    *,
    connection_id: int | None = None,
    now: datetime | None = None,
    seller: Merchant | None = None,
    names: Mapping[int, str] | None = None,
    safety_buffer: int = 0,
) -> dict[K, Promise]:
    """What somebody is told who orders so many of each of these now, each by what one of it takes from stock; two statements.

    The buffer is kept back of each part. `names` are for the reason, which says of several parts the one that is waited for.
    """
    outlook = promise_facts.gather(
        {product for inside in contents.values() for product in inside},
        now=now,
        seller=seller,
        kept_back=safety_buffer,
        connection_id=connection_id,
    )
    return {
        key: outlook.promise(Ask(NOBODY, tuple(sorted(inside.items())), quantity, connection_id or NOBODY), names=names)
        for key, inside in contents.items()
    }


def refresh_products(product_ids: Iterable[int], *, now: datetime | None = None) -> set[int]:
    """Record what the lines that wait for these products are told now; those that are told something else than before.

    To be called in the transaction of whatever changes when goods come: a purchase order sent, confirmed, changed, received
    or cancelled, a transfer sent. A constant number of statements.
    """
    ids = sorted(set(product_ids))
    if not ids:
        return set()
    with transaction.atomic():
        changed = _record(promise_facts.of_products(ids), now)
        promise_record.close(product_ids=ids)
    return changed


def refresh_orders(order_ids: Iterable[int], *, now: datetime | None = None) -> set[int]:
    """Record what the waiting lines of these orders are told now; those that are told something else than before."""
    ids = sorted(set(order_ids))
    if not ids:
        return set()
    with transaction.atomic():
        changed = _record(promise_facts.of_orders(ids), now)
        promise_record.close(order_ids=ids)
    return changed


def _record(lines: Sequence[Wanted], now: datetime | None) -> set[int]:
    answers = _answers(lines, now)
    return promise_record.write(
        {line.ask.key: Told(line.order_id, line.sku, answers[line.ask.key]) for line in lines}, now=now
    )


def _answers(lines: Sequence[Wanted], now: datetime | None) -> dict[int, Promise]:
    if not lines:
        return {}
    outlook = promise_facts.gather({product for line in lines for product, _ in line.ask.needs}, now=now)
    names = _names(dict(line.ask.needs) for line in lines)
    return {
        line.ask.key: outlook.promise(line.ask, line.key, names=names) if line.ask.needs else UNKNOWN_PRODUCT
        for line in lines
    }


def _names(contents: Iterable[Mapping[int, int]]) -> dict[int, str]:
    """The SKUs of components, where something has several."""
    ids = {product for inside in contents if len(inside) > 1 for product in inside}
    return dict(Product.objects.filter(pk__in=ids).values_list("pk", "sku")) if ids else {}
