"""A screen of the floor as its script uses it: what the last answer carried in its fields goes along with the next scan."""

import html
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from backoffice import buying
from inventory import ledger, purchasing
from inventory.models import Product, PurchaseOrder, Supplier
from tests.staff import logged_in


@dataclass
class Answer:
    tone: str
    prompt: str
    sentence: str
    text: str


class Screen:
    """One person of a role in front of one screen."""

    def __init__(self, name: str, *, role: str = "warehouse", args: tuple[Any, ...] = ()) -> None:
        self.client, self.url = logged_in(role), reverse(f"floor:{name}", args=args)
        self.last: dict[str, str] = {}
        self.answer = self._read(self.client.get(self.url, headers={"X-Floor": "1"}))

    def scan(self, code: str) -> Answer:
        return self.send(code=code)

    def press(self, button: str) -> Answer:
        return self.send(act=button)

    def send(self, **typed: str) -> Answer:
        self.last = {**self.fields, "code": "", "act": "scan", **typed}
        return self.repeat()

    def repeat(self) -> Answer:
        """Send the very same once more."""
        return self._read(self.client.post(self.url, self.last, headers={"X-Floor": "1"}))

    def _read(self, answer: Any) -> Answer:
        assert answer.status_code == 200, answer.status_code
        text = answer.content.decode()
        tags = re.findall(r"<input [^>]*form=\"scan\"[^>]*>", text)
        self.fields = dict(_field(tag) for tag in tags if 'type="checkbox"' not in tag or " checked" in tag)
        said = re.search(r'<p class="said[^>]*>(.*?)</p>', text, re.S)
        self.answer = Answer(
            tone=_attribute(text, "data-tone"),
            prompt=_attribute(text, "data-prompt"),
            sentence=html.unescape(re.sub(r"<[^>]+>", "", said[1])).strip() if said else "",
            text=text,
        )
        return self.answer


def _attribute(text: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""


def _field(tag: str) -> tuple[str, str]:
    return _attribute(tag, " name"), _attribute(tag, " value")


def ordered(*lines: tuple[Product, int]) -> PurchaseOrder:
    """A purchase order that was sent."""
    supplier = Supplier.objects.get_or_create(code="S", defaults={"name": "Sleeping Bags Ltd"})[0]
    order = purchasing.draft(
        supplier_id=supplier.pk,
        warehouse_id=ledger.default_location().pk,
        lines=[purchasing.Wanted(product.pk, units, Decimal(4)) for product, units in lines],
        by=None,
    )
    return buying.send(order.pk, by_hand=True)
