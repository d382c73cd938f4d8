"""From a store's record to the rows of an order: pure, nothing is read or written here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from backoffice.lib import money
from backoffice.lib.bulk import draft
from backoffice.sync.models import Connection
from inventory.meaning import MOST_PIECES, Item, Meant
from orders import customers, holds, status, timeline
from orders.models import (
    Allocation,
    Hold,
    LineComponent,
    Order,
    OrderCharge,
    OrderLine,
    OrderTax,
    Payment,
    TimelineEntry,
)
from orders.records import LineRecord, OrderRecord


@dataclass(slots=True)
class OrderRows:
    """An order with its rows at hand."""

    order: Order
    lines: list[OrderLine] = field(default_factory=list)
    charges: list[OrderCharge] = field(default_factory=list)
    taxes: list[OrderTax] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)


@dataclass(slots=True)
class NewOrder(OrderRows):
    """An order not yet written. What can be settled before is settled in memory: its taxes, its stock, its state."""

    found: list[Hold] = field(default_factory=list)
    needs: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """By line: what one unit of it takes from stock, as (product, stock units); lines that take nothing are left out."""
    components: list[LineComponent] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    notes: list[TimelineEntry] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return any(hold.stops != Hold.Stops.NOTHING for hold in self.found)

    @property
    def waits(self) -> bool:
        """Whether it may have stock and some of it is on backorder."""
        may_have_stock = self.order.may_ship or self.order.reserve_until is not None
        return may_have_stock and any(line.ordered > line.cancelled + line.allocated for line in self.lines)

    @property
    def stopped(self) -> bool:
        """Held so that not even its stock is reserved."""
        return any(hold.stops == Hold.Stops.EVERYTHING for hold in self.found)


def new_order(connection: Connection, record: OrderRecord, party: customers.Party) -> Order:
    hours = connection.reserve_when_placed_hours
    order = draft(
        Order,
        connection_id=connection.pk,
        external_id=record.external_id,
        customer_id=party.customer.pk,
        billing_address_id=party.billing.pk,
        shipping_address_id=party.shipping.pk,
        placed_at=record.placed_at,
        reserve_until=record.placed_at + timedelta(hours=hours) if hours and not record.may_ship else None,
        fulfilled_elsewhere=record.fulfilled_elsewhere,
        history=connection.live_from is not None and record.placed_at < connection.live_from,
        cancelled_at=record.version if record.cancelled else None,
        language=party.customer.language,
        priority=record.priority or Order.Priority.USUAL,
    )
    # Both are at hand; later steps need not ask for them again.
    order.connection, order.customer = connection, party.customer
    order.billing_address, order.shipping_address = party.billing, party.shipping
    header(order, record)
    amounts(order, record)
    return order


def header(order: Order, record: OrderRecord) -> None:
    """What the store owns of an order besides its lines and money (rule: O2)."""
    order.external_number = record.external_number[:120]
    order.external_state = record.external_state[:40]
    order.source_version = record.version
    order.may_ship = record.may_ship
    order.paid_at = record.paid_at
    order.payment_method = record.payment_method[:120]
    order.payment_reference = record.payment_reference[:200]
    order.shipping_method = record.shipping_method[:250]
    order.customer_note = record.customer_note
    order.gift_note = record.gift_note
    order.email = record.customer.email.strip()[:254]
    order.language = customers.said_language(record) or order.language
    order.coupons = ", ".join(record.coupons)[:250]


def amounts(order: Order, record: OrderRecord) -> None:
    """The money of an order, from the store's own lines (rule: O5)."""
    order.currency = record.currency[:3]
    order.items_total = money.total(ln.gross for ln in record.lines)
    order.discount_total = money.total(ln.discount for ln in record.lines)
    order.shipping_total = money.total(c.amount for c in record.charges if c.kind == "shipping")
    order.fee_total = money.total(c.amount for c in record.charges if c.kind == "fee")
    order.tax_total = money.total(tax.amount for tax in record.taxes)
    order.total = record.total
    order.paid_total = money.total(p.amount for p in record.payments if p.amount > 0)
    order.refunded_total = -money.total(p.amount for p in record.payments if p.amount < 0)


