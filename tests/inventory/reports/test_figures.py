"""The figures of each report, worked out by hand in stories of a few movements."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from inventory.models import Category, Location, Product, StockLevel, Supplier, SupplierProduct
from inventory.reports import abc
from inventory.reports.asked import chosen, parameters
from inventory.reports.columns import Column, Kind
from inventory.reports.dead_stock import DEAD_STOCK
from inventory.reports.movement_card import card, card_rows
from inventory.reports.stock_at import STOCK, STOCK_BY_PLACE
from inventory.reports.turnover import TURNOVER
from inventory.reports.valuation import VALUATION, by_warehouse
from tests.inventory.reports.telling import Reason, asked, happened, moved, revalued, warehouse
from tests.making import make_merchant, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent() -> Product:
    """Two receipts at two costs, a shipment, a return, freight billed later, one broken and one found again.

    ========== ========================== ===== ======== =========
    day        what                       units value    average
    ========== ========================== ===== ======== =========
    1 March    10 come at 10.00           10    100.00   10.0000
    3 March    10 come at 16.00           20    260.00   13.0000
    5 March    4 are shipped at 13.00     16    208.00   13.0000
    6 March    1 comes back at 13.00      17    221.00   13.0000
    8 March    freight of 17.00           17    238.00   14.0000
    9 March    2 are broken at 14.00      15    210.00   14.0000
    10 March   they were not: reversed    17    238.00   14.0000
    12 March   7 are shipped at 14.00     10    140.00   14.0000
    ========== ========================== ===== ======== =========
    """
    make_merchant()
    tent = make_product("TENT")
    happened(tent, "2026-03-01", Reason.RECEIPT, 10, "10.00")
    happened(tent, "2026-03-03", Reason.RECEIPT, 10, "16.00")
    happened(tent, "2026-03-05", Reason.SHIPMENT, -4)
    happened(tent, "2026-03-06", Reason.RETURN, 1)
    revalued(tent, "2026-03-08", "17.00")
    happened(tent, "2026-03-09", Reason.ADJUSTMENT, -2, note="Broken")
    happened(tent, "2026-03-10", Reason.ADJUSTMENT, 2, note="Not broken after all")
    happened(tent, "2026-03-12", Reason.SHIPMENT, -7)
    return tent


VALUES = {
    "2026-02-28": (0, "0"),
    "2026-03-01": (10, "100"),
    "2026-03-03": (20, "260"),
    "2026-03-05": (16, "208"),
    "2026-03-06": (17, "221"),
    "2026-03-07": (17, "221"),
    "2026-03-08": (17, "238"),
    "2026-03-09": (15, "210"),
    "2026-03-10": (17, "238"),
    "2026-03-12": (10, "140"),
}


@pytest.mark.parametrize("day", VALUES)
def test_stock_and_its_value_at_the_end_of_each_day(tent: Product, day: str) -> None:
    units, value = VALUES[day]

    total = VALUATION.total(asked(day)).row

    assert STOCK.total(asked(day)).row.on_hand == units
    assert (total.on_hand, total.value) == (units, Decimal(value))
    assert [row.on_hand for row in STOCK.page(asked(day)).rows] == ([units] if units else [])


def test_todays_stock_is_what_the_running_figures_say(tent: Product) -> None:
    happened(make_product("MAT"), "2026-03-01", Reason.RECEIPT, 3, "1.00", place=warehouse("W2"))
    running = {(lv.product.sku, lv.location.code): lv.on_hand for lv in StockLevel.objects.select_related()}

    rows = STOCK_BY_PLACE.page(asked("2100-01-01")).rows

    assert {(row.sku, row.code): row.on_hand for row in rows} == running
    assert Product.objects.get(sku="TENT").average_cost == Decimal("14")


def test_half_past_eleven_at_night_is_that_day_and_midnight_the_next() -> None:
    tent = make_product("TENT")
    happened(tent, "2026-07-01 23:30", Reason.RECEIPT, 1, "1.00")
    happened(tent, "2026-07-02 00:00", Reason.RECEIPT, 10, "1.00")

    assert [STOCK.total(asked(day)).row.on_hand for day in ("2026-06-30", "2026-07-01", "2026-07-02")] == [0, 1, 11]


@pytest.mark.parametrize(
    ("day", "before", "hours"), [("2026-03-08", "2026-03-07", 23), ("2026-11-01", "2026-10-31", 25)]
)
def test_a_day_on_which_the_clock_changes_has_its_own_hours(day: str, before: str, hours: int) -> None:
    tent = make_product("TENT")
    happened(tent, f"{before} 23:59", Reason.RECEIPT, 1, "1.00")
    happened(tent, f"{day} 00:00", Reason.RECEIPT, 10, "1.00")
    happened(tent, f"{day} 23:59", Reason.RECEIPT, 100, "1.00")

    assert (asked(day).until.timestamp() - asked(before).until.timestamp()) / 3600 == hours
    assert [STOCK.total(asked(d)).row.on_hand for d in (before, day)] == [1, 111]


def test_two_warehouses_that_bought_at_two_prices_share_the_value_by_units() -> None:
    """10 at 10.00 here and 10 at 20.00 there are 20 at 15.00. The 10 here are shipped: what is left are 10 at 15.00, there."""
    tent, first, second = make_product("TENT"), warehouse("W1"), warehouse("W2")
    happened(tent, "2026-03-01", Reason.RECEIPT, 10, "10.00", place=first)
    happened(tent, "2026-03-01", Reason.RECEIPT, 10, "20.00", place=second)
    happened(tent, "2026-03-02", Reason.SHIPMENT, -10, place=first)

    assert [(w.warehouse, w.on_hand, w.value) for w in by_warehouse(asked("2026-03-01"))] == [
        ("Warehouse W1", 10, Decimal(150)),
        ("Warehouse W2", 10, Decimal(150)),
    ]
    assert [(w.warehouse, w.on_hand, w.value) for w in by_warehouse(asked("2026-03-02"))] == [
        ("Warehouse W2", 10, Decimal(150)),
    ]
    of = {w.pk: VALUATION.total(asked("2026-03-02", warehouse_id=w.pk)).row.value for w in (first, second)}
    assert of == {first.pk: 0, second.pk: Decimal(150)}


def test_goods_on_their_way_are_worth_what_they_were() -> None:
    tent, first, second = make_product("TENT"), warehouse("W1"), warehouse("W2")
    road = Location.objects.create(code="ROAD", name="On its way", kind="transit", sellable=False)
    shelf = Location.objects.create(code="A1", name="A1", kind="bin", warehouse=second)
    happened(tent, "2026-03-01", Reason.RECEIPT, 8, "12.50", place=first)
    moved(tent, "2026-03-02", 6, first, road)
    moved(tent, "2026-03-04", 5, road, shelf)
    happened(tent, "2026-03-05", Reason.SCRAP, -1, place=road)

    def worth(day: str) -> dict[str, tuple[int, Decimal]]:
        return {w.warehouse: (w.on_hand, w.value) for w in by_warehouse(asked(day))}

    assert worth("2026-03-02") == {"Warehouse W1": (2, Decimal(25)), "On its way": (6, Decimal(75))}
    assert worth("2026-03-04")["Warehouse W2"] == (5, Decimal("62.5"))
    assert VALUATION.total(asked("2026-03-04")).row.value == 100
    assert worth("2026-03-05") == {"Warehouse W1": (2, Decimal(25)), "Warehouse W2": (5, Decimal("62.5"))}
    assert [(r.warehouse, r.place, r.on_hand) for r in STOCK_BY_PLACE.page(asked("2026-03-05")).rows] == [
        ("Warehouse W2", "A1", 5),
        ("Warehouse W1", "", 2),
    ]


def test_what_rounding_leaves_on_goods_that_are_gone_is_named_apart() -> None:
    """3 for 10.00 cost 3.3333 each; shipped at an average of 3.5 after 1 at 4.0001, one ten-thousandth is left over."""
    tent = make_product("TENT")
    happened(tent, "2026-03-01", Reason.RECEIPT, 3, "3.3333")
    happened(tent, "2026-03-01", Reason.RECEIPT, 1, "4.0002")
    happened(tent, "2026-03-02", Reason.SHIPMENT, -4)

    assert VALUATION.page(asked("2026-03-02")).rows == []
    assert [(w.warehouse, w.value) for w in by_warehouse(asked("2026-03-02"))] == [("", Decimal("0.0001"))]


def test_the_card_runs_from_the_opening_balance_to_the_closing_one(tent: Product) -> None:
    found = card(asked("2026-03-10", "2026-03-04", product_id=tent.pk))

    assert (found.opening.units, found.opening.value) == (20, 260)
    assert [(r.reason, r.quantity, r.on_hand, r.amount, r.value) for r in found.page.rows] == [
        ("shipment", -4, 16, -52, 208),
        ("return", 1, 17, 13, 221),
        ("revaluation", 0, 17, 17, 238),
        ("adjustment", -2, 15, -28, 210),
        ("adjustment", 2, 17, 28, 238),
    ]
    assert (found.closing.units, found.closing.value) == (17, 238)
    assert found.page.after is None


def test_the_card_page_by_page_is_the_card(tent: Product) -> None:
    for _ in range(3):  # at one and the same instant
        happened(tent, "2026-03-09", Reason.COUNT, 1, "14.00")
    question = asked("2026-03-31", "2026-03-02", product_id=tent.pk)
    whole = card(question).page.rows

    after: tuple[str, ...] | None = ()
    turned = []
    while after is not None:
        part = card(question, after, size=2)
        assert part.opening.units == (turned[-1].on_hand if turned else 10)
        turned += part.page.rows
        after = part.page.after

    assert turned == whole == list(card_rows(question))
    assert len(whole) == 10


def test_the_card_of_one_place_knows_that_place_alone() -> None:
    tent, first, second = make_product("TENT"), warehouse("W1"), warehouse("W2")
    happened(tent, "2026-03-01", Reason.RECEIPT, 8, "10.00", place=first)
    moved(tent, "2026-03-02", 3, first, second)
    revalued(tent, "2026-03-03", "8.00")

    found = card(asked("2026-03-31", "2026-03-02", product_id=tent.pk), place_id=first.pk)

    assert [(r.place, r.quantity, r.on_hand) for r in found.page.rows] == [("Warehouse W1", -3, 5)]
    assert (found.opening.units, found.closing.units) == (8, 5)


def test_dead_is_what_lies_and_was_not_shipped_for_so_long() -> None:
    """On 30 June, for 90 days: sold on 1 April lies 90 days and is dead, sold on 2 April is not."""
    for sku in ("SOLD-90", "SOLD-89", "NEVER", "NEW", "GONE"):
        happened(make_product(sku), "2026-01-10", Reason.RECEIPT, 5, "4.00")
    by = {product.sku: product for product in Product.objects.all()}
    happened(by["SOLD-90"], "2026-04-01 23:30", Reason.SHIPMENT, -2)
    happened(by["SOLD-89"], "2026-04-02 00:00", Reason.SHIPMENT, -2)
    happened(by["GONE"], "2026-02-01", Reason.SHIPMENT, -5)
    happened(by["NEVER"], "2026-05-01", Reason.RECEIPT, 1, "4.00")
    happened(make_product("FRESH"), "2026-06-01", Reason.RECEIPT, 5, "4.00")
    happened(by["NEW"], "2026-06-29", Reason.ELSEWHERE, -1)
    question = asked("2026-06-30", idle_days=90)

    found = DEAD_STOCK.page(question).rows

    assert [(r.sku, r.on_hand, r.value, r.last_receipt, r.last_sale, r.idle_days) for r in found] == [
        ("NEVER", 6, 24, date(2026, 5, 1), None, 171),
        ("SOLD-90", 3, 12, date(2026, 1, 10), date(2026, 4, 1), 90),
    ]
    total = DEAD_STOCK.total(question)
    assert (total.products, total.row.on_hand, total.row.value) == (2, 9, 36)


def test_turnover_is_cost_of_goods_by_the_mean_of_opening_and_closing_value(tent: Product) -> None:
    """From 4 to 12 March: 4 × 13 − 1 × 13 + 7 × 14 = 137 were shipped; (260 + 140) / 2 = 200 lay on average."""
    row = TURNOVER.page(asked("2026-03-12", "2026-03-04")).rows[0]

    assert (row.shipped, row.cost, row.opening, row.closing, row.average) == (10, 137, 260, 140, 200)
    assert row.turnover == Decimal("0.685")
    assert row.days_of_stock is not None
    assert round(row.days_of_stock, 3) == Decimal("13.139")  # 9 days / 0.685


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (Kind.TIMES, Decimal("0.2222222222"), "0.22"),
        (Kind.DAYS, Decimal("1642.5"), "1643"),
        (Kind.SHARE, Decimal("0.90905"), "90.9"),
        (Kind.AMOUNT, Decimal("2.345"), "2.35"),
        (Kind.COST, Decimal("2.3450"), "2.3450"),
    ],
)
def test_page_and_file_tell_a_figure_alike(kind: Kind, value: Decimal, told: str) -> None:
    assert str(Column("x", "x", kind).told(value, "CAD")) == told


def test_turnover_without_sales_or_without_stock_says_nothing() -> None:
    happened(make_product("STILL"), "2026-01-10", Reason.RECEIPT, 5, "4.00")
    quick = make_product("QUICK")
    happened(quick, "2026-02-02", Reason.RECEIPT, 5, "4.00")
    happened(quick, "2026-02-03", Reason.SHIPMENT, -5)

    found = {r.sku: (r.turnover, r.days_of_stock) for r in TURNOVER.page(asked("2026-02-28", "2026-02-01")).rows}

    assert found == {"STILL": (0, None), "QUICK": (None, None)}


def test_categories_add_up_with_all_their_products(tent: Product) -> None:
    camping = Category.objects.create(name="Camping", path="Camping")
    tents = Category.objects.create(name="Tents", parent=camping, path="Camping › Tents")
    Product.objects.filter(pk=tent.pk).update(category=tents)
    happened(make_product("STOVE", category=camping), "2026-03-02", Reason.RECEIPT, 2, "30.00")
    happened(make_product("SOCKS"), "2026-03-02", Reason.RECEIPT, 3, "5.00")
    day = "2026-03-12"

    found = [(g.row.category, g.products, g.row.on_hand, g.row.value) for g in VALUATION.by_category(asked(day))]

    assert sorted(found) == [("", 1, 3, 15), ("Camping", 1, 2, 60), ("Camping › Tents", 1, 10, 140)]
    assert VALUATION.total(asked(day, category_id=camping.pk)).row.value == 200
    assert VALUATION.total(asked(day, category_id=tents.pk)).row.value == 140
    assert sum(w.value for w in by_warehouse(asked(day, category_id=camping.pk))) == 200


def test_goods_are_found_by_supplier_code_barcode_and_words() -> None:
    for sku, name in (("TENT-2", "Tent for two"), ("TENT-4", "Tent for four"), ("100%", "All of it")):
        happened(make_product(sku, name=name, barcode=""), "2026-03-02", Reason.RECEIPT, 1, "1.00")
    Product.objects.filter(sku="TENT-4").update(barcode="0628915123457", variation="green")
    supplier = Supplier.objects.create(code="ACME", name="Acme")
    SupplierProduct.objects.create(supplier=supplier, product=Product.objects.get(sku="TENT-2"))

    def skus(**fields: object) -> list[str]:
        return [row.sku for row in STOCK.page(asked("2026-03-31", **fields)).rows]

    assert skus(supplier_id=supplier.pk) == ["TENT-2"]
    assert sorted(skus(text="tent")) == ["TENT-2", "TENT-4"]
    assert skus(text="FOUR tent") == ["TENT-4"]
    assert skus(text="green") == ["TENT-4"]
    assert skus(text="0628915123457") == ["TENT-4"]
    assert skus(text="ent-4 four") == ["TENT-4"]
    assert skus(text="100%") == ["100%"]
    assert skus(text="1%0") == skus(text="_") == skus(text="' OR 1=1") == []


def test_a_search_uses_the_index_that_is_made_for_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN SELECT 1 FROM inventory_product p WHERE {chosen(asked('2026-03-31', text='tent'))}",
            parameters(asked("2026-03-31", text="tent")),
        )
        assert "product_found_by" in str(cursor.fetchall())


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    for number in range(7):
        tent = make_product(f"P-{number}")
        if number != 3:
            happened(tent, "2026-03-02", Reason.RECEIPT, 1, "1.00")
            happened(tent, "2026-03-02", Reason.RECEIPT, 1, "1.00", place=warehouse("W2"))
    for report, expected in ((STOCK, 6), (STOCK_BY_PLACE, 12), (VALUATION, 6)):
        after: tuple[str, ...] | None = ()
        seen = []
        while after is not None:
            part = report.page(asked("2026-03-31"), after, size=2)
            seen += part.rows
            after = part.after
        assert seen == list(report.rows(asked("2026-03-31")))
        assert len(seen) == expected
    assert len(STOCK.page(asked("2026-03-31", everything=True)).rows) == 7


def test_a_page_that_finds_nothing_among_many_says_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.reports.by_product.LOOKED_THROUGH", 3)
    for number in range(8):
        tent = make_product(f"P-{number}")
    happened(tent, "2026-03-02", Reason.RECEIPT, 1, "1.00")

    first = STOCK.page(asked("2026-03-31"))
    second = STOCK.page(asked("2026-03-31"), first.after or ())
    third = STOCK.page(asked("2026-03-31"), second.after or ())

    assert (first.rows, first.after) == ([], ("P-2",))
    assert (second.rows, second.after) == ([], ("P-5",))
    assert ([row.sku for row in third.rows], third.after) == (["P-7"], None)


def test_the_classes_of_abc_are_ranked_with_their_shares() -> None:
    """Shipped at cost: 70, 15, 10, 5 of 100. A is what begins below 80, B what begins below 95."""
    day = (timezone.now() - timedelta(days=30)).date().isoformat()
    for sku, units in (("A1", 70), ("A2", 15), ("B1", 10), ("C1", 5), ("NONE", 0)):
        tent = make_product(sku)
        happened(tent, day, Reason.RECEIPT, 100, "1.00")
        if units:
            happened(tent, day, Reason.SHIPMENT, -units)

    assert abc.worked_out_at() is None
    assert (abc.work_out(), abc.work_out()) == (5, 5)

    found = abc.page(asked(day)).rows
    assert [(r.rank, r.sku, r.value_class, r.units, r.value, r.share, r.cumulative) for r in found] == [
        (1, "A1", "A", 70, 70, Decimal("0.70"), Decimal("0.70")),
        (2, "A2", "A", 15, 15, Decimal("0.15"), Decimal("0.85")),
        (3, "B1", "B", 10, 10, Decimal("0.10"), Decimal("0.95")),
        (4, "C1", "C", 5, 5, Decimal("0.05"), Decimal("1")),
    ]
    assert [(s.value_class, s.products, s.value, s.share) for s in abc.by_class(asked(day))] == [
        ("A", 2, 85, Decimal("0.85")),
        ("B", 1, 10, Decimal("0.10")),
        ("C", 1, 5, Decimal("0.05")),
    ]
    assert [r.sku for r in abc.page(asked(day, everything=True)).rows][-1] == "NONE"
    assert [r.sku for r in abc.page(asked(day), ("2",), size=1).rows] == ["B1"]
    assert abc.page(asked(day), ("2",), size=1).after == ("3",)
