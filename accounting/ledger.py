"""The general ledger: posting drafts, and reading balances. The one writer of entries (rule: A4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection as database
from django.db import transaction

from accounting import chart
from accounting.models import Entry, EntryLine
from backoffice.lib.bulk import copy_in, give_ids
from backoffice.lib.bulk import draft as row


class Unbalanced(Exception):
    """Debits and credits of an entry differ. The database would refuse it too; this says which one and by how much."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to post. `lines` are (account code, amount): debit positive, credit negative; zeros are left out."""

    key: str
    kind: Entry.Kind
    posted_on: date
    description: str
    currency: str
    lines: Sequence[tuple[str, Decimal]]
    order_id: int | None = None
    payment_id: int | None = None


def post(drafts: Iterable[Draft], *, first_time: bool = False) -> int:
    """Post entries, each once by its key, in four statements for any number; how many were new.

    `first_time` says that none of them can be there yet, so nobody looks. An entry without any amount is not written.
    Raises Unbalanced, and posts nothing, where one does not balance.
    """
    wanted = {draft.key: draft for draft in drafts if any(amount for _, amount in draft.lines)}
    for draft in wanted.values():
        off = sum((amount for _, amount in draft.lines), Decimal(0))
        if off:
            raise Unbalanced(f"{draft.description}: debits and credits differ by {off} {draft.currency}.")
    if not wanted:
        return 0
    # Nothing here is caught and gone on from, so a nested call needs no savepoint of its own.
    with transaction.atomic(savepoint=False):
        known = set() if first_time else set(Entry.objects.filter(key__in=wanted).values_list("key", flat=True))
        fresh = [draft for key, draft in wanted.items() if key not in known]
        accounts = chart.accounts({code for draft in fresh for code, amount in draft.lines if amount})
        entries = [
            row(
                Entry,
                key=draft.key,
                kind=draft.kind,
                posted_on=draft.posted_on,
                description=draft.description[:250],
                currency=draft.currency,
                order_id=draft.order_id,
                payment_id=draft.payment_id,
            )
            for draft in fresh
        ]
        give_ids(entries)
        copy_in(entries, with_ids=True)
        # All lines in one statement: the trigger that refuses an unbalanced entry looks once, after it.
        copy_in(
            [
                row(EntryLine, entry_id=entry.pk, account_id=accounts[code].pk, amount=amount)
                for entry, draft in zip(entries, fresh, strict=True)
                for code, amount in draft.lines
                if amount
            ]
        )
    return len(entries)


@dataclass(frozen=True, slots=True)
class Balance:
    code: str
    name: str
    kind: str
    currency: str
    debit: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        return self.debit - self.credit


def trial_balance(*, until: date | None = None) -> list[Balance]:
    """Debits and credits of every account and currency up to and with a day, in one statement; they add up to zero."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT account.code, account.name, account.kind, entry.currency,
                   coalesce(sum(line.amount) FILTER (WHERE line.amount > 0), 0),
                   coalesce(-sum(line.amount) FILTER (WHERE line.amount < 0), 0)
              FROM accounting_entryline line
              JOIN accounting_entry entry ON entry.id = line.entry_id
              JOIN accounting_account account ON account.id = line.account_id
             WHERE %s::date IS NULL OR entry.posted_on <= %s
             GROUP BY account.code, account.name, account.kind, entry.currency
             ORDER BY entry.currency, account.code
            """,
            [until, until],
        )
        return [Balance(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class OneBalance:
    amount: Decimal
    entries: int


def balance_of(code: str, *, currency: str, until: date) -> OneBalance:
    """What stands in one account at the end of a day, and from how many entries."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(line.amount), 0), count(DISTINCT entry.id)
              FROM accounting_entryline line
              JOIN accounting_entry entry ON entry.id = line.entry_id
              JOIN accounting_account account ON account.id = line.account_id
             WHERE account.code = %s AND entry.currency = %s AND entry.posted_on <= %s
            """,
            [code, currency, until],
        )
        return OneBalance(*cursor.fetchone())
