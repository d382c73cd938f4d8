import socket
from collections.abc import Callable
from typing import Any

import pytest

from backoffice.sync.deliveries import Result
from backoffice.sync.errors import NotConnected, Refused, Unavailable, Unclear
from backoffice.sync.models import Delivery
from orders import mail
from orders.mail import Attachment, Letter, Post
from orders.models import Merchant, Order, TimelineEntry
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.smtp import PASSWORD, USER, MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Merchant:
    return make_merchant()


@pytest.fixture
def order(seller: Merchant) -> Order:
    make_product("TENT", 5)
    return make_order(paid=False)


@pytest.fixture
def post(order: Order) -> Callable[..., Post]:
    numbers = iter(range(1, 100))

    def make(to: str = "ann@example.ca", **fields: Any) -> Post:
        at = next(numbers)
        delivery = Delivery.objects.create(
            connection=make_connection(name="Mail", connector="mail"),
            topic="try",
            object_id=at,
            state="claimed",
            claimed_version=1,
        )
        words = {"subject": "Votre reçu n° 7", "text": "Bonjour Zoé,\n.\nà bientôt\n", "html": "<p>Bonjour Zoé</p>"}
        words |= {"language": "fr", "key": f"try-{at}.1", "name": "Zoé Tremblay", **fields}
        return Post(delivery, Letter(to=to, **words), order.pk, f"Told {to}.", {})

    return make


def error_of(results: list[Result]) -> Any:
    (result,) = results
    return result.error


def test_a_mail_arrives_as_it_was_written(mail_server: MailServer, post: Any, seller: Merchant) -> None:
    pdf = Attachment("reçu-été.pdf", b"%PDF-1.4\n.\r\n..\x00\xff")
    results = mail.deliver([post(attachments=(pdf,))], seller)

    (mail_,) = mail_server.mails
    assert mail_["From"] == '"Boréal Outfitters Inc." <orders@example.com>'
    assert mail_["To"] == "Zoé Tremblay <ann@example.ca>"
    assert mail_["Reply-To"] == "bonjour@boreal.example"
    assert mail_["Subject"] == "Votre reçu n° 7"
    assert mail_["Message-ID"] == "<try-1.1@example.com>"
    assert mail_["Auto-Submitted"] == "auto-generated"
    assert mail_["Content-Language"] == "fr-CA"
    body = mail_.get_body(("plain",))
    assert body is not None
    # A line with a dot alone is the end of a mail where it is not written twice.
    assert body.get_content().replace("\r\n", "\n") == "Bonjour Zoé,\n.\nà bientôt\n"
    (attached,) = mail_.iter_attachments()
    assert attached.get_filename() == "reçu-été.pdf"
    assert attached.get_content() == pdf.content
    assert mail_server.envelopes[0].rcpt_tos == ["ann@example.ca"]
    assert results[0].known == {"mailed_to": "ann@example.ca", "message_id": "<try-1.1@example.com>"}
    assert results[0].response == "250 OK queued as 1"


def test_the_order_s_timeline_says_what_was_mailed(mail_server: MailServer, post: Any, seller: Merchant) -> None:
    mail_server.say(rcpt="550 5.1.1 No such user")
    mail.deliver([post("nobody@example.ca"), post("ann@example.ca")], seller)

    assert list(TimelineEntry.objects.filter(what="mailed").values_list("sentence", flat=True)) == [
        "Told ann@example.ca."
    ]


def test_one_connection_carries_a_batch_and_a_refusal_stops_nobody_else(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
) -> None:
    mail_server.say(rcpt="550 5.1.1 No such user")
    first, *others = mail.deliver([post("nobody@example.ca"), post(), post(), post()], seller)

    assert isinstance(first.error, Refused)
    assert str(first.error) == (
        "The mail server refused the address nobody@example.ca: 550 5.1.1 No such user. "
        "Correct the customer’s mail address, then try again."
    )
    assert [result.error for result in others] == [None, None, None]
    assert len(mail_server.mails) == 3
    assert mail_server.connections == 1


@pytest.mark.parametrize(
    ("stage", "words", "kind"),
    [
        ("rcpt", "451 4.7.1 Greylisted, come again", Unavailable),
        ("rcpt", "452 4.2.2 Mailbox full", Unavailable),
        ("rcpt", "550 5.1.1 No such user", Refused),
        ("mail", "451 4.3.0 Later", Unavailable),
        ("mail", "552 5.3.4 Too large", Refused),
        ("mail", "550 5.7.1 Sender not allowed", NotConnected),
        ("mail", "530 5.7.0 Authentication required", NotConnected),
        ("data", "451 4.3.0 Try again", Unavailable),
        ("data", "554 5.7.1 Looks like spam", Refused),
    ],
)
def test_what_the_server_says_is_told_apart_by_what_to_do_next(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
    stage: str,
    words: str,
    kind: type,
) -> None:
    mail_server.say(**{stage: words})

    error = error_of(mail.deliver([post()], seller))

    assert type(error) is kind
    assert words in str(error)
    assert not mail_server.mails
    assert error_of(mail.deliver([post()], seller)) is None


