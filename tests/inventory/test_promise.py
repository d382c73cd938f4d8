"""S10 by hand: each row is a case worked out with a calendar on the wall. November 25, 2026 is a Wednesday."""

from collections.abc import Iterable
from datetime import date, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from backoffice.lib.working_days import Calendar
from inventory import promise
from inventory.outlook import Outlook
from inventory.promise import Arrival, House, Lead, Promise
from inventory.reservations import Ask

TORONTO = ZoneInfo("America/Toronto")
ONTARIO = House(Calendar("CA-ON"), handling_days=1, cut_off=time(14))
QUEBEC = House(Calendar("CA-QC"), handling_days=1, cut_off=time(14))
PLAIN = House(Calendar(), handling_days=1, cut_off=time(14))
MILL = Lead(7, "Mill", 5, Calendar())


def answer(
    *,
    units: int,
    ahead: int = 0,
    free: int = 0,
    arrivals: Iterable[Arrival] = (),
    lead: Lead | None = None,
    house: House = promise.USUAL,
    now: datetime,
) -> Promise:
    """In one warehouse, of one product, behind so many units that others wait for."""
    outlook = Outlook(
        now=now,
        houses={1: house},
        free={7: {1: free}},
        arrivals={7: [(1, arrival) for arrival in arrivals]},
        leads={7: lead} if lead else {},
        queue=[((1,), Ask(1, ((7, 1),), ahead, 0))] if ahead else [],
    )
    return outlook.promise(Ask(0, ((7, 1),), units, 0))


def at(day: int, hour: int = 10, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=TORONTO)


def dec(day: int) -> date:
    return date(2026, 12, day)


def nov(day: int) -> date:
    return date(2026, 11, day)


def days(given: Promise) -> tuple[str, date | None, date | None]:
    return given.kind, given.earliest, given.latest


@pytest.mark.parametrize(
    ("house", "now", "leaves"),
    [
        (PLAIN, at(25, 13, 59), nov(26)),  # Wednesday before the cut-off: one handling day, Thursday.
        (PLAIN, at(25, 14, 0), nov(26)),  # On the minute is in time.
        (PLAIN, at(25, 14, 1), nov(27)),  # After it Wednesday counts as Thursday.
        (PLAIN, at(27, 13, 59), nov(30)),  # Friday: Monday.
        (PLAIN, at(27, 14, 1), date(2026, 12, 1)),  # Friday after the cut-off counts as Monday: Tuesday.
        (PLAIN, at(28, 9), date(2026, 12, 1)),  # Saturday counts as Monday whatever the hour.
        (PLAIN, at(28, 20), date(2026, 12, 1)),
        (House(Calendar(weekdays="123456"), 1, time(14)), at(27, 14, 1), nov(30)),  # Works on Saturdays.
        (House(Calendar(), 0, time(14)), at(25, 10), nov(25)),  # Same-day house.
        (House(Calendar(), 3, time(14)), at(25, 10), nov(30)),  # Thursday, Friday, Monday.
        (QUEBEC, at(24, 10, month=12), dec(28)),  # Christmas Eve in Quebec: closed on the 25th, then the weekend.
        (ONTARIO, at(24, 10, month=12), dec(29)),  # Ontario keeps Boxing Day too: of a Saturday, on Monday the 28th.
    ],
)
def test_what_is_in_stock_leaves_after_handling(house: House, now: datetime, leaves: date) -> None:
    assert days(answer(units=1, free=1, house=house, now=now)) == ("in_stock", leaves, leaves)


COMING = (
    Arrival(10, dec(3), number="41", source_id=411, supplier_id=7, house=PLAIN),
    Arrival(20, dec(10), number="42", source_id=421, supplier_id=7, house=PLAIN),
)


@pytest.mark.parametrize(
    ("units", "ahead", "free", "number", "earliest", "latest"),
    [
        # Thursday the 3rd and a handling day: Friday the 4th; two working days more: Tuesday the 8th.
        (1, 0, 0, "41", dec(4), dec(8)),
        (10, 0, 0, "41", dec(4), dec(8)),
        (1, 9, 0, "41", dec(4), dec(8)),
        # The queue is larger than the first arrival: the second covers it. Friday the 11th, Tuesday the 15th.
        (1, 10, 0, "42", dec(11), dec(15)),
        (11, 0, 0, "42", dec(11), dec(15)),
        (30, 0, 0, "42", dec(11), dec(15)),
        # What is free counts too.
        (12, 0, 2, "41", dec(4), dec(8)),
    ],
)
def test_the_first_arrival_that_covers_the_queue_and_it(
    units: int, ahead: int, free: int, number: str, earliest: date, latest: date
) -> None:
    given = answer(units=units, ahead=ahead, free=free, arrivals=COMING, lead=MILL, house=PLAIN, now=at(25))

    assert days(given) == ("purchase_order", earliest, latest)
    assert (given.details["number"], given.supplier_id, given.purchase_line_id) == (number, 7, int(f"{number}1"))


