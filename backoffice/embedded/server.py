"""Starts and stops the embedded server; any number of processes may do so at once.

Three locks in the server's folder, all freed by the kernel when their holder dies:

- `start.lock`: whoever starts or stops the server;
- `alive.lock`: inherited by the server and all its children, so it is held as long as any of them lives. Pid files lie
  after a kill -9 or a reboot; this does not;
- `users.lock`: shared by everybody who needs the server; the last one out stops it.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from backoffice.embedded import locks, place
from backoffice.embedded.account import Account
from backoffice.embedded.trouble import DatabaseTrouble, explained, said

OWNER = "backoffice"
SUPERUSER = "postgres"
# After a crash the server first repairs itself from its log, which may take minutes on a slow disk.
START_SECONDS = 300.0
STOP_SECONDS = 60.0

# For one shop on one machine; a merchant may tune them further in the data folder's postgresql.conf.
SHOP = {"shared_buffers": "256MB", "random_page_cost": "1.1", "jit": "off", "max_connections": "100"}
# Test data may vanish with the power; in return a test run waits for no disk.
THROWAWAY = SHOP | {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "autovacuum_naptime": "10min",
}

# Nothing of the starter's own PG… variables, language or folders may reach the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


class Server:
    def __init__(self, folder: Path, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.throwaway = throwaway
        self._child: subprocess.Popen[bytes] | None = None
        self._use: int | None = None

    @property
    def place(self) -> place.Place:
        return place.of(self.folder)

    def url(self, database: str = OWNER, user: str = OWNER) -> str:
        """The address for DATABASE_URL and for psql."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.place.socket), safe='')}&port={place.PORT}"

    # --- asking --------------------------------------------------------------------------------------------------------
    def answers(self, database: str = OWNER, user: str = OWNER) -> bool:
        try:
            psycopg.connect(self.url(database, user), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def is_alive(self) -> bool:
        """Does any process of the server live, answering or not?"""
        lock = self.place.real / "alive.lock"
        return lock.exists() and locks.is_held(lock)

    def postmaster(self) -> psutil.Process | None:
        """The server's first process, if it lives and really is this server's."""
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        try:
            process = psutil.Process(int(lines[0]))
            ours = str(self.place.data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if ours else None

    # --- starting and stopping -------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Returns when the server answers; makes it first if it is new. Harmless when it runs already."""
        with self._starting() as account:
            if not self.answers():
                self._start(account)

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """Returns when no process of the server lives any more. Harmless when it is down already."""
        if self.place.real.exists():
            with self._starting():
                self._stop(seconds)

    def join(self) -> None:
        """Starts the server if need be, and keeps it from being stopped until `leave`, or until this process ends."""
        with self._starting() as account:
            if self._use is None:
                self._use = locks.opened(self.place.real / "users.lock")
                locks.share(self._use)
            if not self.answers():
                self._start(account)

    def leave(self) -> None:
        """The last one out stops the server, unless `keep` asked it to stay."""
        if self._use is None:
            return
        with self._starting():
            os.close(self._use)
            self._use = None
            if not self.has_users() and not self.is_kept():
                self._stop(STOP_SECONDS)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        self.join()
        try:
            yield
        finally:
            self.leave()

    def has_users(self) -> bool:
        lock = self.place.real / "users.lock"
        return lock.exists() and locks.is_held(lock)

    def keep(self) -> None:
        """The running server stays when its users leave; a later start forgets this."""
        (self.place.real / "keep").write_text("\n".join(self._pid_file()[:3:2]))

    def is_kept(self) -> bool:
        note = self.place.real / "keep"
        return note.exists() and note.read_text() == "\n".join(self._pid_file()[:3:2])

    def remove(self) -> None:
        """Stops the server and deletes its data."""
        self.stop()
        place.removed(self.place)

    # --- how -------------------------------------------------------------------------------------------------------------
    def _pid_file(self) -> list[str]:
        try:
            return (self.place.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    @contextmanager
    def _starting(self) -> Iterator[Account]:
        """Alone with the folder, which is made if it is new."""
        where = self.place
        try:
            account = place.made(where)
            otherwise = f"Another process has been starting or stopping the database in {self.folder} for minutes."
            with locks.alone(where.real / "start.lock", seconds=START_SECONDS + 30, otherwise=otherwise):
                place.furnished(where, account)
                yield account
        except OSError as error:
            raise explained("working in its folder", said(error), where.real) from error

    def _start(self, account: Account) -> None:
        programs = place.programs(account)
        self._check_version()
        life = locks.opened(self.place.real / "alive.lock")
        try:
            if not self._wait_for_life(life):
                return
            if not (self.place.data / "PG_VERSION").exists():
                self._initialise(programs, account, life)
            # The lock says that nothing of an earlier server lives: its pid file is stale, whatever the pid is now.
            (self.place.data / "postmaster.pid").unlink(missing_ok=True)
            self._launch(programs, account, life)
        finally:
            os.close(life)
        self._make_database()

    def _wait_for_life(self, life: int) -> bool:
        """Takes the lock of life; False if an earlier server turns out to answer."""
        deadline = time.monotonic() + START_SECONDS
        while not locks.taken(life):
            if self.postmaster() is None:
                self._end_orphans()
            elif self.answers(SUPERUSER, SUPERUSER):
                self._make_database()  # its starter may have been killed just before
                return False
            if time.monotonic() > deadline:
                raise DatabaseTrouble(
                    f"A database server in {self.place.real} neither answers nor ends. Look at {self.place.log}; "
                    "`manage.py database stop` ends it."
                )
            time.sleep(0.05)
        return True

    def _check_version(self) -> None:
        note = self.place.data / "PG_VERSION"
        if note.exists() and (version := note.read_text().strip()) != place.major_version():
            words = f"the data of version {version} is not compatible with this version, {place.major_version()}"
            raise explained("starting", words, self.place.data)

    def _initialise(self, programs: Path, account: Account, life: int) -> None:
        """Made beside and renamed when whole: an initdb that was killed leaves nothing that looks like a database."""
        draft = self.place.real / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        settings = {**(THROWAWAY if self.throwaway else SHOP), "timezone": "UTC", "log_timezone": "UTC"}
        command = [
            *(str(programs / "initdb"), "--pgdata", str(draft), f"--username={SUPERUSER}", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--data-checksums", *(["--no-sync"] if self.throwaway else [])),
            *(f"--set={name}={value}" for name, value in settings.items()),
        ]
        try:
            answer = subprocess.run(  # noqa: S603  # a program of our own package
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=_ENVIRONMENT,
                pass_fds=[life],  # should we be killed, the next start waits for this one's end
                **account.popen(),
            )
        except OSError as error:
            raise explained("making the database", said(error), self.place.real) from error
        if answer.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise explained("making the database", answer.stderr or answer.stdout, self.place.real)
        draft.rename(self.place.data)

    def _launch(self, programs: Path, account: Account, life: int) -> None:
        where = self.place
        command = [
            *(str(programs / "postgres"), "-D", str(where.data), "-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={_quoted(where.socket)}", "-c", "unix_socket_permissions=0700"),
            *("-c", f"port={place.PORT}", "-c", f"cluster_name={where.mark}"),
        ]
        with where.log.open("ab") as log:
            before = log.tell()
            self._child = subprocess.Popen(  # noqa: S603  # likewise
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                pass_fds=[life],
                start_new_session=True,  # Ctrl-C in the terminal is for us; the server is stopped last
                **account.popen(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self._child.poll() is not None:
                with where.log.open("rb") as log:
                    log.seek(before)
                    raise explained("starting", log.read().decode(errors="replace"), where.real, where.log)
            if time.monotonic() > deadline:
                raise DatabaseTrouble(f"The database did not start in {START_SECONDS:.0f} s. Look at {where.log}.")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        lines = self._pid_file()
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _make_database(self) -> None:
        """The project's own user is no superuser, just as on a PostgreSQL that somebody else runs."""
        with psycopg.connect(self.url("postgres", SUPERUSER), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone():
                connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB IN ROLE pg_monitor, pg_checkpoint")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [OWNER]).fetchone():
                connection.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")

    def _stop(self, seconds: float) -> None:
        # Fast: ends what runs, keeps what was committed. Immediate: the next start repairs from the log.
        for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 10.0)):
            postmaster = self.postmaster()
            if postmaster is not None:
                with suppress(psutil.NoSuchProcess):
                    postmaster.send_signal(sign)
                if self._ended(patience):
                    return
        self._end_orphans()
        if not self._ended(10.0):
            raise DatabaseTrouble(
                f"The database server in {self.place.real} cannot be ended. Look at {self.place.log}."
            )

    def _ended(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if self._child is not None:
                self._child.poll()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _end_orphans(self) -> None:
        """Ends the children of a server whose first process is gone: they hold its memory, and no new one could start."""
        title = f"postgres: {self.place.mark}: "
        for process in psutil.process_iter(["cmdline"]):
            if " ".join(process.info["cmdline"] or []).startswith(title):
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _quoted(folder: Path) -> str:
    return '"' + str(folder).replace('"', '""') + '"'
