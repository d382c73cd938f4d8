"""What a store changes of an order that is here already: the rest follows, what has left stays."""

from decimal import Decimal

import pytest

from accounting.models import Invoice
from backoffice import journey, settling
from backoffice.sync.models import Delivery
from inventory.models import StockLevel
from orders.models import Order
from shipping.models import Shipment
from tests import making, shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    making.make_product("TENT", 10)
    making.make_product("PEGS", 10)
    return shop.connected()


def lines(order: Order) -> list[tuple]:
    return [(ln.sku, ln.ordered, ln.shipped, ln.allocated, ln.backordered) for ln in order.lines.all()]


def shipped(order: Order, *, tents: int) -> None:
    line = order.lines.get(sku="TENT")
    parcel = journey.pack([order.pk], quantities={line.pk: tents})[0]
    journey.ship([parcel.pk])


def test_an_edit_before_anything_left_is_applied(store) -> None:
    """Case C7: fewer, one more line, one line gone."""
    shop.deliver(store, shop.order(1, [("TENT", 4, "100.00"), ("PEGS", 2, "5.00")], status="pending"))
    body = shop.order(1, [("TENT", 3, "100.00"), ("PEGS", 0, "5.00"), ("LAMP", 1, "20.00")], minute=1)
    making.make_product("LAMP", 1)
    order = shop.deliver(store, body)
    assert lines(order) == [("TENT", 3, 0, 3, 0), ("PEGS", 0, 0, 0, 0), ("LAMP", 1, 0, 1, 0)]
    assert order.state == "to_pack"
    assert order.total == Decimal("320.00")
    said = [note.sentence for note in order.timeline.filter(what="edited")]
    assert any("ordered 4, now 3" in sentence for sentence in said)
    assert any("LAMP" in sentence for sentence in said)


def test_an_edit_after_a_part_left_applies_the_rest_and_asks_a_person(store) -> None:
    """Case C7: three tents are gone; the store says one, and no pegs."""
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00"), ("PEGS", 2, "5.00")]))
    shipped(order, tents=3)
    order = shop.deliver(store, shop.order(1, [("TENT", 1, "100.00"), ("PEGS", 0, "5.00")], minute=1))
    assert lines(order) == [("TENT", 3, 3, 0, 0), ("PEGS", 0, 0, 0, 0)]
    asked = order.holds.get(subject="TENT")
    assert "3 have been shipped" in asked.sentence
    assert asked.stops == "nothing"
    # The invoice stands as it was sent, there is no credit note over nothing, and the difference is put up.
    assert Invoice.objects.get().total == Decimal("510.00")
    assert "510.00" in order.holds.get(subject="total").sentence
    assert StockLevel.objects.get(product__sku="TENT").available == 7


def test_what_a_person_has_settled_is_not_asked_again_at_the_next_update(store, django_user_model) -> None:
    cleo = django_user_model.objects.create(username="cleo")
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    shipped(order, tents=3)
    order = shop.deliver(store, shop.order(1, [("TENT", 1, "100.00")], minute=1))
    open_now = list(order.holds.values_list("pk", flat=True))
    settling.release_hold(open_now, why="they keep them", by=cleo, who="Cléo")
    shop.deliver(store, shop.order(1, [("TENT", 1, "100.00")], minute=2, customer_note="Thanks"))
    assert not order.holds.filter(released_at=None).exists()


def test_a_cancellation_after_a_part_left_frees_the_rest_and_asks_for_the_return(store) -> None:
    """Case C23."""
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    shipped(order, tents=2)
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")], status="cancelled", minute=1, paid=True))
    assert lines(order) == [("TENT", 5, 2, 0, 0)]
    assert "2 units had been shipped" in order.holds.get(subject="cancelled").sentence
    assert StockLevel.objects.get(product__sku="TENT").available == 8
    assert Order.objects.count() == 1
    # The store is not told of what it did itself.
    wishes = Delivery.objects.filter(topic=journey.FULFILMENT, wanted_version__gt=1)
    assert not wishes.exists()


def test_what_lies_packed_is_taken_apart_when_the_store_takes_it_back(store) -> None:
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    parcel = journey.pack([order.pk])[0]
    order = shop.deliver(store, shop.order(1, [("TENT", 2, "100.00")], minute=1))
    parcel.refresh_from_db()
    assert parcel.state == Shipment.State.UNPACKED
    journey.ship([journey.pack([order.pk])[0].pk])
    order.refresh_from_db()
    assert order.state == "shipped"
    assert StockLevel.objects.get(product__sku="TENT").on_hand == 8


