"""Stock that is short, comes in, comes back or is lost: who gets it, and what the stores are told."""

import re
from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from backoffice import goods, inward, journey, outward, returning, settling
from backoffice.sync.models import Connection, Delivery
from inventory import ledger
from inventory.models import Listing, Movement, Product, StockLevel
from orders.models import Order
from shipping import papers
from tests import making, shop
from tests.fake_store import FakeStore
from tests.reading import Read

pytestmark = pytest.mark.django_db


def figures(sku: str = "TENT") -> tuple[int, int]:
    return StockLevel.objects.values_list("on_hand", "reserved").get(product__sku=sku)


def state(order: Order) -> str:
    order.refresh_from_db()
    return order.state


def test_all_of_the_stock_is_reserved_for_the_order_that_ships_and_it_ships() -> None:
    """Case C13."""
    store = shop.connected()
    making.make_product("TENT", 4)
    order = shop.deliver(store, shop.order(1, [("TENT", 4, "100.00")]))
    assert figures() == (4, 4)
    journey.ship([journey.pack([order.pk])[0].pk])
    assert state(order) == "shipped"
    assert figures() == (0, 0)


def test_fifteen_ordered_ten_there_five_wait_and_the_second_slip_lists_those_five() -> None:
    """Case C20."""
    store = shop.connected()
    making.make_product("TENT", 10)
    order = shop.deliver(store, shop.order(1, [("TENT", 15, "10.00")]))
    assert order.state == "partly_to_pack"
    first = journey.pack([order.pk])[0]
    journey.ship([first.pk])
    assert (state(order), order.lines.get().backordered) == ("partly_shipped", 5)
    assert Order.objects.count() == 1
    making.receive("TENT", 7)
    second = journey.pack([order.pk])[0]
    assert [line.quantity for line in second.lines.all()] == [5]
    slip = Read(papers.slips_for_shipments([second.pk])).text()
    # Ordered, in this parcel, still to come, sent before.
    assert re.search(r"TENT.*\b15\b", slip.replace("\n", " "))
    assert "10" in slip
    assert f"{order.number}-2" in slip
    journey.ship([second.pk])
    assert state(order) == "shipped"
    assert figures() == (2, 0)


def test_goods_that_come_in_go_to_who_waits_longest_in_the_same_transaction() -> None:
    """Rule S5."""
    store = shop.connected()
    making.make_product("TENT")
    oldest = shop.OPENED - timedelta(days=3)
    young = shop.deliver(store, shop.order(1, [("TENT", 2, "10.00")], email="a@example.ca"))
    old = shop.deliver(store, shop.order(2, [("TENT", 2, "10.00")], email="b@example.ca", placed=oldest))
    late = shop.deliver(store, shop.order(3, [("TENT", 2, "10.00")], email="c@example.ca"))
    Order.objects.filter(pk=late.pk).update(priority=1)
    making.receive("TENT", 3)
    # By priority, then by the time it was placed, then by number.
    assert [state(late), state(old), state(young)] == ["to_pack", "partly_to_pack", "backorder"]
    making.receive("TENT", 3)
    assert [state(late), state(old), state(young)] == ["to_pack"] * 3


def test_who_has_not_paid_gets_nothing_and_a_paid_one_that_is_held_keeps_its_turn() -> None:
    store = shop.connected()
    making.make_product("TENT")
    unpaid = shop.deliver(store, shop.order(1, status="pending"))
    held = shop.deliver(store, shop.order(2, [("TENT", 1, "100.00"), ("TIPI", 1, "1.00")], email="b@example.ca"))
    paid = shop.deliver(store, shop.order(3, email="c@example.ca"))
    making.receive("TENT", 1)
    assert [state(unpaid), state(held), state(paid)] == ["unpaid", "held", "backorder"]
    assert held.lines.get(sku="TENT").allocated == 1


def test_reserved_when_placed_until_its_time_is_over() -> None:
    store = shop.connected(reserve_when_placed_hours=48)
    making.make_product("TENT", 1)
    unpaid = shop.deliver(store, shop.order(1, status="pending", placed=timezone.now()))
    waiting = shop.deliver(store, shop.order(2, email="b@example.ca", placed=timezone.now()))
    assert [state(unpaid), unpaid.lines.get().allocated, state(waiting)] == ["unpaid", 1, "backorder"]
    assert journey.expire_reservations() == 0
    Order.objects.filter(pk=unpaid.pk).update(reserve_until=timezone.now() - timedelta(seconds=1))
    assert journey.expire_reservations() == 1
    assert [state(unpaid), state(waiting)] == ["unpaid", "to_pack"]
    assert "Not paid in time" in unpaid.timeline.order_by("-id")[0].sentence
    assert journey.expire_reservations() == 0


