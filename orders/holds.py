"""Holds: why an order does not go on, said in one sentence with what to do (rule: O4)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from backoffice.lib import address, money
from backoffice.lib.bulk import copy_in
from orders import timeline
from orders.models import Hold, Order
from orders.records import OrderRecord

SKU = "unknown_sku"
TOTALS = "totals"
TAX = "unknown_tax"
CURRENCY = "currency"
ADDRESS = "address"
DOUBT = "doubt"
EDITED = "edited"
STORE_SHIPPED = "store_shipped"

Stops = Hold.Stops


def unknown_sku(order_id: int, *, sku: str, name: str, store: str) -> Hold:
    what = f"SKU {sku}" if sku else f"“{name}” (without SKU)"
    return Hold(
        order_id=order_id,
        code=SKU,
        subject=(sku or name)[:250],
        stops=Stops.SHIPPING,
        sentence=(
            f"{what} of {store} is no product here. Say which product it means, on this line or in the listings, "
            "or create it; the order then goes on by itself."
        ),
    )


def totals(order: Order, computed: Any) -> Hold:
    return Hold(
        order_id=order.pk,
        code=TOTALS,
        stops=Stops.EVERYTHING,
        sentence=(
            f"Totals do not add up: the store says {order.total:.2f} {order.currency}, its lines, discounts, shipping, "
            f"fees and taxes make {computed:.2f}. Correct the order in the store, or release it if the store's total is right."
        ),
    )


def currency(order: Order) -> Hold:
    return Hold(
        order_id=order.pk,
        code=CURRENCY,
        subject=order.currency[:250],
        stops=Stops.EVERYTHING,
        sentence=f"The currency {order.currency or '(none)'} is not known here. Correct it in the store.",
    )


def found_in(order: Order, record: OrderRecord) -> list[Hold]:
    """What is wrong with an order by its own record: totals, currency, address, the connector's doubts."""
    found = []
    if not known_currency(order.currency):
        found.append(currency(order))
    computed = order.computed_total
    if money.rounded(computed, order.currency) != money.rounded(order.total, order.currency):
        found.append(totals(order, computed))
    if not order.cancelled_at and not record.fulfilled_elsewhere and any(line.needs_shipping for line in record.lines):
        found += [
            Hold(order_id=order.pk, code=ADDRESS, subject=field, stops=Stops.SHIPPING, sentence=sentence)
            for field, sentence in address.problems(record.shipping)
        ]
    found += [
        Hold(order_id=order.pk, code=DOUBT, subject=doubt[:250], stops=Stops.SHIPPING, sentence=doubt)
        for doubt in record.doubts
    ]
    return found


def known_currency(code: str) -> bool:
    # Currencies still in use (ISO 4217 list one, 2026-11) that stores are known to sell in.
    return code in CURRENCIES


CURRENCIES = frozenset(
    "AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD MAD MXN "
    "MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD SAR SEK SGD THB TND TRY TWD UAH USD UYU VND XAF XOF ZAR".split()
)


def place(found: Sequence[Hold]) -> None:
    """Place holds that are new, each with a line on its order's timeline.

    An open hold of the same kind stays as it is, and what a person has lifted in the same words stays lifted.
    """
    if not found:
        return
    known = list(
        Hold.objects.filter(order_id__in={h.order_id for h in found}).values_list(
            "order_id", "code", "subject", "sentence", "released_at", "released_by"
        )
    )
    open_now = {row[:3] for row in known if row[4] is None}
    lifted = {row[:4] for row in known if row[5] is not None}
    fresh = {
        (h.order_id, h.code, h.subject): h
        for h in found
        if (h.order_id, h.code, h.subject) not in open_now and (h.order_id, h.code, h.subject, h.sentence) not in lifted
    }
    copy_in(list(fresh.values()))
    timeline.write([timeline.entry(h.order_id, "hold", h.sentence) for h in fresh.values()])


def release(holds: Iterable[Hold], *, why: str, by: Any = None, who: str = timeline.HUB) -> set[int]:
    """Lift open holds; the ids of their orders, which the journey should now take further."""
    open_now = [hold for hold in holds if hold.released_at is None]
    Hold.objects.filter(pk__in=[hold.pk for hold in open_now]).update(
        released_at=timezone.now(), released_by=by, released_why=why[:250]
    )
    timeline.write(
        [timeline.entry(h.order_id, "release", f"Hold lifted: {why} (was: {h.sentence})", who=who) for h in open_now]
    )
    return {hold.order_id for hold in open_now}


def stopping(order_ids: Iterable[int], *levels: Hold.Stops) -> set[int]:
    """Which of the orders have an open hold that stops any of these."""
    return set(
        Hold.objects.filter(order_id__in=list(order_ids), released_at=None, stops__in=levels).values_list(
            "order_id", flat=True
        )
    )
