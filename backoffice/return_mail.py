"""The slip of goods that go back, by mail to their supplier, in the supplier's language, when a person wants it."""

from collections.abc import Sequence

from django.db import DatabaseError

from backoffice import return_paper
from backoffice.lib.letterhead import Letterhead
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import Refused
from backoffice.sync.models import Connection, Delivery
from inventory.models import SupplierReturn
from orders import mail, merchant
from orders.mail import Attachment, Letter, Post

WORDS = {
    "en": {
        "colon": ":",
        "heading": "Return {number}",
        "subject": "{heading} – {merchant}",
        "hello": "Hello,",
        "intro": "We are sending goods back to you; the slip that lies in the parcel is attached as a PDF.",
        "order": "Our order",
        "reference": "Your RMA",
        "why": "Why they go back",
        "closing": "Please credit these goods and reply with the number of the credit note.",
        "file": "return-{number}.pdf",
    },
    "fr": {
        "colon": "\u00a0:",
        "heading": "Retour {number}",
        "subject": "{heading} – {merchant}",
        "hello": "Bonjour,",
        "intro": "Nous vous retournons des marchandises; le bordereau qui accompagne le colis est joint en format PDF.",
        "order": "Notre commande",
        "reference": "Votre n° RMA",
        "why": "Motif du retour",
        "closing": "Veuillez créditer ces marchandises et nous répondre avec le numéro de la note de crédit.",
        "file": "retour-{number}.pdf",
    },
}


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail the slips of these returns."""
    results: list[Result] = []
    posts: list[Post] = []
    found = SupplierReturn.objects.select_related("supplier", "order").defer("order__pdf")
    returns = found.in_bulk([delivery.object_id for delivery in batch])
    seller = merchant.current()
    for delivery in batch:
        going_back = returns.get(delivery.object_id)
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif going_back is None or going_back.sent_at is None:
            results.append(Result(delivery.pk, "Nothing to mail: these goods have not left."))
        elif not going_back.supplier.email:
            error = Refused(
                f"{going_back.supplier.name} has no mail address.",
                advice="Add one on the supplier, then try again; or print the slip.",
            )
            results.append(Result(delivery.pk, "", error=error))
        else:
            try:
                pdf = return_paper.of_return(going_back)
            except DatabaseError:
                raise
            except Exception as error:
                refused = Refused(
                    f"The slip of this return could not be drawn: {type(error).__name__}: {error}",
                    advice="Nothing is wrong with the return itself; ask for help with this.",
                )
                results.append(Result(delivery.pk, "", error=refused))
                continue
            written = letter(going_back, merchant.letterhead(seller), pdf, version=delivery.claimed_version)
            posts.append(Post(delivery, written, None, "", {"return": going_back.number}))
    return results + (mail.deliver(posts, seller) if posts else [])


def letter(going_back: SupplierReturn, sender: Letterhead, pdf: bytes, *, version: int) -> Letter:
    """The mail of one return; amounts are the supplier's to say."""
    supplier = going_back.supplier
    words = WORDS[supplier.language]
    heading = words["heading"].format(number=going_back.number)
    subject = words["subject"].format(heading=heading, merchant=sender.name)
    facts = [
        (words["order"], going_back.order.number if going_back.order else ""),
        (words["reference"], going_back.supplier_reference),
        (words["why"], going_back.reason),
    ]
    text, html = mail.rendered(
        "supplier",
        {
            "language": supplier.language,
            "words": words,
            "merchant": sender,
            "subject": subject,
            "heading": heading,
            "greeting": words["hello"],
            "intro": words["intro"],
            "facts": [(name, value) for name, value in facts if value],
            "closing": words["closing"],
        },
    )
    return Letter(
        to=supplier.email,
        name=supplier.name,
        subject=subject,
        text=text,
        html=html,
        language=supplier.language,
        key=f"return-{going_back.number}.{version}",
        attachments=(Attachment(words["file"].format(number=going_back.number), pdf),),
    )
