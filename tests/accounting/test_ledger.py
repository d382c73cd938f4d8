"""Entries are balanced, posted once and never touched again; the database itself sees to it, whoever asks."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import chart, ledger
from accounting.ledger import Draft, Unbalanced
from accounting.models import Account, Entry, EntryLine

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 23)


def draft(key: str = "one", amount: str = "10.00", **fields: object) -> Draft:
    words = {
        "key": key,
        "kind": Entry.Kind.STOCK,
        "posted_on": DAY,
        "description": f"Entry {key}",
        "currency": "CAD",
        "lines": [(chart.INVENTORY, Decimal(amount)), (chart.STOCK, -Decimal(amount))],
    }
    return Draft(**{**words, **fields})  # type: ignore[arg-type]


def refused(statement: str, *values: object) -> str:
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


def test_an_entry_is_posted_with_its_lines() -> None:
    assert ledger.post([draft(amount="12.34")]) == 1

    entry = Entry.objects.get()
    assert (entry.key, entry.kind, entry.posted_on, entry.currency) == ("one", "stock", DAY, "CAD")
    assert list(entry.lines.values_list("account__code", "amount")) == [
        ("1200", Decimal("12.340")),
        ("5100", Decimal("-12.340")),
    ]


def test_posted_twice_is_posted_once() -> None:
    assert ledger.post([draft("one"), draft("two")]) == 2
    assert ledger.post([draft("one", amount="99.00"), draft("two"), draft("three")]) == 1

    assert Entry.objects.count() == 3
    assert Entry.objects.get(key="one").lines.get(amount__gt=0).amount == Decimal("10.00")


def test_twice_in_one_batch_is_once() -> None:
    assert ledger.post([draft("one"), draft("one")]) == 1


def test_zero_amounts_are_left_out_and_an_entry_of_nothing_is_not_written() -> None:
    lines = [(chart.INVENTORY, Decimal(5)), (chart.STOCK, Decimal(-5)), (chart.FEES, Decimal("0.00"))]

    assert ledger.post([draft("some", lines=lines), draft("none", amount="0.00"), draft("empty", lines=[])]) == 1

    assert Entry.objects.get().lines.count() == 2
    assert not Account.objects.filter(code=chart.FEES).exists()


def test_an_unbalanced_draft_posts_nothing_at_all() -> None:
    wrong = draft("wrong", lines=[(chart.INVENTORY, Decimal(5)), (chart.STOCK, Decimal("-4.99"))])

    with pytest.raises(Unbalanced, match=r"Entry wrong: debits and credits differ by 0.01 CAD."):
        ledger.post([draft("right"), wrong])

    assert not Entry.objects.exists()


def test_any_number_of_entries_takes_as_many_statements_as_one(django_assert_max_num_queries: object) -> None:
    ledger.post([draft("first")])

    with django_assert_max_num_queries(7):  # type: ignore[operator]
        ledger.post([draft(str(number)) for number in range(200)])


def test_the_database_refuses_an_unbalanced_entry() -> None:
    ledger.post([draft()])
    entry, account = Entry.objects.get(), Account.objects.get(code=chart.STOCK)
    insert = "INSERT INTO accounting_entryline (entry_id, account_id, amount, note) VALUES (%s, %s, %s, '')"

    assert "is not balanced: debits and credits differ by 0.010." in refused(
        insert, entry.pk, account.pk, Decimal("0.01")
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        EntryLine.objects.create(entry=entry, account=account, amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        EntryLine.objects.bulk_create([EntryLine(entry=entry, account=account, amount=amount) for amount in (2, -1)])

    assert EntryLine.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounting_entry SET description = 'other'",
        "DELETE FROM accounting_entry",
        "UPDATE accounting_entryline SET amount = amount * 2",
        "DELETE FROM accounting_entryline",
    ],
)
def test_the_database_refuses_to_change_what_is_posted(statement: str) -> None:
    ledger.post([draft()])

    assert "are never changed or deleted; book a reversal instead." in refused(statement)

    assert Entry.objects.get().description == "Entry one"
    assert EntryLine.objects.get(amount__gt=0).amount == Decimal(10)


def test_saving_or_deleting_a_posted_entry_is_refused() -> None:
    ledger.post([draft()])
    entry = Entry.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        EntryLine.objects.all().delete()


def test_a_line_of_nothing_is_refused() -> None:
    ledger.post([draft()])
    entry, account = Entry.objects.get(), Account.objects.get(code=chart.STOCK)

    with pytest.raises(IntegrityError), transaction.atomic():
        EntryLine.objects.create(entry=entry, account=account, amount=0)


def test_the_trial_balance_adds_up_for_each_currency_and_day() -> None:
    ledger.post(
        [
            draft("a", amount="10.00"),
            draft("b", amount="-4.00"),
            draft("c", amount="7.00", currency="EUR"),
            draft("later", amount="100.00", posted_on=date(2026, 11, 24)),
        ]
    )

    rows = ledger.trial_balance(until=DAY)

    assert [(row.code, row.currency, row.debit, row.credit, row.balance) for row in rows] == [
        ("1200", "CAD", Decimal(10), Decimal(4), Decimal(6)),
        ("5100", "CAD", Decimal(4), Decimal(10), Decimal(-6)),
        ("1200", "EUR", Decimal(7), Decimal(0), Decimal(7)),
        ("5100", "EUR", Decimal(0), Decimal(7), Decimal(-7)),
    ]
    assert {row.code: row.balance for row in ledger.trial_balance() if row.currency == "CAD"} == {
        "1200": Decimal(106),
        "5100": Decimal(-106),
    }
