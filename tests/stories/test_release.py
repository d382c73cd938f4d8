"""Stock is dealt out by a plan that is shown first: who gets what, who still waits; then just that is done (rules: S3, S4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice import journey, releasing
from inventory import kits
from inventory.models import Location, Product, ServedStore
from orders import release
from orders.models import Order, OrderLine, TimelineEntry
from orders.release import Rule
from tests.making import PLACED, make_merchant, make_order, make_product, make_record, receive, take_in
from tests.proving import assert_proven, nothing_is_written
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:orders_order_release")


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def had(*orders: Order) -> list[list[int]]:
    return [
        list(OrderLine.objects.filter(order=o).order_by("position").values_list("allocated", flat=True)) for o in orders
    ]


def of(*skus: str) -> set[int]:
    return set(Product.objects.filter(sku__in=skus).values_list("pk", flat=True))


def do(rule: Rule, *skus: str) -> release.Plan:
    return releasing.carry_out(of(*skus), rule, release.plan(of(*skus), rule).fingerprint, who="Wim")


def test_a_plan_says_who_gets_what_and_writes_nothing() -> None:
    make_product("TENT", 3)
    first, second = make_order([("TENT", 2, "1.00")]), make_order([("TENT", 2, "1.00")])
    with nothing_is_written():
        plan = release.plan(of("TENT"), Rule.PRIORITY)

    assert [(line.order_id, line.had, line.gets, line.waits) for line in plan.lines] == [
        (first.pk, 2, 2, 0),
        (second.pk, 1, 1, 1),
    ]
    assert plan.complete == {first.pk}
    assert plan.changes == []


def test_whole_orders_first_lets_the_small_one_go_before_the_old_one_that_cannot() -> None:
    make_product("TENT", 3)
    old, small = make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])
    assert had(old, small) == [[3], [0]]

    plan = do(Rule.COMPLETE, "TENT")

    assert plan.complete == {small.pk}
    # What is left over still goes to the oldest: nothing lies free while somebody waits.
    assert had(old, small) == [[1], [2]]
    small.refresh_from_db()
    assert small.state == "to_pack"
    assert TimelineEntry.objects.filter(order=old, what="unreserved", who="Wim").get().sentence == (
        "2 units given to others: stock was dealt out so that whole orders can leave."
    )
    # Back to the queue's own order, as often as wanted.
    do(Rule.PRIORITY, "TENT")
    assert had(old, small) == [[3], [0]]


def test_an_order_that_waits_for_something_else_is_not_whole() -> None:
    make_product("TENT", 2)
    make_product("LAMP")
    old = make_order([("TENT", 2, "1.00"), ("LAMP", 1, "1.00")])
    young = make_order([("TENT", 2, "1.00")])

    do(Rule.COMPLETE, "TENT")

    assert had(old, young) == [[0, 0], [2]]


def test_the_oldest_first_looks_at_age_alone() -> None:
    make_product("TENT", 1)
    urgent, old = take_in(
        [
            make_record(lines=[("TENT", 1, "1.00")], placed_at=PLACED),
            make_record(lines=[("TENT", 1, "1.00")], placed_at=PLACED - timedelta(days=9)),
        ]
    )
    Order.objects.filter(pk=urgent.pk).update(priority=1)
    do(Rule.PRIORITY, "TENT")
    assert had(urgent, old) == [[1], [0]]

    do(Rule.OLDEST, "TENT")

    assert had(urgent, old) == [[0], [1]]


def test_what_is_packed_stays_where_it_is() -> None:
    make_product("TENT", 3)
    old, small = make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])
    line = old.lines.get()
    journey.pack([old.pk], quantities={line.pk: 2})

    do(Rule.COMPLETE, "TENT")

    assert had(old, small) == [[3], [0]]


def test_kits_are_dealt_out_whole() -> None:
    make_product("LAMP", 3)
    make_product("ROPE", 2)
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, dict.fromkeys(of("LAMP", "ROPE"), 1))
    lamps, set_of_two = make_order([("LAMP", 4, "1.00")]), make_order([("KIT", 2, "1.00")])
    assert had(lamps, set_of_two) == [[3], [0]]

    do(Rule.COMPLETE, "LAMP")

    assert had(lamps, set_of_two) == [[1], [2]]


def test_a_plan_that_is_out_of_date_is_not_done() -> None:
    make_product("TENT", 3)
    old, small = make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])
    plan = release.plan(of("TENT"), Rule.COMPLETE)
    receive("TENT", 1)

    with pytest.raises(ValueError, match="have changed since this plan was made"):
        releasing.carry_out(of("TENT"), Rule.COMPLETE, plan.fingerprint, who="Wim")

    assert had(old, small) == [[4], [0]]


def test_a_kit_that_loses_its_tent_frees_its_rope_for_who_waits_for_ropes() -> None:
    tent, rope = make_product("TENT", 2), make_product("ROPE", 1)
    kits.set_components(make_product("CAMP", stocked=False), {tent.pk: 1, rope.pk: 1})
    camp = make_order([("CAMP", 1, "5.00")])
    urgent, ropes = make_order([("TENT", 2, "5.00")]), make_order([("ROPE", 1, "5.00")])
    Order.objects.filter(pk=urgent.pk).update(priority=1)

    do(Rule.PRIORITY, "TENT")

    assert had(camp, urgent, ropes) == [[0], [2], [1]]
    assert_proven()


def test_what_a_delivery_would_change_is_shown_before_it_is_booked() -> None:
    tent = make_product("TENT")
    first, second = make_order([("TENT", 2, "1.00")]), make_order([("TENT", 2, "1.00")])

    plan = release.plan([tent.pk], arriving={tent.pk: 3})

    assert [(line.order_id, line.gets, line.waits) for line in plan.lines] == [(first.pk, 2, 0), (second.pk, 1, 1)]
    assert had(first, second) == [[0], [0]]


def test_a_delivery_completes_kits_where_their_other_parts_lie_and_serves_only_its_stores() -> None:
    rope, tent = make_product("ROPE", 5), make_product("TENT")
    kits.set_components(make_product("CAMP", stocked=False), {rope.pk: 1, tent.pk: 1})
    camp = make_order([("CAMP", 3, "5.00")])
    main = Location.objects.get(code="MAIN")
    east = Location.objects.create(code="EAST", name="East", pick_order=200)

    def gets(into: Location) -> list[int]:
        return [line.gets for line in release.plan([tent.pk], arriving={tent.pk: 5}, into=into.pk).lines]

    assert (gets(main), gets(east)) == ([3], [0])
    ServedStore.objects.create(connection=camp.connection, warehouse=east)
    assert gets(main) == [0]
    # Of what never lay anywhere too.
    lamp = make_product("LAMP")
    make_order([("LAMP", 3, "5.00")])
    arriving = {lamp.pk: 5}
    assert [line.gets for line in release.plan([lamp.pk], arriving=arriving, into=main.pk).lines] == [0]
    assert [line.gets for line in release.plan([lamp.pk], arriving=arriving, into=east.pk).lines] == [3]
    page = logged_in("manager").get(PAGE, {"product": "TENT", "arriving": "5", "into": str(east.pk)}).content.decode()
    assert f'<option value="{east.pk}" selected>' in page


def test_the_plan_goes_out_as_a_table_with_those_who_still_wait() -> None:
    make_product("TENT", 3)
    first, second = make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])
    client, asked = logged_in("manager"), {"product": "TENT", "rule": "complete"}
    page = client.get(PAGE, asked).content.decode()
    assert "product=TENT&amp;rule=complete&amp;export=csv" in page

    file: Any = client.get(PAGE, {**asked, "export": "csv"})
    assert b"".join(file.streaming_content).decode("utf-8-sig").splitlines() == [
        "order,sku,name,has,gets,still_waits,leaves_whole",
        f"{first.number},TENT,{first.lines.get().name},3,1,4,no",
        f"{second.number},TENT,{second.lines.get().name},0,2,0,yes",
    ]


def test_pressed_twice_there_is_nothing_left_to_do() -> None:
    make_product("TENT", 3)
    make_order([("TENT", 5, "1.00")])
    make_order([("TENT", 2, "1.00")])
    fingerprint = release.plan(of("TENT"), Rule.COMPLETE).fingerprint

    assert releasing.carry_out(of("TENT"), Rule.COMPLETE, fingerprint, who="Wim").changes
    assert releasing.carry_out(of("TENT"), Rule.COMPLETE, fingerprint, who="Wim").changes == []


def test_as_many_statements_for_fifty_orders_as_for_two() -> None:
    def statements(sku: str, orders: int) -> int:
        make_product(sku, orders)
        take_in([make_record(lines=[(sku, 2, "1.00")]) for _ in range(orders)])
        fingerprint = release.plan(of(sku), Rule.COMPLETE).fingerprint
        with CaptureQueriesContext(database) as made:
            releasing.carry_out(of(sku), Rule.COMPLETE, fingerprint, who="Wim")
        return len(made)

    few = statements("FEW", 2)
    assert statements("MANY", 50) == few


def press(asked: dict[str, object], **typed: object) -> Any:
    """Look at the plan, then do it just as the page offers it."""
    client = logged_in("warehouse")
    shown = client.get(PAGE, asked)
    fields = {"fingerprint": shown.context["plan"].fingerprint, "of": sorted(shown.context["chosen"].products), **typed}
    return client.get(client.post(PAGE, fields, query_params=asked).url)


def test_the_page_shows_the_plan_and_does_it() -> None:
    make_product("TENT", 3)
    old, small = make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])
    client = logged_in("warehouse")

    shown = client.get(PAGE, {"rule": "complete", "product": "TENT"})
    assert shown.status_code == 200
    assert "leaves whole" in shown.content.decode()
    done = press({"rule": "complete", "product": "TENT"}).content.decode()

    assert had(old, small) == [[1], [2]]
    assert "Done: 2 orders have other stock than before." in done
    assert "nobody would get anything else" in done
    wrong = client.get(PAGE, {"product": "NONE"})
    assert "No product has the SKU" in wrong.content.decode()
    assert wrong.context["chosen"].products == set()
    assert "If that came in" in client.get(PAGE, {"product": "TENT", "arriving": "9"}).content.decode()


def listed(**asked: Any) -> list[str]:
    return [row.sku for row in logged_in("warehouse").get(PAGE, asked).context["chosen"].listed.rows]


def test_the_list_holds_what_is_waited_for_and_there() -> None:
    make_product("TENT", 3)
    make_product("ROPE", 4)
    make_product("LAMP")
    make_product("MUG", 1)
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, dict.fromkeys(of("ROPE"), 2))
    assert listed() == []
    make_order([("TENT", 5, "1.00"), ("LAMP", 1, "1.00"), ("MUG", 1, "1.00")])
    make_order([("KIT", 3, "1.00")])

    assert listed() == ["ROPE", "TENT"]
    assert listed(after="ROPE") == ["TENT"]
    assert listed(product="LAMP") == ["LAMP"]
    rope, tent = logged_in("warehouse").get(PAGE).context["chosen"].listed.rows
    assert (rope.on_hand, rope.available, rope.units, rope.orders) == (4, 0, 2, 1)
    assert (tent.on_hand, tent.available, tent.units, tent.orders) == (3, 0, 2, 1)


def test_just_what_is_ticked_is_planned_and_done() -> None:
    make_product("TENT", 3)
    make_product("ROPE", 3)
    tents = [make_order([("TENT", 5, "1.00")]), make_order([("TENT", 2, "1.00")])]
    ropes = [make_order([("ROPE", 5, "1.00")]), make_order([("ROPE", 2, "1.00")])]

    press({"rule": "complete", "pick": [*of("ROPE")]})

    assert had(*tents, *ropes) == [[3], [0], [1], [2]]


def test_what_came_in_is_of_the_one_product_that_is_ticked() -> None:
    make_product("TENT", 1)
    make_product("ROPE", 1)
    make_order([("TENT", 5, "1.00"), ("ROPE", 5, "1.00")])
    client, one, two = logged_in("warehouse"), of("TENT"), of("TENT", "ROPE")

    shown = client.get(PAGE, {"pick": [*one], "arriving": "3"})
    assert shown.context["chosen"].arriving == dict.fromkeys(one, 3)
    assert [line.gets for line in shown.context["plan"].lines] == [4]
    assert "If that came in" in shown.content.decode()
    for picked in ([], [*two]):
        refused = client.get(PAGE, {"pick": picked, "arriving": "3"})
        assert "Say of which product so many came in" in refused.context["chosen"].problem


def test_everything_is_planned_and_done_at_once() -> None:
    make_product("TENT", 3)
    make_product("ROPE", 3)
    both = make_order([("TENT", 5, "1.00"), ("ROPE", 5, "1.00")])
    pair = make_order([("TENT", 1, "1.00"), ("ROPE", 1, "1.00")])
    # By a plan of tents alone this one waits for ropes.
    assert release.plan(of("TENT"), Rule.COMPLETE).complete == set()
    shown = logged_in("warehouse").get(PAGE, {"all": "1", "rule": "complete"})
    assert "Of all 2 products that can be dealt out." in shown.content.decode()

    press({"all": "1", "rule": "complete"}, of=[])

    assert had(both, pair) == [[2, 2], [1, 1]]


def test_the_page_asks_as_much_of_the_database_for_three_products_as_for_one() -> None:
    def asked(*skus: str) -> int:
        for sku in skus:
            make_product(sku, 3)
            make_order([(sku, 5, "1.00")])
        return statements(logged_in("warehouse"), f"{PAGE}?rule=complete")

    assert asked("A") == asked("B", "C")
