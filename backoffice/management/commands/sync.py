"""`manage.py sync CONNECTION [--once]`: pull, work on arrivals, deliver, until nothing waits."""

import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice import inward, outward
from backoffice.sync import waking
from backoffice.sync.errors import SyncError
from backoffice.sync.models import Arrival, Connection, Delivery


class Command(BaseCommand):
    help = "Pulls from a store, works on what came, tells what should be known, and prints counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("connection", help="number or name of the connection")
        parser.add_argument("--once", action="store_true", help="stop when nothing waits; otherwise go on until Ctrl-C")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = find_connection(options["connection"])
        while True:
            with waking.awake():
                trouble = self._round(connection)
            if trouble and (options["once"] or connection.state != Connection.State.ACTIVE):
                raise CommandError(trouble)
            if options["once"]:
                return
            if trouble:
                self.stderr.write(trouble)
            time.sleep(60 * connection.poll_minutes)

    def _round(self, connection: Connection) -> str:
        pulled: Counter[str] = Counter()
        trouble = ""
        connection.refresh_from_db()
        if connection.state != Connection.State.ACTIVE:
            # What is kept already is worked on all the same: that asks nothing of the other system.
            trouble = _why_not(connection)
        else:
            try:
                if inward.store_of(connection).polls:
                    pulled = inward.poll(connection)
            except SyncError as error:
                trouble = f"{connection.name} could not be pulled: {error}"
                connection.refresh_from_db()
        worked = inward.work_on_arrivals(connection_id=connection.pk)
        if inward.wake_refunds():
            worked += inward.work_on_arrivals(connection_id=connection.pk)
        told = outward.deliver(connection_id=connection.pk)
        # Mails and papers that follow from the orders are the hub's own doors.
        told += outward.deliver()
        waiting = Delivery.objects.filter(connection=connection, state=Delivery.State.WAITING).count()
        waiting += Arrival.objects.filter(connection=connection, state=Arrival.State.WAITING).count()
        self.stdout.write(
            f"pulled {_words(pulled)}; worked on {_words(worked)}; told {_words(told)}; still waiting: {waiting}"
        )
        return trouble


def _why_not(connection: Connection) -> str:
    said = "switched off" if connection.state == Connection.State.OFF else "paused"
    why = f": {connection.state_sentence}" if connection.state_sentence else "."
    return (
        f"{connection.name} is {said}, so it was not asked{why} "
        "When that is put right, press “Resume” on the connection's page in the back office, or give new keys with "
        "manage.py connect; then sync again."
    )


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {word}" for word, number in sorted(counts.items()) if number) or "nothing"


def find_connection(said: str) -> Connection:
    """A connection by number or name; CommandError with what there is."""
    found = Connection.objects.filter(pk=said) if said.isdigit() else Connection.objects.filter(name=said)
    connection = found.first()
    if connection is None:
        there = ", ".join(f"{c.pk} ({c.name})" for c in Connection.objects.all()) or "none yet; see manage.py connect"
        raise CommandError(f"There is no connection {said}. There are: {there}.")
    return connection
