"""Goods travel between warehouses: they leave once, belong to nobody on the way, and arrive in as many parts as they come."""

from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import Entry, EntryLine
from backoffice import goods, transferring
from backoffice.transferring import Arrived
from inventory import ledger, places, transfers
from inventory.models import Location, Movement, Product, StockLevel, Transfer, TransferLine, WarehouseProduct
from inventory.transfers import Wanted
from tests import processes
from tests.making import make_merchant, make_order, make_product
from tests.proving import assert_proven
from tests.staff import logged_in, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def quebec() -> Location:
    ledger.default_location()
    return Location.objects.create(code="QC", name="Quebec", pick_order=200)


def there(sku: str) -> dict[str, tuple[int, int]]:
    found = StockLevel.objects.filter(product__sku=sku, on_hand__gt=0).values_list(
        "location__name", "on_hand", "reserved"
    )
    return {name: (units, promised) for name, units, promised in found}


def draft(quebec: Location, *wanted: tuple[str, int]) -> Transfer:
    products = {product.sku: product.pk for product in Product.objects.all()}
    return transfers.draft(
        source_id=ledger.default_location().pk,
        destination_id=quebec.pk,
        lines=[Wanted(products[sku], units) for sku, units in wanted],
    )


def line(paper: Transfer) -> int:
    return paper.lines.get().pk


def test_it_leaves_once_belongs_to_nobody_on_the_way_and_is_given_out_where_it_arrives(quebec: Location) -> None:
    make_product("TENT", 10, cost="12.50")
    paper = draft(quebec, ("TENT", 8))
    entries = Entry.objects.count()

    sent = transferring.send(paper.pk)
    assert transferring.send(paper.pk) == []
    assert [(m.location.name, m.quantity, m.unit_cost) for m in sent] == [
        ("Main warehouse", -8, Decimal("12.5000")),
        ("On its way", 8, Decimal("12.5000")),
    ]
    order = make_order([("TENT", 5, "1.00")])
    assert order.lines.get().allocated == 2
    assert there("TENT") == {"Main warehouse": (2, 2), "On its way": (8, 0)}
    assert_proven()

    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec)
    assert transferring.receive(paper.pk, [Arrived(line(paper), 2, location_id=shelf.pk)], key="1")
    assert transferring.receive(paper.pk, [Arrived(line(paper), 2, location_id=shelf.pk)], key="1") == []
    assert order.lines.get().allocated == 4
    paper.refresh_from_db()
    assert paper.state == Transfer.State.IN_TRANSIT
    transferring.receive(paper.pk, [Arrived(line(paper), 6)], key="2")

    paper.refresh_from_db()
    assert paper.state == Transfer.State.RECEIVED
    assert there("TENT") == {"Main warehouse": (2, 2), "A": (2, 2), "Quebec": (6, 1)}
    assert Product.objects.get().average_cost == Decimal("12.5000")
    assert Entry.objects.exclude(kind__in=["sale", "payment"]).count() == entries
    assert_proven()


def test_lost_units_leave_the_stock_and_are_booked_as_a_correction(quebec: Location) -> None:
    make_product("TENT", 10, cost="12.50")
    paper = draft(quebec, ("TENT", 8))
    transferring.send(paper.pk)

    transferring.receive(paper.pk, [Arrived(line(paper), 5, lost=3)], key="1", note="box crushed")

    assert there("TENT") == {"Main warehouse": (2, 0), "Quebec": (5, 0)}
    gone = Movement.objects.get(quantity=-3)
    assert gone.note == f"Lost on the way, transfer {paper.number}: box crushed"
    booked = EntryLine.objects.filter(entry__key=f"movement:{gone.key}").order_by("amount")
    assert [(row.account.code, row.amount) for row in booked] == [
        ("1200", Decimal("-37.50")),
        ("5100", Decimal("37.50")),
    ]
    paper.refresh_from_db()
    assert paper.state == Transfer.State.RECEIVED
    assert_proven()


def test_the_rest_is_brought_back_to_the_source_and_serves_who_waits(quebec: Location) -> None:
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 8))
    transferring.send(paper.pk)
    transferring.receive(paper.pk, [Arrived(line(paper), 3)], key="1")
    order = make_order([("TENT", 9, "1.00")])

    assert len(transferring.bring_back(paper.pk)) == 2
    assert transferring.bring_back(paper.pk) == []

    assert order.lines.get().allocated == 9
    paper.refresh_from_db()
    assert (paper.state, paper.lines.get().sent, paper.lines.get().received) == (Transfer.State.RECEIVED, 3, 3)
    assert_proven()


