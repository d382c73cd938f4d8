"""The parts of a running installation, each one program with all the processes it makes."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

LONGEST_LOG = 20_000_000
# Every process of a part inherits this variable. Unlike a pid file it cannot lie, and unlike a process group it also
# finds what an earlier supervisor left behind when it was killed.
_MARK = "BACKOFFICE_PART"


class Part:
    """One program, started again whenever it ends, with growing pauses."""

    def __init__(self, name: str, command: Sequence[str], var_dir: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.command = [sys.executable, *command]
        self.log = var_dir / "log" / f"{name}.log"
        self.mark = f"{var_dir}:{name}"
        self.environment = {**os.environ, **environment, _MARK: self.mark}
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._pause = 0.5

    def start(self) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # a program of our own
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops all in order
            )
        self.started_at = time.monotonic()

    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def words_of_end(self) -> str:
        code = self._process.returncode if self._process else 0
        return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"

    def started_again(self) -> bool:
        """Starts the part if its pause is over; what is left of its processes is ended first."""
        now = time.monotonic()
        if self.started_at and now - self.started_at > 60:
            self._pause = 0.5
        if not self._not_before:
            self._not_before = now + self._pause
            self._pause = min(self._pause * 2, 30.0)
        if now < self._not_before:
            return False
        self._not_before = 0.0
        self.kill()
        self.start()
        return True

    def ask_to_stop(self) -> None:
        # Only the first process: it knows how to stop its children; a signal to all of them would cut work short.
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> int:
        """Ends every process of this part at once, also one that an earlier supervisor started; says how many."""
        ended = 0
        while found := list(_marked(self.mark)):
            for process in found:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
                    ended += 1
            psutil.wait_procs(found, timeout=5)
            if self._process is not None:
                self._process.poll()
        return ended

    def last_words(self, lines: int = 5) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def shorten(log: Path) -> None:
    """Keeps the last 20 to 40 MB. Whoever writes goes on with the same file, which was opened for appending."""
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        # Processes of other users cannot be asked, and are not ours.
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
