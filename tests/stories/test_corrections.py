"""What a store takes back, corrects or explains later: nothing is lost, nothing is counted twice, holds say what is true."""

import json
from typing import Any

import pytest

from accounting import invoice_mail
from accounting.models import Invoice
from backoffice import inward, journey, search
from backoffice.sync import arrivals
from backoffice.sync.models import Arrival, Connection
from orders.models import Customer, Order
from orders.stores.base import Gone
from shipping.models import Shipment
from tests import making, shop

pytestmark = pytest.mark.django_db
TORONTO = {**shop.ANN, "address_1": "9 King Street", "city": "Toronto", "state": "ON", "postcode": "M5V 2T6"}


@pytest.fixture
def store() -> Connection:
    making.make_product("TENT", 10)
    making.make_product("PEGS", 10)
    return shop.connected()


def sentences(order: Order) -> str:
    return "\n".join(order.timeline.values_list("sentence", flat=True))


def open_holds(order: Order) -> list[str]:
    return list(order.holds.filter(released_at=None).values_list("sentence", flat=True))


def ship_some(order: Order, units: int) -> Shipment:
    line = order.lines.get(sku="TENT")
    return journey.ship([journey.pack([order.pk], quantities={line.pk: units})[0].pk])[0]


# --- the bin ---------------------------------------------------------------------------------------------------------------
def test_an_order_taken_out_of_the_stores_bin_goes_on(store: Connection) -> None:
    shop.deliver(store, shop.order(1))
    said = json.dumps({"id": 1}).encode()
    inward.webhook(store, shop.headers(said, "order.deleted"), said)
    inward.work_on_arrivals()
    assert Order.objects.get().state == "cancelled"
    order = shop.deliver(store, shop.order(1, minute=5))
    assert (order.state, order.cancelled_at) == ("to_pack", None)
    assert "took the order up again" in sentences(order)


def test_what_was_cancelled_here_is_not_opened_because_the_store_took_it_out_of_its_bin(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1))
    journey.cancel([order.pk], why="the customer rang", who="Cléo")
    journey.take_in_gone(store, [Gone("order", "1")])
    order = shop.deliver(store, shop.order(1, minute=5))
    assert order.state == "cancelled"


# --- addresses -------------------------------------------------------------------------------------------------------------
def test_an_address_corrected_after_a_part_left_is_where_the_rest_goes(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    left = ship_some(order, 2)
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")], address=TORONTO, minute=1))
    assert order.shipping_address.city == "Toronto"
    assert "Address changed for what is still to be shipped" in sentences(order)
    left.refresh_from_db()
    assert left.state == Shipment.State.SHIPPED


def test_where_all_has_left_the_address_says_where_it_went(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1))
    ship_some(order, 1)
    order = shop.deliver(store, shop.order(1, address=TORONTO, minute=1))
    assert order.shipping_address.city == "Halifax"


def test_what_lies_packed_for_the_former_address_is_packed_and_labelled_anew(store: Connection) -> None:
    """Case C34d."""
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    parcel = journey.pack([order.pk])[0]
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")], address=TORONTO, minute=1))
    parcel.refresh_from_db()
    assert (parcel.state, order.state) == (Shipment.State.UNPACKED, "to_pack")
    assert "pack and label it anew" in sentences(order)


def test_a_parcel_stays_packed_where_only_the_bill_goes_elsewhere(store: Connection) -> None:
    body = shop.order(1)
    order = shop.deliver(store, body)
    parcel = journey.pack([order.pk])[0]
    changed = {**shop.order(1, minute=1), "billing": {**TORONTO, "email": "ann@example.ca"}}
    order = shop.deliver(store, changed)
    parcel.refresh_from_db()
    assert parcel.state == Shipment.State.PACKED
    assert (order.billing_address.city, order.shipping_address.city) == ("Toronto", "Halifax")
    assert "Billing address changed" in sentences(order)


# --- doubts ----------------------------------------------------------------------------------------------------------------
def test_a_doubt_that_the_store_settles_lifts_by_itself(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1, status="awaiting-pickup", paid=True))
    assert order.state == "held"
    order = shop.deliver(store, shop.order(1, minute=1))
    assert (order.state, open_holds(order)) == ("to_pack", [])


@pytest.mark.parametrize(("meaning", "state"), [("processing", "to_pack"), ("completed", "held")])
def test_a_state_explained_in_the_options_lifts_its_doubt_when_the_order_is_taken_in_again(
    store: Connection, meaning: str, state: str
) -> None:
    order = shop.deliver(store, shop.order(1, status="awaiting-pickup", paid=True))
    store.options = {"states": {"awaiting-pickup": meaning}}
    store.save()
    arrivals.again(list(Arrival.objects.values_list("pk", flat=True)))
    inward.work_on_arrivals()
    order.refresh_from_db()
    assert order.state == state
    assert not order.holds.filter(code="doubt", released_at=None).exists()
    # What the store says it has sent itself is not sent a second time unasked.
    assert order.holds.filter(code="store_shipped", released_at=None).exists() == (meaning == "completed")


