"""The order page: everything that answers "where is my order?", read in a constant number of statements."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounting.models import Invoice
from backoffice import desk, inward, journey, returning, words
from backoffice.sync.models import Arrival, Attempt, Delivery
from inventory.promise import IN_STOCK
from orders import holds as kinds
from orders import priority, promise_words, promises
from orders.admin import taking_back
from orders.models import Order, OrderLine
from orders.portal import links
from shipping.models import Shipment, ShipmentLine

NEWEST = 200
"""Lines of the timeline that are shown; an order edited for years may have more."""
MAILED = {
    journey.FULFILMENT: _("State and parcels, to the store"),
    journey.INVOICE_PDF: _("Invoice, as PDF"),
    journey.INVOICE_MAIL: _("Invoice, by mail to the customer"),
    journey.SHIPMENT_MAIL: _("Parcel, by mail to the customer"),
}


@dataclass(slots=True)
class Facts:
    """What the page shows, beside the order itself."""

    order: Order
    lines: list[OrderLine]
    parcels: list[Shipment]
    holds: list[Any]
    invoice: Invoice | None
    told: list[Delivery]
    arrivals: list[Arrival]
    timeline: list[Any] = field(default_factory=list)
    can_come_back: list[taking_back.Row] = field(default_factory=list)


def facts_of(order_id: int) -> Facts:
    order = (
        Order.objects.select_related("connection", "customer", "billing_address", "shipping_address")
        .filter(pk=order_id)
        .first()
    )
    if order is None:
        raise Http404
    parcels = list(Shipment.objects.filter(order=order).select_related("packed_by", "shipped_by").order_by("id"))
    inside: dict[int, list[ShipmentLine]] = defaultdict(list)
    for line in ShipmentLine.objects.filter(shipment__in=parcels).select_related(
        "line", "level__product", "level__location", "lot"
    ):
        inside[line.shipment_id].append(line)
    for parcel in parcels:
        parcel.inside = inside[parcel.pk]  # type: ignore[attr-defined]
        packed = parcel.state == Shipment.State.PACKED
        parcel.proposed = packed and any(line.lot_id for line in inside[parcel.pk])  # type: ignore[attr-defined]
        parcel.units = sum(line.quantity for line in inside[parcel.pk])  # type: ignore[attr-defined]
    invoice = Invoice.objects.filter(order=order).defer("pdf", "document").first()
    facts = Facts(
        order=order,
        lines=list(order.lines.select_related("product", "selling_unit").prefetch_related("components__product")),
        parcels=parcels,
        holds=list(order.holds.select_related("released_by").order_by("released_at", "id")),
        invoice=invoice,
        told=_told(order, parcels, invoice),
        arrivals=list(
            Arrival.objects.filter(object_type="order", object_id=order.pk).defer("body").order_by("-id")[:20]
        ),
        timeline=list(order.timeline.order_by("-id")[:NEWEST]),
    )
    _count(facts)
    _promise(facts)
    return facts


def _told(order: Order, parcels: list[Shipment], invoice: Invoice | None) -> list[Delivery]:
    of_order = Q(topic=journey.FULFILMENT, object_id=order.pk)
    of_invoice = Q(topic__in=[journey.INVOICE_PDF, journey.INVOICE_MAIL], object_id=invoice.pk if invoice else 0)
    of_parcels = Q(topic=journey.SHIPMENT_MAIL, object_id__in=[parcel.pk for parcel in parcels])
    told = list(Delivery.objects.filter(of_order | of_invoice | of_parcels).select_related("connection").order_by("id"))
    numbers = {parcel.pk: parcel.number for parcel in parcels}
    for delivery in told:
        delivery.what = MAILED.get(delivery.topic, delivery.topic)  # type: ignore[attr-defined]
        if delivery.topic == journey.SHIPMENT_MAIL:
            delivery.what = f"{delivery.what} {numbers[delivery.object_id]}"  # type: ignore[attr-defined]
        delivery.tone = DELIVERY_TONES[delivery.state]  # type: ignore[attr-defined]
    return told


DELIVERY_TONES: dict[str, str] = {
    Delivery.State.WAITING: "info",
    Delivery.State.CLAIMED: "info",
    Delivery.State.DONE: "good",
    Delivery.State.FAILED: "danger",
    Delivery.State.UNCLEAR: "danger",
    Delivery.State.SKIPPED: "quiet",
}
ATTEMPT_TONES: dict[str, str] = {
    Attempt.Outcome.OK: "good",
    Attempt.Outcome.AGAIN: "info",
    Attempt.Outcome.FAILED: "danger",
}


def _count(facts: Facts) -> None:
    """How many of each line lie in open parcels, can be packed or cancelled, and what can come back."""
    packed: dict[int, int] = defaultdict(int)
    for line in chain.from_iterable(p.inside for p in facts.parcels if p.state == Shipment.State.PACKED):  # type: ignore[attr-defined]
        packed[line.line_id] += line.quantity
    # Of a kit whole ones are packed, so the stock units of all its parts come out even.
    packed = {line.pk: packed[line.pk] // line.pieces for line in facts.lines}
    for line in facts.lines:
        line.packed = packed[line.pk]  # type: ignore[attr-defined]
        line.can_pack = line.allocated - packed[line.pk]  # type: ignore[attr-defined]
        line.can_cancel = line.ordered - line.cancelled - line.shipped  # type: ignore[attr-defined]
    facts.can_come_back = taking_back.rows(facts.lines, facts.parcels)


def _promise(facts: Facts) -> None:
    """What the customer is told of each line that waits, and why."""
    language = (get_language() or "en")[:2]
    told = promises.for_lines([line.pk for line in facts.lines if line.backordered > 0])
    for line in facts.lines:
        promise = told.get(line.pk)
        line.promised = promise_words.phrase(promise, language) if promise else ""  # type: ignore[attr-defined]
        # There is enough: as soon as it is paid it is reserved, so it is no backorder.
        line.waits_for_money = (  # type: ignore[attr-defined]
            facts.order.state == Order.State.UNPAID and promise is not None and promise.kind == IN_STOCK
        )
        line.promised_why = promise_words.reason(promise, language) if promise else ""  # type: ignore[attr-defined]


def context(request: HttpRequest, facts: Facts) -> dict[str, Any]:
    order, may = facts.order, request.user.has_perm
    open_holds = [hold for hold in facts.holds if hold.released_at is None]
    sees_amounts = may("orders.see_amounts")
    if not sees_amounts:
        for told in chain(facts.holds, facts.timeline):
            told.sentence = words.without_amounts(told.sentence)
    for hold in open_holds:
        hold.line = next((ln for ln in facts.lines if (ln.sku or ln.name)[:250] == hold.subject), None)
    return {
        "order": order,
        "facts": facts,
        "opts": None,
        "waits_for": words.waits_for(order, facts.lines, open_holds, facts.parcels),
        "open_holds": open_holds,
        "lifted_holds": [hold for hold in facts.holds if hold.released_at is not None],
        "kinds": {"sku": kinds.SKU, "tax": kinds.TAX, "store_shipped": kinds.STORE_SHIPPED},
        # The customer's page shows the invoice, so who sees no invoices gets no link to it (rule: U1).
        "customers_page": links.url(order) if may("accounting.view_invoice") else "",
        "sees_amounts": sees_amounts,
        "money": _money(order) if sees_amounts else None,
        "timeline": [entry for entry in facts.timeline if sees_amounts or entry.what not in words.MONEY_WORDS],
        "columns": {
            name: any(getattr(line, name) for line in facts.lines)
            for name in ("cancelled", "returned", "packed", "can_pack", "can_cancel")
        },
        "may": {
            "pack": may("shipping.pack_shipment"),
            "ship": may("shipping.ship_shipment"),
            "track": may("shipping.ship_shipment") or may("shipping.track_shipment"),
            "cancel": may("orders.cancel_order"),
            "prioritise": may("orders.prioritise_order") and order.state not in OVER,
            "take_back": may("orders.take_back_order"),
            "release": may("orders.release_hold"),
            "map_sku": may("inventory.map_sku"),
            "explain_tax": may("accounting.explain_tax"),
            "see_invoice": may("accounting.view_invoice"),
            "mail_invoice": may("accounting.mail_invoice"),
            "see_parcels": may("shipping.view_shipment"),
            "see_told": may("sync.view_delivery"),
            "see_arrivals": may("sync.view_arrival"),
            "see_customer": may("orders.view_customer"),
            "change_customer": may("orders.change_customer"),
            "see_entries": may("accounting.view_entry"),
        },
        "may_ask": may("orders.release_hold") and inward.can_ask(order.connection),
        "may_go_on": may("orders.release_hold") and not open_holds and order.state not in FINISHED,
        "once": desk.once(),
        "turn": priority.words(order.priority),
        "turns": _turns(order),
        "ways_back": returning.To.choices,
    }


def _turns(order: Order) -> list[tuple[int, str]]:
    """What can be chosen, and what it has where a file or a program gave it another."""
    known = [(value, str(words)) for value, words in Order.Priority.choices]
    return sorted({*known, (order.priority, priority.words(order.priority))})


OVER = frozenset({Order.State.CANCELLED, Order.State.ELSEWHERE, Order.State.HISTORY, Order.State.DONE})
"""Nothing of such an order is served any more."""

FINISHED = frozenset(
    {
        Order.State.SHIPPED,
        Order.State.DONE,
        Order.State.CANCELLED,
        Order.State.ELSEWHERE,
        Order.State.HISTORY,
        Order.State.PACKED,
    }
)


def _money(order: Order) -> dict[str, Any]:
    return {
        "charges": list(order.charges.all()),
        "taxes": list(order.taxes.all()),
        "payments": list(order.payments.all()),
        "owed": order.total - order.paid_total,
    }


def view(request: HttpRequest, order_id: int) -> HttpResponse:
    facts = facts_of(order_id)
    title = _("Order %(number)s") % {"number": facts.order.number}
    return desk.page(request, "admin/orders/order/page.html", title, **context(request, facts))
