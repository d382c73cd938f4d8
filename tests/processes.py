"""Several real processes at once on the test's database: what only happens between processes is tested there."""

import os
import pickle
import select
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections

PATIENCE = 90.0


class Failed(AssertionError):
    """A process ended with an exception; its traceback is the message."""


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run each in a process of its own, all let go at the same moment; what each returned, in their order."""
    for_all = os.pipe()
    children = [_start(work, for_all) for work in works]
    os.close(for_all[0])
    # The children wait for the end of this pipe: closing it wakes them all at once.
    os.close(for_all[1])
    answers = [_answer(pid, pipe) for pid, pipe in children]
    problems = [words for ok, words in answers if not ok]
    if problems:
        raise Failed("\n".join(problems))
    return [value for _, value in answers]


def alone(work: Callable[[], Any]) -> Any:
    """Run in a process of its own; what it returned."""
    return together(work)[0]


def killed(work: Callable[[], Any]) -> bool:
    """Run in a process that may kill itself with SIGKILL; whether it did. Any other bad end raises Failed."""
    gate = os.pipe()
    pid, pipe = _start(work, gate)
    os.close(gate[0])
    os.close(gate[1])
    raw = _read(pipe, pid)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    ok, words = pickle.loads(raw) if raw else (False, f"The process ended with status {status}.")
    if not ok:
        raise Failed(words)
    return False


def _start(work: Callable[[], Any], gate: tuple[int, int]) -> tuple[int, int]:
    reading, writing = os.pipe()
    # A connection shared after a fork would mix up both processes' talk with the server.
    connections.close_all()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        os.close(gate[1])
        os.read(gate[0], 1)
        try:
            answer = (True, work())
        except BaseException:
            answer = (False, traceback.format_exc())
        connections.close_all()
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        code = 0
    finally:
        # Not sys.exit: what the test run has registered for its own end must not run here.
        os._exit(code)


def _answer(pid: int, pipe: int) -> tuple[bool, Any]:
    raw = _read(pipe, pid)
    status = os.waitpid(pid, 0)[1]
    return pickle.loads(raw) if raw else (False, f"Process {pid} ended with status {status}.")


def _read(pipe: int, pid: int) -> bytes:
    parts = []
    until = time.monotonic() + PATIENCE
    with os.fdopen(pipe, "rb", buffering=0) as source:
        while True:
            if not select.select([source], [], [], max(0.0, until - time.monotonic()))[0]:
                os.kill(pid, signal.SIGKILL)
                raise Failed(f"A process did not end within {PATIENCE:.0f} s.")
            part = source.read(65536)
            if not part:
                return b"".join(parts)
            parts.append(part)


def shares(things: Sequence[Any], count: int) -> list[list[Any]]:
    """The things dealt out to `count` hands."""
    return [list(things[start::count]) for start in range(count)]