def test_all_of_it_brought_back_is_a_cancelled_transfer(quebec: Location) -> None:
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 8))
    with pytest.raises(ValueError, match="has not left yet"):
        transferring.bring_back(paper.pk)
    transferring.send(paper.pk)
    with pytest.raises(ValueError, match="has left already"):
        transfers.cancel(paper.pk)

    transferring.bring_back(paper.pk)

    paper.refresh_from_db()
    assert paper.state == Transfer.State.CANCELLED
    assert there("TENT") == {"Main warehouse": (10, 0)}
    assert_proven()


def test_a_cancelled_draft_is_not_sent(quebec: Location) -> None:
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 8))
    transfers.cancel(paper.pk)
    with pytest.raises(ValueError, match="is cancelled"):
        transferring.send(paper.pk)
    with pytest.raises(ValueError, match="cannot be changed any more"):
        transfers.rewrite(paper.pk, [Wanted(Product.objects.get().pk, 1)], expected_on=None, note="")


def test_only_free_units_leave_from_bins_in_their_order_and_never_from_quarantine(quebec: Location) -> None:
    make_product("TENT", 10)
    main = ledger.default_location()
    tent = Product.objects.get().pk
    late = Location.objects.create(code="M-B", name="B", kind="bin", warehouse=main, pick_order=300)
    held = Location.objects.create(
        code="M-Q", name="Q", kind="quarantine", warehouse=main, sellable=False, pick_order=1
    )
    for place, units in ((late, 3), (held, 4)):
        goods.receive([goods.Goods(tent, units, Decimal(10), place.pk)], key=place.code)
    make_order([("TENT", 4, "1.00")])

    paper = draft(quebec, ("TENT", 10))
    with pytest.raises(ledger.Short, match="10 of TENT cannot leave Main warehouse: 9 are free"):
        transferring.send(paper.pk)
    transferring.send(paper.pk, quantities={line(paper): 8})

    assert there("TENT") == {"Main warehouse": (4, 4), "B": (1, 0), "Q": (4, 0), "On its way": (8, 0)}
    assert_proven()


def test_from_a_warehouse_that_nothing_is_sold_from_goods_travel_and_its_quarantine_only_to_another_such(
    quebec: Location,
) -> None:
    bulk = Location.objects.create(code="BULK", name="Bulk store", sellable=False)
    held = Location.objects.create(code="BULK-Q", name="Q", kind="quarantine", warehouse=bulk, sellable=False)
    tent = make_product("TENT").pk
    for place, units in ((bulk, 10), (held, 4)):
        goods.receive([goods.Goods(tent, units, Decimal(10), place.pk)], key=place.code)
    order = make_order([("TENT", 3, "1.00")])
    WarehouseProduct.objects.create(product_id=tent, warehouse=quebec, reorder_point=6, target_level=6)
    assert [s.quantity for s in transfers.suggestions(source_id=bulk.pk, destination_id=quebec.pk)] == [6]

    def sent(to: Location, units: int) -> Transfer:
        paper = transfers.draft(source_id=bulk.pk, destination_id=to.pk, lines=[Wanted(tent, units)])
        transferring.send(paper.pk)
        return paper

    with pytest.raises(ledger.Short, match=r"10 are free.* 4 more lie where nothing is sold from: move them out"):
        sent(quebec, 11)
    paper = sent(quebec, 6)
    transferring.receive(paper.pk, [Arrived(line(paper), 6)], key="1")
    assert order.lines.get().allocated == 3
    repair = Location.objects.create(code="FIX", name="Repairs", sellable=False)
    sent(repair, 8)

    back = Location.objects.create(code="MAIN-Q", name="MQ", kind="quarantine", warehouse=quebec, sellable=False)
    goods.receive([goods.Goods(tent, 2, Decimal(10), back.pk)], key="broken")
    paper = transfers.draft(source_id=quebec.pk, destination_id=repair.pk, lines=[Wanted(tent, 4)])
    transferring.send(paper.pk)

    assert there("TENT") == {"Quebec": (3, 3), "MQ": (1, 0), "On its way": (12, 0)}
    assert_proven()


def test_more_than_the_limit_is_lost_only_by_the_word_of_who_may_approve_counts(quebec: Location) -> None:
    make_merchant(count_approval_limit=30)
    make_product("TENT", 10, cost="12.50")
    paper = draft(quebec, ("TENT", 8))
    transferring.send(paper.pk)
    said = {"once": "d" * 32, f"units-{line(paper)}": "5", f"lost-{line(paper)}": "3"}
    url = reverse("admin:inventory_transfer_do", args=[paper.pk, "receive"])

    answer = logged_in("warehouse").post(url, said, follow=True).content.decode()
    assert "is worth more than the limit: a person who may approve counts must say that it is lost" in answer
    assert there("TENT") == {"Main warehouse": (2, 0), "On its way": (8, 0)}
    clerk = make_person("warehouse")
    transferring.receive(paper.pk, [Arrived(line(paper), 4, lost=2)], key="1", by=clerk)
    with pytest.raises(ValueError, match="worth more than the limit"):
        transferring.receive(paper.pk, [Arrived(line(paper), 0, lost=1)], key="2", by=clerk)
    transferring.receive(paper.pk, [Arrived(line(paper), 1)], key="3", by=clerk)

    logged_in("manager").post(url, {"once": "e" * 32, f"lost-{line(paper)}": "1"})
    assert there("TENT") == {"Main warehouse": (2, 0), "Quebec": (5, 0)}


