"""A mail server on loopback that keeps what it gets and can be told to refuse, to fail, or to hang up.

with MailServer() as server:
    server.say(rcpt="451 4.7.1 Greylisted")      # once; then it works again
    server.hang_up(after_text=True)              # takes the mail, never says so
    server.mails                                  # what it took, parsed
"""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

USER, PASSWORD = "orders", "correct horse"


def subject_of(mail: EmailMessage) -> str:
    """The subject; Django begins a long one on the header's second line, and Python's reader keeps that space."""
    return str(mail["Subject"]).strip()


class _OnFreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()


class MailServer:
    def __init__(self, *, login: bool = False) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections = 0
        self._answers: dict[str, list[str]] = {"mail": [], "rcpt": [], "data": []}
        self._hang_ups: list[bool] = []
        options: dict[str, Any] = {}
        if login:
            options = {"auth_required": True, "auth_require_tls": False, "authenticator": self._authenticate}
        self._controller = _OnFreePort(self, hostname="127.0.0.1", port=0, **options)

    # --- running ------------------------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def use(self, settings: Any, *, user: str = "", password: str = "") -> Self:
        """Let the site send its mail here."""
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", self.port
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = user, password
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 3
        return self

    # --- trouble ------------------------------------------------------------------------------------------------------
    def say(self, **answers: str) -> None:
        """Answer the next `mail`, `rcpt` or `data` so."""
        for stage, words in answers.items():
            self._answers[stage].append(words)

    def hang_up(self, *, after_text: bool) -> None:
        """Break the next conversation off: before the mail was taken, or after it without saying so."""
        self._hang_ups.append(after_text)

    # --- what aiosmtpd calls -------------------------------------------------------------------------------------------
    async def handle_EHLO(
        self, server: Any, session: Session, envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = name
        return lines

    async def handle_MAIL(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self._answers["mail"]:
            return self._answers["mail"].pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self._hang_ups and not self._hang_ups[0]:
            self._hang_ups.pop(0)
            server.transport.abort()
            await asyncio.sleep(0)
        if self._answers["rcpt"]:
            return self._answers["rcpt"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self._answers["data"]:
            return self._answers["data"].pop(0)
        self.envelopes.append(envelope)
        self.mails.append(message_from_bytes(bytes(envelope.content or b""), policy=default))
        if self._hang_ups:
            self._hang_ups.pop(0)
            server.transport.abort()
        return f"250 OK queued as {len(self.mails)}"

    def _authenticate(self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        # Where `handled` is left true aiosmtpd answers nothing at all to a wrong password.
        return AuthResult(success=right, handled=right)


@pytest.fixture
def mail_server(settings: Any) -> Any:
    with MailServer() as server:
        yield server.use(settings)
