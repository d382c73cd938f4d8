"""Waking the worker when there is something to do, so that nobody waits for the clock (rule: Y8).

Losing a wake-up loses nothing: what is to be done stands in the tables, and the clock looks there every minute.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django_q.tasks import async_task

DELIVER = "backoffice.tasks.deliver"
WORK = "backoffice.tasks.work_on_arrivals"

_awake: ContextVar[bool] = ContextVar("awake", default=False)


@contextmanager
def awake() -> Iterator[None]:
    """Inside, nobody is woken: whoever runs this does the work afterwards."""
    token = _awake.set(True)
    try:
        yield
    finally:
        _awake.reset(token)


def wake(task: str) -> None:
    """Have the worker run this task once the transaction is committed; once a transaction, however often it is asked."""
    if _awake.get():
        return
    connection = transaction.get_connection()
    waiting = [hook[1] for hook in connection.run_on_commit]
    if not any(isinstance(hook, _Wake) and hook.task == task for hook in waiting):
        transaction.on_commit(_Wake(task))


class _Wake:
    def __init__(self, task: str) -> None:
        self.task = task

    def __call__(self) -> None:
        async_task(self.task, group=self.task.rsplit(".", 1)[-1])
