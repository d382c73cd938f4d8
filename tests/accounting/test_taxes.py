"""Which tax a store means: by name and rate, in both languages, or by what a person has explained (rule: A3)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounting import taxes
from accounting.models import Invoice, TaxName, TaxRegistration
from backoffice import settling
from orders.models import Hold, Order, OrderTax
from tests.making import HALIFAX, make_merchant, make_order, make_product, make_record, newer, take_in
from tests.proving import assert_proven


@pytest.mark.parametrize(
    ("name", "rate", "province", "code"),
    [
        ("GST", "5", "", "GST"),
        ("gst (5%)", "5", "AB", "GST"),
        ("TPS", "5", "QC", "GST"),
        ("GST/TPS", "5", "QC", "GST"),
        ("HST", "13", "ON", "HST"),
        ("HST 15%", "15.00000", "NB", "HST"),
        ("TVH", "15", "NB", "HST"),
        ("HST/TVH", "15", "NB", "HST"),
        ("QST", "9.975", "QC", "QST"),
        ("TVQ", "9.975", "QC", "QST"),
        ("TVQ/QST", "9.975", "QC", "QST"),
        ("T.V.Q.", "9.975", "QC", ""),
        ("GST/HST", "5", "AB", "GST"),
        ("GST/HST", "13", "ON", "HST"),
        ("GST/HST", "14.0", "NS", "HST"),
        ("GST/HST", "15", "NS", "HST"),
        ("TPS/TVH", "15", "NB", "HST"),
        ("GST/HST", "12", "", ""),
        ("GST/HST", None, "ON", ""),
        ("PST", "7", "BC", "PST-BC"),
        ("PST", "6", "SK", "PST-SK"),
        ("PST", "7", "MB", "RST-MB"),
        ("TVP", "7", "BC", "PST-BC"),
        ("BC PST", "7", "", "PST-BC"),
        ("PST", "6.0", "", "PST-SK"),
        ("PST", "10", "BC", "PST-BC"),  # liquor: the province tells, not the rate
        ("PST", "8", "", ""),
        ("PST", None, "", ""),
        ("RST", "7", "MB", "RST-MB"),
        ("TVD", "7", "MB", "RST-MB"),
        ("GST and QST", "14.975", "QC", ""),
        ("Tax", "5", "AB", ""),
        ("Ghost", "5", "AB", ""),
        ("", None, "", ""),
    ],
)
def test_a_tax_is_known_by_its_name_and_rate(name: str, rate: str | None, province: str, code: str) -> None:
    assert taxes.code_of(name, None if rate is None else Decimal(rate), province) == code


@pytest.fixture
def shop(db: None) -> None:
    make_merchant()
    make_product("TENT", 20)


def test_pst_is_the_province_s_where_it_is_sent(shop: None) -> None:
    make_order(taxes=[("PST", "7", "7.00")], address=replace(HALIFAX, province="MB"))

    assert OrderTax.objects.get().code == "RST-MB"


def test_an_unknown_tax_holds_its_order_and_says_what_to_do(shop: None) -> None:
    order = make_order(taxes=[("Impôt vert", "3", "3.00")])

    hold = Hold.objects.get()
    assert (order.state, hold.code, hold.subject, hold.stops) == (
        Order.State.HELD, "unknown_tax", "Impôt vert", Hold.Stops.EVERYTHING,
    )  # fmt: skip
    assert "The tax “Impôt vert” is not known here. Say under Tax names which tax it is" in hold.sentence
    assert not Invoice.objects.exists()
    assert_proven()


def test_only_the_order_with_the_unknown_tax_waits(shop: None) -> None:
    held, other = take_in(
        [make_record(taxes=[("Impôt vert", "3", "3.00")]), make_record(taxes=[("HST", "15", "15.00")])]
    )

    assert (held.state, other.state) == (Order.State.HELD, Order.State.TO_PACK)
    assert Invoice.objects.get().order == other


def test_an_explained_tax_lets_every_order_that_waits_go_on_by_itself(shop: None) -> None:
    waiting = [make_order(taxes=[("Impôt vert", "3", "3.00")]) for _ in range(3)]

    settling.explain_tax("Impôt vert", "eco", who="Carol")

    for order in waiting:
        order.refresh_from_db()
        assert order.state == Order.State.TO_PACK
        assert order.invoice.total == Decimal("103.00")
        assert order.taxes.get().code == "ECO"
    assert Hold.objects.get(order=waiting[0]).released_why == "the tax Impôt vert is known now."
    assert_proven()


def test_an_order_that_waits_for_two_taxes_goes_on_after_the_second(shop: None) -> None:
    order = make_order(taxes=[("Impôt vert", "3", "3.00"), ("Luxe", "2", "2.00")])

    settling.explain_tax("Impôt vert", "ECO", who="Carol")
    order.refresh_from_db()
    assert order.state == Order.State.HELD
    assert not Invoice.objects.exists()

    settling.explain_tax("Luxe", "LUX", who="Carol")
    order.refresh_from_db()
    assert order.state == Order.State.TO_PACK
    assert_proven()


def test_the_next_order_with_an_explained_tax_is_not_held(shop: None) -> None:
    settling.explain_tax("Impôt vert", "ECO", who="Carol")

    order = make_order(taxes=[("Impôt vert", "3", "3.00")])

    assert order.state == Order.State.TO_PACK
    assert not Hold.objects.exists()


def test_an_explanation_is_asked_for_only_where_name_and_place_do_not_say(shop: None) -> None:
    TaxName.objects.create(name="PST", code="PST-SK")

    clear = make_order(taxes=[("PST", "7", "7.00")], address=replace(HALIFAX, province="BC"))
    unclear = make_order(taxes=[("PST", "8", "8.00")], address=replace(HALIFAX, province=""))

    assert clear.taxes.get().code == "PST-BC"
    assert unclear.taxes.get().code == "PST-SK"


def test_an_unknown_tax_of_nothing_holds_nobody(shop: None) -> None:
    order = make_order(taxes=[("Impôt vert", "0", "0.00")])

    assert order.state == Order.State.TO_PACK


def test_a_tax_that_the_store_has_mended_holds_no_longer(shop: None) -> None:
    record = make_record(taxes=[("Impôt vert", "15", "15.00")])
    take_in([record])
    mended = make_record(record.external_id, taxes=[("HST", "15", "15.00")])

    order = take_in([newer(mended)])[0]

    assert order.state == Order.State.TO_PACK
    assert Invoice.objects.get().order == order
    assert_proven()


@pytest.mark.parametrize(("name", "code"), [("", "GST"), ("Tax", " ")])
def test_an_explanation_says_both(db: None, name: str, code: str) -> None:
    with pytest.raises(ValueError, match="Say the tax's name"):
        taxes.explain(name, code)


def test_gst_and_hst_share_their_registration(db: None) -> None:
    TaxRegistration.objects.create(code="GST", number="123456789 RT0001")
    TaxRegistration.objects.create(code="QST", number="1234567890 TQ0001")

    assert taxes.registrations() == {
        "GST": "123456789 RT0001",
        "HST": "123456789 RT0001",
        "QST": "1234567890 TQ0001",
    }
