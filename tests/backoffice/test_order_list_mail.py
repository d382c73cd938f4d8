"""The order list by mail: on the morning of a working day, once, with all of it as PDF and XLSX."""

import io
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from backoffice import daily_lists, outward
from backoffice.reordering import mail
from backoffice.sync import deliveries
from backoffice.sync.models import Delivery
from orders.models import Merchant
from tests.backoffice.ordering import hold, make_supplier
from tests.making import make_merchant, make_product
from tests.reading import Read
from tests.smtp import MailServer, mail_server, subject_of

__all__ = ["mail_server"]
pytestmark = pytest.mark.django_db
TORONTO = ZoneInfo("America/Toronto")


def at(day: int, hour: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, 5, tzinfo=TORONTO)


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """It is Wednesday, 25 November, five past six in Toronto."""
    now = at(25, 6)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


@pytest.fixture
def shop() -> None:
    make_merchant(order_list_email="buyer@boreal.example")
    for sku in ("TENT", "LAMP"):
        make_product(sku, name=f"{sku.title()} à toit")
        hold(sku, 10, 30)
    make_supplier("NORD", "TENT", pack=4, minimum_order="500.00")


def wished() -> list[tuple[date, int]]:
    found = Delivery.objects.filter(topic=mail.TOPIC).values_list("object_id", "wanted_version")
    return sorted((date.fromordinal(day), version) for day, version in found)


def test_it_is_wished_for_once_on_the_morning_of_each_working_day(shop: None) -> None:
    # Five is too early; Saturday, Sunday and Christmas are no working days.
    clock = [at(25, 5), at(25, 6), at(25, 6), at(25, 22), at(26, 7), at(28, 9), at(29, 9), at(25, 9, month=12)]

    for now in clock:
        daily_lists.wish_due(now=now)

    assert wished() == [(date(2026, 11, 25), 1), (date(2026, 11, 26), 1)]


def test_without_an_address_it_is_not_wished_for(shop: None) -> None:
    Merchant.objects.update(order_list_email="")

    daily_lists.wish_due(now=at(25, 9))

    assert wished() == []


def test_it_comes_as_text_html_pdf_and_xlsx_without_prices(
    shop: None, morning: datetime, mail_server: MailServer
) -> None:
    daily_lists.wish_due(now=morning)
    outward.deliver()

    (sent,) = mail_server.mails
    assert sent["To"] == "buyer@boreal.example"
    assert subject_of(sent) == "Order list of 25 November 2026: 2 products"
    text = sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = sent.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "32 × TENT Tent à toit · Main warehouse · Nord Ltd (projected 0)" in text
    assert "no supplier is known: add one" in text
    assert "The list for Main warehouse does not come to the minimum order of Nord Ltd." in text
    assert "/admin/inventory/orderlistline/" in text
    assert "Tent à toit" in html
    pdf, xlsx = sent.iter_attachments()
    assert (pdf.get_filename(), xlsx.get_filename()) == ("order-list-2026-11-25.pdf", "order-list-2026-11-25.xlsx")
    paper = Read(pdf.get_content()).text()
    assert "30 − 0 = 30 are missing; in packs of 4 that is 32." in paper
    book = load_workbook(io.BytesIO(xlsx.get_content())).active
    rows = list(book.iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["sku", "TENT", "LAMP"]
    for body in (text, html, paper, str(rows)):
        assert "500.00" not in body
        assert "128" not in body  # 32 at 4.00


def test_twice_wished_for_it_goes_once(shop: None, morning: datetime, mail_server: MailServer) -> None:
    daily_lists.wish_due(now=morning)
    outward.deliver()
    told = Delivery.objects.get(topic=mail.TOPIC)

    # As two clocks at the same instant would, and a person who tries it again.
    deliveries.want([(told.connection_id, mail.TOPIC, told.object_id)])
    outward.deliver()
    deliveries.again([told.pk])
    outward.deliver()

    assert len(mail_server.mails) == 1
    told.refresh_from_db()
    assert (told.state, told.last_words) == ("done", "This day's list is mailed already.")


def test_a_mail_server_that_is_away_is_asked_again_the_same_day_and_not_the_next(
    shop: None, morning: datetime, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily_lists.wish_due(now=morning)
    mail_server.say(rcpt="451 4.7.1 Greylisted")
    outward.deliver()
    assert mail_server.mails == []
    told = Delivery.objects.get(topic=mail.TOPIC)
    assert told.state == "waiting"

    monkeypatch.setattr(timezone, "now", lambda: at(26, 6))
    deliveries.again([told.pk])
    outward.deliver()

    told.refresh_from_db()
    assert told.last_words == "Not mailed: 2026-11-25 is over, and so is what was to be ordered then."
    assert mail_server.mails == []


@pytest.mark.usefixtures("morning")
def test_an_empty_list_is_not_mailed(mail_server: MailServer) -> None:
    make_merchant(order_list_email="buyer@boreal.example")

    daily_lists.wish_due(now=at(25, 6))
    outward.deliver()

    told = Delivery.objects.get(topic=mail.TOPIC)
    assert (told.state, told.last_words) == ("done", "Not mailed: nothing is to be ordered today.")
    assert mail_server.mails == []


def test_an_address_taken_away_meanwhile_is_respected(
    shop: None, morning: datetime, mail_server: MailServer, settings: Any
) -> None:
    daily_lists.wish_due(now=morning)
    Merchant.objects.update(order_list_email="")

    outward.deliver()

    assert "no address for the order list" in Delivery.objects.get(topic=mail.TOPIC).last_words
    assert mail_server.mails == []
