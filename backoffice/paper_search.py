"""What the one search box finds beside orders and lots: products, places, suppliers, and the papers of the warehouse.

One statement for all of them, by indexes where a table is not small; each kind is bounded before it is joined, so that a
supplier of a thousand orders costs no more than one of ten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice import finding
from inventory.gtin import same_gtin
from inventory.models import CountSheet, Location, Product, PurchaseOrder, Supplier, SupplierReturn, Transfer
from inventory.reports.asked import FOUND_BY

MOST = 20
BRANCHES: dict[type[Model], str] = {
    Product: """
        (SELECT 'product', id, sku, CASE WHEN archived_at IS NULL THEN '' ELSE 'archived' END, name, 1
           FROM inventory_product WHERE upper(sku) = upper(%(text)s) OR barcode = ANY(%(barcodes)s) LIMIT %(most)s)
        UNION ALL
        (SELECT 'product', p.id, p.sku, CASE WHEN p.archived_at IS NULL THEN '' ELSE 'archived' END, p.name, 5
           FROM inventory_product p WHERE {holding} LIMIT %(most)s)""",
    Location: """
        (SELECT 'location', l.id, l.code, CASE WHEN l.archived_at IS NULL THEN '' ELSE 'archived' END,
                coalesce(w.name || ' › ', '') || l.name, 1
           FROM inventory_location l LEFT JOIN inventory_location w ON w.id = l.warehouse_id
          WHERE upper(l.code) = upper(%(text)s) OR upper(l.name) = upper(%(text)s) ORDER BY l.code LIMIT %(most)s)""",
    PurchaseOrder: """
        (SELECT 'purchaseorder', p.id, p.number, p.state, s.name, 1 FROM inventory_purchaseorder p
           JOIN inventory_supplier s ON s.id = p.supplier_id WHERE p.number = ANY(%(codes)s))
        UNION ALL
        (SELECT 'purchaseorder', p.id, p.number, p.state, s.name || ' · ' || p.supplier_reference, 2
           FROM inventory_purchaseorder p JOIN inventory_supplier s ON s.id = p.supplier_id
          WHERE upper(p.number || ' ' || p.supplier_reference) LIKE upper(%(anywhere)s)
            AND upper(p.supplier_reference) = upper(%(text)s) LIMIT %(most)s)
        UNION ALL
        (SELECT 'purchaseorder', p.id, p.number, p.state, s.name, 4
           FROM (SELECT id, name FROM inventory_supplier WHERE {named} ORDER BY name LIMIT 5) s
          CROSS JOIN LATERAL (SELECT id, number, state FROM inventory_purchaseorder
                               WHERE supplier_id = s.id ORDER BY id DESC LIMIT %(most)s) p)""",
    Supplier: """
        (SELECT 'supplier', id, code, '', name, 3 FROM inventory_supplier
          WHERE {named} OR upper(code) = upper(%(text)s) ORDER BY name LIMIT 5)""",
    Transfer: """
        (SELECT 'transfer', t.id, t.number, t.state, a.code || ' → ' || b.code, 1 FROM inventory_transfer t
           JOIN inventory_location a ON a.id = t.source_id JOIN inventory_location b ON b.id = t.destination_id
          WHERE t.number = ANY(%(codes)s))""",
    CountSheet: """
        (SELECT 'countsheet', c.id, c.number, c.state, w.name, 1 FROM inventory_countsheet c
           JOIN inventory_location w ON w.id = c.warehouse_id WHERE c.number = ANY(%(codes)s))""",
    SupplierReturn: """
        (SELECT 'supplierreturn', r.id, r.number, r.state, s.name, 1 FROM inventory_supplierreturn r
           JOIN inventory_supplier s ON s.id = r.supplier_id WHERE r.number = ANY(%(codes)s))
        UNION ALL
        (SELECT 'supplierreturn', r.id, r.number, r.state, s.name || ' · ' || r.supplier_reference, 2
           FROM inventory_supplierreturn r JOIN inventory_supplier s ON s.id = r.supplier_id
          WHERE upper(r.number || ' ' || r.supplier_reference) LIKE upper(%(anywhere)s)
            AND upper(r.supplier_reference) = upper(%(text)s) LIMIT %(most)s)""",
}
WORDS = {
    "product": _("product"),
    "location": _("place"),
    "purchaseorder": _("purchase order"),
    "supplier": _("supplier"),
    "transfer": _("transfer"),
    "countsheet": _("count sheet"),
    "supplierreturn": _("return to a supplier"),
}
STATES = {
    "product": {"archived": _("archived")},
    "location": {"archived": _("archived")},
    "purchaseorder": dict(PurchaseOrder.State.choices),
    "transfer": dict(Transfer.State.choices),
    "countsheet": dict(CountSheet.State.choices),
    "supplierreturn": dict(SupplierReturn.State.choices),
}


@dataclass(frozen=True, slots=True)
class Paper:
    kind: str
    pk: int
    number: str
    state: str
    about: str
    rank: int

    @property
    def words(self) -> str:
        return str(WORDS[self.kind])

    @property
    def state_words(self) -> str:
        return str(STATES.get(self.kind, {}).get(self.state, ""))

    @property
    def url(self) -> str:
        return reverse(f"admin:inventory_{self.kind}_change", args=[self.pk])


def find(q: str, *, may_see: Callable[[str], bool]) -> list[Paper]:
    """What `q` means, the surest first, of the kinds that this person may see; at most one statement.

    Papers by their numbers, ours and the supplier's, and by the supplier's name or code; products by SKU, barcode or
    words of their names; places by code or bin.
    """
    text = finding.cleaned(q).lstrip("#")
    kinds = [model for model in BRANCHES if may_see(f"inventory.view_{model._meta.model_name}")]
    if len(text) < 2 or not kinds:
        return []
    words = text.split()[: finding.MOST_WORDS]
    named = " AND ".join(f"upper(name) LIKE upper(%(word{at})s)" for at in range(len(words)))
    # Three letters make a trigram: without any, each product would be looked at.
    holding = " AND ".join(f"{FOUND_BY} LIKE upper(%(word{at})s)" for at in range(len(words)))
    if not any(len(word) >= 3 for word in words):
        holding = "false"
    parameters: dict[str, Any] = {
        "text": text,
        "barcodes": sorted(same_gtin(text)) if text.isascii() and text.isdecimal() else [text],
        "codes": sorted({text, text.upper(), text.lower()}),
        "anywhere": f"%{_literal(text)}%",
        "most": MOST,
        **{f"word{at}": f"%{_literal(word)}%" for at, word in enumerate(words)},
    }
    branches = " UNION ALL ".join(BRANCHES[model] for model in kinds).format(named=named, holding=holding)
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({branches}) hit (kind, id, number, state, about, rank)"
            " ORDER BY rank, id DESC LIMIT %(most)s",
            parameters,
        )
        papers = [Paper(*row) for row in cursor.fetchall()]
    return list({(paper.kind, paper.pk): paper for paper in reversed(papers)}.values())[::-1]


def _literal(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
