"""S10 from the tables: who is ahead, what is coming, what lines are told, and the record of it."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import KitContent, Product, ServedStore
from inventory.promise import Promise
from orders import backorders, promise_words, promises
from orders.models import Hold, LineComponent, LinePromise, Order, OrderLine, TimelineEntry
from tests.expected import bought, late_by, make_supplier, make_warehouse, sells, sent
from tests.making import PLACED, make_connection, make_order, make_product, receive

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("America/Toronto"))


def dec(day: int) -> date:
    return date(2026, 12, day)


def line_of(order: Order) -> OrderLine:
    return order.lines.get()


def told(order: Order, now: datetime = NOW) -> Promise:
    line = line_of(order)
    return promises.for_lines([line.pk], now=now)[line.pk]


def kit_line(order: Order, **contents: int) -> OrderLine:
    """The order's line as one for a kit of these products."""
    line = line_of(order)
    parts = {make_or_get(sku): units for sku, units in contents.items()}
    LineComponent.objects.bulk_create(
        LineComponent(line=line, product=product, quantity=units) for product, units in parts.items()
    )
    OrderLine.objects.filter(pk=line.pk).update(pieces=sum(contents.values()))
    return line


def make_or_get(sku: str) -> Any:
    return Product.objects.filter(sku=sku).first() or make_product(sku)


def test_waiting_is_the_sum_of_what_is_on_backorder() -> None:
    tent, lamp = make_product("TENT", 3), make_product("LAMP")
    make_order([("TENT", 5, "10.00"), ("LAMP", 1, "10.00")])
    make_order([("TENT", 4, "10.00")])
    make_order([("TENT", 7, "10.00")], paid=False)

    assert backorders.waiting() == {tent.pk: 6, lamp.pk: 1}
    assert backorders.waiting([lamp.pk]) == {lamp.pk: 1}
    assert backorders.waiting([]) == {}


def test_a_kit_waits_for_its_components() -> None:
    pole, skin = make_product("POLE"), make_product("SKIN")
    make_product("KIT", stocked=True)
    kit_line(make_order([("KIT", 3, "10.00")]), POLE=2, SKIN=1)
    make_order([("POLE", 1, "10.00")])

    assert backorders.waiting() == {pole.pk: 7, skin.pk: 3}
    assert backorders.waiting([pole.pk]) == {pole.pk: 7}


def test_an_order_that_is_stopped_waits_for_a_person_and_one_that_only_may_not_ship_keeps_its_place() -> None:
    tent = make_product("TENT")
    stopped, kept = make_order([("TENT", 1, "10.00")]), make_order([("TENT", 2, "10.00")])
    Hold.objects.create(order=stopped, code="x", stops="everything", sentence="Stop.")
    Hold.objects.create(order=kept, code="x", stops="shipping", sentence="Stop.")

    assert backorders.waiting() == {tent.pk: 2}


def test_who_ordered_first_is_told_the_first_arrival() -> None:
    make_product("TENT")
    late = make_order([("TENT", 6, "10.00")], placed_at=PLACED + timedelta(hours=1))
    early = make_order([("TENT", 5, "10.00")])
    unpaid = make_order([("TENT", 1, "10.00")], paid=False, placed_at=PLACED - timedelta(hours=1))
    bought("TENT", 10, dec(3), "41")
    bought("TENT", 10, dec(10), "42")
    bought("TENT", 100, date(2026, 11, 26), "43", state="draft")

    # Paid or not, it is told what its place in the queue gives; and it is ahead of nobody before it is paid.
    assert [told(order).details["number"] for order in (unpaid, early, late)] == ["41", "41", "42"]
    assert (told(early).earliest, told(early).latest) == (dec(4), dec(8))


def test_priority_goes_before_time() -> None:
    make_product("TENT")
    first, second = make_order([("TENT", 5, "10.00")]), make_order([("TENT", 6, "10.00")])
    bought("TENT", 6, dec(3), "41")
    bought("TENT", 10, dec(10), "42")
    Order.objects.filter(pk=second.pk).update(priority=1)

    assert [told(order).details["number"] for order in (first, second)] == ["42", "41"]


