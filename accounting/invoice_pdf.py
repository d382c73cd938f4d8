"""The invoice on paper. Plain data in, PDF out."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from accounting.invoice_document import InvoiceDocument, InvoiceTax
from backoffice.lib.address import printed
from backoffice.lib.formats import currency_name, day, money, number, percent
from backoffice.lib.layout import BODY, BODY_BOLD, SMALL, Cell, Column, Table, paragraph, wrapped
from backoffice.lib.masthead import FOOT_HEIGHT, columns, foot, masthead, running_head
from backoffice.lib.pdf import BLACK, LETTER, Paper, Style

WORDS = {
    "en": {
        "title": "Invoice",
        "paid": "PAID",
        "bill_to": "BILL TO",
        "ship_to": "SHIP TO",
        "number": "Invoice",
        "date": "Date",
        "order": "Order",
        "store": "Store order",
        "ordered": "Ordered on",
        "reference": "Your reference",
        "currency": "Currency",
        "item": "Item",
        "quantity": "Quantity",
        "price": "Unit price",
        "amount": "Amount",
        "items": "Items",
        "discount": "Discount",
        "named": "{kind}: {name}",
        "shipping": "Shipping",
        "fee": "Fee",
        "registration": "Registration no. {number}",
        "total": "Total ({currency})",
        "payment": "Paid",
        "payment_on": "Paid on {day}",
        "refund": "Refunded",
        "refund_on": "Refunded on {day}",
        "due": "Amount due",
        "foot": "Invoice {number}",
        "more": "Invoice {number} (continued)",
    },
    "fr": {
        "title": "Facture",
        "paid": "PAYÉE",
        "bill_to": "FACTURÉ À",
        "ship_to": "LIVRÉ À",
        "number": "Facture",
        "date": "Date",
        "order": "Commande",
        "store": "Commande du magasin",
        "ordered": "Commandée le",
        "reference": "Votre référence",
        "currency": "Devise",
        "item": "Article",
        "quantity": "Quantité",
        "price": "Prix unitaire",
        "amount": "Montant",
        "items": "Articles",
        "discount": "Rabais",
        "named": "{kind}\u00a0: {name}",
        "shipping": "Livraison",
        "fee": "Frais",
        "registration": "N° d’inscription {number}",
        "total": "Total ({currency})",
        "payment": "Payé",
        "payment_on": "Payé le {day}",
        "refund": "Remboursé",
        "refund_on": "Remboursé le {day}",
        "due": "Solde à payer",
        "foot": "Facture {number}",
        "more": "Facture {number} (suite)",
    },
}
TOTAL = Style(12, 16, bold=True)
SUMS = 290.0
FIGURE, QUANTITY = 88.0, 62.0

Sum = tuple[str, tuple[str, ...], str, Style]
"""Words, smaller notes below them, the amount, and how it looks."""


def draw(invoices: Sequence[InvoiceDocument]) -> bytes:
    """One PDF, US Letter, each invoice from a page of its own; equal documents give equal bytes."""
    first = invoices[0]
    words = WORDS[first.language]
    title = words["foot"].format(number=first.number) if len(invoices) == 1 else words["title"]
    paper = Paper(LETTER, title=title, author=first.merchant.name, language=first.language, margin=36)
    paper.bottom = paper.margin + FOOT_HEIGHT
    for invoice in invoices:
        words = WORDS[invoice.language]
        paper.begin(foot=partial(_foot, invoice, words), again=partial(_again, invoice, words))
        masthead(paper, invoice.merchant, words["title"], mark=words["paid"] if invoice.is_paid else "")
        _facts(paper, invoice, words)
        _lines(paper, invoice, words)
        _sums(paper, amounts(invoice, words) + payments(invoice, words))
        if invoice.note:
            paper.y -= 16
            paragraph(paper, paper.left, invoice.note, paper.right - paper.left, SMALL)
    return paper.finish()


def _foot(invoice: InvoiceDocument, words: dict[str, str], paper: Paper) -> None:
    foot(paper, f"{invoice.merchant.name} · {words['foot'].format(number=invoice.number)}", invoice.language)


def _again(invoice: InvoiceDocument, words: dict[str, str], paper: Paper) -> None:
    running_head(paper, words["more"].format(number=invoice.number))


def _facts(paper: Paper, invoice: InvoiceDocument, words: dict[str, str]) -> None:
    merchant, language = invoice.merchant, invoice.language
    bill_to = printed(invoice.bill_to, home=merchant.country, language=merchant.language)
    blocks = [(words["bill_to"], (*bill_to, *filter(None, (invoice.customer_email,))))]
    if invoice.ship_to:
        blocks.append((words["ship_to"], printed(invoice.ship_to, home=merchant.country, language=merchant.language)))
    columns(
        paper,
        blocks,
        [
            (words["number"], invoice.number),
            (words["date"], day(invoice.issued_on, language)),
            (words["order"], invoice.order_number),
            (words["store"], " · ".join(filter(None, (invoice.store_number, invoice.store_name)))),
            (words["ordered"], day(invoice.ordered_on, language) if invoice.ordered_on else ""),
            (words["reference"], invoice.customer_reference),
            (words["currency"], currency_name(invoice.currency, language)),
        ],
    )


def _lines(paper: Paper, invoice: InvoiceDocument, words: dict[str, str]) -> None:
    language, currency = invoice.language, invoice.currency
    table = Table(
        paper,
        [
            Column(words["item"], paper.right - paper.left - QUANTITY - 2 * FIGURE),
            Column(words["quantity"], QUANTITY, "right"),
            Column(words["price"], FIGURE, "right"),
            Column(words["amount"], FIGURE, "right"),
        ],
    )
    table.heading()
    for line in invoice.lines:
        notes = tuple(filter(None, (line.variation, line.sku)))
        table.row(
            [
                Cell(line.name, notes=notes),
                number(line.quantity, language),
                money(_shown_price(line.unit_price), currency, language),
                money(line.amount, currency, language),
            ]
        )


def _shown_price(price: Decimal) -> Decimal:
    """A third of a dollar has no end: four decimals are enough to read, the amount beside it is exact."""
    return price.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def amounts(invoice: InvoiceDocument, words: dict[str, str]) -> list[Sum]:
    language, currency = invoice.language, invoice.currency
    sums: list[Sum] = [(words["items"], (), money(invoice.items, currency, language), BODY)]
    for discount in invoice.discounts:
        sums.append((_named(words, "discount", discount.name), (), money(-discount.amount, currency, language), BODY))
    for charge in invoice.charges:
        sums.append((_named(words, charge.kind, charge.name), (), money(charge.amount, currency, language), BODY))
    for tax in invoice.taxes:
        notes = (words["registration"].format(number=tax.registration),) if tax.registration else ()
        sums.append((_tax(tax, language), notes, money(tax.amount, currency, language), BODY))
    sums.append((words["total"].format(currency=currency), (), money(invoice.total, currency, language), TOTAL))
    return sums


def _named(words: dict[str, str], kind: str, name: str) -> str:
    if not name or name.casefold() == words[kind].casefold():
        return words[kind]
    return words["named"].format(kind=words[kind], name=name)


def _tax(tax: InvoiceTax, language: str) -> str:
    if tax.rate is None:
        return tax.name
    rate = percent(tax.rate, language)
    # A store's own name often holds the rate already: "QST 9.975%", "TVQ 9,975 %".
    name = "".join(tax.name.split()).replace(",", ".")
    return tax.name if percent(tax.rate, "en") in name else f"{tax.name} ({rate})"


def payments(invoice: InvoiceDocument, words: dict[str, str]) -> list[Sum]:
    language, currency = invoice.language, invoice.currency
    sums: list[Sum] = []
    for payment in invoice.payments:
        kind = "refund" if payment.amount < 0 else "payment"
        said = words[f"{kind}_on"].format(day=day(payment.paid_on, language)) if payment.paid_on else words[kind]
        notes = tuple(filter(None, (payment.method, payment.reference)))
        sums.append((said, notes, money(-payment.amount, currency, language), BODY))
    sums.append((words["due"], (), money(invoice.total - invoice.paid, currency, language), BODY_BOLD))
    return sums


def _sums(paper: Paper, sums: Sequence[Sum]) -> None:
    """Under the amounts' column, on one page if it can be: a total alone on a sheet proves nothing."""
    left = paper.right - SUMS
    room = SUMS - FIGURE
    laid = []
    for words, notes, amount, style in sums:
        lines = [(line, style) for line in wrapped(words, room, style.size, style.bold)]
        lines += [(line, SMALL) for note in notes for line in wrapped(note, room, SMALL.size)]
        laid.append((lines, amount, style, sum(used.leading for _, used in lines) + 5))
    paper.y -= 6
    whole = sum(high for *_, high in laid) + 12
    if whole <= paper.top - paper.bottom - 40:
        paper.ensure(whole)
    for lines, amount, style, high in laid:
        paper.ensure(high)
        if style is TOTAL:
            paper.hairline(left, paper.right, paper.y - 1, weight=1.2, colour=BLACK)
            paper.y -= 4
        y = paper.y
        paper.text(paper.right, y - 0.76 * style.leading - 2, amount, style.size, bold=style.bold, align="right")
        for line, used in lines:
            paper.text(left, y - 0.76 * used.leading - 2, line, used.size, bold=used.bold, colour=used.colour)
            y -= used.leading
        paper.y -= high
        if style is TOTAL:
            paper.hairline(left, paper.right, paper.y + 1, weight=0.4, colour=BLACK)
            paper.y -= 2