def test_what_was_lost_and_turns_up_is_received_though_the_transfer_was_closed(quebec: Location) -> None:
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 5))
    transferring.send(paper.pk)
    transferring.receive(paper.pk, [Arrived(line(paper), 3, lost=2)], key="1")
    client = logged_in("warehouse")
    url = reverse("admin:inventory_transfer_change", args=[paper.pk])
    assert "2 lost before" in client.get(url).content.decode()

    said = {"once": "c" * 32, f"units-{line(paper)}": "1"}
    for _ in range(2):
        answer = client.post(reverse("admin:inventory_transfer_do", args=[paper.pk, "receive"]), said, follow=True)
    with pytest.raises(ValueError, match="2 of TENT cannot have come: 1 are on their way"):
        transferring.receive(paper.pk, [Arrived(line(paper), 2)], key="2")
    with pytest.raises(ValueError, match="nothing of it can come in"):
        transferring.receive(paper.pk, [Arrived(line(paper), 0, lost=1)], key="3")

    assert "This was booked before" in answer.content.decode()
    paper.refresh_from_db()
    assert paper.state == "received"
    assert paper.lines.values_list("received", "lost").get() == (4, 1)
    assert there("TENT") == {"Main warehouse": (5, 0), "Quebec": (4, 0)}
    assert_proven()


def test_more_than_is_on_its_way_and_a_foreign_place_are_refused(quebec: Location) -> None:
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 4))
    with pytest.raises(ValueError, match="is draft"):
        transferring.receive(paper.pk, [Arrived(line(paper), 1)], key="0")
    transferring.send(paper.pk)

    with pytest.raises(ValueError, match="5 of TENT cannot have come: 4 are on their way"):
        transferring.receive(paper.pk, [Arrived(line(paper), 4, lost=1)], key="1")
    with pytest.raises(ValueError, match="is not in Quebec"):
        transferring.receive(paper.pk, [Arrived(line(paper), 1, location_id=paper.source_id)], key="2")

    assert there("TENT") == {"Main warehouse": (6, 0), "On its way": (4, 0)}
    assert_proven()


