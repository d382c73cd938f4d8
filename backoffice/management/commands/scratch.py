"""`manage.py scratch COMMAND…`: runs a command on a database of its own, migrated and empty, deleted afterwards.

For benches: they measure the same server as the shop's, with the same care for the disk, and leave its data alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psutil
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg.conninfo import make_conninfo

from backoffice import database
from backoffice.embedded.trouble import DatabaseTrouble

PREFIX = "scratch_"


class Command(BaseCommand):
    help = "Runs a command with DATABASE_URL and VAR_DIR set to a scratch database and folder."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("command", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["command"]:
            raise CommandError("Say what is to run, as in: manage.py scratch python -m bench.intake")
        server = None if settings.DATABASE_URL else database.server(settings.VAR_DIR)
        try:
            with server.in_use() if server else nullcontext():
                code = self._run(server.url() if server else settings.DATABASE_URL, options["command"])
        except DatabaseTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        sys.exit(code)

    def _run(self, url: str, command: list[str]) -> int:
        with _database(url) as scratch, tempfile.TemporaryDirectory(prefix="backoffice-") as folder:
            environment = {**os.environ, "DATABASE_URL": scratch, "VAR_DIR": folder}
            migrate = [sys.executable, sys.argv[0], "migrate", "--verbosity=0", "--skip-checks"]
            subprocess.run(migrate, env=environment, check=True)  # noqa: S603  # ourselves
            return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # as asked by hand


@contextmanager
def _database(url: str) -> Iterator[str]:
    name = f"{PREFIX}{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        for (left,) in connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]):
            pid = left.removeprefix(PREFIX)
            if pid.isdigit() and not psutil.pid_exists(int(pid)):
                connection.execute(f'DROP DATABASE IF EXISTS "{left}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield make_conninfo(url, dbname=name)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            # Not WITH (FORCE): that may not end the server's own autovacuum; a plain DROP asks it to go and waits.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
                [name],
            )
            connection.execute(f'DROP DATABASE "{name}"')
