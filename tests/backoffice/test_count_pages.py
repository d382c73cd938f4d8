"""The pages on counting: sheets made, typed, scanned, looked at and booked; blind means blind wherever one looks."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice import stocktaking
from inventory import ledger
from inventory.counting import Figure
from inventory.models import Category, CountLine, CountPlan, CountSheet, Location, Movement
from tests.making import make_merchant, make_order, make_product
from tests.reading import Read
from tests.staff import logged_in, make_person, statements

pytestmark = pytest.mark.django_db

START = reverse("admin:inventory_countsheet_start")
LIST = reverse("admin:inventory_countsheet_changelist")


@pytest.fixture(autouse=True)
def merchant() -> None:
    make_merchant()


def make_sheet(*, blind: bool = True, on_hand: int = 7777, cost: str = "12.34") -> CountSheet:
    """One line of a product of which so many are there."""
    product = make_product("TENT", on_hand, cost, barcode="0628915123457")
    home = ledger.default_location().pk
    return stocktaking.start(home, lambda: [(product.pk, home)], blind=blind)[0][0]


def page_of(sheet: CountSheet, name: str = "admin:inventory_countsheet_change") -> str:
    return reverse(name, args=[sheet.pk])


def press(client: Client, sheet: CountSheet, name: str, **typed: Any) -> str:
    answer: Any = client.post(reverse("admin:inventory_countsheet_do", args=[sheet.pk, name]), typed, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def scan(client: Client, sheet: CountSheet, **said: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(page_of(sheet, "count_scan"), json.dumps(said), content_type="application/json")
    return answer.status_code, answer.json()


# --- sheets by hand ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ({"what": "place"}, ["LAMP", "TENT"]),
        ({"what": "category", "category": "FOUND"}, ["TENT"]),
        ({"what": "products", "products": "lamp\n\n"}, ["LAMP"]),
        ({"what": "blank"}, []),
    ],
)
def test_a_sheet_is_made_by_hand(typed: dict[str, str], lines: list[str]) -> None:
    camping = Category.objects.create(name="Camping", path="Camping")
    make_product("TENT", 5, category=camping)
    make_product("LAMP", 5)
    typed = {name: str(camping.pk) if text == "FOUND" else text for name, text in typed.items()}

    answer: Any = logged_in("warehouse").post(
        START, {"warehouse": ledger.default_location().pk, "lines": "50", "blind": "on", **typed}, follow=True
    )

    sheet = CountSheet.objects.get()
    assert [str(m) for m in answer.context["messages"]] == [f"Sheet {sheet.number} is made."]
    assert [line.product.sku for line in sheet.lines.select_related("product")] == lines
    assert (sheet.blind, sheet.created_by) == (True, make_person("warehouse"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"what": "products", "products": "NIX"}, "“NIX”"),
        ({"what": "products", "products": " "}, "each product on a line of its own"),
        ({"what": "category", "category": "²"}, "Choose a category"),
        ({"what": "place", "place": "999"}, "is not in Main warehouse"),
        ({"what": "place"}, "There is nothing to count"),
        ({"what": "blank", "lines": "0"}, "cannot be right"),
        ({"what": "blank", "warehouse": ""}, "Choose a warehouse"),
    ],
)
def test_what_cannot_be_made_is_said_and_what_was_typed_stays(typed: dict[str, str], words: str) -> None:
    home = ledger.default_location().pk

    answer: Any = logged_in("warehouse").post(START, {"warehouse": home, "lines": "50", "note": "Kept", **typed})

    assert words in " ".join(str(message) for message in answer.context["messages"])
    assert "Kept" in answer.content.decode()
    assert not CountSheet.objects.exists()


def test_a_plan_makes_its_sheets_at_the_press_of_a_button() -> None:
    make_product("TENT", 5)
    plan = CountPlan.objects.create(name="All", warehouse=ledger.default_location())
    typed = {"action": "make_sheets", "_selected_action": plan.pk}
    client, url = logged_in("manager"), reverse("admin:inventory_countplan_changelist")

    said = [str(m) for _time in range(2) for m in client.post(url, typed, follow=True).context["messages"]]

    assert said == ["1 sheet is made.", "Nothing is due that is not on a sheet already."]


# --- blind ---------------------------------------------------------------------------------------------------------------
def test_blind_means_that_neither_page_paper_json_nor_table_tells_what_should_be_there() -> None:
    sheet = make_sheet()
    make_merchant(count_approval_limit=Decimal("1.00"))
    client = logged_in("warehouse")

    assert scan(client, sheet, code="TENT", units=7000)[0] == 200
    for _state in ("open", "review"):
        texts = [
            client.get(page_of(sheet)).content.decode(),
            client.get(page_of(sheet) + "?show=differences").content.decode(),
        ]
        screen = client.get(page_of(sheet, "count_scan"), follow=True).content.decode()
        texts += [screen, client.get(LIST).content.decode()]
        texts += [json.dumps(scan(client, sheet, code="TENT")[1]), exported(client)]
        texts.append(Read(client.get(reverse("count_papers") + f"?sheet={sheet.pk}").content).text())
        for text in texts:
            assert not {"7777", "7 777", "7,777", "777"} & set(text.replace("<", " ").replace(">", " ").split())
            assert "-777" not in text
        press(client, sheet, "submit")

    sheet.refresh_from_db()
    assert sheet.state == "review"
    assert "7777" in logged_in("manager").get(page_of(sheet)).content.decode()


def exported(client: Client, **asked: str) -> str:
    answer: Any = client.post(reverse("admin:inventory_countsheet_export"), {"format": "0", "resource": "", **asked})
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_an_open_sheet_shows_what_should_be_there_and_values_to_who_may_see_costs() -> None:
    sheet = make_sheet(blind=False, on_hand=20)
    client = logged_in("warehouse")
    assert press(client, sheet, "enter", **{f"units-{sheet.lines.get().pk}": "18"}) == "1 figure is noted."

    there, boss = client.get(page_of(sheet)).content.decode(), logged_in("manager").get(page_of(sheet)).content.decode()
    rows = [next(csv.DictReader(io.StringIO(exported(logged_in(role))))) for role in ("warehouse", "manager")]

    assert "-2" in there
    assert "24.68" not in there
    assert "$24.68" in boss
    assert "value" not in rows[0]
    assert (rows[1]["should_be"], rows[1]["counted"], rows[1]["difference"], rows[1]["value"]) == (
        "20", "18", "-2", "-24.68",
    )  # fmt: skip


# --- figures typed at the desk -------------------------------------------------------------------------------------------
def test_only_what_was_changed_is_noted_so_that_nobody_wipes_out_what_another_counted() -> None:
    sheet = make_sheet(blind=False, on_hand=20)
    line = sheet.lines.get()
    client = logged_in("warehouse")
    stocktaking.enter(sheet.pk, [Figure(line.pk, 19)])  # by phone, after the desk's page was opened

    said = press(client, sheet, "enter", **{f"units-{line.pk}": "", f"was-{line.pk}": ""})

    line.refresh_from_db()
    assert (said, line.counted) == ("Nothing was changed on this page.", 19)
    press(client, sheet, "enter", **{f"units-{line.pk}": "", f"was-{line.pk}": "19"})
    line.refresh_from_db()
    assert line.counted is None


def test_what_is_typed_is_noted_before_the_sheet_is_finished_and_uncounted_lines_are_asked_about() -> None:
    home = ledger.default_location().pk
    pairs = [(make_product(sku, 10).pk, home) for sku in ("TENT", "ROPE", "CUP")]
    sheet = stocktaking.start(home, lambda: pairs)[0][0]
    rope, tent = sheet.lines.filter(product__sku__in=["TENT", "ROPE"]).order_by("product__sku")
    client = logged_in("warehouse")
    form = client.get(page_of(sheet)).content.decode()
    assert f'form="figures" formaction="{reverse("admin:inventory_countsheet_do", args=[sheet.pk, "submit"])}"' in form
    press(client, sheet, "enter", **{f"units-{tent.pk}": "9"})

    typed = {f"units-{rope.pk}": "7", "query": "show=all&p=1"}
    answer: Any = client.post(
        reverse("admin:inventory_countsheet_do", args=[sheet.pk, "submit"]), typed, follow=True
    )  # fmt: skip

    assert [str(message) for message in answer.context["messages"]] == [
        "1 figure is noted. 1 line is not counted yet. It stays as it is if you finish the sheet now."
    ]
    assert "Finish all the same" in answer.content.decode()
    assert not Movement.objects.filter(reason="count").exists()
    assert press(client, sheet, "submit", sure="1").startswith("The count is booked")
    assert sorted(Movement.objects.filter(reason="count").values_list("product__sku", "quantity")) == [
        ("ROPE", -3), ("TENT", -1),
    ]  # fmt: skip


def test_a_reason_is_noted_and_a_wrong_figure_is_refused() -> None:
    sheet = make_sheet(blind=False, on_hand=20)
    line = sheet.lines.get()
    client = logged_in("warehouse")

    assert "“many” is no number" in press(client, sheet, "enter", **{f"units-{line.pk}": "many"})
    press(client, sheet, "enter", **{f"units-{line.pk}": "18"})
    assert press(client, sheet, "enter", **{f"reason-{line.pk}": "Two torn"}) == "The reasons are noted."
    assert press(client, sheet, "submit").startswith("The count is booked")
    assert Movement.objects.get(reason="count").note == "Two torn"
    assert Movement.objects.get(reason="count").by == make_person("warehouse")


def test_what_is_found_and_not_on_the_sheet_is_typed_at_the_desk() -> None:
    sheet = make_sheet(on_hand=20)
    make_product("ROPE", tracking="lot")
    Location.objects.create(code="A-01", name="Shelf", kind="bin", warehouse=ledger.default_location())
    client = logged_in("warehouse")

    def found(**typed: str) -> str:
        return press(client, sheet, "found", **{"place": "a-01", "product": "ROPE", "units": "3", "lot": "", **typed})

    assert 'name="lot"' in client.get(page_of(sheet)).content.decode()
    assert found(lot="L1") == "3 × ROPE in Shelf is noted."
    assert found() == "Scan or type the lot of ROPE."
    assert found(product="TENT", place="") == "3 × TENT in Main warehouse is noted."
    assert found(product=" ") == "Say which product was found."
    assert found(product="A-01") == "This is a place. Say which product was found in it."
    assert dict(sheet.lines.values_list("product__sku", "counted")) == {"ROPE": 3, "TENT": 3}


def test_a_figure_may_be_large_where_so_many_should_lie_and_is_no_bar_code() -> None:
    sheet = make_sheet(blind=False, on_hand=12_000_000)
    field = f"units-{sheet.lines.get().pk}"
    client = logged_in("warehouse")

    assert press(client, sheet, "enter", **{field: "11000000"}) == "1 figure is noted."
    assert "cannot be right" in press(client, sheet, "enter", **{field: "400638133"})
    assert sheet.lines.get().counted == 11_000_000


def test_a_plan_has_at_least_one_line_a_sheet() -> None:
    typed = {"name": "All", "warehouse": ledger.default_location().pk, "sheet_lines": "0"}
    typed |= {"days_a": "30", "days_b": "90", "days_c": "180"}
    answer: Any = logged_in("manager").post(reverse("admin:inventory_countplan_add"), typed)

    assert answer.context["adminform"].form.errors == {"sheet_lines": ["A sheet has at least one line."]}


def test_looked_at_first_approved_or_counted_again() -> None:
    sheet = make_sheet(on_hand=20)
    client, boss = logged_in("warehouse"), logged_in("manager")
    scan(client, sheet, code="TENT", units=18)

    assert press(client, sheet, "look").startswith("The count waits for another person")
    assert press(boss, sheet, "again") == "1 line is to be counted again."
    scan(client, sheet, code="TENT", units=19)
    press(client, sheet, "look")
    assert press(boss, sheet, "approve").startswith("The count is booked")
    assert press(boss, sheet, "approve").startswith("The count is booked")
    assert press(boss, sheet, "cancel") == "It is booked: what is wrong is counted again on a new sheet."
    assert Movement.objects.get(reason="count").quantity == -1


def test_who_books_a_count_is_told_which_orders_lost_stock_and_how_many_got_some() -> None:
    home = ledger.default_location().pk
    pairs = [(make_product(sku, 2).pk, home) for sku in ("TENT", "ROPE")]
    loser = make_order([("TENT", 2, "1.00")])
    for _order in range(2):
        make_order([("ROPE", 2, "1.00")])
    sheet = stocktaking.start(home, lambda: pairs)[0][0]
    counted = {"TENT": 0, "ROPE": 4}
    stocktaking.enter(sheet.pk, [Figure(line.pk, counted[line.product.sku]) for line in sheet.lines.all()])

    assert press(logged_in("warehouse"), sheet, "submit") == (
        f"The count is booked. 1 order lost reserved stock and waits again: {loser.number}."
        " 1 order that waited for goods has some now."
    )
    assert loser.timeline.get(what="unreserved").sentence == (
        f"Its reserved stock was lost: 2 × TENT (Counted on sheet {sheet.number}). It waits for stock again."
    )


def test_only_the_lines_that_are_ticked_are_counted_again() -> None:
    home = ledger.default_location().pk
    pairs = [(make_product(sku, 10).pk, home) for sku in ("TENT", "ROPE")]
    sheet = stocktaking.start(home, lambda: pairs)[0][0]
    stocktaking.enter(sheet.pk, [Figure(pk, 9) for pk in sheet.lines.values_list("pk", flat=True)])
    stocktaking.submit(sheet.pk, look_first=True)
    rope = sheet.lines.get(product__sku="ROPE")

    assert press(logged_in("manager"), sheet, "again", line=rope.pk) == "1 line is to be counted again."
    assert dict(sheet.lines.values_list("product__sku", "counted")) == {"TENT": 9, "ROPE": None}


def test_what_waits_for_approval_stands_on_the_home_page_of_who_approves() -> None:
    sheet = make_sheet(on_hand=20)
    scan(logged_in("warehouse"), sheet, code="TENT", units=18)
    press(logged_in("warehouse"), sheet, "look")

    assert "Counts to approve" in logged_in("manager").get(reverse("admin:index")).content.decode()
    assert "Counts to approve" not in logged_in("warehouse").get(reverse("admin:index")).content.decode()


# --- scans ---------------------------------------------------------------------------------------------------------------
def test_the_phone_is_answered_in_json() -> None:
    sheet = make_sheet(on_hand=20)
    Location.objects.create(code="A-01", name="Shelf", kind="bin", warehouse=ledger.default_location())
    client = logged_in("warehouse")

    assert scan(client, sheet, place="a-01")[1] | {"said": ""} == {
        "ok": True, "needs": "", "place": "A-01", "place_name": "Shelf", "sku": "", "name": "", "variation": "", "lot": "",
        "line": None, "counted": None, "said": "", "count_again": False, "lines": 1, "done": 0,
    }  # fmt: skip
    status, answer = scan(client, sheet, place="A-01", code="0628915123457", add=1)
    assert (status, answer["counted"], answer["lines"], answer["done"]) == (200, 1, 2, 1)
    make_product("ROPE", 1)
    assert scan(client, sheet, code="ROPE", units=1) == (
        400, {"ok": False, "said": "Scan the place first: there are several.", "needs": "place"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "body", ["[]", "{", '{"code": "TENT", "units": "x"}', '{"code": "TENT", "units": 1, "add": 1}']
)
def test_what_is_no_scan_is_refused_in_a_sentence(body: str) -> None:
    sheet = make_sheet()

    answer = logged_in("warehouse").post(page_of(sheet, "count_scan"), body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["said"].endswith(".")
    assert not CountLine.objects.filter(counted__isnull=False).exists()


def test_a_form_is_a_scan_too_and_a_browser_gets_the_screen() -> None:
    sheet = make_sheet(on_hand=20)
    client, url = logged_in("warehouse"), page_of(sheet, "count_scan")

    assert client.post(url, {"code": "tent", "units": "18", "once": "a"}).json()["said"] == "18 × TENT"
    assert client.get(url).headers["Location"] == f"{reverse('floor:count')}?code={sheet.number}"
    assert client.get(url, follow=True).status_code == 200


def test_the_list_may_be_scanned_into_by_who_counts_only() -> None:
    sheet = make_sheet()

    assert logged_in("clerk").post(page_of(sheet, "count_scan"), {"code": "TENT"}).status_code == 403
    assert Client().post(page_of(sheet, "count_scan"), {"code": "TENT"}).status_code == 302


# --- paper, figures, size ------------------------------------------------------------------------------------------------
def test_sheets_are_printed_one_or_many() -> None:
    first, client = make_sheet(), logged_in("warehouse")
    second = stocktaking.start(ledger.default_location().pk, None)[0][0]

    answer: Any = client.post(LIST, {"action": "print_sheets", "_selected_action": [first.pk, second.pk]}, follow=True)

    assert answer["Content-Disposition"].startswith('inline; filename="counts-')
    text = Read(answer.content).text()
    assert first.number in text
    assert second.number in text
    assert client.get(reverse("count_papers") + "?sheet=99").status_code == 400
    assert client.get(reverse("count_papers") + "?sheet=x").status_code == 404


def test_how_true_the_counts_were_by_plan_and_warehouse() -> None:
    for sku in ("TENT", "ROPE", "CUP", "PEG"):
        make_product(sku, 10, "5.00")
    plan = CountPlan.objects.create(name="Cycle", warehouse=ledger.default_location())
    sheet = stocktaking.make_sheets(plan)[0]
    counts = dict(zip(sheet.lines.values_list("pk", flat=True), (10, 10, 7, 12), strict=True))
    stocktaking.enter(sheet.pk, [Figure(pk, units) for pk, units in counts.items()])
    stocktaking.submit(sheet.pk)
    url = reverse("admin:inventory_countsheet_accuracy")

    page = logged_in("manager").get(url).content.decode()
    answer: Any = logged_in("manager").get(url, {"format": "csv"})
    row = next(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    bare: Any = logged_in("warehouse").get(url, {"format": "csv"})

    assert "(50.0 %)" in page
    assert "$15.00" in page
    assert "$15.00" not in logged_in("warehouse").get(url).content.decode()
    assert row == {
        "warehouse": "Main warehouse", "plan": "Cycle", "sheets": "1", "lines": "4", "without_difference": "2",
        "per_cent": "50.0", "missing": "15.00", "surplus": "10.00", "net": "-5.00",
    }  # fmt: skip
    assert "missing" not in b"".join(bare.streaming_content).decode()
    assert (
        "No count was booked"
        in logged_in("manager").get(url, {"until": "2020-01-01", "since": "2019-01-01"}).content.decode()
    )
    assert (
        "must not be after"
        in logged_in("manager").get(url, {"until": "2019-01-01", "since": "2020-01-01"}).content.decode()
    )
    assert "Write the day like" in logged_in("manager").get(url, {"until": "x"}).content.decode()


def test_a_long_sheet_needs_no_more_statements_than_a_short_one() -> None:
    home = ledger.default_location().pk
    client, needed = logged_in("manager"), []
    for size in (2, 60):
        pairs = [(make_product(f"P{size}-{n}", 3).pk, home) for n in range(size)]
        sheet = stocktaking.start(home, lambda pairs=pairs: pairs, blind=False)[0][0]
        stocktaking.enter(
            sheet.pk, [Figure(pk, 2) for pk in list(sheet.lines.values_list("pk", flat=True))[: size // 2]]
        )
        needed.append(statements(client, page_of(sheet)))

    assert needed[0] == needed[1]


def test_lists_need_no_more_statements_for_more_sheets() -> None:
    home = ledger.default_location().pk
    client, needed = logged_in("manager"), []
    for _round in range(2):
        for _sheet in range(5):
            stocktaking.start(home, None)
        needed.append(statements(client, LIST))

    assert needed[0] == needed[1]
