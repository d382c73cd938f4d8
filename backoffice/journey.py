"""The way of an order through the house: take in → allocate → invoice → tell → pack → ship → post.

The only module that calls several apps. Each step is one transaction, takes many at once, and can be run twice without
harm; what other systems should hear of is wished for in the same transaction (rules: Y1, Y2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounting import chart, invoicing, ledger, posting, taxes
from accounting.models import Entry, Invoice
from backoffice import elsewhere, goods
from backoffice.lib import money
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Connection
from inventory import lots as inventory_lots
from orders import (
    allocation,
    cancelling,
    holds,
    intake,
    listings,
    merchant,
    promise_keeping,
    publishing,
    refunds,
    status,
    timeline,
)  # fmt: skip
from orders.models import Hold, Order, OrderLine, TimelineEntry
from orders.records import ListingRecord, OrderRecord, RefundRecord
from orders.stores.base import Gone
from shipping import dispatch, lot_change, packing, rotation
from shipping.models import Shipment, ShipmentLine

FULFILMENT = "fulfilment"
INVOICE_PDF = "invoice_pdf"
INVOICE_MAIL = "invoice_mail"
SHIPMENT_MAIL = "shipment_mail"


# --- take in -------------------------------------------------------------------------------------------------------------
def take_in(connection: Connection, records: Sequence[OrderRecord]) -> intake.Taken:
    """Orders come in: each brought to its newest version, allocated, invoiced if paid, and everybody told."""
    # Called for every webhook, and never caught inside a larger transaction: no savepoint of its own.
    with transaction.atomic(savepoint=False):
        taken = intake.take_in(connection, records, money_fixed=invoicing.invoiced)
        # What a change frees is for who waits longest, before the orders of this batch are served.
        freed = set(taken.freed_products)
        goods.refill(freed)
        elsewhere.book_set_aside(connection, taken)
        taxes.name_new(taken.new)
        products = allocation.allocate_new(taken.new)
        invoices = invoicing.issue_new(taken.new)
        written = {new.order.pk: new for new in taken.new}
        for invoice in invoices:
            written[invoice.order_id].notes.append(_invoiced_note(invoice))
        intake.write(taken)
        deliveries.want(
            _invoice_wishes(invoices)
            + publishing.stock_wishes(products)
            + promise_keeping.order_wishes(new.order.pk for new in taken.new if new.waits)
        )
        elsewhere.book_sold(connection, taken)
        if taken.readdressed:
            packing.unpack_open(taken.readdressed, who=connection.name)
        _unpack_overfull(taken.changed, who=connection.name)
        _go_on(taken.changed)
        goods.refill(taken.freed_products - freed)
        deliveries.want(promise_keeping.waiting_wishes(taken.changed))
    return taken


def take_over(connection: Connection, records: Sequence[ListingRecord]) -> listings.TakenOver:
    """A store's catalogue comes in: products, listings, opening stock, which is booked at its cost."""
    with transaction.atomic():
        taken = listings.take_over(connection, records)
        goods.book(taken.opened, Entry.Kind.STOCK, chart.OPENING, "Opening stock")
        released = listings.release_mapped(connection, who=timeline.HUB)
        if released:
            _go_on(released)
        products = {movement.product_id for movement in taken.opened}
        goods.refill(products)
        publishing.stock_changed(taken.products | products)
    return taken


def take_in_refunds(connection: Connection, records: Sequence[RefundRecord]) -> refunds.Applied:
    """Refunds come in: their money is booked, what they take back unshipped is cancelled and given to who waits."""
    with transaction.atomic():
        said = {record.order_external_id for record in records}
        allocation.lock_orders(
            Order.objects.filter(connection=connection, external_id__in=said).values_list("pk", flat=True)
        )
        applied = refunds.apply(connection, records)
        goods.refill(applied.freed_products)
        _unpack_overfull({pk for pk in applied.orders if pk is not None}, who=connection.name)
        _go_on({pk for pk in applied.orders if pk is not None})
        deliveries.want(promise_keeping.queue_wishes(applied.shortened))
    return applied


