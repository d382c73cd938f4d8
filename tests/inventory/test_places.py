"""Warehouses and their places: named by a pattern, labelled, archived when empty, serving the stores they are told to."""

from typing import Any

import pytest
from django.urls import reverse

from backoffice import goods, journey, moving, stocktaking
from backoffice.sync.models import Delivery
from inventory import bin_labels, bin_patterns, ledger, places, putting_away
from inventory.models import (
    CountSheet,
    Listing,
    Location,
    Product,
    PurchaseOrder,
    ServedStore,
    StockLevel,
    Supplier,
    Transfer,
    WarehouseProduct,
)
from orders.publishing import TOPIC
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.proving import assert_proven
from tests.reading import Read
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("A-01..A-03", ["A-01", "A-02", "A-03"]),
        ("A-09..11", ["A-09", "A-10", "A-11"]),
        ("A..C", ["A", "B", "C"]),
        ("A-01..A-02 / 1..2", ["A-01-1", "A-01-2", "A-02-1", "A-02-2"]),
        ("A..B / 01..02 / x", ["A-01-x", "A-02-x", "B-01-x", "B-02-x"]),
        ("DOOR, A-1..2\nB-7", ["DOOR", "A-1", "A-2", "B-7"]),
    ],
)
def test_a_pattern_names_many_places(pattern: str, names: list[str]) -> None:
    assert bin_patterns.expand(pattern) == names


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("", "Write which places"),
        ("A-12..A-01", "cannot be counted through"),
        ("A-1..B-9", "cannot be counted through"),
        ("Étagère", "cannot be the name of a place"),
        ("A-1, A-1", "A-1 is named twice"),
        ("1..2000 / 1..2", "more than 2000"),
        ("1..99999999", "cannot be counted through"),
        ("A" * 31, "cannot be the name"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused_with_a_sentence(pattern: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        bin_patterns.expand(pattern)


def warehouse() -> Location:
    return ledger.default_location()


def test_bins_are_shown_first_then_added_and_what_is_there_stays() -> None:
    main = warehouse()
    Location.objects.create(code="MAIN-A-02", name="A-02", kind="bin", warehouse=main, pick_order=5)
    client, url = logged_in("manager"), reverse("admin:inventory_location_bins", args=[main.pk])

    shown = client.post(url, {"pattern": "A-01..A-12 / 1..2", "first": "10", "kind": "bin"})
    assert "24 places:" in shown.content.decode()
    assert Location.objects.filter(warehouse=main).count() == 1
    client.post(url, {"pattern": "A-01..A-03", "first": "10", "kind": "bin", "sure": "1"})

    found = Location.objects.filter(warehouse=main).order_by("code").values_list("code", "pick_order", "sellable")
    assert list(found) == [("MAIN-A-01", 10, True), ("MAIN-A-02", 5, True), ("MAIN-A-03", 12, True)]
    assert "cannot be counted through" in client.post(url, {"pattern": "C..A"}).content.decode()


def test_labels_are_read_by_a_scanner_on_a_sheet_and_on_a_roll() -> None:
    labels = [bin_labels.BinLabel(f"MAIN-A-{n:02d}", f"A-{n:02d}", "Main warehouse") for n in range(1, 13)]

    sheet, roll = Read(bin_labels.draw(labels)), Read(bin_labels.draw(labels, roll=True))

    assert (len(sheet), len(roll)) == (2, 12)
    assert (sheet.sizes, roll.sizes) == ({(612.0, 792.0)}, {(288.0, 144.0)})
    assert sorted(sheet.codes(0)) == [label.code for label in labels[:10]]
    assert roll.codes(11) == ["MAIN-A-12"]
    long = Read(
        bin_labels.draw([bin_labels.BinLabel("W" * 40, "A-very-long-name-for-a-place-12", "W" * 60)], roll=True)
    )
    assert long.outside(0) == []


def test_labels_of_a_warehouse_come_by_one_address() -> None:
    main = warehouse()
    places.add_bins(main.pk, ["A-1", "A-2"], kind=Location.Kind.BIN, first_pick_order=1)
    answer = logged_in("warehouse").get(reverse("admin:inventory_location_labels"), {"in": main.pk, "roll": 1})
    assert answer["Content-Type"] == "application/pdf"
    assert len(Read(answer.content)) == 3


# --- archive ------------------------------------------------------------------------------------------------------------
def test_a_place_is_archived_only_when_it_is_empty_and_a_warehouse_with_its_bins() -> None:
    tent = make_product("TENT", 5)
    main = warehouse()
    quebec = Location.objects.create(code="QC", name="Quebec")
    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec)
    WarehouseProduct.objects.create(product=tent, warehouse=quebec, put_away=shelf)

    with pytest.raises(ValueError, match="Goods still lie there: 5 units in Main warehouse"):
        places.archive([main.pk])
    assert {place.code for place in places.archive([quebec.pk])} == {"QC", "QC-A"}

    assert WarehouseProduct.objects.get().put_away is None
    with pytest.raises(ValueError, match="is in a warehouse that is archived"):
        places.take_out_of_archive([shelf.pk])
    assert places.take_out_of_archive([quebec.pk, shelf.pk]) == 2
    Transfer.objects.create(number="T1", source=main, destination=quebec)
    with pytest.raises(ValueError, match="Transfer T1 still goes"):
        places.archive([quebec.pk])
    assert_proven()


def test_a_place_that_papers_and_stores_still_speak_of_is_not_archived() -> None:
    tent = make_product("TENT", 1)
    quebec = Location.objects.create(code="QC", name="Quebec")
    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec)
    store = make_connection()
    ServedStore.objects.create(connection=store, warehouse=quebec)
    supplier = Supplier.objects.create(code="LUX", name="Lux")
    bought = PurchaseOrder.objects.create(number="P7", supplier=supplier, warehouse=quebec, state="sent")
    sheet = stocktaking.start(quebec.pk, lambda: [(tent.pk, shelf.pk)])[0][0]

    with pytest.raises(ValueError, match="Goods are still ordered for there, on P7: receive them"):
        places.archive([quebec.pk])
    PurchaseOrder.objects.filter(pk=bought.pk).update(state="cancelled")
    for place in (quebec, shelf):
        with pytest.raises(ValueError, match=f"still counted, on sheet {sheet.number}"):
            places.archive([place.pk])
    CountSheet.objects.filter(pk=sheet.pk).update(state="cancelled")
    with pytest.raises(ValueError, match=f"It serves {store.name}: on its page say"):
        places.archive([quebec.pk])
    ServedStore.objects.all().delete()
    places.archive([quebec.pk])

    with pytest.raises(ValueError, match="A is archived: choose another place"):
        goods.receive([goods.Goods(tent.pk, 1, location_id=shelf.pk)], key="late")
    assert_proven()


