"""S10 in whole units, each from one warehouse: a promise is what allocation does when the goods come, and says truly why."""

from datetime import date, timedelta

import pytest

from backoffice import goods
from inventory.models import KitContent, Location, Product, PurchaseOrder
from inventory.promise import Promise
from orders import promise_words, promises
from orders.models import OrderLine
from tests.expected import bought, make_supplier, make_warehouse, sells, sent
from tests.making import PLACED, make_order, make_product
from tests.orders.test_promises import NOW, dec, line_of, make_or_get, told

pytestmark = pytest.mark.django_db


def make_kit(**contents: int) -> Product:
    kit = make_product("KIT", stocked=False, is_kit=True)
    KitContent.objects.bulk_create(
        KitContent(kit=kit, product=make_or_get(sku), quantity=units) for sku, units in contents.items()
    )
    return kit


def put(sku: str, units: int, warehouse: Location) -> None:
    goods.receive(
        [goods.Goods(make_or_get(sku).pk, units, location_id=warehouse.pk)], key=f"{sku} {units} {warehouse.code}"
    )


def test_parts_that_lie_in_two_warehouses_are_no_kit_and_what_comes_to_the_right_one_makes_it_whole() -> None:
    kit = make_kit(POLE=1, SKIN=1)
    put("POLE", 5, make_warehouse("MAIN"))
    put("SKIN", 5, make_warehouse("EAST"))
    order = make_order([("KIT", 1, "10.00")])
    line = line_of(order)

    assert (line.allocated, line.backordered) == (0, 1)
    assert (told(order).kind, told(order).earliest) == ("unknown", None)
    assert promise_words.reason(told(order), "en") == (
        "SKIN: what there is lies in several warehouses, and a parcel is packed in one: transfer it"
    )
    # Skins bought for MAIN are there in five days; poles for EAST, of another supplier, in three.
    sells(make_supplier("MILL", 5), "SKIN")
    sells(make_supplier("LOOM", 3), "POLE")
    assert (told(order).earliest, told(order).details["component"]) == (dec(1), "POLE")
    bought("SKIN", 1, dec(15), "41", warehouse=make_warehouse("EAST"))
    assert told(order).kind == "lead_time"
    bought("SKIN", 1, date(2026, 11, 26), "42", warehouse=make_warehouse("MAIN"))
    assert (told(order).kind, told(order).details["number"]) == ("purchase_order", "42")
    assert promises.for_products([kit.pk], now=NOW)[kit.pk].details["component"] == "POLE"


def test_a_dozen_that_lies_in_two_warehouses_waits_for_a_transfer() -> None:
    egg = make_product("EGG")
    main, east = make_warehouse("MAIN"), make_warehouse("EAST")
    put("EGG", 6, main)
    put("EGG", 6, east)

    def dozen() -> Promise:
        return promises.for_contents({"EGG-12": {egg.pk: 12}}, now=NOW)["EGG-12"]

    assert promises.for_products([egg.pk], 12, now=NOW)[egg.pk].kind == "in_stock"
    assert (dozen().kind, dozen().details) == ("unknown", {"why": "apart"})
    sent("EGG", 6, dec(3), "T7", source=east, to=main)
    assert (dozen().kind, dozen().earliest) == ("transfer", dec(4))


def test_who_is_ahead_and_waits_for_something_else_hides_nothing() -> None:
    pole = make_product("POLE", 2)
    make_product("SKIN")
    make_kit(POLE=1, SKIN=1)
    make_order([("KIT", 5, "10.00")])

    assert promises.for_products([pole.pk], now=NOW)[pole.pk].kind == "in_stock"
    # Somebody orders more poles than there are: the next ones are his, not the kits', for which nothing comes.
    order = make_order([("POLE", 5, "10.00")], placed_at=PLACED + timedelta(hours=1))
    bought("POLE", 3, dec(3), "41")
    assert (line_of(order).allocated, told(order).details.get("number")) == (2, "41")
    # If skins come first, the kits ahead take the poles.
    bought("SKIN", 5, dec(1), "42")
    assert told(order).kind == "unknown"


