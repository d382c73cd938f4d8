"""Goods that go back to their supplier: the one writer of a return's state (rule: S9)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from backoffice.lib.bulk import give_ids
from inventory.models import (
    Movement,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Supplier,
    SupplierReturn,
    SupplierReturnLine,
)
from inventory.purchasing import drafted_before

State = SupplierReturn.State
FIRST_NUMBER = 1000


@dataclass(frozen=True, slots=True)
class Going:
    """Units of a product that lie in a place and go back; `unit_credit` is what the supplier gives for one, in the
    merchant's currency."""

    product_id: int
    location_id: int
    quantity: int
    unit_credit: Decimal = Decimal(0)
    lot_id: int | None = None


def draft(
    *,
    supplier_id: int,
    lines: Sequence[Going],
    reason: str,
    order_id: int | None = None,
    reference: str = "",
    by: Any,
    key: str | None = None,
) -> SupplierReturn:
    """A return that nobody has sent; nothing leaves the stock yet. The same goods in one place twice are added up.

    Of an order no more goes back than came of it. Drafted once by `key`.
    """
    if not reason.strip():
        raise ValueError(_("Say why the goods go back: the supplier reads it."))
    supplier = Supplier.objects.get(pk=supplier_id)
    if order_id is not None and not PurchaseOrder.objects.filter(pk=order_id, supplier=supplier).exists():
        raise ValueError(_("This purchase order is of another supplier."))
    with transaction.atomic():
        if (drafted := drafted_before(SupplierReturn, supplier_id, key)) is not None:
            return drafted
        going_back = SupplierReturn(
            supplier=supplier,
            order_id=order_id,
            reason=reason.strip()[:250],
            supplier_reference=reference.strip()[:120],
            created_by=by,
            key=key,
        )
        give_ids([going_back])
        going_back.number = f"SR-{FIRST_NUMBER + going_back.pk}"
        going_back.save(force_insert=True)
        rows = SupplierReturnLine.objects.bulk_create(_lines(going_back, lines))
        must_have_come(going_back, rows)
    return going_back


def _lines(going_back: SupplierReturn, lines: Sequence[Going]) -> list[SupplierReturnLine]:
    once: dict[tuple[int, int, int | None], SupplierReturnLine] = {}
    products = Product.objects.in_bulk({line.product_id for line in lines})
    for line in lines:
        sku = products[line.product_id].sku
        if line.quantity <= 0:
            raise ValueError(_("%(sku)s: say how many go back, one or more.") % {"sku": sku})
        if not (line.unit_credit.is_finite() and 0 <= line.unit_credit < 10_000_000):
            raise ValueError(_("%(sku)s: that cannot be what the supplier gives back for one.") % {"sku": sku})
        spot = (line.product_id, line.location_id, line.lot_id)
        if spot in once:
            once[spot].quantity += line.quantity
            continue
        once[spot] = SupplierReturnLine(
            supplier_return=going_back,
            product_id=line.product_id,
            location_id=line.location_id,
            lot_id=line.lot_id,
            quantity=line.quantity,
            unit_credit=line.unit_credit,
        )
    if not once:
        raise ValueError(_("Say which goods go back, and how many."))
    return list(once.values())


def must_have_come(going_back: SupplierReturn, lines: Sequence[SupplierReturnLine]) -> None:
    """ValueError where, with its other returns, more of a purchase order would go back than came of it."""
    if going_back.order_id is None:
        return
    received: dict[int, int] = defaultdict(int)
    for product_id, units in PurchaseOrderLine.objects.filter(order=going_back.order_id).values_list(
        "product", "received"
    ):
        received[product_id] += units
    others = SupplierReturnLine.objects.filter(supplier_return__order=going_back.order_id).exclude(
        Q(supplier_return=going_back) | Q(supplier_return__state=State.CANCELLED)
    )
    gone = dict(others.order_by().values_list("product").annotate(units=Sum("quantity")))
    wanted: dict[int, int] = defaultdict(int)
    for line in lines:
        wanted[line.product_id] += line.quantity
    for product_id, units in wanted.items():
        came, before = received[product_id], gone.get(product_id, 0)
        if units > came - before:
            raise ValueError(
                _(
                    "%(units)s of %(sku)s cannot go back: %(came)s came of %(number)s, and %(before)s of them are on other "
                    "returns. Say fewer, or leave the purchase order empty."
                )
                % {
                    "units": units,
                    "sku": Product.objects.get(pk=product_id).sku,
                    "came": came,
                    "number": PurchaseOrder.objects.values_list("number", flat=True).get(pk=going_back.order_id),
                    "before": before,
                }
            )


def lock(return_id: int) -> tuple[SupplierReturn, list[SupplierReturnLine]]:
    """The return and its lines, nobody else's until the transaction ends; before any stock level is locked."""
    found = SupplierReturn.objects.select_for_update(of=("self",), no_key=True).select_related("supplier")
    going_back = found.get(pk=return_id)
    return going_back, list(going_back.lines.select_related("product", "location", "lot").order_by("id"))


def _must_be(going_back: SupplierReturn, *states: str) -> None:
    if going_back.state not in states:
        raise ValueError(
            _("%(number)s is %(state)s already.")
            % {"number": going_back.number, "state": going_back.get_state_display()}
        )


def sent(going_back: SupplierReturn, moved: Sequence[tuple[SupplierReturnLine, Movement]], *, at: datetime) -> None:
    """The goods of a locked draft have left, each line by its movement."""
    _must_be(going_back, State.DRAFT)
    for line, movement in moved:
        line.movement = movement
    SupplierReturnLine.objects.bulk_update([line for line, _movement in moved], ["movement"])
    going_back.state, going_back.sent_at = State.SENT, at
    going_back.save(update_fields=["state", "sent_at"])


def credited(going_back: SupplierReturn, *, reference: str, at: datetime) -> None:
    """The supplier's credit for a locked return is here."""
    _must_be(going_back, State.SENT)
    going_back.state, going_back.credited_at = State.CREDITED, at
    going_back.supplier_reference = reference.strip()[:120] or going_back.supplier_reference
    going_back.save(update_fields=["state", "credited_at", "supplier_reference"])


def cancel(return_id: int) -> SupplierReturn:
    """A draft is given up; what was sent cannot be, its goods are not here any more."""
    with transaction.atomic():
        going_back, _lines_of_it = lock(return_id)
        _must_be(going_back, State.DRAFT)
        going_back.state = State.CANCELLED
        going_back.save(update_fields=["state"])
    return going_back
