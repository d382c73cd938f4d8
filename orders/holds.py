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


def sold_more(order_id: int, *, sku: str, units: int) -> Hold:
    return Hold(
        order_id=order_id,
        code=EDITED,
        subject=f"sold {sku}"[:250],
        stops=Stops.NOTHING,
        sentence=(
            f"The store shipped this order itself, and {units} of {sku} more than lay here by our figures. "
            "Count the shelf and correct the stock."
        ),
    )


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


def too_many(order_id: int, *, what: str, units: int, pieces: int) -> Hold:
    return Hold(
        order_id=order_id,
        code=DOUBT,
        subject=f"units {what}"[:250],
        stops=Stops.EVERYTHING,
        sentence=(
            f"{units:,} of {what}, each of {pieces:,} pieces, are {units * pieces:,} pieces: more than any stock holds. Look "
            "whether it means the right unit, or correct the quantity in the store."
        ),
    )


def currency(order: Order, said: str) -> Hold:
    return Hold(
        order_id=order.pk,
        code=CURRENCY,
        subject=said[:250],
        stops=Stops.EVERYTHING,
        sentence=f"The currency {said or '(none)'} is not known here. Correct it in the store.",
    )


def _edited(order: Order, subject: str, sentence: str, stops: Hold.Stops = Stops.NOTHING) -> Hold:
    return Hold(order_id=order.pk, code=EDITED, subject=subject[:250], stops=stops, sentence=sentence)


def less_than_shipped(order: Order, *, what: str, quantity: int, shipped: int) -> Hold:
    return _edited(
        order,
        what,
        f"The store now says {quantity} of {what}, but {shipped} have been shipped. "
        "Agree with the customer on a return, or correct the order in the store.",
    )


def lowered_after_refund(order: Order, *, what: str, quantity: int, cancelled: int) -> Hold:
    return _edited(
        order,
        f"cancelled {what}",
        f"The store lowered {what} to {quantity}, {cancelled} of it are cancelled here, and it has refunded units of this "
        f"order: {max(0, quantity - cancelled)} are sent. Check with the customer that this is what they want.",
    )


def cancelled_after_shipping(order: Order, shipped: int) -> Hold:
    return _edited(
        order,
        "cancelled",
        f"The store cancelled this order after {shipped} units had been shipped. The rest is released; "
        "decide on a return and a refund for what was shipped.",
    )


def taken_up_after_refund(order: Order) -> Hold:
    return _edited(
        order,
        "restored",
        f"The store took this order up again, though {order.refunded_total:.2f} {order.currency} of it had been "
        "refunded. Cancel here what is not to be sent, then release this hold.",
        Stops.SHIPPING,
    )


def edited_after_invoice(order: Order, record: OrderRecord) -> Hold:
    return _edited(
        order,
        "total",
        f"The store's total is now {record.total:.2f} {record.currency}, but the invoice was issued over "
        f"{order.total:.2f} {order.currency} and does not change. Decide on a refund or a further payment.",
    )


def completed_in_the_store(order: Order, left: int) -> Hold:
    return Hold(
        order_id=order.pk,
        code=STORE_SHIPPED,
        stops=Stops.SHIPPING,
        sentence=(
            f"The store says that this order is completed, but {left} units were not shipped from here. If "
            "the store shipped them itself, say so below; if not, release this hold and ship them."
        ),
    )


def found_in(order: Order, record: OrderRecord) -> list[Hold]:
    """What is wrong with an order by its own record: totals, currency, address, the connector's doubts."""
    found = []
    # The column holds three letters: what is no code at all ("POINTS") is judged and shown as the store wrote it.
    whole = record.currency if record.currency[:3] == order.currency else order.currency
    if not known_currency(whole):
        found.append(currency(order, whole))
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

    An open hold of the same kind says from now on what is true now; what a person has lifted in the same words stays
    lifted.
    """
    if not found:
        return
    known = list(Hold.objects.filter(order_id__in={h.order_id for h in found}))
    open_now = {_key(h): h for h in known if h.released_at is None}
    lifted = {(_key(h), h.sentence) for h in known if h.released_by_id is not None}
    wanted = {_key(h): h for h in found if (_key(h), h.sentence) not in lifted}
    fresh = [h for key, h in wanted.items() if key not in open_now]
    stale = [
        (open_now[key], h) for key, h in wanted.items() if key in open_now and open_now[key].sentence != h.sentence
    ]
    for hold, now in stale:
        hold.sentence, hold.stops = now.sentence, now.stops
    if stale:
        Hold.objects.bulk_update([hold for hold, _ in stale], ["sentence", "stops"])
    copy_in(fresh)
    timeline.write([timeline.entry(h.order_id, "hold", h.sentence) for h in [*fresh, *(hold for hold, _ in stale)]])


def _key(hold: Hold) -> tuple[int, str, str]:
    return hold.order_id, hold.code, hold.subject


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