def test_the_last_warehouse_that_is_sold_from_stays() -> None:
    with pytest.raises(ValueError, match="last warehouse"):
        places.archive([warehouse().pk])


def test_archiving_in_the_list_says_why_not() -> None:
    make_product("TENT", 5)
    client = logged_in("manager")
    chosen = {"action": "archive", "_selected_action": [warehouse().pk]}
    answer = client.post(reverse("admin:inventory_location_changelist"), chosen, follow=True)
    assert "Goods still lie there: 5 units" in answer.content.decode()


# --- the form -----------------------------------------------------------------------------------------------------------
def form(**fields: Any) -> dict[str, Any]:
    return {
        "code": "QC", "name": "Quebec", "kind": "warehouse", "warehouse": "", "sellable": "on", "pick_order": "10",
        "handling_days": "2", "cut_off": "15:00", "working_days": "54321", "holiday_region": "ca-qc", "address": "",
        "serves-TOTAL_FORMS": "0", "serves-INITIAL_FORMS": "0", **fields,
    }  # fmt: skip


def test_a_warehouse_has_a_calendar_of_days_and_holidays_that_are_known() -> None:
    client, url = logged_in("manager"), reverse("admin:inventory_location_add")

    wrong = client.post(url, form(working_days="89", holiday_region="QUEBEC", code="Entrepôt"))
    client.post(url, form())

    for sentence in ("Write the days worked as digits", "The holidays of “QUEBEC” are not known", "without accents"):
        assert sentence in wrong.content.decode()
    made = Location.objects.get(code="QC")
    assert (made.working_days, made.holiday_region, made.handling_days) == ("12345", "CA-QC", 2)


