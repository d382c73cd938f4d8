"""Taking in what a store knows of its orders: new ones made, known ones brought to the newest version (rules: O1-O4)."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection as database

from backoffice.lib.bulk import copy_in, give_ids
from backoffice.sync.models import Connection
from inventory import meaning
from inventory.meaning import Item, Meant
from orders import allocation, customers, drafts, holds, revising, timeline
from orders.models import Order, TimelineEntry
from orders.records import OrderRecord

FIRST_NUMBER = 100_000
"""The hub's own order numbers count from here, so that they have six digits from the first day."""


@dataclass(slots=True)
class Taken:
    """What became of a batch of records, by their position in it."""

    orders: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    old: set[int] = field(default_factory=set)
    new: list[drafts.NewOrder] = field(default_factory=list)
    """Prepared, not yet written: see write()."""
    changed: set[int] = field(default_factory=set)
    set_aside: list[tuple[int, int, str]] = field(default_factory=list)
    """(product, units, key): taken from the store's own figure for orders that are still to be shipped."""
    sold_elsewhere: list[tuple[int, int, str]] = field(default_factory=list)
    """The same, for orders that the store had sold and shipped itself before they came here."""
    freed_products: set[int] = field(default_factory=set)
    readdressed: set[int] = field(default_factory=set)
    """Orders with a parcel that is packed for an address which is not theirs any more."""


