"""What the tests of this room share."""

from tests.smtp import mail_server  # noqa: F401
