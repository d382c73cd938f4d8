"""How orders come in: in any order, twice, late, with what nobody knows yet, and with things that cannot be read."""

from decimal import Decimal

import pytest

from accounting.models import Invoice
from backoffice import inward, journey, settling
from backoffice.sync.models import Arrival
from orders.models import Customer, Hold, Order
from tests import making, shop

pytestmark = pytest.mark.django_db


def test_paid_that_arrives_before_created_stays_paid() -> None:
    """Case C2."""
    store = shop.connected()
    making.make_product("TENT", 5)
    paid = shop.order(1, status="processing", minute=2)
    created = shop.order(1, status="pending", minute=0)
    order = shop.deliver(store, paid, created)
    assert (order.state, order.external_state) == ("to_pack", "processing")
    assert [a.state for a in store.arrivals.order_by("id")] == [Arrival.State.DONE, Arrival.State.OLD]


def test_an_old_update_after_a_newer_one_is_kept_and_not_applied() -> None:
    """Case C2, rule O3."""
    store = shop.connected()
    making.make_product("TENT", 9)
    newest = shop.order(1, [("TENT", 4, "100.00")], minute=9)
    older = shop.order(1, [("TENT", 2, "100.00")], minute=5)
    order = shop.deliver(store, shop.order(1), newest, older)
    assert order.lines.get().ordered == 4
    assert "Kept, not applied" in store.arrivals.order_by("-id")[0].sentence


def test_paid_in_the_very_second_of_its_creation_is_paid() -> None:
    """Stores stamp by the second; a quick gateway pays within one."""
    store = shop.connected()
    making.make_product("TENT", 5)
    created, paid = shop.order(1, status="pending"), shop.order(1, status="processing")
    assert shop.deliver(store, created, paid).state == "to_pack"
    # And the other way round, as two deliveries may overtake each other.
    assert shop.deliver(store, {**paid, "id": 2}, {**created, "id": 2}).state == "to_pack"


def test_in_one_batch_the_newest_version_wins() -> None:
    store = shop.connected()
    making.make_product("TENT", 5)
    for body in (shop.order(1, minute=3), shop.order(1, status="pending", minute=1), shop.order(1, status="pending")):
        shop.ring(store, body)
    inward.work_on_arrivals()
    assert Order.objects.get().state == "to_pack"


def test_only_the_order_with_the_unknown_sku_waits_and_goes_on_once_it_is_named() -> None:
    """Case C5."""
    store = shop.connected()
    tent = making.make_product("TENT", 5)
    shop.ring(store, shop.order(1, [("TENT", 1, "100.00"), ("TIPI", 1, "80.00")]))
    shop.ring(store, shop.order(2, email="bea@example.ca"))
    inward.work_on_arrivals()
    held, other = Order.objects.order_by("external_id")
    assert (held.state, other.state) == ("held", "to_pack")
    assert "TIPI" in held.holds.get().sentence
    # It is paid, so neither its invoice nor its place in the queue waits; its parcel does.
    assert Invoice.objects.count() == 2
    assert [line.allocated for line in held.lines.all()] == [1, 0]

    assert settling.map_sku(store, "TIPI", tent, who="Cléo") == 1
    held.refresh_from_db()
    assert held.state == "to_pack"
    assert [line.allocated for line in held.lines.all()] == [1, 1]


def test_of_two_unknown_skus_naming_one_is_not_enough() -> None:
    store = shop.connected()
    tent = making.make_product("TENT", 5)
    order = shop.deliver(store, shop.order(1, [("TIPI", 1, "80.00"), ("YURT", 1, "90.00")]))
    settling.map_sku(store, "TIPI", tent, who="Cléo")
    order.refresh_from_db()
    assert order.state == "held"
    settling.map_sku(store, "YURT", tent, who="Cléo")
    order.refresh_from_db()
    assert order.state == "to_pack"


def test_a_tax_that_the_store_renames_holds_its_order_no_longer() -> None:
    """Rule O4: when the cause is mended, by whomever, the order goes on by itself."""
    store = shop.connected()
    making.make_product("TENT", 5)
    order = shop.deliver(store, shop.order(1, taxes=[("Taxe", "14", "14.00")]))
    assert (order.state, Invoice.objects.count()) == ("held", 0)
    order = shop.deliver(store, shop.order(1, taxes=[("HST", "14", "14.00")], minute=1))
    assert (order.state, Invoice.objects.count()) == ("to_pack", 1)


def test_totals_that_do_not_add_up_are_held_with_both_figures_until_the_store_mends_them() -> None:
    store = shop.connected()
    making.make_product("TENT", 5)
    order = shop.deliver(store, shop.order(1, total="101.00"))
    sentence = order.holds.get(code="totals").sentence
    assert "101.00" in sentence
    assert "100.00" in sentence
    assert not Invoice.objects.exists()
    order = shop.deliver(store, shop.order(1, minute=1))
    assert order.state == "to_pack"
    assert Invoice.objects.get().total == Decimal("100.00")


