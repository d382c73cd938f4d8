"""Goods on order, from the draft to the last unit: the one writer of a purchase order's state and of what became of its
lines (rule: S9).

Whoever changes an order locks its row first, before any stock level. The state is never set: it follows from quantities
and from what was said (see `derive`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.lib.bulk import give_ids
from inventory.models import (
    Location,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierProduct,
    SupplierReturn,
)

State = PurchaseOrder.State
OPEN = (State.SENT, State.CONFIRMED, State.PARTLY_RECEIVED)
"""Goods are expected of it."""
FIRST_NUMBER = 1000
Paper = TypeVar("Paper", PurchaseOrder, SupplierReturn)
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Stock units of a product to order. Without a price it takes the supplier's own, if one is known; 0 is free of charge."""

    product_id: int
    quantity: int
    unit_price: Decimal | None = None
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a line says from now on; None leaves it as it is."""

    line_id: int
    quantity: int | None = None
    unit_price: Decimal | None = None
    expected_on: date | None = None
    note: str | None = None
    as_order: bool = False
    """It has no day of its own any more: it is expected when the order is."""


def derive(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine]) -> State:
    """The state that quantities and times come to. Of an order that was sent and cancelled without a unit: cancelled."""
    lines = list(lines)
    received = any(line.received for line in lines)
    settled = all(line.received + line.cancelled >= line.ordered for line in lines)
    if settled and not received:
        return State.CANCELLED
    if order.sent_at is None:
        return State.DRAFT
    if settled:
        return State.CLOSED if any(line.cancelled for line in lines) else State.RECEIVED
    if received:
        return State.PARTLY_RECEIVED
    return State.SENT if order.confirmed_at is None else State.CONFIRMED


def lock(order_id: int) -> tuple[PurchaseOrder, list[PurchaseOrderLine]]:
    """The order and its lines, nobody else's until the transaction ends; before any stock level is locked."""
    order = PurchaseOrder.objects.select_for_update(of=("self",), no_key=True).select_related("supplier", "warehouse")
    found = order.get(pk=order_id)
    return found, list(found.lines.select_related("product").order_by("position"))


