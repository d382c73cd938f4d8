"""`manage.py database start | stop | status | url | remove`: the embedded server by hand."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import database
from backoffice.embedded.trouble import DatabaseTrouble


class Command(BaseCommand):
    help = "Starts, stops, shows or removes the project's own PostgreSQL server."
    requires_system_checks: list[str] = []  # Django's own way; the checks may need the database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["start", "stop", "status", "url", "remove"])

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DATABASE_URL:
            raise CommandError(
                "DATABASE_URL is set: that PostgreSQL is not this project's to start, stop or remove. "
                "Unset DATABASE_URL to work with the embedded server."
            )
        server = database.server(settings.VAR_DIR)
        try:
            getattr(self, options["what"])(server)
        except (DatabaseTrouble, OSError) as trouble:
            raise CommandError(str(trouble)) from trouble

    def start(self, server: database.Server) -> None:
        server.start()
        server.keep()
        self.stdout.write(f"The database answers at {server.url()}. It stays up until `manage.py database stop`.")

    def stop(self, server: database.Server) -> None:
        if server.has_users():
            raise CommandError(
                "The database is in use, by `make run` or a bench. Stop that first; it stops the database."
            )
        server.stop()
        self.stdout.write("The database is down.")

    def status(self, server: database.Server) -> None:
        if server.answers():
            stays = "stays until `manage.py database stop`" if server.is_kept() else "is stopped by its last user"
            self.stdout.write(f"The database answers at {server.url()} and {stays}.")
        else:
            self.stdout.write(f"The database does not answer. Its log is {server.place.log}.")

    def url(self, server: database.Server) -> None:
        self.stdout.write(server.url())

    def remove(self, server: database.Server) -> None:
        if server.has_users():
            raise CommandError("The database is in use, by `make run` or a bench. Stop that first.")
        server.remove()
        self.stdout.write("The database and all its data are removed.")
