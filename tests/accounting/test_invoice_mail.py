import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounting import invoice_mail
from accounting.models import Invoice, TaxRegistration
from backoffice import journey, outward
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Attempt, Connection, Delivery
from orders import customers
from orders.models import Customer, Order, TimelineEntry
from tests.making import MONTREAL, make_connection, make_merchant, make_order, make_product, make_record, take_in
from tests.reading import Read
from tests.smtp import PASSWORD, USER, MailServer, subject_of

pytestmark = pytest.mark.django_db

QUEBEC = [("TPS", "5", "7.00"), ("TVQ", "9.975", "13.97")]


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_product("TENT", 50)


def quebec_order(**fields: Any) -> Order:
    """GST and QST on 140.00 (case: C24)."""
    return make_order([("TENT", 2, "70.00")], taxes=QUEBEC, language="fr", address=MONTREAL, **fields)


def the_mail() -> Delivery:
    return Delivery.objects.get(topic=journey.INVOICE_MAIL)


def due_now() -> None:
    Delivery.objects.update(not_before=None)


def spaced(text: str) -> str:
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_c24_the_same_amounts_stand_on_invoice_paper_and_mail(mail_server: MailServer) -> None:
    TaxRegistration.objects.create(code="GST", number="123456789 RT0001")
    TaxRegistration.objects.create(code="QST", number="1234567890 TQ0001")
    order = quebec_order()
    outward.deliver()

    (mail,) = mail_server.mails
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    (pdf,) = mail.iter_attachments()
    assert text is not None
    assert html is not None
    invoice = Invoice.objects.get(order=order)
    assert (invoice.total, order.total) == (Decimal("160.97"), Decimal("160.97"))
    places = {
        "text": spaced(text.get_content()),
        "html": spaced(re.sub(r"<[^>]+>", " ", html.get_content())),
        "pdf": spaced(Read(pdf.get_content()).text()),
    }
    for name, said in places.items():
        for words in (
            "140,00 $",
            "7,00 $",
            "13,97 $",
            "160,97 $",
            "TPS (5 %)",
            "TVQ (9,975 %)",
            "123456789 RT0001",
            "1234567890 TQ0001",
        ):
            assert words in said, f"{words} is not in the {name}"


def test_the_mail_is_in_the_customer_s_language_with_the_kept_pdf(mail_server: MailServer) -> None:
    order = quebec_order(external_id="4711")
    outward.deliver()

    (mail,) = mail_server.mails
    (pdf,) = mail.iter_attachments()
    invoice = Invoice.objects.get(order=order)
    assert subject_of(mail) == "Votre facture INV-000001 – Boréal Outfitters Inc."
    assert mail["Content-Language"] == "fr-CA"
    assert mail["Message-ID"] == "<invoice-INV-000001.1@example.com>"
    assert (pdf.get_filename(), pdf.get_content_type()) == ("facture-INV-000001.pdf", "application/pdf")
    assert invoice.pdf is not None
    assert pdf.get_content() == bytes(invoice.pdf)
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Bonjour Zoé Tremblay," in text.get_content()
    assert "commande 4711 est entièrement payée" in text.get_content()


def test_an_english_customer_reads_english(mail_server: MailServer) -> None:
    make_order([("TENT", 1, "100.00")], taxes=[("HST", "14", "14.00")])
    outward.deliver()

    (mail,) = mail_server.mails
    (pdf,) = mail.iter_attachments()
    text = mail.get_body(("plain",))
    assert text is not None
    assert "Thank you: your order" in text.get_content()
    assert "HST (14%): $14.00" in text.get_content()
    assert pdf.get_filename() == "invoice-INV-000001.pdf"


def test_nothing_in_the_mail_is_fetched_from_elsewhere(mail_server: MailServer) -> None:
    quebec_order()
    outward.deliver()

    html = mail_server.mails[0].get_body(("html",))
    assert html is not None
    assert not re.search(r"<(img|link|script|iframe)|url\(|@import", html.get_content())


