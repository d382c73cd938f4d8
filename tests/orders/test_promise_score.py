"""Promises beside what came of them: kept, late, early, still open; by supplier, on the page and in files."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from backoffice import journey
from inventory.models import Supplier
from orders import merchant, promise_score
from orders.models import LinePromise, Order
from shipping.models import Shipment
from tests.expected import make_supplier
from tests.making import make_merchant, make_order, make_product, receive
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db
URL = reverse("admin:orders_order_promises")
ZONE = ZoneInfo("America/Toronto")
_skus = count(1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)


def today() -> date:
    return merchant.local_day(datetime.now(ZONE), merchant.current())


def promised(supplier: Supplier | None, earliest: int | None, *, shipped: int | None) -> Order:
    """Told forty days ago: so many days from then until it leaves, or two days more; shipped so many days from then."""
    told_on = today() - timedelta(days=40)
    sku = f"S{next(_skus)}"
    make_product(sku)
    order = make_order([(sku, 2, "10.00")])
    first = told_on + timedelta(days=earliest) if earliest is not None else None
    LinePromise.objects.create(
        line=order.lines.get(),
        made_at=noon(told_on),
        kind="purchase_order" if first else "unknown",
        earliest=first,
        latest=first + timedelta(days=2) if first else None,
        supplier=supplier,
        replaced_at=noon(told_on),
    )
    # What is told later is not what is judged.
    later = today() if first else None
    LinePromise.objects.create(
        line=order.lines.get(),
        made_at=noon(told_on),
        kind="lead_time" if first else "unknown",
        earliest=later,
        latest=later,
    )
    if shipped is not None:
        receive(sku, 2)
        journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
        Shipment.objects.filter(order=order).update(shipped_at=noon(told_on + timedelta(days=shipped)))
    return order


@pytest.fixture
def told() -> Supplier:
    make_merchant()
    mill = make_supplier("MILL")
    promised(mill, 10, shipped=11)  # kept
    promised(mill, 10, shipped=12)  # on the last day: kept
    promised(mill, 10, shipped=7)  # 3 days early, and kept
    promised(mill, 10, shipped=16)  # 4 days late
    promised(mill, 30, shipped=None)  # days over since 8: late already
    promised(mill, 60, shipped=None)  # open
    promised(mill, None, shipped=5)  # nobody knew
    promised(None, 10, shipped=10)
    journey.cancel([promised(mill, 5, shipped=None).pk], why="no more", who="Bea")
    return mill


def last_days(days: int = 50) -> tuple[date, date]:
    return today() - timedelta(days=days), today()


def test_shares_and_means(told: Supplier) -> None:
    found = promise_score.scores(*last_days())

    (mill, nobody), whole = found.suppliers, found.whole
    assert (mill.supplier, mill.told, mill.unknown, mill.judged, mill.kept, mill.late) == (told.name, 8, 1, 5, 3, 2)
    assert (mill.share, mill.days_late, mill.early, mill.days_early) == (Decimal(60), Decimal(6), 1, Decimal(3))
    assert (nobody.supplier_id, nobody.judged, nobody.kept) == (None, 1, 1)
    assert (whole.told, whole.judged, whole.kept, whole.late) == (9, 6, 4, 2)
    assert promise_score.of_supplier(told.pk) == promise_score.scores(*last_days(), supplier_id=told.pk).whole


def test_only_what_was_told_in_these_days_counts(told: Supplier) -> None:
    assert promise_score.scores(*last_days(30)).whole.told == 0
    assert promise_score.scores(*last_days(30)).suppliers == []
    day = today() - timedelta(days=40)
    assert promise_score.scores(day, day).whole.told == 9


def test_the_first_promise_that_had_a_day_is_judged(told: Supplier) -> None:
    """The usual course: it goes on backorder and nobody knows; then it is ordered, and a day is said."""
    order = promised(None, None, shipped=None)
    LinePromise.objects.filter(line__order=order).update(replaced_at=noon(today()))
    day = today() - timedelta(days=9)
    for days in (0, 30):
        LinePromise.objects.create(
            line=order.lines.get(),
            made_at=noon(today() - timedelta(days=12)),
            replaced_at=None if days else noon(today()),
            kind="purchase_order",
            earliest=day + timedelta(days=days),
            latest=day + timedelta(days=days + 2),
            supplier=told,
        )

    found = promise_score.scores(today() - timedelta(days=20), today())

    (mill,) = found.suppliers
    assert (mill.supplier, mill.told, mill.unknown, mill.judged, mill.late) == (told.name, 1, 0, 1, 1)
    assert mill.days_late == Decimal(7)
    # Not told twice: what nobody knew before is no promise of its own.
    assert promise_score.scores(*last_days()).whole.told == 10


def test_a_part_that_left_keeps_no_promise(told: Supplier) -> None:
    order = promised(told, 10, shipped=None)
    receive(order.lines.get().product.sku, 1)
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    Shipment.objects.filter(order=order).update(shipped_at=noon(today() - timedelta(days=30)))

    assert promise_score.scores(*last_days()).whole.late == 3


def test_the_page_and_its_files(told: Supplier) -> None:
    client = logged_in("clerk")

    page = client.get(URL).content.decode()
    sums = list(csv.reader(io.StringIO(_text(client.get(URL, {"export": "csv"})))))
    each = list(csv.DictReader(io.StringIO(_text(client.get(URL, {"export": "csv", "each": "1"})))))

    assert "60%" in page
    assert sums[1][:6] == [told.name, "8", "1", "5", "3", "60.00"]
    assert sums[-1][0] == "all"
    assert [row["outcome"] for row in each] == [
        "kept", "kept", "kept", "late", "late", "open", "unknown", "kept", "open",
    ]  # fmt: skip
    assert [row["days"] for row in each][:5] == ["0", "0", "-3", "4", "8"]


def _text(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


@pytest.mark.parametrize(
    "typed", [{"first": "2026-13-45"}, {"last": "soon"}, {"first": "2026-02-02", "last": "2026-01-01"}]
)
def test_a_day_that_is_none_is_said(typed: dict[str, str]) -> None:
    answer = logged_in("clerk").get(URL, typed)

    assert answer.status_code == 200
    assert answer.context["wrong"]


def test_the_supplier_shows_its_score(told: Supplier) -> None:
    page = logged_in("manager").get(reverse("admin:inventory_supplier_change", args=[told.pk])).content.decode()

    assert "3 of 5 kept (60 %); 2 late, by 6.0 days on average" in page


def test_the_page_costs_the_same_for_more_suppliers(told: Supplier) -> None:
    client = logged_in("manager")
    few = statements(client, URL)
    for number in range(10):
        promised(make_supplier(f"S{number}"), 10, shipped=10)

    assert statements(client, URL) == few
