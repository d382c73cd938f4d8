"""A large table between its upload and its end: the file as it came, its rows one a line, and the report on each."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from backoffice.lib import cells
from orders.stores.files_tables import Limits, Row, table

FOLDER = "import_jobs"
LIMITS = Limits(size=256 * 1024 * 1024, unpacked=1024**3, tags=100_000_000, seconds=200.0)
"""More than in a request: the worker reads, and nobody waits. The size of an upload is limited by IMPORT_MAX_BYTES."""


def keep(name: str, upload: File) -> None:
    default_storage.save(f"{FOLDER}/{name}", upload)


def read(name: str) -> int:
    """Write the rows of the kept file one a line, as they are read again and again; how many, the heading not counted.

    Unreadable with a sentence.
    """
    count = 0
    with default_storage.open(f"{FOLDER}/{name}", "rb") as file, _path(name, "rows").open("w", **_TEXT) as written:
        writer = csv.writer(written)
        for count, (number, row) in enumerate(table(file, LIMITS)):  # noqa: B007
            writer.writerow([number, *row])
    return count


def rows(name: str) -> Iterator[Row]:
    """The rows, the heading first, each with its number in the file."""
    with _path(name, "rows").open(**_TEXT) as file:
        for number, *row in csv.reader(file):
            yield int(number), row


def report(name: str) -> Path:
    return _path(name, "report.csv")


def append(name: str, size: int, lines: Iterable[list[str]]) -> int:
    """Add lines to a report that has `size` bytes so far; its new size. What a broken attempt wrote behind goes."""
    path = report(name)
    path.touch()
    with path.open("r+b") as file:
        file.truncate(size)
    with path.open("a", **_TEXT) as text:
        if not size:
            text.write("\ufeff")
        csv.writer(text).writerows([cells.safe(value) for value in line] for line in lines)
    return path.stat().st_size


def forget(name: str, *, with_report: bool = False) -> None:
    default_storage.delete(f"{FOLDER}/{name}")
    _path(name, "rows").unlink(missing_ok=True)
    if with_report:
        report(name).unlink(missing_ok=True)


def _path(name: str, ending: str) -> Path:
    return Path(default_storage.path(f"{FOLDER}/{name}.{ending}"))


_TEXT: dict[str, Any] = {"encoding": "utf-8", "newline": ""}


def opened_report(name: str) -> IO[bytes]:
    return report(name).open("rb")
