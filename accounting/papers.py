"""The invoices of many orders in one PDF: the kept papers themselves, page by page, never drawn anew (rule: A2)."""

from collections.abc import Sequence
from io import BytesIO
from threading import Lock

import pypdfium2

from accounting import invoicing
from accounting.models import Invoice
from orders.models import Order

# PDFium may be used by one thread at a time.
_ONE_AT_A_TIME = Lock()


class NotInvoiced(Exception):
    """An order has no invoice yet; the message names it and says when it will have one."""


def invoices(order_ids: Sequence[int]) -> tuple[bytes, list[str]]:
    """One PDF of these orders' invoices and the invoices' numbers, in the orders' order; a PDF not yet made is made."""
    found = dict(Invoice.objects.filter(order_id__in=order_ids).values_list("order_id", "pk"))
    missing = Order.objects.filter(pk__in=set(order_ids) - set(found)).order_by("id")
    if numbers := list(missing.values_list("number", flat=True)):
        raise NotInvoiced(
            f"There is no invoice yet for order {', '.join(numbers)}. "
            "It is issued by itself when the order is paid and nothing holds it; leave it out until then."
        )
    ids = [found[pk] for pk in order_ids if pk in found]
    kept = invoicing.make_pdfs(ids)
    labels = dict(Invoice.objects.filter(pk__in=ids).values_list("pk", "label"))
    return joined([kept[pk] for pk in ids]), [labels[pk] for pk in ids]


def joined(papers: Sequence[bytes]) -> bytes:
    """The pages of several PDFs, one after the other; a single one is left as it is, to the byte."""
    if len(papers) == 1:
        return papers[0]
    with _ONE_AT_A_TIME:
        whole = pypdfium2.PdfDocument.new()
        try:
            for paper in papers:
                part = pypdfium2.PdfDocument(paper)
                whole.import_pages(part)
                part.close()
            out = BytesIO()
            whole.save(out)
        finally:
            whole.close()
    return out.getvalue()
