"""Putting away and moving by scan on a phone: booked once, taken back with one button, refused in words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inventory import ledger
from inventory.models import Location, Lot, LotLevel, Movement, Product, SellingUnit, StockLevel, WarehouseProduct
from tests.bars import GTIN
from tests.floor import Screen
from tests.making import make_merchant, make_order, make_product
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent() -> Product:
    make_merchant()
    return make_product("TENT", 12, barcode=GTIN)


@pytest.fixture
def bins(tent: Product) -> list[Location]:
    home = ledger.default_location()
    return [Location.objects.create(code=code, name=code, kind="bin", warehouse=home) for code in ("A-1", "A-2")]


def lies(sku: str = "TENT") -> dict[str, int]:
    found = StockLevel.objects.filter(product__sku=sku, on_hand__gt=0)
    return {code or "dock": units for code, units in found.values_list("location__code", "on_hand")}


def dock() -> str:
    return ledger.default_location().code


# --- put away ------------------------------------------------------------------------------------------------------------
def test_all_that_waits_is_put_away_with_two_scans_and_the_bin_is_remembered(bins: list[Location]) -> None:
    screen = Screen("put_away")
    assert "no bin of its own yet" in screen.answer.text

    assert screen.scan(GTIN).sentence == "In hand. 12 × TENT"
    assert screen.answer.prompt == "Scan the bin it goes into"
    assert screen.scan("a-1").sentence.startswith("Done. 12 × TENT put away in")
    assert lies() == {"A-1": 12}
    assert WarehouseProduct.objects.get().put_away == bins[0]
    assert {m.by.username for m in Movement.objects.filter(reason="move").select_related("by") if m.by} == {"warehouse"}


def test_it_is_taken_back_with_one_button(bins: list[Location]) -> None:
    screen = Screen("put_away")
    screen.scan("TENT")
    screen.scan("A-1")

    assert "is back in" in screen.press("undo").sentence
    assert lies() == {dock(): 12}
    assert screen.repeat().tone in ("ok", "refused")
    assert lies() == {dock(): 12}


def test_a_booking_sent_again_after_a_lost_answer_is_booked_once(bins: list[Location]) -> None:
    screen = Screen("put_away")
    screen.scan("TENT")
    screen.send(amount="5")
    screen.scan("A-1")
    screen.repeat()

    assert lies() == {dock(): 7, "A-1": 5}


def test_a_pack_counts_what_is_in_it(bins: list[Location], tent: Product) -> None:
    SellingUnit.objects.create(product=tent, name="box of five", quantity=5, sku="TENT-5")
    screen = Screen("put_away")

    assert "5 × TENT" in screen.scan("TENT-5").sentence
    assert "10 × TENT" in screen.scan("TENT-5").sentence
    assert "Only 12 of TENT wait" in screen.scan("TENT-5").sentence
    screen.send(amount="10")
    screen.scan("A-1")
    assert lies() == {dock(): 2, "A-1": 10}


def test_more_than_waits_and_what_is_no_bin_are_refused(bins: list[Location]) -> None:
    make_product("LAMP", 1)
    screen = Screen("put_away")

    assert screen.scan("A-1").tone == "refused"
    screen.scan("TENT")
    assert "is no bin" in screen.scan(dock()).sentence
    assert "TENT is in hand" in screen.scan("LAMP").sentence
    screen.send(amount="400")
    assert "400 of TENT cannot be moved" in screen.scan("A-1").sentence
    assert screen.press("clear").tone == "ok"
    assert lies() == {dock(): 12}


def test_what_lies_in_its_bin_already_does_not_wait(bins: list[Location]) -> None:
    screen = Screen("put_away")
    screen.scan("TENT")
    screen.scan("A-1")

    assert "it lies in" in screen.scan("TENT").sentence
    assert "Nothing waits to be put away." in screen.answer.text


def test_a_lot_goes_with_its_goods(bins: list[Location]) -> None:
    milk = make_product("MILK", tracking="lot")
    for code, units in (("L1", 3), ("L2", 4)):
        lot = Lot.objects.create(product=milk, code=code)
        ledger.record([ledger.Move(milk.pk, ledger.default_location().pk, units, "receipt", code, lot_id=lot.pk)])
    screen = Screen("put_away")

    assert "3 × MILK" in screen.scan("L1").sentence
    screen.scan("A-1")
    assert list(LotLevel.objects.filter(location=bins[0]).values_list("lot__code", "units")) == [("L1", 3)]
    screen.scan("MILK")
    screen.scan("A-2")
    assert list(LotLevel.objects.filter(location=bins[1], units__gt=0).values_list("lot__code", "units")) == [("L2", 4)]


def test_of_several_lots_the_lot_is_asked_before_the_bin(bins: list[Location]) -> None:
    milk = make_product("MILK", tracking="lot")
    for code, units in (("L1", 3), ("L2", 77)):
        lot = Lot.objects.create(product=milk, code=code)
        ledger.record([ledger.Move(milk.pk, ledger.default_location().pk, units, "receipt", code, lot_id=lot.pk)])
    SellingUnit.objects.create(product=milk, name="box", quantity=5, sku="MILK-5")
    screen = Screen("put_away")

    assert "Say which lot" in screen.scan("MILK").sentence
    assert screen.answer.prompt == "Scan the lot, or choose it"
    assert "Scan the lot of MILK first" in screen.scan("A-1").sentence
    assert screen.press(f"lot-{Lot.objects.get(code='L1').pk}").sentence == "In hand. 3 × MILK · L1"
    assert screen.answer.prompt == "Scan the bin it goes into"
    assert "3 wait in Main warehouse" in screen.answer.text
    assert "Only 3 of MILK · L1 wait" in screen.scan("MILK-5").sentence
    screen.scan("A-1")
    assert lies("MILK") == {"A-1": 3, dock(): 77}


# --- move ----------------------------------------------------------------------------------------------------------------
def test_several_things_are_moved_from_one_place_to_another(bins: list[Location]) -> None:
    make_product("LAMP", 4)
    screen = Screen("move")

    assert "From" in screen.scan(dock()).sentence
    assert "1 × TENT" in screen.scan(GTIN).sentence
    assert "2 × TENT" in screen.scan("TENT").sentence
    screen.scan("LAMP")
    screen.send(amount="3")
    said = screen.scan("A-2").sentence

    assert "2 × TENT, 3 × LAMP moved from" in said
    assert (lies(), lies("LAMP")) == ({dock(): 10, "A-2": 2}, {dock(): 1, "A-2": 3})
    screen.press("undo")
    assert (lies(), lies("LAMP")) == ({dock(): 12}, {dock(): 4})


def test_a_promise_goes_along(bins: list[Location], tent: Product) -> None:
    make_order([("TENT", 12, "1.00")])
    screen = Screen("move")
    screen.scan("TENT")
    screen.send(code="A-1", amount="12")

    assert StockLevel.objects.get(location=bins[0]).reserved == 12


def test_where_it_lies_in_one_place_only_that_place_need_not_be_scanned(bins: list[Location]) -> None:
    screen = Screen("move")
    screen.scan("TENT")
    screen.scan("A-1")
    screen.press("clear")

    assert "lies in several places" in screen.scan("TENT").sentence
    screen.scan("A-1")
    assert "1 × TENT" in screen.scan("TENT").sentence
    assert "Only 1 of TENT lie in" in screen.scan("TENT").sentence
    screen.scan("A-2")
    assert lies() == {dock(): 11, "A-2": 1}


def test_what_cannot_be_moved_is_refused_and_nothing_is_lost(bins: list[Location]) -> None:
    west = Location.objects.create(code="WEST", name="West")
    make_product("LAMP")
    screen = Screen("move")

    assert "is on hand anywhere" in screen.scan("LAMP").sentence
    screen.scan("TENT")
    assert "two warehouses" in screen.scan(west.code).sentence
    assert screen.scan(dock()).tone == "refused"
    assert screen.scan("A-1").tone == "ok"
    assert lies() == {dock(): 11, "A-1": 1}


def test_the_lot_is_asked_for_where_several_lie(bins: list[Location]) -> None:
    milk = make_product("MILK", tracking="lot")
    for code, units in (("L1", 3), ("L2", 4)):
        lot = Lot.objects.create(product=milk, code=code)
        ledger.record([ledger.Move(milk.pk, ledger.default_location().pk, units, "receipt", code, lot_id=lot.pk)])
    screen = Screen("move")

    assert screen.scan("MILK").prompt == "Scan the lot of MILK"
    assert "is no lot of MILK" in screen.scan("TENT").sentence
    assert "1 × MILK · L2" in screen.scan("l2").sentence
    screen.scan("A-1")
    assert list(LotLevel.objects.filter(location=bins[0]).values_list("lot__code", "units")) == [("L2", 1)]


def test_what_waits_is_listed_in_a_constant_number_of_statements(bins: list[Location]) -> None:
    client, url = logged_in("warehouse"), reverse("floor:put_away")
    before = statements(client, url)
    for number in range(20):
        make_product(f"P{number}", 1)

    assert statements(client, url) == before


@pytest.mark.parametrize("role", ["clerk", "accountant", "nobody"])
@pytest.mark.parametrize("name", ["move", "put_away"])
def test_others_do_not_move_goods(bins: list[Location], role: str, name: str) -> None:
    answer: Any = logged_in(role).post(reverse(f"floor:{name}"), {"code": "TENT"})

    assert answer.status_code == 403
    assert Client().post(reverse(f"floor:{name}"), headers={"X-Floor": "1"}).status_code == 401


@pytest.mark.parametrize("undo", ["", "1", "1;2;", "x;y;1::1", "1;1;99999::1"])
def test_a_form_that_was_tampered_with_moves_nothing(bins: list[Location], undo: str) -> None:
    assert Screen("move").send(act="undo", undo=undo).tone == "refused"
    assert lies() == {dock(): 12}