def test_what_comes_on_one_day_is_dealt_out_together() -> None:
    for sku in ("POLE", "SKIN"):
        make_product(sku)
    make_kit(POLE=1, SKIN=1)
    kits = make_order([("KIT", 1, "10.00")])
    pole = make_order([("POLE", 1, "10.00")], placed_at=PLACED + timedelta(hours=1))
    bought("POLE", 1, dec(3), "41")
    bought("SKIN", 1, dec(3), "42")
    bought("POLE", 1, dec(10), "43")

    assert (told(kits).earliest, told(pole).details["number"]) == (dec(4), "43")


def test_each_line_is_told_what_happens_to_it_and_the_same_alone_as_among_others() -> None:
    """Against allocation itself: the arrivals are booked in their order, and who has all of it by then was told so."""
    main, east = make_warehouse("MAIN"), make_warehouse("EAST")
    for sku in ("POLE", "SKIN", "LAMP"):
        make_product(sku)
    make_kit(POLE=1, SKIN=2)
    wanted = [("KIT", 2), ("POLE", 3), ("SKIN", 1), ("KIT", 1), ("LAMP", 2), ("POLE", 1), ("SKIN", 4), ("LAMP", 1)]
    orders = [
        make_order([(sku, units, "10.00")], placed_at=PLACED + timedelta(hours=at))
        for at, (sku, units) in enumerate(wanted)
    ]
    arrivals = [
        ("POLE", 2, main),
        ("SKIN", 3, east),
        ("LAMP", 2, east),
        ("POLE", 2, east),
        ("SKIN", 3, main),
        ("POLE", 3, east),
    ]
    for at, (sku, units, warehouse) in enumerate(arrivals):
        bought(sku, units, dec(1 + at), f"P-{at}", warehouse=warehouse)
    lines = {line_of(order).pk: order for order in orders}
    promised = promises.for_lines(lines, now=NOW)

    assert promised == {pk: told(order) for pk, order in lines.items()}
    PurchaseOrder.objects.update(state="cancelled")
    served: dict[int, str] = {}
    for at, (sku, units, warehouse) in enumerate(arrivals):
        put(sku, units, warehouse)
        served |= {line.pk: f"P-{at}" for line in OrderLine.objects.filter(backordered=0).exclude(pk__in=served)}
    assert len(served) > len(lines) / 2
    assert {pk: promise.details.get("number") for pk, promise in promised.items() if promise.is_known} == served


def test_what_is_on_order_without_a_day_is_said_and_what_does_not_reach_this_far_too() -> None:
    tent = make_product("TENT")
    sells(make_supplier("MILL", 5), "TENT")
    bought("TENT", 50, None, "P-77", supplier=make_supplier("LOOM"))
    given = promises.for_products([tent.pk], now=NOW)[tent.pk]

    assert (given.kind, given.earliest) == ("lead_time", dec(3))
    assert promise_words.reason(given, "en") == (
        "P-77 is on its way, and nobody has said when it comes; Supplier MILL delivers within 5 working days"
    )
    assert promise_words.reason(given, "fr").startswith("P-77 est en route, sans date annoncée; ")
    PurchaseOrder.objects.update(expected_on=dec(1))
    more = told(make_order([("TENT", 60, "10.00")]))
    assert (more.kind, promise_words.reason(more, "en").split(";")[0]) == (
        "lead_time", "less is there and on order than is wanted",
    )  # fmt: skip


def test_what_comes_to_where_nothing_is_sold_from_is_promised_to_nobody() -> None:
    tent = make_product("TENT")
    make_warehouse("MAIN")
    bought("TENT", 50, dec(1), "41", warehouse=make_warehouse("YARD", sellable=False))

    given = promises.for_products([tent.pk], now=NOW)[tent.pk]
    assert promise_words.reason(given, "en") == (
        "what is on order comes to a warehouse that does not serve this store, and no supplier is known"
    )
