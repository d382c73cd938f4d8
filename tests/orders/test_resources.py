"""Customers and orders as tables: out, back in unchanged, previewed, and never a second time."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from backoffice import dropping
from backoffice.exchange.files import CsvFormat, TableFile, XlsxFormat
from backoffice.sync.models import Arrival
from orders.models import Customer, Order
from orders.records import ChargeRecord, LineRecord
from orders.resources import CustomerResource, OrderResource
from tests.making import make_connection, make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db
FORMATS = [CsvFormat, XlsxFormat]
HEAD = (
    "order_number,placed_at,currency,email,ship_name,ship_line1,ship_city,ship_province,ship_postal_code,ship_country,"
    "sku,quantity,unit_price,total"
)
PLACE = "2026-11-22,CAD,ann@example.ca,Ann Côté,12 Elm Street,Halifax,NS,B3H 1A1,CA"


def exported(resource: Any, kind: Any) -> bytes:
    rows = resource.get_queryset()
    return bytes(kind().write(resource.headers(rows), resource.rows(rows)).read())


def imported(resource: Any, body: bytes | str, **options: Any) -> Any:
    return resource.import_data(TableFile(body.encode() if isinstance(body, str) else body), **options)


# --- customers -----------------------------------------------------------------------------------------------------------
def customers() -> list[dict[str, Any]]:
    return list(Customer.objects.order_by("id").values("name", "company", "email", "phone", "language", "notes"))


@pytest.mark.parametrize("kind", FORMATS)
def test_customers_come_back_as_they_were(kind: Any) -> None:
    body = "name,email,phone,language,notes\n=Ann,Ann@X.ca,+14165550100,fr,-call first\nZoé,zoe@x.ca,0017,en,'=quoted\n"
    imported(CustomerResource(), body)
    before = customers()
    out = exported(CustomerResource(), kind)

    same = imported(CustomerResource(), out)
    assert (same.totals["skip"], same.changing, same.wrong) == (2, 0, 0)
    assert customers() == before


def test_a_customer_is_known_by_number_then_by_mail_and_never_by_name() -> None:
    imported(CustomerResource(), "name,email\nAnn Côté,ann@x.ca\n")
    ann = Customer.objects.get()
    imported(CustomerResource(), "name,email,phone\nAnn Roy, ANN@x.ca ,514 555-0199\nAnn Côté,other@x.ca,\n")

    assert Customer.objects.count() == 2
    ann.refresh_from_db()
    assert (ann.name, ann.search_name, ann.phone_digits, ann.email_key) == (
        "Ann Roy",
        "ann roy",
        "5145550199",
        "ann@x.ca",
    )


def test_what_is_wrong_with_a_customer_is_named() -> None:
    imported(CustomerResource(), "name,email\nAnn,ann@x.ca\nBob,bob@x.ca\n")
    ann, bob = Customer.objects.order_by("id")
    body = f"id,name,email,language\n{ann.pk},Ann,bob@x.ca,en\n999999,New,new@x.ca,en\n,Odd,no address,en\n,X,x@x.ca,de\n,,,en\n"
    result = imported(CustomerResource(), body)

    wrong = [row.error_dict for row in result.invalid_rows]
    assert f"customer {bob.pk}" in wrong[0]["email"][0]
    assert [set(found) for found in wrong] == [{"email"}, {"id"}, {"email"}, {"language"}, {"__all__"}]
    assert Customer.objects.count() == 2


# --- orders --------------------------------------------------------------------------------------------------------------
def test_orders_come_in_by_the_file_store_and_only_once() -> None:
    make_merchant()
    make_product("0017", 5)
    body = f"{HEAD}\nT-1,{PLACE},0017,2,10.00,20.00\nT-2,{PLACE},0017,1,10.00,10.00\n"
    result = imported(OrderResource(), body)
    again = imported(OrderResource(), body)

    assert (result.totals["new"], again.totals["skip"], again.changing) == (2, 2, 0)
    order = Order.objects.get(external_id="T-1")
    assert (order.connection, order.lines.get().sku) == (dropping.file_store(), "0017")
    assert Arrival.objects.filter(state="done").count() == 2


def test_the_preview_of_orders_keeps_nothing_and_says_what_will_happen() -> None:
    make_product("0017", 5)
    rows = [f"T-1,{PLACE},0017,2,10.00,20.00", f"T-2,{PLACE},NEW,1,10.00,10.00", f"T-3,{PLACE},0017,1,10.00,99.00"]
    wrong = [f"T-4,{PLACE},0017,some,10.00,", f"T-5,{PLACE},0017,1,,", f"4111111111111111,{PLACE},0017,1,1,1"]
    preview = imported(OrderResource(), "\n".join([HEAD, *rows, *wrong]) + "\n", dry_run=True)

    assert not Arrival.objects.exists()
    assert not Order.objects.exists()
    said = [row.diff[-1] for row in preview.rows]
    assert said[0] == "A new order."
    assert "Held until NEW is a product here." in said[1]
    assert "make 10.00, its total says 99.00" in said[2]
    errors = [row.non_field_specific_errors[0] for row in preview.invalid_rows]
    assert "quantity “some” is not a figure" in errors[0]
    assert "unit_price" in errors[1]
    assert "card number" in errors[2]


def test_good_orders_go_on_without_the_wrong_ones() -> None:
    make_merchant()
    make_product("0017", 5)
    result = imported(OrderResource(), f"{HEAD}\nT-1,{PLACE},0017,2,10.00,20.00\nT-2,{PLACE},0017,x,1,1\n")

    assert (result.totals["new"], result.totals["invalid"]) == (1, 1)
    assert Order.objects.get().external_id == "T-1"


def test_what_no_order_file_is_says_so() -> None:
    result = imported(OrderResource(), "sku,price\nA,1\n")
    assert "order_number" in str(result.base_errors[0].error)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_exported_order_means_the_same_when_it_comes_in_again(kind: Any) -> None:
    make_merchant()
    make_product("90.750", 5)
    make_product("0017", 5)
    order = make_order(
        [
            LineRecord("1", "=Kettle", 3, Decimal("100.00"), sku="0017", discount=Decimal("1.50")),
            LineRecord("2", "Pot", 1, Decimal("7.00"), sku="90.750"),
        ],
        connection=make_connection(name="Order files", connector="files"),
        taxes=(("GST", "5", "5.28"), ("QST", "9.975", "10.52")),
        charges=(ChargeRecord("shipping", "Post", Decimal("9.99")), ChargeRecord("fee", "Wrapping", Decimal("2.00"))),
        total=Decimal("133.29"),
        gift_note="-with love",
        priority=20,
    )
    out = exported(OrderResource(), kind)
    before = _meaning(order)
    dropping.file_store()
    Order.objects.filter(pk=order.pk).update(connection=make_connection(name="Elsewhere"))
    result = imported(OrderResource(), out)

    assert (result.totals["new"], result.wrong, result.base_errors) == (1, 0, [])
    assert _meaning(Order.objects.get(connection=dropping.file_store())) == before


def _meaning(order: Order) -> list[Any]:
    return [
        (order.total, order.items_total, order.discount_total, order.shipping_total, order.fee_total, order.tax_total),
        (
            order.placed_at,
            order.paid_at,
            order.gift_note,
            order.priority,
            order.customer.email,
            order.shipping_address.postal_code,
        ),
        [(ln.sku, ln.name, ln.ordered, ln.gross, ln.discount) for ln in order.lines.order_by("position")],
        [(tax.name, tax.rate, tax.amount) for tax in order.taxes.order_by("name")],
    ]


def test_an_order_of_a_store_is_not_taken_in_a_second_time_by_its_export() -> None:
    make_merchant()
    make_product("TENT", 5)
    make_order(connection=make_connection())
    result = imported(OrderResource(), exported(OrderResource(), CsvFormat))

    assert "is an order of Boréal" in result.invalid_rows[0].non_field_specific_errors[0]
    assert Order.objects.count() == 1


def test_who_may_not_see_amounts_gets_none() -> None:
    make_merchant()
    make_product("TENT", 5)
    make_order(taxes=(("HST", "14", "14.00"),))
    out = exported(OrderResource(may=lambda permission: False), CsvFormat).decode("utf-8-sig")

    assert "TENT" in out
    assert "100.00" not in out.replace(Order.objects.get().number, "")
    assert "tax" not in out


def test_an_export_asks_the_database_as_often_for_thirty_orders_as_for_one() -> None:
    make_merchant()
    make_product("TENT", 100)
    counts = []
    for wanted in (1, 30):
        while Order.objects.count() < wanted:
            make_order()
        with CaptureQueriesContext(database) as asked:
            exported(OrderResource(), CsvFormat)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_no_card_number_comes_in_with_customers() -> None:
    result = imported(CustomerResource(), "name,email,notes\nAnn,ann@x.ca,4111111111111111\nZoé,zoe@x.ca,none\n")

    assert set(result.invalid_rows[0].error_dict) == {"notes"}
    assert list(Customer.objects.values_list("name", flat=True)) == ["Zoé"]
