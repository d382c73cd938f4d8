"""When goods that are not there can leave (rule: S10): the one function, from plain data to an answer with its reason.

The answer is a range of two days on which the parcel is handed over. The first is the day on which the goods are expected,
with the warehouse's handling days; the second is later by as much as such days are usually wrong.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import accumulate
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


class Outlook:
    """What is coming of one product, asked as often as there are lines that wait for it."""

    def __init__(
        self, *, arrivals: Iterable[Arrival] = (), lead: Lead | None = None, house: House | None = None, now: datetime
    ) -> None:
        self._now, self._lead, self._house = now, lead, house or USUAL
        arrivals = list(arrivals)
        dated = [(arrival, self._comes_on(arrival, arrival.on)) for arrival in arrivals if arrival.on is not None]
        self._dated = sorted(dated, key=lambda pair: (pair[1], pair[0].source_id or 0))
        self._covered = list(accumulate(arrival.units for arrival, _ in self._dated))
        self._undated = [arrival.number for arrival in arrivals if arrival.on is None]
        self._answers: dict[int, Promise] = {}

    def promise(self, *, units: int, ahead: int = 0, free: int = 0) -> Promise:
        """For so many units behind `ahead` others, of which `free` are not promised to anybody."""
        missing = ahead + units - free
        # The first arrival whose cumulative quantity covers it; -1 is what lies here, the number of all is none.
        at = -1 if missing <= 0 else bisect_left(self._covered, missing)
        if at not in self._answers:
            self._answers[at] = self._answer(at)
        return self._answers[at]

    def _answer(self, at: int) -> Promise:
        if at < 0:
            day = self._handed_over(self._now.date(), self._house)
            return Promise(IN_STOCK, day, day)
        if at < len(self._dated):
            return self._from_arrival(*self._dated[at])
        return self._from_lead_time()

    def _handed_over(self, there_on: date, house: House) -> date:
        today = self._now.date()
        first = today + timedelta(days=1) if self._now.time() > house.cut_off else today
        return house.calendar.add(max(there_on, first), house.handling_days)

    def _comes_on(self, arrival: Arrival, on: date) -> date:
        """What should have come before today comes on the next working day at the earliest, as late as usual."""
        today = self._now.date()
        if on >= today:
            return on
        return arrival.house.calendar.add(today + timedelta(days=1), ceil(arrival.usually_late))

    def _from_arrival(self, arrival: Arrival, on: date) -> Promise:
        earliest = self._handed_over(on, arrival.house)
        spread = max(LEAST_SPREAD, ceil(arrival.usually_late))
        details: dict[str, Any] = {"number": arrival.number, "on": on.isoformat()}
        if arrival.on is not None and arrival.on != on:
            details["was"] = arrival.on.isoformat()
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

    def _from_lead_time(self) -> Promise:
        lead = self._lead
        # What is on order does not reach this far.
        taken = {"taken": True} if self._dated else {}
        if lead is None or lead.days is None:
            if self._undated:
                return Promise(UNKNOWN, details={"why": "undated", "number": self._undated[0]})
            why: dict[str, Any] = (
                {"why": "no_supplier"} if lead is None else {"why": "no_lead_time", "supplier": lead.supplier}
            )
            return Promise(UNKNOWN, details=why | taken, supplier_id=lead.supplier_id if lead else None)
        earliest = self._handed_over(lead.calendar.add(self._now.date(), lead.days), self._house)
        spread = max(LEAST_SPREAD, ceil(Fraction(lead.days, 4)))
        return Promise(
            LEAD_TIME,
            earliest,
            self._house.calendar.add(earliest, spread),
            {"days": lead.days, "supplier": lead.supplier} | taken,
            supplier_id=lead.supplier_id,
        )


def answer(
    *,
    units: int,
    ahead: int = 0,
    free: int = 0,
    arrivals: Sequence[Arrival] = (),
    lead: Lead | None = None,
    house: House | None = None,
    now: datetime,
) -> Promise:
    """When so many units can leave. `now` is the warehouse's local time."""
    outlook = Outlook(arrivals=arrivals, lead=lead, house=house, now=now)
    return outlook.promise(units=units, ahead=ahead, free=free)


def whole(parts: Mapping[str, Promise]) -> Promise:
    """A kit leaves when the last of its components, by name, can; one of which nothing is known makes all unknown."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    name, last = max(
        parts.items(), key=lambda item: (not item[1].is_known, item[1].earliest or date.min, _end(item[1]))
    )
    if last.kind == IN_STOCK:
        return last
    named = {**last.details, "component": name}
    if not last.is_known:
        return replace(last, details=named)
    return replace(last, latest=max(_end(promise) for promise in parts.values()), details=named)


def _end(promise: Promise) -> date:
    return promise.latest or date.min


def mean_lateness(receipts: Iterable[tuple[date, date]], calendar: Calendar) -> Fraction:
    """Working days by which deliveries (promised, came) were late on average; none known is punctual."""
    days = [max(0, calendar.between(promised, came)) for promised, came in receipts]
    return Fraction(sum(days), len(days)) if days else Fraction(0)
