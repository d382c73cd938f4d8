"""The one mail that says that a product is back (see back_in_stock.py)."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from backoffice.sync.deliveries import Result
from backoffice.sync.models import Connection, Delivery
from orders import mail, merchant
from orders.mail import Letter, Post
from orders.models import BackInStockSignup, Merchant

WORDS = {
    "en": {
        "subject": "{product} is back in stock – {merchant}",
        "heading": "It is back",
        "hello": "Hello,",
        "intro": "{product} is in stock again. You asked to be told once; there may be few, and nothing is set aside for you.",
        "to_store": "To the store",
        "stop": "You asked for this one mail at {merchant}. No more will follow; to take the wish back for good:",
        "closing": "Reply to this e-mail if you have a question.",
    },
    "fr": {
        "subject": "{product} est de retour en stock – {merchant}",
        "heading": "De retour en stock",
        "hello": "Bonjour,",
        "intro": "{product} est de nouveau en stock. Vous avez demandé à en être averti une fois; il peut y en avoir peu, "
        "et rien n’est réservé pour vous.",
        "to_store": "Vers la boutique",
        "stop": "Vous avez demandé ce seul courriel chez {merchant}. Il n’y en aura pas d’autre; pour retirer la demande\u00a0:",
        "closing": "Répondez à ce courriel si vous avez une question.",
    },
}  # fmt: skip


def send(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Mail to those whose turn it is, each once; who has taken the wish back meanwhile is not written to."""
    found = BackInStockSignup.objects.select_related("product", "connection").in_bulk([d.object_id for d in batch])
    seller = merchant.current()
    results: list[Result] = []
    posts: list[Post] = []
    for delivery in batch:
        signup = found.get(delivery.object_id)
        if already := mail.mailed_already(delivery):
            results.append(already)
        elif signup is None or signup.cancelled_at is not None:
            results.append(Result(delivery.pk, "Not mailed: the wish was taken back.", known=delivery.known))
        else:
            posts.append(Post(delivery, _letter(signup, seller, delivery.claimed_version), None, "", {}))
    sent = mail.deliver(posts, seller) if posts else []
    done = {result.delivery_id for result in sent if result.error is None}
    mailed = [delivery.object_id for delivery in batch if delivery.pk in done]
    BackInStockSignup.objects.filter(pk__in=mailed, mailed_at=None).update(mailed_at=timezone.now())
    return results + sent


def _letter(signup: BackInStockSignup, seller: Merchant, version: int) -> Letter:
    language, product = signup.language, signup.product
    words = WORDS[language]
    head = merchant.letterhead(seller)
    name = (language == "fr" and product.name_fr) or product.name
    shown = f"{name}, {product.variation}" if product.variation else name
    subject = words["subject"].format(product=shown, merchant=head.name)
    text, html = mail.rendered(
        "back_in_stock",
        {
            "language": language,
            "words": words,
            "merchant": head,
            "greeting": words["hello"],
            "closing": words["closing"] if head.email else "",
            "subject": subject,
            "heading": words["heading"],
            "intro": words["intro"].format(product=shown),
            "store": merchant.shop_url(seller, signup.connection),
            "stop": words["stop"].format(merchant=head.name),
            "stop_url": f"{settings.BASE_URL}{reverse('back_in_stock_stop', args=[signup.token])}",
        },
    )
    return Letter(
        to=signup.email,
        name="",
        subject=subject,
        text=text,
        html=html,
        language=language,
        key=f"back-in-stock-{signup.pk}.{version}",
    )
