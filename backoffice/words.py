"""What a clerk reads: a word in colour, and what an order waits for in one sentence.

Apart from the admin's classes, because the templates' tags need it and unfold loads all tags while it is imported itself.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.models import Hold, Order, OrderLine

State = Order.State

TONES: dict[str, str] = {
    State.HELD: "danger",
    State.UNPAID: "quiet",
    State.TO_PACK: "info",
    State.PARTLY_TO_PACK: "info",
    State.BACKORDER: "warn",
    State.PACKED: "info",
    State.SHIPPED: "good",
    State.DONE: "good",
    State.PARTLY_SHIPPED: "warn",
    State.ELSEWHERE: "quiet",
    State.CANCELLED: "quiet",
    State.HISTORY: "quiet",
}

SHORT: dict[str, Any] = {
    State.PARTLY_TO_PACK: gettext_lazy("part to pack"),
    State.PACKED: gettext_lazy("packed"),
    State.PARTLY_SHIPPED: gettext_lazy("part shipped"),
    State.UNPAID: gettext_lazy("not paid"),
    State.ELSEWHERE: gettext_lazy("store ships"),
    State.DONE: gettext_lazy("done"),
    State.HISTORY: gettext_lazy("history"),
}
"""States in two words, for lists; the figures beside them say the rest."""


def badge(text: Any, tone: str = "quiet") -> SafeString:
    """A word in colour; the word alone says it too, for who cannot see the colour."""
    return format_html('<span class="desk-badge desk-{}">{}</span>', tone, text)


def units(count: int) -> str:
    return ngettext("%(count)d unit", "%(count)d units", count) % {"count": count}


def waits_for(order: Order, lines: Sequence[OrderLine], holds: Iterable[Hold], parcels: Iterable[Any]) -> str:
    """Where the order is and what it waits for: the answer to a customer on the phone."""
    stopping = [hold for hold in holds if hold.released_at is None and hold.stops != Hold.Stops.NOTHING]
    packed = [parcel for parcel in parcels if parcel.state == "packed"]
    missing = ", ".join(f"{line.backordered} × {line.sku or line.name}" for line in lines if line.backordered > 0)
    ready = sum(line.allocated for line in lines if line.needs_shipping) - sum(parcel.units for parcel in packed)
    said: list[str] = []
    match order.state:
        case State.HELD:
            said = [_("It waits for a person.")] + [hold.sentence for hold in stopping[:1]]
        case State.UNPAID:
            said = [_("It waits for the customer's payment.")]
            if order.reserve_until:
                said.append(_("Its stock is reserved until %(when)s.") % {"when": moment(order.reserve_until)})
        case State.SHIPPED:
            said = [_("Everything has been shipped."), *_last_parcel(parcels)]
        case State.DONE:
            said = [_("Nothing of it is shipped; there is nothing left to do.")]
        case State.ELSEWHERE:
            said = [_("The store or marketplace ships it itself; there is nothing to do here.")]
        case State.CANCELLED:
            said = [_("It is cancelled.")]
        case State.HISTORY:
            said = [_("It is from before the connection went live, kept to be looked up.")]
        case _:
            if packed:
                numbers = ", ".join(parcel.number for parcel in packed)
                said.append(_("Packed and waiting to be shipped: parcel %(numbers)s.") % {"numbers": numbers})
            if ready > 0:
                said.append(_("%(units)s reserved and can be packed now.") % {"units": units(ready)})
            if missing:
                said.append(_("Waiting for stock: %(missing)s.") % {"missing": missing})
    return " ".join(said)


def _last_parcel(parcels: Iterable[Any]) -> list[str]:
    left = [parcel for parcel in parcels if parcel.shipped_at]
    if not left:
        return []
    last = max(left, key=lambda parcel: parcel.shipped_at)
    by = " ".join(part for part in (last.carrier, last.tracking_number) if part)
    when = moment(last.shipped_at)
    if not by:
        return [_("The last parcel left on %(when)s, without a tracking number.") % {"when": when}]
    return [_("The last parcel left on %(when)s by %(by)s.") % {"when": when, "by": by}]


def moment(at: Any) -> str:
    """A day and time in the merchant's zone."""
    return date_format(localtime(at), "j F Y, H:i")


MONEY_WORDS = frozenset({"invoiced", "paid", "payment", "refund", "refunded"})
"""Lines of the timeline that are about money; who sees no amounts does not see them."""


def without_amounts(sentence: str) -> str:
    """A sentence for who sees no money: what is written like an amount, with two decimals, is left out."""
    return re.sub(r"\b\d[\d,]*\.\d{2}\b( [A-Z]{3}\b)?", "…", sentence)
