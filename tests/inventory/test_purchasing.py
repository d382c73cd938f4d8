"""Purchase orders from draft to closed: the state follows from quantities, nothing falls below what came (rule: S9)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inventory import punctuality, purchasing
from inventory.models import PurchaseOrder, PurchaseOrderLine, SupplierProduct
from inventory.purchasing import Change, Wanted
from orders import promises
from tests.buying import NOW, make_draft, make_sent, make_supplier, make_warehouse
from tests.expected import bought, came
from tests.making import make_product

pytestmark = pytest.mark.django_db
State = PurchaseOrder.State


def take(order: PurchaseOrder, *units: int) -> dict[int, int]:
    with purchasing.transaction.atomic():
        locked, lines = purchasing.lock(order.pk)
        return purchasing.came(locked, lines, {line.pk: n for line, n in zip(lines, units, strict=False) if n})


def state(order: PurchaseOrder) -> str:
    return PurchaseOrder.objects.get(pk=order.pk).state


def test_a_draft_has_the_suppliers_words_prices_and_a_number_of_its_own() -> None:
    tent, rope = make_product("TENT"), make_product("ROPE")
    supplier = make_supplier(language="fr", currency="USD")
    SupplierProduct.objects.create(supplier=supplier, product=tent, supplier_sku="N-77", price=Decimal("41.2500"))

    order = purchasing.draft(
        supplier_id=supplier.pk,
        warehouse_id=make_warehouse().pk,
        lines=[Wanted(tent.pk, 6), Wanted(rope.pk, 3, Decimal("2.5")), Wanted(tent.pk, 4)],
        by=None,
    )

    assert order.number == f"PO-{1000 + order.pk}"
    assert (order.state, order.language, order.currency, order.rate) == ("draft", "fr", "USD", Decimal(1))
    said = [(line.product.sku, line.ordered, line.supplier_sku, line.unit_price) for line in order.lines.all()]
    assert said == [("TENT", 10, "N-77", Decimal("41.25")), ("ROPE", 3, "", Decimal("2.5"))]


def test_a_draft_in_a_foreign_currency_begins_with_the_last_rate() -> None:
    supplier = make_supplier(currency="USD")
    first = make_draft(supplier=supplier)
    purchasing.change(first.pk, [], rate=Decimal("1.3725"))
    assert make_draft(supplier=supplier).rate == Decimal("1.3725")


@pytest.mark.parametrize("fields", [{"stocked": False}, {"archived_at": NOW}])
def test_what_is_not_stocked_or_archived_is_not_ordered(fields: dict[str, Any]) -> None:
    make_product("GIFT", **fields)
    with pytest.raises(ValueError, match="GIFT cannot be ordered"):
        make_draft(("GIFT", 1, "1"))
    assert not PurchaseOrder.objects.exists()


def test_the_state_follows_from_quantities() -> None:
    order = make_sent(("TENT", 10, "40"), ("ROPE", 5, "2"))
    assert state(order) == State.SENT

    purchasing.confirm(order.pk, reference="N-9", dates={}, at=NOW)
    assert state(order) == State.CONFIRMED

    assert take(order, 4) == {}
    assert state(order) == State.PARTLY_RECEIVED

    assert list(take(order, 8, 5).values()) == [2]
    assert state(order) == State.RECEIVED


def test_the_rest_is_cancelled_by_line_or_whole() -> None:
    order = make_sent(("TENT", 10, "40"), ("ROPE", 5, "2"))
    take(order, 4)
    rope = order.lines.get(product__sku="ROPE")

    assert [line.pk for line in purchasing.cancel_rest(order.pk, [rope.pk])] == [rope.pk]
    assert state(order) == State.PARTLY_RECEIVED
    assert [line.cancelled for line in purchasing.cancel_rest(order.pk)] == [6]
    assert state(order) == State.CLOSED
    assert purchasing.cancel_rest(order.pk) == {}
    assert PurchaseOrder.objects.get(pk=order.pk).closed_at is not None


def test_an_order_of_which_nothing_came_is_cancelled_whole() -> None:
    for order in (make_draft(), make_sent()):
        purchasing.cancel_rest(order.pk)
        assert state(order) == State.CANCELLED


def test_a_change_after_sending_is_a_new_revision_and_never_below_what_came() -> None:
    order = make_sent()
    line = order.lines.get()
    take(order, 4)

    with pytest.raises(ValueError, match="TENT: 4 came and 0 are cancelled"):
        purchasing.change(order.pk, [Change(line.pk, quantity=3)])
    assert not purchasing.change(order.pk, [Change(line.pk, quantity=10)])
    assert purchasing.change(order.pk, [Change(line.pk, quantity=4)], [Wanted(make_product("ROPE").pk, 2, Decimal(1))])

    order.refresh_from_db()
    assert (order.revision, order.state) == (1, State.PARTLY_RECEIVED)
    assert [(n.position, n.ordered) for n in order.lines.all()] == [(1, 4), (2, 2)]


def test_a_received_order_grows_open_again_with_no_change() -> None:
    order = make_sent()
    take(order, 10)
    with pytest.raises(ValueError, match="is received and is not changed any more"):
        purchasing.change(order.pk, [], [Wanted(make_product("ROPE").pk, 2)])


def test_the_first_day_that_the_supplier_says_stays_its_promise() -> None:
    order = make_sent()
    line = order.lines.get()

    def said(day: date, at: datetime) -> tuple[date | None, date | None]:
        purchasing.confirm(order.pk, reference="N-9", dates={line.pk: day}, at=at)
        line.refresh_from_db()
        return line.promised_on, line.expected_on

    assert said(date(2027, 11, 20), NOW) == (date(2027, 11, 20), date(2027, 11, 20))
    # Typed wrong, and typed anew on the same day.
    assert said(date(2026, 11, 20), NOW) == (date(2026, 11, 20), date(2026, 11, 20))
    assert said(date(2026, 12, 4), NOW + timedelta(days=1)) == (date(2026, 11, 20), date(2026, 12, 4))
    order.refresh_from_db()
    assert order.supplier_reference == "N-9"


def test_a_day_before_it_was_sent_is_a_typing_mistake() -> None:
    order = make_sent()
    dates = {order.lines.get().pk: date(2020, 1, 1)}

    with pytest.raises(ValueError, match=r"TENT: 2020-01-01 is before PO-\d+ was sent, on 2026-11-02"):
        purchasing.confirm(order.pk, reference="", dates=dates, at=NOW)
    assert order.lines.get().promised_on is None


def test_a_supplier_that_never_says_a_day_is_held_to_what_was_expected_when_it_was_sent() -> None:
    order = make_sent()
    line = order.lines.get()
    came(line, date(2026, 11, 25), 10)
    PurchaseOrderLine.objects.update(expected_on=date(2026, 12, 24))
    bought("TENT", 5, date(2026, 11, 30), supplier=order.supplier)

    (score,) = punctuality.of_suppliers(zone="America/Toronto", today=date(2026, 11, 26))
    now = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("America/Toronto"))
    told = promises.for_products([line.product_id], now=now)[line.product_id]

    # Sent on November 2 and expected on the 16th, a Monday: it came 9 days, 7 working days later.
    assert (score.received, score.on_time, score.mean_days_late) == (10, 0, 9)
    assert (told.earliest, told.latest) == (date(2026, 12, 1), date(2026, 12, 10))


def test_what_comes_in_excess_makes_nobody_more_punctual() -> None:
    make_product("TENT")
    line = bought("TENT", 10, date(2026, 11, 16))
    came(line, date(2026, 11, 12), 6)
    came(line, date(2026, 11, 18), 9)

    (score,) = punctuality.of_suppliers(zone="America/Toronto", today=date(2026, 11, 26))

    assert (score.received, score.on_time, score.days_late) == (10, 6, 8)


def test_lines_leave_a_draft_but_not_a_sent_order() -> None:
    order = make_draft(("TENT", 10, "40"), ("ROPE", 5, "2"))
    first, second = order.lines.all()

    purchasing.remove(order.pk, [first.pk])
    assert list(order.lines.all()) == [second]
    with pytest.raises(ValueError, match="Nothing would be left"):
        purchasing.remove(order.pk, [second.pk])
    with pytest.raises(ValueError, match="was sent: cancel the line"):
        purchasing.remove(make_sent().pk, [second.pk])