def test_names_in_the_mail_are_text_and_never_markup(mail_server: MailServer) -> None:
    Customer.objects.create(name="x", email="ann@example.ca", email_key="ann@example.ca")
    order = quebec_order()
    Customer.objects.update(name="<b>Ann</b> & Co")
    outward.deliver()

    html, text = mail_server.mails[0].get_body(("html",)), mail_server.mails[0].get_body(("plain",))
    assert html is not None
    assert text is not None
    assert order.customer_id
    assert "&lt;b&gt;Ann&lt;/b&gt; &amp; Co" in html.get_content()
    assert "<b>Ann</b> & Co" in text.get_content()


def test_a_mail_that_fails_is_tried_again_and_arrives_once(mail_server: MailServer) -> None:
    quebec_order()
    mail_server.say(rcpt="451 4.7.1 Greylisted")
    outward.deliver()
    assert the_mail().state == "waiting"
    assert "451 4.7.1 Greylisted" in the_mail().last_words

    due_now()
    outward.deliver()
    outward.deliver()

    assert len(mail_server.mails) == 1
    assert the_mail().state == "done"
    assert the_mail().known["mailed_to"] == "ann@example.ca"
    assert list(TimelineEntry.objects.filter(what="mailed").values_list("sentence", flat=True)) == [
        "Invoice INV-000001 mailed to ann@example.ca."
    ]


def test_the_same_order_taken_in_twice_is_mailed_once(mail_server: MailServer) -> None:
    record = make_record("1", [("TENT", 1, "100.00")])
    take_in([record])
    outward.deliver()
    take_in([record])
    journey.go_on([Order.objects.get().pk])
    outward.deliver()

    assert len(mail_server.mails) == 1


def test_a_refused_address_needs_a_person_who_corrects_it(mail_server: MailServer) -> None:
    quebec_order()
    mail_server.say(rcpt="550 5.1.1 No such user")
    outward.deliver()
    assert the_mail().state == "failed"
    assert "Correct the customer’s mail address" in the_mail().last_words

    customer = Customer.objects.get()
    former, customer.email = customer.email, "zoe@example.ca"
    customer.save()
    customers.email_corrected(customer, former)
    deliveries.again([the_mail().pk])
    outward.deliver()

    assert [envelope.rcpt_tos for envelope in mail_server.envelopes] == [["zoe@example.ca"]]


def test_try_again_on_what_arrived_mails_nobody_but_send_again_does(mail_server: MailServer) -> None:
    quebec_order()
    outward.deliver()
    deliveries.again([the_mail().pk])
    outward.deliver()
    assert len(mail_server.mails) == 1
    assert "already" in the_mail().last_words

    deliveries.want([(the_mail().connection_id, the_mail().topic, the_mail().object_id)])
    outward.deliver()

    assert [mail["Message-ID"] for mail in mail_server.mails] == [
        "<invoice-INV-000001.1@example.com>",
        "<invoice-INV-000001.2@example.com>",
    ]
    first, second = (next(iter(mail.iter_attachments())).get_content() for mail in mail_server.mails)
    assert first == second


def test_without_a_sure_answer_a_person_is_asked_and_nothing_goes_by_itself(mail_server: MailServer) -> None:
    quebec_order()
    mail_server.hang_up(after_text=True)
    outward.deliver()
    deliveries.free_stale(stale_after=timedelta(0))
    outward.deliver()

    assert len(mail_server.mails) == 1
    assert the_mail().state == "unclear"
    assert "did not confirm it" in the_mail().last_words


def test_a_worker_that_dies_with_a_mail_on_its_way_never_sends_it_twice(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*args: Any) -> None:
        raise Killed

    quebec_order()
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "settle", dies)
        with pytest.raises(Killed):
            outward.deliver(connection_id=connections.own("mail")["mail"].pk)
    assert (the_mail().state, the_mail().in_doubt) == ("claimed", True)

    deliveries.free_stale(stale_after=timedelta(0))
    outward.deliver()

    assert len(mail_server.mails) == 1
    assert the_mail().state == "unclear"
    assert "may or may not have gone out" in the_mail().last_words


