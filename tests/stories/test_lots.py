"""Lots and serial numbers from receipt to shipment and back (rule: S11)."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import elsewhere, goods, journey, papers, returning
from inventory import kits, lots, places
from inventory import ledger as stock
from inventory.ledger import LotNeeded, Short
from inventory.models import Location, Lot, LotLevel, Movement, Product, StockLevel
from orders.models import Order, TimelineEntry
from shipping.models import Shipment, ShipmentLine
from shipping.packing import CannotPack
from tests.making import make_merchant, make_order, make_product, make_record, take_in
from tests.proving import assert_proven
from tests.reading import Read
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


def test_what_differs_in_capitals_alone_is_one_lot_so_that_a_recall_finds_all_of_it() -> None:
    product, other = (make_product(sku, tracking="lot") for sku in ("MILK", "CREAM"))
    first = lots.take_in([lots.Named(product.pk, "AB-1"), lots.Named(other.pk, "ab-1")])
    second = lots.take_in(
        [lots.Named(product.pk, "ab-1"), lots.Named(product.pk, "é-2"), lots.Named(product.pk, "É-2")]
    )

    assert second[product.pk, "ab-1"] == first[product.pk, "AB-1"] != first[other.pk, "ab-1"]
    assert lots.find(product.pk, " Ab-1 ") == first[product.pk, "AB-1"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Lot.objects.create(product=product, code="aB-1")


def test_lots_that_differed_in_capitals_before_stay_two_and_are_found_as_they_are_written() -> None:
    product = make_product("MILK", tracking="lot")
    first = Lot.objects.create(product=product, code="AB-1")
    with database.cursor() as cursor:
        cursor.execute("DROP INDEX lot_once_in_capitals")
    double = Lot.objects.create(product=product, code="ab-1")
    serial = Lot.objects.create(product=product, code="S9")

    with database.cursor() as cursor:
        cursor.execute(import_module("inventory.migrations.0018_lots_whatever_capitals").DOUBLES)

    assert dict(Lot.objects.values_list("code", "doubled")) == {"AB-1": False, "ab-1": True, "S9": False}
    found = lots.known((product.pk, code) for code in ("AB-1", "ab-1", "Ab-1", "s9"))
    assert {code: lot.pk for (_product, code), lot in found.items()} == {
        "AB-1": first.pk, "ab-1": double.pk, "Ab-1": first.pk, "s9": serial.pk,
    }  # fmt: skip


TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def milk(**days: int) -> Product:
    """Milk in lots, three units each, that expire in so many days."""
    product = make_product("MILK", tracking="lot", expires=True)
    for code, ahead in days.items():
        receive(product, code, 3, TODAY + timedelta(days=ahead))
    return product


def receive(product: Product, code: str, units: int, expires_on: object = None) -> Lot:
    lot = Lot.objects.get_or_create(product=product, code=code, defaults={"expires_on": expires_on})[0]
    goods.receive([goods.Goods(product.pk, units, lot_id=lot.pk)], key=f"{code} {units}")
    return lot


def inside(order: Order) -> list[tuple[str, int]]:
    items = ShipmentLine.objects.filter(
        shipment__order=order, lot__isnull=False, shipment__state__in=["packed", "shipped"]
    )
    return list(items.order_by("id").values_list("lot__code", "quantity"))


def left() -> dict[str, int]:
    return dict(LotLevel.objects.filter(units__gt=0).values_list("lot__code", "units"))


def test_what_is_followed_never_comes_without_its_lot() -> None:
    product = make_product("MILK", tracking="lot")

    with pytest.raises(LotNeeded, match="MILK is followed by lot or serial number"):
        goods.receive([goods.Goods(product.pk, 3)], key="no lot")

    assert not Movement.objects.exists()


def test_the_first_to_expire_goes_out_first() -> None:
    milk(late=30, soon=5, later=90)
    order = make_order([("MILK", 5, "2.00")])

    journey.pack([order.pk])

    assert inside(order) == [("soon", 3), ("late", 2)]
    journey.ship(order.shipments.values_list("pk", flat=True))
    assert left() == {"late": 1, "later": 3}


def two_bins() -> dict[str, Location]:
    """Bin A is picked from first, bin B after it."""
    home = stock.default_location()
    places.add_bins(home.pk, ["A", "B"], kind=Location.Kind.BIN, first_pick_order=1)
    return {bin.name: bin for bin in Location.objects.filter(warehouse=home)}


def put(product: Product, code: str, units: int, ahead: int, where: Location) -> None:
    day = TODAY + timedelta(days=ahead)
    lot = Lot.objects.get_or_create(product=product, code=code, defaults={"expires_on": day})[0]
    goods.receive([goods.Goods(product.pk, units, location_id=where.pk, lot_id=lot.pk)], key=f"{code} {where}")


def reserved() -> dict[str, int]:
    return dict(StockLevel.objects.filter(reserved__gt=0).values_list("location__name", "reserved"))


def test_the_first_to_expire_goes_out_first_whatever_bin_it_lies_in() -> None:
    product, bins = milk(), two_bins()
    put(product, "late", 5, 30, bins["A"])
    first, second = take_in([make_record(lines=[("MILK", 2, "2.00")]) for _ in range(2)])
    put(product, "soon", 3, 5, bins["B"])

    said = Read(papers.paper("picklist", [first.pk])[0]).text()
    assert "Lot/serial soon × 2" in said
    assert "late" not in said
    assert reserved() == {"A": 2, "B": 2}

    journey.pack([first.pk, second.pk])
    assert (inside(first), inside(second)) == ([("soon", 2)], [("late", 1), ("soon", 1)])
    assert reserved() == {"A": 1, "B": 3}
    journey.ship(Shipment.objects.values_list("pk", flat=True))
    assert left() == {"late": 4}
    assert_proven()


def test_what_another_order_has_stays_its_own_and_nothing_good_is_left_for_what_may_not_go() -> None:
    product, bins = milk(), two_bins()
    put(product, "soon", 2, 5, bins["A"])
    first = make_order([("MILK", 2, "2.00")])
    put(product, "late", 2, 30, bins["A"])
    second = make_order([("MILK", 2, "2.00")])
    put(product, "between", 2, 10, bins["B"])

    journey.pack([second.pk])
    assert inside(second) == [("soon", 2)]
    journey.pack([first.pk])
    assert inside(first) == [("between", 2)]

    journey.unpack(Shipment.objects.filter(order=second).values_list("pk", flat=True))
    Lot.objects.filter(code="soon").update(recalled_at=timezone.now())
    journey.pack([second.pk])
    assert inside(second) == [("late", 2)]
    assert_proven()


def test_expired_and_recalled_lots_are_never_packed() -> None:
    milk(old=1, today=0)
    order = make_order([("MILK", 4, "2.00")])
    Lot.objects.filter(code="old").update(expires_on=TODAY - timedelta(days=1))

    with pytest.raises(
        CannotPack, match="1 of MILK at Main warehouse cannot be packed: the lots that lie there are expired"
    ):
        journey.pack([order.pk])
    journey.pack([order.pk], quantities={order.lines.get().pk: 3})
    assert inside(order) == [("today", 3)]

    Lot.objects.filter(code="today").update(recalled_at=timezone.now())
    other = make_order([("MILK", 1, "2.00")])
    with pytest.raises(CannotPack):
        journey.pack([other.pk])


def test_two_orders_packed_at_once_share_no_unit_of_a_lot() -> None:
    milk(soon=5, late=30)
    orders = take_in([make_record(lines=[("MILK", 2, "2.00")]) for _ in range(3)])

    journey.pack([order.pk for order in orders])

    assert [inside(order) for order in orders] == [[("soon", 2)], [("soon", 1), ("late", 1)], [("late", 2)]]


def test_another_lot_was_taken_than_the_one_proposed() -> None:
    milk(soon=5, late=30)
    order = make_order([("MILK", 2, "2.00")])
    journey.pack([order.pk])
    item = ShipmentLine.objects.select_related("shipment", "level__product", "level__location", "lot").get()

    with pytest.raises(ValueError, match="There is no lot “none” of MILK"):
        journey.change_lot(item, "none", who="Wim")
    journey.change_lot(item, " late ", who="Wim")

    assert inside(order) == [("late", 2)]
    said = TimelineEntry.objects.get(order=order, what="lot").sentence
    assert said == f"Parcel {order.number}-1: MILK of lot late instead of soon."
    journey.ship(order.shipments.values_list("pk", flat=True))
    assert left() == {"soon": 3, "late": 1}


def test_some_of_the_units_are_of_another_lot_from_another_bin_too() -> None:
    product, bins = milk(), two_bins()
    put(product, "soon", 5, 5, bins["A"])
    put(product, "late", 3, 30, bins["B"])
    put(product, "later", 1, 60, bins["A"])
    first, second = take_in([make_record(lines=[("MILK", 5, "2.00")]), make_record(lines=[("MILK", 3, "2.00")])])
    journey.pack([first.pk])
    page = logged_in("warehouse")
    change = reverse("admin:orders_order_do", args=[first.pk, "change-lot"])
    item = {"item": ShipmentLine.objects.get().pk}

    page.post(change, {**item, "lot": "late", "units": "2"})
    assert inside(first) == [("soon", 3), ("late", 2)]
    assert reserved() == {"A": 5, "B": 3}
    answer = page.post(change, {**item, "lot": "later", "units": "4"}, follow=True)
    assert "say how many of them are of another lot" in answer.content.decode()
    page.post(change, {**item, "lot": "later", "units": "1"})
    assert inside(first) == [("soon", 2), ("late", 2), ("later", 1)]

    journey.pack([second.pk])
    assert inside(second) == [("soon", 3)]
    assert_proven()
    said = TimelineEntry.objects.filter(order=first, what="lot").values_list("sentence", flat=True)
    assert f"Parcel {first.number}-1: 2 × MILK of lot late instead of soon." in said


def test_a_lot_that_lies_in_another_parcel_is_not_taken_twice() -> None:
    milk(soon=5, late=30)
    first, second = take_in([make_record(lines=[("MILK", 3, "2.00")]) for _ in range(2)])
    journey.pack([first.pk, second.pk])
    item = ShipmentLine.objects.select_related("shipment", "level__product", "level__location", "lot").get(
        shipment__order=second
    )

    with pytest.raises(ValueError, match="3 of lot soon cannot go from Main warehouse: 0 of it are there"):
        journey.change_lot(item, "soon", who="Wim")


def test_a_serial_number_is_one_unit() -> None:
    phone = make_product("PHONE", tracking="serial")
    receive(phone, "SN-1", 1)

    with pytest.raises(ValueError, match="Serial number SN-1 of PHONE is here already"):
        receive(phone, "SN-1", 2)

    order = make_order([("PHONE", 1, "500.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    assert inside(order) == [("SN-1", 1)]
    assert left() == {}


def test_what_comes_back_is_the_lot_that_went_out() -> None:
    milk(soon=5, late=30)
    order = make_order([("MILK", 4, "2.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    line = order.lines.get()

    with pytest.raises(ValueError, match="Say which lot or serial number of MILK came back: late, soon were shipped"):
        returning.return_to_stock({line.pk: 1}, key="r", who="Wim")
    returning.return_to_stock({line.pk: 1}, lot_codes={line.pk: "soon"}, key="r", who="Wim")

    assert left() == {"late": 2, "soon": 1}
    with pytest.raises(
        ValueError, match="3 of lot soon cannot come back: 3 were shipped with this line, 1 of them are"
    ):
        returning.return_to_stock({line.pk: 3}, lot_codes={line.pk: "soon"}, key="s", who="Wim")
    returning.return_to_stock({line.pk: 1}, lot_codes={line.pk: "late"}, key="t", who="Wim")
    assert left() == {"late": 3, "soon": 1}


def test_a_parcel_whose_lot_is_lost_is_packed_anew_with_what_is_left() -> None:
    product = milk(soon=5, late=30)
    first, second = take_in([make_record(lines=[("MILK", 1, "2.00")]) for _ in range(2)])
    journey.pack([first.pk, second.pk])
    lot = Lot.objects.get(code="soon")

    goods.adjust([goods.Goods(product.pk, -2, lot_id=lot.pk)], key="k", note="spilt")

    assert (inside(first), inside(second)) == ([("soon", 1)], [])
    assert [order.lines.get().allocated for order in (first, second)] == [1, 1]
    assert TimelineEntry.objects.filter(
        order=second, sentence="The lot in its parcel is not there any more: pack it anew."
    )
    journey.pack([second.pk])
    assert inside(second) == [("late", 1)]


def test_a_lot_never_falls_below_zero() -> None:
    product = milk(soon=5, late=30)
    lot = Lot.objects.get(code="soon")

    with pytest.raises(Short, match="4 of lot soon of MILK cannot leave: 3 of it are there"):
        goods.adjust([goods.Goods(product.pk, -4, lot_id=lot.pk)], key="k", note="spilt")

    assert left() == {"soon": 3, "late": 3}


def test_the_parts_of_a_kit_are_followed_too() -> None:
    product = milk(soon=5)
    cup = make_product("CUP", 5)
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, {product.pk: 2, cup.pk: 1})
    order = make_order([("KIT", 1, "9.00")])

    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])

    assert inside(order) == [("soon", 2)]
    assert left() == {"soon": 1}


def test_what_the_store_sold_itself_leaves_first_to_expire_from_wherever_it_lies() -> None:
    product = milk(soon=5, late=30)

    assert elsewhere.sold_elsewhere([(product.pk, 4, "elsewhere:1:2:3")], note="Shipped by the store") == {}
    assert elsewhere.sold_elsewhere([(product.pk, 4, "elsewhere:1:2:3")], note="Shipped by the store") == {}

    assert left() == {"late": 2}
    assert Movement.objects.filter(reason="elsewhere").count() == 2


def test_as_many_statements_for_twenty_orders_as_for_one() -> None:
    milk(soon=5)
    product = Product.objects.get()
    receive(product, "many", 500, TODAY + timedelta(days=90))
    orders = take_in([make_record(lines=[("MILK", 2, "2.00")]) for _ in range(21)])

    def statements(ids: list[int]) -> int:
        with CaptureQueriesContext(database) as made:
            journey.ship([parcel.pk for parcel in journey.pack(ids)])
        return len(made)

    assert statements([orders[0].pk]) == statements([order.pk for order in orders[1:]])


def test_lots_of_another_product_are_refused() -> None:
    milk(soon=5)
    other = make_product("CREAM", tracking="lot")
    lot = Lot.objects.get(code="soon")

    with pytest.raises(ValueError, match="Lot soon is no lot of CREAM"):
        stock.record(
            [stock.Move(other.pk, stock.default_location().pk, 1, Movement.Reason.RECEIPT, "k", lot_id=lot.pk)]
        )