# --- quantities ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("said", "sent"), [(4, 3), (3, 3), (2, 2), (0, 0)])
def test_a_cancellation_here_and_the_same_correction_in_the_store_count_once(
    store: Connection, said: int, sent: int
) -> None:
    """Of five tents a clerk cancels two; then the store lowers its own quantity."""
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00"), ("PEGS", 1, "5.00")]))
    journey.cancel_lines({order.lines.get(sku="TENT").pk: 2}, why="the customer rang", who="Cléo")
    for minute in (1, 2):
        items = [("TENT", said, "100.00"), ("PEGS", 1, "5.00")]
        order = shop.deliver(store, shop.order(1, items, minute=minute, customer_note=f"{minute}"))
        line = order.lines.get(sku="TENT")
        assert (line.ordered - line.cancelled, line.allocated) == (sent, sent)


def test_units_refunded_and_a_quantity_lowered_never_send_too_many_and_a_person_is_asked(store: Connection) -> None:
    body = shop.order(1, [("TENT", 5, "100.00")])
    shop.deliver(store, body)
    made = shop.refund(77, body, [("TENT", 2, "100.00")])
    shop.refunded(store, shop.with_refund(body, made, minute=1), made)
    order = shop.deliver(store, shop.with_refund(shop.order(1, [("TENT", 3, "100.00")]), made, minute=2))
    line = order.lines.get()
    assert (line.ordered, line.cancelled, line.allocated) == (3, 2, 1)
    assert any("1 are sent" in sentence for sentence in open_holds(order))


# --- who is written to -----------------------------------------------------------------------------------------------------
def registered(number: int, email: str, language: str, **fields: Any) -> dict[str, Any]:
    return shop.order(number, email=email, customer_id=7, lang=language, **fields)


def test_each_order_of_a_registered_customer_is_mailed_where_and_how_it_was_placed(store: Connection) -> None:
    first = shop.deliver(store, registered(1, "ann@example.ca", "en"))
    second = shop.deliver(store, registered(2, "Anne@example.org", "fr"))
    assert first.customer_id == second.customer_id
    assert [(o.mail_to, o.language) for o in (first, second)] == [
        ("ann@example.ca", "en"), ("Anne@example.org", "fr"),
    ]  # fmt: skip
    papers = {i.order_id: (i.document["customer_email"], i.language) for i in Invoice.objects.all()}
    assert papers == {first.pk: ("ann@example.ca", "en"), second.pk: ("Anne@example.org", "fr")}
    customer = Customer.objects.get()
    assert (customer.email, customer.email_key) == ("Anne@example.org", "anne@example.org")
    assert [m.order_id for m in search.matches("ann@example.ca")] == [first.pk]


def test_an_address_that_is_somebody_elses_stays_theirs(store: Connection) -> None:
    shop.deliver(store, shop.order(1, email="bea@example.ca"))
    shop.deliver(store, registered(2, "ann@example.ca", "en"))
    third = shop.deliver(store, registered(3, "bea@example.ca", ""))
    assert (third.mail_to, third.language) == ("bea@example.ca", "en")
    assert third.customer.email == "ann@example.ca"


def test_an_order_without_an_address_is_mailed_to_its_customer(store: Connection) -> None:
    shop.deliver(store, registered(1, "ann@example.ca", "fr"))
    order = shop.deliver(store, registered(2, "", ""))
    assert (order.email, order.mail_to, order.language) == ("", "ann@example.ca", "fr")
    assert invoice_mail  # the letters themselves: tests/accounting/test_invoice_mail.py


# --- holds say what is true now ----------------------------------------------------------------------------------------------
def test_a_hold_says_the_newest_figures_and_its_timeline_says_when_they_changed(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1, total="90.00"))
    assert "90.00" in open_holds(order)[0]
    for minute in (1, 2):
        order = shop.deliver(store, shop.order(1, total="80.00", minute=minute, customer_note=f"{minute}"))
    (said,) = open_holds(order)
    assert "80.00" in said
    assert order.timeline.filter(what="hold").count() == 2


def test_what_could_not_be_applied_is_settled_when_the_store_takes_it_back(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")]))
    ship_some(order, 3)
    order = shop.deliver(store, shop.order(1, [("TENT", 1, "100.00")], minute=1))
    assert len(open_holds(order)) == 2
    order = shop.deliver(store, shop.order(1, [("TENT", 2, "100.00")], minute=2))
    assert any("says 2 of TENT" in said for said in open_holds(order))
    order = shop.deliver(store, shop.order(1, [("TENT", 5, "100.00")], minute=3))
    assert open_holds(order) == []


def test_a_currency_that_is_none_is_shown_whole(store: Connection) -> None:
    order = shop.deliver(store, shop.order(1, currency="POINTS"))
    assert order.state == "held"
    assert open_holds(order)[0].startswith("The currency POINTS is not known here.")
