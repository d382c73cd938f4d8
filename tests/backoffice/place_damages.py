"""Goods that were moved and are on their way, and what of it is damaged on purpose (see warehouse.py)."""

from backoffice import moving, transferring
from inventory import ledger, places, transfers
from inventory.models import Location
from tests.making import make_product


def move_something() -> None:
    """Of ten flags two lie in a bin; of five sent on, two arrived, one is lost and two are on their way; one bin is archived."""
    flag = make_product("FLAG", 10)
    main = ledger.default_location()
    quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
    places.add_bins(main.pk, ["A-1", "A-2"], kind=Location.Kind.BIN, first_pick_order=1)
    moving.move([moving.Moving(flag.pk, 2, main.pk, places.named("A-1").pk)], key="flag")
    places.archive([places.named("A-2").pk])
    paper = transfers.draft(source_id=main.pk, destination_id=quebec.pk, lines=[transfers.Wanted(flag.pk, 5)])
    transferring.send(paper.pk)
    transferring.receive(paper.pk, [transferring.Arrived(paper.lines.get().pk, 2, lost=1)], key="flag")


DAMAGES: list[tuple[str, str, str, str]] = [
    ("moves", "UPDATE inventory_movement SET unit_cost = 11 WHERE key = 'move:flag:0:in'", "",
     "Movement move:flag:0 of FLAG: 0 units worth 2.0000 appeared or vanished."),
    ("moves", "DELETE FROM inventory_movement WHERE key = 'move:flag:0:out'", "",
     "Movement move:flag:0 of FLAG: 2 units worth 20.0000 appeared or vanished."),
    ("goods on their way", "UPDATE inventory_transferline SET received = 1", "",
     "FLAG: 2 lie in transit, transfers say that 3 are on their way."),
    ("goods on their way", "UPDATE inventory_transfer SET state = 'received'", "",
     "FLAG: 2 lie in transit, transfers say that 0 are on their way."),
    ("transfers", "UPDATE inventory_transferline SET received = 1, lost = 2", "",
     "FLAG: 5 sent, 1 received, 2 lost; moved were 5, 2 and 1."),
    ("transfers", "UPDATE inventory_transfer SET state = 'received'", "", "is received, but 2 units of it are on their way."),
    ("promised where it is sold", "UPDATE inventory_location SET sellable = false WHERE code = 'MAIN'", "",
     "are promised to orders in MAIN, which is never sold from."),
    ("archived places", "UPDATE inventory_location SET archived_at = now() WHERE code = 'MAIN'", "",
     "5 of FLAG lie in MAIN, which is archived."),
]  # fmt: skip
