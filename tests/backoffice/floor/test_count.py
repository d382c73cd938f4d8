"""Counting by scan on a phone: figures noted at once, corrected, undone, handed in; what should be there is not shown."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice import stocktaking
from inventory import ledger
from inventory.models import CountLine, CountSheet, Location, Movement, Product, SellingUnit
from tests.bars import GTIN
from tests.floor import Screen
from tests.making import make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent() -> Product:
    make_merchant()
    return make_product("TENT", 5, barcode=GTIN)


@pytest.fixture
def shelf() -> Location:
    return Location.objects.create(code="A-01", name="Shelf one", kind="bin", warehouse=ledger.default_location())


@pytest.fixture
def sheet(tent: Product) -> CountSheet:
    pairs = [(tent.pk, ledger.default_location().pk)]
    return stocktaking.start(ledger.default_location().pk, lambda: pairs)[0][0]


def counted() -> dict[str, int | None]:
    return dict(CountLine.objects.values_list("product__sku", "counted"))


def test_a_sheet_is_counted_scan_by_scan_and_booked(sheet: CountSheet, shelf: Location) -> None:
    screen = Screen("count")

    assert "CS" not in screen.scan(sheet.number).sentence
    for expected in (1, 2, 3):
        assert screen.scan(GTIN).tone == "ok"
        assert counted() == {"TENT": expected}
    answer = screen.press("submit")

    assert answer.sentence == f"Done. Sheet {sheet.number} is booked."
    movement = Movement.objects.get(reason="count")
    assert (movement.quantity, movement.by.username if movement.by else "") == (-2, "warehouse")


def test_what_should_be_there_is_not_shown(sheet: CountSheet) -> None:
    text = Screen("count").scan(sheet.number).text

    assert not re.search(r">\s*5\s*<", text)


def test_a_number_is_typed_over_what_was_scanned_and_taken_back(sheet: CountSheet) -> None:
    screen = Screen("count")
    screen.scan(sheet.number)
    screen.scan("TENT")

    assert "7 × TENT" in screen.send(amount="7").sentence
    assert counted() == {"TENT": 7}
    assert "1 × TENT" in screen.press("undo").sentence
    assert counted() == {"TENT": 1}
    assert screen.send(amount="-3").tone == "refused"
    assert counted() == {"TENT": 1}


def test_a_number_that_was_typed_is_noted_before_the_next_scan(sheet: CountSheet) -> None:
    make_product("LAMP")
    screen = Screen("count")
    screen.scan(sheet.number)
    screen.scan("TENT")

    screen.send(code="LAMP", amount="40")

    assert counted() == {"TENT": 40, "LAMP": 1}


def test_a_scanner_that_types_into_the_field_for_units_is_understood(sheet: CountSheet) -> None:
    screen = Screen("count")
    screen.scan(sheet.number)
    screen.scan("TENT")

    assert screen.send(amount=GTIN).tone == "ok"
    assert counted() == {"TENT": 2}


def test_the_same_post_sent_again_after_a_lost_answer_counts_once(sheet: CountSheet) -> None:
    screen = Screen("count")
    screen.scan(sheet.number)
    screen.scan("TENT")

    screen.repeat()

    assert counted() == {"TENT": 1}


def test_a_pack_counts_what_is_in_it_and_a_place_is_changed_by_scan(sheet: CountSheet, shelf: Location) -> None:
    SellingUnit.objects.create(product=Product.objects.get(), name="box", quantity=12, sku="TENT-12")
    screen = Screen("count")
    screen.scan(sheet.number)

    assert screen.scan("a-01").prompt == "Scan what lies in Shelf one"
    assert "12 × TENT in Shelf one" in screen.scan("TENT-12").sentence
    assert counted()["TENT"] == 12
    assert "not counted" in screen.press("undo").sentence


def test_the_lot_is_asked_for_and_may_stand_on_the_label(sheet: CountSheet) -> None:
    make_product("MILK", tracking="lot", barcode="0628915000016")
    screen = Screen("count")
    screen.scan(sheet.number)

    asked = screen.scan("MILK")
    assert (asked.tone, asked.prompt) == ("next", "Scan the lot or serial number")
    assert "1 × MILK · L7" in screen.scan("L7").sentence
    assert "2 × MILK · L7" in screen.scan("L7").sentence
    assert "1 × MILK · L8" in screen.scan("(01)00628915000016(10)L8").sentence


def test_none_is_said_with_one_button(sheet: CountSheet) -> None:
    screen = Screen("count")
    screen.scan(sheet.number)

    screen.press(f"none-{CountLine.objects.get().pk}")

    assert counted() == {"TENT": 0}


def test_lines_that_are_left_are_named_before_it_is_handed_in(sheet: CountSheet) -> None:
    make_product("LAMP")
    screen = Screen("count")
    screen.scan(sheet.number)
    screen.scan("LAMP")

    asked = screen.press("submit")
    assert "1 line is not counted yet" in asked.sentence
    assert CountSheet.objects.get().state == "open"
    assert screen.press("submit-all").tone == "ok"
    assert CountSheet.objects.get().state == "booked"


@pytest.mark.parametrize("code", ["NOPE", "TENT"])
def test_what_is_no_sheet_is_refused(sheet: CountSheet, code: str) -> None:
    assert Screen("count").scan(code).tone == "refused"


def test_a_sheet_that_was_booked_meanwhile_takes_no_more(sheet: CountSheet) -> None:
    screen = Screen("count")
    screen.scan(sheet.number)
    CountSheet.objects.update(state="cancelled")

    assert screen.scan("TENT").tone == "refused"
    assert screen.scan(sheet.number).sentence.endswith("it is cancelled.")
    assert counted() == {"TENT": None}


def test_a_blank_sheet_is_made_by_whom_the_table_names(tent: Product) -> None:
    form = {"act": "new", "warehouse": str(ledger.default_location().pk)}

    assert logged_in("warehouse").post(reverse("floor:count"), form).status_code == 403
    answer: Any = logged_in("manager").post(reverse("floor:count"), form)

    assert answer["Location"] == f"/floor/count/?code={CountSheet.objects.get().number}"


@pytest.mark.parametrize("role", ["clerk", "accountant", "nobody"])
def test_others_do_not_count(sheet: CountSheet, role: str) -> None:
    answer: Any = logged_in(role).post(reverse("floor:count"), {"code": sheet.number}, headers={"X-Floor": "1"})

    assert answer.status_code == 403
    assert Client().post(reverse("floor:count"), headers={"X-Floor": "1"}).status_code == 401


def test_where_no_sheet_is_open_it_is_said_who_makes_one() -> None:
    ledger.default_location()
    assert "Make a blank one here" in Screen("count", role="manager").answer.text
