"""`manage.py stock_report NAME`: a report on stock as a file, with its costs: for who may use the server's own commands."""

import shutil
import sys
from argparse import ArgumentTypeError
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.exchange import figures
from inventory import catalogue
from inventory.models import Location
from inventory.reports import abc, movement_card
from inventory.reports.asked import Asked
from inventory.reports.named import REPORTS
from orders import merchant


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; write it as in 2026-11-30") from None


class Command(BaseCommand):
    help = "Writes a report on stock, as the staff's pages show it, into a CSV or XLSX file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=sorted(REPORTS))
        parser.add_argument("--at", type=day, metavar="DATE", help="the last day; without it, today")
        parser.add_argument("--from", dest="since", type=day, metavar="DATE", help="the first day (card, turnover)")
        parser.add_argument("--by", metavar="WAY", help="a line for each of these: product, place, category, …")
        parser.add_argument("--warehouse", metavar="CODE", help="only what is, or was, in this warehouse")
        parser.add_argument("--product", metavar="SKU", help="the product of a movement card")
        parser.add_argument("--idle", type=int, default=180, metavar="DAYS", help="days without a sale (dead)")
        parser.add_argument("--format", choices=sorted(figures.FORMATS), default="csv")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the file; without it, standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        report = REPORTS[options["name"]]
        way = report.ways.get(options["by"] or next(iter(report.ways)))
        if way is None:
            raise CommandError(f"There is no --by {options['by']} in this report. Known are: {', '.join(report.ways)}.")
        if report.name == "abc":
            if options["at"]:
                raise CommandError("ABC is of the 365 days up to now. Leave --at out.")
            abc.work_out()
        asked = self._asked(options, span=report.span)
        if report.name == "card" and asked.product_id is None:
            raise CommandError("A movement card is of one product. Say which with --product SKU.")
        rows = movement_card.card_rows(asked) if report.name == "card" else way.rows(asked)
        currency = merchant.current().currency
        cells = (
            [figures.local(column.told(column.of(row), currency), asked.zone) for column in way.columns] for row in rows
        )
        headings = [column.heading for column in way.columns]
        with figures.written(options["format"], headings, cells) as file:
            if options["output"] is None:
                shutil.copyfileobj(file, getattr(self.stdout._out, "buffer", sys.stdout.buffer))
                return
            try:
                with options["output"].open("wb") as out:
                    shutil.copyfileobj(file, out)
            except OSError as error:
                raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from error
        sys.stderr.write(f"{options['output']} written.\n")

    @staticmethod
    def _asked(options: dict[str, Any], *, span: int) -> Asked:
        seller = merchant.current()
        last = options["at"] or merchant.local_day(timezone.now(), seller)
        first = options["since"] or (last - timedelta(days=span - 1) if span else None)
        if first and first > last:
            raise CommandError("The day of --from is after that of --at.")
        warehouse = None
        if options["warehouse"]:
            warehouse = Location.objects.filter(code=options["warehouse"]).first()
            if warehouse is None:
                raise CommandError(f"No warehouse has the code {options['warehouse']}.")
        try:
            product = catalogue.find_by_code(options["product"])[0] if options["product"] else None
        except ValueError as error:
            raise CommandError(str(error)) from error
        return Asked(
            last=last,
            first=first,
            zone=ZoneInfo(seller.time_zone),
            warehouse_id=warehouse.pk if warehouse else None,
            product_id=product.pk if product else None,
            idle_days=options["idle"],
        )