def test_paid_in_time_the_reservation_stays() -> None:
    store = shop.connected(reserve_when_placed_hours=48)
    making.make_product("TENT", 1)
    now = timezone.now()
    order = shop.deliver(store, shop.order(1, status="pending", placed=now), shop.order(1, placed=now, minute=1))
    Order.objects.update(reserve_until=now - timedelta(seconds=1))
    assert journey.expire_reservations() == 0
    assert state(order) == "to_pack"


def test_goods_that_come_back_are_sold_again() -> None:
    store = shop.connected()
    making.make_product("TENT", 2, "40.00")
    order = shop.deliver(store, shop.order(1, [("TENT", 2, "100.00")]))
    journey.ship([journey.pack([order.pk])[0].pk])
    waiting = shop.deliver(store, shop.order(2, email="b@example.ca"))
    line = order.lines.get()
    with pytest.raises(ValueError, match="2 were shipped"):
        returning.return_to_stock({line.pk: 3}, key="rma 1", who="Wim")
    returning.return_to_stock({line.pk: 1}, key="rma 1", who="Wim")
    assert (state(order), state(waiting)) == ("shipped", "to_pack")
    assert order.lines.get().returned == 1
    assert figures() == (1, 1)


def test_goods_that_are_not_counted_come_back_once_too() -> None:
    """The ledger has no movement of them that could tell the second press of a button from the first."""
    store = shop.connected()
    order = shop.deliver(store, shop.order(1, [("BAG", 3, "10.00")]))
    settling.release_hold([order.holds.get().pk], why="made to order", who="Wim")
    journey.ship([journey.pack([order.pk])[0].pk])
    line = order.lines.get()
    assert returning.return_to_stock({line.pk: 1}, key="rma 1", who="Wim")
    assert not returning.return_to_stock({line.pk: 1}, key="rma 1", who="Wim")
    assert order.lines.get().returned == 1
    assert order.timeline.filter(what="returned").count() == 1
    assert returning.return_to_stock({line.pk: 1}, key="rma 2", who="Wim")
    assert order.lines.get().returned == 2


def test_what_was_shipped_cannot_be_cancelled_only_returned() -> None:
    """Rule O12."""
    store = shop.connected()
    making.make_product("TENT", 2)
    order = shop.deliver(store, shop.order(1, [("TENT", 2, "100.00")]))
    journey.ship([journey.pack([order.pk], quantities={order.lines.get().pk: 1})[0].pk])
    with pytest.raises(ValueError, match="as a return"):
        journey.cancel_lines({order.lines.get().pk: 2}, why="rang", who="Cléo")
    journey.cancel_lines({order.lines.get().pk: 1}, why="rang", who="Cléo")
    assert state(order) == "shipped"


def test_stock_lost_below_what_is_promised_takes_the_latest_promises_back() -> None:
    store = shop.connected()
    making.make_product("TENT", 6)
    orders = [
        shop.deliver(store, shop.order(n, [("TENT", 2, "10.00")], placed=shop.OPENED + timedelta(hours=n)))
        for n in (1, 2, 3)
    ]
    parcel = journey.pack([orders[2].pk])[0]
    tent = Product.objects.get()
    goods.adjust([goods.Goods(tent.pk, -3)], key="count", note="water damage")
    # The last one is packed, so the one before it gives way first; then the parcel is taken apart.
    assert [state(order) for order in orders] == ["partly_to_pack", "backorder", "packed"]
    goods.adjust([goods.Goods(tent.pk, -2)], key="count 2", note="water damage")
    assert [state(order) for order in orders] == ["backorder", "backorder", "partly_to_pack"]
    parcel.refresh_from_db()
    assert parcel.state == "unpacked"
    with pytest.raises(ledger.Short, match="cannot leave"):
        goods.adjust([goods.Goods(tent.pk, -2)], key="count 3", note="water damage")
    assert figures() == (1, 1)


def test_a_movement_is_never_changed() -> None:
    from django.db import DatabaseError, transaction

    making.make_product("TENT", 6)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Movement.objects.update(quantity=7)


keys = count()


# --- what the store is told ---------------------------------------------------------------------------------------------
@pytest.fixture
def shopfront():
    with FakeStore(empty=True) as front:
        yield front


def taken_over(front: FakeStore, **fields) -> Connection:
    store = making.make_connection(front, **fields)
    inward.poll(store)
    inward.work_on_arrivals()
    return store


