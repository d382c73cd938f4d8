"""The paid invoice: issued once, frozen, kept as it was sent (rules: A1, A2)."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import invoicing
from accounting.invoice_document import InvoiceDocument
from accounting.models import Entry, Invoice, Series, TaxRegistration
from backoffice import journey, settling
from backoffice.sync.models import Delivery
from orders.models import Hold, Order, OrderLine, Payment
from orders.records import PaymentRecord
from tests.making import (
    MONTREAL,
    PLACED,
    make_connection,
    make_merchant,
    make_order,
    make_product,
    make_record,
    newer,
    take_in,
)
from tests.processes import together
from tests.proving import assert_proven
from tests.reading import Read

QUEBEC = [("GST", "5", "7.00"), ("QST", "9.975", "13.97")]


@pytest.fixture
def shop(db: None) -> None:
    make_merchant()
    make_product("TENT", 10)


def refused(statement: str) -> str:
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(error.value)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


def test_a_paid_order_has_its_invoice_at_once(shop: None) -> None:
    TaxRegistration.objects.create(code="GST", number="123456789 RT0001")
    order = make_order([("TENT", 2, "70.00")], taxes=QUEBEC, address=MONTREAL, email="zoe@example.ca", language="fr")

    invoice = Invoice.objects.get()
    document = InvoiceDocument.from_json(invoice.document)
    assert (invoice.label, invoice.order, invoice.total, invoice.currency, invoice.language) == (
        "INV-000001", order, Decimal("160.97"), "CAD", "fr",
    )  # fmt: skip
    assert (document.number, document.order_number, document.total) == ("INV-000001", order.number, Decimal("160.97"))
    assert [(tax.name, tax.amount, tax.registration) for tax in document.taxes] == [
        ("GST", Decimal("7.00"), "123456789 RT0001"),
        ("QST", Decimal("13.97"), ""),
    ]
    assert [(paid.amount, paid.method) for paid in document.payments] == [(Decimal("160.97"), "Visa")]
    assert document.is_paid
    assert document.bill_to.name == "Zoé Tremblay"


def test_an_order_that_is_not_paid_has_none(shop: None) -> None:
    make_order(paid=False)

    assert not Invoice.objects.exists()
    assert not Series.objects.exists()


def test_an_order_paid_later_has_it_then(shop: None) -> None:
    record = make_record(paid=False)
    take_in([record])

    take_in([newer(record, paid_at=PLACED, may_ship=True, payments=(PaymentRecord("p", record.total, at=PLACED),))])

    assert InvoiceDocument.from_json(Invoice.objects.get().document).is_paid
    assert_proven()


def test_run_twice_it_issues_nothing_more(shop: None) -> None:
    order = make_order()

    assert invoicing.issue([order.pk]) == []
    journey.go_on([order.pk])
    assert invoicing.post_payments([order.pk]) == 0

    assert Invoice.objects.count() == 1
    assert Series.objects.get().next_number == 2
    assert Entry.objects.filter(order=order).count() == 2


def test_orders_of_one_batch_are_numbered_in_the_order_of_payment(shop: None) -> None:
    late = make_record(placed_at=PLACED.replace(hour=20))
    early = make_record(placed_at=PLACED.replace(hour=4))

    orders = take_in([late, early])

    labels = dict(Invoice.objects.values_list("order_id", "label"))
    assert [labels[order.pk] for order in orders] == ["INV-000002", "INV-000001"]


def test_a_hold_on_everything_stops_it_until_it_is_lifted(shop: None) -> None:
    order = make_order(total=Decimal("90.00"))
    assert not Invoice.objects.exists()
    assert not Entry.objects.filter(order=order).exists()

    settling.release_hold([Hold.objects.get(code="totals").pk], why="That is the total.", who="Carol")

    assert Invoice.objects.get().total == Decimal("90.00")


def test_a_hold_on_shipping_does_not_stop_it(shop: None) -> None:
    order = make_order([("UNKNOWN", 1, "10.00")])

    assert order.state == Order.State.HELD
    assert Invoice.objects.get().order == order


def test_history_has_no_invoice(shop: None) -> None:
    make_connection(live_from=datetime(2026, 11, 20, tzinfo=UTC))

    order = make_order()

    assert order.history
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 4, 30, tzinfo=UTC), date(2026, 11, 23)),  # 23:30 in Toronto, in winter
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), date(2026, 11, 24)),  # midnight
        (datetime(2026, 7, 2, 3, 30, tzinfo=UTC), date(2026, 7, 1)),  # 23:30 in Toronto, in summer
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), date(2026, 10, 31)),  # the night in which the clocks go back
        (datetime(2026, 11, 2, 4, 30, tzinfo=UTC), date(2026, 11, 1)),  # 23:30 on the day of 25 hours
    ],
)
def test_c4_the_day_is_the_merchants_own(
    shop: None, monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date
) -> None:
    at(monkeypatch, moment)

    make_order(placed_at=moment)

    invoice = Invoice.objects.get()
    document = InvoiceDocument.from_json(invoice.document)
    assert (invoice.issued_on, document.issued_on, document.ordered_on, document.payments[0].paid_on) == (day,) * 4
    assert set(Entry.objects.exclude(kind="receipt").values_list("posted_on", flat=True)) == {day}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounting_invoice SET total = 1",
        "UPDATE accounting_invoice SET number = 9",
        "UPDATE accounting_invoice SET label = 'X'",
        "UPDATE accounting_invoice SET issued_on = '2026-01-01'",
        "UPDATE accounting_invoice SET document = '{}'",
        "UPDATE accounting_invoice SET order_id = order_id + 1",
    ],
)
def test_the_database_refuses_to_change_an_issued_invoice(shop: None, change: str) -> None:
    make_order()

    assert "Invoice INV-000001 is issued and never changes." in refused(change)


def test_the_database_refuses_to_delete_an_invoice(shop: None) -> None:
    make_order()

    assert "Invoice INV-000001 is issued and never deleted." in refused("DELETE FROM accounting_invoice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.get().delete()


def test_the_pdf_is_made_once_and_kept_as_it_is(shop: None) -> None:
    make_order([("TENT", 2, "70.00")], taxes=QUEBEC)
    pk = Invoice.objects.get().pk

    first = invoicing.make_pdfs([pk])[pk]
    OrderLine.objects.update(name="Something else")
    make_merchant(name="Another Name Ltd.")
    second = invoicing.make_pdfs([pk])[pk]

    kept = Invoice.objects.get()
    assert first == second == bytes(kept.pdf or b"")
    assert kept.pdf_sha256 == hashlib.sha256(first).hexdigest()
    text = Read(first).text()
    for words in ("INV-000001", "PAID", "$160.97", "$13.97", "Product TENT", "Boréal Outfitters Inc."):
        assert words in text
    assert "is issued and never changes" in refused("UPDATE accounting_invoice SET pdf = 'x'::bytea")
    assert "is issued and never changes" in refused("UPDATE accounting_invoice SET pdf = NULL, pdf_sha256 = ''")
    assert "is issued and never changes" in refused("UPDATE accounting_invoice SET pdf_sha256 = 'x'")


def test_what_the_store_changes_afterwards_leaves_the_invoice_alone(shop: None) -> None:
    record = make_record(lines=[("TENT", 1, "100.00")])
    order = take_in([record])[0]
    before = Invoice.objects.values().get()
    dearer = make_record(record.external_id, lines=[("TENT", 1, "100.00"), ("TENT", 1, "20.00")])

    take_in([newer(record, lines=dearer.lines, total=dearer.total, payments=dearer.payments)])

    assert Invoice.objects.values().get() == before
    order.refresh_from_db()
    assert (order.total, order.paid_total) == (Decimal(100), Decimal(100))
    hold = Hold.objects.get(code="edited")
    assert "The store's total is now 120.00 CAD, but the invoice was issued over 100.00 CAD" in hold.sentence
    assert_proven()


def test_a_payment_corrected_before_the_invoice_is_the_one_that_is_booked(shop: None) -> None:
    record = make_record(lines=[("TENT", 1, "100.00")], total=Decimal("90.00"))
    take_in([record])
    right = make_record(record.external_id, lines=[("TENT", 1, "120.00")])

    take_in([newer(right)])

    assert Payment.objects.get().amount == Decimal("120.00")
    assert InvoiceDocument.from_json(Invoice.objects.get().document).is_paid
    assert_proven()


def test_its_pdf_and_mail_are_wished_for_in_the_same_transaction(shop: None) -> None:
    make_order()

    invoice = Invoice.objects.get()
    wished = Delivery.objects.filter(object_id=invoice.pk, topic__startswith="invoice")
    assert set(wished.values_list("topic", "state")) == {("invoice_pdf", "waiting"), ("invoice_mail", "waiting")}


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_issue_one_invoice() -> None:
    make_merchant()
    make_product("TENT", 10)
    order = make_order(paid=False).pk
    Order.objects.update(paid_at=PLACED, may_ship=True)

    issued = together(*[lambda: len(invoicing.issue([order]))] * 4)

    assert sorted(issued) == [0, 0, 0, 1]
    assert Invoice.objects.count() == 1
    assert Series.objects.get().next_number == 2
    assert Entry.objects.filter(kind="sale").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_keep_one_pdf() -> None:
    make_merchant()
    make_product("TENT", 10)
    make_order()
    pk = Invoice.objects.get().pk

    made = together(*[lambda: invoicing.make_pdfs([pk])[pk]] * 3)

    assert len(set(made)) == 1
    assert made[0] == bytes(Invoice.objects.get().pdf or b"")


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_book_a_late_payment_once() -> None:
    make_merchant()
    make_product("TENT", 10)
    order = make_order().pk
    Payment.objects.create(order_id=order, external_id="late", amount=5, currency="CAD", at=PLACED)

    booked = together(*[lambda: invoicing.post_payments([order])] * 4)

    assert sorted(booked) == [0, 0, 0, 1]
    assert Entry.objects.filter(kind="payment").count() == 2
