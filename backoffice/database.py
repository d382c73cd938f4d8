"""Where the data is: the PostgreSQL named by DATABASE_URL, or the project's own embedded server in `var/`."""

from pathlib import Path
from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from psycopg.conninfo import conninfo_to_dict

from backoffice.embedded import place
from backoffice.embedded.server import Server
from backoffice.embedded.trouble import DatabaseTrouble

OLDEST = 15
# What Django has settings of its own for; everything else in the address is handed to libpq as it is.
_NAMED = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}


def server(var_dir: Path) -> Server:
    """The embedded server that keeps the shop's data."""
    return Server(var_dir / "postgres")


def django_settings(url: str, var_dir: Path) -> dict[str, Any]:
    """Django's settings for the database; asks nothing of the network, so it also works while the server is down."""
    shared: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        # A new connection for each request costs more than most requests, and makes the queue five times slower.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    if url:
        return shared | _parsed(url)
    socket = place.of(server(var_dir).folder).socket
    return shared | {"HOST": str(socket), "PORT": str(place.PORT), "NAME": "backoffice", "USER": "backoffice"}


def _parsed(url: str) -> dict[str, Any]:
    hint = "Write it as postgresql://USER:PASSWORD@HOST:5432/NAME, with options such as ?sslmode=require behind."
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # The words of libpq may quote the address, and with it the password.
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read. {hint}") from None
    if not parts.get("dbname"):
        raise ImproperlyConfigured(f"DATABASE_URL names no database. {hint}")
    if not all(port.isdigit() for port in str(parts.get("port") or "0").split(",")):
        raise ImproperlyConfigured(f"DATABASE_URL has a port that is no number. {hint}")
    found = {ours: str(parts.pop(theirs, "")) for theirs, ours in _NAMED.items()}
    return found | ({"OPTIONS": parts} if parts else {})


def check_version() -> None:
    """The trouble when the database cannot be reached or is too old."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            version = int(cursor.fetchone()[0]) // 10000
    except OperationalError as error:
        raise DatabaseTrouble(
            f"The database cannot be reached: {str(error).strip()}. Look at DATABASE_URL and at that server."
        ) from error
    if version < OLDEST:
        raise DatabaseTrouble(f"The database is PostgreSQL {version}. Version {OLDEST} or newer is needed.")
