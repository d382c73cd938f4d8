"""A receipt that was booked wrongly is taken back, and an invoice has other prices than the order (rules: S1, S9, A4)."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from accounting import chart, ledger
from backoffice import desk, journey, landed, moving, receiving, reversing
from backoffice.landed import Landed
from backoffice.receiving import ReceiptItem
from inventory.models import GoodsReceipt, LandedCost, Location, LotLevel, Product, PurchaseOrder, StockLevel
from tests.buying import make_sent, make_supplier, make_warehouse
from tests.making import make_merchant, make_order, make_product
from tests.proving import assert_proven
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
FREIGHT = LandedCost.Kind.FREIGHT


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_warehouse()


def come(order: PurchaseOrder, units: int, **said: Any) -> GoodsReceipt:
    items = [ReceiptItem(order.lines.get().pk, units)]
    return receiving.receive(order.pk, items, key=f"slip-{GoodsReceipt.objects.count()}", **said).receipt


def back(receipt: GoodsReceipt, units: int, key: str = "k") -> int:
    return reversing.reverse(receipt.pk, {receipt.lines.get().pk: units}, key=key, reason="100 typed for 10")


def balance(code: str) -> Decimal:
    return sum((row.balance for row in ledger.trial_balance() if row.code == code), Decimal(0))


def stands(order: PurchaseOrder) -> tuple[str, int, int]:
    order.refresh_from_db()
    line = order.lines.get()
    return order.state, line.received, line.outstanding


def sell(units: int) -> None:
    order = make_order([("TENT", units, "90.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])


def cost() -> Decimal:
    return Product.objects.get(sku="TENT").average_cost


def test_a_hundred_typed_for_ten_is_as_if_ten_had_come() -> None:
    come(make_sent(("TENT", 10, "10.00")), 10)
    order = make_sent(("TENT", 100, "21.00"))
    receipt = come(order, 100)
    sell(5)

    assert back(receipt, 90) == 90
    assert back(receipt, 90) == 0

    # 10 at 10 and 10 at 21 are 15.50 each, of what is left and of what was sold meanwhile.
    assert stands(order) == ("part_received", 10, 90)
    assert (StockLevel.objects.get().on_hand, cost()) == (15, Decimal("15.5000"))
    assert (balance(chart.RECEIVED), balance(chart.INVENTORY)) == (Decimal("-310.00"), Decimal("232.50"))
    assert (balance(chart.COGS), balance(chart.STOCK)) == (Decimal("77.50"), Decimal(0))
    with pytest.raises(ValueError, match="of this receipt 10 stand"):
        back(receipt, 11, "other")
    assert_proven()


def test_who_was_promised_what_never_came_waits_again() -> None:
    order = make_sent(("TENT", 100, "20.00"))
    waiting = make_order([("TENT", 30, "90.00")]).lines.get()
    receipt = come(order, 100)
    waiting.refresh_from_db()
    assert waiting.allocated == 30

    back(receipt, 90)

    waiting.refresh_from_db()
    assert waiting.allocated == 10
    assert_proven()


def test_what_is_packed_or_has_left_is_not_taken_back_and_said() -> None:
    receipt = come(make_sent(("TENT", 100, "20.00")), 100)
    sell(30)
    journey.pack([make_order([("TENT", 20, "90.00")]).pk])
    with pytest.raises(ValueError, match="60 of TENT cannot be taken back: 50 still lie here outside of parcels"):
        back(receipt, 60)
    assert back(receipt, 50) == 50
    assert StockLevel.objects.get().on_hand == 20
    assert_proven()


def test_it_is_taken_from_the_bin_to_which_it_was_put_away_by_lot() -> None:
    make_product("TENT", tracking="lot")
    order, main = make_sent(("TENT", 100, "20.00")), make_warehouse()
    shelf = Location.objects.create(code="A-1", name="A-1", kind="bin", warehouse=main)
    line = order.lines.get()
    items = [ReceiptItem(line.pk, 60, lot_code="L1"), ReceiptItem(line.pk, 40, lot_code="L2")]
    receipt = receiving.receive(order.pk, items, key="x").receipt
    first, second = receipt.lines.order_by("id")
    assert first.lot is not None
    moving.move([moving.Moving(line.product_id, 50, main.pk, shelf.pk, first.lot.pk)], key="away")

    reversing.reverse(receipt.pk, {first.pk: 55, second.pk: 40}, key="k", reason="Another order")

    assert set(LotLevel.objects.filter(units__gt=0).values_list("lot__code", "location__code", "units")) == {
        ("L1", "A-1", 5)
    }
    assert stands(order) == ("part_received", 5, 95)
    assert_proven()


def test_freight_is_given_back_before_all_of_its_receipt_is() -> None:
    order = make_sent(("TENT", 10, "20.00"))
    receipt = come(order, 10, costs=[Landed(FREIGHT, Decimal("50.00"))])
    with pytest.raises(ValueError, match="nothing would be left to bear it"):
        back(receipt, 10)
    landed.bill_later(receipt.pk, Landed(FREIGHT, Decimal("-50.00")), key="minus")
    assert cost() == Decimal("20.0000")

    assert back(receipt, 10) == 10

    assert stands(order) == ("sent", 0, 10)
    assert {
        code: balance(code) for code in (chart.RECEIVED, chart.LANDED, chart.INVENTORY, chart.STOCK)
    } == dict.fromkeys((chart.RECEIVED, chart.LANDED, chart.INVENTORY, chart.STOCK), Decimal(0))
    assert_proven()


def test_an_invoice_at_another_price_is_stock_for_what_is_left_and_cost_of_goods_for_the_rest() -> None:
    order = make_sent(("TENT", 10, "20.00"), supplier=make_supplier(currency="USD"))
    PurchaseOrder.objects.update(rate=Decimal("1.5"))
    receipt = come(order, 10)
    sell(4)
    item = receipt.lines.get()

    (dearer,) = landed.invoiced(receipt.pk, {item.pk: Decimal("22")}, key="bill", note="INV-7")
    assert landed.invoiced(receipt.pk, {item.pk: Decimal("22")}, key="bill") == []
    with pytest.raises(ValueError, match="nothing differs"):
        landed.invoiced(receipt.pk, {item.pk: Decimal("22")}, key="again")

    assert (dearer.amount, balance(chart.RECEIVED)) == (Decimal("30.00"), Decimal("-330.00"))
    assert (cost(), balance(chart.INVENTORY), balance(chart.COGS)) == (
        Decimal("33.0000"), Decimal("198.00"), Decimal("132.00")
    )  # fmt: skip
    landed.invoiced(receipt.pk, {item.pk: Decimal("18")}, key="credit")
    assert (cost(), balance(chart.RECEIVED), balance(chart.COGS)) == (
        Decimal("27.0000"), Decimal("-270.00"), Decimal("108.00")
    )  # fmt: skip
    # What is taken back is owed no more at the price of the invoice.
    back(receipt, 6)
    assert (balance(chart.RECEIVED), balance(chart.INVENTORY)) == (Decimal("-108.00"), Decimal(0))
    assert_proven()


def test_the_page_takes_back_and_books_the_invoice() -> None:
    order = make_sent(("TENT", 10, "20.00"))
    receipt = come(order, 10)
    item = receipt.lines.get()
    fields = {"receipt": receipt.pk, "once": desk.once(), "reason": "Two boxes counted twice"}

    def press(role: str, name: str, **said: Any) -> str:
        address = reverse("admin:inventory_purchaseorder_do", args=[order.pk, name])
        answer = logged_in(role).post(address, {**fields, **said})
        return [str(m) for m in get_messages(answer.wsgi_request)][-1]

    assert press("warehouse", "take-back", **{f"came-{item.pk}": "11"}).startswith("TENT: more came than was booked.")
    assert press("warehouse", "take-back", **{f"came-{item.pk}": "10"}).startswith("Say of at least one line")
    said = press("warehouse", "take-back", **{f"came-{item.pk}": "8"})
    assert said == "Taken back out of the stock: 2 units. Still to come of the order: 2 units."
    assert press("warehouse", "take-back", **{f"came-{item.pk}": "6"}).startswith("This was booked before")
    said = press("manager", "invoice", once=desk.once(), bill="INV-7", **{f"price-{item.pk}": "21,50"})
    assert said.startswith("Booked: what is still here")
    text = logged_in("manager").get(reverse("admin:inventory_purchaseorder_change", args=[order.pk])).content.decode()
    for words in ("8 came", "2 × TENT", "Two boxes counted twice", "Other price on the invoice", "INV-7"):
        assert words in text, words
    assert cost() == Decimal("21.5000")
