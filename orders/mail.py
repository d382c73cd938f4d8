"""The one way in which mail goes to customers: composed alike, sent once, and what came of it told in plain words.

A mail cannot be taken back, and SMTP knows no key by which a repeat is found. So it is committed that a mail is on its
way immediately before its text is handed over; whatever happens after that without a clear answer is for a person.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.template.loader import render_to_string

from backoffice.lib.text import plain
from backoffice.sync import deliveries
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import NotConnected, Refused, SyncError, Unavailable, Unclear
from backoffice.sync.models import Delivery
from orders import timeline
from orders.models import Merchant

SETTINGS_ADVICE = "Correct the mail settings (EMAIL_…), start anew, and switch “Mail to customers” on again."
DOUBT_ADVICE = "Look whether it arrived; then try again or skip it."
NEEDS_LOGIN = {530, 534, 535, 538}
TOO_LARGE = 552
PATIENCE = 2
"""So many conversations broken off in a row, and the batch does not wait for the next time-out."""


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content: bytes = field(repr=False)
    mimetype: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Letter:
    """`key` names this sending of this mail: the same again is the same mail, a wish to send it anew has another."""

    to: str
    name: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    key: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A letter on behalf of a delivery; `sentence` is the timeline's line once the mail server has taken it.

    A letter about no order (to a supplier, to the staff) has no `order_id` and no line.
    """

    delivery: Delivery
    letter: Letter
    order_id: int | None
    sentence: str
    known: dict[str, Any]


