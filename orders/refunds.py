"""Refunds that a store made: their money is a payment back; what they take back and was not shipped is cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from backoffice.sync.models import Connection
from orders import cancelling, timeline
from orders.models import Order, OrderLine, Payment
from orders.records import RefundRecord


@dataclass(slots=True)
class Applied:
    sentences: list[str] = field(default_factory=list)
    orders: list[int | None] = field(default_factory=list)
    freed_products: set[int] = field(default_factory=set)
    shortened: set[int] = field(default_factory=set)
    """Orders of which units were cancelled now."""


def apply(connection: Connection, records: Sequence[RefundRecord]) -> Applied:
    """Apply refunds, each once, in a constant number of statements. One whose order is not known here is left waiting.

    Shipped goods that are refunded stay shipped: they come back by a return, or not at all.
    """
    applied = Applied()
    with transaction.atomic():
        orders = {
            order.external_id: order
            for order in Order.objects.select_for_update(no_key=True)
            .filter(connection=connection, external_id__in={r.order_external_id for r in records})
            .order_by("id")
        }
        lines = {
            (line.order_id, line.external_id): line for line in OrderLine.objects.filter(order__in=orders.values())
        }
        known = {
            (p.order_id, p.external_id): p for p in Payment.objects.filter(order__in=orders.values(), amount__lt=0)
        }
        fresh, done, notes = [], [], []
        raised: dict[int, Order] = {}
        cancel: dict[int, int] = {}
        for record in records:
            order = orders.get(record.order_external_id)
            applied.orders.append(order.pk if order else None)
            if order is None:
                applied.sentences.append(f"Order {record.order_external_id} of this refund is not known here yet.")
                continue
            payment = known.get((order.pk, record.external_id))
            if payment is None:
                payment = known[order.pk, record.external_id] = _payment(order, record)
                fresh.append(payment)
                order.refunded_total += record.amount
                raised[order.pk] = order
            elif payment.quantities_applied:
                applied.sentences.append(f"Nothing to do: this refund of order {order.number} was applied before.")
                continue
            payment.quantities_applied = True
            if payment.pk:
                # The order had said only how much was given back; how much of it is tax is known from here on.
                payment.tax = payment.tax or -_tax(record)
                done.append(payment)
            units = _cancel(order, record, lines, cancel)
            applied.sentences.append(f"Refund of {record.amount:.2f} {order.currency} on order {order.number}.")
            if units:
                applied.shortened.add(order.pk)
                notes.append(
                    timeline.entry(
                        order.pk,
                        "cancelled",
                        f"{units} unshipped units cancelled: refunded in the store.",
                        who=connection.name,
                    )
                )
        Payment.objects.bulk_create(fresh)
        Payment.objects.bulk_update(done, ["quantities_applied", "tax"])
        Order.objects.bulk_update(raised.values(), ["refunded_total"])
        applied.freed_products = cancelling.cancel_lines(cancel)
        timeline.write(notes)
    return applied


def _payment(order: Order, record: RefundRecord) -> Payment:
    return Payment(
        order_id=order.pk,
        external_id=record.external_id,
        method=order.payment_method,
        amount=-record.amount,
        tax=-_tax(record),
        currency=order.currency,
        at=record.at,
        reason=record.reason[:250],
        quantities_applied=True,
    )


def _tax(record: RefundRecord) -> Decimal:
    return sum((tax.amount for tax in record.taxes), start=Decimal(0))


def _cancel(order: Order, record: RefundRecord, lines: dict[tuple[int, str], OrderLine], cancel: dict[int, int]) -> int:
    units = 0
    for said in record.lines:
        line = lines.get((order.pk, said.line_external_id))
        if line is None or order.fulfilled_elsewhere or order.history:
            continue
        left = line.ordered - line.cancelled - line.shipped - cancel.get(line.pk, 0)
        part = max(0, min(said.quantity, left))
        cancel[line.pk] = cancel.get(line.pk, 0) + part
        units += part
    return units