def test_what_is_allocated_is_not_waited_for() -> None:
    make_product("TENT", 5)
    whole, part = make_order([("TENT", 3, "10.00")]), make_order([("TENT", 4, "10.00")])
    bought("TENT", 2, dec(3), "41")

    assert promises.for_lines([line_of(whole).pk], now=NOW) == {}
    assert told(part).details["number"] == "41"


def test_a_kit_is_told_by_its_last_component() -> None:
    make_product("POLE", 2)
    make_product("KIT")
    order = make_order([("KIT", 1, "10.00")])
    kit_line(order, POLE=2, SKIN=1)
    bought("SKIN", 1, dec(3), "41")

    assert told(order).details == {"number": "41", "on": "2026-12-03", "component": "SKIN"}


def test_a_new_order_is_told_what_the_whole_queue_leaves() -> None:
    tent, lamp = make_product("TENT"), make_product("LAMP", 3)
    kit = make_product("KIT", stocked=False, is_kit=True)
    KitContent.objects.create(kit=kit, product=tent, quantity=1)
    KitContent.objects.create(kit=kit, product=lamp, quantity=2)
    make_order([("TENT", 5, "10.00")])
    bought("TENT", 6, dec(3), "41")

    asked = [tent.pk, lamp.pk, kit.pk]
    one, two = promises.for_products(asked, now=NOW), promises.for_products(asked, 2, now=NOW)

    assert {pk: given.kind for pk, given in one.items()} == {
        tent.pk: "purchase_order",
        lamp.pk: "in_stock",
        kit.pk: "purchase_order",
    }
    assert one[kit.pk].details["component"] == "TENT"
    assert (two[tent.pk].kind, two[lamp.pk].kind, two[kit.pk].kind) == ("unknown", "in_stock", "unknown")


def test_lead_times_are_the_suppliers_products_or_else_the_suppliers() -> None:
    tent, lamp, mat = make_product("TENT"), make_product("LAMP"), make_product("MAT")
    mill = make_supplier("MILL", 5)
    sells(mill, "TENT", rank=2)
    sells(make_supplier("LOOM", None), "TENT", rank=1, lead_time_days=3)
    sells(mill, "LAMP")
    sells(make_supplier("OLD", 1, archived_at=NOW), "LAMP", rank=0)
    sells(make_supplier("SHY", None), "MAT")

    given = promises.for_products([tent.pk, lamp.pk, mat.pk], now=NOW)

    assert given[tent.pk].details == {"days": 3, "supplier": "Supplier LOOM"}
    assert given[lamp.pk].details == {"days": 5, "supplier": "Supplier MILL"}
    assert given[mat.pk].details == {"why": "no_lead_time", "supplier": "Supplier SHY"}


def test_what_was_sent_without_a_day_comes_after_the_lead_time_from_then() -> None:
    tent = make_product("TENT")
    # Sent on Monday November 16; 10 working days later is Monday the 30th.
    bought("TENT", 5, None, "41", supplier=make_supplier("MILL", 10))

    assert promises.for_products([tent.pk], now=NOW)[tent.pk].details == {"number": "41", "on": "2026-11-30"}


def test_a_supplier_that_was_late_is_believed_less() -> None:
    tent = make_product("TENT")
    mill = make_supplier()
    late_by(mill, "TENT", 7)  # 5 working days
    late_by(mill, "TENT", 1)
    bought("TENT", 5, dec(3), "41", supplier=mill)
    bought("TENT", 5, date(2026, 11, 20), "40", supplier=mill)

    first, second = (promises.for_products([tent.pk], units, now=NOW)[tent.pk] for units in (5, 10))

    # 3 working days late on average, and the overdue one is so late already: 3 more is Monday the 30th.
    assert first.details == {"number": "40", "on": "2026-11-30", "was": "2026-11-20", "late": 3}
    assert (first.earliest, first.latest) == (dec(1), dec(4))
    assert (second.earliest, second.latest) == (dec(4), dec(9))


