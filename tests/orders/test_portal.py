"""U2: a customer sees his order by an unguessable link that expires; nothing else, nobody else's."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.throttling import AnonRateThrottle

from accounting import invoicing
from accounting.models import Invoice
from backoffice import journey, outward
from inventory import kits
from inventory.models import Product
from orders import back_in_stock
from orders.models import BackInStockSignup, Customer, Order, OrderLine, TimelineEntry
from orders.portal import links
from orders.portal.words import WORDS
from tests.expected import bought
from tests.making import make_connection, make_merchant, make_order, make_product, make_record, receive, take_in
from tests.smtp import MailServer
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
NEXT_YEAR = timezone.now().year + 1


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_connection(connector="files", name="Drop")
    cache.clear()


def path_of(order: Order) -> str:
    return links.url(order).removeprefix("http://127.0.0.1:8000")


def page(order: Order, **asked: str) -> str:
    answer = Client().get(path_of(order), asked)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def half_sent() -> Order:
    """Of five tents two have left and three are on backorder; of three lamps one is cancelled and two are reserved."""
    make_product("TENT", 2)
    make_product("LAMP", 3)
    bought("TENT", 9, date(NEXT_YEAR, 6, 1), "41")
    order = make_order([("TENT", 5, "10.00"), ("LAMP", 3, "7.00")], connection=make_connection(connector="files"))
    tent, lamp = OrderLine.objects.filter(order=order).order_by("position")
    (parcel,) = journey.pack([order.pk], quantities={tent.pk: 2})
    tracking = journey.Tracking("Canada Post", "7312345", "https://track.example/7312345")
    journey.ship([parcel.pk], tracking={parcel.pk: tracking})
    journey.cancel_lines({lamp.pk: 1}, why="asked for it", who="Ann")
    return Order.objects.select_related("customer").get(pk=order.pk)


def test_the_page_says_where_everything_is() -> None:
    order = half_sent()
    text = page(order)

    assert f"Order {order.external_number}" in text
    assert WORDS["en"]["states"][order.state] in text
    assert "Ordered: 5 · Sent: 2" in text
    assert "On backorder: 3, expected to ship June" in text
    assert "Ordered: 3 · Being prepared: 2 · Cancelled: 1" in text
    assert f"Parcel {order.number}-1, shipped on" in text
    assert "2 × Product TENT" in text
    assert 'href="https://track.example/7312345"' in text
    # Only what is not to be had is offered; lamps lie there.
    assert text.count("<form") == 1


def test_it_says_nothing_that_is_not_for_who_found_the_link() -> None:
    order = half_sent()
    text = page(order)

    for secret in ("ann@example.ca", "Elm Street", "B3H 1A1", "Ann", "asked for it", "10.00", "purchase order"):
        assert secret not in text, secret
    # What is said of an order are its lines, parcels and invoice: the page of another has none of them.
    make_product("ROPE", 1)
    other = page(make_order([("ROPE", 1, "1.00")], email="zoe@example.ca"))
    assert "TENT" not in other
    assert order.number not in other


def test_the_invoice_is_the_kept_one_to_the_byte_and_is_not_made_by_looking() -> None:
    order = half_sent()
    assert Client().get(path_of(order) + "invoice/").status_code == 302
    assert "(PDF)" not in page(order)
    assert Invoice.objects.get(order=order).pdf is None

    invoicing.make_pdfs([Invoice.objects.get(order=order).pk])
    answer = Client().get(path_of(order) + "invoice/")
    invoice = Invoice.objects.get(order=order)
    assert f"Invoice {invoice.label} of" in page(order)
    assert answer.content == bytes(invoice.pdf or b"")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/pdf", "private, no-store")
    assert answer["Content-Disposition"] == f'inline; filename="invoice-{invoice.label}.pdf"'


def test_it_is_kept_nowhere_found_by_no_search_and_sets_no_cookie() -> None:
    order = half_sent()
    for answer in (Client().get(path_of(order)), Client().get("/order/x/"), Client().get(path_of(order) + "invoice/")):
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert not answer.cookies


def test_the_language_is_the_orders_with_a_switch() -> None:
    order = make_order([("NONE", 1, "1.00")], language="fr")

    assert '<html lang="fr">' in page(order)
    assert "Passée le" in page(order)
    assert "Placed on" in page(order, lang="en")


def test_whatever_is_wrong_with_a_link_the_same_page_is_shown(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_order([("NONE", 1, "1.00")])
    other = make_order([("NONE", 1, "1.00")])
    good = links.token(order)
    number, moment, signature = good.split(".")
    damaged = [
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        f"{other.pk}.{moment}.{signature}",
        f"0{good}",
        f"{number}.{moment}",
        f"{number}.zzzzzz.{signature}",
        "99999999999999999999.a.b",
        "²",
        "…",
        "x" * 3000,
    ]

    answers = [Client().get(f"/order/{token}/") for token in damaged]
    answers += [Client().post(f"/order/{damaged[0]}/", {"line": "1"}), Client().get(f"/order/{damaged[0]}/invoice/")]
    settings.ORDER_LINK_DAYS = 0
    monkeypatch.setattr("django.core.signing.time.time", lambda: timezone.now().timestamp() + 5)
    expired = Client().get(f"/order/{good}/")

    assert {answer.status_code for answer in (*answers, expired)} == {404}
    (only,) = {answer.content for answer in (*answers, expired)}
    assert "This link does not open an order" in only.decode()
    assert "Ce lien n’ouvre aucune commande" in only.decode()
    assert "bonjour@boreal.example" in only.decode()


def test_a_link_lasts_as_many_days_as_are_set(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ORDER_LINK_DAYS = 60
    path = path_of(make_order([("NONE", 1, "1.00")]))
    for days, code in ((59, 200), (61, 404)):
        later = (timezone.now() + timedelta(days=days)).timestamp()
        monkeypatch.setattr("django.core.signing.time.time", lambda later=later: later)
        assert Client().get(path).status_code == code


def test_a_corrected_address_and_a_clerks_word_void_the_links() -> None:
    order = make_order([("NONE", 1, "1.00")])
    path = path_of(order)
    Customer.objects.filter(pk=order.customer_id).update(name="Ann B")
    assert Client().get(path).status_code == 200

    Order.objects.filter(pk=order.pk).update(email="right@example.ca")
    assert Client().get(path).status_code == 404
    order = Order.objects.get(pk=order.pk)
    path = path_of(order)
    said = logged_in("clerk").post(f"/admin/orders/order/{order.pk}/do/void-links/")
    assert said.status_code == 302
    assert Client().get(path).status_code == 404
    assert Client().get(path_of(Order.objects.get(pk=order.pk))).status_code == 200
    assert TimelineEntry.objects.filter(order=order, what="links_voided").count() == 1


def test_staff_who_see_invoices_find_the_link_on_the_order() -> None:
    order = make_order([("NONE", 1, "1.00")])
    for role, finds in (("clerk", True), ("accountant", True), ("warehouse", False)):
        text = logged_in(role).get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        found = re.search(r"http://127.0.0.1:8000(/order/[\w.-]+/)", text)
        assert bool(found) == finds
        if found:
            assert Client().get(found[1]).status_code == 200


def test_one_press_signs_him_up_and_the_mail_comes_once(settings: Any) -> None:
    order = half_sent()
    path = path_of(order)
    client = Client(enforce_csrf_checks=True)

    for _ in range(2):
        assert client.post(path + "?lang=fr", {"line": "1"}).status_code == 303
    signup = BackInStockSignup.objects.get()
    assert (signup.email, signup.language, signup.connection_id) == ("ann@example.ca", "fr", order.connection_id)
    text = page(order)
    assert "You get one e-mail when it is back in stock." in text
    assert "<form" not in text

    # Three of them are for the order itself; two are free to be bought.
    receive("TENT", 5)
    with MailServer() as server:
        server.use(settings)
        for _ in range(2):
            back_in_stock.call_waiting()
            outward.deliver()
        mails = [mail for mail in server.mails if "de nouveau en stock" in mail.get_body(("plain",)).get_content()]
    assert len(mails) == 1
    assert mails[0]["To"] == "ann@example.ca"


def test_only_what_is_missing_of_this_order_can_be_asked_for() -> None:
    order = half_sent()
    for line in ("2", "7", "x", "", "-1", "²", "9" * 40):
        assert Client().post(path_of(order), {"line": line}).status_code in (200, 303)
    assert not BackInStockSignup.objects.exists()
    assert Client().put(path_of(order)).status_code == 405

    nowhere = make_order([("TENT", 1, "1.00")], email="")
    assert "<form" not in page(nowhere)


def test_what_was_cancelled_for_want_of_stock_can_be_asked_for() -> None:
    make_product("ROPE")
    lamp = make_product("LAMP", 5)
    kits.set_components(make_product("CAMP", stocked=False), {lamp.pk: 9})
    order = make_order([("ROPE", 1, "1.00"), ("LAMP", 1, "1.00"), ("CAMP", 1, "1.00"), ("HOUR", 1, "1.00")])
    journey.cancel([order.pk], why="none to be had", who="Ann")

    text = page(order)
    assert text.count("<form") == 2
    assert "On backorder" not in text
    Client().post(path_of(order), {"line": "3"})
    assert BackInStockSignup.objects.get().product.sku == "CAMP"

    Product.objects.filter(sku="ROPE").update(archived_at=timezone.now())
    assert "<form" not in page(order)


def test_who_has_not_paid_for_what_lies_there_waits_for_no_stock() -> None:
    make_product("TENT", 9)
    text = page(make_order([("TENT", 2, "1.00")], paid=False))

    assert WORDS["en"]["states"]["unpaid"] in text
    assert "To come: 2, expected to ship" in text
    assert "On backorder" not in text
    assert "<form" not in text


def test_who_tries_too_often_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(make_order([("NONE", 1, "1.00")]))
    monkeypatch.setattr(AnonRateThrottle, "rate", "3/min", raising=False)

    answers = [Client().get(path), Client().get("/order/x/"), Client().post(path), Client().get(path)]

    assert [answer.status_code for answer in answers] == [200, 404, 200, 429]
    assert "Try again in a minute" in answers[-1].content.decode()


def test_twenty_lines_take_no_more_statements_than_two() -> None:
    counts = []
    for lines in (2, 20):
        skus = [f"P{lines}-{n}" for n in range(lines)]
        for at, sku in enumerate(skus):
            make_product(sku, 0 if at % 2 else 1)
        lamp = make_product(f"LAMP{lines}")
        kits.set_components(
            make_product(f"KIT{lines}", stocked=False), {lamp.pk: 2, Product.objects.get(sku=skus[1]).pk: 1}
        )
        order = make_order([(sku, 2, "1.00") for sku in (*skus, f"KIT{lines}")])
        for parcel in journey.pack([order.pk]):
            journey.ship([parcel.pk])
        first = OrderLine.objects.filter(order=order).order_by("position")[1]
        journey.cancel_lines({first.pk: 1}, why="x", who="Ann")
        path = path_of(Order.objects.get(pk=order.pk))
        with CaptureQueriesContext(database) as seen:
            assert Client().get(path).status_code == 200
        counts.append(len(seen))

    assert counts == [13, 13]


def test_the_mails_carry_the_link(settings: Any) -> None:
    make_product("TENT", 1)
    with MailServer() as server:
        server.use(settings)
        (order,) = take_in(
            [make_record(lines=[("TENT", 1, "1.00")], language="fr")], make_connection(connector="files")
        )
        (parcel,) = journey.pack([order.pk])
        journey.ship([parcel.pk])
        outward.deliver()
        mails = list(server.mails)

    assert len(mails) == 2
    for mail in mails:
        for kind in ("plain", "html"):
            text = mail.get_body((kind,)).get_content()
            found = re.search(r"http://127.0.0.1:8000(/order/[\w.-]+/)", text)
            assert found, text
            assert Client().get(found[1]).status_code == 200
            assert "Voir votre commande" in text


def test_each_state_has_its_words_in_both_languages() -> None:
    for words in WORDS.values():
        assert set(words["states"]) == set(Order.State)
    assert WORDS["en"].keys() == WORDS["fr"].keys()
