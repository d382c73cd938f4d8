"""`manage.py reset`: forgets the trial, so that the next `make run` starts anew."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice import database
from backoffice.embedded import locks
from backoffice.embedded.trouble import DatabaseTrouble
from backoffice.parts import Part
from backoffice.supervisor import lock_file

PARTS = ("web", "worker")


class Command(BaseCommand):
    help = "Stops what runs and deletes the embedded database, files, mail and keys in VAR_DIR. Asks nothing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        var_dir: Path = settings.VAR_DIR
        if settings.DATABASE_URL:
            raise CommandError(
                "DATABASE_URL is set, and nothing was deleted: the data on that PostgreSQL are not this command's to "
                "delete. Unset DATABASE_URL to reset the embedded database, or empty that database by hand."
            )
        for name in PARTS:
            self._stop(var_dir, name)
        server = database.server(var_dir)
        if server.has_users():
            raise CommandError("A bench uses the database, and nothing was deleted. Wait for its end, or stop it.")
        try:
            server.remove()
            for folder in self._folders(var_dir):
                if folder.exists():
                    shutil.rmtree(folder)
        except (DatabaseTrouble, OSError) as error:
            raise CommandError(f"Not everything could be deleted: {error}") from error
        self.stdout.write(f"The data in {var_dir} are deleted; `make run` starts anew.")

    def _stop(self, var_dir: Path, name: str) -> None:
        lock = lock_file(var_dir, name)
        deadline = time.monotonic() + 60
        if lock.exists() and locks.is_held(lock):
            pid = int(lock.read_text().split()[0])
            os.kill(pid, signal.SIGTERM)
            while locks.is_held(lock):
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"What runs as process {pid} does not end, and nothing was deleted. Stop it first."
                    )
                time.sleep(0.1)
        Part(name, [], var_dir, {}).kill()

    def _folders(self, var_dir: Path) -> list[Path]:
        """By name and only inside VAR_DIR, which may hold what is not ours."""
        ours = ["files", "mail", "static", "drop", "keys", "run", "log"]
        return [var_dir / name for name in ours]
