"""What anybody may know of stock: in stock, on backorder or out, and when; the same answer as everywhere (rules: S7, S10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from inventory.availability import Offer, offers, published
from inventory.promise import Promise
from orders import promise_words, promises
from orders.models import Merchant

MOST = 200
"""SKUs that may be asked for at once."""

WORDS = {
    "en": {
        "in_stock": "In stock, {days}",
        "in_stock_now": "In stock",
        "backorder": "On backorder, {days}",
        "out": "Sold out",
    },
    "fr": {
        "in_stock": "En stock, {days}",
        "in_stock_now": "En stock",
        "backorder": "En rupture de stock temporaire, {days}",
        "out": "Épuisé",
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`quantity` are whole units as the SKU is sold; None for what is not counted. Days are when it would be shipped."""

    sku: str
    state: str
    """`in_stock`, `backorder`, `out`, or `unknown` where nothing of this SKU is sold here."""
    quantity: int | None = None
    earliest: date | None = None
    latest: date | None = None
    words: tuple[str, str] = ("", "")
    """In English and in French."""


def answers(
    skus: Sequence[str],
    *,
    seller: Merchant,
    connection_id: int | None = None,
    safety_buffer: int = 0,
    now: datetime | None = None,
) -> list[Answer]:
    """What is known of each SKU now, in the order asked, in two statements for any number.

    With a connection SKUs mean what that store calls so, and only the warehouses that serve it are asked.
    ValueError with a sentence for none or too many.
    """
    asked = list(dict.fromkeys(sku.strip() for sku in skus if sku.strip()))
    if not asked:
        raise ValueError("Say which SKUs: ?sku=A,B,C.")
    if len(asked) > MOST:
        raise ValueError(f"{len(asked)} SKUs are asked for at once; ask for {MOST} at most.")
    found = offers(asked, connection_id=connection_id, safety_buffer=safety_buffer)
    told = promises.for_contents(
        {one.sku: one.contents for one in found.values() if one.contents},
        connection_id=connection_id,
        now=now,
        seller=seller,
        safety_buffer=safety_buffer,
    )
    return [_answer(sku, found.get(sku), told) for sku in asked]


def _answer(sku: str, offer: Offer | None, told: dict[str, Promise]) -> Answer:
    if offer is None:
        return Answer(sku, "unknown")
    if not offer.contents:
        return Answer(sku, "in_stock", words=(WORDS["en"]["in_stock_now"], WORDS["fr"]["in_stock_now"]))
    quantity, state = published(offer.free, offer.policy)
    if state == "out":
        return Answer(sku, state, quantity, words=(WORDS["en"]["out"], WORDS["fr"]["out"]))
    promise = told[sku]
    english, french = (
        WORDS[language][state].format(days=promise_words.phrase(promise, language)) for language in ("en", "fr")
    )
    return Answer(sku, state, quantity, promise.earliest, promise.latest, (english, french))
