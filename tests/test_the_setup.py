"""What the other tests rely on: no network, no real data, nothing skipped in CI."""

import os
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import loopback, needs
from tests.environment import ROOT


@pytest.mark.parametrize("host", ["203.0.113.7", "example.com", "2001:db8::1"])
def test_nobody_beyond_this_machine_is_reached(host: str) -> None:
    with pytest.raises(loopback.Refused, match="Tests may only speak to"):
        socket.create_connection((host, 80), timeout=1)


def test_this_machine_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_files_and_keys_are_not_the_developer_s() -> None:
    assert not settings.VAR_DIR.is_relative_to(ROOT)
    assert str(settings.VAR_DIR / "mail") == settings.EMAIL_FILE_PATH
    assert Path(os.environ["VAR_DIR"]).resolve() == settings.VAR_DIR


@pytest.mark.django_db
def test_the_database_is_this_session_s_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone()[0].startswith(f"test_backoffice_{os.environ['TEST_SESSION']}_")


def test_a_missing_program_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install no-such-program"):
        needs.need("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must not skip"):
        needs.need("no-such-program")
