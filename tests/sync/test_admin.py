"""Connections, arrivals and deliveries in the browser; secrets are shown nowhere."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from backoffice.sync import arrivals, connections
from backoffice.sync.admin.traffic import legible
from backoffice.sync.arrivals import Kept
from backoffice.sync.models import Arrival, Attempt, Connection, Delivery
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.staff import ROLES, logged_in, statements

pytestmark = pytest.mark.django_db

KEY, SECRET = "ck_" + "1f" * 20, "cs_" + "2e" * 20


def press(client: Client, store: Connection, name: str, **fields: Any) -> str:
    answer = client.post(reverse("admin:sync_connection_do", args=[store.pk, name]), fields)
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


# --- credentials ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ROLES)
def test_secrets_are_on_no_page_that_anybody_can_open(role: str) -> None:
    make_merchant()
    make_order()
    store = make_connection()
    client = logged_in(role)
    urls = [
        reverse("admin:sync_connection_changelist"),
        reverse("admin:sync_connection_change", args=[store.pk]),
        reverse("admin:sync_connection_credentials", args=[store.pk]),
        reverse("admin:sync_arrival_changelist"),
        reverse("admin:sync_delivery_changelist"),
        reverse("admin:index"),
        f"/admin/sync/connection/{store.pk}/history/",
    ]

    for url in urls:
        text = client.get(url).content.decode()
        assert KEY not in text, url
        assert SECRET not in text, url


def test_credentials_are_written_and_an_empty_field_keeps_what_is_there() -> None:
    store = make_connection()
    client, url = logged_in("manager"), reverse("admin:sync_connection_credentials", args=[store.pk])

    answer = client.post(url, {"credential-key": "", "credential-secret": "cs_new", "credential-webhook_secret": ""})

    store.refresh_from_db()
    assert answer.status_code == 302
    assert store.credentials == {"key": KEY, "secret": "cs_new"}
    with database.cursor() as cursor:
        cursor.execute("SELECT credentials FROM sync_connection WHERE id = %s", [store.pk])
        assert b"cs_new" not in bytes(cursor.fetchone()[0])


def test_what_is_needed_is_asked_for() -> None:
    store = make_connection(name="New", credentials={})
    url = reverse("admin:sync_connection_credentials", args=[store.pk])

    answer = logged_in("manager").post(url, {"credential-key": "ck_1"})

    assert "“Consumer secret” is needed." in answer.content.decode()
    assert Connection.objects.get(pk=store.pk).credentials == {}


def test_a_new_connection_goes_on_to_its_credentials() -> None:
    answer = logged_in("manager").post(
        reverse("admin:sync_connection_add"),
        {"name": "Boréal", "connector": "woocommerce", "url": "https://boreal.example"},
    )

    store = Connection.objects.get(name="Boréal")
    assert answer["Location"] == reverse("admin:sync_connection_credentials", args=[store.pk])


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://a.example", True),
        ("http://127.0.0.1:8081", True),
        ("http://a.example", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
def test_plain_http_is_for_this_machine_only(url: str, allowed: bool) -> None:
    logged_in("manager").post(
        reverse("admin:sync_connection_add"), {"name": "A", "connector": "woocommerce", "url": url}
    )

    assert Connection.objects.filter(name="A").exists() is allowed


# --- buttons --------------------------------------------------------------------------------------------------------------
def test_a_connection_is_paused_and_resumed() -> None:
    store, client = make_connection(), logged_in("manager")

    press(client, store, "pause")
    store.refresh_from_db()
    assert (store.state, store.state_sentence) == ("paused", "Paused by manager.")
    press(client, store, "resume")
    store.refresh_from_db()
    assert store.state == "active"


def test_a_store_that_does_not_answer_is_said_in_a_sentence() -> None:
    store, client = make_connection(), logged_in("manager")

    for name in ("check", "poll"):
        said = press(client, store, name)
        assert "could not be reached" in said
        assert KEY not in said


def test_a_file_of_orders_is_taken_in_once() -> None:
    files = Connection.objects.create(name="Files", connector="files")
    client = logged_in("clerk")
    content = b"order_number,sku,quantity,unit_price\nF-1,TENT,1,10.00\nF-2,TENT,2,10.00\n"

    assert press(client, files, "upload", file=SimpleUploadedFile("a.csv", content)) == "2 orders are being taken in."
    again = press(client, files, "upload", file=SimpleUploadedFile("b.csv", content))
    assert again == "All that is in this file was known already."
    assert Arrival.objects.filter(connection=files).count() == 2


def test_a_file_that_is_too_large_or_no_orders_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    files = Connection.objects.create(name="Files", connector="files")
    client = logged_in("clerk")

    assert press(client, files, "upload") == "Choose a file first."
    assert press(client, files, "upload", file=SimpleUploadedFile("a.csv", b"colour\nred\n")).startswith(
        "The file has no column"
    )
    monkeypatch.setattr(settings, "UPLOAD_MAX_BYTES", 10)
    said = press(client, files, "upload", file=SimpleUploadedFile("a.csv", b"x" * 11))
    assert said == "The file has 11 bytes; at most 10 are taken at once. Divide it."
    assert not Arrival.objects.exists()


def test_the_list_says_how_each_does_in_statements_that_do_not_grow() -> None:
    client, url = logged_in("manager"), reverse("admin:sync_connection_changelist")
    for number in range(5):
        make_connection(name=f"A{number}")
    few = statements(client, url)
    for number in range(45):
        make_connection(name=f"B{number}")
    store = make_connection(name="A1")
    arrivals.keep(store, [Kept("order", "1", "k", b"{}")])
    Arrival.objects.update(state="failed")

    assert statements(client, url) == few
    assert "Working, but a person must look at 1 arrival." in client.get(url).content.decode()


# --- arrivals and deliveries ----------------------------------------------------------------------------------------------
@pytest.fixture
def stuck() -> Arrival:
    store = make_connection()
    pk = arrivals.keep(
        store, [Kept("order", "991", "k", b'{"total": 90.750, "name": "Zo\xc3\xa9 <script>alert(1)</script>"}')]
    )[0]
    Arrival.objects.filter(pk=pk).update(state="failed", sentence="It has no lines.")
    return Arrival.objects.get(pk=pk)


def test_an_arrival_shows_its_sentence_and_its_body_as_it_came(stuck: Arrival) -> None:
    text = logged_in("clerk").get(reverse("admin:sync_arrival_change", args=[stuck.pk])).content.decode()

    assert "It has no lines." in text
    assert "90.750" in text
    assert "Zoé &lt;script&gt;" in text


def test_what_goods_cost_is_hidden_from_who_sees_no_costs() -> None:
    body = b'{"lines": [{"sku": "TENT", "quantity": 2, "unit_cost": "33.33"}]}'
    pk = arrivals.keep(make_connection(), [Kept("receipt", "api:1", "k", body)])[0]
    url = reverse("admin:sync_arrival_change", args=[pk])

    clerk, accountant = (logged_in(role).get(url).content.decode() for role in ("clerk", "accountant"))

    assert "33.33" not in clerk
    assert "It holds costs, which your role does not see." in clerk
    assert "33.33" in accountant


def test_no_reason_to_skip_holds_a_card_number(stuck: Arrival) -> None:
    logged_in("clerk").post(reverse("admin:sync_arrival_skip", args=[stuck.pk]), {"why": "4111 1111 1111 1111"})

    stuck.refresh_from_db()
    assert stuck.state == "failed"


def test_bodies_are_legible_whatever_they_are() -> None:
    assert legible(b'{"a": [90.750, 17, "0017"], "b": 12345678901234567890}') == (
        '{\n  "a": [\n    90.750,\n    17,\n    "0017"\n  ],\n  "b": 12345678901234567890\n}',
        True,
    )
    assert legible(b"not json \xff") == ("not json \ufffd", True)
    assert legible(b"[" * 100_000)[1] is True
    shown, whole = legible(b"x" * 300_000)
    assert (len(shown), whole) == (200_000, False)


def test_an_arrival_is_tried_again_by_a_person(stuck: Arrival) -> None:
    logged_in("clerk").post(reverse("admin:sync_arrival_again", args=[stuck.pk]))

    stuck.refresh_from_db()
    assert stuck.state == "waiting"
    assert Attempt.objects.get().by.username == "clerk"


def test_skipping_wants_a_reason(stuck: Arrival) -> None:
    client, url = logged_in("clerk"), reverse("admin:sync_arrival_skip", args=[stuck.pk])

    client.post(url, {"why": " "})
    stuck.refresh_from_db()
    assert stuck.state == "failed"
    client.post(url, {"why": "a test of the store"})
    stuck.refresh_from_db()
    assert (stuck.state, stuck.sentence) == ("skipped", "Skipped: a test of the store")


def test_many_are_tried_again_at_once(stuck: Arrival) -> None:
    client = logged_in("clerk")

    client.post(reverse("admin:sync_arrival_changelist"), {"action": "try_again", "_selected_action": [stuck.pk]})

    stuck.refresh_from_db()
    assert stuck.state == "waiting"


def test_a_delivery_shows_what_it_is_about_and_is_tried_again() -> None:
    make_merchant()
    make_product("TENT", 5)
    order = make_order()
    delivery = Delivery.objects.get(topic="invoice_mail")
    Delivery.objects.update(state="failed", last_words="The mail server refused the address.")
    client = logged_in("clerk")

    text = client.get(reverse("admin:sync_delivery_change", args=[delivery.pk])).content.decode()

    assert "The mail server refused the address." in text
    assert reverse("admin:orders_order_change", args=[order.pk]) in text
    client.post(reverse("admin:sync_delivery_again", args=[delivery.pk]))
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    client.post(reverse("admin:sync_delivery_skip", args=[delivery.pk]), {"why": "sent by hand"})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_words) == ("skipped", "Skipped: sent by hand")


@pytest.mark.parametrize("name", ["arrival", "delivery"])
def test_lists_need_no_more_statements_for_more_rows(name: str) -> None:
    make_merchant()
    make_product("TENT", 500)
    client, url = logged_in("manager"), reverse(f"admin:sync_{name}_changelist")

    def more(first: int, last: int) -> None:
        for number in range(first, last):
            make_order(email=f"{number}@example.ca")
        arrivals.keep(make_connection(), [Kept("order", str(n), str(n), b"{}" * 1000) for n in range(first, last)])

    more(0, 5)
    few = statements(client, url)
    more(5, 30)
    # Of several pages one asks first which rows are on it.
    assert statements(client, url) <= few + 1


def test_the_house_itself_is_no_store() -> None:
    door = connections.own("mail")["mail"]

    assert logged_in("manager").get(reverse("admin:sync_connection_credentials", args=[door.pk])).status_code == 404
    assert json.loads("{}") == {}
