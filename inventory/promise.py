"""When goods that are not there can leave (rule: S10): from plain data about one source to an answer with its reason.

The answer is a range of two days on which the parcel is handed over. The first is the day on which the goods are expected,
with the warehouse's handling days; the second is later by as much as such days are usually wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from backoffice.lib.working_days import Calendar

IN_STOCK, PURCHASE_ORDER, TRANSFER, LEAD_TIME, UNKNOWN = (
    "in_stock", "purchase_order", "transfer", "lead_time", "unknown",
)  # fmt: skip
LEAST_SPREAD = 2
"""Working days between the two days of a range that hangs on somebody else."""
WEEKDAYS = Calendar()


@dataclass(frozen=True, slots=True)
class House:
    """A warehouse as far as days go: what is ordered after `cut_off` counts as the next working day's."""

    calendar: Calendar = WEEKDAYS
    handling_days: int = 1
    cut_off: time = time(14)


USUAL = House()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that are expected on a day, of a purchase order's line or of a transfer (`source_id`); `on` None is no day said.

    `usually_late` is how many working days its supplier was late by on average; early ones count as punctual.
    """

    units: int
    on: date | None
    kind: str = PURCHASE_ORDER
    number: str = ""
    source_id: int | None = None
    supplier_id: int | None = None
    usually_late: Fraction = Fraction(0)
    house: House = USUAL


@dataclass(frozen=True, slots=True)
class Lead:
    """What is known of buying more: from whom, and in how many of its working days it comes."""

    supplier_id: int
    supplier: str
    days: int | None
    calendar: Calendar = WEEKDAYS


@dataclass(frozen=True, slots=True)
class Promise:
    """The answer. `details` is what the sentence of the reason is made of, in either language (orders.promise_words)."""

    kind: str
    earliest: date | None = None
    latest: date | None = None
    details: dict[str, Any] = field(default_factory=dict)
    purchase_line_id: int | None = None
    transfer_id: int | None = None
    supplier_id: int | None = None

    @property
    def is_known(self) -> bool:
        return self.earliest is not None


def in_stock(house: House, now: datetime) -> Promise:
    """For what lies in a warehouse. `now` is the warehouse's local time, here and below."""
    day = _handed_over(now.date(), house, now)
    return Promise(IN_STOCK, day, day)


def comes_on(arrival: Arrival, now: datetime) -> date | None:
    """The day to count with. Of what is overdue no day is known: it is believed to take as long again as it is late already,
    or as its supplier usually is, so that it is never promised for tomorrow anew each day."""
    today = now.date()
    if arrival.on is None or arrival.on >= today:
        return arrival.on
    return arrival.house.calendar.add(today, max(1, _late(arrival, today), ceil(arrival.usually_late)))


def _late(arrival: Arrival, today: date) -> int:
    """Working days since it was due."""
    return max(0, arrival.house.calendar.between(arrival.on, today)) if arrival.on else 0


def on_arrival(arrival: Arrival, now: datetime) -> Promise:
    """For what is expected on a day; what is late already may be as much later again."""
    on = comes_on(arrival, now) or now.date()
    earliest = _handed_over(on, arrival.house, now)
    late = _late(arrival, now.date())
    spread = max(LEAST_SPREAD, late, ceil(arrival.usually_late))
    details: dict[str, Any] = {"number": arrival.number, "on": on.isoformat()}
    if arrival.on is not None and arrival.on != on:
        details |= {"was": arrival.on.isoformat(), "late": late}
    is_transfer = arrival.kind == TRANSFER
    return Promise(
        arrival.kind,
        earliest,
        arrival.house.calendar.add(earliest, spread),
        details,
        purchase_line_id=None if is_transfer else arrival.source_id,
        transfer_id=arrival.source_id if is_transfer else None,
        supplier_id=arrival.supplier_id,
    )


def if_bought(lead: Lead | None, house: House, now: datetime, why_not_sooner: Mapping[str, Any]) -> Promise:
    """For what has still to be bought: the lead time from today, or that nothing is known."""
    if lead is None or lead.days is None:
        start = why_not_sooner.get("start")
        # Somebody who knows more than that nothing was bought is asked first.
        if start in ("apart", "undated"):
            details = {"why": start, **{name: said for name, said in why_not_sooner.items() if name != "start"}}
        elif lead is None:
            details = {"why": "no_supplier", **why_not_sooner}
        else:
            details = {"why": "no_lead_time", "supplier": lead.supplier, **why_not_sooner}
        return Promise(UNKNOWN, details=details, supplier_id=lead.supplier_id if lead else None)
    earliest = _handed_over(lead.calendar.add(now.date(), lead.days), house, now)
    spread = max(LEAST_SPREAD, ceil(Fraction(lead.days, 4)))
    return Promise(
        LEAD_TIME,
        earliest,
        house.calendar.add(earliest, spread),
        {"days": lead.days, "supplier": lead.supplier, **why_not_sooner},
        supplier_id=lead.supplier_id,
    )


def _handed_over(there_on: date, house: House, now: datetime) -> date:
    today = now.date()
    first = today + timedelta(days=1) if now.time() > house.cut_off else today
    return house.calendar.add(max(there_on, first), house.handling_days)


def whole(parts: Iterable[tuple[str, Promise]]) -> Promise:
    """What is made up of several leaves when the last can; one of which nothing is known makes all unknown.

    Each with the name of the component it is about, empty where there is only one.
    """
    parts = list(parts)
    name, last = max(parts, key=lambda part: (not part[1].is_known, part[1].earliest or date.min, _end(part[1])))
    if last.kind == IN_STOCK:
        return last
    named = {**last.details, "component": name} if name else last.details
    if not last.is_known:
        return replace(last, details=named)
    return replace(last, latest=max(_end(promise) for _, promise in parts), details=named)


def _end(promise: Promise) -> date:
    return promise.latest or date.min


def mean_lateness(receipts: Iterable[tuple[date, date]], calendar: Calendar) -> Fraction:
    """Working days by which deliveries (promised, came) were late on average; none known is punctual."""
    days = [max(0, calendar.between(promised, came)) for promised, came in receipts]
    return Fraction(sum(days), len(days)) if days else Fraction(0)
