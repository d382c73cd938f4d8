"""The order list by mail, on the morning of each working day: what is most urgent in the text, all of it as PDF and XLSX.

No price and no value stands in it: whose eyes a mail box has is not known here. An empty list is not mailed.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.reordering import gathered, needs, paper, table, words
from backoffice.reordering.gathered import Asked
from backoffice.sync.deliveries import Result
from backoffice.sync.models import Connection, Delivery
from orders import mail, merchant
from orders.mail import Attachment, Letter, Post
from orders.models import Merchant

TOPIC = "order_list"
DOOR = "mail"
IN_TEXT = 25


def wanted(seller: Merchant) -> bool:
    return bool(seller.order_list_email)


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail the list of the day that each delivery is about; a day that is over is let go."""
    seller = merchant.current()
    today = merchant.local_day(timezone.now(), seller)
    results, posts = [], []
    for delivery in batch:
        day = date.fromordinal(delivery.object_id)
        if (delivery.known or {}).get("mailed_to"):
            # However often it was wished for: once a day.
            results.append(Result(delivery.pk, "This day's list is mailed already.", known=delivery.known))
        elif day != today:
            results.append(Result(delivery.pk, f"Not mailed: {day} is over, and so is what was to be ordered then."))
        elif not wanted(seller):
            results.append(
                Result(delivery.pk, "Not mailed: no address for the order list is set (Settings, Who sells).")
            )
        elif written := letter(seller, day):
            posts.append(Post(delivery, written, None, "", {"day": day.isoformat()}))
        else:
            results.append(Result(delivery.pk, "Not mailed: nothing is to be ordered today."))
    return results + mail.deliver(posts, seller) if posts else results


def letter(seller: Merchant, day: date) -> Letter | None:
    """The mail of the list as it is now; None where nothing is to be ordered."""
    gathered.refresh()
    urgent = needs.lines(gathered.pairs(gathered.asked(Asked())[:IN_TEXT]))
    if not urgent:
        return None
    kept = gathered.pairs(gathered.asked(Asked(sort="supplier")))
    with translation.override(seller.language):
        context = _context(seller, day, urgent, len(kept))
        text, html = mail.rendered("order_list", context)
        pdf = paper.draw(needs.each(kept), seller=seller, day=day, costs=False)
        file = table.file("xlsx", needs.each(kept), service_level=seller.service_level, costs=False)
        name = f"{_('order-list')}-{day:%Y-%m-%d}"
        return Letter(
            to=seller.order_list_email,
            name="",
            subject=context["subject"],
            text=text,
            html=html,
            language=seller.language,
            key=f"order-list-{day:%Y-%m-%d}",
            attachments=(
                Attachment(f"{name}.pdf", pdf),
                Attachment(f"{name}.xlsx", file.read(), table.FORMATS["xlsx"].get_content_type()),
            ),
        )


def _context(seller: Merchant, day: date, urgent: Sequence[needs.Line], count: int) -> dict[str, Any]:
    said = {"count": count, "day": date_format(day, "j F Y")}
    short = gathered.below_minimum(line.supplier_id for line in urgent if line.supplier_id)
    return {
        "language": seller.language,
        "merchant": merchant.letterhead(seller),
        "subject": ngettext(
            "Order list of %(day)s: %(count)d product", "Order list of %(day)s: %(count)d products", count
        )
        % said,
        "heading": _("Order list of %(day)s") % said,
        "greeting": _("Good morning,"),
        "intro": ngettext(
            "%(count)d line is to be ordered. It stands below; the PDF and the table have the arithmetic.",
            "%(count)d lines are to be ordered. The most urgent stand below, all of them with their arithmetic in the PDF "
            "and the table.",
            count,
        )
        % said,
        "lines": [(line, f"{line.name}, {line.variation}" if line.variation else line.name) for line in urgent],
        "more": max(count - len(urgent), 0),
        "warnings": words.warnings(short, amounts=False),
        "address": settings.BASE_URL + reverse("admin:inventory_orderlistline_changelist"),
        "closing": "",
    }
