"""The pages of import and export: preview, confirm, roles, bounds."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from openpyxl import load_workbook

from backoffice.lib import cells
from backoffice.roles import ensure_groups
from backoffice.sync.models import Connection
from inventory.models import Movement, Product, StockLevel
from orders.models import Order
from tests.making import make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
PRODUCTS, STOCK, ORDERS = "/admin/inventory/product", "/admin/inventory/stocklevel", "/admin/orders/order"


@pytest.fixture
def visit(db: Any) -> Visit:
    def make(role: str = "manager") -> Client:
        ensure_groups()
        user = get_user_model()._default_manager.create_user(role, is_staff=True)
        user.groups.set(Group.objects.filter(name=role))
        client = Client()
        client.force_login(user)
        return client

    return make


def upload(client: Client, page: str, body: str | bytes, name: str = "table.csv", **fields: Any) -> Any:
    content = body.encode() if isinstance(body, str) else body
    file = SimpleUploadedFile(name, content)
    return client.post(f"{page}/import/", {"import_file": file, "format": "0", "resource": "0", **fields})


def confirm(client: Client, page: str, preview: Any) -> Any:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', preview.content.decode()))
    hidden.pop("csrfmiddlewaretoken", None)
    return client.post(f"{page}/process_import/", hidden)


def test_a_file_is_previewed_and_then_imported_without_its_wrong_rows(visit: Visit) -> None:
    client = visit("manager")
    make_product("A", name="Old <b>name</b>")
    preview = upload(client, PRODUCTS, "sku,name\nA,New name\nB,\nC,<script>x</script>\n")
    page = preview.content.decode()

    assert "Old &lt;b&gt;name&lt;/b&gt; → New name" in page
    assert "<script>x" not in page
    assert "name:</strong> This field cannot be blank." in page
    assert Product.objects.get().name == "Old <b>name</b>"

    assert confirm(client, PRODUCTS, preview).status_code == 302
    assert dict(Product.objects.values_list("sku", "name")) == {"A": "New name", "C": "<script>x</script>"}
    again = confirm(client, PRODUCTS, preview)
    assert again.status_code == 302
    assert Product.objects.count() == 2


def test_a_file_with_nothing_good_cannot_be_confirmed(visit: Visit) -> None:
    page = upload(visit("manager"), PRODUCTS, "sku,name\nB,\n").content.decode()
    assert "process_import" not in page
    assert "This field cannot be blank." in page


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x00\x01\x02", "no CSV, XLSX"),
        (b"PK\x03\x04broken", "broken"),
        (b"", "empty"),
        (b"prise\n1\n", "no column sku"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(visit: Visit, body: bytes, words: str) -> None:
    answer = upload(visit("manager"), PRODUCTS, body)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


@override_settings(IMPORT_MAX_BYTES=1024 * 1024)
def test_a_file_that_is_too_large_is_refused(visit: Visit) -> None:
    answer = upload(visit("manager"), PRODUCTS, "sku,name\n" + "A,b\n" * 300_000)
    assert "at most 1 MB are taken" in answer.content.decode()


def test_a_name_in_the_form_reads_no_other_file(visit: Visit) -> None:
    client = visit("manager")
    answer = client.post(
        f"{PRODUCTS}/process_import/",
        {"import_file_name": "../../keys/secret_key", "original_file_name": "x", "format": "0", "resource": "0"},
    )
    assert answer.status_code == 302
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("page", "imports", "exports"),
    [(PRODUCTS, "---m", "wcam"), (STOCK, "w--m", "wcam"), (ORDERS, "-c-m", "wcam"),
     ("/admin/orders/customer", "-c-m", "wcam")],
)  # fmt: skip
@pytest.mark.parametrize("role", ["warehouse", "clerk", "accountant", "manager"])
def test_who_may_import_and_export(visit: Visit, role: str, page: str, imports: str, exports: str) -> None:
    client = visit(role)
    position = ["warehouse", "clerk", "accountant", "manager"].index(role)
    for kind, letters in (("import", imports), ("export", exports)):
        assert client.get(f"{page}/{kind}/").status_code == (403 if letters[position] == "-" else 200), kind


@pytest.mark.parametrize("kind", [0, 1])
def test_an_export_is_a_file_that_can_be_imported_again(visit: Visit, kind: int) -> None:
    client = visit("manager")
    make_product("0017", barcode="4006381333931", name="=1+1")
    make_product("90.750")
    answer = client.post(f"{PRODUCTS}/export/", {"format": str(kind), "resource": "0"})
    body = b"".join(answer.streaming_content)

    assert answer["Content-Disposition"].startswith("attachment")
    if kind == 1:
        sheet = load_workbook(BytesIO(body)).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
        assert sheet["A2"].value == "0017"
    page = upload(client, PRODUCTS, body).content.decode()
    assert "There is nothing to import." in page


def test_the_warehouse_exports_no_costs(visit: Visit) -> None:
    make_merchant()
    make_product("TENT", 3, "123.45", price="543.21")
    client = visit("warehouse")
    for page in (PRODUCTS, STOCK):
        body = b"".join(client.post(f"{page}/export/", {"format": "0", "resource": "0"}).streaming_content)
        assert b"TENT" in body
        assert b"123.45" not in body
        assert b"543.21" not in body


def test_a_count_is_booked_once_however_often_it_is_confirmed(visit: Visit) -> None:
    make_merchant()
    make_product("TENT", 3)
    client = visit("warehouse")
    preview = upload(client, STOCK, "sku,counted\nTENT,5\n")
    assert "3 → 5" in preview.content.decode()
    assert not Movement.objects.filter(reason="count").exists()
    confirm(client, STOCK, preview)
    confirm(client, STOCK, preview)

    assert StockLevel.objects.get().on_hand == 5
    assert Movement.objects.get(reason="count").by.username == "warehouse"


def test_orders_come_in_by_the_connection_that_was_chosen(visit: Visit) -> None:
    make_merchant()
    make_product("TENT", 3)
    fair = Connection.objects.create(name="Fair", connector="files")
    Connection.objects.create(name="Telephone", connector="files")
    client = visit("clerk")
    body = "order_number,placed_at,currency,sku,quantity,unit_price\nF-1,2026-11-22,CAD,TENT,1,9\n"

    assert "This field is required" in upload(client, ORDERS, body).content.decode()
    preview = upload(client, ORDERS, body, connection=fair.pk)
    assert "A new order." in preview.content.decode()
    assert not Order.objects.exists()
    confirm(client, ORDERS, preview)
    assert Order.objects.get().connection == fair


def test_an_export_has_what_the_list_shows(visit: Visit) -> None:
    make_merchant()
    make_product("TENT", 3)
    make_order()
    client = visit("clerk")
    body = b"".join(client.post(f"{ORDERS}/export/", {"format": "0", "resource": "0"}).streaming_content).decode()
    assert "TENT" in body
    assert "100.00" in body


@pytest.mark.parametrize(
    "text", ["=1", "'=1", "''-x", "@", "+1-2", "-5", "+1", "-5,5", "'", "'x", "", "-", "0017", "\t=1"]
)
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    safe = cells.safe(text)
    assert cells.unsafe(safe) == text
    assert not re.match(r"[=@\t]|[+-](?!\d+([.,]\d+)?$)", safe)


def test_movements_go_out_with_words_and_costs_for_who_sees_them(visit: Visit) -> None:
    make_product("A", 5, "7.25")

    def lines(client: Client, reason: str) -> list[str]:
        page = f"/admin/inventory/movement/export/?reason__exact={reason}"
        answer: Any = client.post(page, {"format": "0", "resource": "0"})
        return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()

    manager = visit("manager")
    head, row = lines(manager, "receipt")
    assert "unit_cost" in head
    assert "A,Product A,5,receipt of goods,MAIN,,7.25," in row
    assert len(lines(manager, "count")) == 1
    assert "unit_cost" not in lines(visit("warehouse"), "receipt")[0]
