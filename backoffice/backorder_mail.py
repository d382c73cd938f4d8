"""The backorder list by mail, on the morning of each working day: the sums in the text, the list as PDF and XLSX (rule: S4)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from backoffice.exchange import figures
from backoffice.lib.formats import day, number
from backoffice.sync.deliveries import Result
from backoffice.sync.models import Connection, Delivery
from orders import backorder_list, backorder_papers, mail, merchant
from orders.backorder_list import Asked, LineRow
from orders.mail import Attachment, Letter, Post
from orders.models import Merchant
from orders.promise_words import span

TOPIC = "backorder_list"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLDEST = 10
WORDS = {
    "en": {
        "heading": "Backorders of {day}",
        "greeting": "Good morning,",
        "intro": "Lines: {lines} · Units: {units} · Orders: {orders}. These wait longest:",
        "line": "{order}, since {since}: {units} × {name}. Promised: {promise}.",
        "attached": "The whole list is attached, by product, by customer and by age: as PDF to read, as XLSX to work with.",
        "closing": "You get this list each working day on which something is on backorder.",
    },
    "fr": {
        "heading": "Commandes en attente du {day}",
        "greeting": "Bonjour,",
        "intro": "Lignes\u00a0: {lines} · Unités\u00a0: {units} · Commandes\u00a0: {orders}. "
        "Celles-ci attendent le plus longtemps\u00a0:",
        "line": "{order}, depuis le {since}\u00a0: {units} × {name}. Promis\u00a0: {promise}.",
        "attached": "La liste entière est jointe, par article, par client et par ancienneté\u00a0: en PDF à lire, en XLSX pour "
        "travailler.",
        "closing": "Vous recevez cette liste chaque jour ouvrable où il y a des commandes en attente.",
    },
}


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail the list of the day that each delivery is about; a day on which nothing waits needs no mail."""
    seller = merchant.current()
    results, posts = [], []
    for delivery in batch:
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif not seller.backorder_list_email:
            results.append(Result(delivery.pk, "Not mailed: nobody is named to get it.", known=delivery.known))
        elif not backorder_list.sums()[1]:
            results.append(Result(delivery.pk, "Not mailed: no order waits for stock.", known=delivery.known))
        else:
            of_day = date.fromordinal(delivery.object_id)
            letter = compose(seller, of_day, version=delivery.claimed_version)
            posts.append(Post(delivery, letter, None, "", {"day": of_day.isoformat()}))
    return results + mail.deliver(posts, seller) if posts else results


def compose(seller: Merchant, of_day: date, *, version: int) -> Letter:
    """With amounts only where the merchant wants them there: who reads this mailbox is not known here."""
    language = seller.language
    words = WORDS[language]
    units, lines, orders = backorder_list.sums()
    heading = words["heading"].format(day=day(of_day, language))
    context: dict[str, Any] = {
        "language": language,
        "merchant": merchant.letterhead(seller),
        "subject": heading,
        "heading": heading,
        "greeting": words["greeting"],
        "intro": words["intro"].format(
            lines=number(lines, language), units=number(units, language), orders=number(orders, language)
        ),
        "rows": [_row(row, seller, words, language) for row in backorder_list.lines(Asked(), limit=OLDEST).rows],
        "note": words["attached"],
        "closing": words["closing"],
    }
    text, html = mail.rendered("daily_list", context)
    name, amounts = f"backorders-{of_day.isoformat()}", seller.backorder_list_amounts
    return Letter(
        to=seller.backorder_list_email,
        name="",
        subject=heading,
        text=text,
        html=html,
        language=language,
        key=f"{name}.{version}",
        attachments=tuple(
            paper for by in backorder_papers.VIEWS for paper in _papers(by, name, amounts=amounts, language=language)
        ),
    )


def _papers(by: str, name: str, *, amounts: bool, language: str) -> tuple[Attachment, Attachment]:
    rows = backorder_papers.rows(by, Asked(), amounts=amounts, language=language)
    with figures.written("xlsx", backorder_papers.headings(by, amounts=amounts), rows) as file:
        table = file.read()
    return (
        Attachment(f"{name}-{by}.pdf", backorder_papers.pdf(by, Asked(), amounts=amounts, language=language)),
        Attachment(f"{name}-{by}.xlsx", table, XLSX),
    )


def _row(row: LineRow, seller: Merchant, words: dict[str, str], language: str) -> str:
    return words["line"].format(
        order=row.number,
        since=day(merchant.local_day(row.placed_at, seller), language),
        units=number(row.units, language),
        name=row.name,
        promise=span(row.promise, language) if row.promise else "–",
    )
