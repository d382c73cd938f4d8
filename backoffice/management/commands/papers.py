"""The papers of orders into a file: for a printer without a browser, and to look at."""

from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from backoffice import papers
from orders.models import Order


class Command(BaseCommand):
    help = "Writes the packing slips, labels, invoices or the pick list of orders into one PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "orders", nargs="+", metavar="ORDER", help="number here, or the store's own if only one has it"
        )
        parser.add_argument("--kind", choices=papers.KINDS, required=True)
        parser.add_argument(
            "-o", "--output", required=True, metavar="FILE.pdf", help="where to write it; - for standard output"
        )
        parser.add_argument("--language", choices=["en", "fr"], default="en", help="of the pick list (default: en)")

    def handle(
        self, *args: Any, orders: list[str], kind: papers.Kind, output: str, language: str, **options: Any
    ) -> None:
        try:
            content, _ = papers.paper(kind, _found(orders), language=language)
        except papers.PaperError as problem:
            raise CommandError(str(problem)) from None
        if output == "-":
            binary = cast(Any, self.stdout).buffer
            binary.write(content)
            binary.flush()
            return
        try:
            Path(output).write_bytes(content)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"Wrote {output}: {kind}, {len(set(orders))} order{'s' if len(set(orders)) > 1 else ''}.")


def _found(numbers: Sequence[str]) -> list[int]:
    """The orders by these numbers: the hub's own first, else a store's where only one order has it."""
    asked = list(dict.fromkeys(number.strip() for number in numbers))
    own = dict(Order.objects.filter(number__in=asked).values_list("number", "pk"))
    left = [number for number in asked if number not in own]
    theirs: dict[str, dict[int, str]] = defaultdict(dict)
    found = Order.objects.filter(Q(external_number__in=left) | Q(external_id__in=left)).order_by("id")
    for pk, number, external_number, external_id in found.values_list("pk", "number", "external_number", "external_id"):
        for name in {external_number, external_id} & set(left):
            theirs[name][pk] = number
    if unknown := [number for number in left if number not in theirs]:
        raise CommandError(f"No order is called {', '.join(unknown)}, here or at a store.")
    for name in left:
        if len(theirs[name]) > 1:
            raise CommandError(
                f"{name} is the number of several orders: say which of {', '.join(theirs[name].values())}."
            )
    return [own[number] if number in own else next(iter(theirs[number])) for number in asked]
