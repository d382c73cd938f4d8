"""The journal as a plain-text ledger, for hledger and for Beancount, and as CSV; streamed, whatever its length.

What leaves here is one moment of the books: an account or a currency that comes up meanwhile is not half in it.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from django.db import connection as database

from accounting.models import Account
from backoffice.lib.money import MINOR_UNITS
from backoffice.lib.snapshot import snapshot
from backoffice.lib.text import unaccented

FETCHED = 5000
"""Lines read at a time."""
PIECE = 64 * 1024
"""Characters handed on at a time."""
ROOTS = {
    Account.Kind.ASSET: "Assets",
    Account.Kind.LIABILITY: "Liabilities",
    Account.Kind.EQUITY: "Equity",
    Account.Kind.INCOME: "Income",
    Account.Kind.EXPENSE: "Expenses",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry, with what its entry says."""

    entry_id: int
    posted_on: date
    kind: str
    description: str
    order: str
    code: str
    name: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a ledger file declares before its first entry."""

    opened_on: date
    names: dict[str, str]
    """The account's name in the file, by its code."""
    decimals: dict[str, int]
    """How many decimals the amounts of each currency have."""


def hledger(*, since: date | None = None, until: date | None = None) -> Iterator[str]:
    """A journal that `hledger check --strict` accepts: every account and commodity is declared."""
    return _pieces(_hledger(since, until))


def beancount(*, since: date | None = None, until: date | None = None) -> Iterator[str]:
    """A ledger that `bean-check` accepts: every account is opened the day before the first entry."""
    return _pieces(_beancount(since, until))


def as_csv(*, since: date | None = None, until: date | None = None) -> Iterator[str]:
    """One row for each line of an entry."""
    return _pieces(_csv(since, until))


FORMATS = {
    "hledger": (hledger, "journal", "text/plain; charset=utf-8"),
    "beancount": (beancount, "beancount", "text/plain; charset=utf-8"),
    "csv": (as_csv, "csv", "text/csv; charset=utf-8"),
}
"""By name: who writes it, the file's extension, its content type."""


def _hledger(since: date | None, until: date | None) -> Iterator[str]:
    with snapshot():
        head = _head(since, until)
        for currency, decimals in head.decimals.items():
            # The decimal mark must be there, also where no decimals follow it.
            yield f"commodity 1000.{'0' * decimals} {currency}\n"
        for name in head.names.values():
            yield f"account {name}\n"
        for lines in _entries(since, until):
            first = lines[0]
            # Status and number come first, so that a description may begin with a mark or a bracket.
            yield f"\n{first.posted_on} * ({first.entry_id}) {_safe(first.description).replace(';', ',')}\n"
            if first.order:
                yield f"    ; order:{_safe(first.order).replace(',', ' ')}\n"
            for line in lines:
                yield f"    {head.names[line.code]}  {_amount(line, head)}\n"


def _beancount(since: date | None, until: date | None) -> Iterator[str]:
    with snapshot():
        head = _head(since, until)
        for currency in head.decimals:
            yield f'option "operating_currency" "{currency}"\n'
        for name in head.names.values():
            yield f"{head.opened_on} open {name}\n"
        for lines in _entries(since, until):
            first = lines[0]
            yield f"\n{first.posted_on} * {_quoted(first.description)}\n"
            yield f'  entry: "{first.entry_id}"\n'
            if first.order:
                yield f"  order: {_quoted(first.order)}\n"
            for line in lines:
                yield f"  {head.names[line.code]}  {_amount(line, head)}\n"


def _csv(since: date | None, until: date | None) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(
        ["entry", "date", "kind", "description", "order", "account", "name", "debit", "credit", "currency"]
    )
    with snapshot():
        decimals = _decimals(since, until)
        for line in _lines(since, until):
            side = f"{abs(line.amount):.{decimals[line.currency]}f}"
            debit, credit = (side, "") if line.amount > 0 else ("", side)
            yield writer.writerow(
                [
                    line.entry_id,
                    line.posted_on.isoformat(),
                    line.kind,
                    _cell(line.description),
                    _cell(line.order),
                    _cell(line.code),
                    _cell(line.name),
                    debit,
                    credit,
                    _cell(line.currency),
                ]
            )