def test_a_bin_is_in_a_warehouse_and_quarantine_is_never_sold() -> None:
    client, url = logged_in("manager"), reverse("admin:inventory_location_add")
    main = warehouse()

    assert "Say which warehouse it is in" in client.post(url, form(kind="bin", code="A-1")).content.decode()
    assert "in no other warehouse" in client.post(url, form(warehouse=main.pk)).content.decode()
    client.post(url, form(kind="quarantine", code="Q", warehouse=main.pk))

    assert (Location.objects.get(code="Q").sellable, Location.objects.get(code="Q").warehouse) == (False, main)


def test_a_warehouse_that_is_not_sold_from_any_more_takes_its_bins_with_it_and_back() -> None:
    main = warehouse()
    quebec = Location.objects.create(code="QC", name="Quebec", sellable=False)
    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec, sellable=False)
    tent = make_product("TENT")
    goods.receive([goods.Goods(tent.pk, 3, location_id=shelf.pk)], key="r")
    order = make_order([("TENT", 2, "1.00")])
    assert order.lines.get().allocated == 0

    logged_in("manager").post(reverse("admin:inventory_location_change", args=[quebec.pk]), form())

    shelf.refresh_from_db()
    assert shelf.sellable
    assert order.lines.get().allocated == 2
    assert main.sellable
    assert_proven()


def test_what_is_promised_from_a_bin_that_is_never_sold_from_any_more_comes_from_elsewhere_or_waits() -> None:
    main = warehouse()
    shelf = Location.objects.create(code="A", name="A", kind="bin", warehouse=main, pick_order=1)
    tent = make_product("TENT", 1)
    goods.receive([goods.Goods(tent.pk, 5, location_id=shelf.pk)], key="r")
    order = make_order([("TENT", 3, "1.00")])
    journey.pack([order.pk])

    bin_form = {"code": "A", "name": "A", "pick_order": "1"}
    answer = logged_in("manager").post(reverse("admin:inventory_location_change", args=[shelf.pk]), bin_form)

    assert answer.status_code == 302
    line = order.lines.get()
    assert (line.allocated, line.backordered) == (1, 2)
    assert line.allocations.get().level.location == main
    assert not order.shipments.filter(state="packed").exists()
    assert_proven()


# --- who serves whom ----------------------------------------------------------------------------------------------------
def test_a_store_that_another_warehouse_serves_now_is_told_and_its_waiting_orders_are_served() -> None:
    main = warehouse()
    quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
    store = make_connection()
    tent = make_product("TENT", 5)
    Listing.objects.create(connection=store, product=tent, external_id="9", sku="TENT", manages_stock=True)
    ServedStore.objects.create(connection=store, warehouse=quebec)
    order = make_order([("TENT", 2, "1.00")])
    assert order.lines.get().allocated == 0
    Delivery.objects.filter(topic=TOPIC).delete()

    client = logged_in("manager")
    row = {"serves-0-id": "", "serves-0-warehouse": main.pk, "serves-0-connection": store.pk, "serves-0-position": 2}
    said = {**form(code=main.code, name=main.name), "serves-TOTAL_FORMS": "1", **row}
    answer = client.post(reverse("admin:inventory_location_change", args=[main.pk]), said)

    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert order.lines.get().allocated == 2
    assert Delivery.objects.filter(topic=TOPIC, connection=store).count() == 1
    assert_proven()