def test_a_worker_that_dies_before_a_mail_went_leaves_it_to_the_next(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*args: Any) -> None:
        raise Killed

    quebec_order()
    with monkeypatch.context() as patch:
        patch.setattr(invoice_mail.mail, "compose", dies)
        with pytest.raises(Killed):
            outward.deliver(connection_id=connections.own("mail")["mail"].pk)

    deliveries.free_stale(stale_after=timedelta(0))
    outward.deliver()

    assert len(mail_server.mails) == 1
    assert the_mail().state == "done"


def test_a_wrong_password_pauses_the_door_with_one_alert(settings: Any) -> None:
    for _ in range(3):
        quebec_order()
    with MailServer(login=True) as server:
        server.use(settings, user=USER, password="wrong")
        outward.deliver()
        door = Connection.objects.get(connector="mail")
        assert door.state == "paused"
        assert "refused the user name or password" in door.state_sentence
        assert set(Delivery.objects.filter(connection=door).values_list("state", flat=True)) == {"waiting"}

        server.use(settings, user=USER, password=PASSWORD)
        connections.resume(door.pk)
        outward.deliver()

    assert len(server.mails) == 3


def test_the_pdf_is_made_once_and_kept(mail_server: MailServer) -> None:
    order = quebec_order()
    outward.deliver()
    pdf = Delivery.objects.get(topic=journey.INVOICE_PDF)

    assert pdf.state == "done"
    assert pdf.known == {"sha256": Invoice.objects.get(order=order).pdf_sha256}


def test_one_invoice_that_cannot_be_drawn_keeps_no_other_back(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = quebec_order(), quebec_order()
    draw = invoice_mail.invoicing.invoice_pdf.draw

    def draws(documents: Any) -> bytes:
        if documents[0].order_number == broken.number:
            raise ValueError("no glyph")
        return draw(documents)

    monkeypatch.setattr(invoice_mail.invoicing.invoice_pdf, "draw", draws)
    outward.deliver()

    by_order = {d.object_id: d for d in Delivery.objects.filter(topic=journey.INVOICE_MAIL)}
    assert by_order[broken.invoice.pk].state == "failed"
    assert "could not be drawn" in by_order[broken.invoice.pk].last_words
    assert by_order[fine.invoice.pk].state == "done"


def test_each_attempt_is_a_line_that_a_clerk_can_read(mail_server: MailServer) -> None:
    quebec_order()
    outward.deliver()

    attempt = Attempt.objects.get(delivery=the_mail())
    assert attempt.sentence == "Mailed to ann@example.ca."
    assert attempt.request.endswith("Votre facture INV-000001 – Boréal Outfitters Inc. [facture-INV-000001.pdf]")
    assert attempt.response == "250 OK queued as 1"


def test_a_customer_without_address_is_not_mailed(mail_server: MailServer) -> None:
    make_order([("TENT", 1, "100.00")], email="")
    outward.deliver()

    assert not mail_server.mails
    assert not Delivery.objects.filter(topic=journey.INVOICE_MAIL).exists()


def test_finding_what_to_mail_takes_as_many_statements_for_ten_as_for_one(mail_server: MailServer) -> None:
    connection = make_connection()
    take_in([make_record(f"q{n}", [("TENT", 1, "100.00")]) for n in range(11)], connection)
    outward.deliver(connection_id=connections.own("papers")["papers"].pk)
    door = connections.own("mail")["mail"]

    def statements(count: int) -> int:
        batch = deliveries.claim(connection_id=door.pk, topic=journey.INVOICE_MAIL, limit=count, worker="test")
        assert len(batch) == count
        with CaptureQueriesContext(
            database,
        ) as captured:
            invoice_mail.send(door, batch)
        return len(captured)

    # That each mail is on its way, and that it went, is written mail by mail: that is the point.
    one, ten = statements(1), statements(10)
    assert ten - one == 2 * 9