def take_in(
    connection: Connection, records: Sequence[OrderRecord], *, money_fixed: Callable[[list[int]], set[int]]
) -> Taken:
    """Bring each known order to its newest version and prepare the new ones, in the caller's transaction.

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
        for order in Order.objects.filter(connection=connection, external_id__in=newest).select_related(
            "customer", "shipping_address"
        )
    }
    taken = Taken(orders=[0] * len(records), sentences=[""] * len(records))
    fresh = [position for key, position in newest.items() if key not in known]
    later = [position for key, position in newest.items() if key in known and _is_newer(known[key], records[position])]
    asked = [records[position] for position in sorted([*fresh, *later])]
    products = meaning.resolve(connection.pk, {(ln.item_id, ln.sku) for record in asked for ln in record.lines})
    if later:
        changed = [known[records[position].external_id].pk for position in later]
        allocation.lock_orders(changed, and_products={pk for meant in products.values() for pk, _ in meant.needs})
    if fresh:
        _prepare(connection, records, sorted(fresh), products, taken)
    if later:
        pairs = [(known[records[position].external_id], records[position]) for position in later]
        revised = revising.revise(connection, pairs, products, money_fixed([order.pk for order, _ in pairs]))
        taken.changed |= {order.pk for order, _ in pairs}
        taken.freed_products |= revised.freed_products
        taken.readdressed |= revised.readdressed
        for position in later:
            taken.sentences[position] = revised.sentences[known[records[position].external_id].pk]
    met = [*known.values(), *(new.order for new in taken.new)]
    by_identity = {order.external_id: order.pk for order in met}
    numbers = {order.pk: order.number for order in met}
    for position, record in enumerate(records):
        taken.orders[position] = by_identity[record.external_id]
        if not taken.sentences[position]:
            taken.old.add(position)
            taken.sentences[position] = (
                f"Kept, not applied: order {numbers[taken.orders[position]]} already has this version or a newer one."
            )
    return taken


def _is_newer(order: Order, record: OrderRecord) -> bool:
    """Stores stamp changes by the second. Of two with one stamp the later arrival wins, unless it takes a step back."""
    if order.source_version is None or record.version > order.source_version:
        return True
    takes_back = (order.paid_at and not record.paid_at) or (order.cancelled_at and not record.cancelled)
    return record.version == order.source_version and not takes_back


def _lock(connection: Connection, external_ids: Iterable[str]) -> None:
    keys = sorted(
        int.from_bytes(hashlib.blake2b(f"{connection.pk}:{pk}".encode(), digest_size=8).digest(), "big", signed=True)
        for pk in external_ids
    )
    with database.cursor() as cursor:
        # Advisory locks are taken in the order of the rows, the same order in every process.
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _prepare(
    connection: Connection,
    records: Sequence[OrderRecord],
    positions: Sequence[int],
    products: dict[Item, Meant],
    taken: Taken,
) -> None:
    parties = customers.match(connection, [records[position] for position in positions])
    orders = [
        drafts.new_order(connection, records[position], party)
        for position, party in zip(positions, parties, strict=True)
    ]
    lines_of = [
        [drafts.order_line(order, number, ln, products) for number, ln in enumerate(records[position].lines, start=1)]
        for order, position in zip(orders, positions, strict=True)
    ]
    payments_of = [
        drafts.order_payments(order, records[position]) for order, position in zip(orders, positions, strict=True)
    ]
    give_ids(
        orders, [ln for lines in lines_of for ln in lines], [paid for payments in payments_of for paid in payments]
    )
    for order, position, lines, payments in zip(orders, positions, lines_of, payments_of, strict=True):
        record = records[position]
        order.number = str(FIRST_NUMBER + order.pk)
        for line in lines:
            line.order_id = order.pk
        for payment in payments:
            payment.order_id = order.pk
        meant = [products.get((said.item_id, said.sku)) for said in record.lines]
        taken.new.append(
            drafts.NewOrder(
                order=order,
                lines=lines,
                charges=drafts.order_charges(order, record),
                taxes=drafts.order_taxes(order, record),
                payments=payments,
                needs={ln.pk: said.needs for ln, said in zip(lines, meant, strict=True) if said and said.needs},
                components=[
                    row for ln, said in zip(lines, meant, strict=True) for row in drafts.line_components(ln, said)
                ],
                found=[
                    *holds.found_in(order, record),
                    *drafts.unknown_products(order, lines, connection),
                    *drafts.impossible_units(order, lines),
                ],
            )
        )
        taken.sentences[position] = f"Order {order.number} taken in."
        taken_there = [
            (product_id, said.set_aside * units, _key(order, said.external_id, product_id, of))
            for of, said in zip(meant, record.lines, strict=True)
            if of is not None and said.set_aside > 0
            for product_id, units in of.needs
        ]
        if drafts.still_to_ship(order):
            taken.set_aside += [(p, units, f"set-aside:{connection.pk}:{key}") for p, units, key in taken_there]
        elif order.fulfilled_elsewhere and not (order.cancelled_at or order.history):
            taken.sold_elsewhere += [(p, units, f"elsewhere:{connection.pk}:{key}") for p, units, key in taken_there]


def _key(order: Order, line: str, product_id: int, meant: Meant) -> str:
    part = f":{product_id}" if meant.is_composite else ""
    return f"{order.external_id}:{line}{part}"


def write(taken: Taken) -> None:
    """Write the new orders with all that has been settled of them, a statement a table; in the same transaction."""
    if not taken.new:
        return
    notes: list[TimelineEntry] = []
    for new in taken.new:
        new.order.state = drafts.first_state(new)
        notes.append(_taken_in_note(new.order, new.order.connection))
        notes += [drafts.payment_note(new.order, payment) for payment in new.payments]
        notes += [timeline.entry(new.order.pk, "hold", hold.sentence) for hold in new.found]
        notes += new.notes
    copy_in([new.order for new in taken.new], with_ids=True)
    copy_in([line for new in taken.new for line in new.lines], with_ids=True)
    copy_in([component for new in taken.new for component in new.components])
    copy_in([payment for new in taken.new for payment in new.payments], with_ids=True)
    copy_in([charge for new in taken.new for charge in new.charges])
    copy_in([tax for new in taken.new for tax in new.taxes])
    copy_in([allocation for new in taken.new for allocation in new.allocations])
    copy_in([hold for new in taken.new for hold in new.found])
    timeline.write(notes)


def _taken_in_note(order: Order, connection: Connection) -> TimelineEntry:
    theirs = f" as its order {order.external_number}" if order.external_number else ""
    state = f", in its words “{order.external_state}”" if order.external_state else ""
    return timeline.entry(order.pk, "taken_in", f"Taken in from {connection.name}{theirs}{state}.", who=connection.name)
