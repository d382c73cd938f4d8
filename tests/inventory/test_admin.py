"""Receiving, correcting and reading the stock in the browser."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from backoffice import desk, goods, outward, stocktaking
from inventory import kits
from inventory.models import CountSheet, Listing, Location, Movement, Product, SellingUnit, StockLevel
from orders import publishing
from orders.availability import answers
from tests.fake_store import FakeStore
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.staff import filled, logged_in, make_person, statements

pytestmark = pytest.mark.django_db

RECEIVE, CORRECT = "admin:inventory_product_receive", "admin:inventory_product_correct"


@pytest.fixture(autouse=True)
def shop() -> Product:
    make_merchant()
    return make_product("TENT", 5, cost="10.00", barcode="0628915123457")


def send(client: Client, page: str, **fields: Any) -> tuple[int, str]:
    answer = client.post(reverse(page), {"once": desk.once(), **fields})
    return answer.status_code, [str(message) for message in get_messages(answer.wsgi_request)][-1]


def on_hand(sku: str = "TENT") -> int:
    return sum(StockLevel.objects.filter(product__sku=sku).values_list("on_hand", flat=True))


def test_what_comes_in_is_booked_and_serves_who_waits() -> None:
    waiting = make_order([("TENT", 8, "20.00")])

    status, said = send(
        logged_in("manager"), RECEIVE, product=["TENT", ""], units=["7", ""], cost=["16.00", ""], note="Slip 88"
    )

    assert (status, said) == (302, "7 units received; orders that waited for them have been served.")
    assert on_hand() == 12
    assert waiting.lines.get().allocated == 8
    assert Product.objects.get().average_cost == Decimal("13.5000")


def test_a_form_sent_twice_is_booked_once() -> None:
    client, key = logged_in("warehouse"), desk.once()

    send(client, RECEIVE, product="TENT", units="3", once=key)
    _status, said = send(client, RECEIVE, product="TENT", units="3", once=key)

    assert said == "This was booked before; nothing is booked twice."
    assert on_hand() == 8


def test_a_barcode_is_as_good_as_a_sku() -> None:
    send(logged_in("warehouse"), RECEIVE, product="0628915123457", units="1")

    assert on_hand() == 6


def test_who_sees_no_costs_moves_none() -> None:
    client = logged_in("warehouse")

    assert 'name="cost"' not in client.get(reverse(RECEIVE)).content.decode()
    send(client, RECEIVE, product="TENT", units="5", cost="999")

    assert Product.objects.get().average_cost == Decimal("10.0000")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"product": "", "units": ""}, "Say which product, and how many units."),
        ({"product": "NOTHING", "units": "1"}, "No product has the SKU or barcode “NOTHING”."),
        ({"product": "TENT", "units": "1.5"}, "“1.5” is no number of units."),
        ({"product": "TENT", "units": "0"}, "0 units cannot be right"),
        ({"product": "TENT", "units": "-4"}, "-4 units cannot be right"),
        ({"product": "TENT", "units": "99999999"}, "99999999 units cannot be right"),
        ({"product": "TENT", "units": "1", "cost": "free"}, "“free” is no amount."),
        ({"product": "TENT", "units": "1", "cost": "-1"}, "“-1” cannot be the cost of a unit."),
        ({"product": "TENT", "units": "1", "cost": "NaN"}, "“NaN” cannot be the cost of a unit."),
        ({"product": "TENT", "units": "1", "location": "abc"}, "Choose a place from the list."),
    ],
)
def test_what_cannot_be_received_is_refused_and_stays_typed(fields: dict[str, str], said: str) -> None:
    client = logged_in("manager")

    answer = client.post(reverse(RECEIVE), {"once": desk.once(), "note": "Slip 88", **fields})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert [str(message) for message in get_messages(answer.wsgi_request)][-1].startswith(said)
    assert 'value="Slip 88"' in text
    assert on_hand() == 5


def test_the_stock_is_corrected_with_a_reason() -> None:
    client = logged_in("warehouse")

    assert send(client, CORRECT, product="TENT", units="2", direction="less", cost="", note="broken")[1] == (
        "The stock of TENT is corrected by -2."
    )
    assert send(client, CORRECT, product="TENT", units="1", direction="less", cost="", note=" ")[0] == 200
    assert on_hand() == 3
    assert Movement.objects.first().by.username == "warehouse"


def test_a_correction_that_is_worth_more_than_the_limit_waits_for_another_person() -> None:
    make_merchant(count_approval_limit=15)
    typed = {"product": "TENT", "units": "2", "direction": "less", "cost": "", "note": "Stolen"}
    status, said = send(logged_in("warehouse"), CORRECT, **typed)
    sheet = CountSheet.objects.get()
    line = sheet.lines.get()
    assert (status, on_hand(), sheet.state) == (302, 5, "review")
    assert said.startswith(
        f"It is worth more than the limit: it waits on count sheet {sheet.number} for another person"
    )
    assert (line.expected, line.counted, line.reason, line.counted_by.username) == (5, 3, "Stolen", "warehouse")
    assert "is being counted on sheet" in send(logged_in("warehouse"), CORRECT, **typed)[1]
    assert "More would be missing" in send(logged_in("warehouse"), CORRECT, **{**typed, "units": "9"})[1]

    stocktaking.approve(sheet.pk, by=make_person("manager"))
    assert (on_hand(), Movement.objects.get(reason="count").note) == (3, "Stolen")


def test_more_than_there_is_cannot_be_lost() -> None:
    status, said = send(logged_in("warehouse"), CORRECT, product="TENT", units="9", direction="less", note="lost")

    assert status == 200
    assert "cannot leave" in said
    assert on_hand() == 5


def test_suggestions_find_by_sku_barcode_and_name_and_escape() -> None:
    make_product("STOVE", name="Stove <b>hot</b>")
    client, url = logged_in("warehouse"), reverse("admin:inventory_product_suggest")

    assert client.get(url, {"product": "ten"}).content.decode() == '<option value="TENT">Product TENT</option>'
    assert "&lt;b&gt;hot" in client.get(url, {"product": "hot"}).content.decode()
    assert client.get(url, {"product": ""}).content == b""


@pytest.mark.parametrize("name", ["product", "stocklevel", "movement"])
def test_lists_need_no_more_statements_for_more_rows(name: str) -> None:
    client, url = logged_in("manager"), reverse(f"admin:inventory_{name}_changelist")
    for number in range(4):
        make_product(f"A{number}", 2)
    few = statements(client, url)

    for number in range(45):
        make_product(f"B{number}", 2)

    assert statements(client, url) == few


def test_a_product_is_archived_and_leaves_the_list() -> None:
    client, url = logged_in("manager"), reverse("admin:inventory_product_changelist")
    product = Product.objects.get()

    client.post(url, {"action": "archive", "_selected_action": [product.pk]})

    assert list(client.get(url).context["cl"].result_list) == []
    assert [p.pk for p in client.get(url, {"archived": "yes"}).context["cl"].result_list] == [product.pk]
    client.post(url + "?archived=yes", {"action": "take_out_of_archive", "_selected_action": [product.pk]})
    assert [p.pk for p in client.get(url).context["cl"].result_list] == [product.pk]


def test_costs_and_prices_are_hidden_from_the_warehouse() -> None:
    Product.objects.update(price=Decimal("77.77"), average_cost=Decimal("33.33"))
    product = Product.objects.get()
    pages = [
        reverse("admin:inventory_product_changelist"),
        reverse("admin:inventory_product_change", args=[product.pk]),
        reverse("admin:inventory_movement_changelist"),
        reverse("admin:inventory_movement_change", args=[Movement.objects.get().pk]),
    ]

    for url in pages:
        warehouse, clerk = (logged_in(role).get(url).content.decode() for role in ("warehouse", "clerk"))
        assert "77.77" not in warehouse, url
        assert "33.33" not in warehouse + clerk, url
        assert "10.0000" not in warehouse + clerk, url


def test_a_form_of_a_product_never_sets_its_stock_or_cost() -> None:
    product = Product.objects.get()
    url = reverse("admin:inventory_product_change", args=[product.pk])

    client = logged_in("manager")
    client.post(url, filled(client, url, name="Tent", average_cost="1", on_hand="99"))

    product.refresh_from_db()
    assert (product.name, product.average_cost, on_hand()) == ("Tent", Decimal("10.0000"), 5)
    assert Location.objects.count() == 1


def change(product: Product, **fields: Any) -> str:
    """The product's form sent; what it says is wrong."""
    url, client = reverse("admin:inventory_product_change", args=[product.pk]), logged_in("manager")
    answer: Any = client.post(url, filled(client, url, **{"stocked": "on", **fields}))
    product.refresh_from_db()
    return "" if answer.status_code == 302 else str(answer.context["adminform"].form.errors)