def take_in_gone(connection: Connection, records: Sequence[Gone]) -> list[tuple[str, int | None]]:
    """Orders that the store deleted: the rest is cancelled, what was shipped is put up for review."""
    with transaction.atomic():
        ids = [record.external_id for record in records if record.topic == "order"]
        found = Order.objects.filter(connection=connection, external_id__in=ids)
        known = {order.external_id: order for order in found}
        alive = [order for order in known.values() if order.cancelled_at is None and not order.history]
        # The store is not told of what it did itself.
        _cancel(
            {order.pk for order in alive if not order.fulfilled_elsewhere},
            why="the store deleted it.",
            who=connection.name,
        )
        shipped = OrderLine.objects.filter(order__in=alive, shipped__gt=0).values_list("order_id", flat=True).distinct()
        holds.place([_deleted_after_shipping(order_id) for order_id in shipped])
        # A store that takes an order out of its bin says the state it had before: that is news then, and taken up again.
        Order.objects.filter(pk__in=[order.pk for order in alive]).update(external_state="trash")
    answers: list[tuple[str, int | None]] = []
    for record in records:
        order = known.get(record.external_id) if record.topic == "order" else None
        if order is None:
            answers.append(
                (f"Nothing to do: {record.topic} {record.external_id}, deleted in the store, is not known here.", None)
            )
        else:
            answers.append((f"Order {order.number} was deleted in the store.", order.pk))
    return answers


def _deleted_after_shipping(order_id: int) -> Hold:
    return Hold(
        order_id=order_id,
        code=holds.EDITED,
        subject="deleted",
        stops=Hold.Stops.NOTHING,
        sentence="The store deleted this order after goods had been shipped. Decide on a return and a refund.",
    )


# --- go on ---------------------------------------------------------------------------------------------------------------
def go_on(order_ids: Iterable[int]) -> None:
    """Take orders as far as they can go now: after a hold was lifted, a payment came, a product was named."""
    with transaction.atomic():
        _go_on(set(order_ids))


def _go_on(order_ids: set[int]) -> None:
    if not order_ids:
        return
    unknown = taxes.name_taxes(order_ids)
    holds.release(_settled_taxes(order_ids, unknown), why="the store has mended it.")
    holds.place(unknown)
    allocated = allocation.allocate(order_ids)
    invoices = invoicing.issue(order_ids)
    invoicing.post_payments(order_ids)
    reached = status.refresh(order_ids)
    publishing.stock_changed(allocated.products)
    _tell_invoiced(invoices)
    _tell_over(reached)
    deliveries.want(promise_keeping.waiting_wishes(set(reached) | set(allocated.orders)))


def _tell_over(reached: Mapping[int, Order.State]) -> None:
    """The rest of an order went another way than by a parcel: the store should hear that nothing is left."""
    over = [pk for pk, state in reached.items() if state in (Order.State.SHIPPED, Order.State.CANCELLED)]
    if over:
        # What a store called off itself it need not hear.
        deliveries.want(_store_wishes(Order.objects.filter(pk__in=over, cancelled_at=None)))


def _settled_taxes(order_ids: set[int], unknown: Sequence[Hold]) -> list[Hold]:
    """Holds for taxes that the store calls by another name now."""
    still = {(hold.order_id, hold.subject) for hold in unknown}
    open_now = Hold.objects.filter(order_id__in=order_ids, code=holds.TAX, released_at=None)
    return [hold for hold in open_now if (hold.order_id, hold.subject) not in still]


def _tell_invoiced(invoices: Sequence[Invoice]) -> None:
    deliveries.want(_invoice_wishes(invoices))
    timeline.write([_invoiced_note(invoice) for invoice in invoices])


def _invoice_wishes(invoices: Sequence[Invoice]) -> list[tuple[int, str, int]]:
    if not invoices:
        return []
    doors = connections.own("mail", "papers")
    wishes = [(doors["papers"].pk, INVOICE_PDF, invoice.pk) for invoice in invoices]
    return wishes + [(doors["mail"].pk, INVOICE_MAIL, invoice.pk) for invoice in invoices if _is_mailed(invoice.order)]


