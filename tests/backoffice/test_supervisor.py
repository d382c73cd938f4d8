"""`make run` with real processes: whatever is killed comes back, and a stop leaves nothing behind."""

import http.client
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model

from backoffice.database import server as database_server
from backoffice.management.commands import up
from tests.environment import PINNED, ROOT


def until(condition: Callable[[], object], what: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"in {seconds:.0f} s it did not happen that {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """One checkout's `manage.py up` with its own folder and port, impatient so that tests are short."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.server = database_server(folder)
        self.said = folder / "said"
        self.process: subprocess.Popen[bytes] | None = None
        left_out = ("DATABASE_URL", "BASE_URL", "TEST_SESSION", "TEST_ON_EMBEDDED", "PYTEST_CURRENT_TEST")
        pinned = {name: value for name, value in PINNED.items() if name != "BASE_URL"}
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out} | pinned | {
            "VAR_DIR": str(folder), "PORT": str(self.port), "SAMPLE": "0", "WEB_WORKERS": "1", "WEB_THREADS": "2",
            "HEARTBEAT_SECONDS": "0.5", "WATCHDOG_SECONDS": "3", "STOP_SECONDS": "10",
        }  # fmt: skip

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        everything = {**self.environment, **environment}
        return subprocess.run(command, env=everything, capture_output=True, text=True, timeout=60, check=False)

    def start(self) -> None:
        with self.said.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                env=self.environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        until(lambda: "Ctrl-C stops everything" in self.words() or self.process.poll() is not None, "all was up")
        assert self.process.poll() is None, self.words()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(sign)
        return self.process.wait(timeout=60)

    def words(self) -> str:
        return self.said.read_text()

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        return False

    def parts(self, name: str) -> list[psutil.Process]:
        """The processes of a part, its first one first."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("BACKOFFICE_PART") == f"{self.folder}:{name}":
                    found.append(process)
        return sorted(found, key=lambda process: (process.ppid() != self.process.pid, process.pid))

    def beats_since(self, moment: float) -> bool:
        """Did a worker do a task after that moment? While the database restarts nobody can say."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.server.url()) as connection:
            found = connection.execute(
                "SELECT extract(epoch FROM at) FROM sync_heartbeat WHERE name = 'worker'"
            ).fetchone()
            return found is not None and found[0] > moment
        return False

    def worker_works(self) -> None:
        now = time.time()
        until(lambda: self.beats_since(now), "the worker did a task")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Open to the database's own user, which pytest's folders are not when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="back office é ")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def installation(folder: Path) -> Iterator[Installation]:
    installation = Installation(folder)
    yield installation
    if installation.process and installation.process.poll() is None:
        installation.stop()
    installation.server.remove()


@pytest.mark.slow
def test_everything_that_is_killed_comes_back_and_a_stop_leaves_nothing(installation: Installation) -> None:
    installation.start()
    assert f"http://127.0.0.1:{installation.port}/" in installation.words()
    assert installation.answers()
    installation.worker_works()
    with psycopg.connect(installation.server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE saved AS SELECT 1 AS id")

    old = installation.parts("web")
    old[0].kill()
    until(lambda: "The web was killed by signal 9; started again" in installation.words(), "the end of web was seen")
    until(installation.answers, "the site answered again")
    assert not [process for process in old if process.is_running()], "nothing of the old web is left"

    old = installation.parts("worker")
    old[0].kill()
    until(
        lambda: "The worker was killed by signal 9; started again" in installation.words(), "the end of worker was seen"
    )
    installation.worker_works()
    assert not [process for process in old if process.is_running()], "no orphan takes tasks beside the new worker"

    installation.server.postmaster().kill()
    until(lambda: "The database is up again" in installation.words(), "the database was started again")
    until(installation.answers, "the site answered again")
    installation.worker_works()

    everything = [*installation.parts("web"), *installation.parts("worker"), installation.server.postmaster()]
    assert installation.stop() == 0, installation.words()
    assert "Everything is stopped" in installation.words()
    assert not [process for process in everything if process.is_running()]
    assert not installation.server.is_alive()

    with installation.server.in_use(), psycopg.connect(installation.server.url()) as connection:
        assert connection.execute("SELECT count(*) FROM saved").fetchone() == (1,)


@pytest.mark.slow
def test_a_frozen_worker_is_seen_and_started_again(installation: Installation) -> None:
    # Killing an idle worker takes the lock of the queue with it: the cluster looks alive and never works again.
    installation.start()
    installation.worker_works()
    old = installation.parts("worker")
    sentinel = next(process for process in old if process.ppid() == old[0].pid)
    for process in sentinel.children():
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: "The worker hangs" in installation.words(), "the watchdog saw it")
    installation.worker_works()
    assert not [process for process in old if process.is_running()]
    assert installation.stop(signal.SIGINT) == 0