# --- finding and putting away -------------------------------------------------------------------------------------------
def test_a_place_is_found_by_its_code_or_by_a_name_that_only_one_has() -> None:
    main = warehouse()
    quebec = Location.objects.create(code="QC", name="Quebec")
    places.add_bins(main.pk, ["A-1", "B-1"], kind=Location.Kind.BIN, first_pick_order=1)
    places.add_bins(quebec.pk, ["A-1"], kind=Location.Kind.BIN, first_pick_order=1)

    assert places.named(" main-a-1 ").code == "MAIN-A-1"
    assert places.named("b-1").code == "MAIN-B-1"
    assert places.named("A-1", warehouse_id=quebec.pk).code == "QC-A-1"
    with pytest.raises(ValueError, match=r"Several places are called “A-1”: MAIN-A-1 .* QC-A-1"):
        places.named("A-1")
    with pytest.raises(ValueError, match="There is no place “Z”"):
        places.named("Z")


def test_the_work_list_has_what_lies_at_the_door_and_in_a_foreign_bin() -> None:
    main = warehouse()
    tent, pegs = make_product("TENT", 5), make_product("PEGS", 5)
    assert putting_away.work_list(warehouse_id=main.pk, most=9) == []
    places.add_bins(main.pk, ["A-1", "B-1"], kind=Location.Kind.BIN, first_pick_order=1)
    a, b = places.named("A-1"), places.named("B-1")
    moving.set_own_bins({(tent.pk, main.pk): a.pk})
    moving.move(
        [moving.Moving(tent.pk, 2, main.pk, a.pk), moving.Moving(tent.pk, 1, main.pk, b.pk),
         moving.Moving(pegs.pk, 5, main.pk, b.pk)], key="k",
    )  # fmt: skip

    rows = putting_away.work_list(warehouse_id=main.pk, most=9)

    assert [(row.level.product.sku, row.level.location.name, row.units, row.own) for row in rows] == [
        ("TENT", "B-1", 1, a),
        ("TENT", "Main warehouse", 2, a),
    ]
    client, url = logged_in("warehouse"), reverse("admin:inventory_location_put_away")
    door, foreign = rows[1].name, rows[0].name
    said = {"in": main.pk, "once": "a" * 32, "row": [door, foreign], f"units-{door}": 2, f"bin-{door}": "",
            f"units-{foreign}": 1, f"bin-{foreign}": "a-1"}  # fmt: skip
    client.post(url, said)
    client.post(url, said)

    assert dict(StockLevel.objects.filter(product=tent, on_hand__gt=0).values_list("location__name", "on_hand")) == {
        "A-1": 5
    }
    assert "Everything lies where it belongs" in client.get(url).content.decode()


def test_the_move_page_moves_once_and_keeps_what_was_typed_when_refused() -> None:
    make_merchant()
    make_product("TENT", 5)
    main = warehouse()
    places.add_bins(main.pk, ["A-1"], kind=Location.Kind.BIN, first_pick_order=1)
    client, url = logged_in("warehouse"), reverse("admin:inventory_location_move")
    said = {"once": "b" * 32, "note": "", "product": ["TENT", ""], "units": ["9", ""], "from": ["MAIN", ""],
            "to": ["A-1", ""], "lot": ["", ""]}  # fmt: skip

    refused = client.post(url, said)
    assert "9 of TENT cannot be moved from Main warehouse: 5 are there" in refused.content.decode()
    assert 'value="9"' in refused.content.decode()
    for _ in range(2):
        client.post(url, {**said, "units": ["4", ""]})

    assert StockLevel.objects.get(location__name="A-1").on_hand == 4
    assert "4 × " in client.get(url).content.decode()


def test_pages_of_places_need_as_many_statements_for_many_rows_as_for_few() -> None:
    main = warehouse()
    client = logged_in("manager")
    urls = [
        reverse("admin:inventory_location_changelist"),
        reverse("admin:inventory_location_put_away"),
        reverse("admin:inventory_location_stock", args=[main.pk]),
    ]

    def grow(start: int, end: int) -> list[int]:
        places.add_bins(main.pk, [f"A-{n}" for n in range(start, end)], kind=Location.Kind.BIN, first_pick_order=1)
        for n in range(start, end):
            product = make_product(f"P{n}", 1)
            WarehouseProduct.objects.create(product=product, warehouse=main, put_away=places.named(f"A-{n}"))
        return [statements(client, url) for url in urls]

    assert grow(0, 3) == grow(3, 15)
    assert Product.objects.count() == 15