def set_stock(sku: str, there: int) -> Product:
    product = Product.objects.get(sku=sku)
    now = StockLevel.objects.filter(product=product).values_list("on_hand", flat=True).first() or 0
    goods.adjust([goods.Goods(product.pk, there - now)], key=f"set {next(keys)}", note="counted")
    return product


def in_the_shop(front: FakeStore, sku: str) -> dict:
    return next(item for item in [*front.products.values(), *front.variations.values()] if item["sku"] == sku)


@pytest.mark.parametrize(("buffer", "published"), [(0, 51), (5, 46)])
def test_eighty_there_and_twentynine_promised_are_told_as(shopfront, buffer: int, published: int) -> None:
    """Case C14."""
    store = taken_over(shopfront, safety_buffer=buffer)
    set_stock("SIR-250", 80)
    shopfront.place_order([("SIR-250", 29)])
    store.refresh_from_db()
    inward.poll(store)
    inward.work_on_arrivals()
    assert figures("SIR-250") == (80, 29)
    outward.deliver(connection_id=store.pk)
    assert in_the_shop(shopfront, "SIR-250")["stock_quantity"] == published
    assert in_the_shop(shopfront, "SIR-250")["stock_status"] == "instock"


def test_none_left_is_told_by_the_products_own_policy(shopfront) -> None:
    """Rule S7; never below zero."""
    store = taken_over(shopfront, safety_buffer=3)
    for policy, told in (("refuse", "outofstock"), ("allow_tell", "onbackorder")):
        product = set_stock("SIR-250", 2)
        Product.objects.filter(pk=product.pk).update(backorder_policy=policy)
        set_stock("SIR-250", 1)
        outward.deliver(connection_id=store.pk)
        assert in_the_shop(shopfront, "SIR-250")["stock_quantity"] == 0
        assert in_the_shop(shopfront, "SIR-250")["stock_status"] == told
        set_stock("SIR-250", 9)
        Delivery.objects.update(known=None)


def test_a_listing_without_a_figure_of_its_own_is_never_told_one(shopfront) -> None:
    """Case C19."""
    for item in shopfront.products.values():
        if item["sku"] == "SIR-250":
            item.update(manage_stock=False, stock_quantity=None, stock_status="instock")
    store = taken_over(shopfront)
    product = Product.objects.get(sku="SIR-250")
    assert not Movement.objects.filter(product=product).exists()
    making.receive("SIR-250", 3)
    outward.deliver(connection_id=store.pk)
    assert in_the_shop(shopfront, "SIR-250")["stock_quantity"] is None
    assert not Listing.objects.get(product=product).manages_stock
    # And a figure changed by hand there is noted, never booked over ours.
    other = next(
        p for p in shopfront.products.values() if p["manage_stock"] is True and p["sku"] and p["type"] == "simple"
    )
    before = StockLevel.objects.filter(product__sku=other["sku"]).values_list("on_hand", flat=True).first()
    other.update(stock_quantity=777, date_modified_gmt="2030-01-01T00:00:00")
    store.refresh_from_db()
    inward.poll(store)
    inward.work_on_arrivals()
    assert StockLevel.objects.filter(product__sku=other["sku"]).values_list("on_hand", flat=True).first() == before
    assert Listing.objects.get(external_id=str(other["id"])).seen_quantity == 777


def test_what_we_told_the_store_comes_back_and_nothing_is_doubled_or_told_again(shopfront) -> None:
    """Case C6."""
    store = taken_over(shopfront)
    set_stock("SIR-250", 5)
    number = shopfront.place_order([("SIR-250", 2)])

    def in_step() -> None:
        store.refresh_from_db()
        inward.poll(store)
        inward.work_on_arrivals()
        outward.deliver(connection_id=store.pk)

    in_step()
    order = Order.objects.get()
    parcel = journey.pack([order.pk])[0]
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Canada Post", "7023210039414604")})
    in_step()
    assert shopfront.orders[number]["status"] == "completed"
    notes = len(shopfront.notes[number])
    # The store now shows our own words as a change of the order: by poll, and as a webhook.
    in_step()
    shop.ring(store, shopfront.orders[number])
    in_step()
    written = [asked for asked in shopfront.requests if asked.method != "GET"]
    in_step()
    assert [asked for asked in shopfront.requests if asked.method != "GET"] == written
    assert len(shopfront.notes[number]) == notes == 1
    assert (state(order), order.external_state) == ("shipped", "completed")
    assert Order.objects.count() == 1
    assert not order.holds.exists()
    assert figures("SIR-250") == (3, 0)
