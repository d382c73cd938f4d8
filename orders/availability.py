"""What anybody may know of stock: in stock, on backorder or out, and when; the same answer as everywhere (rules: S7, S10)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection as database

from inventory.availability import Sold, published, sellable
from inventory.promise import Promise
from orders import promise_words, promises
from orders.models import Merchant

MOST = 200
"""SKUs that may be asked for at once."""

# A product's own SKU comes before a selling unit's. What is archived is not sold any more: nobody is told of it.
KNOWN = """
    SELECT asked.sku, product.id, product.is_kit, product.stocked, product.backorder_policy, found.unit,
           (SELECT jsonb_object_agg(content.product_id, content.quantity)
              FROM inventory_kitcontent content WHERE content.kit_id = product.id)
      FROM unnest(%s::text[]) AS asked(sku)
     CROSS JOIN LATERAL (
           SELECT id AS product_id, 1 AS unit, 1 AS turn FROM inventory_product WHERE sku = asked.sku
           UNION ALL
           SELECT product_id, quantity, 2 FROM inventory_sellingunit WHERE sku = asked.sku AND sku <> ''
            ORDER BY turn LIMIT 1) found
      JOIN inventory_product product ON product.id = found.product_id AND product.archived_at IS NULL
"""
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


@dataclass(frozen=True, slots=True)
class _Known:
    sku: str
    sold: Sold
    policy: str
    contents: dict[int, int]
    """Stock units by product that one of it takes; nothing for a service."""


def answers(
    skus: Sequence[str],
    *,
    seller: Merchant,
    connection_id: int | None = None,
    safety_buffer: int = 0,
    now: datetime | None = None,
) -> list[Answer]:
    """What is known of each SKU now, in the order asked, in three statements for any number.

    With a connection only the warehouses that serve it are asked. ValueError with a sentence for none or too many.
    """
    asked = list(dict.fromkeys(sku.strip() for sku in skus if sku.strip()))
    if not asked:
        raise ValueError("Say which SKUs: ?sku=A,B,C.")
    if len(asked) > MOST:
        raise ValueError(f"{len(asked)} SKUs are asked for at once; ask for {MOST} at most.")
    known = _known(asked)
    goods = [one for one in known.values() if one.contents]
    free = sellable([one.sold for one in goods], connection_id=connection_id, safety_buffer=safety_buffer)
    told = promises.for_contents(
        {one.sku: one.contents for one in goods}, connection_id=connection_id, now=now, seller=seller
    )
    return [_answer(sku, known.get(sku), free, told) for sku in asked]


def _known(skus: Iterable[str]) -> dict[str, _Known]:
    with database.cursor() as cursor:
        cursor.execute(KNOWN, [list(skus)])
        rows = cursor.fetchall()
    found = {}
    for sku, product_id, is_kit, stocked, policy, unit, inside in rows:
        parts = json.loads(inside) if is_kit and inside else {product_id: 1} if stocked else {}
        contents = {int(part): units * unit for part, units in parts.items()}
        found[sku] = _Known(sku, Sold(product_id, unit), policy, contents)
    return found


def _answer(sku: str, known: _Known | None, free: dict[Sold, int], told: dict[str, Promise]) -> Answer:
    if known is None:
        return Answer(sku, "unknown")
    if not known.contents:
        return Answer(sku, "in_stock", words=(WORDS["en"]["in_stock_now"], WORDS["fr"]["in_stock_now"]))
    quantity, state = published(free[known.sold], known.policy)
    if state == "out":
        return Answer(sku, state, quantity, words=(WORDS["en"]["out"], WORDS["fr"]["out"]))
    promise = told[sku]
    english, french = (
        WORDS[language][state].format(days=promise_words.phrase(promise, language)) for language in ("en", "fr")
    )
    return Answer(sku, state, quantity, promise.earliest, promise.latest, (english, french))
