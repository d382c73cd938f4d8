"""With the worker running, a webhook is an allocated order within 2 s and its stock is told within 5 s (rule: Y8)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django_q.conf import Conf
from django_q.models import OrmQ

from backoffice import inward
from backoffice.sync import waking
from orders.models import OrderLine
from tests import environment
from tests.fake_store import FakeStore
from tests.making import make_connection
from tests.proving import assert_proven


@contextmanager
def worker(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=environment.ROOT,
        # The queue read its key before the tests pinned theirs; both ends must sign alike.
        env={**os.environ, "DATABASE_URL": database_url, "WORKERS": "1", "SECRET_KEY": Conf.SECRET_KEY},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def seconds_until(true: Callable[[], bool], *, at_most: float) -> float:
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > at_most:
            return float("inf")
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.django_db(transaction=True)
def test_a_webhook_is_an_allocated_order_and_told_stock_in_moments(database_url: str) -> None:
    with FakeStore(empty=True) as store:
        connection = make_connection(store)
        with waking.awake():
            inward.poll(connection)
            inward.work_on_arrivals()
        waking.wake(waking.WORK)
        with worker(database_url):
            # The worker is up once it has taken the task that waits for it.
            assert seconds_until(lambda: not OrmQ.objects.exists(), at_most=60) < 60
            before = len(store.requests)
            number = store.place_order([("SIR-500", 1)])
            body, headers = signed(store, number)
            answer = Client().post(
                f"/webhooks/{connection.pk}/", body, content_type="application/json", headers=headers
            )
            assert answer.status_code == 200
            lines = OrderLine.objects.filter(order__external_id=str(number), allocated=1)
            allocated = seconds_until(lines.exists, at_most=20)
            told = allocated + seconds_until(
                lambda: any(a.method == "POST" and a.path.endswith("batch") for a in store.requests[before:]),
                at_most=20,
            )
            seconds_until(lambda: not OrmQ.objects.exists(), at_most=20)
    assert allocated < 2
    assert told < 5
    assert_proven()


def signed(store: FakeStore, number: int) -> tuple[bytes, dict[str, str]]:

    body = json.dumps(store.orders[number]).encode()
    return body, store.webhook_headers("order.created", body)
