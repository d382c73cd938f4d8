"""The page of a purchase order: what was ordered, what came, what it cost to get here, what the supplier was told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice import buying, desk, purchase_paper
from backoffice.lib import cells, money
from backoffice.sync.models import Delivery
from inventory import expected, punctuality, purchasing
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    PurchaseOrder,
    PurchaseOrderLine,
    ReceiptReversal,
    SupplierReturn,
)
from orders import merchant

State = PurchaseOrder.State
TONES: dict[str, str] = {
    State.DRAFT: "quiet",
    State.SENT: "info",
    State.CONFIRMED: "info",
    State.PARTLY_RECEIVED: "warn",
    State.RECEIVED: "good",
    State.CLOSED: "good",
    State.CANCELLED: "quiet",
}
SHORT: dict[str, Any] = {
    State.SENT: gettext_lazy("sent"),
    State.CONFIRMED: gettext_lazy("confirmed"),
    State.CLOSED: gettext_lazy("closed"),
}
KINDS = [(value, words) for value, words in LandedCost.Kind.choices if value != LandedCost.Kind.PRICE]
"""What a cost that is typed may be; prices on the invoice have a form of their own."""
DELIVERY_TONES: dict[str, str] = {
    Delivery.State.DONE: "good",
    Delivery.State.FAILED: "danger",
    Delivery.State.UNCLEAR: "danger",
    Delivery.State.SKIPPED: "quiet",
}


@dataclass(slots=True)
class Facts:
    order: PurchaseOrder
    lines: list[PurchaseOrderLine]
    receipts: list[GoodsReceipt]
    mail: Delivery | None
    returns: list[SupplierReturn]
    today: date
    next_day: date | None
    currency: str


def facts_of(order_id: int) -> Facts:
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse", "created_by").defer("pdf")
    order = orders.filter(pk=order_id).first()
    if order is None:
        raise Http404
    seller = merchant.current()
    today = merchant.local_day(timezone.now(), seller)
    lines = list(order.lines.select_related("product").order_by("position"))
    packs = expected.packs(order.supplier_id, (line.product_id for line in lines))
    for line in lines:
        due = expected.due(order, line)
        told: Any = line
        told.due = due
        told.wanted = line.ordered - line.cancelled
        told.amount = money.rounded(purchasing.worth(line), order.currency)
        told.too_many = max(line.received - told.wanted, 0)
        told.price_typed = "" if line.unit_price is None else cells.figure(line.unit_price)
        told.pack = packs.get(line.product_id, 1)
        told.is_late = bool(order.state in purchasing.OPEN and line.outstanding and due and due < today)
    return Facts(
        order=order,
        lines=lines,
        receipts=_receipts(order),
        mail=Delivery.objects.filter(topic=buying.TOPIC, object_id=order.pk).first(),
        returns=list(order.returns.order_by("id")),
        today=today,
        next_day=expected.next_day(order, lines) if order.state in purchasing.OPEN else None,
        currency=seller.currency,
    )


def _receipts(order: PurchaseOrder) -> list[GoodsReceipt]:
    receipts = list(order.receipts.select_related("by").order_by("id"))
    costs: dict[int, list[LandedCost]] = defaultdict(list)
    for cost in LandedCost.objects.filter(receipt__in=receipts).select_related("item__line__product").order_by("id"):
        costs[cost.receipt_id].append(cost)
    for receipt in receipts:
        receipt.costs = costs[receipt.pk]  # type: ignore[attr-defined]
        receipt.inside = []  # type: ignore[attr-defined]
        receipt.back = []  # type: ignore[attr-defined]
        receipt.stands = 0  # type: ignore[attr-defined]
    by_id: dict[int, Any] = {receipt.pk: receipt for receipt in receipts}
    for item in GoodsReceiptLine.objects.filter(receipt__in=receipts).select_related(
        "line__product", "lot", "location"
    ):
        price = item.line.unit_price
        item.price_typed = "" if price is None else cells.figure(price)  # type: ignore[attr-defined]
        by_id[item.receipt_id].inside.append(item)
        by_id[item.receipt_id].stands += item.stands
    back = ReceiptReversal.objects.filter(item__receipt__in=receipts).select_related("item__line__product", "by")
    for one in back.order_by("id"):
        by_id[one.item.receipt_id].back.append(one)
    return receipts


def says(facts: Facts) -> str:
    """How the order stands, in one sentence."""
    order = facts.order
    left = sum(line.outstanding for line in facts.lines)
    if order.state == State.DRAFT:
        return _("A draft: the supplier knows nothing of it yet.")
    if order.state not in purchasing.OPEN:
        return ""
    late = [line for line in facts.lines if line.is_late]  # type: ignore[attr-defined]
    if late:
        due = min(line.due for line in late)  # type: ignore[attr-defined]
        days = (facts.today - due).days
        return ngettext(
            "Late by %(days)d day: %(units)s should have been here on %(day)s.",
            "Late by %(days)d days: %(units)s should have been here on %(day)s.",
            days,
        ) % {"days": days, "units": desk.units(sum(line.outstanding for line in late)), "day": date_format(due)}
    due = facts.next_day
    if due is None:
        return _("%(units)s still to come; nobody has said when.") % {"units": desk.units(left)}
    first = sum(line.outstanding for line in facts.lines if line.due == due)  # type: ignore[attr-defined]
    if first == left:
        return _("%(units)s still to come, expected on %(day)s.") % {"units": desk.units(left), "day": date_format(due)}
    return _("%(units)s still to come, the next %(first)d on %(day)s.") % {
        "units": desk.units(left),
        "first": first,
        "day": date_format(due),
    }


def _warnings(facts: Facts, sees_costs: bool) -> list[str]:
    order, said = facts.order, []
    if facts.mail is not None and facts.mail.state in (Delivery.State.FAILED, Delivery.State.UNCLEAR):
        said.append(_("The supplier may not have it: %(why)s") % {"why": facts.mail.last_words})
    if order.state == State.DRAFT and not order.supplier.email:
        said.append(_("%(name)s has no mail address: print the order and mark it as sent.") % {"name": order.supplier})
    if not sees_costs or order.state != State.DRAFT:
        return said
    if order.currency != facts.currency and order.rate == 1:
        said.append(
            _("Say what one %(theirs)s is worth in %(ours)s before it is sent.")
            % {"theirs": order.currency, "ours": facts.currency}
        )
    if unpriced := purchasing.unpriced(facts.lines):
        said.append(
            _("No price is known for %(skus)s: type it before the order is sent, or 0 if it is free of charge.")
            % {"skus": ", ".join(unpriced[:5])}
        )
    least = order.supplier.minimum_order
    if least and buying.total(facts.lines) < least:
        said.append(
            _("The supplier takes orders from %(least)s %(currency)s.") % {"least": least, "currency": order.currency}
        )
    return said


def view(request: HttpRequest, order_id: int) -> HttpResponse:
    facts = facts_of(order_id)
    order, may = facts.order, request.user.has_perm
    sees_costs = may("inventory.see_costs")
    is_open = order.state in purchasing.OPEN
    changeable = order.state == State.DRAFT or is_open
    return desk.page(
        request,
        "admin/inventory/purchase/page.html",
        _("Purchase order %(number)s") % {"number": order.number},
        order=order,
        facts=facts,
        opts=None,
        says=says(facts),
        warnings=_warnings(facts, sees_costs),
        tone=TONES[order.state],
        mail_tone=DELIVERY_TONES.get(facts.mail.state, "info") if facts.mail else "",
        sees_costs=sees_costs,
        total=_total(facts.lines),
        rate=cells.figure(order.rate),
        columns={"cancelled": any(line.cancelled for line in facts.lines)},
        is_draft=order.state == State.DRAFT,
        is_open=is_open,
        has_rest=any(line.outstanding for line in facts.lines),
        has_paper=PurchaseOrder.objects.filter(pk=order.pk, pdf__isnull=False).exists(),
        score=_score(order),
        kinds=KINDS,
        spreads=LandedCost.Spread.choices,
        may={
            "send": may("inventory.send_purchaseorder") and order.state == State.DRAFT,
            "mail": may("inventory.send_purchaseorder") and order.sent_at is not None and bool(order.supplier.email),
            "change": may("inventory.change_purchaseorder") and changeable,
            "confirm": may("inventory.change_purchaseorder") and is_open,
            "cancel": may("inventory.change_purchaseorder") and changeable,
            "receive": may("inventory.receive_goods") and order.state not in (State.DRAFT, State.CANCELLED),
            "take_back": may("inventory.receive_goods"),
            "bill": may("inventory.add_landedcost"),
            "send_back": may("inventory.add_supplierreturn") and bool(facts.receipts),
            "see_told": may("sync.view_delivery"),
        },
        once=desk.once(),
    )


def _total(lines: Sequence[Any]) -> Decimal:
    return money.total(line.amount for line in lines)


def _score(order: PurchaseOrder) -> punctuality.Punctuality | None:
    seller = merchant.current()
    today = merchant.local_day(timezone.now(), seller)
    found = punctuality.of_suppliers([order.supplier_id], zone=seller.time_zone, today=today)
    return found[0] if found else None


def paper(request: HttpRequest, order_id: int, *, kept: bool = False) -> HttpResponse:
    """The order as it stands now, or as the supplier has it."""
    desk.must(request, "inventory.view_purchaseorder", "inventory.see_costs")
    order = PurchaseOrder.objects.filter(pk=order_id).first()
    if order is None or (kept and order.pdf is None):
        raise Http404
    content = bytes(order.pdf or b"") if kept else purchase_paper.of_orders([order.pk])[order.pk]
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{order.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response
