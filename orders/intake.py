"""Taking in what a store knows of its orders: new ones made, known ones brought to the newest version (rules: O1-O4)."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection as database

from backoffice.lib.bulk import copy_in, give_ids
from backoffice.sync.models import Connection
from inventory import catalogue
from inventory.models import Product
from orders import customers, drafts, holds, revising, timeline
from orders.models import Hold, Order, OrderCharge, OrderLine, OrderTax, Payment, TimelineEntry
from orders.records import OrderRecord

FIRST_NUMBER = 100_000
"""The hub's own order numbers count from here, so that they have six digits from the first day."""


@dataclass(slots=True)
class Taken:
    """What became of a batch of records, by their position in it."""

    orders: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    old: set[int] = field(default_factory=set)
    new: list[Order] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    set_aside: list[tuple[int, int, str]] = field(default_factory=list)
    """(product, units, key): taken from the store's own figure for orders that are still to be shipped."""
    freed_products: set[int] = field(default_factory=set)


def take_in(
    connection: Connection, records: Sequence[OrderRecord], *, money_fixed: Callable[[list[int]], set[int]]
) -> Taken:
    """Bring each order to its newest version, in a constant number of statements, in the caller's transaction.

    `money_fixed` says which orders (by id) have an invoice, so that their amounts do not change any more. Orders are
    locked by identity first: two arrivals of one order, at the same instant, are worked on one after the other.
    """
    _lock(connection, {record.external_id for record in records})
    newest: dict[str, int] = {}
    for position, record in enumerate(records):
        other = newest.get(record.external_id)
        if other is None or records[other].version <= record.version:
            newest[record.external_id] = position
    known = {
        order.external_id: order
        for order in Order.objects.filter(connection=connection, external_id__in=newest).select_related("customer")
    }
    taken = Taken(orders=[0] * len(records), sentences=[""] * len(records))
    fresh = [position for key, position in newest.items() if key not in known]
    later = [
        position
        for key, position in newest.items()
        if key in known and records[position].version > (known[key].source_version or records[position].placed_at)
    ]
    asked = [records[position] for position in sorted([*fresh, *later])]
    products = catalogue.resolve(connection.pk, {(ln.item_id, ln.sku) for record in asked for ln in record.lines})
    if fresh:
        _make(connection, records, sorted(fresh), products, taken)
    if later:
        pairs = [(known[records[position].external_id], records[position]) for position in later]
        revised = revising.revise(connection, pairs, products, money_fixed([order.pk for order, _ in pairs]))
        taken.changed |= {order.pk for order, _ in pairs}
        taken.freed_products |= revised.freed_products
        for position in later:
            taken.sentences[position] = revised.sentences[known[records[position].external_id].pk]
    by_identity = {key: order.pk for key, order in known.items()} | {o.external_id: o.pk for o in taken.new}
    numbers = {order.pk: order.number for order in [*known.values(), *taken.new]}
    for position, record in enumerate(records):
        taken.orders[position] = by_identity[record.external_id]
        if not taken.sentences[position]:
            taken.old.add(position)
            taken.sentences[position] = (
                f"Kept, not applied: order {numbers[taken.orders[position]]} already has this version or a newer one."
            )
    return taken


def _lock(connection: Connection, external_ids: Iterable[str]) -> None:
    keys = sorted(
        int.from_bytes(hashlib.blake2b(f"{connection.pk}:{pk}".encode(), digest_size=8).digest(), "big", signed=True)
        for pk in external_ids
    )
    with database.cursor() as cursor:
        # Advisory locks are taken in the order of the rows, the same order in every process.
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _make(
    connection: Connection,
    records: Sequence[OrderRecord],
    positions: Sequence[int],
    products: dict[catalogue.Item, Product],
    taken: Taken,
) -> None:
    parties = customers.match(connection, [records[position] for position in positions])
    orders = [
        drafts.new_order(connection, records[position], party)
        for position, party in zip(positions, parties, strict=True)
    ]
    give_ids(orders)
    lines: list[OrderLine] = []
    found: list[Hold] = []
    notes: list[TimelineEntry] = []
    charges: list[OrderCharge] = []
    taxes: list[OrderTax] = []
    payments: list[Payment] = []
    for order, position in zip(orders, positions, strict=True):
        record = records[position]
        order.number = str(FIRST_NUMBER + order.pk)
        mine = [drafts.order_line(order, number, ln, products) for number, ln in enumerate(record.lines, start=1)]
        lines += mine
        charges += drafts.order_charges(order, record)
        taxes += drafts.order_taxes(order, record)
        payments += drafts.order_payments(order, record)
        wrong = holds.found_in(order, record) + drafts.unknown_products(order, mine, connection)
        found += wrong
        order.state = drafts.first_state(order, mine, wrong)
        notes.append(_taken_in_note(order, connection))
        notes += [drafts.payment_note(order, payment) for payment in drafts.order_payments(order, record)]
        taken.sentences[position] = f"Order {order.number} taken in."
        if drafts.still_to_ship(order):
            taken.set_aside += [
                (ln.product_id, said.set_aside, f"set-aside:{connection.pk}:{order.external_id}:{said.external_id}")
                for ln, said in zip(mine, record.lines, strict=True)
                if ln.product_id is not None and said.set_aside > 0
            ]
    copy_in(orders, with_ids=True)
    for rows in (lines, charges, taxes, payments):
        copy_in(rows)
    if found:
        copy_in(found)
        notes += [timeline.entry(hold.order_id, "hold", hold.sentence) for hold in found]
    timeline.write(notes)
    taken.new = orders


def _taken_in_note(order: Order, connection: Connection) -> TimelineEntry:
    theirs = f" as its order {order.external_number}" if order.external_number else ""
    state = f", in its words “{order.external_state}”" if order.external_state else ""
    return timeline.entry(order.pk, "taken_in", f"Taken in from {connection.name}{theirs}{state}.", who=connection.name)