def order_line(order: Order, position: int, said: LineRecord, known: dict[Item, Meant]) -> OrderLine:
    meant = known.get((said.item_id, said.sku))
    return draft(
        OrderLine,
        order_id=order.pk,
        position=position,
        external_id=said.external_id[:120],
        external_item_id=said.item_id[:120],
        product_id=meant.product.pk if meant else None,
        selling_unit_id=meant.selling_unit_id if meant else None,
        pieces=meant.pieces if meant else 1,
        sku=said.sku[:120],
        name=said.name[:250] or said.sku[:250],
        variation=said.variation[:250],
        ordered=said.quantity,
        cancelled=said.quantity if order.cancelled_at else 0,
        needs_shipping=said.needs_shipping and (meant is None or meant.is_shipped),
        unit_price=round(said.gross / said.quantity, 6) if said.quantity else said.gross,
        gross=said.gross,
        discount=said.discount,
        tax=said.tax,
    )


def line_components(line: OrderLine, meant: Meant | None) -> list[LineComponent]:
    """What a line for a kit or a dozen takes from stock; a line of plain goods has none. The line has its id."""
    if meant is None or not meant.is_composite:
        return []
    return [
        draft(LineComponent, line_id=line.pk, product_id=product_id, quantity=units)
        for product_id, units in meant.needs
    ]


def order_charges(order: Order, record: OrderRecord) -> list[OrderCharge]:
    return [
        draft(
            OrderCharge,
            order_id=order.pk,
            kind=c.kind,
            external_id=c.external_id[:120],
            name=c.name[:250],
            amount=c.amount,
            tax=c.tax,
        )
        for c in record.charges
    ]


def order_taxes(order: Order, record: OrderRecord) -> list[OrderTax]:
    return [
        draft(
            OrderTax,
            order_id=order.pk,
            external_id=t.external_id[:120],
            name=t.name[:120],
            rate=t.rate,
            amount=t.amount,
        )
        for t in record.taxes
    ]


def order_payments(order: Order, record: OrderRecord) -> list[Payment]:
    return [
        draft(
            Payment,
            order_id=order.pk,
            external_id=p.external_id[:200],
            method=p.method[:120],
            reference=p.reference[:200],
            amount=p.amount,
            tax=p.tax,
            currency=order.currency,
            at=p.at or record.paid_at or record.version,
            reason=p.reason[:250],
        )
        for p in record.payments
    ]


def unknown_products(order: Order, lines: Sequence[OrderLine], connection: Connection) -> list[Hold]:
    """A hold for each thing to be shipped that is no product here; what is over and done needs none."""
    if not still_to_ship(order):
        return []
    unknown = {
        (ln.sku or ln.name): holds.unknown_sku(order.pk, sku=ln.sku, name=ln.name, store=connection.name)
        for ln in lines
        if ln.product_id is None and ln.needs_shipping and ln.ordered
    }
    return list(unknown.values())


def impossible_units(order: Order, lines: Sequence[OrderLine]) -> list[Hold]:
    """A hold for each line that wants more from stock than can be counted, so that it takes nobody's place in the queue."""
    if not still_to_ship(order):
        return []
    return [
        holds.too_many(order.pk, what=ln.sku or ln.name, units=ln.ordered - ln.cancelled, pieces=ln.pieces)
        for ln in lines
        if (ln.ordered - ln.cancelled) * ln.pieces > MOST_PIECES
    ]


def payment_note(order: Order, payment: Payment) -> TimelineEntry:
    how = f" by {payment.method}" if payment.method else ""
    if payment.amount < 0:
        why = f": {payment.reason}" if payment.reason else ""
        return timeline.entry(
            order.pk,
            "refund",
            f"Refunded {-payment.amount:.2f} {payment.currency}{how}{why}.",
            who=order.connection.name,
        )
    return timeline.entry(
        order.pk, "payment", f"Paid {payment.amount:.2f} {payment.currency}{how}.", who=order.connection.name
    )


def still_to_ship(order: Order) -> bool:
    return not (order.cancelled_at or order.fulfilled_elsewhere or order.history)


def first_state(new: NewOrder) -> Order.State:
    order, lines = new.order, [line for line in new.lines if line.needs_shipping]
    return status.derive(
        status.Facts(
            ordered=sum(ln.ordered for ln in lines),
            cancelled=sum(ln.cancelled for ln in lines),
            shipped=0,
            allocated=sum(ln.allocated for ln in lines),
            packed=0,
            held=new.held,
            may_ship=order.may_ship,
            fulfilled_elsewhere=order.fulfilled_elsewhere,
            history=order.history,
            called_off=order.cancelled_at is not None,
        )
    )
