"""Sees whether the worker works, and says so in a sentence when it does not.

A frozen django-q2 cluster looks alive from outside: all its processes are there. So the watchdog gives it something
small to do every few seconds and looks whether anything at all gets done on this machine.
"""

import time
from datetime import timedelta
from pathlib import Path

import psutil
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task, queue_size

from backoffice.heartbeat import BUSY

LONG_QUEUE = 20
# A busy machine may need this long, in seconds, from the start of the worker to its first task.
TO_BEGIN = 30.0


class Watchdog:
    """Times are seconds of the monotonic clock, except where a file or a row carries its own."""

    def __init__(self, folder: Path, *, patience: float, every: float) -> None:
        self.folder = folder
        self.patience = patience
        self.every = every
        self.begin()

    def begin(self) -> None:
        """The worker has just been started: nothing of before counts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for note in self.folder.iterdir():
            note.unlink(missing_ok=True)
        self._began = timezone.now()
        self._idle_since = time.time()
        self._asked_at = 0.0

    def complaint(self) -> str:
        """Asks for a heartbeat and says what is wrong with the worker; empty if nothing is.

        Database errors are the caller's: while the database is away nothing can be said of the worker.
        """
        self._ask()
        return self._too_long() or self._idle_too_long() or self._unacknowledged()

    def forgive(self) -> None:
        """The worker could not work through no fault of its own, the database being away; count anew."""
        self._idle_since = time.time()

    def _ask(self) -> None:
        now = time.monotonic()
        if now - self._asked_at >= self.every:
            # A long queue is work enough to watch. Beats are not kept: they would push real tasks off the list.
            if queue_size() < LONG_QUEUE:
                async_task("backoffice.heartbeat.beat", save=False)
            self._asked_at = now

    def _too_long(self) -> str:
        longest = settings.Q_CLUSTER["timeout"] + 60
        for note in self._busy():
            if time.time() - note.stat().st_mtime > longest:
                return f"process {note.name} has been busy with one task for more than {longest} s"
        return ""

    def _idle_too_long(self) -> str:
        if self._busy():
            self._idle_since = time.time()
            return ""
        done = [note.stat().st_mtime for note in self.folder.iterdir()]
        idle = time.time() - max([self._idle_since, *done])
        allowed = self.patience if done else self.patience + TO_BEGIN
        return f"nothing was done for {idle:.0f} s though work was waiting" if idle > allowed else ""

    def _unacknowledged(self) -> str:
        """A task was taken from the queue and never reported back: the process that should do so hangs."""
        if settings.REDIS_URL:
            return ""
        # The row's lock is the moment at which the task may be taken again: `retry` seconds after it was taken.
        retry = timedelta(seconds=settings.Q_CLUSTER["retry"])
        overdue = timezone.now() - timedelta(seconds=settings.Q_CLUSTER["timeout"] + 60)
        taken = OrmQ.objects.filter(lock__gt=self._began + retry, lock__lt=overdue + retry)
        return "a task was taken and its end never reported" if not self._busy() and taken.exists() else ""

    def _busy(self) -> list[Path]:
        found = []
        for note in self.folder.iterdir():
            try:
                if note.read_text() == BUSY and psutil.pid_exists(int(note.name)):
                    found.append(note)
            except FileNotFoundError:
                continue
        return found
