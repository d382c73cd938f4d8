"""The watchdog tells a worker that works from one that only looks alive."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from backoffice import heartbeat
from backoffice.sync.models import Heartbeat
from backoffice.watchdog import LONG_QUEUE, TO_BEGIN, Watchdog

pytestmark = pytest.mark.django_db


@pytest.fixture
def watchdog(tmp_path: Path) -> Watchdog:
    return Watchdog(tmp_path / "work", patience=60, every=20)


def note(watchdog: Watchdog, name: str, words: str, *, age: float = 0) -> None:
    file = watchdog.folder / name
    file.write_text(words)
    os.utime(file, (time.time() - age, time.time() - age))


def started(watchdog: Watchdog, *, seconds_ago: float) -> None:
    watchdog._idle_since -= seconds_ago
    watchdog._began -= timedelta(seconds=seconds_ago)


def test_a_fresh_worker_has_time_to_begin(watchdog: Watchdog) -> None:
    assert watchdog.complaint() == ""


def test_a_worker_that_never_begins_is_complained_of(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=61)
    assert watchdog.complaint() == ""
    started(watchdog, seconds_ago=TO_BEGIN)
    assert "nothing was done" in watchdog.complaint()


def test_a_worker_that_does_no_more_is_complained_of(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=600)
    note(watchdog, "1", heartbeat.IDLE, age=61)
    assert "nothing was done" in watchdog.complaint()


def test_a_task_done_is_a_sign_of_life(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=600)
    note(watchdog, "1", heartbeat.IDLE, age=30)
    assert watchdog.complaint() == ""


def test_a_long_task_is_no_hanging(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=600)
    note(watchdog, str(os.getpid()), heartbeat.BUSY, age=200)
    assert watchdog.complaint() == ""


def test_a_task_beyond_its_time_limit_is(watchdog: Watchdog) -> None:
    note(watchdog, str(os.getpid()), heartbeat.BUSY, age=settings.Q_CLUSTER["timeout"] + 61)
    assert "busy with one task" in watchdog.complaint()


def test_the_note_of_a_killed_process_counts_for_nothing(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=600)
    note(watchdog, "4194999", heartbeat.BUSY, age=300)
    assert "nothing was done" in watchdog.complaint()


def test_a_task_whose_end_is_never_reported(watchdog: Watchdog) -> None:
    started(watchdog, seconds_ago=3600)
    note(watchdog, "1", heartbeat.IDLE)
    taken = timezone.now() - timedelta(seconds=settings.Q_CLUSTER["timeout"] + 61)
    OrmQ.objects.create(key="backoffice", payload="", lock=taken + timedelta(seconds=settings.Q_CLUSTER["retry"]))
    assert "its end never reported" in watchdog.complaint()
    watchdog.begin()
    assert watchdog.complaint() == "", "what the worker before had taken is not held against the new one"


def test_it_asks_for_a_beat_but_never_piles_them_up(watchdog: Watchdog) -> None:
    for _ in range(LONG_QUEUE + 5):
        watchdog._asked_at = -1000.0
        watchdog.complaint()
    assert OrmQ.objects.count() == LONG_QUEUE
    watchdog.complaint()
    assert OrmQ.objects.count() == LONG_QUEUE


def test_the_beat_is_what_the_home_page_shows() -> None:
    heartbeat.beat()
    heartbeat.beat()
    assert (timezone.now() - Heartbeat.objects.get(name=heartbeat.NAME).at).total_seconds() < 5


def test_a_worker_notes_what_it_is_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(heartbeat.FOLDER_VARIABLE, str(tmp_path))
    heartbeat._started(func=None, task={})
    assert (tmp_path / str(os.getpid())).read_text() == heartbeat.BUSY
    heartbeat._finished(func=None, task={})
    assert (tmp_path / str(os.getpid())).read_text() == heartbeat.IDLE
