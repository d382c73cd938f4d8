"""The paid invoice: issued once when the order is paid, frozen, booked in the same transaction (rules: A1, A2)."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from accounting import chart, invoice_pdf, ledger, numbering, posting, taxes
from accounting.invoice_document import (
    InvoiceCharge,
    InvoiceDiscount,
    InvoiceDocument,
    InvoiceLine,
    InvoicePayment,
    InvoiceTax,
)
from accounting.models import Invoice
from backoffice.lib.address import PostalAddress
from backoffice.lib.bulk import copy_in, draft, give_ids
from orders import holds, merchant
from orders.drafts import NewOrder, OrderRows
from orders.models import Address, Hold, Merchant, Order, OrderCharge, OrderLine, OrderTax, Payment

SERIES = "invoice"


def issue(order_ids: Iterable[int]) -> list[Invoice]:
    """Issue and book the invoices of those of these orders that are paid and have none yet; the new ones.

    Any number in a constant number of statements. Run twice it issues nothing the second time. Orders are locked, so
    that two processes cannot both find one without an invoice.
    """
    with transaction.atomic():
        orders = list(
            Order.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=list(order_ids), paid_at__isnull=False, history=False, invoice=None)
            .select_related("billing_address", "shipping_address", "customer", "connection")
            .order_by("id")
        )
        if not orders:
            return []
        ids = [order.pk for order in orders]
        # Asked again now that they are locked: whoever held them meanwhile may have issued.
        done = invoiced(ids) | holds.stopping(ids, Hold.Stops.EVERYTHING)
        return _issue(_with_rows([order for order in orders if order.pk not in done]))


def issue_new(new: Iterable[NewOrder]) -> list[Invoice]:
    """The same for orders about to be written in this transaction: their rows are at hand, nobody else knows them."""
    ready = [
        one
        for one in new
        if one.order.paid_at and not one.order.history and all(h.stops != Hold.Stops.EVERYTHING for h in one.found)
    ]
    return _issue(ready, first_time=True)


def _issue(ready: Sequence[OrderRows], *, first_time: bool = False) -> list[Invoice]:
    if not ready:
        return []
    seller = merchant.current()
    registered = taxes.registrations()
    series, first = numbering.draw(SERIES, len(ready))
    now = timezone.now()
    today = merchant.local_day(now, seller)
    invoices, drafts = [], []
    for number, rows in enumerate(sorted(ready, key=lambda r: (r.order.paid_at or now, r.order.pk)), start=first):
        order = rows.order
        name = numbering.label(series, number)
        invoice = draft(
            Invoice,
            series_id=series.pk,
            number=number,
            label=name,
            order_id=order.pk,
            issued_at=now,
            issued_on=today,
            language=order.language,
            currency=order.currency,
            total=order.total,
            document=_document(rows, seller, registered, name, today).to_json(),
        )
        invoice.order = order
        invoices.append(invoice)
        by_code = posting.taxes_by_order(rows.taxes).get(order.pk, {})
        drafts.append(posting.sale(order, by_code, merchant.local_day(order.paid_at or now, seller)))
        drafts += [posting.payment(order, paid, by_code, merchant.local_day(paid.at, seller)) for paid in rows.payments]
    give_ids(invoices)
    copy_in(invoices, with_ids=True)
    ledger.post(drafts, first_time=first_time)
    return invoices


@transaction.atomic
def post_payments(order_ids: Iterable[int]) -> int:
    """Book payments and refunds that came after the invoice, and the tax of refunds that was said later; how many."""
    # Locked, so that of two processes the later one finds the entry that the other has made, by its key.
    of_invoiced = (
        Payment.objects.select_for_update(of=("self",), no_key=True)
        .filter(order_id__in=list(order_ids), order__invoice__isnull=False)
        .select_related("order")
        .order_by("id")
    )
    found = list(of_invoiced.filter(entries=None))
    taxed = list(
        of_invoiced.filter(tax__lt=0, entries__isnull=False).exclude(
            entries__lines__account__code__in=chart.TAX_ACCOUNTS
        )
    )
    if not found and not taxed:
        return 0
    orders = {paid.order_id for paid in found + taxed}
    by_order = posting.taxes_by_order(OrderTax.objects.filter(order_id__in=orders))
    seller = merchant.current()
    drafts = [
        booked(paid.order, paid, by_order.get(paid.order_id, {}), merchant.local_day(paid.at, seller))
        for payments, booked in ((found, posting.payment), (taxed, posting.refund_tax))
        for paid in payments
    ]
    return ledger.post(drafts)


def invoiced(order_ids: Iterable[int]) -> set[int]:
    """Which of these orders have an invoice: their amounts do not change any more."""
    return set(Invoice.objects.filter(order_id__in=list(order_ids)).values_list("order_id", flat=True))


def make_pdfs(invoice_ids: Iterable[int]) -> dict[int, bytes]:
    """The PDF of each invoice: the one that is kept, or made now and kept for good with its hash."""
    made, fresh = {}, []
    with transaction.atomic():
        for invoice in Invoice.objects.select_for_update().filter(pk__in=list(invoice_ids)).order_by("id"):
            if invoice.pdf is None:
                invoice.pdf = invoice_pdf.draw([InvoiceDocument.from_json(invoice.document)])
                invoice.pdf_sha256 = hashlib.sha256(invoice.pdf).hexdigest()
                fresh.append(invoice)
            made[invoice.pk] = bytes(invoice.pdf)
        Invoice.objects.bulk_update(fresh, ["pdf", "pdf_sha256"], batch_size=200)
    return made


def _with_rows(orders: Sequence[Order]) -> list[OrderRows]:
    found = {order.pk: OrderRows(order) for order in orders}
    ids = list(found)
    for line in OrderLine.objects.filter(order_id__in=ids).order_by("order_id", "position"):
        found[line.order_id].lines.append(line)
    for charge in OrderCharge.objects.filter(order_id__in=ids).order_by("id"):
        found[charge.order_id].charges.append(charge)
    for tax in OrderTax.objects.filter(order_id__in=ids).order_by("id"):
        found[tax.order_id].taxes.append(tax)
    for payment in Payment.objects.filter(order_id__in=ids).order_by("id"):
        found[payment.order_id].payments.append(payment)
    return list(found.values())


def _document(
    rows: OrderRows, seller: Merchant, registered: dict[str, str], number: str, today: date
) -> InvoiceDocument:
    order = rows.order
    billing, shipping = _postal(order.billing_address), _postal(order.shipping_address)
    return InvoiceDocument(
        number=number,
        issued_on=today,
        currency=order.currency,
        merchant=merchant.letterhead(seller),
        order_number=order.number,
        store_number=order.external_number,
        store_name=order.connection.name,
        ordered_on=merchant.local_day(order.placed_at, seller),
        customer_email=order.mail_to,
        language=order.language,
        bill_to=billing,
        ship_to=shipping if shipping != billing else None,
        total=order.total,
        lines=tuple(
            InvoiceLine(
                name=line.name,
                sku=line.sku,
                variation=line.variation,
                quantity=line.ordered,
                unit_price=line.unit_price.normalize(),
                amount=line.gross,
            )
            for line in rows.lines
            if line.ordered
        ),
        discounts=(InvoiceDiscount(amount=order.discount_total, name=order.coupons),) if order.discount_total else (),
        charges=tuple(
            InvoiceCharge(kind=charge.kind, name=charge.name, amount=charge.amount)
            for charge in rows.charges
            if charge.amount or charge.kind == OrderCharge.Kind.SHIPPING
        ),
        taxes=tuple(
            InvoiceTax(name=tax.name, rate=tax.rate, amount=tax.amount, registration=registered.get(tax.code, ""))
            for tax in rows.taxes
        ),
        payments=tuple(
            InvoicePayment(
                amount=paid.amount,
                paid_on=merchant.local_day(paid.at, seller),
                method=paid.method,
                reference=paid.reference,
            )
            for paid in rows.payments
            if paid.amount > 0
        ),
    )


def _postal(address: Address) -> PostalAddress:
    return PostalAddress(
        name=address.name,
        company=address.company,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        province=address.province,
        postal_code=address.postal_code,
        country=address.country,
        phone=address.phone,
    )
