"""The link by which a customer opens his order: signed, for a while, and no longer than it is his (rule: U2).

What it is signed with holds the order's mail address and how often a clerk voided its links. So a link that went to a wrong
address is void as soon as the address is corrected, and nothing has to be kept (docs/decisions/0042-portal-link.md).
"""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from backoffice.lib.text import email_key
from orders import timeline
from orders.models import Order

SEPARATOR = "."


def url(order: Order) -> str:
    """A fresh link, which opens the order for ORDER_LINK_DAYS from now."""
    return f"{settings.BASE_URL}{reverse('portal_order', args=[token(order)])}"


def token(order: Order) -> str:
    return _signer(order).sign(str(order.pk))


def find(token: str) -> Order | None:
    """The order that this link opens now, with its customer and store; None for whatever else it may be. One statement."""
    number = token.partition(SEPARATOR)[0]
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    order = Order.objects.select_related("customer", "connection").filter(pk=int(number)).first()
    if order is None:
        return None
    try:
        _signer(order).unsign(token, max_age=timedelta(days=settings.ORDER_LINK_DAYS))
    except BadSignature:
        return None
    return order


def void(order: Order, *, who: str) -> None:
    """No link that was given out for this order so far opens it any more."""
    with transaction.atomic():
        Order.objects.filter(pk=order.pk).update(links_voided=F("links_voided") + 1)
        sentence = "The links to the customer’s page that were given out before open it no more."
        timeline.write([timeline.entry(order.pk, "links_voided", sentence, who=who)])


def _signer(order: Order) -> TimestampSigner:
    return TimestampSigner(sep=SEPARATOR, salt=f"portal {order.links_voided} {email_key(order.mail_to)}")
