"""Goods of a purchase order come in: counted, put away, valued, and given to who waits, in one transaction (rule: S9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting import chart
from backoffice import goods, landed
from backoffice.landed import Bearer, Landed
from backoffice.lib import money
from inventory import lots, purchasing
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    Location,
    Movement,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    SupplierProduct,
    WarehouseProduct,
)
from orders import allocation, merchant

State = PurchaseOrder.State
MOST_COST = Decimal(10_000_000)


@dataclass(frozen=True, slots=True)
class ReceiptItem:
    """Stock units of a line that came; without a place they go where the product is put away in that warehouse."""

    line_id: int
    quantity: int
    location_id: int | None = None
    lot_code: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What came of it: a sentence for each product of which too many or too few came, and for each lot that went to
    quarantine. Not `fresh`: booked before."""

    receipt: GoodsReceipt
    fresh: bool = True
    too_many: list[str] = field(default_factory=list)
    still_to_come: list[str] = field(default_factory=list)
    set_apart: list[str] = field(default_factory=list)


def receive(
    order_id: int,
    items: Sequence[ReceiptItem],
    *,
    key: str,
    delivery_note: str = "",
    note: str = "",
    costs: Sequence[Landed] = (),
    by: Any = None,
) -> Received:
    """Book what came of a sent order, once by `key`, in a constant number of statements for any number of lines.

    More than was ordered is taken in and said. Whoever still waits for the goods gets a new date by the wish that
    `goods.receive` makes. ValueError, and nothing is booked, where a line is not of this order or
    a lot is missing.
    """
    with transaction.atomic():
        order, lines = purchasing.lock(order_id)
        booked = GoodsReceipt.objects.filter(key=key).first()
        if booked is not None:
            return Received(booked, fresh=False)
        _may_come(order)
        by_id = {line.pk: line for line in lines}
        _sensible(items, by_id)
        allocation.lock_products(by_id[item.line_id].product_id for item in items)
        receipt = GoodsReceipt(
            order=order, key=key, at=timezone.now(), delivery_note=delivery_note[:120], note=note[:250], by=by
        )
        receipt.save(force_insert=True)
        moved = _shelve(receipt, order, items, by_id, costs, by)
        units: dict[int, int] = {}
        for item in items:
            units[item.line_id] = units.get(item.line_id, 0) + item.quantity
        over = purchasing.came(order, lines, units)
        too_many = [_too_many(by_id[pk], count) for pk, count in over.items()]
        if too_many:
            receipt.note = " ".join([*filter(None, [receipt.note]), *too_many])[:250]
            receipt.save(update_fields=["note"])
    short = [_short(by_id[pk]) for pk in units if _outstanding(by_id[pk]) > 0]
    return Received(receipt, too_many=too_many, still_to_come=short, set_apart=goods.set_apart_words(moved))


def _may_come(order: PurchaseOrder) -> None:
    if order.state == State.DRAFT:
        raise ValueError(
            _("%(number)s was not sent yet. Send it first, or mark it as sent.") % {"number": order.number}
        )
    if order.state == State.CANCELLED:
        raise ValueError(
            _("%(number)s is cancelled. Order the goods anew and receive that order, or send them back.")
            % {"number": order.number}
        )


def _sensible(items: Sequence[ReceiptItem], lines: dict[int, PurchaseOrderLine]) -> None:
    if not items:
        raise ValueError(_("Say how many came, on at least one line."))
    for item in items:
        line = lines.get(item.line_id)
        if line is None:
            raise ValueError(_("A line of this form belongs to another order. Open the order again."))
        if not 0 < item.quantity <= purchasing.MOST:
            raise ValueError(_("%(sku)s: say a number from 1 to 1,000,000.") % {"sku": line.product.sku})
        follows = line.product.tracking
        if follows != Product.Tracking.NONE and not item.lot_code.strip():
            raise ValueError(
                _("%(sku)s is followed by lot or serial number: say which one stands on the goods.")
                % {"sku": line.product.sku}
            )
        if follows == Product.Tracking.SERIAL and item.quantity != 1:
            raise ValueError(
                _("Each unit of %(sku)s has a serial number of its own: say one for each unit.")
                % {"sku": line.product.sku}
            )


