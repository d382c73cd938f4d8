"""The journal leaves as files that other people's programs accept, with the same balances as ours."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from accounting import chart, export, ledger
from accounting.ledger import Draft
from accounting.models import Account, Entry
from backoffice import journey
from orders.records import ChargeRecord
from tests import needs
from tests.making import MONTREAL, make_connection, make_merchant, make_order, make_product, make_record, take_in

pytestmark = pytest.mark.django_db

Balances = dict[tuple[str, str], Decimal]

NASTY = [
    'He said "no" \\ and left',
    "first line\nsecond line\r\nthird\x85fourth\u2028fifth",
    "; a comment, or 2026-01-01 open Assets:Cash",
    "* (42) ! starts like a status | and a payee",
    "ends in a backslash \\",
    "tab\tand \x07 bell, \x1b[31mred",
    "Zoé Œuvray — 山田太郎 — Ω λ — שלום — 🎁",
    "",
    "   ",
    "=HYPERLINK(1)",
    "P1D~ @ {} [] # ^link #tag %percent{x}",
    "x" * 250,
]


@pytest.fixture
def books() -> None:
    """A shop's books: sales with taxes, a refund, costs, two more currencies, and whatever descriptions can be."""
    make_merchant()
    make_product("TENT", 10, cost="41.2345")
    order = make_order(
        [("TENT", 2, "70.00")], taxes=[("GST", "5", "7.00"), ("QST", "9.975", "13.97")], address=MONTREAL
    )
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    take_in([make_record(lines=[("TENT", 1, "20.00")], currency="EUR")])
    take_in([make_record(lines=[("TENT", 1, "1500")], currency="JPY", charges=(ChargeRecord("fee", "F", Decimal(0)),))])
    ledger.post(nasty())


def nasty() -> Iterator[Draft]:
    for number, words in enumerate(NASTY):
        yield Draft(
            key=f"nasty-{number}",
            kind=Entry.Kind.STOCK,
            posted_on=date(2026, 11, 1 + number),
            description=words,
            currency="KWD" if number % 2 else "CAD",
            lines=[(chart.INVENTORY, Decimal("1.25")), (chart.STOCK, Decimal("-1.25"))],
        )


def written(folder: Path, name: str, **days: date) -> Path:
    file = folder / f"journal.{name}"
    file.write_text("".join(export.FORMATS[name][0](**days)), encoding="utf-8", newline="")
    return file


def ours(until: date | None = None) -> Balances:
    rows = ledger.trial_balance(until=until)
    return {(row.code, row.currency): row.balance for row in rows if row.balance}


