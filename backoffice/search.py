"""One search box (rule: O7): an order by any number, name, e-mail, phone, postal code, SKU, tracking or invoice number; and
a lot by its own.

One statement finds, by indexes only, and one reads what is shown; both however many orders there are.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from backoffice.lib.text import digits, unaccented
from inventory.models import Lot
from orders.models import Order

WHY = {
    "number": _("order number"),
    "external": _("the store's number"),
    "invoice": _("invoice number"),
    "tracking": _("tracking number"),
    "email": _("e-mail"),
    "phone": _("phone number"),
    "postal": _("postal code"),
    "sku": _("SKU"),
    "name": _("name"),
}
EXACT = frozenset({"number", "external", "invoice", "tracking"})
"""What means one order; a search that finds one by these goes straight to it."""

# Each branch is bounded before it is joined, so that a common name costs no more than a rare one.
FIND = """
    WITH hit (id, why, rank) AS (
        (SELECT id, 'number', 1 FROM orders_order WHERE number = %(code)s)
        UNION ALL
        (SELECT id, 'external', 2 FROM orders_order WHERE external_number = ANY(%(codes)s) ORDER BY id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT order_id, 'invoice', 3 FROM accounting_invoice WHERE label = ANY(%(codes)s) LIMIT %(limit)s)
        UNION ALL
        (SELECT order_id, 'tracking', 4 FROM shipping_shipment
          WHERE tracking_number = ANY(%(tracking)s) ORDER BY id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'email', 5
           FROM (SELECT id FROM orders_customer WHERE %(email)s <> '' AND email_key LIKE %(email)s LIMIT 500) c
           JOIN orders_order o ON o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'email', 5
           FROM (SELECT id, placed_at FROM orders_order
                  WHERE %(email)s <> '' AND lower(email) LIKE %(email)s LIMIT 500) o
          ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'phone', 6
           FROM (SELECT id FROM orders_customer WHERE phone_digits = ANY(%(phones)s) LIMIT 500) c
           JOIN orders_order o ON o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'phone', 6
           FROM (SELECT id, customer_id FROM orders_address WHERE phone_digits = ANY(%(phones)s) LIMIT 500) a
           JOIN orders_order o ON o.customer_id = a.customer_id AND a.id IN (o.shipping_address_id, o.billing_address_id)
          ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'postal', 7
           FROM (SELECT id, customer_id FROM orders_address
                  WHERE %(postal)s <> '' AND postal_key LIKE %(postal)s LIMIT 500) a
           JOIN orders_order o ON o.customer_id = a.customer_id AND a.id IN (o.shipping_address_id, o.billing_address_id)
          ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT line.order_id, 'sku', 8
           FROM (SELECT id FROM inventory_product WHERE sku = ANY(%(codes)s) OR barcode = %(code)s LIMIT 20) p
          CROSS JOIN LATERAL (SELECT order_id FROM orders_orderline WHERE product_id = p.id
                               ORDER BY id DESC LIMIT %(limit)s) line)
        UNION ALL
        (SELECT line.order_id, 'sku', 8 FROM orders_orderline line
          WHERE line.sku = ANY(%(codes)s) ORDER BY line.id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'name', 9
           FROM (SELECT id FROM orders_customer WHERE {name} LIMIT 500) c
           JOIN orders_order o ON o.customer_id = c.id ORDER BY o.placed_at DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT o.id, 'name', 9
           FROM (SELECT id, customer_id FROM orders_address WHERE {name} LIMIT 500) a
           JOIN orders_order o ON o.customer_id = a.customer_id AND a.id IN (o.shipping_address_id, o.billing_address_id)
          ORDER BY o.placed_at DESC LIMIT %(limit)s)
    )
    SELECT o.id, best.why
      FROM (SELECT DISTINCT ON (id) id, why, rank FROM hit ORDER BY id, rank) best
      JOIN orders_order o ON o.id = best.id
     ORDER BY best.rank, o.placed_at DESC, o.id DESC
     LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Match:
    order_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """An order, and by what it was found."""

    order: Order
    why: str

    @property
    def words(self) -> str:
        return str(WHY[self.why])


def matches(q: str, *, limit: int = 50) -> list[Match]:
    """The orders that `q` means, the surest first, in one statement; nothing for less than two characters."""
    text = " ".join(q.replace("\x00", "").split())[:100]
    if len(text) < 2:
        return []
    code = text.lstrip("#")
    words = unaccented(text).upper().split()
    # Three letters make a trigram; a short name alone is looked up by its beginning, which the index knows too.
    anywhere = "%" if any(len(word) >= 3 for word in words) else ""
    parameters: dict[str, Any] = {
        "limit": limit,
        "code": code,
        "codes": sorted({text, code, code.upper(), code.lower()}),
        "tracking": sorted({joined, joined.upper()}) if len(joined := "".join(code.split())) >= 6 else [],
        "email": f"{_literal(text.lower())}%" if "@" in text else "",
        "phones": _phones(text),
        "postal": _postal(text),
        **{f"word{at}": f"{anywhere}{_literal(word)}%" for at, word in enumerate(words)},
    }
    name = " AND ".join(f"UPPER(search_name) LIKE %(word{at})s" for at in range(len(words)))
    with database.cursor() as cursor:
        cursor.execute(FIND.format(name=name), parameters)
        return [Match(*row) for row in cursor.fetchall()]


def find(q: str, *, limit: int = 50) -> list[Found]:
    """Orders with customer and store, the surest first, in two statements."""
    hits = matches(q, limit=limit)
    orders = Order.objects.select_related("customer", "connection").in_bulk([hit.order_id for hit in hits])
    return [Found(orders[hit.order_id], hit.why) for hit in hits]


def find_lots(q: str, *, limit: int = 20) -> list[Lot]:
    """Lots and serial numbers of this very code (rule: S11), the newest first; one statement, by an index."""
    code = " ".join(q.replace("\x00", "").split())[:80]
    if len(code) < 2:
        return []
    found = Lot.objects.filter(code__iexact=code).select_related("product")
    return list(found.order_by("-id")[:limit])


def sure(found: list[Found]) -> Order | None:
    """The one order that a number means, if it means one."""
    exact = [hit.order for hit in found if hit.why in EXACT]
    return exact[0] if len(exact) == 1 or (exact and found[0].why == "number") else None


def _literal(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _phones(text: str) -> list[str]:
    """The ways in which a number may be kept: with the 1 of North America or without."""
    number = digits(text)
    if len(number) < 7 or any(c.isalpha() for c in text):
        return []
    bare = number.removeprefix("1") if len(number) == 11 else number
    return sorted({number, bare, f"1{bare}"})


def _postal(text: str) -> str:
    """A whole postal code, or the first three of a Canadian one."""
    key = "".join(c for c in text.upper() if c.isalnum())
    canadian = len(key) >= 3 and key[0].isalpha() and key[1].isdigit() and key[2].isalpha() and len(key) <= 6
    american = len(key) in (5, 9) and key.isdigit()
    return f"{key}%" if canadian or american else ""