def test_the_order_in_which_arrivals_are_named_does_not_matter() -> None:
    given = answer(units=11, arrivals=tuple(reversed(COMING)), house=PLAIN, now=at(25))

    assert given.details == {"number": "42", "on": "2026-12-10"}


@pytest.mark.parametrize(
    ("lead_days", "now", "earliest", "latest"),
    [
        # Wednesday + 5 = Wednesday December 2, handling: the 3rd; a quarter of 5 is 1.25, rounded up 2: Monday the 7th.
        (5, at(25), dec(3), dec(7)),
        # The cut-off hour is the warehouse's and changes nothing of goods that come in a week.
        (5, at(25, 18), dec(3), dec(7)),
        # Saturday: the supplier starts on Monday the 30th, + 5 = Monday the 7th, handling: the 8th; + 2: the 10th.
        (5, at(28), dec(8), dec(10)),
        # 12 from Wednesday: Friday December 11, handling: Monday the 14th; a quarter is 3: Thursday the 17th.
        (12, at(25), dec(14), dec(17)),
        # 0 after the cut-off hour: it comes today, which counts as Thursday; handling: Friday; + 2: Tuesday.
        (0, at(25, 15), nov(27), dec(1)),
    ],
)
def test_without_an_arrival_it_is_the_lead_time_from_today(
    lead_days: int, now: datetime, earliest: date, latest: date
) -> None:
    given = answer(units=1, lead=Lead(7, "Mill", lead_days), house=PLAIN, now=now)

    assert days(given) == ("lead_time", earliest, latest)
    assert (given.details, given.supplier_id) == ({"days": lead_days, "supplier": "Mill"}, 7)


def test_what_arrives_does_not_cover_so_the_rest_is_bought_from_today() -> None:
    given = answer(units=1, ahead=30, arrivals=COMING, lead=MILL, house=PLAIN, now=at(25))

    assert days(given) == ("lead_time", dec(3), dec(7))


def test_the_supplier_keeps_its_own_holidays() -> None:
    # Thanksgiving of the United States is Thursday November 26: the five days are 27, 30, 1, 2, 3; handling: Friday the 4th.
    given = answer(units=1, lead=Lead(7, "Mill", 5, Calendar("US")), house=PLAIN, now=at(25))

    assert given.earliest == dec(4)


@pytest.mark.parametrize(
    ("house", "earliest", "latest"),
    [
        # Due on Thursday December 24. Quebec is closed on Friday: Monday the 28th; + 2: Wednesday.
        (QUEBEC, dec(28), dec(30)),
        # Ontario is closed on Monday the 28th too: Tuesday the 29th; + 2: Thursday.
        (ONTARIO, dec(29), dec(31)),
    ],
)
def test_christmas(house: House, earliest: date, latest: date) -> None:
    given = answer(units=1, arrivals=[Arrival(5, dec(24), house=house)], house=PLAIN, now=at(25))

    assert (given.earliest, given.latest) == (earliest, latest)


def test_a_supplier_that_is_usually_late_has_a_wider_range() -> None:
    # 10/3 working days on average: 4 after Friday the 4th is Thursday the 10th.
    late = Arrival(5, dec(3), number="41", usually_late=Fraction(10, 3), house=PLAIN)

    assert days(answer(units=1, arrivals=[late], now=at(25))) == ("purchase_order", dec(4), dec(10))