def _shelve(
    receipt: GoodsReceipt,
    order: PurchaseOrder,
    items: Sequence[ReceiptItem],
    lines: dict[int, PurchaseOrderLine],
    costs: Sequence[Landed],
    by: Any,
) -> list[Movement]:
    """Put the goods where they belong at what they cost, and write the receipt's lines beside their movements."""
    seller = merchant.current()
    of = [lines[item.line_id] for item in items]
    places = _places(order, items, of)
    known = lots.take_in(
        lots.Named(line.product_id, item.lot_code.strip(), item.expires_on, order.supplier_id)
        for item, line in zip(items, of, strict=True)
        if line.product.tracking != Product.Tracking.NONE
    )
    prices = _prices(order, of)
    worth = [item.quantity * prices[line.pk] * order.rate for item, line in zip(items, of, strict=True)]
    extra = _spread(receipt, costs, items, of, worth, seller.currency, by)
    coming, rows = [], []
    for item, line, place, value, share in zip(items, of, places, worth, extra, strict=True):
        cost = ((value + share) / item.quantity).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        if cost >= MOST_COST:
            raise ValueError(
                _("%(sku)s: “%(cost)s” cannot be the cost of a unit.") % {"sku": line.product.sku, "cost": cost}
            )
        lot = known.get((line.product_id, item.lot_code.strip()))
        parts = ((chart.RECEIVED, money.rounded(value, seller.currency)), (chart.LANDED, share))
        coming.append(goods.Goods(line.product_id, item.quantity, cost, place, lot.pk if lot else None, parts=parts))
        rows.append(
            GoodsReceiptLine(
                receipt=receipt, line=line, lot=lot, location_id=place, quantity=item.quantity, unit_cost=cost
            )
        )
    said = " ".join(filter(None, [order.number, receipt.delivery_note]))
    moved = goods.receive(coming, key=f"po-{receipt.pk}", note=said, by=by)
    by_key = {one.key: one for one in moved}
    for position, row in enumerate(rows):
        row.movement = by_key[f"receipt:po-{receipt.pk}:{position}"]
    GoodsReceiptLine.objects.bulk_create(rows)
    return moved


def _prices(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> dict[int, Decimal]:
    """What one of each line costs; where the order does not say it, what its supplier asks now. ValueError where nobody
    knows: goods never come in for nothing by mistake."""
    open_ones = {line.product_id for line in lines if line.unit_price is None}
    asked = dict(
        SupplierProduct.objects.filter(
            supplier=order.supplier_id, product__in=open_ones, price__isnull=False
        ).values_list("product_id", "price")
        if open_ones
        else ()
    )
    prices = {line.pk: asked.get(line.product_id) if line.unit_price is None else line.unit_price for line in lines}
    if unknown := sorted({line.product.sku for line in lines if prices[line.pk] is None}):
        raise ValueError(
            _(
                "No price is known for %(skus)s. Ask the buyer to type it on %(number)s, 0 if it is free; then receive it."
            )
            % {"skus": ", ".join(unknown[:10]), "number": order.number}
        )
    return {pk: price for pk, price in prices.items() if price is not None}


def _places(order: PurchaseOrder, items: Sequence[ReceiptItem], lines: Sequence[PurchaseOrderLine]) -> list[int]:
    """Where each item lies: the place said, the product's own in this warehouse, or the warehouse itself."""
    said = {item.location_id for item in items if item.location_id}
    known = Location.objects.filter(pk__in=said, archived_at=None).in_bulk()
    if strangers := [pk for pk in said if pk not in known or known[pk].warehouse_or_self != order.warehouse_id]:
        raise ValueError(
            _("%(place)s is no place in %(warehouse)s. Choose one that is.")
            % {"place": known.get(strangers[0], strangers[0]), "warehouse": order.warehouse}
        )
    put_away = dict(
        WarehouseProduct.objects.filter(
            warehouse=order.warehouse_id, product__in={line.product_id for line in lines}, put_away__archived_at=None
        ).values_list("product_id", "put_away_id")
    )
    return [
        item.location_id or put_away.get(line.product_id) or order.warehouse_id
        for item, line in zip(items, lines, strict=True)
    ]


def _spread(
    receipt: GoodsReceipt,
    costs: Sequence[Landed],
    items: Sequence[ReceiptItem],
    lines: Sequence[PurchaseOrderLine],
    worth: Sequence[Decimal],
    currency: str,
    by: Any,
) -> list[Decimal]:
    """What of all costs each item bears; the costs are noted beside the receipt."""
    whole = [Decimal(0)] * len(items)
    if costs:
        bearers = [
            Bearer(line.product, item.quantity, value) for item, line, value in zip(items, lines, worth, strict=True)
        ]
        for cost in costs:
            parts = landed.shares(cost, bearers, currency)
            whole = [so_far + part for so_far, part in zip(whole, parts, strict=True)]
        LandedCost.objects.bulk_create(
            landed.noted(receipt, cost, key=f"receipt-{receipt.pk}-{at}", by=by) for at, cost in enumerate(costs)
        )
    return whole


def _outstanding(line: PurchaseOrderLine) -> int:
    return max(line.ordered - line.received - line.cancelled, 0)


def _too_many(line: PurchaseOrderLine, count: int) -> str:
    return ngettext(
        "%(sku)s: %(count)d more came than was ordered.", "%(sku)s: %(count)d more came than were ordered.", count
    ) % {"sku": line.product.sku, "count": count}


def _short(line: PurchaseOrderLine) -> str:
    left = _outstanding(line)
    return ngettext("%(sku)s: %(count)d is still to come.", "%(sku)s: %(count)d are still to come.", left) % {
        "sku": line.product.sku,
        "count": left,
    }
