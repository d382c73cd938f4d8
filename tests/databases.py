"""Test databases on the shared embedded server: migrated once, then cloned for each session and worker."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from backoffice.embedded import locks
from tests.environment import ROOT, SERVER

PREFIX = "test_backoffice_"
APPS = ("backoffice", "inventory", "orders", "shipping", "accounting")


def cloned(name: str) -> None:
    """Makes the database `name` with all tables, from the template of the present migrations."""
    with locks.alone(SERVER.place.real / "template.lock", seconds=300, otherwise="Another session migrates for ever."):
        template = _template()
        with _connected() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')


def dropped(name: str) -> None:
    with _connected() as connection:
        # Not WITH (FORCE): that may not end the server's own autovacuum; a plain DROP asks it to go and waits.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
            [name],
        )
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')


def swept() -> None:
    """Drops what killed sessions left behind."""
    with _connected() as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"]):
            pid = name.removeprefix(PREFIX).split("_")[0]
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _template() -> str:
    name = f"template_{_fingerprint()}"
    with _connected() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        for (old,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'template\\__%'"):
            if old not in ("template0", "template1"):
                connection.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
        draft = "draft_of_template"
        connection.execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {draft}")
        # A process of its own: nothing of the session's settings, connections or patches gets into the template.
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0", "--skip-checks"],
            env={**os.environ, "DATABASE_URL": SERVER.url(draft), "DJANGO_SETTINGS_MODULE": "backoffice.settings"},
            check=True,
            cwd=ROOT,
        )
        connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def _fingerprint() -> str:
    """Changes with everything that `migrate` reads."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(path for app in APPS for path in _sources(ROOT / app)):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(app: Path) -> Iterator[Path]:
    for pattern in ("**/migrations/*.py", "**/models.py", "**/models/*.py", "**/apps.py", "roles.py", "settings.py"):
        yield from app.glob(pattern)


def _connected() -> psycopg.Connection:
    return psycopg.connect(SERVER.url("postgres"), autocommit=True)
