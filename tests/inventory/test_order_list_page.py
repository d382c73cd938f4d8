"""The order list as the buyer uses it: read, filter, export, draft, adopt."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from backoffice.reordering import drafting, gathered, needs, words
from inventory.models import OrderList, PurchaseOrder, PurchaseOrderLine, Supplier, SupplierProduct, WarehouseProduct
from tests.backoffice.ordering import hold, line, make_bought, make_second_warehouse, make_supplier, sell, work_out
from tests.making import make_merchant, make_order, make_product
from tests.reading import Read
from tests.staff import logged_in, make_person, statements

pytestmark = pytest.mark.django_db
URL = "/admin/inventory/orderlistline/"


@pytest.fixture
def shop() -> Supplier:
    """TENT (2 of a limit of 10, up to 30) and LAMP (0 of 5, up to 8), in packs of 4 of Nord; ROPE has no supplier."""
    make_merchant()
    for sku, units in (("TENT", 2), ("LAMP", 0), ("ROPE", 1)):
        make_product(sku, units)
    hold("TENT", 10, 30)
    hold("LAMP", 5, 8)
    hold("ROPE", 3, 5)
    return make_supplier("NORD", "TENT", "LAMP", pack=4)


def page(client: Client, query: str = "") -> str:
    return client.get(URL + query).content.decode()


def key(sku: str) -> str:
    found = line(sku)
    return f"{found.product_id}-{found.warehouse_id}"


def press(client: Client, do: str, *skus: str, query: str = "", **typed: Any) -> str:
    """Press a button as the page would, with the figures it shows; what is said then."""
    body: dict[str, Any] = {"do": do, "pick": [key(sku) for sku in skus]}
    for sku in skus:
        body |= {f"units-{key(sku)}": line(sku).quantity, f"seen-{key(sku)}": line(sku).spoken_for}
    return said(client, body | typed, query)


def said(client: Client, body: dict[str, Any], query: str = "") -> str:
    answer = client.post(URL + query, body)
    assert answer.status_code == 302
    return str(list(get_messages(answer.wsgi_request))[-1])


def drafted() -> dict[str, int]:
    return dict(PurchaseOrderLine.objects.filter(order__state="draft").values_list("product__sku", "ordered"))


# --- reading ----------------------------------------------------------------------------------------------------------
def test_each_line_shows_its_whole_arithmetic(shop: Supplier) -> None:
    make_bought("TENT", 3)
    make_bought("TENT", 5, state="draft")
    make_order([("TENT", 1, "100.00")])

    text = page(logged_in("manager"))

    # 2 − 1 − 0 + 3 = 4; 30 − 4 = 26, 5 of them in draft: 21, in packs of 4: 24.
    assert "2 on hand − 1 allocated − 0 on backorder + 3 on order = 4<" in text
    assert "4 is at or below the limit of 10: it is ordered up to 30." in text
    assert "30 − 4 = 26 are missing, 5 of them stand on draft purchase orders: 21; in packs of 4 that is 24." in text
    assert "No suggestion: nothing of it was sold in the last complete weeks." in text
    assert "No supplier is known:" in text
    assert "$96.00" in text  # 24 at 4.00


def test_the_formula_stands_there_with_its_figures() -> None:
    make_merchant(service_level=Decimal(95))
    make_product("TENT")
    make_supplier("NORD", "TENT")
    sell("TENT", 4, 0, 6, 2)
    work_out(weeks=4)
    hold("TENT", 5000, 6000)

    said = words.suggestion(line("TENT"), Decimal(95))

    assert said == (
        "Sold: 3 a week with a deviation of 2.58, over 4 weeks up to 22 November 2026. Lead time 10 working days = 2 weeks; "
        "service level 95 %, z = 1.645. Reorder point = mean × lead time + z × deviation × √lead time = 3 × 2 + 1.645 × 2.58 "
        "× √2 = 12.01, rounded up 13. Target = reorder point + a week's mean, rounded up = 16."
    )
    assert "Take 13 and 16 as its limit" in page(logged_in("manager"))


def test_what_is_not_known_is_said(shop: Supplier) -> None:
    sell("ROPE", 4, 4)
    sell("LAMP", 4)
    work_out()

    WarehouseProduct.objects.update(reorder_point=5000, target_level=6000)
    assert "No suggestion: no supplier is known. Add one with its lead time." in words.suggestion(
        line("ROPE"), Decimal(95)
    )
    assert "how much the demand varies is seen after two weeks" in words.suggestion(line("LAMP"), Decimal(95))
    Supplier.objects.update(lead_time_days=None)
    assert "Nord Ltd has no lead time. Fill it in." in words.suggestion(line("LAMP"), Decimal(95))


def test_prices_and_values_are_for_who_may_see_costs(shop: Supplier) -> None:
    Supplier.objects.update(minimum_order=Decimal("777.00"))

    for role, sees in (("warehouse", False), ("clerk", False), ("accountant", True), ("manager", True)):
        client = logged_in(role)
        texts = [page(client), page(client, "?sort=value")]
        texts.append(b"".join(client.get(URL + "as/csv/").streaming_content).decode())  # type: ignore[arg-type]
        texts.append(Read(client.get(URL + "as/pdf/").content).text())
        for text in texts:
            assert ("777.00" in text or "112.00" in text) is sees, role
        assert ("does not come to the minimum order" in texts[0]) is not sees


def test_the_list_is_filtered_and_searched_and_an_empty_answer_leads_back(shop: Supplier) -> None:
    client = logged_in("clerk")

    assert "ROPE" in page(client)
    assert "ROPE" not in page(client, f"?supplier={shop.pk}")
    assert "TENT" not in page(client, "?supplier=0")
    assert "TENT" not in page(client, "?q=lamp")
    assert "Show the whole list" in page(client, "?q=nothing+like+it")
    assert "TENT" in page(client, "?supplier=x&kind=no&warehouse=²&sort=none&page=99")


def test_a_long_list_has_pages_and_few_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    # However long a busy machine takes, it is gathered anew for each page.
    monkeypatch.setattr(gathered, "IN_NO_TIME_MS", 60_000)
    make_merchant()
    for at in range(3):
        make_product(f"P{at:03}")
        hold(f"P{at:03}", 5, 10)
    client = logged_in("manager")
    few = statements(client, URL)
    for at in range(3, 60):
        make_product(f"P{at:03}")
        hold(f"P{at:03}", 5, 10)

    assert statements(client, URL) == few
    assert "Page 1 of 2, 60 lines" in page(client)
    second = page(client, "?sort=sku&page=2")
    assert "P050" in second
    assert "P049" not in second


def test_the_button_to_gather_anew_is_there_where_the_list_is_kept(shop: Supplier) -> None:
    client = logged_in("manager")
    assert "gather anew" not in page(client)
    OrderList.objects.update(took_ms=5000, gathered_at=timezone.now() - timedelta(seconds=9))
    make_product("STOVE")
    hold("STOVE", 5, 10)
    assert "gather anew" in page(client)
    assert "STOVE" not in page(client)

    client.post(URL, {"do": "gather"})

    assert "STOVE" in page(client)


# --- files ------------------------------------------------------------------------------------------------------------
def test_the_list_as_csv_and_xlsx(shop: Supplier) -> None:
    client = logged_in("manager")

    text = b"".join(client.get(URL + "as/csv/?sort=sku").streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["sku"], row["projected"], row["quantity"], row["value"]) for row in rows] == [
        ("LAMP", "0", "8", "32.00"), ("ROPE", "1", "4", ""), ("TENT", "2", "28", "112.00"),
    ]  # fmt: skip
    assert "2 is at or below the limit of 10" in rows[2]["why"]

    book = load_workbook(io.BytesIO(b"".join(client.get(URL + f"as/xlsx/?supplier={shop.pk}").streaming_content)))  # type: ignore[arg-type]
    sheet = [
        dict(zip(next(book.active.values), row, strict=True))
        for row in book.active.iter_rows(min_row=2, values_only=True)
    ]
    # Numbers are numbers, so that they can be added up.
    assert [(row["sku"], row["quantity"], row["value"]) for row in sheet] == [("TENT", 28, 112), ("LAMP", 8, 32)]
    assert client.get(URL + "as/doc/").status_code == 404


def test_the_list_on_paper_goes_by_supplier(shop: Supplier) -> None:
    Supplier.objects.update(minimum_order=Decimal(200))

    read = Read(logged_in("manager").get(URL + "as/pdf/?sort=sku").content)

    text = read.text()
    assert text.index("Nord Ltd · Main warehouse") < text.index("LAMP") < text.index("TENT")
    assert text.index("TENT") < text.index("No supplier is known · Main warehouse") < text.index("ROPE")
    # 28 + 8 units at 4.00.
    assert "Together $144.00" in text.replace("  ", " ")
    assert "The supplier takes orders from $200.00" in text
    assert read.outside(20) == []


def test_an_empty_list_on_paper_says_so() -> None:
    make_merchant()
    assert "Nothing is to be ordered." in Read(logged_in("clerk").get(URL + "as/pdf/").content).text()


# --- drafts -----------------------------------------------------------------------------------------------------------
def test_ticked_lines_become_draft_purchase_orders_by_supplier_and_warehouse(shop: Supplier) -> None:
    west = make_second_warehouse()
    hold("TENT", 3, 6, west)
    make_product("STOVE")
    hold("STOVE", 1, 2)
    other = make_supplier("SUD", "STOVE")
    client = logged_in("manager")
    far = next(found for found in _all() if found.warehouse_id == west.pk)

    words = press(
        client, "draft", "TENT", "STOVE", pick=[key("TENT"), key("STOVE"), f"{far.product_id}-{west.pk}"],
        **{f"units-{key('TENT')}": "100", f"units-{far.product_id}-{west.pk}": "8", f"seen-{far.product_id}-{west.pk}": "0"},
    )  # fmt: skip

    assert words.startswith("3 draft purchase orders made: PO-")
    orders = PurchaseOrder.objects.values_list("supplier", "warehouse__code", "lines__product__sku", "lines__ordered")
    assert set(orders) == {
        (shop.pk, "MAIN", "TENT", 100),
        (shop.pk, "WEST", "TENT", 8),
        (other.pk, "MAIN", "STOVE", 2),
    }
    assert set(PurchaseOrder.objects.values_list("state", "created_by__username")) == {("draft", "manager")}


def _all() -> list[Any]:
    gathered.refresh()
    return needs.lines(gathered.pairs(gathered.asked(gathered.Asked())))


def test_a_button_pressed_twice_orders_once(shop: Supplier) -> None:
    client = logged_in("manager")
    body = {"do": "draft", "pick": [key("TENT")], f"units-{key('TENT')}": "28", f"seen-{key('TENT')}": "0"}

    first, second = said(client, body), said(client, body)

    assert first.startswith("1 draft purchase order made")
    assert second.startswith("Nothing was drafted: 1 of these lines changed since you opened the list")
    assert drafted() == {"TENT": 28}
    assert (line("TENT").in_draft, line("TENT").quantity) == (28, 0)


def test_all_lines_are_drafted_with_one_click_and_not_again_with_the_next(shop: Supplier) -> None:
    client = logged_in("manager")

    first = press(client, "draft-all", query="?q=nothing")
    second, third = press(client, "draft-all"), press(client, "draft-all")

    assert first == third == "Nothing is left to order: all of it is on order or on draft purchase orders."
    assert second.startswith("1 draft purchase order made")
    # What has no supplier cannot be ordered and stays on the list.
    assert drafted() == {"TENT": 28, "LAMP": 8}
    assert line("ROPE").quantity == 4


def test_what_cannot_be_drafted_is_said_and_nothing_is(shop: Supplier) -> None:
    client = logged_in("manager")

    assert press(client, "draft") == "Tick at least one line."
    assert "ROPE has no supplier" in press(client, "draft", "TENT", "ROPE")
    assert "is no number of units" in press(client, "draft", "TENT", **{f"units-{key('TENT')}": "many"})
    assert "Tick at least one line, with the units" in press(client, "draft", "TENT", **{f"units-{key('TENT')}": "0"})
    assert "not known here" in press(client, "fly")
    assert drafted() == {}


def test_who_orders_other_than_the_supplier_sells_is_told_so(shop: Supplier) -> None:
    SupplierProduct.objects.update(minimum=20)
    body = {"do": "draft", "pick": [key("TENT")], f"units-{key('TENT')}": "10", f"seen-{key('TENT')}": "0"}

    answer = logged_in("manager").post(URL, body)

    assert [str(one) for one in get_messages(answer.wsgi_request)][:2] == [
        "TENT: 10 are no whole packs of 4.",
        "TENT: the supplier's minimum is 20, and 10 are ordered.",
    ]
    assert drafted() == {"TENT": 10}


def test_any_number_of_lines_of_a_supplier_takes_the_same_statements(
    shop: Supplier, django_assert_max_num_queries: Any
) -> None:
    by = make_person("manager")
    for at in range(40):
        make_product(f"P{at}")
        hold(f"P{at}", 5, 10)
    make_supplier("NORD", *(f"P{at}" for at in range(40)))
    gathered.refresh()

    with django_assert_max_num_queries(40):
        made = drafting.draft_all(gathered.Asked(), by=by)

    assert len(made) == 1
    assert made[0].lines.count() == 42


@pytest.mark.parametrize(
    ("role", "may"), [("warehouse", False), ("clerk", False), ("accountant", False), ("manager", True)]
)
def test_who_may_draft_and_who_may_set_limits(shop: Supplier, role: str, may: bool) -> None:
    client = logged_in(role)
    text = page(client)

    for do in ("draft", "draft-all", "adopt"):
        assert (f'value="{do}"' in text) is may
        assert client.post(URL, {"do": do, "pick": [key("TENT")]}).status_code == (302 if may else 403)


# --- suggestions adopted ----------------------------------------------------------------------------------------------
def test_suggestions_become_limits_one_or_many(shop: Supplier) -> None:
    sell("TENT", 4, 0, 6, 2)
    sell("LAMP", 3, 3, 3, 3)
    work_out(weeks=4)
    WarehouseProduct.objects.update(reorder_point=5000, target_level=6000)
    client = logged_in("manager")

    assert said(client, {"adopt": key("TENT"), "pick": [key("LAMP")]}) == "1 suggestion is a limit now."

    # TENT: 13; a pack of 4 more than a week's 3: 17. LAMP: 3 × 2 = 6; 10.
    limits = WarehouseProduct.objects.values_list("product__sku", "reorder_point", "target_level")
    assert set(limits) == {("TENT", 13, 17), ("LAMP", 5000, 6000), ("ROPE", 5000, 6000)}
    assert "None of these lines has a suggestion" in press(client, "adopt", "ROPE")
    assert press(client, "adopt", "LAMP", "ROPE") == "1 suggestion is a limit now."
    assert set(limits.all()) == {("TENT", 13, 17), ("LAMP", 6, 10), ("ROPE", 5000, 6000)}


# --- by command -------------------------------------------------------------------------------------------------------
def test_the_list_by_command(shop: Supplier) -> None:
    out, err = io.StringIO(), io.StringIO()

    call_command("reorder", "--format", "json", stdout=out)
    assert [(row["sku"], row["quantity"]) for row in json.loads(out.getvalue())] == [
        ("LAMP", 8),
        ("TENT", 28),
        ("ROPE", 4),
    ]

    out = io.StringIO()
    call_command("reorder", "--draft", stdout=out, stderr=err)
    assert [row["sku"] for row in csv.DictReader(io.StringIO(out.getvalue()))] == ["LAMP", "TENT", "ROPE"]
    assert "(Nord Ltd for Main warehouse)" in err.getvalue()
    assert drafted() == {"TENT": 28, "LAMP": 8}

    call_command("reorder", "--draft", stdout=io.StringIO(), stderr=err)
    assert "Nothing is left to order." in err.getvalue()


def test_a_line_leads_to_its_product(shop: Supplier) -> None:
    page(logged_in("clerk"))
    kept = gathered.asked(gathered.Asked(text="TENT")).get()

    answer = logged_in("clerk").get(reverse("admin:inventory_orderlistline_change", args=[kept.pk]))

    assert answer["Location"] == reverse("admin:inventory_product_change", args=[kept.product_id])
