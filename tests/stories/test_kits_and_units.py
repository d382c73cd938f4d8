"""Kits, kits of kits and selling units, from the store's order to the parcel and back (rule: S6; cases: C15, C16)."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from backoffice import goods, journey, outward, returning, settling
from inventory import kits
from inventory import ledger as stock
from inventory.availability import Sold, available, published, sellable
from inventory.models import Listing, Location, Movement, OrderListLine, Product, SellingUnit, ServedStore, StockLevel
from orders import backorder_list, backorders, publishing
from orders.availability import answers
from orders.models import Hold, Order, OrderLine
from orders.publishing import stock_wishes
from shipping import papers
from shipping.models import ShipmentLine
from tests.fake_store import FakeStore
from tests.making import make_connection, make_merchant, make_order, make_product, receive
from tests.proving import assert_proven
from tests.reading import Read

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def make_kit(sku: str, **components: int) -> Product:
    kit = make_product(sku, stocked=False)
    kits.set_components(kit, {Product.objects.get(sku=name).pk: units for name, units in components.items()})
    return kit


def line_of(order: Order) -> OrderLine:
    return order.lines.get()


def figures(line: OrderLine) -> tuple[int, int, int, int]:
    line.refresh_from_db()
    return line.ordered, line.allocated, line.shipped, line.backordered


def levels() -> dict[str, tuple[int, int]]:
    return {
        sku: (on_hand, reserved)
        for sku, on_hand, reserved in StockLevel.objects.values_list("product__sku", "on_hand", "reserved")
    }


# --- more than can be counted ---------------------------------------------------------------------------------------------
def test_two_million_boxes_of_a_thousand_are_held_and_stop_nobody_even_when_released() -> None:
    egg = make_product("EGG", 24)
    make_product("TENT", 5)
    SellingUnit.objects.create(product=egg, name="box of 1,000", quantity=1000, sku="BOX")
    order = make_order([("BOX", 2_200_000, "0.01")])
    held = Hold.objects.get(order=order)
    assert (order.state, held.stops) == ("held", "everything")
    assert held.sentence.startswith("2,200,000 of BOX, each of 1,000 pieces, are 2,200,000,000 pieces: more than")
    assert make_order([("EGG", 1, "1.00")]).state == "to_pack"

    settling.release_hold([held.pk], why="so be it", who="Cléo")

    receive("EGG", 2_000)
    assert (line_of(order).allocated, backorders.waiting([egg.pk])) == (2, {egg.pk: 2_199_998_000})
    assert [row.units for row in backorder_list.products(backorder_list.Asked()).rows] == [2_199_998_000]
    assert [said.state for said in answers(["TENT", "EGG"], seller=make_merchant())] == ["in_stock", "in_stock"]
    call_command("reorder", stdout=StringIO())
    assert OrderListLine.objects.get().quantity > 2**31
    assert_proven()


def test_a_kit_of_more_pieces_than_can_be_counted_is_refused_with_a_sentence() -> None:
    lamp = make_product("LAMP", 5)
    inner = make_kit("INNER", LAMP=1_000_000)
    outer = make_kit("OUTER", INNER=1)
    assert sellable([Sold(outer.pk, 5_000)]) == {Sold(outer.pk, 5_000): 0}

    with pytest.raises(ValueError, match="One OUTER would hold 1,000,000,000,000 of LAMP"):
        kits.set_components(outer, {inner.pk: 1_000_000})
    with pytest.raises(ValueError, match="at most 1,000,000"):
        kits.set_components(inner, {lamp.pk: 2_000_000_000})

    # A pallet of such kits is no figure at all: the order waits for a person, it is not lost.
    SellingUnit.objects.create(product=outer, name="pallet", quantity=5_000, sku="PALLET")
    assert "PALLET" in Hold.objects.get(order=make_order([("PALLET", 1, "1.00")])).sentence


# --- what a kit is ----------------------------------------------------------------------------------------------------------
def test_a_kit_of_kits_comes_to_the_goods_in_it() -> None:
    for sku in ("TENT", "PEG", "LAMP"):
        make_product(sku)
    make_kit("PEGS", PEG=10)
    camp = make_kit("CAMP", TENT=1, PEGS=2, LAMP=2)

    assert {Product.objects.get(pk=pk).sku: units for pk, units in kits.contents([camp.pk])[camp.pk].items()} == {
        "TENT": 1,
        "PEG": 20,
        "LAMP": 2,
    }
    # The inner kit changes: the outer one follows.
    kits.set_components(Product.objects.get(sku="PEGS"), {Product.objects.get(sku="PEG").pk: 12})
    assert kits.contents([camp.pk])[camp.pk][Product.objects.get(sku="PEG").pk] == 24


def test_a_kit_is_never_in_itself() -> None:
    make_product("PEG")
    inner = make_kit("PEGS", PEG=10)
    make_kit("CAMP", PEGS=1)

    with pytest.raises(ValueError, match="PEGS would be in itself"):
        kits.set_components(inner, {Product.objects.get(sku="CAMP").pk: 1})

    assert list(kits.contents([inner.pk])[inner.pk].values()) == [10]


def test_what_lies_on_a_shelf_is_not_made_a_kit() -> None:
    lamp = make_product("LAMP", 1)
    peg = make_product("PEG")

    with pytest.raises(ValueError, match="There is stock of LAMP itself"):
        kits.set_components(lamp, {peg.pk: 2})

    lamp.refresh_from_db()
    assert (lamp.is_kit, lamp.stocked) == (False, True)


def test_a_kit_of_services_only_is_refused() -> None:
    hour = make_product("HOUR", stocked=False)
    kit = make_product("DAY", stocked=False)

    with pytest.raises(ValueError, match="at least one component"):
        kits.set_components(kit, {hour.pk: 8})


# --- figures ----------------------------------------------------------------------------------------------------------------
def test_fifty_two_boxes_of_a_thousand_are_published_of_52900_pieces() -> None:
    """Case C15."""
    screw = make_product("SCREW", 52_900, "0.01", price=Decimal("0.03"))
    box = SellingUnit.objects.create(product=screw, name="box of 1,000", quantity=1000, price=Decimal("25.00"))

    sold = Sold(screw.pk, box.quantity)
    assert sellable([sold]) == {sold: 52}
    assert sellable([sold], safety_buffer=900) == {sold: 52}
    assert sellable([sold], safety_buffer=901) == {sold: 51}


def test_a_kit_is_worth_the_least_of_its_parts_and_never_published_below_zero() -> None:
    """Case C16: A has 8 on hand and 14 promised, B 4,258 and 168: usable −3, published 0, not 33."""
    make_product("A", 8)
    make_product("B", 4_258)
    kit = make_kit("KIT", A=2, B=2)
    make_order([("A", 14, "1.00")])
    make_order([("B", 168, "1.00")])

    assert backorders.usable([kit.pk]) == {kit.pk: -3}
    assert available([kit.pk]) == {kit.pk: 0}
    assert published(available([kit.pk])[kit.pk], kit.backorder_policy) == (0, "backorder")


def test_a_box_is_told_to_its_store_at_the_price_of_a_box() -> None:
    """Case C15, all the way: the store hears 52 boxes at 25.00; one that keeps its own prices hears 52."""
    screw = make_product("SCREW", 52_900, "0.01", price=Decimal("0.03"))
    box = SellingUnit.objects.create(product=screw, name="box of 1,000", quantity=1000, price=Decimal("25.00"))
    thousand = SellingUnit.objects.create(product=screw, name="bag of 100", quantity=100)
    with FakeStore() as server:
        store = make_connection(server, publishes_prices=True)
        Listing.objects.create(connection=store, external_id="10", product=screw, selling_unit=box)
        Listing.objects.create(connection=store, external_id="11", product=screw, selling_unit=thousand)
        publishing.stock_changed([screw.pk])
        outward.deliver()
        sent = {row["id"]: row for request in server.requests for row in request.body["update"]}
        assert (sent[10]["stock_quantity"], sent[10]["regular_price"]) == (52, "25.00")
        assert (sent[11]["stock_quantity"], sent[11]["regular_price"]) == (529, "3.00")
        # Another price is news though no unit moved; the same again is none.
        server.requests.clear()
        SellingUnit.objects.filter(pk=box.pk).update(price=Decimal("26.00"))
        publishing.stock_changed([screw.pk])
        outward.deliver()
        assert [row["id"] for request in server.requests for row in request.body["update"]] == [10]
        store.publishes_prices = False
        store.save(update_fields=["publishes_prices"])
        server.requests.clear()
        goods.adjust([goods.Goods(screw.pk, -1000)], key="spilt", note="spilt")
        outward.deliver()
        sent = {row["id"]: row for request in server.requests for row in request.body["update"]}
        assert sent[10] == {"id": 10, "stock_quantity": 51, "stock_status": "instock", "backorders": "notify"}


def test_stock_of_a_part_is_news_for_the_listing_of_the_kit() -> None:
    lamp = make_product("LAMP", 5)
    kit = make_kit("KIT", LAMP=2)
    store = make_connection()
    listing = Listing.objects.create(connection=store, external_id="77", product=kit)

    assert stock_wishes([lamp.pk]) == [(store.pk, "stock", listing.pk)]


# --- sold, shipped in part, returned in part ----------------------------------------------------------------------------------
def test_three_kits_are_sold_two_go_out_one_waits_and_one_lamp_comes_back() -> None:
    make_product("LAMP", 5)
    make_product("ROPE", 9)
    make_kit("KIT", LAMP=2, ROPE=1)
    order = make_order([("KIT", 3, "50.00")])
    line = line_of(order)

    # Two lamps each: five make two kits, and the fifth stays free for others.
    assert figures(line) == (3, 2, 0, 1)
    assert levels() == {"LAMP": (5, 4), "ROPE": (9, 2)}
    single = make_order([("LAMP", 1, "10.00")])
    assert figures(line_of(single)) == (1, 1, 0, 0)

    (parcel,) = journey.pack([order.pk])
    assert {(item.level.product.sku, item.quantity) for item in ShipmentLine.objects.filter(shipment=parcel)} == {
        ("LAMP", 4),
        ("ROPE", 2),
    }
    journey.ship([parcel.pk])
    assert figures(line) == (3, 0, 2, 1)
    assert levels() == {"LAMP": (1, 1), "ROPE": (7, 0)}

    lamp = Product.objects.get(sku="LAMP")
    returning.return_to_stock({}, parts={returning.Part(line.pk, lamp.pk): 1}, key="one lamp", who="Wim")
    line.refresh_from_db()
    assert line.returned == 0
    with pytest.raises(ValueError, match="4 of LAMP, a part of KIT, cannot come back: 4 were shipped, 1 of them"):
        returning.return_to_stock({}, parts={returning.Part(line.pk, lamp.pk): 4}, key="too many", who="Wim")
    # The other lamp and the rope of that kit follow: now one whole kit is back.
    rope = Product.objects.get(sku="ROPE")
    parts = {returning.Part(line.pk, lamp.pk): 1, returning.Part(line.pk, rope.pk): 1}
    returning.return_to_stock({}, parts=parts, key="the rest", who="Wim")
    line.refresh_from_db()
    assert line.returned == 1
    # Two lamps and a rope came back, and the kit that waited had them at once.
    assert figures(line) == (3, 1, 2, 0)


def test_a_whole_kit_comes_back_with_all_its_parts_once() -> None:
    make_product("LAMP", 2)
    make_product("ROPE", 1)
    make_kit("KIT", LAMP=2, ROPE=1)
    order = make_order([("KIT", 1, "50.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    line = line_of(order)

    assert returning.return_to_stock({line.pk: 1}, key="rma", who="Wim")
    assert not returning.return_to_stock({line.pk: 1}, key="rma", who="Wim")

    assert levels() == {"LAMP": (2, 0), "ROPE": (1, 0)}


def test_a_part_that_comes_in_serves_kit_and_single_sale_in_their_turn() -> None:
    make_product("LAMP")
    make_product("ROPE", 5)
    make_kit("KIT", LAMP=2, ROPE=1)
    kit = make_order([("KIT", 1, "50.00")])
    single = make_order([("LAMP", 1, "10.00")])

    receive("LAMP", 1)
    # One lamp is no kit: it is for who can use it.
    assert (figures(line_of(kit))[1], figures(line_of(single))[1]) == (0, 1)
    receive("LAMP", 2)
    assert figures(line_of(kit)) == (1, 1, 0, 0)


def test_a_kit_whose_part_is_lost_gives_up_its_other_parts_for_who_waits() -> None:
    lamp = make_product("LAMP", 2)
    make_product("ROPE", 1)
    make_kit("KIT", LAMP=2, ROPE=1)
    kit = make_order([("KIT", 1, "50.00")])
    rope = make_order([("ROPE", 1, "10.00")])
    assert figures(line_of(rope))[1] == 0

    goods.adjust([goods.Goods(lamp.pk, -1)], key="broken", note="broken")

    assert figures(line_of(kit)) == (1, 0, 0, 1)
    assert figures(line_of(rope)) == (1, 1, 0, 0)


def test_cancelling_a_kit_frees_what_was_in_it() -> None:
    make_product("LAMP", 2)
    make_product("ROPE", 1)
    make_kit("KIT", LAMP=2, ROPE=1)
    order = make_order([("KIT", 1, "50.00")])
    rope = make_order([("ROPE", 1, "10.00")])

    journey.cancel([order.pk], why="the customer rang", who="Cléo")

    assert figures(line_of(rope)) == (1, 1, 0, 0)
    assert levels() == {"LAMP": (2, 0), "ROPE": (1, 1)}


def test_what_a_kit_holds_later_changes_nothing_of_what_was_promised() -> None:
    lamp = make_product("LAMP", 9)
    rope = make_product("ROPE", 9)
    kit = make_kit("KIT", LAMP=2)
    order = make_order([("KIT", 1, "50.00")])

    kits.set_components(kit, {rope.pk: 1})
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])

    assert Movement.objects.filter(reason="shipment").get().product == lamp


# --- a dozen ----------------------------------------------------------------------------------------------------------------
def test_two_dozen_take_24_eggs_and_the_slip_says_two_dozen() -> None:
    egg = make_product("EGG", 30, "0.20", name="Egg")
    dozen = SellingUnit.objects.create(product=egg, name="dozen", name_fr="douzaine", quantity=12)
    store = make_connection()
    Listing.objects.create(connection=store, sku="EGG-12", product=egg, selling_unit=dozen)
    order = make_order([("EGG-12", 3, "4.00")], connection=store)

    # Thirty eggs are two dozen and six; the third dozen waits whole.
    assert figures(line_of(order)) == (3, 2, 0, 1)
    assert levels() == {"EGG": (30, 24)}
    journey.pack([order.pk])
    slip = Read(papers.slips([order.pk])).text()
    assert "dozen (× 12)" in slip
    assert order.state == "partly_to_pack"


def test_a_selling_units_own_sku_and_barcode_are_known_without_an_alias() -> None:
    egg = make_product("EGG", 24, "0.20")
    SellingUnit.objects.create(product=egg, name="dozen", quantity=12, sku="EGG-DZ", barcode="0614141123452")

    for code in ("EGG-DZ", "614141123452"):
        assert line_of(make_order([(code, 1, "4.00")])).pieces == 12


def test_a_dozen_is_never_made_up_from_two_warehouses() -> None:
    egg = make_product("EGG")
    dozen = SellingUnit.objects.create(product=egg, name="dozen", quantity=12)
    east = stock.default_location()
    west = Location.objects.create(code="WEST", name="West", pick_order=200)
    goods.receive([goods.Goods(egg.pk, 11, None, place.pk) for place in (east, west)], key="both")
    store = make_connection()
    Listing.objects.create(connection=store, sku="EGG-12", product=egg, selling_unit=dozen)

    order = make_order([("EGG-12", 1, "4.00")], connection=store)

    assert figures(line_of(order)) == (1, 0, 0, 1)
    assert sellable([Sold(egg.pk, 12)]) == {Sold(egg.pk, 12): 0}


# --- who serves whom ----------------------------------------------------------------------------------------------------------
def test_a_store_is_served_by_its_own_warehouses_in_their_turn() -> None:
    tent = make_product("TENT")
    east = stock.default_location()
    west = Location.objects.create(code="WEST", name="West", pick_order=200)
    goods.receive([goods.Goods(tent.pk, 5, None, east.pk), goods.Goods(tent.pk, 3, None, west.pk)], key="both")
    store, other = make_connection(name="West shop"), make_connection(name="Any shop")
    ServedStore.objects.create(connection=store, warehouse=west)

    order = make_order([("TENT", 4, "10.00")], connection=store)

    assert figures(line_of(order)) == (4, 3, 0, 1)
    assert available([tent.pk], connection_id=store.pk) == {tent.pk: 0}
    assert available([tent.pk], connection_id=other.pk) == {tent.pk: 5}
    # More comes to the west: it is for the order that waits there, though five lie free in the east.
    goods.receive([goods.Goods(tent.pk, 2, None, west.pk)], key="more")
    assert figures(line_of(order)) == (4, 4, 0, 0)


def test_goods_from_two_warehouses_go_out_in_two_parcels() -> None:
    tent = make_product("TENT")
    east = stock.default_location()
    west = Location.objects.create(code="WEST", name="West", pick_order=200)
    goods.receive([goods.Goods(tent.pk, 1, None, east.pk), goods.Goods(tent.pk, 1, None, west.pk)], key="both")
    order = make_order([("TENT", 2, "10.00")])

    parcels = journey.pack([order.pk])

    assert [parcel.number for parcel in parcels] == [f"{order.number}-1", f"{order.number}-2"]
    order.refresh_from_db()
    assert order.state == "packed"
    journey.ship([parcel.pk for parcel in parcels])
    order.refresh_from_db()
    assert order.state == "shipped"


def test_quarantine_is_never_sold() -> None:
    tent = make_product("TENT")
    main = stock.default_location()
    cage = Location.objects.create(code="Q", name="Cage", kind="quarantine", warehouse=main, sellable=False)
    goods.receive([goods.Goods(tent.pk, 5, None, cage.pk)], key="damaged")

    order = make_order([("TENT", 1, "10.00")])

    assert figures(line_of(order)) == (1, 0, 0, 1)
    assert available([tent.pk]) == {tent.pk: 0}
