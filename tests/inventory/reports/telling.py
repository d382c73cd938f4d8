"""Small stories of stock, told to the ledger day by day, whose figures can be worked out by hand."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from inventory import ledger
from inventory.models import Location, Movement, Product, Revaluation
from inventory.reports.asked import Asked

TORONTO = ZoneInfo("America/Toronto")
Reason = Movement.Reason
_keys = count(1)


def on(text: str) -> datetime:
    """An instant in Toronto: `2026-03-05` at noon, or `2026-03-05 23:30`."""
    day, _, clock = text.partition(" ")
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock or "12:00"), TORONTO).astimezone(UTC)


def happened(
    product: Product,
    when: str,
    reason: Reason,
    quantity: int,
    cost: str | None = None,
    *,
    place: Location | None = None,
    note: str = "",
) -> Movement:
    place = place or ledger.default_location()
    unit_cost = None if cost is None else Decimal(cost)
    move = ledger.Move(product.pk, place.pk, quantity, reason, f"story-{next(_keys)}", unit_cost, note)
    return ledger.record([move], at=on(when))[0]


def moved(product: Product, when: str, quantity: int, source: Location, target: Location) -> None:
    """From one place to another, at the average cost of that moment."""
    cost = str(Product.objects.get(pk=product.pk).average_cost)
    happened(product, when, Reason.TRANSFER, -quantity, cost, place=source)
    happened(product, when, Reason.TRANSFER, quantity, cost, place=target)


def revalued(product: Product, when: str, amount: str) -> Revaluation:
    """Freight that was billed later: the value and the average go up, no unit moves."""
    units = sum(product.levels.values_list("on_hand", flat=True))
    product.refresh_from_db()
    product.average_cost += Decimal(amount) / units
    product.save(update_fields=["average_cost"])
    return Revaluation.objects.create(
        product=product, amount=Decimal(amount), at=on(when), key=f"revaluation-{next(_keys)}"
    )


def asked(last: str, first: str | None = None, **fields: Any) -> Asked:
    return Asked(
        last=date.fromisoformat(last), first=date.fromisoformat(first) if first else None, zone=TORONTO, **fields
    )


def warehouse(code: str) -> Location:
    return Location.objects.get_or_create(code=code, defaults={"name": f"Warehouse {code}"})[0]