@pytest.mark.parametrize(
    ("was", "usually_late", "comes", "earliest", "latest"),
    [
        # Due yesterday, one working day late: one more is Thursday; handling: Friday; + 2: Tuesday.
        (nov(24), Fraction(0), nov(26), nov(27), dec(1)),
        # Three working days late: three more is Monday the 30th; handling: December 1; + 3, as long as it is late: the 4th.
        (nov(20), Fraction(0), nov(30), dec(1), dec(4)),
        # This supplier is usually 4.5 days late, so 5 more: Wednesday December 2; handling: the 3rd; + 5: the 10th.
        (nov(20), Fraction(9, 2), dec(2), dec(3), dec(10)),
        # 14 working days late: 14 more is Tuesday December 15.
        (nov(5), Fraction(0), dec(15), dec(16), date(2027, 1, 5)),
    ],
)
def test_what_is_overdue_is_not_promised_for_tomorrow_anew_each_day(
    was: date, usually_late: Fraction, comes: date, earliest: date, latest: date
) -> None:
    overdue = Arrival(5, was, number="41", usually_late=usually_late, house=PLAIN)
    given = answer(units=1, arrivals=[overdue], now=at(25))

    assert days(given) == ("purchase_order", earliest, latest)
    late = PLAIN.calendar.between(was, nov(25))
    assert given.details == {"number": "41", "on": comes.isoformat(), "was": was.isoformat(), "late": late}


def test_what_is_overdue_is_counted_with_after_what_has_a_day() -> None:
    coming = [
        Arrival(5, nov(5), number="41", source_id=1, house=PLAIN),
        Arrival(5, dec(3), number="42", source_id=2, house=PLAIN),
    ]

    assert answer(units=1, arrivals=coming, house=PLAIN, now=at(25)).details["number"] == "42"


def test_what_is_due_today_is_not_overdue() -> None:
    given = answer(units=1, arrivals=[Arrival(5, nov(25), number="41", house=PLAIN)], now=at(25))

    assert (given.earliest, given.details) == (nov(26), {"number": "41", "on": "2026-11-25"})


def test_a_transfer_counts_at_its_day() -> None:
    given = answer(units=1, arrivals=[Arrival(5, dec(3), promise.TRANSFER, "T7", 70, house=PLAIN)], now=at(25))

    assert days(given) == ("transfer", dec(4), dec(8))
    assert (given.transfer_id, given.purchase_line_id) == (70, None)


@pytest.mark.parametrize(
    ("arrivals", "lead", "details"),
    [
        ((), None, {"why": "no_supplier"}),
        ((), Lead(7, "Mill", None), {"why": "no_lead_time", "supplier": "Mill"}),
        ((Arrival(5, None, number="41"),), None, {"why": "undated", "number": "41"}),
    ],
)
def test_unknown_is_said_as_unknown(arrivals: tuple[Arrival, ...], lead: Lead | None, details: dict[str, str]) -> None:
    given = answer(units=1, arrivals=arrivals, lead=lead, house=PLAIN, now=at(25))

    assert days(given) == ("unknown", None, None)
    assert given.details == details


HERE = Promise("in_stock", nov(26), nov(26))
SOON = Promise("purchase_order", dec(4), dec(18), {"number": "41"})
LATER = Promise("lead_time", dec(7), dec(9), {"days": 5})
NEVER = Promise("unknown", details={"why": "no_supplier"})


@pytest.mark.parametrize(
    ("parts", "kind", "earliest", "latest", "component"),
    [
        ({"POLE": HERE, "SKIN": SOON}, "purchase_order", dec(4), dec(18), "SKIN"),
        # It cannot leave before the last has come, and may be as late as the latest.
        ({"POLE": LATER, "SKIN": SOON}, "lead_time", dec(7), dec(18), "POLE"),
        ({"POLE": NEVER, "SKIN": SOON}, "unknown", None, None, "POLE"),
        ({"POLE": HERE, "SKIN": HERE}, "in_stock", nov(26), nov(26), None),
        # A dozen has one component, and no reason to name it.
        ({"": SOON}, "purchase_order", dec(4), dec(18), None),
    ],
)
def test_a_kit_waits_for_its_last_component(
    parts: dict[str, Promise], kind: str, earliest: date | None, latest: date | None, component: str | None
) -> None:
    given = promise.whole(parts.items())

    assert days(given) == (kind, earliest, latest)
    assert given.details.get("component") == component


def test_lateness_is_counted_in_working_days_and_early_is_punctual() -> None:
    receipts = [
        (nov(20), nov(23)),  # Friday to Monday: one working day.
        (nov(20), nov(27)),  # Friday to Friday: five.
        (nov(20), nov(18)),  # Two days early.
        (nov(20), nov(20)),
    ]

    assert promise.mean_lateness(receipts, Calendar()) == Fraction(6, 4)
    assert promise.mean_lateness([], Calendar()) == 0
