"""Purchase orders as a table: what goes out comes back unchanged, drafts are made and changed, what was sent stays."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from backoffice.exchange.files import CsvFormat, XlsxFormat
from inventory.models import Product, PurchaseOrder, SupplierProduct
from inventory.resources import PurchaseOrderResource
from tests.buying import make_draft, make_sent, make_supplier, make_warehouse
from tests.inventory.test_resources import exported, imported
from tests.making import make_merchant, make_product
from tests.staff import logged_in, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_warehouse()
    for sku, theirs, pack, price in (("TENT", "N-1", 6, "41.25"), ("ROPE", "N-2", 1, "2.00")):
        SupplierProduct.objects.create(
            supplier=make_supplier(), product=make_product(sku), supplier_sku=theirs, pack=pack, price=Decimal(price)
        )


def read(body: str, **options: Any) -> Any:
    result = imported(PurchaseOrderResource(), body, user=make_person("manager"), **options)
    assert not result.has_errors(), [str(e.error) for e in result.base_errors] + [str(e) for e in result.row_errors()]
    return result


def wrong(body: str) -> str:
    (row,) = read(body).invalid_rows
    return " ".join(sentence for of in row.error.message_dict.values() for sentence in of)


def lines(order: PurchaseOrder) -> list[tuple[str, int, Decimal, date | None]]:
    return [(ln.product.sku, ln.ordered, ln.unit_price, ln.expected_on) for ln in order.lines.select_related("product")]


@pytest.mark.parametrize("kind", [CsvFormat, XlsxFormat])
def test_what_goes_out_comes_back_unchanged(kind: Any) -> None:
    make_sent(("TENT", 10, "40.00"))
    make_draft(("TENT", 12, "41.25"), ("ROPE", 5, "2.5"))
    result = imported(PurchaseOrderResource(), exported(PurchaseOrderResource(), kind))
    assert not result.has_errors()
    assert (result.totals["skip"], result.changing, result.wrong) == (3, 0, 0)


def test_rows_without_a_number_make_one_draft_for_each_supplier() -> None:
    other = make_supplier(code="SUD", name="Sud Ltée", currency="USD")
    body = (
        "supplier,sku,supplier_sku,ordered,packs,unit_price,expected_on\n"
        "NORD,TENT,,,2,,2027-02-03\nSUD,TENT,,7,,39.5,\nNORD,,N-2,30,,1.95,\n"
    )
    seen = read(body, dry_run=True)
    assert (seen.totals["new"], PurchaseOrder.objects.count()) == (3, 0)
    read(body)

    nord, sud = PurchaseOrder.objects.order_by("supplier__code")
    assert lines(nord) == [
        ("TENT", 12, Decimal("41.25"), date(2027, 2, 3)), ("ROPE", 30, Decimal("1.95"), None)
    ]  # fmt: skip
    assert (sud.supplier, sud.currency, lines(sud)) == (other, "USD", [("TENT", 7, Decimal("39.5"), None)])
    assert (nord.state, nord.created_by) == ("draft", make_person("manager"))


def test_a_draft_is_changed_and_added_to_and_what_was_sent_is_not() -> None:
    draft, sent = make_draft(("TENT", 12, "41.25")), make_sent(("ROPE", 5, "2.00"))
    result = read(
        f"number,line,sku,ordered,unit_price\n{draft.number},1,TENT,18,\n{draft.number},,ROPE,4,\n{sent.number},1,ROPE,6,\n"
    )
    assert (result.totals["update"], result.totals["new"], result.wrong) == (1, 1, 1)
    assert lines(draft) == [("TENT", 18, Decimal("41.25"), None), ("ROPE", 4, Decimal("2"), None)]
    assert "is no draft any more (sent)" in result.invalid_rows[0].error.messages[0]
    assert lines(sent)[0][1] == 5


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("PO-9,,TENT,,1,", "There is no purchase order PO-9."),
        (",NOWHERE,TENT,,1,", "There is no supplier “NOWHERE”."),
        (",NORD,TIPI,,1,", "SKU TIPI is no product here."),
        (",NORD,,N-9,1,", "The supplier has no N-9 here."),
        (",NORD,,,1,", "Say our SKU, or the supplier's."),
        (",NORD,TENT,,,", "Say how many"),
        (",NORD,TENT,,0,", "Say how many"),
        (",NORD,TENT,,5,1", "1 packs of 6 are 6 units, not 5."),
        (",NORD,TENT,,2000000,", "cannot be ordered"),
    ],
)
def test_what_is_wrong_is_said(row: str, why: str) -> None:
    assert why in wrong(f"number,supplier,sku,supplier_sku,ordered,packs\n{row}\n")
    assert not PurchaseOrder.objects.exists()


def test_what_is_archived_is_not_ordered_and_who_sees_no_costs_sets_no_price() -> None:
    Product.objects.filter(sku="ROPE").update(stocked=False)
    assert "cannot be ordered" in wrong("supplier,sku,ordered\nNORD,ROPE,1\n")
    blind = imported(PurchaseOrderResource(may=lambda name: False), "supplier,sku,ordered,unit_price\nNORD,TENT,1,1\n")
    assert "unit_price" in str(blind.base_errors[0].error)


def test_the_page_shows_first_what_it_would_do() -> None:
    client, url = logged_in("manager"), reverse("admin:inventory_purchaseorder_import")
    assert logged_in("clerk").get(url).status_code == 403
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("order.csv", b"supplier,sku,packs\nNORD,TENT,2\n")
    shown = client.post(url, {"import_file": file, "format": "0"})
    assert shown.status_code == 200
    assert "12" in shown.content.decode()
    assert not PurchaseOrder.objects.exists()
    confirm = shown.context["confirm_form"]
    client.post(reverse("admin:inventory_purchaseorder_process_import"), confirm.initial)
    assert lines(PurchaseOrder.objects.get()) == [("TENT", 12, Decimal("41.25"), None)]
