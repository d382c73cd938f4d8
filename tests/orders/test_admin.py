"""The order page and the lists: what they say, and that each button does what the journey does."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounting.models import Invoice, TaxName
from backoffice import desk, journey
from backoffice.sync.models import Delivery
from backoffice.words import without_amounts
from inventory.models import Product, StockLevel
from orders.models import Order
from shipping.models import Shipment
from tests.making import make_connection, make_merchant, make_order, make_product, make_record, take_in
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    make_merchant()
    make_product("TENT", 5)


def page_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def press(client: Client, order: Order, button: str, /, **fields: Any) -> str:
    """Press a button; the sentence that is said."""
    answer = client.post(reverse("admin:orders_order_do", args=[order.pk, button]), fields)
    assert answer.status_code == 302
    assert answer["Location"] == page_of(order)
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    order.refresh_from_db()
    return said[-1]


def shown(client: Client, order: Order) -> str:
    answer = client.get(page_of(order))
    assert answer.status_code == 200
    return answer.content.decode()


# --- where is my order? ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (3, "3 units reserved and can be packed now."),
        (8, "5 units reserved and can be packed now. Waiting for stock: 3 × TENT."),
    ],
)
def test_the_page_says_what_the_order_waits_for(wanted: int, answer: str) -> None:
    order = make_order([("TENT", wanted, "10.00")])

    assert logged_in("clerk").get(page_of(order)).context["waits_for"] == answer


def test_each_state_has_its_answer() -> None:
    client = logged_in("manager")

    def says(order: Order) -> str:
        return client.get(page_of(order)).context["waits_for"]

    unpaid = make_order(paid=False)
    assert says(unpaid) == "It waits for the customer's payment."
    held = make_order([("NO-SUCH", 1, "1.00")])
    assert says(held).startswith("It waits for a person. SKU NO-SUCH of Boréal is no product here.")
    order = make_order([("TENT", 2, "10.00")])
    parcel = journey.pack([order.pk], who="Marie")[0]
    assert says(order) == f"Packed and waiting to be shipped: parcel {parcel.number}."
    journey.ship([parcel.pk], tracking={parcel.pk: journey.Tracking("Canada Post", "70232")}, who="Marie")
    assert says(order).startswith("Everything has been shipped. The last parcel left on ")
    assert says(order).endswith(" by Canada Post 70232.")
    journey.cancel([unpaid.pk], why="changed their mind", who="Marie")
    assert says(unpaid) == "It is cancelled."
    elsewhere = make_order(fulfilled_elsewhere=True)
    assert says(elsewhere) == "The store or marketplace ships it itself; there is nothing to do here."
    make_order([("TENT", 3, "10.00")])
    waiting = make_order([("TENT", 9, "10.00")])
    assert says(waiting) == "Waiting for stock: 9 × TENT."


def test_what_only_waits_for_money_is_no_backorder() -> None:
    client = logged_in("manager")
    for wanted, waits in ((2, True), (9, False)):
        text = shown(client, make_order([("TENT", wanted, "10.00")], paid=False))
        assert ("(waits for payment)" in text) is waits


def test_it_shows_lines_papers_timeline_and_who_was_told() -> None:
    order = make_order([("TENT", 2, "10.00")], customer_note="Ring twice <script>alert(1)</script>")

    text = shown(logged_in("clerk"), order)

    for kind in ("slip", "label", "invoice", "picklist"):
        assert f'href="/papers/{kind}/?order={order.pk}"' in text
    assert "Taken in from Boréal" in text
    assert "Invoice, by mail to the customer" in text
    assert "<script>alert(1)" not in text
    assert "$20.00" in text


def test_the_warehouse_sees_the_order_without_any_amount() -> None:
    order = make_order([("TENT", 2, "123.45"), ("NO-SUCH", 1, "1.00")], total=Decimal("77.77"))

    text = shown(logged_in("warehouse"), order)

    assert "TENT" in text
    assert "Totals do not add up" in text
    for amount in ("123.45", "246.90", "77.77", "$1", "$2"):
        assert amount not in text
    assert "/papers/invoice/" not in text


def test_amounts_are_left_out_of_sentences_and_skus_are_not() -> None:
    assert (
        without_amounts("the store says 1,234.50 CAD, its lines make 99.00.") == "the store says …, its lines make …."
    )
    assert without_amounts("SKU 90.750 or 0017 of Boréal") == "SKU 90.750 or 0017 of Boréal"


# --- buttons --------------------------------------------------------------------------------------------------------------
def test_an_order_is_packed_shipped_tracked_and_taken_back() -> None:
    order = make_order([("TENT", 3, "10.00")])
    client = logged_in("manager")
    line = order.lines.get()

    assert press(client, order, "pack", **{f"units-{line.pk}": "2"}) == f"Packed as parcel {order.number}-1."
    assert press(client, order, "unpack", parcel=Shipment.objects.get().pk).startswith("Parcel ")
    assert press(client, order, "pack") == f"Packed as parcel {order.number}-2."
    parcel = Shipment.objects.get(state="packed")
    said = press(client, order, "ship", parcel=parcel.pk, carrier="Canada Post", number="7023 2100 3941")
    assert said == f"Parcel {parcel.number} has left. The store and the customer are being told."
    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking_number, parcel.shipped_by.username) == (
        "Canada Post",
        "702321003941",
        "manager",
    )
    assert order.state == Order.State.SHIPPED
    press(client, order, "track", parcel=parcel.pk, carrier="UPS", number="1Z999")
    parcel.refresh_from_db()
    assert parcel.tracking_number == "1Z999"
    key = desk.once()
    assert press(client, order, "take-back", once=key, **{f"units-{line.pk}": "1"}) == "1 unit back in stock."
    assert "booked already" in press(client, order, "take-back", once=key, **{f"units-{line.pk}": "1"})
    line.refresh_from_db()
    assert line.returned == 1
    assert StockLevel.objects.get().on_hand == 3
    assert "manager" in set(order.timeline.values_list("who", flat=True))


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("pack", {"units": "9"}, "9 of TENT cannot be packed"),
        ("pack", {"units": "0"}, "Say how many units, on at least one line."),
        ("pack", {"units": "two"}, "“two” is no number of units."),
        ("pack", {"units": "-1"}, "-1 units cannot be right"),
        ("cancel-lines", {"units": "9", "why": "x"}, "9 of TENT cannot be cancelled"),
        ("cancel-lines", {"units": "1", "why": " "}, "Say why, so that the next person knows."),
        ("cancel", {}, "Say why, so that the next person knows."),
        ("take-back", {"units": "1", "once": "x"}, "This form is too old."),
        ("take-back", {"units": "1", "once": "0" * 32}, "1 of TENT cannot come back"),
        ("map-sku", {"product": "NOTHING", "sku": "A"}, "No product has the SKU or barcode “NOTHING”."),
        ("explain-tax", {"name": "", "code": ""}, "Say the tax's name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(name: str, fields: dict, said: str) -> None:
    order = make_order([("TENT", 3, "10.00")])
    line = order.lines.get()
    typed = {f"units-{line.pk}" if key == "units" else key: value for key, value in fields.items()}
    before = order.lines.values().get()

    assert press(logged_in("manager"), order, name, **typed).startswith(said)

    assert order.lines.values().get() == before
    assert not Shipment.objects.exists()


def test_a_tracking_address_is_never_a_script() -> None:
    order = make_order([("TENT", 1, "10.00")])
    parcel = journey.pack([order.pk], who="Marie")[0]

    said = press(logged_in("manager"), order, "ship", parcel=parcel.pk, url="javascript:alert(1)")

    assert said == "The tracking address must begin with https:// or http://."
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tracking_url) == ("packed", "")


def test_lines_and_parcels_of_another_order_are_not_touched() -> None:
    mine, other = make_order([("TENT", 1, "10.00")]), make_order([("TENT", 1, "10.00")])
    parcel = journey.pack([other.pk], who="Marie")[0]
    client = logged_in("manager")

    said = press(client, mine, "pack", **{f"units-{other.lines.get().pk}": "1"})
    assert said == "A line of this form belongs to another order. Open the order again."
    answer = client.post(reverse("admin:orders_order_do", args=[mine.pk, "ship"]), {"parcel": parcel.pk})
    assert answer.status_code == 404


def test_naming_a_sku_lets_every_held_order_go_on() -> None:
    first, second = make_order([("OLD-TENT", 1, "10.00")]), make_order([("OLD-TENT", 1, "10.00")])
    assert (first.state, second.state) == ("held", "held")

    said = press(logged_in("clerk"), first, "map-sku", sku="OLD-TENT", product="TENT")

    assert said == "OLD-TENT of Boréal means TENT from now on; 2 orders went on."
    second.refresh_from_db()
    assert (first.state, second.state) == ("to_pack", "to_pack")


def test_explaining_a_tax_lets_every_held_order_go_on() -> None:
    order = make_order([("TENT", 1, "10.00")], taxes=[("Mystery levy", "3", "0.30")])
    assert order.state == "held"

    press(logged_in("accountant"), order, "explain-tax", name="Mystery levy", code="GST")

    assert order.state == "to_pack"
    assert TaxName.objects.get().code == "GST"


def test_a_hold_is_lifted_with_a_reason() -> None:
    order = make_order([("TENT", 1, "10.00")], total=Decimal("9.00"))
    hold = order.holds.get()

    press(logged_in("clerk"), order, "release", hold=hold.pk, why="the store gave a rebate")

    hold.refresh_from_db()
    assert hold.released_why == "the store gave a rebate"
    assert hold.released_by is not None
    assert order.state == "to_pack"


def test_cancelling_gives_the_stock_to_who_waits() -> None:
    first, second = make_order([("TENT", 5, "10.00")]), make_order([("TENT", 2, "10.00")])

    press(logged_in("clerk"), first, "cancel", why="ordered twice")

    second.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "to_pack")


def test_an_invoice_is_mailed_again_once_a_press() -> None:
    order = make_order([("TENT", 1, "10.00")])
    mail = Delivery.objects.get(topic=journey.INVOICE_MAIL)
    Delivery.objects.filter(pk=mail.pk).update(state=Delivery.State.DONE, known_version=1)

    said = press(logged_in("clerk"), order, "mail-invoice")

    mail.refresh_from_db()
    assert said == f"Invoice {Invoice.objects.get().label} is on its way to the customer again."
    assert (mail.state, mail.wanted_version) == ("waiting", 2)


def test_without_invoice_or_address_nothing_is_mailed() -> None:
    client = logged_in("clerk")

    assert press(client, make_order(paid=False), "mail-invoice").startswith("This order has no invoice yet")
    assert press(client, make_order([("TENT", 1, "1.00")], email=""), "mail-invoice").startswith(
        "The customer has no e-mail"
    )


# --- lists ----------------------------------------------------------------------------------------------------------------
def test_the_list_needs_no_more_statements_for_more_orders() -> None:
    client, url = logged_in("manager"), reverse("admin:orders_order_changelist")
    take_in([make_record() for _ in range(5)])
    few = statements(client, url)

    take_in([make_record(email=f"{n}@example.ca") for n in range(45)])

    assert statements(client, url) == few


def test_the_page_needs_no_more_statements_for_more_lines() -> None:
    client = logged_in("manager")
    make_product("STOVE")
    # Of both something is on backorder, and promised.
    small = make_order([("TENT", 1, "1.00"), ("STOVE", 1, "1.00")])
    large = make_order([*[("TENT", 1, "1.00")] * 4, *[("STOVE", 1, "1.00")] * 36])
    journey.pack([small.pk], who="Marie")
    journey.pack([large.pk], quantities={large.lines.first().pk: 1}, who="Marie")
    journey.pack([large.pk], who="Marie")

    assert statements(client, page_of(large)) <= statements(client, page_of(small))


@pytest.mark.parametrize(
    "name", ["orders_hold", "orders_customer", "shipping_shipment", "accounting_invoice", "accounting_entry"]
)
def test_other_lists_need_no_more_statements_for_more_rows(name: str) -> None:
    client, url = logged_in("manager"), reverse(f"admin:{name}_changelist")
    make_product("MANY", 500)

    def more(first: int, last: int) -> None:
        made = take_in(
            [
                make_record(lines=[("MANY", 1, "1.00"), ("NO-SUCH", 1, "1.00")], email=f"{n}@example.ca")
                for n in range(first, last)
            ]
        )
        good = take_in([make_record(lines=[("MANY", 1, "1.00")], email=f"g{n}@example.ca") for n in range(first, last)])
        journey.pack([order.pk for order in good], who="Marie")
        assert made

    more(0, 5)
    few = statements(client, url)
    more(5, 50)
    # Of several pages one asks first which rows are on it.
    assert statements(client, url) <= few + 1


def test_a_list_counts_up_to_a_limit_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_COUNTED", 3)
    take_in([make_record() for _ in range(5)])

    paginator = desk.LimitedPaginator(Order.objects.order_by("-id"), 2)

    assert paginator.count == 4
    assert str(paginator.count) == "3+"
    assert paginator.num_pages == 2
    # There are always pages to go on to, until the last.
    assert desk.LimitedPaginator(Order.objects.order_by("-id"), 2, looked_at="2").num_pages == 3


@pytest.mark.parametrize(
    ("work", "states"),
    [
        ("to-pack", {"to_pack", "partly_to_pack"}),
        ("waiting", {"backorder", "partly_to_pack"}),
        ("unpaid", {"unpaid"}),
        ("held", {"held"}),
    ],
)
def test_work_lists_show_their_states(work: str, states: set[str]) -> None:
    make_order([("TENT", 2, "1.00")])
    make_order([("TENT", 4, "1.00")])
    make_order([("TENT", 2, "1.00")])
    make_order(paid=False)
    make_order([("NO-SUCH", 2, "1.00")])

    answer = logged_in("warehouse").get(reverse("admin:orders_order_changelist"), {"work": work})

    assert {order.state for order in answer.context["cl"].result_list} == states


def test_ticked_orders_are_printed_packed_and_shipped() -> None:
    orders = [make_order([("TENT", 1, "1.00")]) for _ in range(3)]
    client, url = logged_in("warehouse"), reverse("admin:orders_order_changelist")
    ticked = {"_selected_action": [order.pk for order in orders]}

    answer = client.post(url, {"action": "print_slips", **ticked})
    assert answer["Location"] == f"/papers/slip/?order={orders[0].pk},{orders[1].pk},{orders[2].pk}"
    client.post(url, {"action": "pack_ticked", **ticked})
    client.post(url, {"action": "ship_ticked", **ticked})

    assert Shipment.objects.filter(state="shipped").count() == 3
    refused = client.post(url, {"action": "print_invoices", **ticked})
    assert "/papers/" not in refused.get("Location", "")


def test_a_customer_is_corrected_and_found_under_the_new_words() -> None:
    order = make_order()
    client = logged_in("clerk")
    url = reverse("admin:orders_customer_change", args=[order.customer_id])

    client.post(url, {"name": "Renée Éthier", "email": "Renee@Example.ca", "phone": "(418) 555-0122", "language": "fr"})

    order.customer.refresh_from_db()
    assert (order.customer.search_name, order.customer.email_key, order.customer.phone_digits) == (
        "renee ethier",
        "renee@example.ca",
        "4185550122",
    )
    found = client.get(reverse("admin:orders_customer_changelist"), {"q": "ethier"}).context["cl"].result_list
    assert [customer.pk for customer in found] == [order.customer_id]


def test_two_customers_cannot_have_one_mail_address() -> None:
    first, second = make_order(email="a@example.ca"), make_order(email="b@example.ca")

    answer = logged_in("clerk").post(
        reverse("admin:orders_customer_change", args=[second.customer_id]),
        {"name": "B", "email": " A@example.ca", "language": "en"},
    )

    assert f"{first.customer} has this e-mail already." in answer.content.decode()


def test_the_merchants_time_zone_must_exist() -> None:
    url = reverse("admin:orders_merchant_change", args=[1])

    answer = logged_in("manager").post(
        url, {"name": "B", "address": "x", "currency": "CAD", "time_zone": "America/Nowhere", "language": "en"}
    )

    assert "is no time zone" in answer.content.decode()


def test_an_unknown_order_is_said_not_broken() -> None:
    client = logged_in("clerk")

    for number in ("999999", "abc", "9" * 30):
        assert client.get(f"/admin/orders/order/{number}/change/").status_code in (302, 404)
    assert make_connection() is not None
    assert Product.objects.count() == 1
