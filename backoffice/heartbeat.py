"""How the worker shows that it works: a row for the home page, and a file for the watchdog of its own machine.

django-q2 can freeze with all its processes alive (docs/decisions/0007-watchdog.md), so only work that was really
done counts. The row says that some worker somewhere works; with several machines only the files tell whether this
machine's does.
"""

import os
from pathlib import Path
from typing import Any

from django.utils import timezone
from django_q.signals import post_execute_in_worker, pre_execute

from backoffice.sync.models import Heartbeat

NAME = "worker"
# Set by the supervisor for its worker; without it no files are written.
FOLDER_VARIABLE = "BACKOFFICE_WORK_FOLDER"
BUSY, IDLE = "busy", "idle"


def beat() -> None:
    """The task that the watchdog asks for; a worker that runs it is alive."""
    Heartbeat.objects.update_or_create(name=NAME, defaults={"at": timezone.now(), "words": f"process {os.getpid()}"})


def shown() -> None:
    """From now on each process of the cluster keeps a file that says whether it is busy, and since when."""
    if FOLDER_VARIABLE in os.environ:
        pre_execute.connect(_started, dispatch_uid="heartbeat")
        post_execute_in_worker.connect(_finished, dispatch_uid="heartbeat")


def _started(**kwargs: Any) -> None:
    _note(BUSY)


def _finished(**kwargs: Any) -> None:
    _note(IDLE)


def _note(word: str) -> None:
    (Path(os.environ[FOLDER_VARIABLE]) / str(os.getpid())).write_text(word)