def rendered(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """The text and the HTML of a mail, from the two templates of that name."""
    text = re.sub(r"\n{3,}", "\n\n", render_to_string(f"mail/{template}.txt", context)).strip() + "\n"
    return text, render_to_string(f"mail/{template}.html", context)


def compose(letter: Letter, seller: Merchant) -> EmailMultiAlternatives:
    """The mail as it is sent. Refused where the address is none."""
    to = letter.to.strip()
    try:
        validate_email(to)
    except ValidationError:
        raise Refused(
            f"“{plain(letter.to)}” is no mail address.", advice="Correct it on the customer, then try again."
        ) from None
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    domain = sender.rpartition("@")[2] or "localhost"
    message = EmailMultiAlternatives(
        subject=plain(letter.subject),
        body=letter.text,
        from_email=formataddr((plain(seller.name), sender)),
        to=[formataddr((plain(letter.name), to))],
        reply_to=[seller.email] if seller.email else None,
        headers={
            "Message-ID": f"<{re.sub(r'[^A-Za-z0-9.-]', '-', letter.key)}@{domain}>",
            # So that holiday notices do not answer it (RFC 3834).
            "Auto-Submitted": "auto-generated",
            "Content-Language": "fr-CA" if letter.language == "fr" else "en-CA",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    for attachment in letter.attachments:
        message.attach(attachment.filename, attachment.content, attachment.mimetype)
    return message


def mailed_already(delivery: Delivery) -> Result | None:
    """The answer where this version is known to be mailed: "try again" on what arrived is no wish for a second mail."""
    known = delivery.known or {}
    if not known.get("mailed_to") or delivery.known_version < delivery.claimed_version:
        return None
    return Result(delivery.pk, f"Mailed to {known['mailed_to']} already; use “send again” for another.", known=known)


def deliver(posts: Sequence[Post], seller: Merchant) -> list[Result]:
    """Send mails over one connection, each at most once; what came of each."""
    results = []
    with Outbox() as outbox:
        for post in posts:
            try:
                message = compose(post.letter, seller)
                reply = outbox.send(message, partial(deliveries.about_to_send, post.delivery))
            except SyncError as error:
                results.append(Result(post.delivery.pk, "", error=error, request=_request(post.letter)))
                continue
            if post.order_id is not None:
                timeline.write([timeline.entry(post.order_id, "mailed", post.sentence)])
            results.append(
                Result(
                    post.delivery.pk,
                    f"Mailed to {post.letter.to.strip()}.",
                    known={**post.known, "mailed_to": post.letter.to.strip(), "message_id": message_id(message)},
                    external_id=message_id(message)[:200],
                    request=_request(post.letter),
                    response=reply,
                )
            )
    return results


def message_id(message: EmailMultiAlternatives) -> str:
    return str(message.extra_headers["Message-ID"])


def _request(letter: Letter) -> str:
    names = ", ".join(attachment.filename for attachment in letter.attachments)
    return f"Mail to {letter.to}: {letter.subject}" + (f" [{names}]" if names else "")


class _BrokenOff(Unavailable):
    """The server went away before it had the mail."""


class Outbox:
    """One connection to the mail server for a batch; never kept longer, for a kept one keeps old credentials."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._down: SyncError | None = None
        self._broken_off = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(politely=error is None)

    def send(self, message: EmailMultiAlternatives, about_to_send: Callable[[], None]) -> str:
        """Hand a mail over and return what the server said. Raises only the errors of `sync.errors`."""
        if self._down is not None:
            raise self._down
        backend = get_connection(fail_silently=False)
        if not isinstance(backend, EmailBackend):
            return _keep(backend, message, about_to_send)
        if self._backend is None:
            try:
                self._backend = _opened(backend)
            except SyncError as error:
                with suppress(OSError, smtplib.SMTPException):
                    backend.close()
                # The others of the batch would only meet the same.
                self._down = error
                raise
        try:
            reply = _hand_over(self._backend.connection, message, about_to_send)
            self._broken_off = 0
            return reply
        except NotConnected as error:
            self._down = error
            raise
        except _BrokenOff as error:
            self._broken_off += 1
            if self._broken_off >= PATIENCE:
                self._down = error
            self._leave(politely=False)
            raise
        except (Refused, Unavailable):
            self._start_over()
            raise
        except BaseException:
            # The server may still wait for the end of the text: hanging up says that none comes.
            self._leave(politely=False)
            raise

    def _start_over(self) -> None:
        """Make the connection ready for the next mail, or let it go."""
        try:
            if self._backend.connection.rset()[0] == 250:
                return
        except (OSError, smtplib.SMTPException):
            pass
        self._leave(politely=False)

    def _leave(self, *, politely: bool) -> None:
        backend, self._backend = self._backend, None
        if backend is None or backend.connection is None:
            return
        if politely:
            with suppress(OSError, smtplib.SMTPException):
                backend.connection.quit()
        backend.connection.close()


def _keep(backend: Any, message: EmailMultiAlternatives, about_to_send: Callable[[], None]) -> str:
    """Without a mail server the mail is kept, where the admin shows it."""
    about_to_send()
    try:
        backend.send_messages([message])
    except OSError as error:
        raise Unavailable(
            f"The mail could not be kept in its folder: {error.strerror or type(error).__name__}.",
            advice="Look whether the disk is full or the folder is not writable.",
        ) from None
    return "Kept here: no mail server is set."


def _opened(backend: EmailBackend) -> EmailBackend:
    server = f"{backend.host}:{backend.port}"
    try:
        backend.open()
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise _refusal("login", error.smtp_code, error.smtp_error) from None
        raise NotConnected(
            f"The mail server {server} refused the user name or password ({_said(error.smtp_code, error.smtp_error)}).",
            advice=SETTINGS_ADVICE,
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotConnected(
            f"The mail server {server} cannot do what the settings ask: {plain(error)}", advice=SETTINGS_ADVICE
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _refusal("greeting", error.smtp_code, error.smtp_error) from None
    except ssl.SSLCertVerificationError as error:
        raise NotConnected(
            f"The certificate of the mail server {server} cannot be trusted: {plain(error.verify_message)}.",
            advice=SETTINGS_ADVICE,
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The mail server {server} does not answer ({_why(error)}).") from None
    return backend


def _hand_over(smtp: smtplib.SMTP, message: EmailMultiAlternatives, about_to_send: Callable[[], None]) -> str:
    """The conversation of RFC 5321 step by step, for only the last of them leaves a doubt when it is cut off."""
    text: bytes = cast(Any, message.message()).as_bytes(linesep="\r\n")
    sender = sanitize_address(parseaddr(str(message.from_email))[1], "utf-8")
    to = sanitize_address(parseaddr(message.to[0])[1], "utf-8")
    try:
        smtp.ehlo_or_helo_if_needed()
        options = [f"SIZE={len(text)}"] if smtp.has_extn("size") else []
        options += ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
        _expect(2, "sender", *smtp.mail(sender, options))
        _expect(2, "recipient", *smtp.rcpt(to), to=to)
        _expect(3, "text", *smtp.docmd("DATA"))
    except (OSError, smtplib.SMTPException) as error:
        raise _BrokenOff(f"The mail server broke the conversation off ({_why(error)}); nothing was sent.") from None
    about_to_send()
    try:
        # A line that begins with a dot gets another (RFC 5321 4.5.2); a dot alone ends the text.
        smtp.send(re.sub(rb"(?m)^\.", b"..", text) + (b"" if text.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, reply = smtp.getreply()
        if code < 0:
            raise smtplib.SMTPException("its answer cannot be read")
    except (OSError, smtplib.SMTPException) as error:
        raise Unclear(
            f"The mail to {to} was handed over, but the mail server did not confirm it ({_why(error)}).",
            advice=DOUBT_ADVICE,
        ) from None
    _expect(2, "text", code, reply)
    return _said(code, reply)


def _expect(hundreds: int, stage: str, code: int, reply: bytes, *, to: str = "") -> None:
    if code // 100 != hundreds:
        raise _refusal(stage, code, reply, to=to)


def _refusal(stage: str, code: int, reply: bytes | str, *, to: str = "") -> SyncError:
    """What a no of the mail server means: later, not this one, or none at all."""
    said = _said(code, reply)
    if code in NEEDS_LOGIN:
        return NotConnected(f"The mail server wants other credentials: {said}.", advice=SETTINGS_ADVICE)
    if code < 500:
        return Unavailable(f"The mail server takes no mail just now: {said}.")
    if stage == "recipient":
        return Refused(
            f"The mail server refused the address {to}: {said}.",
            advice="Correct the customer’s mail address, then try again.",
        )
    if stage == "text" or code == TOO_LARGE:
        return Refused(
            f"The mail server refused this mail: {said}.",
            advice="Ask who runs the mail server why; then try again, or send the paper by other means.",
        )
    # Greeting, login and sender are the same for every mail.
    return NotConnected(f"The mail server refuses mail from here: {said}.", advice=SETTINGS_ADVICE)


def _said(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {plain(words)[:300]}".strip().rstrip(".")


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return plain(error.strerror)
    return plain(error).rstrip(".") or type(error).__name__
