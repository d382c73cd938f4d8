"""`manage.py prove`: whether everything agrees, over how many rows, and each fault by its name."""

import getpass
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backoffice import proof, repairing


class Command(BaseCommand):
    help = "Checks all invariants of stock, orders, invoices, numbers and books; exit status 1 where one does not hold."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--repair", action="store_true", help="put running figures right first; each is kept on record"
        )
        parser.add_argument("--full", action="store_true", help="read every invoice's PDF, not only the newest")

    def handle(self, *args: Any, **options: Any) -> None:
        repaired = repairing.repair(by=f"manage.py prove --repair, {getpass.getuser()}") if options["repair"] else []
        found = proof.prove(full=options["full"])
        if options["json"]:
            self.stdout.write(json.dumps({**found.to_json(), "repaired": repaired}, ensure_ascii=False))
        else:
            for sentence in repaired:
                self.stdout.write(f"Repaired: {sentence}")
            if options["repair"] and not repaired:
                self.stdout.write("Nothing had to be repaired.")
            self._tell(found)
        if not found.ok:
            sys.exit(1)

    def _tell(self, found: proof.Proof) -> None:
        for check in found.checks:
            self.stdout.write(f"{'ok   ' if check.ok else 'WRONG'} {check.rows:>10,}  {check.name}: {check.what}")
            for fault in check.faults:
                self.stdout.write(f"                    - {fault}")
            if check.found > len(check.faults):
                self.stdout.write(f"                    and {check.found - len(check.faults):,} more like these.")
        wrong = sum(check.found for check in found.checks)
        rows = sum(check.rows for check in found.checks)
        words = f"{wrong:,} {'fault' if wrong == 1 else 'faults'}." if wrong else "Everything agrees."
        self.stdout.write(f"{len(found.checks)} checks over {rows:,} rows. {words}")