def test_stocked_is_not_switched_off_over_stock_or_promises() -> None:
    product = Product.objects.get()

    assert "Correct the stock to zero first" in change(product, stocked=None)
    assert product.stocked

    make_order([("TENT", 5, "20.00")])
    assert "Open orders have it reserved." in change(product, stocked=None)
    assert product.stocked


def test_stocked_is_switched_off_where_nothing_lies_and_on_where_nothing_is_promised() -> None:
    make_merchant()
    bare = make_product("SERVICE", 0)

    assert change(bare, stocked=None) == ""
    assert not bare.stocked
    order = make_order([("SERVICE", 2, "20.00")])
    assert order.lines.get().allocated == 2
    assert "Open orders have it reserved." in change(bare)
    assert not bare.stocked


def test_a_sku_of_what_nobody_sees_is_refused() -> None:
    product = Product.objects.get()

    assert "characters that cannot be seen" in change(product, sku="TE\tNT")
    assert product.sku == "TENT"


def test_who_archives_tells_the_stores() -> None:
    from backoffice.sync.models import Delivery

    product = Product.objects.get()
    Listing.objects.create(connection=make_connection(), external_id="77", product=product)
    client, url = logged_in("manager"), reverse("admin:inventory_product_changelist")
    Delivery.objects.all().delete()

    client.post(url, {"action": "archive", "_selected_action": [product.pk]})
    assert Delivery.objects.filter(topic="stock").count() == 1
    Delivery.objects.all().delete()
    client.post(url + "?archived=yes", {"action": "take_out_of_archive", "_selected_action": [product.pk]})
    assert Delivery.objects.filter(topic="stock").count() == 1