def test_a_store_is_told_only_of_what_comes_to_a_warehouse_that_serves_it() -> None:
    tent = make_product("TENT")
    west, east = make_warehouse("WEST"), make_warehouse("EAST")
    pacific, atlantic = make_connection(name="Pacific"), make_connection(name="Atlantic")
    ServedStore.objects.create(connection=pacific, warehouse=west)
    ServedStore.objects.create(connection=atlantic, warehouse=east)
    bought("TENT", 5, dec(3), "41", warehouse=west)
    bought("TENT", 5, dec(10), "42", warehouse=east)
    make_order([("TENT", 5, "10.00")], connection=pacific)
    order = make_order([("TENT", 5, "10.00")], connection=atlantic)

    assert told(order).details["number"] == "42"
    assert promises.for_products([tent.pk], connection_id=pacific.pk, now=NOW)[tent.pk].kind == "unknown"


def test_a_transfer_in_transit_is_expected() -> None:
    tent = make_product("TENT")
    sent("TENT", 5, dec(3), "T7", source=make_warehouse("WEST"), to=make_warehouse("EAST"))

    given = promises.for_products([tent.pk], now=NOW)[tent.pk]

    assert (given.kind, given.earliest) == ("transfer", dec(4))


# --- the record -----------------------------------------------------------------------------------------------------------
def test_what_was_told_is_recorded_once_and_moves_with_the_purchase_order() -> None:
    tent = make_product("TENT")
    order = make_order([("TENT", 5, "10.00")])
    line = line_of(order)
    coming = bought("TENT", 5, dec(3), "41")

    assert promises.refresh_products([tent.pk], now=NOW) == {line.pk}
    assert promises.refresh_products([tent.pk], now=NOW) == set()
    assert promises.refresh_orders([order.pk], now=NOW) == set()
    coming.expected_on = dec(8)
    coming.save(update_fields=["expected_on"])
    assert promises.refresh_products([tent.pk], now=NOW) == {line.pk}

    first, second = LinePromise.objects.filter(line=line)
    assert (first.earliest, first.latest, first.replaced_at is None) == (dec(4), dec(8), False)
    assert (second.earliest, second.latest, second.replaced_at) == (dec(9), dec(11), None)
    assert (second.purchase_line_id, second.supplier_id) == (coming.pk, coming.order.supplier_id)
    said = TimelineEntry.objects.filter(order=order, what="promised").values_list("sentence", flat=True)
    assert list(said) == [
        "TENT: promise moved from December 4–8, 2026 to December 9–11, 2026: "
        "purchase order 41, expected December 8, 2026."
    ]


def test_a_purchase_order_that_is_late_moves_the_promises_on_it_by_itself() -> None:
    tent = make_product("TENT")
    order = make_order([("TENT", 5, "10.00")])
    bought("TENT", 5, dec(3), "41")
    promises.refresh_products([tent.pk], now=NOW)

    promises.refresh_products([tent.pk], now=NOW + timedelta(days=9))  # Friday, December 4

    assert TimelineEntry.objects.get(order=order, what="promised").sentence == (
        "TENT: promise moved from December 4–8, 2026 to December 8–10, 2026: "
        "purchase order 41 was expected December 3, 2026 and is 1 working day late; no new day is confirmed."
    )
    # The longer it does not come, the later it is believed to: one row beside what was told, not one a day on the timeline.
    for day in (12, 13, 14):
        promises.refresh_products([tent.pk], now=NOW + timedelta(days=day))
    first, last = LinePromise.objects.filter(line=line_of(order))
    assert (first.earliest, last.details["late"], last.earliest) == (dec(4), 4, dec(16))
    assert TimelineEntry.objects.filter(order=order, what="promised").count() == 1
    assert promise_words.reason(last, "fr") == (
        "le bon de commande 41, attendu le 3 décembre 2026, a 4 jours ouvrables de retard; aucune date confirmée"
    )