def _invoiced_note(invoice: Invoice) -> TimelineEntry:
    said = f"Invoice {invoice.label} issued: {invoice.total:.2f} {invoice.currency}, paid."
    return timeline.entry(invoice.order_id, "invoiced", said)


def _is_mailed(order: Order) -> bool:
    # What the store itself completed before it came here had its papers from there.
    return bool(order.mail_to) and not order.fulfilled_elsewhere and order.cancelled_at is None


# --- pack and ship ----------------------------------------------------------------------------------------------------------
def to_pick(order_ids: Iterable[int]) -> None:
    """Before a pick list is printed: what these orders have is reserved where it should be picked, as packing will do it."""
    order_ids = list(order_ids)
    if inventory_lots.followed():
        with transaction.atomic():
            allocation.lock_orders(order_ids)
            rotation.rotate(order_ids)


def pack(
    order_ids: Iterable[int], *, quantities: Mapping[int, int] | None = None, by: Any = None, who: str = timeline.HUB
) -> list[Shipment]:
    """Pack what is allocated: a parcel an order."""
    order_ids = list(order_ids)
    with transaction.atomic():
        allocation.lock_orders(order_ids)
        shipments = packing.pack(order_ids, quantities=quantities, by=by, who=who)
        status.refresh(shipment.order_id for shipment in shipments)
    return shipments


def change_lot(item: ShipmentLine, code: str, *, units: int | None = None, who: str) -> None:
    """Another lot or serial number lies in a packed parcel than the one that was proposed; of all its units or of some."""
    with transaction.atomic():
        allocation.lock_lines([item.line_id])
        lot_change.change(item, code, units=units, who=who)


def unpack(shipment_ids: Iterable[int], *, who: str = timeline.HUB) -> None:
    shipment_ids = list(shipment_ids)
    with transaction.atomic():
        _lock_parcels(shipment_ids)
        status.refresh(packing.unpack(shipment_ids, who=who))


def _lock_parcels(shipment_ids: Iterable[int]) -> None:
    allocation.lock_orders(Shipment.objects.filter(pk__in=list(shipment_ids)).values_list("order_id", flat=True))


@dataclass(frozen=True, slots=True)
class Tracking:
    carrier: str = ""
    number: str = ""
    url: str = ""


def ship(
    shipment_ids: Iterable[int],
    *,
    tracking: Mapping[int, Tracking] | None = None,
    by: Any = None,
    who: str = timeline.HUB,
) -> list[Shipment]:
    """Parcels leave: stock leaves the ledger, its cost is booked, the customer and the store are told."""
    shipment_ids = list(shipment_ids)
    with transaction.atomic():
        _lock_parcels(shipment_ids)
        numbers = tracking or {}
        # What has left already keeps its number: correcting one is an act of its own (see track).
        waiting = Shipment.objects.select_for_update().filter(pk__in=list(numbers), state=Shipment.State.PACKED)
        for shipment in waiting.order_by("id"):
            said = numbers[shipment.pk]
            dispatch.track(shipment, carrier=said.carrier, tracking_number=said.number, tracking_url=said.url, who=who)
        left = dispatch.ship(shipment_ids, by=by, who=who)
        seller = merchant.current()
        ledger.post(
            posting.goods(
                f"shipment:{parcel.shipment.pk}",
                Entry.Kind.COGS,
                -money.rounded(parcel.cost, seller.currency),
                chart.COGS,
                description=f"Cost of goods, parcel {parcel.shipment.number}",
                currency=seller.currency,
                day=merchant.local_day(timezone.now(), seller),
                order_id=parcel.shipment.order_id,
            )
            for parcel in left
        )
        status.refresh(parcel.shipment.order_id for parcel in left)
        _tell_shipped([parcel.shipment for parcel in left])
    return [parcel.shipment for parcel in left]


def track(shipment: Shipment, tracking: Tracking, *, who: str) -> None:
    """A tracking number is typed or corrected: the store hears of it, and the customer if the parcel has left."""
    with transaction.atomic():
        changed = dispatch.track(
            shipment, carrier=tracking.carrier, tracking_number=tracking.number, tracking_url=tracking.url, who=who
        )
        if changed and shipment.state == Shipment.State.SHIPPED:
            _tell_shipped([shipment])


