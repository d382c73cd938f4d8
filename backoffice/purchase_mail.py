"""The purchase order goes to its supplier: drawn as it stands at that moment, mailed once, and kept as it was mailed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from backoffice import purchase_paper
from backoffice.lib.formats import day, money
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.money import rounded, total
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import Refused, Unclear
from backoffice.sync.models import Connection, Delivery
from inventory import expected, purchasing
from inventory.models import PurchaseOrder
from orders import mail, merchant
from orders.mail import Attachment, Letter, Post

WORDS = {
    "en": {
        "colon": ":",
        "new": "Purchase order {number}",
        "changed": "Purchase order {number}, revision {revision}",
        "cancelled": "Purchase order {number} is cancelled",
        "subject": "{heading} – {merchant}",
        "hello": "Hello,",
        "intro_new": "Please find our purchase order {number} attached as a PDF.",
        "intro_changed": "Our purchase order {number} has changed. The PDF attached is revision {revision}; it stands in "
        "place of what we sent before.",
        "intro_cancelled": "We cancel our purchase order {number}. Please do not ship it.",
        "total": "Total before tax",
        "expected": "Expected on",
        "lines": "Lines",
        "closing": "Please confirm the order and the day of delivery by replying to this e-mail.",
        "closing_cancelled": "Any questions? Simply reply to this e-mail.",
        "file": "purchase-order-{number}.pdf",
    },
    "fr": {
        "colon": "\u00a0:",
        "new": "Bon de commande {number}",
        "changed": "Bon de commande {number}, révision {revision}",
        "cancelled": "Le bon de commande {number} est annulé",
        "subject": "{heading} – {merchant}",
        "hello": "Bonjour,",
        "intro_new": "Vous trouverez ci-joint, en format PDF, notre bon de commande {number}.",
        "intro_changed": "Notre bon de commande {number} a changé. Le PDF ci-joint est la révision {revision}; elle "
        "remplace ce que nous avons envoyé auparavant.",
        "intro_cancelled": "Nous annulons notre bon de commande {number}. Veuillez ne pas l’expédier.",
        "total": "Total avant taxes",
        "expected": "Attendue le",
        "lines": "Lignes",
        "closing": "Veuillez confirmer la commande et la date de livraison en répondant à ce courriel.",
        "closing_cancelled": "Une question? Répondez simplement à ce courriel.",
        "file": "bon-de-commande-{number}.pdf",
    },
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the mail says in words; the PDF says the rest."""

    number: str
    revision: int
    is_cancelled: bool
    language: str
    amounts: tuple[tuple[str, str], ...]


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail these purchase orders, each with its PDF, in the supplier's language."""
    results: list[Result] = []
    posts: list[Post] = []
    ids = [delivery.object_id for delivery in batch]
    orders = PurchaseOrder.objects.select_related("supplier").prefetch_related("lines").defer("pdf").in_bulk(ids)
    due = [delivery.object_id for delivery in batch if mail.mailed_already(delivery) is None]
    drawn = _drawn(due)
    seller = merchant.current()
    for delivery in batch:
        order, pdf = orders.get(delivery.object_id), drawn.get(delivery.object_id)
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif isinstance(pdf, Refused):
            results.append(Result(delivery.pk, "", error=pdf))
        elif order is None or pdf is None or order.sent_at is None:
            results.append(Result(delivery.pk, "Nothing to mail: this purchase order was not sent."))
        elif not (to := order.supplier.email):
            error = Refused(
                f"{order.supplier.name} has no mail address.",
                advice="Add one on the supplier, then try again; or print the order.",
            )
            results.append(Result(delivery.pk, "", error=error))
        else:
            written = letter(
                facts_of(order),
                merchant.letterhead(seller),
                pdf,
                to=to,
                name=order.supplier.name,
                version=delivery.claimed_version,
            )
            posts.append(Post(delivery, written, None, "", {"order": order.number, "revision": order.revision}))
    told = mail.deliver(posts, seller) if posts else []
    _keep({post.delivery.pk: post for post in posts}, told)
    return results + told


def _drawn(order_ids: Sequence[int]) -> dict[int, bytes | Refused]:
    try:
        return dict(purchase_paper.of_orders(order_ids)) if order_ids else {}
    except DatabaseError:
        raise
    except Exception as error:
        refused = Refused(
            f"The PDF of this purchase order could not be drawn: {type(error).__name__}: {error}",
            advice="Nothing is wrong with the order itself; ask for help with this.",
        )
        return dict.fromkeys(order_ids, refused)


def _keep(posts: dict[int, Post], results: Sequence[Result]) -> None:
    """The paper as the supplier has it, or may have it."""
    for result in results:
        if result.error is None or isinstance(result.error, Unclear):
            post = posts[result.delivery_id]
            content = post.letter.attachments[0].content
            PurchaseOrder.objects.filter(pk=post.delivery.object_id).update(pdf=content)


def facts_of(order: PurchaseOrder) -> Facts:
    words = WORDS[order.language]
    worth = total(rounded(purchasing.worth(line), order.currency) for line in order.lines.all())
    amounts = [(words["total"], money(worth, order.currency, order.language))]
    if due := expected.next_day(order, order.lines.all()):
        amounts.append((words["expected"], day(due, order.language)))
    return Facts(
        order.number,
        order.revision,
        order.state == PurchaseOrder.State.CANCELLED,
        order.language,
        tuple(amounts),
    )


def letter(order: Facts, sender: Letterhead, pdf: bytes, *, to: str, name: str, version: int) -> Letter:
    """The mail of one order, from plain facts."""
    words = WORDS[order.language]
    kind = "cancelled" if order.is_cancelled else "changed" if order.revision else "new"
    said = {"number": order.number, "revision": order.revision}
    heading = words[kind].format(**said)
    subject = words["subject"].format(heading=heading, merchant=sender.name)
    text, html = mail.rendered(
        "supplier",
        {
            "language": order.language,
            "words": words,
            "merchant": sender,
            "subject": subject,
            "heading": heading,
            "greeting": words["hello"],
            "intro": words[f"intro_{kind}"].format(**said),
            "facts": () if order.is_cancelled else order.amounts,
            "closing": words["closing_cancelled" if order.is_cancelled else "closing"],
        },
    )
    return Letter(
        to=to,
        name=name,
        subject=subject,
        text=text,
        html=html,
        language=order.language,
        key=f"purchase-{order.number}.{version}",
        attachments=(Attachment(words["file"].format(number=order.number), pdf),),
    )
