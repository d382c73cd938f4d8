"""Goods move inside a warehouse: the same orders keep the same units, the books hear nothing, quarantine is never sold."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting.models import Entry
from backoffice import goods, journey, moving
from backoffice.moving import Moving, PuttingAway
from inventory import ledger, places
from inventory.models import Location, Movement, Product, StockLevel, WarehouseProduct
from orders.models import Allocation, Order
from shipping.models import Shipment
from tests.making import make_order, make_product, receive
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


def warehouse() -> Location:
    return ledger.default_location()


def make_bin(name: str, kind: Location.Kind = Location.Kind.BIN, **fields: object) -> Location:
    words = {"sellable": kind == Location.Kind.BIN, "pick_order": 100, **fields}
    inside = words.pop("warehouse", None) or warehouse()
    return Location.objects.create(code=f"{inside.code}-{name}", name=name, kind=kind, warehouse=inside, **words)  # type: ignore[attr-defined]


def there(sku: str) -> dict[str, tuple[int, int]]:
    """Place → (on hand, reserved), where any is."""
    found = StockLevel.objects.filter(product__sku=sku, on_hand__gt=0).values_list(
        "location__name", "on_hand", "reserved"
    )
    return {name: (units, promised) for name, units, promised in found}


def go(sku: str, units: int, source: Location, target: Location, *, key: str = "k") -> list[Movement]:
    return moving.move([Moving(Product.objects.get(sku=sku).pk, units, source.pk, target.pk)], key=key)


def test_both_halves_are_booked_once_and_neither_cost_nor_books_change() -> None:
    make_product("TENT", 5, cost="12.34")
    receive("TENT", 3, "20.00")
    average = Product.objects.get().average_cost
    entries = Entry.objects.count()
    shelf = make_bin("A-01")

    first = go("TENT", 3, warehouse(), shelf)
    again = go("TENT", 3, warehouse(), shelf)

    assert [(m.quantity, m.unit_cost, m.reason) for m in first] == [(-3, average, "move"), (3, average, "move")]
    assert again == []
    assert there("TENT") == {"Main warehouse": (5, 0), "A-01": (3, 0)}
    assert (Product.objects.get().average_cost, Entry.objects.count()) == (average, entries)
    assert_proven()


def test_free_units_go_first_and_promised_ones_take_their_promise_along() -> None:
    make_product("TENT", 10)
    order = make_order([("TENT", 6, "1.00")])
    shelf = make_bin("A-01")

    go("TENT", 4, warehouse(), shelf, key="free")
    assert there("TENT") == {"Main warehouse": (6, 6), "A-01": (4, 0)}
    go("TENT", 5, warehouse(), shelf, key="promised")

    assert there("TENT") == {"Main warehouse": (1, 1), "A-01": (9, 5)}
    assert order.lines.get().allocated == 6
    assert sorted(Allocation.objects.values_list("level__location__name", "quantity")) == [
        ("A-01", 5),
        ("Main warehouse", 1),
    ]
    assert_proven()


def test_the_same_orders_have_the_same_units_though_an_older_one_waits() -> None:
    make_product("TENT", 2)
    make_product("PEGS", 5)
    first = make_order([("TENT", 2, "1.00")])
    older = make_order([("TENT", 4, "1.00")], placed_at=first.placed_at.replace(year=2025))
    assert (first.lines.get().allocated, older.lines.get().allocated) == (2, 0)

    go("TENT", 2, warehouse(), make_bin("A-01"))

    first.refresh_from_db()
    assert (first.lines.get().allocated, older.lines.get().allocated) == (2, 0)
    assert there("TENT") == {"A-01": (2, 2)}
    assert_proven()


def test_promises_are_dealt_out_over_several_bins() -> None:
    make_product("TENT", 9)
    orders = [make_order([("TENT", 3, "1.00")]) for _ in range(3)]
    main, a, b = warehouse(), make_bin("A"), make_bin("B")
    tent = Product.objects.get().pk

    moving.move([Moving(tent, 4, main.pk, a.pk), Moving(tent, 5, main.pk, b.pk)], key="k")

    assert there("TENT") == {"A": (4, 4), "B": (5, 5)}
    assert [order.lines.get().allocated for order in orders] == [3, 3, 3]
    assert_proven()


def test_what_lies_in_a_packed_parcel_is_not_moved() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 3, "1.00")])
    parcel = journey.pack([order.pk])[0]
    shelf = make_bin("A-01")

    with pytest.raises(ledger.Short, match="5 are there, and 3 of them lie in parcels that are packed"):
        go("TENT", 3, warehouse(), shelf)
    go("TENT", 2, warehouse(), shelf)
    journey.ship([parcel.pk])

    assert there("TENT") == {"A-01": (2, 0)}
    assert_proven()


def test_a_part_packed_order_lets_the_rest_of_its_units_go_along() -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 5, "1.00")])
    parcel = journey.pack([order.pk], quantities={order.lines.get().pk: 3})[0]

    go("TENT", 2, warehouse(), make_bin("A-01"))

    assert there("TENT") == {"Main warehouse": (3, 3), "A-01": (2, 2)}
    journey.ship([parcel.pk])
    rest = journey.pack([order.pk])
    journey.ship([rest[0].pk])
    assert there("TENT") == {}
    assert_proven()


def test_quarantine_takes_promises_back_and_whoever_waits_is_served_when_it_comes_out() -> None:
    make_product("TENT", 5)
    first = make_order([("TENT", 2, "1.00")])
    second = make_order([("TENT", 3, "1.00")])
    quarantine = make_bin("Q", Location.Kind.QUARANTINE)

    go("TENT", 4, warehouse(), quarantine, key="away")
    assert [order.lines.get().allocated for order in (first, second)] == [1, 0]
    assert there("TENT") == {"Main warehouse": (1, 1), "Q": (4, 0)}
    second.refresh_from_db()
    assert second.state == Order.State.BACKORDER
    assert "unreserved" in second.timeline.values_list("what", flat=True)
    assert_proven()

    go("TENT", 3, quarantine, warehouse(), key="back")
    assert [order.lines.get().allocated for order in (first, second)] == [2, 2]
    assert there("TENT") == {"Main warehouse": (4, 4), "Q": (1, 0)}
    assert_proven()


def test_goods_for_quarantine_take_the_free_units_and_others_keep_theirs() -> None:
    make_product("TENT", 6)
    order = make_order([("TENT", 4, "1.00")])
    quarantine, shelf, tent = make_bin("Q", Location.Kind.QUARANTINE), make_bin("A"), Product.objects.get().pk

    moving.move([Moving(tent, 2, warehouse().pk, quarantine.pk), Moving(tent, 4, warehouse().pk, shelf.pk)], key="k")

    assert order.lines.get().allocated == 4
    assert there("TENT") == {"Q": (2, 0), "A": (4, 4)}
    assert_proven()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda shelf: setattr(shelf, "archived_at", "2026-01-01T00:00Z"), "is archived"),
        (lambda shelf: setattr(shelf, "warehouse", Location.objects.create(code="W2", name="Quebec")), "by a transfer"),
    ],
)
def test_it_is_refused_with_a_sentence(change: object, sentence: str) -> None:
    make_product("TENT", 5)
    shelf = make_bin("A-01")
    change(shelf)  # type: ignore[operator]
    shelf.save()

    with pytest.raises(ValueError, match=sentence):
        go("TENT", 1, warehouse(), shelf)
    assert Movement.objects.filter(reason="move").count() == 0


def test_more_than_is_there_and_the_same_place_are_refused() -> None:
    make_product("TENT", 5)
    with pytest.raises(ledger.Short, match=r"6 of TENT cannot be moved from Main warehouse: 5 are there\. Move fewer"):
        go("TENT", 6, warehouse(), make_bin("A-01"))
    with pytest.raises(ValueError, match="where it lies already"):
        go("TENT", 1, warehouse(), warehouse())
    with pytest.raises(ValueError, match="moved by its transfer"):
        go("TENT", 1, warehouse(), places.in_transit())


def test_put_away_goes_to_the_products_own_bin_and_remembers_a_first_one() -> None:
    tent = make_product("TENT", 5)
    main, shelf = warehouse(), make_bin("A-01")

    with pytest.raises(ValueError, match="TENT has no bin of its own"):
        moving.put_away([PuttingAway(tent.pk, 2, main.pk)], key="1")
    moving.put_away([PuttingAway(tent.pk, 2, main.pk, shelf.pk)], key="2", remember=True)
    moving.put_away([PuttingAway(tent.pk, 3, main.pk)], key="3")

    assert WarehouseProduct.objects.get().put_away == shelf
    assert there("TENT") == {"A-01": (5, 0)}
    moving.put_away([PuttingAway(tent.pk, 1, shelf.pk, make_bin("B").pk)], key="4", remember=True)
    assert WarehouseProduct.objects.get().put_away == shelf


def test_the_only_lot_goes_along_and_of_several_one_must_be_said() -> None:
    tent = make_product("TENT", tracking=Product.Tracking.LOT)
    lots = [tent.lots.create(code=code) for code in ("L1", "L2")]
    main, shelf = warehouse(), make_bin("A-01")
    goods.receive([goods.Goods(tent.pk, 3, Decimal(1), lot_id=lots[0].pk)], key="a")
    go("TENT", 1, main, shelf, key="1")
    goods.receive([goods.Goods(tent.pk, 2, Decimal(1), lot_id=lots[1].pk)], key="b")

    with pytest.raises(ValueError, match=r"Say which lot of TENT is moved\. There are: L1 \(2\), L2 \(2\)\."):
        go("TENT", 1, main, shelf, key="2")
    moving.move([Moving(tent.pk, 1, main.pk, shelf.pk, lots[1].pk)], key="3")
    go("TENT", 3, main, shelf, key="4")

    assert there("TENT") == {"A-01": (5, 0)}
    assert sorted(shelf.lot_levels.values_list("lot__code", "units")) == [("L1", 3), ("L2", 2)]
    assert_proven()


def test_five_hundred_products_move_in_as_many_statements_as_one() -> None:
    main, shelf = warehouse(), make_bin("A-01")
    products = [make_product(f"P{n:03d}") for n in range(501)]
    goods.receive([goods.Goods(product.pk, 4, Decimal(1)) for product in products], key="all")
    for product in (products[0], products[1], products[250]):
        make_order([(product.sku, 3, "1.00")])

    def count(some: list[Product], key: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            moving.move([Moving(product.pk, 3, main.pk, shelf.pk) for product in some], key=key)
        return len(seen)

    one = count(products[:1], "one")
    many = count(products[1:], "many")
    assert one == many
    assert one <= 30
    assert StockLevel.objects.filter(location=shelf, on_hand=3).count() == 501
    assert Allocation.objects.filter(level__location=shelf).count() == 3
    assert Shipment.objects.count() == 0
    assert_proven()