def said_by_hledger(file: Path) -> Balances:
    program = needs.need("hledger")
    checked = subprocess.run([program, "-f", file, "check", "--strict"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    told = subprocess.run(
        [program, "-f", file, "balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"],
        capture_output=True,
        text=True,
        check=True,
    )
    found: Balances = {}
    for row in csv.DictReader(io.StringIO(told.stdout)):
        if amount := Decimal(row["balance"].replace(",", "")):
            found[row["account"], row["commodity"]] = amount
    return found


BALANCES = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
found = [
    [account.account, position.units.currency, str(position.units.number)]
    for account in realization.iter_children(realization.realize(entries))
    for position in account.balance
]
print(json.dumps(found))
"""


def said_by_beancount(file: Path) -> Balances:
    """In processes of its own: its licence is not ours, so nothing of it is ever imported here."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    checked = subprocess.run(
        [sys.executable, "-m", "beancount.scripts.check", "--no-cache", file],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    assert checked.stderr == ""
    told = subprocess.run(
        [sys.executable, "-c", BALANCES, file], capture_output=True, text=True, check=True, env=environment
    )
    return {(account, currency): Decimal(amount) for account, currency, amount in json.loads(told.stdout)}


def coded(said: Balances) -> Balances:
    """By the account's code, which leads its name: Assets:1200-Inventory."""
    return {(account.split(":")[1].split("-")[0], currency): amount for (account, currency), amount in said.items()}


def test_hledger_accepts_it_and_has_our_balances(books: None, tmp_path: Path) -> None:
    assert coded(said_by_hledger(written(tmp_path, "hledger"))) == ours()


def test_beancount_accepts_it_and_has_our_balances(books: None, tmp_path: Path) -> None:
    assert coded(said_by_beancount(written(tmp_path, "beancount"))) == ours()


def test_every_entry_is_in_both(books: None, tmp_path: Path) -> None:
    entries = Entry.objects.count()

    for name, mark in (("hledger", r"(?m)^\d{4}-\d\d-\d\d \* \(\d+\) "), ("beancount", r"(?m)^  entry: ")):
        assert len(re.findall(mark, written(tmp_path, name).read_text(encoding="utf-8"))) == entries


def test_both_have_the_same_account_names(books: None, tmp_path: Path) -> None:
    hledger = written(tmp_path, "hledger").read_text(encoding="utf-8")
    beancount = written(tmp_path, "beancount").read_text(encoding="utf-8")

    names = re.findall(r"(?m)^account (.*)$", hledger)
    assert names == re.findall(r"(?m)^\d{4}-\d\d-\d\d open (.*)$", beancount)
    assert "Assets:1050-Payments-Received-To-Be-Deposited" in names
    assert "Liabilities:2330-Qst-Payable" in names


def test_words_arrive_on_one_line(books: None, tmp_path: Path) -> None:
    hledger = written(tmp_path, "hledger").read_text(encoding="utf-8")
    beancount = written(tmp_path, "beancount").read_text(encoding="utf-8")

    assert "first line second line third fourth fifth\n" in hledger
    assert '"first line second line third fourth fifth"\n' in beancount
    assert '"He said \\"no\\" \\\\ and left"\n' in beancount
    assert "Zoé Œuvray — 山田太郎 — Ω λ — שלום — 🎁\n" in hledger


def test_an_account_or_currency_of_any_name_is_accepted(tmp_path: Path) -> None:
    for number, (account, name) in enumerate(
        [("x-1", 'café: «été»  & co; "q"'), ("X 1", "CAFÉ été co q"), ("現金", "現金"), ("-", "?"), ("9", "a" * 120)]
    ):
        Account.objects.create(code=account, name=name, kind=Account.Kind.ASSET)
        lines = [(account, Decimal("0.125") * (number + 1)), (chart.STOCK, Decimal("-0.125") * (number + 1))]
        words = {"kind": Entry.Kind.STOCK, "posted_on": date(2026, 11, 1), "description": "Odd", "lines": lines}
        ledger.post([Draft(key=f"{number}", currency="c$" if number == 4 else "CAD", **words)])  # type: ignore[arg-type]

    needs.need("hledger")
    for name, asked in (("hledger", said_by_hledger), ("beancount", said_by_beancount)):
        by_currency: dict[str, Decimal] = defaultdict(Decimal)
        for (_, currency), amount in asked(written(tmp_path, name)).items():
            by_currency[currency] += max(amount, Decimal(0))
        # Amounts finer than a cent are not rounded away either.
        assert by_currency == {"CAD": Decimal("1.25"), "XXX": Decimal("0.625")}


def test_empty_books_are_accepted(tmp_path: Path) -> None:
    assert said_by_hledger(written(tmp_path, "hledger")) == {}
    assert said_by_beancount(written(tmp_path, "beancount")) == {}
    assert written(tmp_path, "csv").read_text().splitlines() == [
        "entry,date,kind,description,order,account,name,debit,credit,currency"
    ]


def test_days_are_picked(books: None, tmp_path: Path) -> None:
    days = {"since": date(2026, 11, 3), "until": date(2026, 11, 5)}

    hledger, beancount = (written(tmp_path, name, **days) for name in ("hledger", "beancount"))

    # Entries of three days: CAD, KWD, CAD.
    expected = {("1200", "CAD"): Decimal("2.50"), ("5100", "CAD"): Decimal("-2.50"),
                ("1200", "KWD"): Decimal("1.25"), ("5100", "KWD"): Decimal("-1.25")}  # fmt: skip
    assert coded(said_by_hledger(hledger)) == coded(said_by_beancount(beancount)) == expected
    assert "2026-11-02 open " in beancount.read_text(encoding="utf-8")


def test_the_csv_has_a_row_for_each_line(books: None, tmp_path: Path) -> None:
    with written(tmp_path, "csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    found: Balances = defaultdict(Decimal)
    for row in rows:
        found[row["account"], row["currency"]] += Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
    assert {key: amount for key, amount in found.items() if amount} == ours()
    sale = next(row for row in rows if row["kind"] == "sale" and row["account"] == "2330")
    order = Entry.objects.get(pk=sale["entry"]).order
    assert order is not None
    assert (sale["description"], sale["order"], sale["name"], sale["debit"], sale["credit"], sale["currency"]) == (
        f"Sale, order {order.number}", order.number, "QST payable", "", "13.97", "CAD",
    )  # fmt: skip
    assert {row["description"] for row in rows} >= {NASTY[1], "'=HYPERLINK(1)"}
    assert {row["debit"] for row in rows if row["currency"] == "JPY"} >= {"1500"}


def test_memory_does_not_grow_with_the_books(tmp_path: Path) -> None:
    for batch in range(4):
        ledger.post(
            Draft(
                key=f"{batch}-{number}",
                kind=Entry.Kind.STOCK,
                posted_on=date(2026, 11, 1),
                description="Stock corrected, with some words to fill the line " * 3,
                currency="CAD",
                lines=[(chart.INVENTORY, Decimal(1)), (chart.STOCK, Decimal(-1))],
            )
            for number in range(5000)
        )

    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in export.hledger())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert size > 5_000_000
    assert peak < 20_000_000


def test_the_command_writes_a_file_or_speaks(books: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "books.journal"

    call_command("books", "--format", "hledger", "-o", str(file))
    call_command("books", "--format", "beancount", "--from", "2026-11-03", "--to", "2026-11-05")

    assert coded(said_by_hledger(file)) == ours()
    assert capsys.readouterr().out.count("\n  entry: ") == 3


def test_the_command_says_what_it_cannot_read_or_write(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'soon' is no day; write it as in 2026-11-30"):
        call_command("books", "--from", "soon")
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("books", "-o", str(tmp_path / "nowhere" / "books.csv"))


@pytest.fixture
def accountant(client: Client) -> Client:
    user = User.objects.create_user("Carol", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_entry", "export_books"]))
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("hledger", "journal.journal", "text/plain"),
        ("beancount", "journal.beancount", "text/plain"),
        ("csv", "journal.csv", "text/csv"),
    ],
)
def test_the_page_streams_the_journal(books: None, accountant: Client, name: str, file: str, kind: str) -> None:
    answer = accountant.get(f"/books/{name}/")

    assert (answer.status_code, answer.streaming) == (200, True)
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{file}"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.getvalue().decode() == "".join(export.FORMATS[name][0]())


def test_the_page_takes_days(books: None, accountant: Client) -> None:
    answer = accountant.get("/books/beancount/?from=2026-11-03&to=2026-11-05")

    assert answer.getvalue().decode().count("\n  entry: ") == 3


def test_the_page_says_what_is_wrong(accountant: Client) -> None:
    answer = accountant.get("/books/csv/?from=soon")

    assert (answer.status_code, answer.content.decode()) == (400, "“from” is no day; write it as in 2026-11-30.")
    assert accountant.get("/books/excel/").status_code == 404
    assert accountant.post("/books/csv/").status_code == 405


def test_only_who_may_see_the_books_gets_them(client: Client) -> None:
    stranger = client.get("/books/csv/")
    assert (stranger.status_code, stranger["Location"]) == (302, "/admin/login/?next=/books/csv/")

    user = User.objects.create_user("Bob", is_staff=True)
    client.force_login(user)
    assert client.get("/books/csv/").status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_entry"))
    assert client.get("/books/csv/").status_code == 403


def test_a_connection_in_another_zone_does_not_move_the_days(tmp_path: Path) -> None:
    make_connection(time_zone="Asia/Tokyo")
    make_merchant()
    ledger.post(nasty())

    assert coded(said_by_beancount(written(tmp_path, "beancount"))) == ours()


def test_the_trial_balance_links_to_the_books_of_the_day_it_shows() -> None:
    from django.urls import reverse

    from tests.staff import logged_in

    url = reverse("admin:accounting_trial_balance")
    shown = logged_in("accountant").get(url, {"until": "2026-11-30"}).content.decode()

    assert 'href="/books/csv/?to=2026-11-30"' in shown
    assert 'href="/books/csv/"' in logged_in("accountant").get(url).content.decode()
