"""Runs the whole installation: database, web and worker, each started again when it dies, all stopped in order.

`manage.py up` is its command line.
"""

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from backoffice import heartbeat
from backoffice.embedded import locks
from backoffice.embedded.server import Server
from backoffice.embedded.trouble import DatabaseTrouble
from backoffice.parts import Part, shorten
from backoffice.watchdog import Watchdog


class Trouble(Exception):
    """The installation cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What is to run, and how patient the supervisor is with it, in seconds."""

    var_dir: Path
    host: str
    port: int
    parts: Sequence[str] = ("web", "worker")
    web_workers: int = 2
    web_threads: int = 4
    patience: float = 75.0
    beat_every: float = 20.0
    stop_within: float = 20.0

    @property
    def reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # only compared with

    @property
    def address(self) -> str:
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


@dataclass
class Supervisor:
    plan: Plan
    # The embedded server; None where DATABASE_URL names another.
    server: Server | None
    out: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        plan = self.plan
        self._parts: dict[str, Part] = {}
        work = plan.var_dir / "run" / "work"
        self._watchdog: Watchdog | None = None
        if "web" in plan.parts:
            self._parts["web"] = Part("web", _gunicorn(plan), plan.var_dir, {})
        if "worker" in plan.parts:
            command = [str(Path(sys.argv[0]).resolve()), "work"]
            self._parts["worker"] = Part("worker", command, plan.var_dir, {heartbeat.FOLDER_VARIABLE: str(work)})
            self._watchdog = Watchdog(work, patience=plan.patience, every=plan.beat_every)
        self._stopping = False
        self._hurry = False
        self._interruptible = True
        self._told: dict[str, str] = {}

    # --- the whole run ---------------------------------------------------------------------------------------------------
    def run(self, prepare: Callable[[], str]) -> None:
        """Until Ctrl-C or SIGTERM. `prepare` readies the database once it answers, and says what to show when all is up."""
        self._hear_signals()
        held = [self._alone(name) for name in self.plan.parts]
        try:
            self._clear_away()
            if self.server:
                self.server.join()
            words = prepare()
            self._interruptible = False
            self._start_parts()
            if words:
                self.say(words)
            self.say(f"Logs are in {self.plan.var_dir / 'log'}. Ctrl-C stops everything.")
            self._watch()
        except KeyboardInterrupt:
            pass  # asked to stop while getting ready
        finally:
            self._interruptible = False
            self._stop()
            for lock in held:
                os.close(lock)

    def say(self, words: str) -> None:
        print(words, file=self.out, flush=True)

    def _say_once(self, about: str, words: str) -> None:
        if self._told.get(about) != words:
            self._told[about] = words
            if words:
                self.say(f"{time.strftime('%H:%M:%S')}  {words}")

    def _hear_signals(self) -> None:
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(signal.SIGHUP, self._asked_to_stop)

    def _asked_to_stop(self, sign: int, frame: FrameType | None) -> None:
        self._hurry = self._stopping
        self._stopping = True
        if self._interruptible:
            self._interruptible = False
            raise KeyboardInterrupt

    # --- starting --------------------------------------------------------------------------------------------------------
    def _alone(self, name: str) -> int:
        """The lock of one part; kept open, and so held, until this process ends."""
        note = lock_file(self.plan.var_dir, name)
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = locks.opened(note)
        if not locks.taken(lock):
            os.close(lock)
            pid, _, address = note.read_text().partition(" ")
            raise Trouble(
                f"The {name} is running already, at {address}. Stop it first, with Ctrl-C in its terminal or "
                f"`kill {pid}`; for a second installation set VAR_DIR and PORT to others."
            )
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()} {self.plan.address}".encode())
        return lock

    def _clear_away(self) -> None:
        for part in self._parts.values():
            if ended := part.kill():
                self.say(f"Ended {ended} processes of {part.name} that an earlier run had left behind.")
        if "web" in self._parts:
            self._check_port()

    def _check_port(self) -> None:
        plan = self.plan
        family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((plan.host, plan.port))
            except OSError as error:
                raise Trouble(
                    f"The address {plan.host}:{plan.port} cannot be used: {error.strerror}. Stop the program that uses "
                    f"it, or choose another port: PORT={plan.port + 1} make run"
                ) from error

    def _start_parts(self) -> None:
        for part in self._parts.values():
            part.start()
        if self._watchdog:
            self._watchdog.begin()
        if "web" in self._parts and self._web_is_up():
            self.say(f"The back office is at {self.plan.address}/")

    def _web_is_up(self) -> bool:
        web = self._parts["web"]
        deadline = time.monotonic() + 60
        while not self._stopping:
            if not web.is_up():
                raise Trouble(f"The web part {web.words_of_end()}:\n{web.last_words(15)}\nThe whole log is {web.log}.")
            if status := _answer(self.plan.reachable_host, self.plan.port):
                if status >= 500:
                    self.say(f"The first page answers with error {status}: look at the end of {web.log}.")
                return True
            if time.monotonic() > deadline:
                raise Trouble(f"The web part does not answer. Its log is {web.log}; it ends with:\n{web.last_words()}")
            time.sleep(0.05)
        return False

    # --- watching --------------------------------------------------------------------------------------------------------
    def _watch(self) -> None:
        look_at_worker = look_at_logs = 0.0
        while not self._stopping:
            now = time.monotonic()
            if self._database_is_up():
                for part in self._parts.values():
                    self._keep_up(part)
                if now > look_at_worker:
                    self._look_at_worker()
                    look_at_worker = now + min(5.0, self.plan.beat_every)
            if now > look_at_logs:
                for log in (self.plan.var_dir / "log").glob("*.log"):
                    shorten(log)
                look_at_logs = now + 60
            time.sleep(0.2)

    def _database_is_up(self) -> bool:
        if self.server is None or self.server.postmaster() is not None:
            return True
        self._say_once("database", "The database has ended; starting it again.")
        try:
            self.server.start()
        except DatabaseTrouble as trouble:
            self._say_once("database", str(trouble))
            time.sleep(2)
            return False
        self._say_once("database", "The database is up again.")
        self._told.pop("database")
        if self._watchdog:
            self._watchdog.forgive()
        return True

    def _keep_up(self, part: Part) -> None:
        if part.is_up():
            return
        words = part.words_of_end()
        if part.started_again():
            self.say(f"{time.strftime('%H:%M:%S')}  The {part.name} {words}; started again. Its log is {part.log}.")
            if part.name == "worker" and self._watchdog:
                self._watchdog.begin()

    def _look_at_worker(self) -> None:
        if self._watchdog is None:
            return
        close_old_connections()
        try:
            complaint = self._watchdog.complaint()
        except (OperationalError, InterfaceError, psycopg.Error, ConnectionError) as error:
            connections.close_all()
            self._watchdog.forgive()
            self._say_once("queue", f"The worker cannot be watched: {str(error).strip()}")
            return
        self._say_once("queue", "")
        if complaint:
            worker = self._parts["worker"]
            self.say(f"{time.strftime('%H:%M:%S')}  The worker hangs ({complaint}); started again.")
            worker.kill()
            worker.start()
            self._watchdog.begin()

    # --- stopping --------------------------------------------------------------------------------------------------------
    def _stop(self) -> None:
        self._stopping = True
        up = [part for part in self._parts.values() if part.is_up()]
        if up:
            self.say("Stopping …")
        for part in up:
            part.ask_to_stop()
        deadline = time.monotonic() + self.plan.stop_within
        while any(part.is_up() for part in up) and time.monotonic() < deadline and not self._hurry:
            time.sleep(0.05)
        for part in self._parts.values():
            if part.is_up():
                self.say(f"The {part.name} did not end in time and is ended now; what it was at is done again later.")
            part.kill()
        connections.close_all()
        if self.server:
            self.server.leave()
        if up:
            self.say("Everything is stopped; the data is kept.")


def lock_file(var_dir: Path, part: str) -> Path:
    """Locked as long as a supervisor runs that part; its first word is that supervisor's process number."""
    return var_dir / "run" / f"{part}.lock"


def _gunicorn(plan: Plan) -> list[str]:
    host = f"[{plan.host}]" if ":" in plan.host else plan.host
    return [
        *(
            "-m",
            "gunicorn",
            "backoffice.wsgi",
            "--bind",
            f"{host}:{plan.port}",
            "--no-control-socket",
            "--limit-request-line",
            "8190",
        ),
        *("--workers", str(plan.web_workers), "--threads", str(plan.web_threads), "--graceful-timeout", "10"),
        # Loaded once before the processes part: half the time to start, and an error in the code is said at once.
        *("--preload", "--timeout", "60", "--access-logfile", "-", "--error-logfile", "-"),
    ]


def _answer(host: str, port: int) -> int:
    """The status of the first page; 0 while nothing answers. Any answer will do, also one that sends us on to https."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
