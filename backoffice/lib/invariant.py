"""What must always hold, said as a statement that finds where it does not."""

from dataclasses import dataclass, field

from django.db import connection

SHOWN = 20
"""Faults of one check that are named; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of looking: over how many rows, how many faults, and the first of them in whole sentences."""

    name: str
    what: str
    rows: int
    found: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.found == 0


@dataclass(frozen=True, slots=True)
class Invariant:
    """`over` is what is looked at (a table, or a table and its WHERE); `faults` selects a sentence for each fault.

    Both are constant SQL over whole tables, so that a million orders are a few scans and not a million look-ups.
    """

    name: str
    what: str
    over: str
    faults: str

    def check(self) -> Check:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.over}")
            rows = cursor.fetchone()[0]
            found, faults = self.look()
        return Check(self.name, self.what, rows, found, faults)

    def look(self) -> tuple[int, list[str]]:
        """How many faults there are, and the first of them."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT sentence, count(*) OVER () FROM ({self.faults}) AS found(sentence) LIMIT {SHOWN}")
            rows = cursor.fetchall()
        return (rows[0][1], [row[0] for row in rows]) if rows else (0, [])