def test_a_mail_that_was_taken_without_a_word_is_in_doubt(mail_server: MailServer, post: Any, seller: Merchant) -> None:
    mail_server.hang_up(after_text=True)
    doubtful, next_one = mail.deliver([post(), post()], seller)

    assert isinstance(doubtful.error, Unclear)
    assert "Look whether it arrived" in str(doubtful.error)
    assert next_one.error is None
    assert len(mail_server.mails) == 2


def test_a_mail_cut_off_before_its_text_may_go_again(mail_server: MailServer, post: Any, seller: Merchant) -> None:
    mail_server.hang_up(after_text=False)

    assert isinstance(error_of(mail.deliver([post()], seller)), Unavailable)
    assert not Delivery.objects.filter(in_doubt=True).exists()
    assert not mail_server.mails


def test_a_server_that_keeps_hanging_up_is_not_asked_for_every_mail(
    mail_server: MailServer, post: Any, seller: Merchant
) -> None:
    for _ in range(9):
        mail_server.hang_up(after_text=False)
    results = mail.deliver([post() for _ in range(5)], seller)

    assert all(isinstance(result.error, Unavailable) for result in results)
    assert mail_server.connections == mail.PATIENCE


def test_no_server_is_passing_and_met_once_a_batch(post: Any, seller: Merchant, settings: Any) -> None:
    with MailServer() as server:
        server.use(settings)
    results = mail.deliver([post(), post()], seller)

    assert all(isinstance(result.error, Unavailable) for result in results)
    assert str(results[0].error) == f"The mail server 127.0.0.1:{server.port} does not answer (Connection refused)."
    assert results[0].error is results[1].error


def test_a_server_that_never_speaks_is_given_up(post: Any, seller: Merchant, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, MailServer() as server:
        server.use(settings)
        settings.EMAIL_PORT = silent.getsockname()[1]
        settings.EMAIL_TIMEOUT = 0.2
        error = error_of(mail.deliver([post()], seller))

    assert isinstance(error, Unavailable)
    assert "does not answer" in str(error)


def test_a_wrong_password_is_the_connection_s_trouble(post: Any, seller: Merchant, settings: Any) -> None:
    with MailServer(login=True) as server:
        server.use(settings, user=USER, password="wrong horse")
        results = mail.deliver([post(), post()], seller)
        server.use(settings, user=USER, password=PASSWORD)
        assert error_of(mail.deliver([post()], seller)) is None

    assert all(isinstance(result.error, NotConnected) for result in results)
    assert "refused the user name or password (535" in str(results[0].error)
    assert "horse" not in str(results[0].error)
    assert len(server.mails) == 1


def test_a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
    settings: Any,
) -> None:
    settings.EMAIL_USE_TLS = True

    assert isinstance(error_of(mail.deliver([post()], seller)), NotConnected)
    assert not mail_server.mails


@pytest.mark.parametrize("address", ["", "ann", "ann@", "ann@example.ca\nBcc: all@example.ca", "a b@example.ca"])
def test_what_is_no_address_is_refused_before_anything_is_sent(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
    address: str,
) -> None:
    error = error_of(mail.deliver([post(address)], seller))

    assert isinstance(error, Refused)
    assert "is no mail address" in str(error)
    assert not mail_server.mails


def test_names_and_subjects_cannot_smuggle_headers_in(mail_server: MailServer, post: Any, seller: Merchant) -> None:
    mail.deliver([post(name="Ann\r\nBcc: all@example.ca", subject="Hi\nBcc: all@example.ca")], seller)

    assert mail_server.mails[0]["Bcc"] is None
    assert mail_server.envelopes[0].rcpt_tos == ["ann@example.ca"]


def test_without_a_mail_server_mail_is_kept_as_files(post: Any, seller: Merchant, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")

    results = mail.deliver([post(), post()], seller)

    assert [result.error for result in results] == [None, None]
    assert len(list((tmp_path / "mail").iterdir())) == 2


def test_it_is_committed_that_a_mail_is_on_its_way_before_its_text_goes(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []
    commit = mail.deliveries.about_to_send

    def watched(delivery: Delivery) -> None:
        seen.append(len(mail_server.mails))
        commit(delivery)

    monkeypatch.setattr(mail.deliveries, "about_to_send", watched)
    mail.deliver([post(), post()], seller)

    assert seen == [0, 1]
    assert Delivery.objects.filter(in_doubt=True).count() == 2


def test_nothing_is_sent_where_that_cannot_be_committed(
    mail_server: MailServer,
    post: Any,
    seller: Merchant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(delivery: Delivery) -> None:
        raise RuntimeError("database gone")

    monkeypatch.setattr(mail.deliveries, "about_to_send", fails)
    with pytest.raises(RuntimeError):
        mail.deliver([post()], seller)

    assert not mail_server.mails
