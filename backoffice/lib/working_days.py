"""Which days somebody works: weekdays and the holidays of a country or province, by the `holidays` library."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

LONGEST = 3660
"""Days ahead within which a working day must come; a calendar without any is a mistake in its settings."""


@lru_cache(maxsize=64)
def _holidays(region: str) -> holidays.HolidayBase:
    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)


def is_known_region(region: str) -> bool:
    """Whether the library knows the holidays of a region like `CA-QC` or `US`; empty means none and is known."""
    if not region:
        return True
    try:
        _holidays(region)
    except (NotImplementedError, KeyError, AttributeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Calendar:
    """`weekdays` are the ISO numbers of the days worked ("12345"); `region` whose holidays are kept, empty for none.

    A region that the library does not know keeps none; forms refuse it (see is_known_region).
    """

    region: str = ""
    weekdays: str = "12345"
    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        if str(day.isoweekday()) not in self.weekdays or day in self.closed:
            return False
        return not (self.region and is_known_region(self.region) and day in _holidays(self.region))

    def next_open(self, day: date) -> date:
        """The day itself if it is worked, else the first after it that is."""
        for ahead in range(LONGEST):
            if self.is_open(day + timedelta(days=ahead)):
                return day + timedelta(days=ahead)
        raise ValueError("This calendar has no working day in ten years: look at its weekdays.")

    def add(self, day: date, working_days: int) -> date:
        """The working day that is so many working days after `day`; of 0 it is `next_open(day)`."""
        day = self.next_open(day)
        for _ in range(working_days):
            day = self.next_open(day + timedelta(days=1))
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative where `last` is earlier."""
        if last < first:
            return -self.between(last, first)
        return sum(self.is_open(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def with_closed(self, days: Iterable[date]) -> "Calendar":
        return Calendar(self.region, self.weekdays, self.closed | frozenset(days))