def test_ends_and_lines_that_cannot_be_are_refused(quebec: Location) -> None:
    tent = make_product("TENT", 1)
    gift = make_product("GIFT-CARD", stocked=False)
    main = ledger.default_location()
    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec)
    for ends, lines, sentence in [
        ((main.pk, main.pk), [Wanted(tent.pk, 1)], "from one warehouse to another"),
        ((main.pk, shelf.pk), [Wanted(tent.pk, 1)], "is no warehouse"),
        ((main.pk, quebec.pk), [], "Say which product"),
        ((main.pk, quebec.pk), [Wanted(tent.pk, 0)], "above zero"),
        ((main.pk, quebec.pk), [Wanted(gift.pk, 1)], "GIFT-CARD is not stocked"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            transfers.draft(source_id=ends[0], destination_id=ends[1], lines=lines)
    assert Transfer.objects.count() == 0


def test_lots_are_chosen_first_to_expire_first_and_stay_what_they_are(quebec: Location) -> None:
    milk = make_product("MILK", tracking=Product.Tracking.LOT, expires=True)
    late, soon = (
        milk.lots.create(code=code, expires_on=day) for code, day in (("L", "2027-05-01"), ("S", "2027-01-01"))
    )
    for lot, units in ((late, 5), (soon, 3)):
        goods.receive([goods.Goods(milk.pk, units, Decimal(1), lot_id=lot.pk)], key=lot.code)
    paper = draft(quebec, ("MILK", 6))

    transferring.send(paper.pk)

    lines = {row.lot.code: row for row in paper.lines.select_related("lot")}
    assert {code: (row.wanted, row.sent) for code, row in lines.items()} == {"S": (3, 3), "L": (3, 3)}
    transferring.receive(paper.pk, [Arrived(lines["S"].pk, 3), Arrived(lines["L"].pk, 2, lost=1)], key="1")
    assert sorted(quebec.lot_levels.values_list("lot__code", "units")) == [("L", 2), ("S", 3)]
    assert_proven()


def test_expired_and_recalled_lots_travel_only_to_where_nothing_is_sold_from(quebec: Location) -> None:
    milk = make_product("MILK", tracking=Product.Tracking.LOT, expires=True)
    for code, units in (("OLD", 2), ("GLASS", 2), ("GOOD", 3)):
        lot = milk.lots.create(code=code, expires_on="2099-01-01")
        goods.receive([goods.Goods(milk.pk, units, Decimal(1), lot_id=lot.pk)], key=code)
    # Midnight has passed, and nobody has set them aside yet.
    milk.lots.filter(code="OLD").update(expires_on="2020-01-01")
    milk.lots.filter(code="GLASS").update(recalled_at=timezone.now())

    with pytest.raises(ledger.Short, match=r"3 are free.* 4 more are expired or recalled"):
        transferring.send(draft(quebec, ("MILK", 4)).pk)
    transferring.send(draft(quebec, ("MILK", 2)).pk)
    assert [row.lot.code for row in TransferLine.objects.filter(sent__gt=0).select_related("lot")] == ["GOOD"]

    bulk = Location.objects.create(code="BULK", name="Bulk", sellable=False)
    transferring.send(draft(bulk, ("MILK", 5)).pk)
    assert set(TransferLine.objects.filter(sent__gt=0).values_list("lot__code", "sent")) == {
        ("GOOD", 2), ("OLD", 2), ("GLASS", 2), ("GOOD", 1),
    }  # fmt: skip
    assert_proven()


def test_suggestions_are_what_one_is_short_of_and_the_other_can_spare(quebec: Location) -> None:
    main = ledger.default_location()
    for sku, here, point, target, own in [
        ("SHORT", 20, 5, 12, None),
        ("SPARE-3", 8, 5, 12, 5),
        ("NONE-TO-SPARE", 5, 5, 12, 5),
        ("NEVER", 20, None, None, None),
    ]:
        product = make_product(sku, here)
        WarehouseProduct.objects.create(product=product, warehouse=quebec, reorder_point=point, target_level=target)
        WarehouseProduct.objects.create(product=product, warehouse=main, reorder_point=own)
    ask = partial(transfers.suggestions, source_id=main.pk, destination_id=quebec.pk)

    assert [(Product.objects.get(pk=s.product_id).sku, s.quantity) for s in ask()] == [("SHORT", 12), ("SPARE-3", 3)]
    paper = draft(quebec, ("SHORT", 12))
    assert [s.quantity for s in ask()] == [3]
    transferring.send(paper.pk)
    assert [s.quantity for s in ask()] == [3]


def test_five_hundred_products_travel_in_as_many_statements_as_one(quebec: Location) -> None:
    products = [make_product(f"P{n:03d}") for n in range(501)]
    goods.receive([goods.Goods(product.pk, 4, Decimal(1)) for product in products], key="all")

    def count(some: list[Product]) -> tuple[int, int]:
        paper = draft(quebec, *[(product.sku, 3) for product in some])
        with CaptureQueriesContext(connection) as sending:
            transferring.send(paper.pk)
        arrived = [Arrived(pk, 2, lost=1) for pk in paper.lines.values_list("pk", flat=True)]
        with CaptureQueriesContext(connection) as receiving:
            transferring.receive(paper.pk, arrived, key="k")
        return len(sending), len(receiving)

    count(products[:1])
    one = count(products[1:2])
    assert one == count(products[2:])
    assert max(one) <= 48
    assert_proven()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_people_receive_the_same_transfer_at_once_and_it_is_booked_once() -> None:
    ledger.default_location()
    quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
    make_product("TENT", 10)
    paper = draft(quebec, ("TENT", 8))
    processes.together(*[partial(_send, paper.pk)] * 2)
    pk = line(paper)

    booked = processes.together(*[partial(_receive, paper.pk, pk, "same") for _ in range(3)])
    assert sorted(booked) == [0, 0, 2]
    outcomes = processes.together(*[partial(_receive, paper.pk, pk, f"own {n}") for n in range(2)])

    # The second of two who each count the rest is told that it is not on its way any more.
    assert sorted(outcomes) == [-1, 2]
    assert there("TENT") == {"Main warehouse": (2, 0), "Quebec": (8, 0)}
    assert_proven()


def _send(paper: int) -> int:
    return len(transferring.send(paper))


def _receive(paper: int, line_id: int, key: str) -> int:
    try:
        return len(transferring.receive(paper, [Arrived(line_id, 4)], key=key))
    except ValueError:
        return -1


def test_transit_is_one_place_and_is_never_archived(quebec: Location) -> None:
    assert places.in_transit() == places.in_transit()
    with pytest.raises(ValueError, match="needed by every transfer"):
        places.archive([places.in_transit().pk])
