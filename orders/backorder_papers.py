"""The backorder list as a file and on paper, for the page's buttons and for the morning's mail."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils import timezone

from orders import backorder_list, merchant, promise_words
from orders.backorder_list import Asked, LineRow
from orders.backorder_pdf import ListData, ListLine, draw
from orders.models import Merchant

MOST_ON_PAPER = 2_000
"""Lines in one PDF: some fifty pages, and nobody reads more on paper."""
VIEWS = ("product", "customer", "age")
"""What the list may be by."""
HEADINGS = (
    "product_or_customer", "sku", "name", "order", "store_order", "customer", "units", "placed_on", "days",
    "earliest", "latest", "reason", "value", "currency",
)  # fmt: skip
GUARDED = ("value", "currency")
"""What only who may see customers' amounts gets."""


def headings(by: str, *, amounts: bool) -> list[str]:
    return [name for name in HEADINGS if (amounts or name not in GUARDED) and (by != "age" or name != HEADINGS[0])]


def rows(by: str, asked: Asked, *, amounts: bool, language: str, now: datetime | None = None) -> Iterator[list[Any]]:
    """The list's rows as they stand under headings(), a few hundred in memory at a time."""
    seller = merchant.current()
    today = merchant.local_day(now or timezone.now(), seller)
    names = headings(by, amounts=amounts)
    for group, row in backorder_list.every_line(by, asked, now=now):
        told = _cells(group, row, seller, today, language)
        yield [told[name] for name in names]


def _cells(group: str, row: LineRow, seller: Merchant, today: date, language: str) -> dict[str, Any]:
    placed = merchant.local_day(row.placed_at, seller)
    return {
        "product_or_customer": group,
        "sku": row.sku,
        "name": row.name,
        "order": row.number,
        "store_order": row.external_number,
        "customer": row.customer,
        "units": row.units,
        "placed_on": placed,
        "days": (today - placed).days,
        "earliest": row.promise.earliest if row.promise else None,
        "latest": row.promise.latest if row.promise else None,
        "reason": promise_words.reason(row.promise, language) if row.promise else "",
        "value": row.value,
        "currency": row.currency,
    }


def pdf(by: str, asked: Asked, *, amounts: bool, language: str, now: datetime | None = None) -> bytes:
    """The list on paper; at most MOST_ON_PAPER lines, and then it says so."""
    seller = merchant.current()
    today = merchant.local_day(now or timezone.now(), seller)
    found = list(islice(backorder_list.every_line(by, asked, now=now), MOST_ON_PAPER + 1))
    return draw(
        ListData(
            merchant_name=seller.name,
            today=today,
            lines=tuple(_line(group, row, seller, today, amounts, language) for group, row in found[:MOST_ON_PAPER]),
            language=language,
            left_out=len(found) > MOST_ON_PAPER,
        )
    )


def _line(group: str, row: LineRow, seller: Merchant, today: date, amounts: bool, language: str) -> ListLine:
    value: Decimal | None = row.value if amounts else None
    return ListLine(
        group=group,
        order=row.number,
        customer=row.customer,
        sku=row.sku,
        name=row.name,
        units=row.units,
        days=(today - merchant.local_day(row.placed_at, seller)).days,
        promise=promise_words.span(row.promise, language) if row.promise else "",
        reason=promise_words.reason(row.promise, language) if row.promise else "",
        value=value,
        currency=row.currency,
    )