def test_gst_and_qst_on_140_make_160_97() -> None:
    """Case C24."""
    store = shop.connected()
    making.make_product("TENT", 5)
    body = shop.order(1, [("TENT", 1, "140.00")], taxes=[("TPS", "5", "7.00"), ("TVQ", "9.975", "13.97")])
    order = shop.deliver(store, body)
    assert order.total == Decimal("160.97")
    assert [(tax.code, tax.amount) for tax in order.taxes.all()] == [
        ("GST", Decimal("7.00")), ("QST", Decimal("13.97")),
    ]  # fmt: skip
    document = Invoice.objects.get().document
    assert Decimal(str(document["total"])) == Decimal("160.97")


def test_a_discount_is_taken_off_before_the_tax() -> None:
    """Case C26: 100.00 − 20.00 at 10 % is 88.00."""
    store = shop.connected()
    making.make_product("TENT", 5)
    body = shop.order(1, discounts=["20.00"], taxes=[("GST", "10", "8.00")])
    order = shop.deliver(store, body)
    assert (order.total, order.items_total, order.discount_total) == (
        Decimal("88.00"), Decimal("100.00"), Decimal("20.00"),
    )  # fmt: skip
    assert order.state == "to_pack"


def test_a_discount_written_as_a_negative_fee_stays_one_and_a_gift_card_pays() -> None:
    """Case C26."""
    store = shop.connected()
    making.make_product("TENT", 5)
    rebate = shop.deliver(store, shop.order(1, fees=[("Loyalty", "-20.00")]))
    assert (rebate.total, rebate.fee_total, rebate.discount_total) == (Decimal("80.00"), Decimal("-20.00"), 0)
    card = {"gift_cards": [{"id": 5, "code": "ABCD-EFGH", "amount": "30.00"}], "total": "70.00"}
    paid = shop.deliver(store, shop.order(2, **card))
    assert (paid.total, paid.discount_total, paid.paid_total) == (Decimal("100.00"), 0, Decimal("100.00"))
    assert sorted(payment.amount for payment in paid.payments.all()) == [Decimal("30.00"), Decimal("70.00")]


def test_two_spellings_of_a_guests_mail_are_one_customer_with_two_addresses() -> None:
    """Case C9."""
    store = shop.connected()
    making.make_product("TENT", 5)
    elsewhere = {**shop.ANN, "address_1": "9 Quai du Port"}
    shop.deliver(store, shop.order(1, status="failed", email="Ann@x.ca"))
    shop.deliver(store, shop.order(2, email=" ann@x.ca", address=elsewhere))
    customer = Customer.objects.get()
    assert customer.orders.count() == 2
    assert {address.line1 for address in customer.addresses.all()} == {"12 Elm Street", "9 Quai du Port"}


def test_a_guest_without_mail_stays_one_customer_however_often_the_order_changes() -> None:
    store = shop.connected()
    making.make_product("TENT", 5)
    shop.deliver(store, *[shop.order(1, email="", minute=minute) for minute in range(4)])
    assert Customer.objects.count() == 1
    shop.deliver(store, shop.order(2, email=""))
    assert Customer.objects.count() == 2


def test_a_mail_address_corrected_in_the_store_is_the_one_that_is_written_to() -> None:
    store = shop.connected()
    making.make_product("TENT", 5)
    shop.deliver(store, shop.order(1, email="ann@exmaple.ca"))
    order = shop.deliver(store, shop.order(1, email="ann@example.ca", minute=1))
    assert order.customer.email == "ann@example.ca"


def test_an_arrival_that_nobody_can_work_on_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule O4: whatever is wrong with one, the others go on."""
    store = shop.connected()
    making.make_product("TENT", 5)
    taken_in = journey.take_in

    def stumbles(connection, records):
        if any(record.external_id == "2" for record in records):
            raise LookupError("nobody thought of this")
        return taken_in(connection, records)

    monkeypatch.setattr(journey, "take_in", stumbles)
    for number in (1, 2, 3):
        shop.ring(store, shop.order(number, email=f"b{number}@example.ca"))
    inward.work_on_arrivals()
    states = dict(store.arrivals.values_list("external_id", "state"))
    assert states == {"1": "done", "2": "failed", "3": "done"}
    assert "help" in store.arrivals.get(external_id="2").sentence


def test_figures_that_no_column_holds_make_a_held_order_and_stop_no_other() -> None:
    store = shop.connected()
    making.make_product("TENT", 5)
    shop.ring(store, shop.order(1, [("TENT", 3_000_000_000, "100.00")]))
    shop.ring(store, shop.order(2, email="bea@example.ca"))
    shop.ring(store, shop.order(3, email="cy@example.ca", customer_note="a\x00b"))
    inward.work_on_arrivals()
    assert Order.objects.get(external_id="1").state == "held"
    assert Order.objects.get(external_id="2").state == "to_pack"
    assert store.arrivals.get(external_id="3").state == Arrival.State.DONE


def test_an_order_from_before_the_connection_went_live_moves_nothing() -> None:
    store = shop.connected(live_from=making.PLACED)
    making.make_product("TENT", 5)
    order = shop.deliver(store, shop.order(1, placed=making.PLACED.replace(year=2025)))
    assert order.state == "history"
    assert not Invoice.objects.exists()
    assert not Hold.objects.exists()
