"""The drop folder: an order file put there is kept, taken in, and moved to `done` or, with a sentence, to `failed`."""

import logging
import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backoffice import inward
from backoffice.sync.models import Connection
from orders.stores.base import Unreadable

log = logging.getLogger(__name__)

CONNECTOR = "files"
QUIET_SECONDS = 2
"""A file that changed a moment ago may still be growing: it waits for the next look."""


def file_store() -> Connection:
    """The connection that order files come through; made when the first one comes."""
    connection = Connection.objects.filter(connector=CONNECTOR).order_by("id").first()
    return connection or Connection.objects.create(name="Order files", connector=CONNECTOR)


def take(connection: Connection, name: str, content: bytes) -> int:
    """Keep the orders of a file; how many were new. Unreadable with a sentence where it is no file of orders."""
    with transaction.atomic():
        return len(inward.keep(connection, list(inward.store_of(connection).unpack(content, name=name))))


def prepare() -> bool:
    """Make the drop folder where it is missing, so that there is a place to drop files; whether it is there."""
    folder: Path = settings.DROP_FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        # A folder on another machine may be away for a while: everything else goes on.
        log.warning("The drop folder %s cannot be used: %s", folder, error.strerror or error)
        return False
    return True


def look() -> dict[str, str]:
    """Take in what lies in the drop folder; what became of each file, in a sentence."""
    folder: Path = settings.DROP_FOLDER
    if not prepare():
        return {}
    said = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and time.time() - path.stat().st_mtime >= QUIET_SECONDS:
            said[path.name] = _one(path)
    return said


def _one(path: Path) -> str:
    try:
        if path.stat().st_size > settings.UPLOAD_MAX_BYTES:
            raise Unreadable(f"The file is larger than {settings.UPLOAD_MAX_BYTES} bytes. Divide it.")
        new = take(file_store(), path.name, path.read_bytes())
    except Unreadable as error:
        target = _moved(path, "failed")
        target.with_name(f"{target.name}.txt").write_text(f"{error}\n")
        log.warning("The dropped file %s could not be read: %s", path.name, error)
        return str(error)
    # Kept first, moved after: a crash between takes it in again, and what is known is not kept twice.
    _moved(path, "done")
    return f"{new} new orders"


def _moved(path: Path, where: str) -> Path:
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    target = folder / f"{timezone.now():%Y%m%dT%H%M%S}-{path.name}"
    return path.rename(target)