def settle(purchase: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Write the state that a locked order has come to."""
    purchase.state = derive(purchase, lines)
    done = purchase.state in (State.RECEIVED, State.CLOSED, State.CANCELLED)
    purchase.closed_at = (purchase.closed_at or timezone.now()) if done else None
    purchase.save()


# --- before it is sent ---------------------------------------------------------------------------------------------------
def draft(
    *, supplier_id: int, warehouse_id: int, lines: Sequence[Wanted], by: Any, key: str | None = None
) -> PurchaseOrder:
    """A new order that nobody has sent; price and SKU are the supplier's, language and currency too.

    The rate of a foreign currency is that of the last order in it. The same product twice is one line. Drafted once by
    `key`: asked again it is the order of the first time.
    """
    supplier = Supplier.objects.get(pk=supplier_id)
    if supplier.archived_at is not None:
        raise ValueError(_("%(name)s is archived: nothing is ordered there any more.") % {"name": supplier.name})
    warehouse = Location.objects.get(pk=warehouse_id)
    if warehouse.kind != Location.Kind.WAREHOUSE or warehouse.archived_at is not None:
        raise ValueError(_("Goods are ordered for a warehouse; %(name)s is none.") % {"name": warehouse.name})
    with transaction.atomic():
        if (drafted := drafted_before(PurchaseOrder, supplier_id, key)) is not None:
            return drafted
        last = PurchaseOrder.objects.filter(currency=supplier.currency).order_by("-id").values_list("rate", flat=True)
        order = PurchaseOrder(
            supplier=supplier,
            warehouse=warehouse,
            currency=supplier.currency,
            rate=last.first() or Decimal(1),
            language=supplier.language,
            created_by=by,
            key=key,
        )
        give_ids([order])
        order.number = f"PO-{FIRST_NUMBER + order.pk}"
        order.save(force_insert=True)
        PurchaseOrderLine.objects.bulk_create(_new_lines(order, lines, first=1))
    return order


def drafted_before(kind: type[Paper], supplier_id: int, key: str | None) -> Paper | None:
    """What was drafted by this key. Two presses at once go one after the other: the supplier is locked meanwhile."""
    if key is None:
        return None
    Supplier.objects.select_for_update(no_key=True).get(pk=supplier_id)
    return kind.objects.filter(key=key).first()


def _new_lines(order: PurchaseOrder, wanted: Sequence[Wanted], *, first: int) -> list[PurchaseOrderLine]:
    once: dict[tuple[int, Decimal | None, date | None], int] = {}
    for want in wanted:
        spot = (want.product_id, want.unit_price, want.expected_on)
        once[spot] = once.get(spot, 0) + want.quantity
    if not once:
        raise ValueError(_("Say at least one product that is ordered."))
    products = Product.objects.in_bulk([product_id for product_id, _price, _day in once])
    terms = {
        row.product_id: row
        for row in SupplierProduct.objects.filter(supplier_id=order.supplier_id, product__in=list(products))
    }
    made = []
    for position, ((product_id, price, day), quantity) in enumerate(once.items(), start=first):
        product = products[product_id]
        if not product.stocked or product.archived_at is not None:
            raise ValueError(
                _("%(sku)s cannot be ordered: it is archived, or not stocked as kits and services are not.")
                % {"sku": product.sku}
            )
        _sensible(product, quantity, price)
        term = terms.get(product_id)
        made.append(
            PurchaseOrderLine(
                order=order,
                position=position,
                product=product,
                supplier_sku=term.supplier_sku if term else "",
                ordered=quantity,
                expected_on=day,
                unit_price=price if price is not None else term.price if term else None,
            )
        )
    return made


def worth(line: PurchaseOrderLine) -> Decimal:
    """What a line comes to without what is cancelled; not rounded, and nothing while its price is not known."""
    return (line.ordered - line.cancelled) * (line.unit_price or Decimal(0))


def unpriced(lines: Iterable[PurchaseOrderLine]) -> list[str]:
    """The SKUs of lines of which nobody has said the price."""
    return [line.product.sku for line in lines if line.unit_price is None and line.ordered > line.cancelled]


def _must_have_prices(lines: Iterable[PurchaseOrderLine]) -> None:
    if skus := unpriced(lines):
        raise ValueError(
            _("No price is known for %(skus)s. Type what one costs on its line; 0 if it is free of charge.")
            % {"skus": ", ".join(skus[:10]) + (" …" if len(skus) > 10 else "")}
        )


def _sensible(product: Product, quantity: int, price: Decimal | None) -> None:
    if not 0 < quantity <= MOST:
        raise ValueError(
            _("%(quantity)s of %(sku)s cannot be ordered; say a number from 1 to 1,000,000.")
            % {"quantity": quantity, "sku": product.sku}
        )
    if price is not None and not (price.is_finite() and 0 <= price < 10_000_000):
        raise ValueError(_("%(price)s cannot be the price of %(sku)s.") % {"price": price, "sku": product.sku})


def remove(order_id: int, line_ids: Iterable[int]) -> None:
    """Lines leave a draft as if they had never been on it; the last one stays."""
    with transaction.atomic():
        order, lines = lock(order_id)
        if order.state != State.DRAFT:
            raise ValueError(_("%(number)s was sent: cancel the line instead.") % {"number": order.number})
        gone = set(line_ids)
        if gone.issuperset(line.pk for line in lines):
            raise ValueError(_("Nothing would be left on it. Cancel the whole order instead."))
        order.lines.filter(pk__in=gone).delete()


# --- sent, changed, confirmed --------------------------------------------------------------------------------------------
def sent(
    order: PurchaseOrder,
    lines: Sequence[PurchaseOrderLine],
    *,
    at: datetime,
    expected_on: date | None,
    line_dates: Mapping[int, date],
) -> None:
    """A locked draft goes out. What the lead times say is expected, where nobody has said a day for the line or the order."""
    if order.state != State.DRAFT:
        raise ValueError(_("%(number)s was sent before.") % {"number": order.number})
    _must_have_prices(lines)
    if order.expected_on is None:
        order.expected_on = expected_on
        for line in lines:
            line.expected_on = line.expected_on or line_dates.get(line.pk)
    order.sent_at = at
    for line in lines:
        line.first_expected_on = line.expected_on or order.expected_on
    PurchaseOrderLine.objects.bulk_update(lines, ["expected_on", "first_expected_on"])
    settle(order, lines)


def change(order_id: int, changes: Sequence[Change], added: Sequence[Wanted] = (), **header: Any) -> bool:
    """Lines and header (`expected_on`, `note`, `rate`) say something else, before or after sending; whether any did.

    After sending what was received or cancelled stays: no line falls below it, and the rate stays once goods came.
    """
    with transaction.atomic():
        order, lines = lock(order_id)
        if order.state not in (State.DRAFT, *OPEN):
            raise ValueError(
                _("%(number)s is %(state)s and is not changed any more; make a new one.")
                % {"number": order.number, "state": order.get_state_display()}
            )
        if order.state == State.PARTLY_RECEIVED and header.get("rate", order.rate) != order.rate:
            raise ValueError(_("Goods came at the rate that stands there; it cannot be changed any more."))
        by_id = {line.pk: line for line in lines}
        before = [_said(line) for line in lines], {name: getattr(order, name) for name in header}
        for wish in changes:
            _apply(by_id[wish.line_id], wish)
        for name, value in header.items():
            setattr(order, name, value)
        if not added and before == ([_said(line) for line in lines], header):
            return False
        PurchaseOrderLine.objects.bulk_update(lines, ["ordered", "unit_price", "expected_on", "note"])
        if added:
            new = _new_lines(order, added, first=max((line.position for line in lines), default=0) + 1)
            lines += PurchaseOrderLine.objects.bulk_create(new)
        if order.sent_at is not None:
            _must_have_prices(lines)
            order.revision += 1
        settle(order, lines)
    return True


def _said(line: PurchaseOrderLine) -> tuple[Any, ...]:
    return line.ordered, line.unit_price, line.expected_on, line.note


def _apply(line: PurchaseOrderLine, wish: Change) -> None:
    if wish.quantity is not None and wish.quantity != line.ordered:
        if wish.quantity < line.received + line.cancelled:
            raise ValueError(
                _("%(sku)s: %(received)s came and %(cancelled)s are cancelled already; order at least so many.")
                % {"sku": line.product.sku, "received": line.received, "cancelled": line.cancelled}
            )
        line.ordered = wish.quantity
    _sensible(line.product, line.ordered, wish.unit_price)
    if wish.unit_price is not None:
        line.unit_price = wish.unit_price
    if wish.expected_on is not None:
        line.expected_on = wish.expected_on
    elif wish.as_order:
        line.expected_on = None
    if wish.note is not None:
        line.note = wish.note[:250]


def confirm(
    order_id: int, *, reference: str, dates: Mapping[int, date], at: datetime, whole: date | None = None
) -> PurchaseOrder:
    """The supplier says when lines come, or the `whole` order: its day moves, and lines without another follow it.

    The first day said for a line is its promise and stays; later ones move what is expected. What is typed wrong can be
    typed anew until the day of the first confirmation ends, in the zone of `at`.
    """
    with transaction.atomic():
        order, lines = lock(order_id)
        if order.state not in OPEN:
            raise ValueError(
                _("%(number)s is %(state)s: only what was sent and is not all here can be confirmed.")
                % {"number": order.number, "state": order.get_state_display()}
            )
        sent_on = order.sent_at.astimezone(at.tzinfo).date() if order.sent_at else date.min
        is_first_day = order.confirmed_at is None or order.confirmed_at.astimezone(at.tzinfo).date() == at.date()
        for line in lines:
            own = dates.get(line.pk)
            said = own or whole
            if said is None or line.received + line.cancelled >= line.ordered:
                continue
            if said < sent_on:
                raise ValueError(
                    _("%(sku)s: %(day)s is before %(number)s was sent, on %(sent)s. Type the day on which it comes.")
                    % {"sku": line.product.sku, "day": said, "number": order.number, "sent": sent_on}
                )
            line.promised_on = said if is_first_day else line.promised_on or said
            line.expected_on = own
        order.expected_on = whole or order.expected_on
        PurchaseOrderLine.objects.bulk_update(lines, ["promised_on", "expected_on"])
        order.supplier_reference = reference[:120] or order.supplier_reference
        order.confirmed_at = order.confirmed_at or at
        settle(order, lines)
    return order


def cancel_rest(order_id: int, line_ids: Iterable[int] | None = None) -> dict[PurchaseOrderLine, int]:
    """What has not come of these lines, or of all, will not come: units by line, empty where there is no rest."""
    with transaction.atomic():
        order, lines = lock(order_id)
        wanted = None if line_ids is None else set(line_ids)
        rest: dict[PurchaseOrderLine, int] = {}
        for purchase_line in lines:
            left = purchase_line.ordered - purchase_line.received - purchase_line.cancelled
            if left > 0 and (wanted is None or purchase_line.pk in wanted):
                purchase_line.cancelled += left
                rest[purchase_line] = left
        if rest:
            PurchaseOrderLine.objects.bulk_update(list(rest), ["cancelled"])
            if order.sent_at is not None:
                order.revision += 1
            settle(order, lines)
    return rest


def took_back(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], units: Mapping[int, int]) -> None:
    """Units of lines of a locked order had not come after all: it waits for them again, as far as they were ordered."""
    for purchase_line in lines:
        purchase_line.received -= units.get(purchase_line.pk, 0)
    PurchaseOrderLine.objects.bulk_update([line for line in lines if line.pk in units], ["received"])
    settle(order, lines)


def came(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], units: Mapping[int, int]) -> dict[int, int]:
    """Units of lines of a locked order are here; of which lines more came than was ordered, and how many."""
    too_many = {}
    for purchase_line in lines:
        if more := units.get(purchase_line.pk, 0):
            purchase_line.received += more
            over = min(more, purchase_line.received + purchase_line.cancelled - purchase_line.ordered)
            if over > 0:
                too_many[purchase_line.pk] = over
    PurchaseOrderLine.objects.bulk_update([line for line in lines if line.pk in units], ["received"])
    settle(order, lines)
    return too_many
