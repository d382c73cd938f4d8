"""A lot is recalled: who got it is known, nobody else gets it, and what lies here is not sold (rules: S2, S7, S11)."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import goods, journey, moving, recalling, returning, settling, transferring
from inventory import kits, places, transfers
from inventory import ledger as stock
from inventory.models import Location, Lot, LotLevel, Movement, Product, StockLevel
from orders.models import Order, TimelineEntry
from shipping import lot_trace
from shipping.models import Shipment
from tests.making import make_merchant, make_order, make_product, make_record, take_in
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def milk(**days: int) -> Product:
    """Milk in lots, three units each, that expire in so many days."""
    product = make_product("MILK", tracking="lot", expires=True)
    for code, ahead in days.items():
        come_in(product, code, 3, ahead)
    return product


def come_in(product: Product, code: str, units: int, ahead: int, place: Location | None = None) -> Lot:
    expires_on = TODAY + timedelta(days=ahead)
    lot = Lot.objects.get_or_create(product=product, code=code, defaults={"expires_on": expires_on})[0]
    where = place.pk if place else None
    goods.receive([goods.Goods(product.pk, units, lot_id=lot.pk, location_id=where)], key=f"{code} {units} {where}")
    return lot


def lying(code: str) -> dict[str, int]:
    return dict(LotLevel.objects.filter(lot__code=code, units__gt=0).values_list("location__code", "units"))


def ship(order: Order) -> Shipment:
    return journey.ship([parcel.pk for parcel in journey.pack([order.pk])])[0]


def test_a_recalled_lot_lies_in_quarantine_and_others_get_its_units() -> None:
    milk(bad=5, good=30)
    first, second = take_in([make_record(lines=[("MILK", 3, "2.00")]) for _ in range(2)])
    parcel = journey.pack([first.pk])[0]

    done = recalling.recall(Lot.objects.get(code="bad").pk, why="Glass in it", who="Marie")

    assert (done.fresh, done.units, done.parcels) == (True, 3, 1)
    assert lying("bad") == {"MAIN-QUARANTINE": 3}
    parcel.refresh_from_db()
    assert parcel.state == "unpacked"
    first.refresh_from_db()
    assert [line.allocated for line in (*first.lines.all(), *second.lines.all())] == [3, 0]
    assert journey.pack([first.pk])[0].lines.get().lot.code == "good"  # type: ignore[union-attr]
    said = TimelineEntry.objects.filter(order=first, what="lot").get().sentence
    assert said == "Lot bad of MILK was in its parcel and must not be sold."
    assert_proven()


def test_recalled_twice_is_recalled_once_and_what_came_since_is_set_aside_too() -> None:
    product = milk(bad=5)
    lot = Lot.objects.get()
    recalling.recall(lot.pk, why="Glass in it", who="Marie")
    moved = Movement.objects.count()

    again = recalling.recall(lot.pk, why="Once more", who="Wim")
    assert (again.fresh, again.units, Movement.objects.count()) == (False, 0, moved)
    lot.refresh_from_db()
    assert lot.recall_note == "Glass in it"

    come_in(product, "bad", 2, 5)
    assert lying("bad") == {"MAIN-QUARANTINE": 5}


def test_each_warehouse_has_its_own_quarantine_and_other_orders_keep_their_places() -> None:
    product = milk(bad=5)
    quebec = Location.objects.create(code="QC", name="Québec", pick_order=200)
    places.add_bins(quebec.pk, ["HOLD"], kind=Location.Kind.QUARANTINE, first_pick_order=90)
    come_in(product, "bad", 2, 5, quebec)

    recalling.recall(Lot.objects.get().pk, why="Glass in it")

    assert lying("bad") == {"MAIN-QUARANTINE": 3, "QC-HOLD": 2}
    assert not StockLevel.objects.filter(location__sellable=True, available__gt=0).exists()


def test_a_recall_needs_a_reason() -> None:
    milk(bad=5)

    with pytest.raises(ValueError, match="Say why it is recalled"):
        recalling.recall(Lot.objects.get().pk, why="  ")

    assert lying("bad") == {"MAIN": 3}


def test_once_lifted_it_is_sold_again_when_it_is_moved_back() -> None:
    milk(bad=5)
    lot = Lot.objects.get()
    recalling.recall(lot.pk, why="Glass in it")

    assert recalling.lift(lot.pk)
    assert not recalling.lift(lot.pk)

    lot.refresh_from_db()
    assert (lot.recalled_at, lot.recall_note) == (None, "")
    assert lying("bad") == {"MAIN-QUARANTINE": 3}


def test_who_got_it_is_known_with_what_came_back() -> None:
    milk(bad=5, good=30)
    got, other = take_in([make_record(lines=[("MILK", 2, "2.00")]), make_record(lines=[("MILK", 4, "2.00")])])
    ship(got)
    ship(other)
    line = other.lines.get()
    returning.return_to_stock({line.pk: 1}, lot_codes={line.pk: "bad"}, key="r", who="Wim")
    lot = Lot.objects.get(code="bad")

    found = list(lot_trace.got(lot))

    assert [(one.order, one.parcel, one.units, one.returned, one.kept) for one in found] == [
        (got, f"{got.number}-1", 2, 0, 2),
        (other, f"{other.number}-1", 1, 1, 0),
    ]
    assert lot_trace.units_got(lot) == 3
    recalling.recall(lot.pk, why="Glass in it", who="Marie")
    said = TimelineEntry.objects.get(order=got, what="lot")
    assert (said.who, said.sentence) == ("Marie", "Lot bad of MILK, which it got, is recalled: Glass in it")


def test_the_parts_of_a_kit_that_came_back_are_known_too() -> None:
    product = milk(bad=5)
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, {product.pk: 1})
    order = make_order([("KIT", 2, "9.00")])
    ship(order)
    returning.return_to_stock({order.lines.get().pk: 1}, key="r", who="Wim")

    (one,) = lot_trace.got(Lot.objects.get())

    assert (one.order, one.units, one.returned) == (order, 2, 1)


def test_what_the_store_shipped_itself_is_on_the_list() -> None:
    milk(bad=5)
    order = make_order([("MILK", 2, "2.00")])
    settling.sent_by_store(order, who="Marie")

    (one,) = lot_trace.got(Lot.objects.get())

    assert (one.order, one.parcel, one.units) == (order, "", 2)


def expire(*codes: str) -> None:
    """Midnight passes, and nobody has looked yet."""
    Lot.objects.filter(code__in=codes).update(expires_on=TODAY - timedelta(days=1))


def test_expired_stock_is_set_aside_and_nobody_is_promised_it() -> None:
    milk(old=5, good=30)
    places.add_bins(stock.default_location().pk, ["HOLD"], kind=Location.Kind.QUARANTINE, first_pick_order=90)
    order = make_order([("MILK", 4, "2.00")])
    expire("old")

    assert recalling.set_aside() == 3
    assert recalling.set_aside() == 0

    assert lying("old") == {"MAIN-HOLD": 3}
    line = order.lines.get()
    assert (line.allocated, line.backordered) == (3, 1)
    assert_proven()


def test_a_parcel_that_waits_too_long_is_taken_apart() -> None:
    milk(soon=5)
    order = make_order([("MILK", 1, "2.00")])
    parcel = journey.pack([order.pk])[0]
    expire("soon")

    assert recalling.set_aside() == 3

    parcel.refresh_from_db()
    assert parcel.state == "unpacked"


def test_a_warehouse_gets_its_quarantine_when_it_is_first_needed() -> None:
    milk(old=5)
    Location.objects.create(code="MAIN-QUARANTINE", name="Not this one", kind="bin", warehouse=stock.default_location())
    expire("old")

    assert recalling.set_aside() == 3
    assert lying("old") == {"MAIN-QUARANTINE-2": 3}

    away = Location.objects.get(code="MAIN-QUARANTINE-2")
    goods.adjust(
        [goods.Goods(Product.objects.get().pk, -3, None, away.pk, Lot.objects.get().pk)], key="x", note="Poured out"
    )
    places.archive([away.pk])
    come_in(Product.objects.get(), "old", 2, 5)
    assert lying("old") == {"MAIN-QUARANTINE-2": 2}


def test_what_comes_in_expired_or_recalled_is_never_promised_to_anybody() -> None:
    product = milk(bad=5)
    recalling.recall(Lot.objects.get().pk, why="Glass in it")
    order = make_order([("MILK", 4, "2.00")])

    come_in(product, "bad", 2, 5)
    old = come_in(product, "old", 4, -1)
    moved = goods.book_found({1: goods.Goods(product.pk, 1, lot_id=old.pk)}, key="c", note="Found")

    assert goods.set_apart_words(moved) == [
        "Lot old of MILK is expired or recalled: 1 went to quarantine. Look at its date."
    ]
    assert (lying("bad"), lying("old")) == ({"MAIN-QUARANTINE": 5}, {"MAIN-QUARANTINE": 5})
    assert order.lines.get().allocated == 0
    assert_proven()

    away = Location.objects.get(kind="quarantine")
    with pytest.raises(ValueError, match="expired on"):
        moving.move([moving.Moving(product.pk, 1, away.pk, stock.default_location().pk, old.pk)], key="m")


def test_a_day_that_is_corrected_to_the_past_counts_at_once() -> None:
    milk(a=5, b=9)
    order = make_order([("MILK", 6, "2.00")])

    assert recalling.set_expiry(Lot.objects.get(code="a").pk, TODAY - timedelta(days=1)) == 3

    assert lying("a") == {"MAIN-QUARANTINE": 3}
    assert order.lines.get().allocated == 3
    assert_proven()


def test_what_expired_on_its_way_to_another_warehouse_is_not_sold_there() -> None:
    product = milk(old=5)
    quebec = Location.objects.create(code="QC", name="Québec", pick_order=200)
    paper = transfers.draft(
        source_id=stock.default_location().pk, destination_id=quebec.pk, lines=[transfers.Wanted(product.pk, 3)]
    )
    transferring.send(paper.pk)
    expire("old")

    transferring.receive(paper.pk, [transferring.Arrived(paper.lines.get(sent=3).pk, 3)], key="k")

    assert lying("old") == {"QC-QUARANTINE": 3}
    assert_proven()


def test_as_many_statements_for_ten_parcels_as_for_one() -> None:
    product = milk()
    lots = [come_in(product, code, 20, 30) for code in ("first", "second")]
    come_in(product, "third", 500, 120)
    places.quarantines([stock.default_location().pk])

    def statements(lot: Lot, parcels: int) -> int:
        Lot.objects.exclude(pk=lot.pk).update(expires_on=TODAY + timedelta(days=90))
        Lot.objects.filter(pk=lot.pk).update(expires_on=TODAY)
        orders = take_in([make_record(lines=[("MILK", 1, "2.00")]) for _ in range(2 * parcels)])
        packed = journey.pack([order.pk for order in orders])
        journey.ship([parcel.pk for parcel in packed[:parcels]])
        with CaptureQueriesContext(database) as made:
            done = recalling.recall(lot.pk, why="Glass in it")
        assert done.parcels == parcels
        return len(made)

    one, ten = statements(lots[0], 1), statements(lots[1], 8)
    # Milk never lay in quarantine before the first: that is one statement more.
    assert ten <= one
