"""A newer version of a known order: what the store owns is brought over, what cannot be applied is put up for review.

Nothing here lowers what was shipped (rules: O2, O3).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection as database
from django.utils import timezone

from backoffice.lib import money
from backoffice.lib.bulk import copy_in, give_ids
from backoffice.sync.models import Connection
from inventory.meaning import Item, Meant
from orders import allocation, cancelling, customers, drafts, holds, timeline
from orders.models import Hold, Order, OrderCharge, OrderLine, OrderTax, Payment, TimelineEntry
from orders.records import LineRecord, OrderRecord

HEADER = [
    "external_number", "external_state", "source_version", "may_ship", "paid_at", "payment_method",
    "payment_reference", "shipping_method", "customer_note", "gift_note", "coupons", "email", "language", "shipping_address",
    "billing_address", "customer", "cancelled_at", "reserve_until", "currency", "items_total", "discount_total", "shipping_total",
    "fee_total", "tax_total", "total", "paid_total", "refunded_total",
]  # fmt: skip
LINE = [
    "ordered", "cancelled", "name", "variation", "sku", "product", "selling_unit", "pieces", "unit_price", "gross",
    "discount", "tax",
]  # fmt: skip
OWN_CHECKS = {holds.TOTALS, holds.CURRENCY, holds.ADDRESS, holds.SKU, holds.DOUBT}
"""Holds that are found again from the record; they go by themselves when the store has mended the cause."""


@dataclass(slots=True)
class Revised:
    sentences: dict[int, str] = field(default_factory=dict)
    freed_products: set[int] = field(default_factory=set)
    readdressed: set[int] = field(default_factory=set)
    """Orders with a parcel that is packed, and not yet shipped, for an address which is not theirs any more."""


@dataclass(slots=True)
class _Changes:
    """All that a batch of revisions will write, gathered first so that each kind is written once."""

    notes: list[TimelineEntry] = field(default_factory=list)
    found: list[Hold] = field(default_factory=list)
    lifted: list[Hold] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    new_lines: list[OrderLine] = field(default_factory=list)
    named: list[tuple[OrderLine, Meant | None]] = field(default_factory=list)
    """Lines, new or not, and what they mean from now on."""
    give_back: dict[int, int] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    corrected: list[Payment] = field(default_factory=list)
    money_of: list[tuple[Order, OrderRecord]] = field(default_factory=list)
    cancel: list[int] = field(default_factory=list)
    readdressed: list[int] = field(default_factory=list)


def revise(
    connection: Connection,
    pairs: Sequence[tuple[Order, OrderRecord]],
    products: dict[Item, Meant],
    money_fixed: set[int],
) -> Revised:
    """Bring each order to its record, in a constant number of statements.

    In the caller's transaction, after allocation.lock_orders().
    """
    ids = [order.pk for order, _ in pairs]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    open_holds: dict[int, list[Hold]] = defaultdict(list)
    overridden: set[tuple[int, str, str]] = set()
    for hold in Hold.objects.filter(order_id__in=ids):
        if hold.released_at is None:
            open_holds[hold.order_id].append(hold)
        elif hold.released_by_id is not None:
            overridden.add((hold.order_id, hold.code, hold.sentence))
    paid: dict[int, dict[str, Payment]] = defaultdict(dict)
    for payment in Payment.objects.filter(order_id__in=ids):
        paid[payment.order_id][payment.external_id] = payment
    parties = customers.match(
        connection, [record for _, record in pairs], nameless=[order.customer for order, _ in pairs]
    )
    changes, revised = _Changes(), Revised()
    for (order, record), party in zip(pairs, parties, strict=True):
        order.connection = connection
        before = order.external_state
        fixed = order.pk in money_fixed
        if fixed and (record.total, record.currency) != (order.total, order.currency):
            changes.found.append(holds.edited_after_invoice(order, record))
        refunded = any(payment.amount < 0 and payment.quantities_applied for payment in paid[order.pk].values())
        _lines(order, record, lines[order.pk], products, changes, fixed=fixed, refunded=refunded)
        drafts.header(order, record)
        if not fixed:
            drafts.amounts(order, record)
            changes.money_of.append((order, record))
        _payments(order, record, paid[order.pk], changes, fixed=fixed)
        news = before != order.external_state
        explained = any(h.code == holds.DOUBT for h in open_holds[order.pk]) and not record.doubts
        _whole_order(order, record, lines[order.pk], changes, news=news, explained=explained)
        _addresses(order, party, lines[order.pk], changes)
        _stock_given_back(order, record, lines[order.pk], changes)
        _checks(order, record, lines[order.pk], connection, open_holds[order.pk], overridden, changes)
        if news:
            changes.notes.append(
                timeline.entry(
                    order.pk,
                    "store_state",
                    f"The store's state went from “{before}” to “{order.external_state}”.",
                    who=connection.name,
                )
            )
        revised.sentences[order.pk] = f"Order {order.number} brought to the store's newest version."
    revised.readdressed = _packed_for_another_address(changes)
    revised.freed_products = _write([order for order, _ in pairs], changes)
    return revised


def _addresses(order: Order, party: customers.Party, lines: Sequence[OrderLine], changes: _Changes) -> None:
    """Where the rest goes from now on; of an order that has left whole, the addresses say where it went."""
    if any(line.shipped for line in lines) and not any(
        line.needs_shipping and line.ordered > line.cancelled + line.shipped for line in lines
    ):
        return
    if order.customer_id != party.customer.pk:
        was, order.customer = order.customer, party.customer
        changes.notes.append(
            timeline.entry(
                order.pk, "customer", f"Customer changed from {was} to {party.customer}.", who=order.connection.name
            )
        )
    if (order.shipping_address_id, order.billing_address_id) == (party.shipping.pk, party.billing.pk):
        return
    # Another customer has an address row of their own; the parcel need not be packed anew for that.
    moved = order.shipping_address.digest != party.shipping.digest
    order.shipping_address, order.billing_address = party.shipping, party.billing
    if moved:
        changes.readdressed.append(order.pk)
        rest = " for what is still to be shipped" if any(line.shipped for line in lines) else ""
        said = f"Address changed{rest} to {party.shipping}."
    else:
        said = f"Billing address changed to {party.billing}."
    changes.notes.append(timeline.entry(order.pk, "address", said, who=order.connection.name))


def _packed_for_another_address(changes: _Changes) -> set[int]:
    """Of the orders whose address changed, those with a parcel packed; it is taken apart, for its label is wrong."""
    if not changes.readdressed:
        return set()
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT order_id FROM shipping_shipment WHERE order_id = ANY(%s) AND state = 'packed'",
            [changes.readdressed],
        )
        packed = {row[0] for row in cursor.fetchall()}
    sentence = "It lay packed for the former address: pack and label it anew."
    changes.notes += [timeline.entry(pk, "address", sentence) for pk in sorted(packed)]
    return packed


def _lines(
    order: Order,
    record: OrderRecord,
    lines: list[OrderLine],
    products: dict[Item, Meant],
    changes: _Changes,
    *,
    fixed: bool,
    refunded: bool,
) -> None:
    ours = {line.external_id: line for line in lines}
    said = {line.external_id: line for line in record.lines}
    position = max((line.position for line in lines), default=0)
    for external_id, wanted in said.items():
        line = ours.get(external_id)
        if line is None:
            position += 1
            line = drafts.order_line(order, position, wanted, products)
            lines.append(line)
            changes.new_lines.append(line)
            changes.named.append((line, products.get((wanted.item_id, wanted.sku))))
            changes.notes.append(_line_note(order, f"Line added: {line}."))
            continue
        if (
            line.product_id is None
            and line.allocated == 0 == line.shipped
            and (meant := products.get((wanted.item_id, wanted.sku))) is not None
        ):
            line.product_id, line.selling_unit_id, line.pieces = meant.product.pk, meant.selling_unit_id, meant.pieces
            changes.named.append((line, meant))
        _quantity(order, line, wanted.quantity, changes, refunded=refunded)
        if not fixed:
            _line_money(line, wanted)
        changes.lines.append(line)
    for external_id, line in ours.items():
        if external_id in said:
            continue
        if line.ordered > line.cancelled:
            _quantity(order, line, 0, changes, refunded=refunded)
        if not fixed:
            line.gross = line.discount = line.tax = money.ZERO
        changes.lines.append(line)


def _payments(order: Order, record: OrderRecord, known: dict[str, Payment], changes: _Changes, *, fixed: bool) -> None:
    """New payments are noted; until the invoice is issued the store may also correct those it has told."""
    for said in drafts.order_payments(order, record):
        payment = known.get(said.external_id)
        if payment is None:
            known[said.external_id] = said
            changes.payments.append(said)
            changes.notes.append(drafts.payment_note(order, said))
        elif not fixed and (payment.amount, payment.currency) != (said.amount, said.currency):
            payment.amount, payment.currency = said.amount, said.currency
            changes.corrected.append(payment)
            changes.notes.append(drafts.payment_note(order, payment))
    order.paid_total = money.total(payment.amount for payment in known.values() if payment.amount > 0)
    order.refunded_total = -money.total(payment.amount for payment in known.values() if payment.amount < 0)


def _line_money(line: OrderLine, said: LineRecord) -> None:
    line.name, line.variation, line.sku = said.name[:250], said.variation[:250], said.sku[:120]
    line.gross, line.discount, line.tax = said.gross, said.discount, said.tax
    line.unit_price = round(said.gross / said.quantity, 6) if said.quantity else said.gross


def _quantity(order: Order, line: OrderLine, quantity: int, changes: _Changes, *, refunded: bool) -> None:
    """Bring one line to the store's quantity, down to what was shipped.

    What a clerk cancelled here comes off first: of five, two are cancelled here and the store then says three, so three
    go out, for that is the same correction told twice. Units that the store refunded are still in its own quantity and
    do not come off; where it has refunded units of the order, nobody can tell whose cancellation it was: then fewer are
    sent rather than too many, and a person is asked.
    """
    if quantity == line.ordered:
        return
    if quantity < line.ordered and line.cancelled:
        if not refunded:
            line.cancelled = max(0, line.cancelled - (line.ordered - quantity))
        elif quantity > line.shipped:
            what = line.sku or line.name
            changes.found.append(
                holds.lowered_after_refund(order, what=what, quantity=quantity, cancelled=line.cancelled)
            )
    fixed = line.shipped + line.cancelled
    possible = max(quantity, fixed)
    if possible != line.ordered:
        changes.notes.append(_line_note(order, f"{line.sku or line.name}: ordered {line.ordered}, now {possible}."))
    if quantity < line.shipped:
        what = line.sku or line.name
        changes.found.append(holds.less_than_shipped(order, what=what, quantity=quantity, shipped=line.shipped))
    surplus = fixed + line.allocated - possible
    if surplus > 0:
        changes.give_back[line.pk] = surplus
    line.ordered = possible


def _whole_order(
    order: Order,
    record: OrderRecord,
    lines: Sequence[OrderLine],
    changes: _Changes,
    *,
    news: bool,
    explained: bool,
) -> None:
    """`news`: the store's own state has changed; what it only says again was decided on here before.

    `explained`: the state is the same, but only now it is known what it means.
    """
    shipped = sum(line.shipped for line in lines)
    left = sum(line.ordered - line.cancelled - line.shipped for line in lines)
    if record.cancelled and order.cancelled_at is None:
        changes.cancel.append(order.pk)
        if shipped:
            changes.found.append(holds.cancelled_after_shipping(order, shipped))
    elif news and not record.cancelled and order.cancelled_at is not None:
        order.cancelled_at = None
        said = {line.external_id: line.quantity for line in record.lines}
        for line in lines:
            line.cancelled = 0
            line.ordered = max(said.get(line.external_id, 0), line.shipped)
            if line not in changes.lines and line.pk:
                changes.lines.append(line)
        changes.notes.append(
            timeline.entry(order.pk, "restored", "The store took the order up again.", who=order.connection.name)
        )
        if order.refunded_total:
            changes.found.append(holds.taken_up_after_refund(order))
    elif (
        (news or explained)
        and record.fulfilled_elsewhere
        and not order.fulfilled_elsewhere
        and left > 0
        and not order.cancelled_at
    ):
        changes.found.append(holds.completed_in_the_store(order, left))


def _stock_given_back(order: Order, record: OrderRecord, lines: Sequence[OrderLine], changes: _Changes) -> None:
    """An order that may ship no longer makes room for those that may (rule: S3)."""
    reserved = order.reserve_until is not None and order.reserve_until > timezone.now()
    if order.may_ship or reserved or record.cancelled or not any(line.allocated for line in lines if line.pk):
        return
    changes.give_back |= {line.pk: line.allocated for line in lines if line.pk and line.allocated}
    sentence = "The store says that it is not paid any more: the stock reserved for it is free again."
    changes.notes.append(timeline.entry(order.pk, "unreserved", sentence, who=order.connection.name))


def _checks(
    order: Order,
    record: OrderRecord,
    lines: Sequence[OrderLine],
    connection: Connection,
    open_now: Sequence[Hold],
    overridden: set[tuple[int, str, str]],
    changes: _Changes,
) -> None:
    wrong = [
        *holds.found_in(order, record),
        *drafts.unknown_products(order, lines, connection),
        *drafts.impossible_units(order, lines),
    ]
    changes.found += [hold for hold in wrong if (order.pk, hold.code, hold.sentence) not in overridden]
    still = {
        (hold.code, hold.subject)
        for hold in changes.found
        if hold.order_id == order.pk and (order.pk, hold.code, hold.sentence) not in overridden
    }
    # An edit that could not be applied is found at every version until the store takes it back.
    edits = {"total", *((line.sku or line.name)[:250] for line in lines)}
    changes.lifted += [
        hold
        for hold in open_now
        if (hold.code in OWN_CHECKS or (hold.code == holds.EDITED and hold.subject in edits))
        and (hold.code, hold.subject) not in still
    ]


def _write(orders: Sequence[Order], changes: _Changes) -> set[int]:
    freed = set(allocation.release(changes.give_back))
    Order.objects.bulk_update(orders, HEADER)
    if changes.lines:
        OrderLine.objects.bulk_update({line.pk: line for line in changes.lines}.values(), LINE)
    if changes.new_lines:
        give_ids(changes.new_lines)
        copy_in(changes.new_lines, with_ids=True)
    copy_in([row for line, meant in changes.named for row in drafts.line_components(line, meant)])
    if changes.money_of:
        ids = [order.pk for order, _ in changes.money_of]
        OrderCharge.objects.filter(order_id__in=ids).delete()
        OrderTax.objects.filter(order_id__in=ids).delete()
        copy_in([row for order, record in changes.money_of for row in drafts.order_charges(order, record)])
        copy_in([row for order, record in changes.money_of for row in drafts.order_taxes(order, record)])
    copy_in(changes.payments)
    if changes.corrected:
        Payment.objects.bulk_update(changes.corrected, ["amount", "currency"])
    if changes.cancel:
        freed |= cancelling.cancel_rest(changes.cancel, why="the store cancelled it.", who=orders[0].connection.name)
    holds.release(changes.lifted, why="the store has mended it.")
    holds.place(changes.found)
    timeline.write(changes.notes)
    return freed


def _line_note(order: Order, sentence: str) -> TimelineEntry:
    return timeline.entry(order.pk, "edited", sentence, who=order.connection.name, at=timezone.now())
