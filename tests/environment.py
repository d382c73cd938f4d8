"""What a test run is told instead of the developer's own `.env` and `var/`.

Each session has its own folder for files, keys and mail, and its own databases; the server is shared by all sessions
of the checkout and keeps nothing of value.
"""

import importlib
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo

from backoffice.embedded.server import Server
from backoffice.embedded.trouble import DatabaseTrouble

ROOT = Path(__file__).resolve().parent.parent
# With a DATABASE_URL the tests use that server, as CI does for other versions of PostgreSQL.
SERVER = Server(ROOT / "var" / "test-postgres", throwaway=True)

PINNED = {
    "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "CREDENTIALS_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "DEBUG": "0",
    "BASE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "TIME_ZONE": "America/Toronto",
    "LOGIN_FAILURE_LIMIT": "5",
    "UPLOAD_MAX_BYTES": "10485760",
    "API_RATE": "1200/min",
    "DEFAULT_FROM_EMAIL": "orders@example.com",
    "REDIS_URL": "",
    "EMAIL_HOST": "",
    "TRUST_PROXY": "0",
    "HSTS_SECONDS": "0",
}


def prepare() -> None:
    """Reads the settings anew: pytest-django has read them before any file of ours could speak."""
    if "TEST_SESSION" not in os.environ:  # workers of xdist inherit what their controller said
        os.environ["TEST_SESSION"] = str(os.getpid())
        os.environ["TEST_ON_EMBEDDED"] = "" if os.environ.get("DATABASE_URL") else "1"
        os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="backoffice-tests-")
        os.environ["DROP_FOLDER"] = os.path.join(os.environ["VAR_DIR"], "drop")
        os.environ.update(PINNED)
        if on_embedded():
            os.environ["DATABASE_URL"] = SERVER.url()
    from backoffice import settings as module

    importlib.reload(module)
    for name in dir(module):
        if name.isupper():
            setattr(settings, name, getattr(module, name))
    for alias in list(connections):
        del connections[alias]
    # What Django took from the settings of before.
    connections._settings = None
    vars(connections).pop("settings", None)


def start_server() -> None:
    """Shared with the other sessions of this checkout; the last one stops it."""
    try:
        SERVER.join()
    except DatabaseTrouble:
        # It waits for no disk, so a power cut may have broken it; nothing in it is of value.
        SERVER.remove()
        SERVER.join()


def url(database: str) -> str:
    return SERVER.url(database) if on_embedded() else make_conninfo(os.environ["DATABASE_URL"], dbname=database)


def on_embedded() -> bool:
    return bool(os.environ["TEST_ON_EMBEDDED"])


def session() -> str:
    return os.environ["TEST_SESSION"]
