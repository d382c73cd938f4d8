"""The mail server that these tests send to."""

from tests.smtp import mail_server  # noqa: F401
