"""Goods that were ordered come in: in part, too many, with freight, sold before the freight is billed (rule: S9)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounting import chart, ledger
from backoffice import journey, landed, receiving
from backoffice.landed import Landed, Spread
from backoffice.receiving import ReceiptItem
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    Location,
    Lot,
    Movement,
    Product,
    PurchaseOrder,
    Revaluation,
    StockLevel,
    WarehouseProduct,
)
from tests.buying import make_draft, make_sent, make_supplier, make_warehouse
from tests.making import make_merchant, make_order, make_product
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db
FREIGHT = LandedCost.Kind.FREIGHT


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_warehouse()


def come(order: PurchaseOrder, *units: int, key: str = "", **said: Any) -> receiving.Received:
    lines = list(order.lines.order_by("position"))
    items = [ReceiptItem(line.pk, n) for line, n in zip(lines, units, strict=False) if n]
    return receiving.receive(order.pk, items, key=key or f"slip-{GoodsReceipt.objects.count()}", **said)


def balance(code: str) -> Decimal:
    return sum((row.balance for row in ledger.trial_balance() if row.code == code), Decimal(0))


def on_hand(sku: str) -> int:
    return sum(StockLevel.objects.filter(product__sku=sku).values_list("on_hand", flat=True))


def cost(sku: str) -> Decimal:
    return Product.objects.get(sku=sku).average_cost


def test_part_of_an_order_comes_and_serves_who_waits() -> None:
    order = make_sent(("TENT", 10, "40.00"), ("ROPE", 5, "2.00"))
    waiting = make_order([("TENT", 3, "90.00")])

    came = come(order, 4, 5, delivery_note="LS-88")

    order.refresh_from_db()
    line = waiting.lines.get()
    assert (came.fresh, came.too_many, came.still_to_come) == (True, [], ["TENT: 6 are still to come."])
    assert (order.state, on_hand("TENT"), line.allocated) == ("part_received", 4, 3)
    assert (balance(chart.INVENTORY), balance(chart.RECEIVED)) == (Decimal("170.00"), Decimal("-170.00"))
    assert come(order, 6).still_to_come == []
    order.refresh_from_db()
    assert order.state == "received"
    assert_proven()


def test_pressed_twice_it_is_received_once() -> None:
    order = make_sent()
    first = come(order, 4, key="a" * 32)
    again = come(order, 4, key="a" * 32)
    assert (again.fresh, again.receipt, on_hand("TENT")) == (False, first.receipt, 4)


def test_more_than_was_ordered_is_taken_in_and_said() -> None:
    order = make_sent()
    came = come(order, 12, note="Two boxes")
    assert came.too_many == ["TENT: 2 more came than were ordered."]
    assert came.receipt.note == "Two boxes TENT: 2 more came than were ordered."
    assert come(order, 1).too_many == ["TENT: 1 more came than was ordered."]
    assert on_hand("TENT") == 13
    assert_proven()


def test_drafts_and_cancelled_orders_receive_nothing() -> None:
    draft = make_draft()
    with pytest.raises(ValueError, match="was not sent yet"):
        come(draft, 1)
    with pytest.raises(ValueError, match="belongs to another order"):
        receiving.receive(make_sent().pk, [ReceiptItem(draft.lines.get().pk, 1)], key="x")
    assert not GoodsReceipt.objects.exists()
    assert on_hand("TENT") == 0


def test_goods_lie_where_they_are_put_away_and_only_in_their_warehouse() -> None:
    order = make_sent(("TENT", 10, "40.00"), ("ROPE", 5, "2.00"))
    main = make_warehouse()
    shelf = Location.objects.create(code="A-1", name="A-1", kind="bin", warehouse=main)
    elsewhere = make_warehouse("WEST")
    WarehouseProduct.objects.create(product=Product.objects.get(sku="TENT"), warehouse=main, put_away=shelf)

    come(order, 10, 5)
    assert {(m.product.sku, m.location_id) for m in Movement.objects.all()} == {("TENT", shelf.pk), ("ROPE", main.pk)}
    with pytest.raises(ValueError, match="is no place in Main warehouse"):
        receiving.receive(order.pk, [ReceiptItem(order.lines.first().pk, 1, elsewhere.pk)], key="y")


def test_a_foreign_price_counts_at_the_orders_rate() -> None:
    order = make_sent(("TENT", 10, "40.00"), supplier=make_supplier(currency="USD"))
    PurchaseOrder.objects.update(rate=Decimal("1.3725"))
    come(order, 10)
    assert (cost("TENT"), balance(chart.RECEIVED)) == (Decimal("54.9000"), Decimal("-549.00"))


def test_freight_and_duty_are_part_of_what_goods_cost_to_the_cent() -> None:
    order = make_sent(("TENT", 3, "40.00"), ("ROPE", 7, "2.00"))
    costs = [
        Landed(FREIGHT, Decimal("10.00"), Spread.QUANTITY),
        Landed(LandedCost.Kind.DUTY, Decimal("13.40"), Spread.VALUE),
    ]

    come(order, 3, 7, costs=costs)

    # Freight 3.00 and 7.00 by quantity; duty 12.00 and 1.40 by the value of 120.00 and 14.00.
    assert (cost("TENT"), cost("ROPE")) == (Decimal("45.0000"), Decimal("3.2000"))
    assert balance(chart.INVENTORY) == Decimal("157.40")
    assert balance(chart.RECEIVED) == Decimal("-134.00")
    assert balance(chart.LANDED) == Decimal("-23.40")
    assert_proven()


def test_what_rounding_leaves_is_no_debt_to_anybody() -> None:
    order = make_sent(("TENT", 300, "10.00"))
    come(order, 300, costs=[Landed(FREIGHT, Decimal("10.00"))])
    # 3010.00 / 300 is 10.0333 to four decimals, so that the shelf holds 3009.99.
    assert balance(chart.INVENTORY) == Decimal("3009.99")
    assert (balance(chart.RECEIVED), balance(chart.LANDED)) == (Decimal("-3000.00"), Decimal("-10.00"))
    assert balance(chart.STOCK) == Decimal("0.01")
    assert_proven()


def test_freight_by_weight_needs_weights() -> None:
    make_product("TENT", weight_grams=3000)
    make_product("ROPE")
    order = make_sent(("TENT", 1, "40.00"), ("ROPE", 1, "40.00"))
    with pytest.raises(ValueError, match="ROPE has no weight"):
        come(order, 1, 1, costs=[Landed(FREIGHT, Decimal("10.00"), Spread.WEIGHT)])
    assert on_hand("TENT") == 0
    Product.objects.filter(sku="ROPE").update(weight_grams=1000)
    come(order, 1, 1, costs=[Landed(FREIGHT, Decimal("10.00"), Spread.WEIGHT)])
    assert (cost("TENT"), cost("ROPE")) == (Decimal("47.5000"), Decimal("42.5000"))


def test_freight_billed_after_half_was_sold_is_stock_for_half_and_cost_of_goods_for_the_rest() -> None:
    order = make_sent(("TENT", 10, "40.00"))
    receipt = come(order, 10).receipt
    sell("TENT", 5)

    billed = landed.bill_later(receipt.pk, Landed(FREIGHT, Decimal("25.01")), key="bill-7")

    assert billed is not None
    assert landed.bill_later(receipt.pk, Landed(FREIGHT, Decimal("25.01")), key="bill-7") is None
    # Half of 25.01 is 12.505: 12.51 stays, 12.50 was sold with the goods.
    assert [row.amount for row in Revaluation.objects.all()] == [Decimal("12.51")]
    assert cost("TENT") == Decimal("42.5020")
    assert balance(chart.INVENTORY) == Decimal("212.51")
    assert balance(chart.COGS) == Decimal("212.50")
    assert balance(chart.LANDED) == Decimal("-25.01")
    assert_proven()


def test_freight_billed_after_all_was_sold_is_cost_of_goods() -> None:
    receipt = come(make_sent(), 10).receipt
    sell("TENT", 10)
    landed.bill_later(receipt.pk, Landed(FREIGHT, Decimal("25.00")), key="bill-8")
    assert not Revaluation.objects.exists()
    assert (balance(chart.INVENTORY), balance(chart.COGS)) == (Decimal("0.00"), Decimal("425.00"))
    assert_proven()


def sell(sku: str, units: int) -> None:
    order = make_order([(sku, units, "90.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])


def test_lots_and_serials_are_asked_for_and_kept() -> None:
    make_product("MILK", tracking="lot", expires=True)
    make_product("BIKE", tracking="serial")
    order = make_sent(("MILK", 10, "2.00"), ("BIKE", 2, "400.00"))
    milk, bike = order.lines.all()
    for items, words in (
        ([ReceiptItem(milk.pk, 5)], "followed by lot"),
        ([ReceiptItem(milk.pk, 5, lot_code="L1")], "L1 of MILK expires: say on which day"),
        ([ReceiptItem(bike.pk, 2, lot_code="S1")], "a serial number of its own"),
    ):
        with pytest.raises(ValueError, match=words):
            receiving.receive(order.pk, items, key="z")
    assert not Lot.objects.exists()

    receiving.receive(
        order.pk,
        [
            ReceiptItem(milk.pk, 5, lot_code="L1", expires_on=date(2027, 3, 1)),
            ReceiptItem(bike.pk, 1, lot_code="S1"),
            ReceiptItem(bike.pk, 1, lot_code="S2"),
        ],
        key="z",
    )

    rows = GoodsReceiptLine.objects.select_related("lot").order_by("id")
    assert [(row.lot.code, row.quantity, row.movement is not None) for row in rows] == [
        ("L1", 5, True), ("S1", 1, True), ("S2", 1, True)
    ]  # fmt: skip
    with pytest.raises(ValueError, match="expires on 2027-03-01, not on 2027-04-01"):
        receiving.receive(order.pk, [ReceiptItem(milk.pk, 5, lot_code="L1", expires_on=date(2027, 4, 1))], key="zz")


def test_five_hundred_lines_take_as_many_statements_as_five() -> None:
    def statements(many: int) -> int:
        order = make_sent(*((f"P{many}-{n}", 2, "1.50") for n in range(many)))
        with CaptureQueriesContext(database) as seen:
            come(order, *[2] * many, costs=[Landed(FREIGHT, Decimal("10.00"))])
        return len(seen)

    come(make_sent(), 1)
    few = statements(15)
    assert statements(500) <= few + 2
    assert few < 60
