"""`manage.py connect woocommerce --url … --key … --secret …`: a connection without a browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from backoffice import inward
from backoffice.sync.connectors import connectors
from backoffice.sync.errors import SyncError
from backoffice.sync.http import check_address
from backoffice.sync.models import Connection
from orders.stores.base import Store


class Command(BaseCommand):
    help = "Connects a store and prints the connection's number. The same name again changes that connection."

    def add_arguments(self, parser: ArgumentParser) -> None:
        stores = sorted(name for name, kind in connectors().items() if issubclass(kind, Store) and kind.credentials)
        systems = parser.add_subparsers(dest="connector", required=True, metavar=f"{{{','.join(stores)}}}")
        for name in stores:
            kind = connectors()[name]
            one = systems.add_parser(name, help=kind.title)
            one.add_argument("--name", help="what the connection is called here; its address if nothing is said")
            one.add_argument("--url", required=True, help="the store's address; plain http only on this machine")
            for credential in kind.credentials:
                one.add_argument(
                    f"--{credential.name.replace('_', '-')}",
                    required=credential.required,
                    default="",
                    help=credential.label,
                )
            one.add_argument("--time-zone", default="America/Toronto")
            one.add_argument("--language", choices=["en", "fr"], default="en")
            one.add_argument("--buffer", type=int, default=0, help="units kept back from what the store is told")
            one.add_argument("--live-from", default="", help="orders placed before are history: 2026-11-01T00:00:00Z")
            one.add_argument("--no-check", action="store_true", help="do not ask the store whether the keys work")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = connectors()[options["connector"]]
        live_from = parse_datetime(options["live_from"]) if options["live_from"] else None
        if options["live_from"] and (live_from is None or live_from.tzinfo is None):
            raise CommandError("--live-from is a time with its zone, such as 2026-11-01T00:00:00Z.")
        try:
            check_address(options["url"], kind.title)
        except SyncError as error:
            raise CommandError(str(error)) from error
        values = {
            "connector": kind.name,
            "url": options["url"].rstrip("/"),
            "credentials": {c.name: options[c.name] for c in kind.credentials if options[c.name]},
            "time_zone": options["time_zone"],
            "language": options["language"],
            "safety_buffer": options["buffer"],
            "live_from": live_from,
            "state": Connection.State.ACTIVE,
            "state_sentence": "",
        }
        connection, _ = Connection.objects.update_or_create(name=options["name"] or values["url"], defaults=values)
        if not options["no_check"]:
            try:
                self.stderr.write(inward.store_of(connection).check())
            except SyncError as error:
                self.stderr.write(f"Connected, but the store does not answer as it should: {error}")
        self.stdout.write(str(connection.pk))