def test_what_is_archived_is_out_in_the_stores_and_a_kit_of_it_is_sold_only_from_stock() -> None:
    """An order that comes in all the same is taken in and served."""
    tent, rope = Product.objects.get(), make_product("ROPE")
    kit = make_product("CAMP", stocked=False)
    kits.set_components(kit, {tent.pk: 1, rope.pk: 1})
    client, url = logged_in("manager"), reverse("admin:inventory_product_changelist")
    with FakeStore() as server:
        store = make_connection(server)
        for number, product in ((10, tent), (11, kit), (12, rope)):
            Listing.objects.create(connection=store, external_id=str(number), product=product)

        def heard() -> dict[int, tuple[int, str, str]]:
            server.requests.clear()
            outward.deliver()
            rows = [row for request in server.requests for row in request.body["update"]]
            return {row["id"]: (row["stock_quantity"], row["stock_status"], row["backorders"]) for row in rows}

        publishing.stock_changed([tent.pk, rope.pk])
        assert heard() == {
            10: (5, "instock", "notify"), 11: (0, "onbackorder", "notify"), 12: (0, "onbackorder", "notify")
        }  # fmt: skip
        client.post(url, {"action": "archive", "_selected_action": [tent.pk]})
        assert heard() == {10: (0, "outofstock", "no"), 11: (0, "outofstock", "no")}
        assert [said.state for said in answers(["TENT", "CAMP"], seller=make_merchant())] == ["unknown", "out"]
        order = make_order([("TENT", 6, "1.00"), ("CAMP", 1, "1.00")])
        assert list(order.lines.values_list("allocated", flat=True)) == [5, 0]
        goods.adjust([goods.Goods(tent.pk, 3), goods.Goods(rope.pk, 4)], key="found", note="found")
        assert heard() == {11: (1, "instock", "no"), 12: (3, "instock", "notify")}
        client.post(url + "?archived=yes", {"action": "take_out_of_archive", "_selected_action": [tent.pk]})
        assert heard() == {10: (1, "instock", "notify"), 11: (1, "instock", "notify")}


