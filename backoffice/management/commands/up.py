"""`manage.py up`: the whole installation in one terminal; what `make run` calls."""

import io
import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from backoffice import database, dropping
from backoffice.embedded.trouble import DatabaseTrouble
from backoffice.supervisor import Plan, Supervisor, Trouble


class Command(BaseCommand):
    help = "Starts database, web and worker, watches over them, and stops them on Ctrl-C."
    # They would ask the database, which is not up yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=["web", "worker"], help="run this part alone, as on a second machine")

    def handle(self, *args: Any, **options: Any) -> None:
        number = _number_from_environment
        plan = Plan(
            var_dir=settings.VAR_DIR,
            host=os.environ.get("HOST") or "127.0.0.1",
            port=int(number("PORT", 8000)),
            parts=[options["only"]] if options["only"] else ["web", "worker"],
            web_workers=int(number("WEB_WORKERS", 2)),
            web_threads=int(number("WEB_THREADS", 4)),
            patience=number("WATCHDOG_SECONDS", 75),
            beat_every=number("HEARTBEAT_SECONDS", 20),
            stop_within=number("STOP_SECONDS", 20),
        )
        # Links in mails and the check of forms go by it; web and worker inherit it.
        if not os.environ.get("BASE_URL"):
            os.environ["BASE_URL"] = settings.BASE_URL = plan.address
        server = None if settings.DATABASE_URL else database.server(settings.VAR_DIR)
        try:
            Supervisor(plan, server).run(lambda: self._prepare(options["only"] is None))
        except (DatabaseTrouble, Trouble) as trouble:
            raise CommandError(str(trouble)) from trouble
        except OSError as error:
            raise CommandError(
                f"The folder {settings.VAR_DIR} cannot be used: {error.strerror or error}. "
                "Make it writable, free some space, or set VAR_DIR to another folder."
            ) from error

    def _prepare(self, whole: bool) -> str:
        dropping.prepare()
        database.check_version()
        with connection.cursor() as cursor:
            # Several machines may start at once on one database; the lock goes with the connection.
            cursor.execute("SELECT pg_advisory_lock(hashtext('backoffice: getting ready'))")
        try:
            call_command("migrate", verbosity=0, interactive=False)
            call_command("collectstatic", verbosity=0, interactive=False)
            return _first_words() if whole and os.environ.get("SAMPLE", "1") != "0" else ""
        finally:
            connections.close_all()


def _first_words() -> str:
    """Loads the sample merchant into an empty database, and shows its log-ins at every start."""
    note = settings.VAR_DIR / "run" / "first-words.txt"
    if "sample" in get_commands() and _is_empty():
        said = io.StringIO()
        call_command("sample", stdout=said)
        note.touch(mode=0o600)
        note.write_text(said.getvalue())
    return str(note.read_text()).strip() if note.exists() else ""


def _is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM auth_user)")
        return not cursor.fetchone()[0]


def _number_from_environment(name: str, usual: float) -> float:
    said = os.environ.get(name, "")
    try:
        return float(said) if said else usual
    except ValueError:
        raise CommandError(f"{name} is {said!r}, which is no number. Set it to a number such as {usual:g}.") from None
