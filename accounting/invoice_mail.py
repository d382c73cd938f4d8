"""The invoice goes to the customer: its PDF is made and kept, and mailed once as text, HTML and PDF (rule: A1)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from accounting import invoice_pdf, invoicing
from accounting.invoice_document import InvoiceDocument
from accounting.models import Invoice
from backoffice.lib.formats import day, money, number
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import Refused
from backoffice.sync.models import Connection, Delivery
from orders import mail, merchant
from orders.mail import Attachment, Letter, Post
from orders.portal import links

WORDS = {
    "en": {
        "colon": ":",
        "subject": "Your invoice {number} – {merchant}",
        "heading": "Invoice {number}",
        "hello": "Hello {name},",
        "hello_alone": "Hello,",
        "paid": "Thank you: your order {order} is paid in full. Its invoice is attached as a PDF.",
        "open": "The invoice of your order {order} is attached as a PDF.",
        "see_order": "See your order",
        "closing": "Any questions? Simply reply to this e-mail.",
        "file": "invoice-{number}.pdf",
    },
    "fr": {
        "colon": "\u00a0:",
        "subject": "Votre facture {number} – {merchant}",
        "heading": "Facture {number}",
        "hello": "Bonjour {name},",
        "hello_alone": "Bonjour,",
        "paid": "Merci! Votre commande {order} est entièrement payée. Vous trouverez sa facture ci-jointe, en format PDF.",
        "open": "Vous trouverez ci-jointe, en format PDF, la facture de votre commande {order}.",
        "see_order": "Voir votre commande",
        "closing": "Une question? Répondez simplement à ce courriel.",
        "file": "facture-{number}.pdf",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    notes: str
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True)
class Sum:
    words: str
    notes: tuple[str, ...]
    amount: str
    strong: bool


def make_pdfs(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Make the PDFs of these invoices and keep them for good."""
    made = _pdfs(delivery.object_id for delivery in batch)
    results = []
    for delivery in batch:
        content = made.get(delivery.object_id)
        if content is None:
            results.append(Result(delivery.pk, "Nothing to make: there is no such invoice."))
        elif isinstance(content, Refused):
            results.append(Result(delivery.pk, "", error=content))
        else:
            results.append(
                Result(
                    delivery.pk,
                    f"PDF made, {max(1, len(content) // 1024)} KB.",
                    known={"sha256": hashlib.sha256(content).hexdigest()},
                )
            )
    return results


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail these invoices, each with its kept PDF, in its own language."""
    results: list[Result] = []
    posts: list[Post] = []
    invoices = (
        Invoice.objects.select_related("order__customer")
        .defer("pdf")
        .in_bulk([delivery.object_id for delivery in batch])
    )
    due = [delivery for delivery in batch if mail.mailed_already(delivery) is None]
    pdfs = _pdfs(delivery.object_id for delivery in due)
    for delivery in batch:
        invoice = invoices.get(delivery.object_id)
        content = pdfs.get(delivery.object_id)
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif invoice is None or content is None:
            results.append(Result(delivery.pk, "Nothing to mail: there is no such invoice."))
        elif not (to := invoice.order.mail_to):
            results.append(
                Result(delivery.pk, "Not mailed: the customer has no mail address. Add one, then send it again.")
            )
        elif isinstance(content, Refused):
            results.append(Result(delivery.pk, "", error=content))
        else:
            posts.append(
                Post(
                    delivery,
                    letter(
                        InvoiceDocument.from_json(invoice.document),
                        content,
                        to=to,
                        name=invoice.order.customer.name,
                        order_url=links.url(invoice.order),
                        version=delivery.claimed_version,
                    ),
                    invoice.order_id,
                    f"Invoice {invoice.label} mailed to {to}.",
                    {"invoice": invoice.label},
                )
            )
    return results + mail.deliver(posts, merchant.current()) if posts else results


def letter(document: InvoiceDocument, pdf: bytes, *, to: str, name: str, order_url: str, version: int) -> Letter:
    """The mail of an invoice: all it says of it is from its frozen document, amounts as on the paper (case: C24)."""
    words = WORDS[document.language]
    subject = words["subject"].format(number=document.number, merchant=document.merchant.name)
    text, html = mail.rendered("invoice", {**_context(document, name), "subject": subject, "order_url": order_url})
    return Letter(
        to=to,
        name=name,
        subject=subject,
        text=text,
        html=html,
        language=document.language,
        key=f"invoice-{document.number}.{version}",
        attachments=(Attachment(words["file"].format(number=document.number), pdf),),
    )


def _context(document: InvoiceDocument, name: str) -> dict[str, Any]:
    language, currency = document.language, document.currency
    words = {**invoice_pdf.WORDS[language], **WORDS[language]}
    order = document.store_number or document.order_number
    sums = invoice_pdf.amounts(document, words) + invoice_pdf.payments(document, words)
    return {
        "language": language,
        "words": words,
        "merchant": document.merchant,
        "heading": words["heading"].format(number=document.number),
        "greeting": words["hello"].format(name=name) if name else words["hello_alone"],
        "intro": words["paid" if document.is_paid else "open"].format(order=order),
        "closing": words["closing"] if document.merchant.email else "",
        "facts": [
            (words["date"], day(document.issued_on, language)),
            (words["order"], " · ".join(filter(None, (order, document.store_name)))),
        ],
        "lines": [
            Row(
                name=line.name,
                notes=" · ".join(filter(None, (line.variation, line.sku))),
                quantity=number(line.quantity, language),
                amount=money(line.amount, currency, language),
            )
            for line in document.lines
        ],
        "sums": [Sum(said, notes, amount, style.bold) for said, notes, amount, style in sums],
    }


def _pdfs(invoice_ids: Iterable[int]) -> dict[int, bytes | Refused]:
    """The PDFs by invoice; one that cannot be drawn does not keep the others back."""
    ids = list(invoice_ids)
    try:
        return dict(invoicing.make_pdfs(ids))
    except DatabaseError:
        raise
    except Exception as error:
        if len(ids) > 1:
            return {pk: content for one in ids for pk, content in _pdfs([one]).items()}
        return {
            ids[0]: Refused(
                f"The PDF of this invoice could not be drawn: {type(error).__name__}: {error}",
                advice="Nothing is wrong with the invoice itself; ask for help with this.",
            )
        }
