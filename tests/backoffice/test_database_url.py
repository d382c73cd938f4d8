"""DATABASE_URL, as people write it."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backoffice import database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://anna:p%40ss@db.example.com:6432/shop?sslmode=verify-full&sslrootcert=/certs/root.pem",
            {
                "HOST": "db.example.com", "PORT": "6432", "USER": "anna", "PASSWORD": "p@ss", "NAME": "shop",
                "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/certs/root.pem"},
            },
        ),
        ("postgres:///shop", {"HOST": "", "PORT": "", "USER": "", "PASSWORD": "", "NAME": "shop"}),
        (
            "postgresql://anna@/shop?host=%2Fa%20b%2Frun",
            {"HOST": "/a b/run", "PORT": "", "USER": "anna", "PASSWORD": "", "NAME": "shop"},
        ),
        (
            "postgresql://[::1]:5433/shop?connect_timeout=5",
            {"HOST": "::1", "PORT": "5433", "USER": "", "PASSWORD": "", "NAME": "shop", "OPTIONS": {"connect_timeout": "5"}},
        ),
    ],
)  # fmt: skip
def test_database_url(url: str, expected: dict[str, object], tmp_path: Path) -> None:
    found = database.django_settings(url, tmp_path)
    assert {
        name: found[name] for name in found if name not in ("ENGINE", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
    } == expected
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (600, True)


@pytest.mark.parametrize(
    "url", ["postgresql://anna:secret@host:port/shop", "postgresql://anna:secret@host", "mysql://a:secret@b/c"]
)
def test_a_database_url_that_cannot_be_read_is_explained_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="Write it as postgresql://USER") as caught:
        database.django_settings(url, tmp_path)
    assert "secret" not in "".join(map(str, (caught.value, caught.value.__cause__)))