def test_a_promise_ends_when_the_goods_are_there() -> None:
    tent = make_product("TENT")
    order = make_order([("TENT", 5, "10.00")])
    promises.refresh_products([tent.pk], now=NOW)
    receive("TENT", 5)

    promises.refresh_products([tent.pk], now=NOW)

    assert LinePromise.objects.get(line=line_of(order)).replaced_at is not None
    assert not TimelineEntry.objects.filter(what="promised").exists()


def test_a_lead_time_that_moves_on_with_the_days_is_kept_beside_what_was_told_first() -> None:
    tent = make_product("TENT")
    sells(make_supplier("MILL", 5), "TENT")
    order = make_order([("TENT", 5, "10.00")])

    for day in range(4):
        promises.refresh_products([tent.pk], now=NOW + timedelta(days=day))

    first, last = LinePromise.objects.filter(line=line_of(order))
    assert (first.earliest, first.replaced_at is None) == (dec(3), False)
    assert (last.earliest, last.replaced_at) == (dec(8), None)
    assert not TimelineEntry.objects.filter(what="promised").exists()


def test_two_who_record_the_same_write_it_once() -> None:
    tent = make_product("TENT")
    order = make_order([("TENT", 1, "10.00")])
    line = line_of(order)
    LinePromise.objects.create(line=line, made_at=NOW, kind="unknown", details={"why": "no_supplier"})

    assert promises.refresh_products([tent.pk], now=NOW) == set()
    assert LinePromise.objects.filter(line=line).count() == 1


def test_the_reason_in_both_languages() -> None:
    tent = make_product("TENT")
    bought("TENT", 5, dec(3), "41")
    given = promises.for_products([tent.pk], now=NOW)[tent.pk]

    assert promise_words.phrase(given, "en") == "expected to ship December 4–8, 2026"
    assert promise_words.phrase(given, "fr") == "expédition prévue du 4 au 8 décembre 2026"
    assert promise_words.reason(given, "en") == "purchase order 41, expected December 3, 2026"
    assert promise_words.reason(given, "fr") == "bon de commande 41, attendu le 3 décembre 2026"


def counted(do: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        do()
    return len(seen)


def test_the_number_of_statements_is_the_same_for_two_as_for_forty() -> None:
    skus = [f"P{number}" for number in range(20)]
    for sku in skus:
        make_product(sku)
        bought(sku, 1, dec(3), supplier=make_supplier(f"S{sku}", 5))
    orders = [make_order([(sku, 1, "10.00"), (skus[0], 1, "10.00")]) for sku in skus]
    lines = list(OrderLine.objects.order_by("id").values_list("pk", flat=True))
    products = [make_or_get(sku).pk for sku in skus]

    def record(several: int) -> int:
        LinePromise.objects.all().delete()
        return counted(lambda: promises.refresh_products(products[:several], now=NOW))

    assert counted(lambda: promises.for_lines(lines[:2], now=NOW)) == counted(
        lambda: promises.for_lines(lines, now=NOW)
    )
    assert counted(lambda: promises.for_products(products[:2], now=NOW)) == counted(
        lambda: promises.for_products(products, now=NOW)
    )
    assert record(2) == record(20)
    assert counted(lambda: promises.refresh_orders([orders[0].pk], now=NOW)) == counted(
        lambda: promises.refresh_orders([order.pk for order in orders], now=NOW)
    )
    assert counted(lambda: promises.for_lines(lines, now=NOW)) <= 12


def test_what_is_on_order_and_does_not_reach_this_far_is_said() -> None:
    make_product("TENT")
    mill = make_supplier("MILL", 5)
    sells(mill, "TENT")
    make_order([("TENT", 5, "10.00")])
    bought("TENT", 5, dec(3), "41", supplier=mill)
    late = told(make_order([("TENT", 1, "10.00")], placed_at=PLACED + timedelta(hours=1)))

    assert promise_words.reason(late, "en") == (
        "all that is on order goes to earlier orders; Supplier MILL delivers within 5 working days"
    )
    assert promise_words.reason(late, "fr").startswith("tout ce qui est commandé va aux commandes précédentes; ")
