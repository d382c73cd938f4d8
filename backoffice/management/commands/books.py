"""`manage.py books`: the journal as a file for hledger, Beancount or a spreadsheet."""

import sys
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounting import export


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; write it as in 2026-11-30") from None


class Command(BaseCommand):
    help = "Writes the journal as a plain-text ledger (hledger, Beancount) or as CSV."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(export.FORMATS), default="hledger")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the file; without it, standard output")
        parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="the first day, as in 2026-11-01")
        parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="the last day, as in 2026-11-30")

    def handle(self, *args: Any, **options: Any) -> None:
        written, _, _ = export.FORMATS[options["format"]]
        pieces = written(since=options["since"], until=options["until"])
        if options["output"] is None:
            # As it is: the command's own stream would end each piece with a line break.
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        try:
            with options["output"].open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        sys.stderr.write(f"{options['output']} written.\n")
