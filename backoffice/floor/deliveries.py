"""What goods may come with: a purchase order, a transfer, or no paper. What each expects, and how what came is booked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import goods, receiving, transferring
from backoffice.floor.arrived import Came
from backoffice.floor.cards import COMING
from inventory import expected, lots
from inventory.models import Location, Movement, Product, PurchaseOrder, PurchaseOrderLine, Transfer, TransferLine

Book = Callable[[Sequence[Came], Location | None, str, str, Any], str]
"""(what came, where it is put or None for each product's own bin, key, delivery note, person) → what was booked, in words"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`expected` is what is still to come of each product; a loose delivery expects nothing and takes in everything."""

    title: str
    words: str
    warehouse: Location
    book: Book
    expected: dict[Product, int] = field(default_factory=dict)
    theirs: dict[str, tuple[Product, int]] = field(default_factory=dict)
    """The supplier's own numbers on the paper, in small letters, with how many units their pack holds."""
    loose: bool = False
    strict: bool = False
    """More than expected cannot have come."""


def of_purchase(order: PurchaseOrder) -> Delivery:
    """A purchase order that was sent; ValueError where nothing can come of it."""
    if order.state not in {*COMING, PurchaseOrder.State.RECEIVED, PurchaseOrder.State.CLOSED}:
        raise ValueError(
            _("%(number)s is %(state)s: nothing is received of it.")
            % {"number": order.number, "state": order.get_state_display()}
        )
    lines = list(order.lines.select_related("product").order_by("position"))
    coming: dict[Product, int] = {}
    for line in lines:
        coming[line.product] = coming.get(line.product, 0) + line.outstanding

    def book(came: Sequence[Came], place: Location | None, key: str, note: str, by: Any) -> str:
        done = receiving.receive(
            order.pk, items(came, lines, place), key=key, delivery_note=note, by=by,
        )  # fmt: skip
        if not done.fresh:
            return _("This was booked before; nothing is booked twice.")
        return " ".join([_counted(came, order.number), *done.set_apart, *done.too_many, *done.still_to_come])

    theirs = expected.by_their_number(order.supplier_id, lines)
    return Delivery(order.number, order.supplier.name, order.warehouse, book, coming, theirs)


def items(
    came: Sequence[Came], lines: Sequence[PurchaseOrderLine], place: Location | None
) -> list[receiving.ReceiptItem]:
    """What came, dealt out to the order's lines: first what each still expects, the rest to the last line of the product."""
    left = {line.pk: line.outstanding for line in lines}
    found = []
    for one in came:
        own = [line for line in lines if line.product_id == one.product.pk]
        if not own:
            raise ValueError(_("%(sku)s is not on this order.") % {"sku": one.product.sku})
        units = one.units
        for line in own:
            part = units if line is own[-1] else min(units, left[line.pk])
            if part:
                left[line.pk] -= part
                units -= part
                found.append(
                    receiving.ReceiptItem(line.pk, part, place.pk if place else None, one.lot_code, one.expires_on)
                )
    return found


def of_transfer(transfer: Transfer) -> Delivery:
    """A transfer that was sent; ValueError where it was not."""
    if transfer.state not in (Transfer.State.IN_TRANSIT, Transfer.State.RECEIVED):
        raise ValueError(
            _("%(number)s is %(state)s: nothing is received of it.")
            % {"number": transfer.number, "state": transfer.get_state_display()}
        )
    lines = list(transfer.lines.select_related("product", "lot").order_by("id"))
    coming: dict[Product, int] = {}
    for line in lines:
        coming[line.product] = coming.get(line.product, 0) + transferring.on_its_way(line)

    def book(came: Sequence[Came], place: Location | None, key: str, note: str, by: Any) -> str:
        moved = transferring.receive(transfer.pk, arrivals(came, lines, place), key=key, note=note, by=by)
        return _booked(came, transfer.number, moved)

    words = f"{transfer.source.name} → {transfer.destination.name}"
    return Delivery(transfer.number, words, transfer.destination, book, coming, strict=True)


def arrivals(came: Sequence[Came], lines: Sequence[TransferLine], place: Location | None) -> list[transferring.Arrived]:
    """What came, dealt out to the transfer's lines of the same lot; what is too much is left to the last, which refuses it.

    It is not refused here: sent again after a lost answer, all of it is too much, and was booked before.
    """
    left = {line.pk: transferring.on_its_way(line) for line in lines}
    found = []
    for one in came:
        own = [
            line
            for line in lines
            if (line.product_id, line.lot.code if line.lot else "") == (one.product.pk, one.lot_code)
        ]
        if not own:
            raise ValueError(_("%(what)s was not sent with this transfer. Take it out.") % {"what": one.words})
        units = one.units
        for line in own:
            part = units if line is own[-1] else min(units, left[line.pk])
            if part:
                left[line.pk] -= part
                units -= part
                found.append(transferring.Arrived(line.pk, part, location_id=place.pk if place else None))
    return found


def without_paper(warehouse: Location) -> Delivery:
    """Goods that nobody ordered here, or whose order is not in the house."""

    def book(came: Sequence[Came], place: Location | None, key: str, note: str, by: Any) -> str:
        target = place or warehouse
        known = lots.take_in(lots.Named(one.product.pk, one.lot_code, one.expires_on) for one in came if one.lot_code)
        moved = goods.receive(
            [
                goods.Goods(
                    one.product.pk, one.units, None, target.pk,
                    known[one.product.pk, one.lot_code].pk if one.lot_code else None,
                )
                for one in came
            ],
            key=key, note=note, by=by,
        )  # fmt: skip
        return _booked(came, target.in_full, moved)

    return Delivery(_("Without a purchase order"), warehouse.name, warehouse, book, loose=True)


def _booked(came: Sequence[Came], where: str, moved: Sequence[Movement]) -> str:
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    return " ".join([_counted(came, where), *goods.set_apart_words(moved)])


def _counted(came: Sequence[Came], where: str) -> str:
    count = sum(one.units for one in came)
    return ngettext("%(count)d unit received: %(where)s.", "%(count)d units received: %(where)s.", count) % {
        "count": count, "where": where,
    }  # fmt: skip
