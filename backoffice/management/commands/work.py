"""`manage.py work`: the worker, as `qcluster` is, but showing its watchdog what it does."""

from typing import Any

from django_q.management.commands.qcluster import Command as Cluster

from backoffice import heartbeat


class Command(Cluster):
    help = "Starts the worker: a django-q2 cluster that a watchdog can watch."
    # `make lint` and the tests run them; a worker that is started again must be back at once.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        heartbeat.shown()
        super().handle(*args, **options)
