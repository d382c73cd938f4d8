"""What each event of value becomes in double entry, from the order as a store sent it to the lines in the books."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounting import chart, ledger
from accounting.models import Entry, Invoice
from backoffice import goods, journey, returning, settling
from orders.models import Hold, Order
from orders.records import ChargeRecord, LineRecord, PaymentRecord, RefundRecord, TaxRecord
from tests.making import (
    MONTREAL,
    PLACED,
    make_connection,
    make_merchant,
    make_order,
    make_product,
    make_record,
    newer,
    receive,
    take_in,
)
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db

QUEBEC = [("GST", "5", "7.00"), ("QST", "9.975", "13.97")]


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_product("TENT", 10, cost="40.00")


def line(gross: str, discount: str = "0", quantity: int = 1) -> LineRecord:
    return LineRecord("l1", "Tent", quantity, Decimal(gross), sku="TENT", discount=Decimal(discount))


def booked(entry: Entry) -> dict[str, Decimal]:
    return {row.account.code: row.amount for row in entry.lines.select_related("account")}


def sale(order: Order) -> dict[str, Decimal]:
    return booked(Entry.objects.get(key=f"sale:{order.pk}"))


def amounts(**said: str) -> dict[str, Decimal]:
    return {name.removeprefix("a"): Decimal(amount) for name, amount in said.items()}


def test_c24_gst_and_qst_on_140_00_are_7_00_and_13_97() -> None:
    order = make_order([("TENT", 2, "70.00")], taxes=QUEBEC, address=MONTREAL)

    assert order.total == Decimal("160.97")
    assert sale(order) == amounts(a1100="160.97", a4000="-140.00", a2310="-7.00", a2330="-13.97")
    assert Invoice.objects.get().total == Decimal("160.97")
    assert_proven()


def test_c26_a_discount_lowers_the_price_before_the_tax() -> None:
    order = make_order([line("100.00", discount="20.00")], taxes=[("GST", "10", "8.00")], coupons=("WINTER",))

    assert order.total == Decimal("88.00")
    assert sale(order) == amounts(a1100="88.00", a4900="20.00", a4000="-100.00", a2310="-8.00")
    assert_proven()


def test_c26_a_negative_fee_stays_a_fee() -> None:
    order = make_order(
        [line("100.00")],
        charges=(ChargeRecord("fee", "Loyalty", Decimal("-20.00")),),
        total=Decimal("88.00"),
        taxes=[("GST", "10", "8.00")],
        payments=(PaymentRecord("p", Decimal("88.00"), at=PLACED),),
    )

    assert (order.fee_total, order.discount_total) == (Decimal("-20.00"), Decimal(0))
    assert sale(order) == amounts(a1100="88.00", a4200="20.00", a4000="-100.00", a2310="-8.00")
    assert_proven()


def test_c26_a_gift_card_is_a_payment() -> None:
    order = make_order(
        [line("100.00")],
        payments=(
            PaymentRecord("card", Decimal("30.00"), at=PLACED, method="Gift card"),
            PaymentRecord("paid", Decimal("70.00"), at=PLACED, method="Visa"),
        ),
    )

    assert sale(order) == amounts(a1100="100.00", a4000="-100.00")
    payments = [booked(entry) for entry in Entry.objects.filter(kind="payment").order_by("id")]
    assert payments == [amounts(a1050="30.00", a1100="-30.00"), amounts(a1050="70.00", a1100="-70.00")]
    assert_proven()


def test_shipping_and_fees_are_incomes_of_their_own() -> None:
    order = make_order(
        [line("100.00")],
        charges=(
            ChargeRecord("shipping", "Expedited", Decimal("12.50")),
            ChargeRecord("fee", "Gift wrap", Decimal("5.00")),
        ),
        total=Decimal("117.50"),
        payments=(PaymentRecord("p", Decimal("117.50"), at=PLACED),),
    )

    assert sale(order) == amounts(a1100="117.50", a4000="-100.00", a4100="-12.50", a4200="-5.00")


@pytest.mark.parametrize(
    ("name", "rate", "province", "account"),
    [
        ("GST", "5", "AB", "2310"),
        ("HST", "13", "ON", "2320"),
        ("TVQ", "9.975", "QC", "2330"),
        ("PST", "7", "BC", "2340"),
        ("PST", "6", "SK", "2350"),
        ("RST", "7", "MB", "2360"),
    ],
)
def test_each_tax_is_owed_in_its_own_account(name: str, rate: str, province: str, account: str) -> None:
    address = replace(MONTREAL, province=province)

    order = make_order([line("100.00")], taxes=[(name, rate, "5.00")], address=address)

    assert sale(order) == {chart.RECEIVABLE: Decimal(105), chart.SALES: Decimal(-100), account: Decimal(-5)}


def test_a_tax_of_another_country_has_the_common_account() -> None:
    settling.explain_tax("MwSt.", "VAT-DE", who="Carol")

    order = make_order([line("100.00")], taxes=[("MwSt.", "19", "19.00")])

    assert sale(order) == amounts(a1100="119.00", a4000="-100.00", a2390="-19.00")


def test_a_free_order_books_what_was_given() -> None:
    order = make_order([line("100.00", discount="100.00")], payments=())

    assert sale(order) == amounts(a4900="100.00", a4000="-100.00")
    assert_proven()


def test_a_total_that_a_person_lets_stand_is_booked_with_its_difference() -> None:
    order = make_order(
        [line("100.00")], total=Decimal("99.98"), payments=(PaymentRecord("p", Decimal("99.98"), at=PLACED),)
    )
    assert not Invoice.objects.exists()

    settling.release_hold([Hold.objects.get(code="totals").pk], why="The store's total is right.", who="Carol")

    assert sale(order) == amounts(a1100="99.98", a4000="-100.00", a4990="0.02")
    assert_proven()


def test_amounts_finer_than_a_cent_are_booked_to_the_cent() -> None:
    order = make_order(
        [line("139.995")],
        taxes=[("GST", "5", "7.00"), ("QST", "9.975", "13.965")],
        total=Decimal("160.96"),
        payments=(PaymentRecord("p", Decimal("160.96"), at=PLACED),),
    )

    assert sale(order) == amounts(a1100="160.96", a4000="-140.00", a2310="-7.00", a2330="-13.97", a4990="0.01")
    assert_proven()


def test_yen_have_no_cents() -> None:
    order = make_order(
        [line("1000")], currency="JPY", total=Decimal(1000), payments=(PaymentRecord("p", Decimal(1000), at=PLACED),)
    )

    assert sale(order) == amounts(a1100="1000", a4000="-1000")
    assert {row.currency for row in ledger.trial_balance()} == {"CAD", "JPY"}


def test_what_was_sold_leaves_at_its_cost() -> None:
    order = make_order([line("200.00", quantity=2)])

    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])

    cogs = Entry.objects.get(kind="cogs")
    assert booked(cogs) == amounts(a5000="80.00", a1200="-80.00")
    assert (cogs.order_id, cogs.currency) == (order.pk, "CAD")


def test_goods_in_back_and_corrected_are_booked() -> None:
    order = make_order([line("200.00", quantity=2)])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    product = order.lines.get().product_id
    assert product is not None

    receive("TENT", 8, cost="50.00")
    returning.return_to_stock({order.lines.get().pk: 1}, key="r1", who="Bob")
    goods.adjust([goods.Goods(product, -2)], key="a1", note="Broken")

    entries = [booked(entry) for entry in Entry.objects.exclude(kind__in=["sale", "payment"]).order_by("id")]
    assert entries == [
        amounts(a1200="400.00", a2050="-400.00"),
        amounts(a1200="-80.00", a5000="80.00"),
        amounts(a1200="400.00", a2050="-400.00"),
        amounts(a1200="45.00", a5000="-45.00"),  # (8 × 40 + 8 × 50) ÷ 16 = 45
        amounts(a1200="-90.00", a5100="90.00"),
    ]
    assert_proven()


def refund(record_id: str, amount: str, taxes: tuple[TaxRecord, ...] = ()) -> RefundRecord:
    return RefundRecord("refund:9", record_id, Decimal(amount), at=PLACED, reason="Too late", taxes=taxes)


BACK = (TaxRecord("GST", Decimal("3.50")), TaxRecord("QST", Decimal("6.99")))


def test_a_refund_takes_back_income_and_each_tax() -> None:
    record = make_record(lines=[("TENT", 2, "70.00")], taxes=QUEBEC, address=MONTREAL)
    take_in([record])

    journey.take_in_refunds(make_connection(), [refund(record.external_id, "80.49", BACK)])

    entry = Entry.objects.get(kind="refund")
    # 10.49 of tax, divided as 7.00 to 13.97.
    assert booked(entry) == amounts(a1050="-80.49", a4950="70.00", a2310="3.50", a2330="6.99")
    order = Order.objects.get()
    assert (order.paid_total, order.refunded_total) == (Decimal("160.97"), Decimal("80.49"))
    assert_proven()


def test_the_tax_of_a_refund_that_is_told_later_is_booked_later_and_once() -> None:
    record = make_record(lines=[("TENT", 2, "70.00")], taxes=QUEBEC, address=MONTREAL)
    take_in([record])
    with_refund = (*record.payments, PaymentRecord("refund:9", Decimal("-80.49"), at=PLACED))

    take_in([newer(record, payments=with_refund)])
    assert booked(Entry.objects.get(kind="refund")) == amounts(a1050="-80.49", a4950="80.49")

    for _ in range(2):
        journey.take_in_refunds(make_connection(), [refund(record.external_id, "80.49", BACK)])
        journey.go_on([Order.objects.get().pk])

    said_later = Entry.objects.filter(kind="refund").order_by("id")[1]
    assert booked(said_later) == amounts(a4950="-10.49", a2310="3.50", a2330="6.99")
    assert Entry.objects.filter(kind="refund").count() == 2
    assert_proven()


def test_a_refund_before_the_invoice_is_booked_with_it() -> None:
    record = make_record(
        lines=[("TENT", 1, "100.00")],
        payments=(PaymentRecord("p", Decimal(100), at=PLACED), PaymentRecord("refund:1", Decimal(-25), at=PLACED)),
    )

    take_in([record])

    assert booked(Entry.objects.get(kind="refund")) == amounts(a1050="-25.00", a4950="25.00")
    assert_proven()
