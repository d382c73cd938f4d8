"""Receiving by scan on a phone: counted in the hand, said what is wrong with it there and then, booked once."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice import transferring
from backoffice.floor import arrived
from inventory import ledger, transfers
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    Location,
    Lot,
    LotLevel,
    Movement,
    Product,
    PurchaseOrder,
    SellingUnit,
    StockLevel,
    SupplierProduct,
    WarehouseProduct,
)
from orders.models import Order
from tests.bars import GTIN
from tests.floor import Screen, ordered
from tests.making import make_merchant, make_order, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent() -> Product:
    make_merchant()
    return make_product("TENT", barcode=GTIN, name="Tent for four")


@pytest.fixture
def order(tent: Product) -> PurchaseOrder:
    return ordered((tent, 24), (make_product("LAMP"), 3))


def receiving(order: PurchaseOrder, role: str = "warehouse") -> Screen:
    return Screen("receive_purchase", role=role, args=(order.number,))


def on_hand() -> dict[str, int]:
    return dict(StockLevel.objects.filter(on_hand__gt=0).values_list("product__sku", "on_hand"))


def test_what_is_scanned_counts_up_and_is_booked_at_once(order: PurchaseOrder, tent: Product) -> None:
    SellingUnit.objects.create(product=tent, name="box", quantity=12, sku="TENT-12")
    SupplierProduct.objects.create(supplier=order.supplier, product=tent, supplier_sku="NL-T6", pack=6)
    order.lines.filter(product=tent).update(supplier_sku="NL-T6")
    waits = make_order([("TENT", 5, "1.00")])
    screen = receiving(order)

    assert screen.scan(GTIN).sentence == "Counted. 1 × TENT"
    assert screen.scan("tent").sentence == "Counted. 2 × TENT"
    assert screen.scan("TENT-12").sentence == "Counted. 14 × TENT"
    assert screen.scan("nl-t6").sentence == "Counted. 20 × TENT"
    assert (on_hand(), screen.fields["rows"] != "[]") == ({}, True)
    said = screen.send(act="book", delivery_note="DN-7").sentence

    assert "20 units received" in said
    assert "TENT: 4 are still to come." in said
    assert on_hand() == {"TENT": 20}
    assert GoodsReceipt.objects.get().delivery_note == "DN-7"
    waits.refresh_from_db()
    assert waits.state == Order.State.TO_PACK
    assert screen.fields["rows"] == "[]"


def test_a_booking_sent_again_after_a_lost_answer_is_booked_once(order: PurchaseOrder) -> None:
    screen = receiving(order)
    screen.scan("TENT")
    screen.press("book")

    assert "booked before" in screen.repeat().sentence
    assert on_hand() == {"TENT": 1}


def test_the_last_scan_is_taken_back_and_a_number_is_typed(order: PurchaseOrder) -> None:
    screen = receiving(order)
    screen.scan("LAMP")
    screen.scan("TENT")
    screen.scan("TENT")

    assert "taken back" in screen.press("undo").sentence
    assert screen.press("undo").tone == "refused"
    assert screen.send(amount="20").sentence == "Counted. 20 × TENT"
    screen.send(amount="12")
    screen.press("book")

    assert on_hand() == {"TENT": 12, "LAMP": 1}


def test_more_than_was_ordered_is_asked_for_first(order: PurchaseOrder) -> None:
    screen = receiving(order)
    screen.scan("LAMP")

    asked = screen.send(amount="4")
    assert (asked.tone, asked.sentence) == ("ask", "Wait. 4 of LAMP would be here; 3 are expected. Take them all in?")
    assert screen.press("book").tone == "refused"
    assert screen.press("leave").tone == "ok"
    screen.send(amount="4")
    assert screen.press("more").sentence == "Counted. 4 × LAMP"
    assert screen.scan("LAMP").sentence == "Counted. 5 × LAMP"
    said = screen.press("book").sentence

    assert "LAMP: 2 more came than were ordered." in said
    assert on_hand() == {"LAMP": 5}


def test_what_is_not_on_the_order_is_refused(order: PurchaseOrder) -> None:
    make_product("STRANGER")
    screen = receiving(order)

    assert "STRANGER is not on" in screen.scan("STRANGER").sentence
    assert "is no product, lot or place" in screen.scan("NOPE").sentence
    assert screen.press("book").tone == "refused"
    assert GoodsReceipt.objects.count() == 0


def test_a_lot_and_its_day_are_asked_for(tent: Product) -> None:
    milk = make_product("MILK", tracking="lot", expires=True)
    screen = receiving(ordered((milk, 10)))

    assert screen.scan("MILK").prompt == "Scan or type the lot of MILK"
    assert "That is the code of TENT" in screen.scan("TENT").sentence
    assert "own code" in screen.scan("MILK").sentence
    assert "expires, like 2027-01-31" in screen.scan("L7").prompt
    assert "is no day" in screen.scan("soon").sentence
    assert screen.send(expires="2027-01-31").sentence == "Counted. 1 × MILK · L7"
    screen.scan("MILK")
    assert screen.scan("L7").sentence == "Counted. 2 × MILK · L7"
    screen.press("book")

    lot = Lot.objects.get()
    assert (lot.code, lot.expires_on, LotLevel.objects.get().units) == ("L7", date(2027, 1, 31), 2)


def test_a_label_that_says_lot_and_day_needs_no_question(tent: Product) -> None:
    milk = make_product("MILK", tracking="lot", expires=True, barcode="0628915000016")
    screen = receiving(ordered((milk, 10)))

    assert screen.scan("(01)00628915000016(17)270131(10)L9").sentence == "Counted. 1 × MILK · L9"
    screen.press("book")

    assert GoodsReceiptLine.objects.get().lot == Lot.objects.get(code="L9", expires_on=date(2027, 1, 31))


def test_each_serial_number_is_one_unit(tent: Product) -> None:
    phone = make_product("PHONE", tracking="serial")
    screen = receiving(ordered((phone, 5)))

    for serial in ("SN-1", "SN-2"):
        screen.scan("PHONE")
        assert screen.scan(serial).tone == "ok"
    screen.scan("PHONE")
    assert "SN-1 is here already" in screen.scan("SN-1").sentence
    assert screen.send(amount="3").tone == "refused"
    screen.press("book")

    assert sorted(Lot.objects.values_list("code", flat=True)) == ["SN-1", "SN-2"]
    again = receiving(PurchaseOrder.objects.get())
    again.scan("PHONE")
    assert "SN-2 is here already" in again.scan("SN-2").sentence


def test_goods_lie_at_the_dock_in_a_scanned_place_or_in_their_own_bin(order: PurchaseOrder, tent: Product) -> None:
    home = ledger.default_location()
    own = Location.objects.create(code="B-1", name="B-1", kind="bin", warehouse=home)
    other = Location.objects.create(code="B-2", name="B-2", kind="bin", warehouse=home)
    WarehouseProduct.objects.create(product=tent, warehouse=home, put_away=own)
    screen = receiving(order)

    screen.scan("TENT")
    screen.press("book")
    screen.scan("TENT")
    screen.send(act="book", direct="1")
    assert "All of it goes to" in screen.scan("b-2").sentence
    screen.scan("TENT")
    screen.press("book")

    assert [m.location for m in Movement.objects.order_by("id")] == [home, own, other]


def test_a_product_on_two_lines_fills_the_first_before_the_second(tent: Product) -> None:
    order = ordered((tent, 2))
    purchasing_line = order.lines.get()
    order.lines.create(position=2, product=tent, ordered=3, unit_price=purchasing_line.unit_price)
    screen = receiving(order)
    screen.scan("TENT")
    screen.send(amount="4")
    screen.press("book")

    assert list(order.lines.order_by("position").values_list("received", flat=True)) == [2, 2]


def test_the_first_page_finds_the_order_by_its_number_or_its_goods(order: PurchaseOrder, tent: Product) -> None:
    url, make_product_ = reverse("floor:receive_purchase", args=[order.number]), make_product
    client = logged_in("warehouse")

    def asked(code: str) -> Any:
        return client.post(reverse("floor:receive"), {"code": code})

    assert asked(order.number.lower())["Location"] == url
    assert asked("LAMP")["Location"] == url
    order.lines.filter(product__sku="LAMP").update(supplier_sku="NL-9")
    assert asked("nl-9")["Location"] == url
    ordered((tent, 5))
    assert "on several orders" in asked("TENT").content.decode()
    make_product_("STRANGER")
    assert "on no purchase order that is expected" in asked("STRANGER").content.decode()
    part = client.post(reverse("floor:receive"), {"code": "LAMP"}, headers={"X-Floor": "1"})
    assert f'data-go="{url}"' in part.content.decode()


def test_a_draft_or_cancelled_order_takes_nothing_in(order: PurchaseOrder) -> None:
    PurchaseOrder.objects.update(state="cancelled")

    assert "nothing is received of it" in receiving(order).answer.sentence


def test_a_transfer_is_received_and_no_more_than_was_sent(tent: Product) -> None:
    home = ledger.default_location()
    west = Location.objects.create(code="WEST", name="West")
    milk = make_product("MILK", tracking="lot")
    lot = Lot.objects.create(product=milk, code="L1")
    for product, lot_id in ((tent, None), (milk, lot.pk)):
        ledger.record([ledger.Move(product.pk, home.pk, 5, "receipt", product.sku, lot_id=lot_id)])
    paper = transfers.draft(
        source_id=home.pk, destination_id=west.pk, by=None,
        lines=[transfers.Wanted(tent.pk, 3), transfers.Wanted(milk.pk, 2)],
    )  # fmt: skip
    transferring.send(paper.pk)
    screen = Screen("receive_transfer", args=(paper.number,))

    screen.scan("TENT")
    assert "Only 3 of TENT are on their way" in screen.send(amount="4").sentence
    screen.send(amount="3")
    screen.scan("MILK")
    screen.scan("WRONG")
    assert "was not sent with this transfer" in screen.press("book").sentence
    screen.send(amount="0")
    screen.scan("MILK")
    screen.scan("L1")
    screen.send(amount="2")
    assert "5 units received" in screen.press("book").sentence
    assert "booked before" in screen.repeat().sentence

    assert dict(StockLevel.objects.filter(location=west).values_list("product__sku", "on_hand")) == {
        "TENT": 3,
        "MILK": 2,
    }
    asked = logged_in("warehouse").post(reverse("floor:receive"), {"code": paper.number})
    assert asked["Location"] == reverse("floor:receive_transfer", args=[paper.number])


def test_goods_without_a_purchase_order_are_received_too(tent: Product) -> None:
    make_product("MILK", tracking="lot")
    screen = Screen("receive_loose", args=(ledger.default_location().code,))
    screen.scan("TENT")
    screen.send(amount="400")
    screen.scan("MILK")
    screen.scan("L1")

    assert "401 units received" in screen.press("book").sentence
    assert "booked before" in screen.repeat().sentence
    assert on_hand() == {"TENT": 400, "MILK": 1}
    assert {m.by.username for m in Movement.objects.select_related("by") if m.by} == {"warehouse"}


def test_no_price_or_cost_is_shown_to_anybody(order: PurchaseOrder) -> None:
    order.lines.update(unit_price="66.66")
    screen = receiving(order, role="manager")

    assert "66.66" not in screen.scan("TENT").text
    assert "66.66" not in screen.press("book").text


@pytest.mark.parametrize("role", ["clerk", "accountant", "nobody"])
def test_others_do_not_receive(order: PurchaseOrder, role: str) -> None:
    client = logged_in(role)
    urls = [
        reverse("floor:receive"),
        reverse("floor:receive_purchase", args=[order.number]),
        reverse("floor:receive_loose", args=[ledger.default_location().code]),
    ]

    assert {client.post(url, {"code": "TENT"}).status_code for url in urls} == {403}
    assert {Client().post(url, headers={"X-Floor": "1"}).status_code for url in urls} == {401}
    assert logged_in("warehouse").get(reverse("floor:receive_purchase", args=["NOPE"])).status_code == 404


@pytest.mark.parametrize("rows", ["{", "[1]", '[["a", 1, "", ""]]', '[[1, 0, "", ""]]', '[[99999999, 1, "", ""]]'])
def test_a_form_that_was_tampered_with_counts_nothing(order: PurchaseOrder, rows: str) -> None:
    screen = receiving(order)

    assert screen.send(act="book", rows=rows).tone == "refused"
    assert on_hand() == {}


@pytest.mark.parametrize("text", ["2027-01-31", "20270131", "270131", " 270131 "])
def test_a_day_is_read_as_people_and_labels_write_it(text: str) -> None:
    assert arrived.day(text) == date(2027, 1, 31)


@pytest.mark.parametrize("text", ["", "31", "270132", "2027-02-30", "0628915123456", "soon", "TENT-1"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert arrived.day(text) is None
