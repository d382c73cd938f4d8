"""Which lot it is that comes back, and where it goes (rules: S11, O13)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import goods, journey, returning
from backoffice.returning import Part, To
from inventory import kits, places
from inventory import ledger as stock
from inventory.models import Location, Lot, LotLevel, Product
from orders.models import OrderLine
from shipping.coming_back import Said
from tests.making import make_merchant, make_order, make_product
from tests.stories.test_lots import left, receive

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def sent(sku: str, units: int) -> OrderLine:
    order = make_order([(sku, units, "10.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    return order.lines.get()


def back(line: OrderLine, units: int, codes: str = "", *, key: str = "", **said: object) -> None:
    returning.return_to_stock(
        {line.pk: units}, lot_codes={line.pk: codes}, key=key or f"{units} {codes}", who="Wim", **said
    )


def follow(product: Product, tracking: str, **fields: object) -> None:
    Product.objects.filter(pk=product.pk).update(tracking=tracking, **fields)


def test_what_left_before_it_was_followed_comes_back_under_the_number_on_the_goods() -> None:
    camera = make_product("CAM", 3)
    line = sent("CAM", 3)
    follow(camera, "serial")

    with pytest.raises(ValueError, match="CAM came back, as it stands on the goods: it left before it was followed"):
        back(line, 1)
    with pytest.raises(ValueError, match="Each unit of CAM has a serial number of its own"):
        back(line, 2, "S1")
    back(line, 2, "S1, S2")
    with pytest.raises(ValueError, match="Serial number S1 of CAM is here already"):
        back(line, 1, "S1", key="again")
    back(line, 1, "S3")

    assert left() == {"S1": 1, "S2": 1, "S3": 1}


def test_milk_that_left_without_a_lot_is_asked_for_its_day_too() -> None:
    milk = make_product("MILK", 3)
    line = sent("MILK", 3)
    follow(milk, "lot", expires=True)
    part = Part(line.pk, milk.pk)

    with pytest.raises(ValueError, match="Lot L1 of MILK expires: say on which day"):
        back(line, 1, "L1")
    day = TODAY + timedelta(days=9)
    returning.return_to_stock({line.pk: 1}, part_lots={part: Said("L1", expires_on=day)}, key="r", who="Wim")

    assert Lot.objects.get().expires_on == day


def test_what_is_followed_no_more_comes_back_without_its_lot() -> None:
    camera = make_product("CAM", tracking="lot")
    receive(camera, "L1", 3)
    line = sent("CAM", 3)
    follow(camera, "none")

    back(line, 2)
    sent("CAM", 2)

    assert not LotLevel.objects.filter(units__gt=0).exists()
    follow(camera, "lot")
    # One is still out, and it is of the lot that left.
    back(line, 1)
    assert left() == {"L1": 1}


def test_a_serial_number_is_asked_for_where_a_whole_lot_left() -> None:
    camera = make_product("CAM", tracking="lot")
    receive(camera, "L1", 3)
    line = sent("CAM", 3)
    follow(camera, "serial")

    back(line, 1, "S1")

    assert left() == {"S1": 1}


def test_no_more_of_a_lot_comes_back_than_went_out() -> None:
    a = make_product("A", tracking="lot", expires=True)
    receive(a, "A1", 1, TODAY + timedelta(days=5))
    receive(a, "A2", 4, TODAY + timedelta(days=9))
    line = sent("A", 5)

    with pytest.raises(ValueError, match="5 of lot A1 cannot come back: 1 were shipped with this line, 0 of them"):
        back(line, 5, "A1")
    with pytest.raises(ValueError, match="A9 of A did not go out: A1, A2 were shipped"):
        back(line, 1, "A9")
    with pytest.raises(ValueError, match="Say how many of A came back of which lot"):
        back(line, 3, "A1, A2")
    returning.return_to_stock(
        {line.pk: 3}, part_lots={Part(line.pk, a.pk): Said(counts={"a1": 1, "A2": 2})}, key="r", who="Wim"
    )
    assert left() == {"A1": 1, "A2": 2}
    with pytest.raises(ValueError, match="1 of lot A1 cannot come back: 1 were shipped with this line, 1 of them"):
        back(line, 1, "A1")
    # Of one lot only some are out: nobody has to say which.
    back(line, 2)
    assert left() == {"A1": 1, "A2": 4}


def test_each_part_of_a_kit_comes_back_as_its_own_lot() -> None:
    a, b = make_product("A", tracking="lot"), make_product("B", tracking="lot")
    for product, code, units in ((a, "A1", 1), (a, "A2", 1), (b, "B1", 2)):
        receive(product, code, units)
    kits.set_components(make_product("K", stocked=False), {a.pk: 1, b.pk: 1})
    line = sent("K", 2)

    with pytest.raises(ValueError, match="Say which lot or serial number of A came back: A1, A2 were shipped"):
        back(line, 1)
    with pytest.raises(ValueError, match="Lot or serial number ZZ did not go out with this line"):
        back(line, 2, "ZZ")
    back(line, 1, "A2")
    assert left() == {"A2": 1, "B1": 1}
    back(line, 1)
    assert left() == {"A1": 1, "A2": 1, "B1": 2}


# --- where it goes ---------------------------------------------------------------------------------------------------------
def lying(product: Product) -> dict[str, int]:
    return dict(product.levels.filter(on_hand__gt=0).values_list("location__code", "on_hand"))


def from_two_warehouses() -> tuple[Product, OrderLine, Location, Location]:
    """Three tents left the east and two a bin in the west."""
    tent = make_product("TENT")
    east = stock.default_location()
    west = Location.objects.create(code="WEST", name="West", pick_order=200)
    shelf = Location.objects.create(code="SHELF", name="Shelf", kind="bin", warehouse=west, pick_order=1)
    goods.receive([goods.Goods(tent.pk, 3, None, east.pk), goods.Goods(tent.pk, 2, None, shelf.pk)], key="both")
    return tent, sent("TENT", 5), west, shelf


def test_goods_come_back_to_where_they_left_from() -> None:
    tent, line, _west, shelf = from_two_warehouses()

    back(line, 4)
    assert lying(tent) == {"MAIN": 3, "SHELF": 1}
    # The shelf is given up: the last one goes to its warehouse.
    goods.adjust([goods.Goods(tent.pk, -1, location_id=shelf.pk)], key="gone", note="gone")
    places.archive([shelf.pk])
    back(line, 1)

    assert lying(tent) == {"MAIN": 3, "WEST": 1}


def test_goods_come_back_to_the_place_that_is_said() -> None:
    tent, line, west, shelf = from_two_warehouses()

    back(line, 2, place_id=west.pk)
    assert lying(tent) == {"WEST": 2}
    places.archive([shelf.pk])
    with pytest.raises(ValueError, match="Shelf is archived: choose another place"):
        back(line, 1, place_id=shelf.pk)


def test_damaged_goods_go_to_quarantine_and_broken_ones_are_thrown_away() -> None:
    tent, line, west, _shelf = from_two_warehouses()
    waiting = make_order([("TENT", 1, "10.00")])

    back(line, 2, to=To.QUARANTINE, place_id=west.pk)
    back(line, 1, to=To.SCRAP)

    assert lying(tent) == {"WEST-QUARANTINE": 2}
    assert waiting.lines.get().allocated == 0
    line.refresh_from_db()
    assert line.returned == 3
    assert list(tent.movements.order_by("id").values_list("reason", "quantity"))[-2:] == [("return", 1), ("scrap", -1)]
    assert list(line.order.timeline.filter(what="returned").order_by("id").values_list("sentence", flat=True)) == [
        "2 of TENT back, into quarantine.",
        "1 of TENT back and thrown away.",
    ]