def test_an_order_that_is_not_paid_any_more_makes_room(store) -> None:
    """Rule S3."""
    order = shop.deliver(store, shop.order(1, [("TENT", 8, "100.00")]))
    waiting = shop.deliver(store, shop.order(2, [("TENT", 8, "100.00")], email="bea@example.ca"))
    assert waiting.state == "partly_to_pack"
    order = shop.deliver(store, shop.order(1, [("TENT", 8, "100.00")], status="on-hold", paid=True, minute=1))
    waiting.refresh_from_db()
    assert (order.state, waiting.state) == ("unpaid", "to_pack")


def test_an_order_cancelled_here_is_not_opened_by_an_update_that_says_nothing_of_it(store) -> None:
    order = shop.deliver(store, shop.order(1))
    journey.cancel([order.pk], why="the customer rang", who="Cléo")
    order = shop.deliver(store, shop.order(1, customer_note="Please ring twice", minute=1))
    assert order.state == "cancelled"


def test_an_order_that_the_store_takes_up_again_goes_on(store) -> None:
    shop.deliver(store, shop.order(1), shop.order(1, status="cancelled", minute=1, paid=True))
    order = shop.deliver(store, shop.order(1, minute=2))
    assert order.state == "to_pack"


def test_an_order_that_the_store_completes_itself_is_asked_about_once(store, django_user_model) -> None:
    cleo = django_user_model.objects.create(username="cleo")
    order = shop.deliver(store, shop.order(1), shop.order(1, status="completed", minute=1))
    assert order.state == "held"
    settling.release_hold(list(order.holds.values_list("pk", flat=True)), why="it is here", by=cleo, who="Cléo")
    order = shop.deliver(store, shop.order(1, status="completed", minute=2, customer_note="Hello"))
    assert order.state == "to_pack"


def test_a_parcel_of_an_order_that_is_held_does_not_leave(store) -> None:
    order = shop.deliver(store, shop.order(1))
    parcel = journey.pack([order.pk])[0]
    shop.deliver(store, shop.order(1, status="completed", minute=1))
    with pytest.raises(ValueError, match="held"):
        journey.ship([parcel.pk])


def test_stock_that_an_edit_frees_goes_to_who_waited_before_the_newcomer(store) -> None:
    """Rule S3, though both come in one batch."""
    from backoffice import inward

    shop.deliver(store, shop.order(1, [("TENT", 10, "100.00")]))
    waiting = shop.deliver(store, shop.order(2, [("TENT", 4, "100.00")], email="bea@example.ca"))
    shop.ring(
        store, shop.order(3, [("TENT", 4, "100.00")], email="cy@example.ca", placed=making.PLACED.replace(day=28))
    )
    shop.ring(store, shop.order(1, [("TENT", 6, "100.00")], minute=1))
    inward.work_on_arrivals()
    waiting.refresh_from_db()
    assert waiting.state == "to_pack"
    assert Order.objects.get(external_id="3").state == "backorder"


def test_a_refund_before_shipping_cancels_its_units_and_its_tax_is_owed_no_longer(store) -> None:
    from accounting.models import EntryLine

    body = shop.order(1, [("TENT", 2, "100.00")], taxes=[("HST", "14", "28.00")])
    shop.deliver(store, body)
    made = shop.refund(77, body, [("TENT", 1, "100.00")], tax="14.00")
    shop.refunded(store, shop.with_refund(body, made, minute=5), made)
    order = Order.objects.get()
    assert (order.refunded_total, order.lines.get().cancelled) == (Decimal("114.00"), 1)
    tax = EntryLine.objects.filter(account__name__icontains="HST", entry__kind="refund")
    assert sum(line.amount for line in tax) == Decimal("14.00")


def test_a_deleted_order_is_cancelled_and_the_store_is_not_told(store) -> None:
    from backoffice import inward
    from orders.stores.base import Gone

    order = shop.deliver(store, shop.order(1))
    journey.take_in_gone(store, [Gone("order", "1"), Gone("order", "404")])
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert not Delivery.objects.filter(topic=journey.FULFILMENT).exists()
    assert inward.work_on_arrivals().total() == 0
