"""Working days: expected from the official lists of holidays of Ontario and of Quebec."""

from datetime import date

import pytest

from backoffice.lib.working_days import Calendar, is_known_region

ONTARIO = Calendar("CA-ON")
QUEBEC = Calendar("CA-QC")


@pytest.mark.parametrize(
    ("day", "ontario", "quebec"),
    [
        (date(2026, 12, 25), False, False),  # Christmas
        (date(2026, 7, 1), False, False),  # Canada Day
        (date(2026, 6, 24), True, False),  # Fête nationale
        (date(2026, 2, 16), False, True),  # Family Day
        (date(2026, 12, 5), False, False),  # a Saturday
        (date(2026, 12, 3), True, True),
    ],
)
def test_each_province_keeps_its_own_holidays(day: date, ontario: bool, quebec: bool) -> None:
    assert (ONTARIO.is_open(day), QUEBEC.is_open(day)) == (ontario, quebec)


def test_working_days_skip_weekend_and_holidays() -> None:
    wednesday = date(2026, 12, 23)

    assert ONTARIO.add(wednesday, 0) == wednesday
    assert ONTARIO.add(wednesday, 1) == date(2026, 12, 24)
    # Christmas, the weekend and Boxing Day (kept on Monday the 28th only where 26 December falls on a working day) between.
    assert QUEBEC.add(wednesday, 2) == date(2026, 12, 28)
    assert Calendar().add(wednesday, 2) == date(2026, 12, 25)


def test_days_between_are_the_inverse_of_adding() -> None:
    start = date(2026, 11, 25)
    for days in range(15):
        assert ONTARIO.between(start, ONTARIO.add(start, days)) == days
    assert ONTARIO.between(date(2026, 12, 3), date(2026, 12, 1)) == -2


def test_a_region_that_nobody_knows_is_said_to_be_unknown_and_keeps_no_holidays() -> None:
    assert [is_known_region(region) for region in ("CA-QC", "US", "", "XX", "CA-ZZ")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert Calendar("CA-ZZ").is_open(date(2026, 12, 25))


def test_a_calendar_without_working_days_says_so() -> None:
    with pytest.raises(ValueError, match="no working day"):
        Calendar(weekdays="").next_open(date(2026, 1, 1))
