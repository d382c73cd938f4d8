"""Locks that the kernel frees when their holder dies, so that no kill -9 leaves one behind."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backoffice.embedded.trouble import DatabaseTrouble


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def taken(descriptor: int) -> bool:
    """Takes the lock if it is free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def share(descriptor: int) -> None:
    """Takes a lock that others may share; waits for those who only look whether it is held."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def is_held(path: Path) -> bool:
    descriptor = opened(path)
    try:
        return not taken(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path, *, seconds: float, otherwise: str) -> Iterator[None]:
    """Waits for the lock; the sentence `otherwise` is the trouble when it does not come in time."""
    descriptor = opened(path)
    deadline = time.monotonic() + seconds
    try:
        while not taken(descriptor):
            if time.monotonic() > deadline:
                raise DatabaseTrouble(otherwise)
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