@pytest.mark.slow
def test_what_a_killed_supervisor_leaves_behind_is_cleared_away(installation: Installation) -> None:
    installation.start()
    second = installation.command("up", PORT=str(free_port()))
    assert second.returncode == 1
    assert "The web is running already" in second.stderr
    installation.process.kill()
    installation.process.wait()
    old = [*installation.parts("web"), *installation.parts("worker")]
    assert old
    assert installation.server.is_alive()
    installation.said.unlink()
    installation.start()
    assert "that an earlier run had left behind" in installation.words()
    assert not [process for process in old if process.is_running()]
    installation.worker_works()
    assert installation.stop() == 0
    assert not installation.server.is_alive(), "the database of the killed run was taken over, and stopped at the end"


def test_a_port_that_is_taken_is_said(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()
        said = installation.command("up")
    assert said.returncode == 1
    assert f"127.0.0.1:{installation.port} cannot be used: Address already in use" in said.stderr
    assert f"PORT={installation.port + 1} make run" in said.stderr
    assert not installation.server.is_alive()


def test_a_setting_that_is_no_number_is_said(installation: Installation) -> None:
    said = installation.command("up", PORT="http")
    assert said.returncode == 1
    assert "PORT is 'http', which is no number" in said.stderr


def test_a_database_that_cannot_be_reached_is_said(installation: Installation) -> None:
    said = installation.command("up", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/shop")
    assert said.returncode == 1
    assert "The database cannot be reached" in said.stderr
    assert "DATABASE_URL" in said.stderr


@pytest.mark.django_db
def test_the_log_ins_of_the_sample_are_shown_at_every_start(
    settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def sample(name: str, stdout: io.StringIO) -> None:
        loaded.append(name)
        stdout.write("Log in as anna, password kettle.\n")
        get_user_model().objects.create_user("anna")

    settings.VAR_DIR = tmp_path
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(up, "call_command", sample)
    monkeypatch.setattr(up, "get_commands", lambda: {"sample": "backoffice"})
    assert up._first_words() == up._first_words() == "Log in as anna, password kettle."
    assert loaded == ["sample"]
    assert (tmp_path / "run" / "first-words.txt").stat().st_mode & 0o077 == 0


# --- starting anew ------------------------------------------------------------------------------------------------------------
def test_reset_deletes_what_is_ours_and_nothing_else(installation: Installation) -> None:
    (installation.folder / "somebody's").mkdir()
    (installation.folder / "mail").mkdir()
    with installation.server.in_use():
        installation.server.keep()
    said = installation.command("reset")
    assert said.returncode == 0, said.stderr
    assert not installation.server.is_alive()
    assert sorted(path.name for path in installation.folder.iterdir()) == ["somebody's"]


def test_reset_never_touches_a_database_of_somebody_else(installation: Installation) -> None:
    (installation.folder / "mail").mkdir()
    said = installation.command("reset", DATABASE_URL="postgresql://anna@db.example.com/shop")
    assert said.returncode == 1
    assert "nothing was deleted" in said.stderr
    assert (installation.folder / "mail").exists()
