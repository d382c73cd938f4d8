"""`manage.py reorder`: the order list as CSV or JSON, and with --draft the draft purchase orders that it asks for."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backoffice.reordering import drafting, gathered, needs, table, words
from backoffice.reordering.gathered import Asked
from orders import merchant


class Command(BaseCommand):
    help = "Writes what is to be ordered, with the arithmetic of each line. --draft makes draft purchase orders of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=("csv", "json"), default="csv")
        parser.add_argument(
            "--draft", action="store_true", help="make draft purchase orders, by supplier and warehouse"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        gathered.work_out_demand()
        gathered.refresh()
        level = merchant.current().service_level
        lines = needs.each(gathered.pairs(gathered.asked(Asked(sort="supplier"))))
        if options["format"] == "json":
            rows = [
                {
                    **dataclasses.asdict(line),
                    "value": line.value,
                    "why": words.why(line, level),
                }
                for line in lines
            ]
            self.stdout.write(json.dumps(rows, default=str, ensure_ascii=False, indent=1))
        else:
            with table.file("csv", lines, service_level=level, costs=True) as file:
                for piece in file:
                    self.stdout.write(piece.decode("utf-8-sig"), ending="")
        if options["draft"]:
            made = drafting.draft_all(Asked(), by=None)
            self.stderr.write(drafting.suppliers_of(made) or "Nothing is left to order.")
