from typing import Any

import pytest

from backoffice import journey, outward
from backoffice.journey import Tracking
from backoffice.sync.models import Connection, Delivery
from orders.models import Order, TimelineEntry
from shipping.models import Shipment
from tests.making import MONTREAL, make_connection, make_merchant, make_order, make_product, receive
from tests.smtp import MailServer, subject_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    # A store that is told nothing: these tests are about the customer.
    make_connection(connector="files")


def ship(order: Order, **tracking: str) -> Shipment:
    (shipment,) = journey.pack([order.pk])
    journey.ship([shipment.pk], tracking={shipment.pk: Tracking(**tracking)} if tracking else None)
    return shipment


def news(server: MailServer) -> list[Any]:
    outward.deliver()
    return [mail for mail in server.mails if str(mail["Message-ID"]).startswith("<parcel-")]


def text_of(mail: Any) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n").replace("\u00a0", " ")


def html_of(mail: Any) -> str:
    return mail.get_body(("html",)).get_content()


def test_a_whole_order_on_its_way(mail_server: MailServer) -> None:
    make_product("TENT", 5)
    order = make_order([("TENT", 2, "100.00")], external_id="4711")
    ship(order, carrier="Canada Post", number="7023210039414604", url="https://track.example/7023210039414604")

    (mail,) = news(mail_server)

    assert subject_of(mail) == "Your order 4711 is on its way – Boréal Outfitters Inc."
    assert mail["Message-ID"] == f"<parcel-{order.number}-1.1@example.com>"
    text = text_of(mail)
    for words in ("Hello Ann Côté,", "Carrier: Canada Post", "Tracking number: 7023210039414604", "- 2 × Product TENT"):
        assert words in text
    assert "https://track.example/7023210039414604" in text
    assert "Still to come" not in text
    assert 'href="https://track.example/7023210039414604"' in html_of(mail)
    assert TimelineEntry.objects.filter(order=order, sentence__contains="mailed to ann@example.ca").count() == 2


def test_c21_part_shipments_each_with_their_own_items_and_tracking(mail_server: MailServer) -> None:
    make_product("TENT", 10)
    make_product("LAMP", 0)
    order = make_order([("TENT", 15, "100.00"), ("LAMP", 1, "20.00")], external_id="4711")

    ship(order, carrier="Purolator", number="AAA1")
    (first,) = news(mail_server)
    receive("TENT", 5)
    receive("LAMP", 1)
    ship(order, carrier="Purolator", number="BBB2")
    _, second = news(mail_server)

    assert subject_of(first).startswith("Part of your order 4711 is on its way")
    inside, to_come = text_of(first).split("Still to come:")
    assert "- 10 × Product TENT" in inside
    assert "LAMP" not in inside
    assert "- 5 × Product TENT" in to_come
    assert "- 1 × Product LAMP" in to_come
    assert "AAA1" in text_of(first)
    assert subject_of(second).startswith("The rest of your order 4711 is on its way")
    assert "- 5 × Product TENT" in text_of(second)
    assert "BBB2" in text_of(second)
    assert "AAA1" not in text_of(second)
    assert "Still to come" not in text_of(second)


def test_in_french_for_who_reads_french(mail_server: MailServer) -> None:
    make_product("TENT", 1)
    order = make_order([("TENT", 2, "100.00")], language="fr", address=MONTREAL, external_id="4711")
    ship(order, carrier="Postes Canada", number="7023")

    (mail,) = news(mail_server)

    assert subject_of(mail) == "Une partie de votre commande 4711 est en route – Boréal Outfitters Inc."
    assert mail["Content-Language"] == "fr-CA"
    for words in ("Bonjour Zoé Tremblay,", "Transporteur : Postes Canada", "Dans ce colis :", "À venir :"):
        assert words in text_of(mail)
    assert 'lang="fr"' in html_of(mail)


def test_a_corrected_number_is_told_as_such(mail_server: MailServer) -> None:
    make_product("TENT", 5)
    shipment = ship(make_order([("TENT", 1, "100.00")], external_id="4711"), carrier="UPS", number="1Z1")
    news(mail_server)
    shipment.refresh_from_db()
    journey.track(shipment, Tracking("UPS", "1Z2"), who="Ann")

    _, second = news(mail_server)

    assert subject_of(second).startswith("New tracking details for your order 4711")
    assert "1Z2" in text_of(second)


def test_only_a_web_address_becomes_a_link(mail_server: MailServer) -> None:
    make_product("TENT", 5)
    ship(make_order([("TENT", 1, "100.00")]), carrier="UPS", number="1Z1", url="javascript:alert(1)")

    (mail,) = news(mail_server)

    assert "javascript" not in html_of(mail)
    assert "javascript" not in text_of(mail)


def test_a_parcel_that_fails_to_be_told_is_told_once_later(mail_server: MailServer) -> None:
    make_product("TENT", 5)
    make_order([("TENT", 1, "100.00")])
    outward.deliver()
    mail_server.say(rcpt="451 later")
    ship(Order.objects.get())
    assert not news(mail_server)

    Delivery.objects.update(not_before=None)
    assert len(news(mail_server)) == 1
    assert len(news(mail_server)) == 1
    assert Connection.objects.get(connector="mail").state == "active"