class _Echo:
    """What a csv writer writes into: it gives each row straight back."""

    def write(self, row: str) -> str:
        return row


def _head(since: date | None, until: date | None) -> Head:
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT min(posted_on) FROM accounting_entry entry WHERE {BETWEEN}", [since, since, until, until]
        )
        first = cursor.fetchone()[0]
    decimals: dict[str, int] = {}
    for currency, places in _decimals(since, until).items():
        decimals[_commodity(currency)] = max(places, decimals.get(_commodity(currency), 0))
    opened = first - timedelta(days=1) if first else date(1970, 1, 1)
    return Head(opened, _names(Account.objects.order_by("code")), decimals)


def _names(accounts: Iterable[Account]) -> dict[str, str]:
    """A name that both programs take for every account: its code leads, so that no two meet."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for account in accounts:
        words = re.findall(r"[a-z0-9]+", unaccented(f"{account.code} {account.name}"))
        plain = "-".join(word.capitalize() for word in words) or "Account"
        name, count = f"{ROOTS[Account.Kind(account.kind)]}:{plain}", 1
        while name in taken:
            count += 1
            name = f"{ROOTS[Account.Kind(account.kind)]}:{plain}-{count}"
        taken.add(name)
        names[account.code] = name
    return names


BETWEEN = "(%s::date IS NULL OR entry.posted_on >= %s) AND (%s::date IS NULL OR entry.posted_on <= %s)"


def _decimals(since: date | None, until: date | None) -> dict[str, int]:
    """Decimals of each currency that is used: its minor unit's, or more where an amount has more."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT entry.currency, max(scale(trim_scale(line.amount)))
              FROM accounting_entryline line JOIN accounting_entry entry ON entry.id = line.entry_id
             WHERE {BETWEEN} GROUP BY entry.currency ORDER BY entry.currency
            """,
            [since, since, until, until],
        )
        return {currency: max(MINOR_UNITS.get(currency, 2), places) for currency, places in cursor.fetchall()}


def _lines(since: date | None, until: date | None) -> Iterator[Line]:
    with database.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT entry.id, entry.posted_on, entry.kind, entry.description, coalesce(o.number, ''), account.code,
                   account.name, line.amount, entry.currency
              FROM accounting_entry entry
              JOIN accounting_entryline line ON line.entry_id = entry.id
              JOIN accounting_account account ON account.id = line.account_id
              LEFT JOIN orders_order o ON o.id = entry.order_id
             WHERE {BETWEEN} ORDER BY entry.posted_on, entry.id, line.id
            """,
            [since, since, until, until],
        )
        while rows := cursor.fetchmany(FETCHED):
            for row in rows:
                yield Line(*row)


def _entries(since: date | None, until: date | None) -> Iterator[list[Line]]:
    for _, lines in groupby(_lines(since, until), key=lambda line: line.entry_id):
        yield list(lines)


def _amount(line: Line, head: Head) -> str:
    currency = _commodity(line.currency)
    return f"{line.amount:.{head.decimals[currency]}f} {currency}"


def _commodity(currency: str) -> str:
    # ISO 4217's own word for "no currency" stands for what neither program could read.
    return currency if re.fullmatch(r"[A-Z]{3}", currency) else "XXX"


def _safe(words: str) -> str:
    """One line: line breaks and control characters of whatever script become spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _quoted(words: str) -> str:
    escaped = _safe(words).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _cell(words: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _pieces(parts: Iterator[str]) -> Iterator[str]:
    """Small strings joined to pieces of a size that is worth handing on."""
    gathered: list[str] = []
    size = 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield "".join(gathered)
