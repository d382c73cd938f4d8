"""The slip that goes with goods back to their supplier, in the supplier's language; without amounts."""

from functools import partial

from backoffice.lib.formats import day, number
from backoffice.lib.layout import BODY_BOLD, SMALL, Cell, Column, Table, paragraph
from backoffice.lib.masthead import FOOT_HEIGHT, columns, foot, masthead, running_head
from backoffice.lib.pdf import LETTER, Paper
from inventory.models import SupplierProduct, SupplierReturn
from orders import merchant

WORDS = {
    "en": {
        "title": "Return to supplier", "to": "TO", "from": "FROM", "number": "Our return", "date": "Date",
        "order": "Our order", "reference": "Your RMA", "account": "Our account", "sku": "Your no.", "item": "Item",
        "ours": "Our no. {sku}", "lot": "Lot {lot}", "quantity": "Quantity", "why": "Why it goes back: {reason}",
        "please": "Please credit these goods and tell us the number of the credit note.", "foot": "Return {number}",
        "more": "Return {number} (continued)",
    },
    "fr": {
        "title": "Retour au fournisseur", "to": "À", "from": "DE", "number": "Notre retour", "date": "Date",
        "order": "Notre commande", "reference": "Votre n° RMA", "account": "Notre compte", "sku": "Votre n°",
        "item": "Article", "ours": "Notre n° {sku}", "lot": "Lot {lot}", "quantity": "Quantité",
        "why": "Motif du retour\u00a0: {reason}",
        "please": "Veuillez créditer ces marchandises et nous indiquer le numéro de la note de crédit.",
        "foot": "Retour {number}", "more": "Retour {number} (suite)",
    },
}  # fmt: skip


def of_return(going_back: SupplierReturn) -> bytes:
    """The slip as the return stands now."""
    supplier = going_back.supplier
    words, language = WORDS[supplier.language], supplier.language
    seller = merchant.current()
    letterhead = merchant.letterhead(seller)
    lines = list(going_back.lines.select_related("product", "lot").order_by("id"))
    theirs = dict(
        SupplierProduct.objects.filter(supplier=supplier, product__in=[line.product_id for line in lines]).values_list(
            "product_id", "supplier_sku"
        )
    )
    paper = Paper(
        LETTER,
        title=words["foot"].format(number=going_back.number),
        author=letterhead.name,
        language=language,
        margin=36,
    )
    paper.bottom = paper.margin + FOOT_HEIGHT
    name = words["foot"].format(number=going_back.number)
    paper.begin(
        foot=partial(foot, left=f"{letterhead.name} · {name}", language=language),
        again=partial(running_head, text=words["more"].format(number=going_back.number)),
    )
    masthead(paper, letterhead, words["title"], barcode=going_back.number)
    address = tuple(line.strip() for line in supplier.address.splitlines() if line.strip())
    columns(
        paper,
        [(words["to"], (supplier.name, *address)), (words["from"], (letterhead.name, *letterhead.address))],
        [
            (words["number"], going_back.number),
            (words["date"], day(merchant.local_day(going_back.sent_at or going_back.created_at, seller), language)),
            (words["order"], going_back.order.number if going_back.order else ""),
            (words["reference"], going_back.supplier_reference),
            (words["account"], supplier.account_number),
        ],
    )
    room = paper.right - paper.left
    table = Table(
        paper, [Column(words["sku"], 110), Column(words["item"], room - 190), Column(words["quantity"], 80, "right")]
    )
    table.heading()
    for line in lines:
        product = line.product
        title = (language == "fr" and product.name_fr) or product.name
        notes = [words["ours"].format(sku=product.sku)]
        if line.lot:
            notes.append(words["lot"].format(lot=line.lot.code))
        named = ", ".join(filter(None, [title, product.variation]))
        table.row(
            [
                theirs.get(line.product_id) or "–",
                Cell(named, notes=tuple(notes)),
                Cell(number(line.quantity, language), BODY_BOLD),
            ]
        )
    for text in (words["why"].format(reason=going_back.reason), words["please"]):
        paper.y -= 12
        paragraph(paper, paper.left, text, room, BODY_BOLD if text != words["please"] else SMALL)
    return paper.finish()