def _tell_shipped(shipments: Sequence[Shipment]) -> None:
    if not shipments:
        return
    mail = connections.own("mail")["mail"]
    orders = Order.objects.select_related("customer").in_bulk({shipment.order_id for shipment in shipments})
    wishes = [(mail.pk, SHIPMENT_MAIL, s.pk) for s in shipments if orders[s.order_id].mail_to]
    deliveries.want(wishes + _store_wishes(orders.values()))


def _store_wishes(orders: Iterable[Order]) -> list[tuple[int, str, int]]:
    told = set(publishing.told_of_orders())
    active = set(
        Connection.objects.filter(connector__in=told).exclude(state=Connection.State.OFF).values_list("pk", flat=True)
    )
    return [(order.connection_id, FULFILMENT, order.pk) for order in orders if order.connection_id in active]


# --- cancel, return, correct -------------------------------------------------------------------------------------------------
def cancel(order_ids: Iterable[int], *, why: str, who: str) -> set[int]:
    """Cancel all that was not shipped; freed stock goes to who waits for it, the store is told. What was cancelled now:
    an order that is shipped whole, or was cancelled before, is left alone."""
    with transaction.atomic():
        cancelled = _cancel(set(order_ids), why=why, who=who)
        deliveries.want(_store_wishes(Order.objects.in_bulk(cancelled).values()))
    return cancelled


def _cancel(ids: set[int], *, why: str, who: str) -> set[int]:
    """The orders that were not cancelled before and are now."""
    allocation.lock_orders(ids)
    open_before = set(Order.objects.filter(pk__in=ids, cancelled_at=None).values_list("pk", flat=True))
    packing.unpack_open(ids, who=who)
    freed = cancelling.cancel_rest(ids, why=why, who=who)
    status.refresh(ids)
    goods.refill(freed)
    cancelled = set(Order.objects.filter(pk__in=open_before, cancelled_at__isnull=False).values_list("pk", flat=True))
    deliveries.want(promise_keeping.queue_wishes(cancelled))
    return cancelled


def cancel_lines(quantities: Mapping[int, int], *, why: str, who: str) -> None:
    """Cancel units of lines. ValueError where more would be cancelled than is left to be shipped."""
    with transaction.atomic():
        lines = OrderLine.objects.filter(pk__in=list(quantities)).in_bulk()
        ids = {line.order_id for line in lines.values()}
        allocation.lock_orders(ids)
        freed = cancelling.cancel_lines(quantities)
        _unpack_overfull(ids, who=who)
        timeline.write(
            [
                timeline.entry(
                    lines[pk].order_id,
                    "cancelled",
                    f"{units} of {lines[pk].sku or lines[pk].name} cancelled: {why}",
                    who=who,
                )
                for pk, units in quantities.items()
                if units > 0
            ]
        )
        _tell_over(status.refresh(ids))
        deliveries.want(promise_keeping.queue_wishes(ids))
        goods.refill(freed)


def _unpack_overfull(order_ids: set[int], *, who: str) -> None:
    """What a store took back lay in a parcel: it is taken apart, and packed anew with what is left."""
    if order_ids and (parcels := packing.overfull(order_ids)):
        packing.unpack(parcels, who=who)


def expire_reservations() -> int:
    """Unpaid orders whose time is over give their stock back; how many."""
    with transaction.atomic():
        over = Order.objects.filter(may_ship=False, reserve_until__lte=timezone.now(), lines__allocated__gt=0)
        allocation.lock_orders(over.values_list("pk", flat=True))
        # Looked at once more: one may have been paid while the stock was waited for.
        late = sorted(set(over.values_list("pk", flat=True)))
        lines = {ln.pk: ln.allocated for ln in OrderLine.objects.filter(order_id__in=late, allocated__gt=0)}
        freed = allocation.release(lines)
        status.refresh(late)
        timeline.write(
            [
                timeline.entry(pk, "unreserved", "Not paid in time: the stock reserved for it is free again.")
                for pk in late
            ]
        )
        goods.refill(freed)
    return len(late)
