"""A purchase order on paper, in the supplier's language: what is ordered in whose numbers, where to, for when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from backoffice.lib import money as amounts
from backoffice.lib.formats import currency_name, day, money, number
from backoffice.lib.layout import BODY_BOLD, SMALL, Cell, Column, Table, paragraph
from backoffice.lib.letterhead import Letterhead
from backoffice.lib.masthead import FOOT_HEIGHT, columns, foot, masthead, running_head
from backoffice.lib.pdf import BLACK, LETTER, Paper
from inventory import expected
from inventory.models import PurchaseOrder, PurchaseOrderLine, SupplierProduct
from orders import merchant
from orders.models import Merchant

WORDS = {
    "en": {
        "title": "Purchase order", "revision": "REVISION {number}", "cancelled": "CANCELLED", "supplier": "SUPPLIER",
        "ship_to": "SHIP TO", "number": "Our order", "date": "Date", "changed": "Revision", "expected": "Expected on",
        "account": "Our account", "terms": "Terms", "currency": "Currency", "reference": "Your order", "sku": "Your no.",
        "item": "Item", "quantity": "Quantity", "price": "Unit price", "amount": "Amount", "ours": "Our no. {sku}",
        "packs": "{count} × {pack}", "gone": "Cancelled: {count}", "came": "Received: {count}", "by": "Expected on {day}",
        "total": "Total before tax ({currency})", "foot": "Purchase order {number}",
        "more": "Purchase order {number} (continued)",
        "please": "Please put our order number on the delivery note and the invoice, and tell us the day of delivery.",
    },
    "fr": {
        "title": "Bon de commande", "revision": "RÉVISION {number}", "cancelled": "ANNULÉ", "supplier": "FOURNISSEUR",
        "ship_to": "LIVRER À", "number": "Notre commande", "date": "Date", "changed": "Révision",
        "expected": "Attendue le", "account": "Notre compte", "terms": "Conditions", "currency": "Devise",
        "reference": "Votre commande", "sku": "Votre n°", "item": "Article", "quantity": "Quantité",
        "price": "Prix unitaire", "amount": "Montant", "ours": "Notre n° {sku}", "packs": "{count} × {pack}",
        "gone": "Annulé\u00a0: {count}", "came": "Reçu\u00a0: {count}", "by": "Attendu le {day}",
        "total": "Total avant taxes ({currency})", "foot": "Bon de commande {number}",
        "more": "Bon de commande {number} (suite)",
        "please": "Veuillez indiquer notre numéro de commande sur le bordereau de livraison et la facture, et nous "
        "confirmer la date de livraison.",
    },
}  # fmt: skip
SKU, QUANTITY, PRICE, AMOUNT = 88.0, 78.0, 82.0, 88.0


@dataclass(frozen=True, slots=True)
class PaperLine:
    supplier_sku: str
    sku: str
    name: str
    quantity: int
    pack: int
    price: Decimal | None
    cancelled: int
    received: int
    expected_on: date | None

    @property
    def amount(self) -> Decimal:
        return self.quantity * (self.price or Decimal(0))


@dataclass(frozen=True, slots=True)
class PurchasePaper:
    """Everything the paper says; equal ones give equal bytes."""

    letterhead: Letterhead
    number: str
    revision: int
    is_cancelled: bool
    language: str
    currency: str
    ordered_on: date
    expected_on: date | None
    supplier: tuple[str, ...]
    ship_to: tuple[str, ...]
    account: str
    terms: str
    reference: str
    note: str
    lines: tuple[PaperLine, ...]

    @property
    def total(self) -> Decimal:
        return amounts.total(amounts.rounded(line.amount, self.currency) for line in self.lines)


def of_orders(order_ids: Iterable[int]) -> dict[int, bytes]:
    """A PDF for each of these orders, as they stand now; in a constant number of statements."""
    seller = merchant.current()
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse").defer("pdf").in_bulk(list(order_ids))
    lines: dict[int, list[PurchaseOrderLine]] = {pk: [] for pk in orders}
    for line in PurchaseOrderLine.objects.filter(order__in=orders).select_related("product").order_by("position"):
        lines[line.order_id].append(line)
    packs = {
        (row.supplier_id, row.product_id): row.pack
        for row in SupplierProduct.objects.filter(
            supplier__in={order.supplier_id for order in orders.values()},
            product__in={line.product_id for of in lines.values() for line in of},
        )
    }
    return {pk: draw(paper_of(order, lines[pk], packs, seller)) for pk, order in orders.items()}


def paper_of(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], packs: dict[tuple[int, int], int], seller: Merchant
) -> PurchasePaper:
    letterhead = merchant.letterhead(seller)
    next_day = expected.next_day(order, lines)
    supplier, to = order.supplier, order.warehouse.address.splitlines()
    french = order.language == "fr"
    return PurchasePaper(
        letterhead=letterhead,
        number=order.number,
        revision=order.revision,
        is_cancelled=order.state == PurchaseOrder.State.CANCELLED,
        language=order.language,
        currency=order.currency,
        ordered_on=merchant.local_day(order.sent_at or order.created_at, seller),
        expected_on=next_day,
        supplier=(supplier.name, *_stripped(supplier.address.splitlines()), *filter(None, [supplier.email])),
        ship_to=(letterhead.name, *(_stripped(to) or letterhead.address)),
        account=supplier.account_number,
        terms=supplier.payment_terms,
        reference=order.supplier_reference,
        note=order.note,
        lines=tuple(
            PaperLine(
                supplier_sku=line.supplier_sku,
                sku=line.product.sku,
                name=", ".join(
                    filter(None, [(french and line.product.name_fr) or line.product.name, line.product.variation])
                ),
                quantity=line.ordered - line.cancelled,
                pack=packs.get((order.supplier_id, line.product_id), 1),
                price=line.unit_price,
                cancelled=line.cancelled,
                received=line.received,
                expected_on=due if line.outstanding and (due := expected.due(order, line)) != next_day else None,
            )
            for line in lines
        ),
    )


def _stripped(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line.strip() for line in lines if line.strip())


def draw(order: PurchasePaper) -> bytes:
    """US Letter; a page that goes on repeats the heads."""
    words = WORDS[order.language]
    paper = Paper(
        LETTER,
        title=words["foot"].format(number=order.number),
        author=order.letterhead.name,
        language=order.language,
        margin=36,
    )
    paper.bottom = paper.margin + FOOT_HEIGHT
    paper.begin(foot=partial(_foot, order, words), again=partial(_again, order, words))
    mark = words["revision"].format(number=order.revision) if order.revision else ""
    masthead(
        paper,
        order.letterhead,
        words["title"],
        barcode=order.number,
        mark=words["cancelled"] if order.is_cancelled else mark,
    )
    columns(paper, [(words["supplier"], order.supplier), (words["ship_to"], order.ship_to)], _facts(order, words))
    _lines(paper, order, words)
    _total(paper, order, words)
    for text in filter(None, [order.note, "" if order.is_cancelled else words["please"]]):
        paper.y -= 12
        paragraph(paper, paper.left, text, paper.right - paper.left, SMALL)
    return paper.finish()


def _facts(order: PurchasePaper, words: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (words["number"], order.number),
        (words["date"], day(order.ordered_on, order.language)),
        (words["changed"], str(order.revision) if order.revision else ""),
        (words["expected"], day(order.expected_on, order.language) if order.expected_on else ""),
        (words["reference"], order.reference),
        (words["account"], order.account),
        (words["terms"], order.terms),
        (words["currency"], currency_name(order.currency, order.language)),
    ]


def _foot(order: PurchasePaper, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{order.letterhead.name} · {words['foot'].format(number=order.number)}", order.language)


def _again(order: PurchasePaper, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(number=order.number))


def _lines(paper: Paper, order: PurchasePaper, words: dict[str, str]) -> None:
    language, currency = order.language, order.currency
    table = Table(
        paper,
        [
            Column(words["sku"], SKU),
            Column(words["item"], paper.right - paper.left - SKU - QUANTITY - PRICE - AMOUNT),
            Column(words["quantity"], QUANTITY, "right"),
            Column(words["price"], PRICE, "right"),
            Column(words["amount"], AMOUNT, "right"),
        ],
    )
    table.heading()
    for line in order.lines:
        notes = [words["ours"].format(sku=line.sku)]
        if line.expected_on and line.quantity:
            notes.append(words["by"].format(day=day(line.expected_on, language)))
        counts = []
        if line.pack > 1 and line.quantity and line.quantity % line.pack == 0:
            count = number(line.quantity // line.pack, language)
            counts.append(words["packs"].format(count=count, pack=number(line.pack, language)))
        if line.cancelled:
            counts.append(words["gone"].format(count=number(line.cancelled, language)))
        if line.received:
            counts.append(words["came"].format(count=number(line.received, language)))
        table.row(
            [
                Cell(line.supplier_sku or "–"),
                Cell(line.name, notes=tuple(notes)),
                Cell(number(line.quantity, language), BODY_BOLD, notes=tuple(counts)),
                "–" if line.price is None else money(line.price, currency, language),
                "–" if line.price is None else money(amounts.rounded(line.amount, currency), currency, language),
            ]
        )


def _total(paper: Paper, order: PurchasePaper, words: dict[str, str]) -> None:
    paper.ensure(34)
    paper.hairline(paper.right - 290, paper.right, paper.y - 8, weight=1.2, colour=BLACK)
    y = paper.y - 22
    paper.text(paper.right - 290, y, words["total"].format(currency=order.currency), 11, bold=True)
    paper.text(paper.right, y, money(order.total, order.currency, order.language), 11, bold=True, align="right")
    paper.y = y - 8
