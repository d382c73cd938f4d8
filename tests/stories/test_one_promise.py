"""S10: whoever asks, and on whatever paper, the answer is the same; and it moves with the purchase order it hangs on."""

from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from backoffice import journey, outward
from backoffice.api import keys
from orders import promise_words, promises
from orders.models import LinePromise, OrderLine, TimelineEntry
from orders.portal import links
from shipping import papers
from tests.expected import bought
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.reading import Read
from tests.smtp import MailServer, mail_server  # noqa: F401
from tests.staff import logged_in, make_person

pytestmark = pytest.mark.django_db
NEXT_YEAR = timezone.now().year + 1


def api(number: str) -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {keys.issue(make_person('manager'), 'test')[1]}")
    return client.get(f"/api/v1/orders/{number}/").json()


def flat(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_page_slip_mail_portal_and_api_tell_the_same_days(mail_server: MailServer, language: str) -> None:  # noqa: F811
    cache.clear()
    make_merchant()
    make_connection(connector="files")
    make_product("TENT", 2)
    # A Tuesday
    due = next(day for day in (date(NEXT_YEAR, 6, d) for d in range(1, 8)) if day.isoweekday() == 2)
    bought("TENT", 9, due, "41")
    order = make_order([("TENT", 5, "10.00")], language=language)
    line = OrderLine.objects.get(order=order)
    outward.deliver()

    promise = promises.for_lines([line.pk])[line.pk]
    phrase = promise_words.phrase(promise, language)
    page = logged_in("clerk").get(reverse("admin:orders_order_change", args=[order.pk]))
    to_be_packed = Read(papers.slips([order.pk])).text()
    journey.pack([order.pk])
    packed = Read(papers.slips([order.pk])).text()
    (parcel,) = journey.ship(list(order.shipments.values_list("pk", flat=True)))
    sent = Read(papers.slips_for_shipments([parcel.pk])).text()
    outward.deliver()
    mail = next(m for m in mail_server.mails if str(m["Message-ID"]).startswith("<parcel-"))
    portal = Client().get(links.url(order)).content.decode()
    said = api(order.number)["lines"][0]["promise"]

    assert promise.earliest is not None
    assert (promise.earliest - due).days == 1
    # Staff pages are in the staff's language.
    assert promise_words.span(promise, "en") in flat(page.content.decode())
    assert promise_words.reason(promise, "en") in flat(page.content.decode())
    assert "41" in said["reason"][language]
    for paper in (to_be_packed, packed, sent):
        assert phrase in flat(paper)
    assert phrase in flat(mail.get_body(("plain",)).get_content())
    assert phrase in flat(mail.get_body(("html",)).get_content())
    assert phrase in flat(portal)
    assert (said["earliest"], said["latest"]) == (str(promise.earliest), str(promise.latest))
    assert (said["text"][language], said["hangs_on"]) == (phrase, "purchase_order")
    standing = LinePromise.objects.get(line=line, replaced_at=None)
    assert (standing.earliest, standing.latest) == (promise.earliest, promise.latest)


def test_a_slip_printed_again_says_what_the_first_one_said() -> None:
    make_merchant()
    tent = make_product("TENT", 2)
    coming = bought("TENT", 9, date(NEXT_YEAR, 6, 1), "41")
    order = make_order([("TENT", 5, "10.00")])
    promises.refresh_products([tent.pk])
    (parcel,) = journey.pack([order.pk])
    journey.ship([parcel.pk])
    first = papers.slips_for_shipments([parcel.pk])

    coming.expected_on = date(NEXT_YEAR, 7, 1)
    coming.save(update_fields=["expected_on"])
    promises.refresh_products([tent.pk])

    assert papers.slips_for_shipments([parcel.pk]) == first
    assert "purchase order 41, expected July 1" in TimelineEntry.objects.get(order=order, what="promised").sentence


def test_an_order_whose_goods_are_there_is_promised_nothing() -> None:
    make_product("TENT", 2)
    order = make_order([("TENT", 2, "10.00")])

    assert api(order.number)["lines"][0]["promise"] is None
