"""The way of one order, from the webhook's bytes to the parcel at the door."""

from decimal import Decimal

import pytest

from accounting.models import Entry, Invoice
from backoffice import inward, journey
from backoffice.sync.models import Arrival, Delivery
from inventory.models import StockLevel
from orders.models import Order
from tests import making, shop

pytestmark = pytest.mark.django_db


def test_an_order_from_the_webhook_to_the_parcel() -> None:
    store = shop.connected()
    making.make_product("TENT", 10, "40.00")
    making.make_product("PEGS", 1, "2.00")
    body = shop.order(
        501, [("TENT", 2, "100.00"), ("PEGS", 3, "5.00")], shipping="12.00", taxes=[("HST", "14", "31.78")]
    )

    # The door keeps what came and does nothing else.
    assert shop.ring(store, body, "order.created")
    assert not Order.objects.exists()
    inward.work_on_arrivals()

    order = Order.objects.get()
    assert order.total == Decimal("258.78")
    assert order.state == Order.State.PARTLY_TO_PACK
    assert [(ln.sku, ln.allocated, ln.backordered) for ln in order.lines.all()] == [("TENT", 2, 0), ("PEGS", 1, 2)]
    assert Arrival.objects.get().state == Arrival.State.DONE

    # Paid, so there is an invoice, and its PDF and its mail are wished for.
    invoice = Invoice.objects.get()
    assert (invoice.label, invoice.total) == ("INV-000001", Decimal("258.78"))
    wishes = dict(Delivery.objects.filter(object_id=invoice.pk).values_list("topic", "state"))
    assert wishes == {journey.INVOICE_PDF: "waiting", journey.INVOICE_MAIL: "waiting"}

    # What is there is packed and leaves; the rest waits.
    parcel = journey.pack([order.pk], who="Wim")[0]
    assert _state(order) == Order.State.PACKED
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Canada Post", "7023 2100 3941 4604")}, who="Wim")
    assert _state(order) == Order.State.PARTLY_SHIPPED
    assert Entry.objects.get(kind=Entry.Kind.COGS).lines.filter(amount=Decimal("82.00")).exists()
    assert _told(order) == {journey.FULFILMENT, journey.SHIPMENT_MAIL}

    # Pegs come in and go to the order that waits, at once.
    making.receive("PEGS", 5)
    assert _state(order) == Order.State.TO_PACK
    second = journey.pack([order.pk], who="Wim")[0]
    assert second.number == f"{order.number}-2"
    assert [(line.line.sku, line.quantity) for line in second.lines.all()] == [("PEGS", 2)]
    journey.ship([second.pk], who="Wim")
    assert _state(order) == Order.State.SHIPPED
    stock = dict(StockLevel.objects.values_list("product__sku", "on_hand"))
    assert stock == {"TENT": 8, "PEGS": 3}
    assert [note.what for note in order.timeline.all()] == [
        "taken_in", "payment", "invoiced", "packed", "tracking", "shipped", "allocated", "packed", "shipped",
    ]  # fmt: skip


def _state(order: Order) -> str:
    order.refresh_from_db()
    return order.state


def _told(order: Order) -> set[str]:
    parcels = list(order.shipments.values_list("pk", flat=True))
    wishes = Delivery.objects.filter(state=Delivery.State.WAITING)
    mails = wishes.filter(topic=journey.SHIPMENT_MAIL, object_id__in=parcels)
    stores = wishes.filter(topic=journey.FULFILMENT, object_id=order.pk)
    return set(mails.values_list("topic", flat=True)) | set(stores.values_list("topic", flat=True))