@pytest.mark.parametrize("page", [RECEIVE, CORRECT])
def test_no_note_on_stock_holds_a_card_number(page: str) -> None:
    status, said = send(logged_in("manager"), page, product="TENT", units="1", note="paid by 4111 1111 1111 1111")

    assert (status, on_hand()) == (200, 5)
    assert said.startswith("This holds what looks like a card number.")


def test_more_than_the_books_can_hold_is_not_received() -> None:
    status, said = send(logged_in("manager"), RECEIVE, product="TENT", units="1000000", cost="9999999")

    assert (status, on_hand()) == (200, 5)
    assert "more than an entry in the books can hold" in said


def test_one_unit_is_told_in_the_singular() -> None:
    order = make_order([("TENT", 6, "20.00")])
    send(logged_in("manager"), RECEIVE, product="TENT", units="1")

    assert order.timeline.filter(sentence="1 backordered unit is in stock now and reserved.").exists()


def test_the_code_of_a_dozen_is_not_taken_for_a_single_unit(shop: Product) -> None:
    SellingUnit.objects.create(product=shop, name="dozen", quantity=12, sku="TENT-12")

    _status, said = send(logged_in("manager"), RECEIVE, product=["TENT-12"], units=["1"], cost=[""])

    assert said == "“TENT-12” is dozen (12) of TENT. Single units are meant here: choose TENT, and count those."
    assert on_hand() == 5


def test_stock_levels_and_movements_are_found_by_sku_place_and_note() -> None:
    make_product("STOVE", 2)
    rope = make_product("ROPE", 3)
    goods.adjust([goods.Goods(rope.pk, -1)], key="frayed", note="Frayed at the end")
    client = logged_in("manager")

    def found(page: str, words: str) -> list[str]:
        rows = client.get(reverse(page), {"q": words}).context["cl"].result_list
        return sorted(row.product.sku for row in rows)

    levels, movements = "admin:inventory_stocklevel_changelist", "admin:inventory_movement_changelist"
    assert found(levels, "STOVE") == ["STOVE"]
    assert {"ROPE", "STOVE"} <= set(found(levels, "MAIN"))
    assert found(levels, "product rop") == ["ROPE"]
    assert found(movements, "stove") == ["STOVE"]
    assert found(movements, "frayed") == ["ROPE"]


def test_what_lies_in_quarantine_is_not_shown_as_available() -> None:
    tent = Product.objects.get(sku="TENT")
    quarantine = Location.objects.create(code="Q", name="Quarantine", sellable=False)
    goods.receive([goods.Goods(tent.pk, 27, location_id=quarantine.pk)], key="q")
    client = logged_in("manager")

    listed = client.get(reverse("admin:inventory_stocklevel_changelist"), {"o": "-6"}).content.decode()
    page = client.get(reverse("admin:inventory_product_change", args=[tent.pk])).content.decode()

    for text in (listed, page):
        assert "–, not sold from here" in text


def test_movements_and_orders_stand_on_the_shops_day() -> None:
    """At half past nine in the evening in Toronto it is the next day already by the clock of the database."""
    evening = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    tent = Product.objects.get(sku="TENT")
    main = Location.objects.get(code="MAIN")
    Movement.objects.create(product=tent, location=main, quantity=1, reason="receipt", at=evening, key="evening")
    order = make_order([("TENT", 1, "1.00")], placed_at=evening)
    client = logged_in("manager")

    product = client.get(reverse("admin:inventory_product_change", args=[tent.pk])).content.decode()
    customer = client.get(reverse("admin:orders_customer_change", args=[order.customer_id])).content.decode()

    assert "<td>2026-11-24</td>" in product
    assert f"{order.number}</a> 2026-11-24" in customer
