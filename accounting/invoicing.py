"""The paid invoice: issued once when the order is paid, frozen, booked in the same transaction (rules: A1, A2)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounting import invoice_pdf, ledger, numbering, posting, taxes
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
from backoffice.lib.bulk import copy_in, give_ids
from orders import holds, merchant
from orders.models import Address, Hold, Merchant, Order, OrderCharge, OrderLine, OrderTax, Payment

SERIES = "invoice"


def issue(order_ids: Iterable[int]) -> list[Invoice]:
    """Issue and book the invoices of those of these orders that are paid and have none yet; the new ones.

    Any number in a constant number of statements. Run twice it issues nothing the second time. Orders are locked, so
    that two processes cannot both find one without an invoice.
    """
    with transaction.atomic():
        orders = list(
            Order.objects.select_for_update(of=("self",))
            .filter(pk__in=list(order_ids), paid_at__isnull=False, history=False, invoice=None)
            .select_related("billing_address", "shipping_address", "customer", "connection")
            .order_by("id")
        )
        stopped = holds.stopping((order.pk for order in orders), Hold.Stops.EVERYTHING) if orders else set()
        orders = [order for order in orders if order.pk not in stopped]
        if not orders:
            return []
        rows = _rows([order.pk for order in orders])
        seller = merchant.current()
        registered = taxes.registrations()
        series, first = numbering.draw(SERIES, len(orders))
        now = timezone.now()
        today = merchant.local_day(now, seller)
        invoices = []
        for number, order in enumerate(sorted(orders, key=lambda o: (o.paid_at or now, o.pk)), start=first):
            name = numbering.label(series, number)
            document = _document(order, rows, seller, registered, name, today)
            invoices.append(
                Invoice(
                    series_id=series.pk,
                    number=number,
                    label=name,
                    order=order,
                    issued_at=now,
                    issued_on=today,
                    language=document.language,
                    currency=order.currency,
                    total=order.total,
                    document=document.to_json(),
                )
            )
        give_ids(invoices)
        copy_in(invoices, with_ids=True)
        by_order = posting.taxes_by_order([tax for found in rows["taxes"].values() for tax in found])
        drafts = [posting.sale(order, by_order.get(order.pk, {}), today) for order in orders]
        drafts += [
            posting.payment(order, paid, by_order.get(order.pk, {}), merchant.local_day(paid.at, seller))
            for order in orders
            for paid in rows["payments"].get(order.pk, ())
        ]
        ledger.post(drafts)
    return invoices


def post_payments(order_ids: Iterable[int]) -> int:
    """Book payments and refunds that came after the invoice; how many."""
    found = list(
        Payment.objects.filter(order_id__in=list(order_ids), entries=None, order__invoice__isnull=False).select_related(
            "order"
        )
    )
    if not found:
        return 0
    by_order = posting.taxes_by_order(OrderTax.objects.filter(order_id__in={paid.order_id for paid in found}))
    seller = merchant.current()
    return ledger.post(
        posting.payment(paid.order, paid, by_order.get(paid.order_id, {}), merchant.local_day(paid.at, seller))
        for paid in found
    )


def invoiced(order_ids: Iterable[int]) -> set[int]:
    """Which of these orders have an invoice: their amounts do not change any more."""
    return set(Invoice.objects.filter(order_id__in=list(order_ids)).values_list("order_id", flat=True))


def make_pdfs(invoice_ids: Iterable[int]) -> dict[int, bytes]:
    """The PDF of each invoice: the one that is kept, or made now and kept for good with its hash."""
    made = {}
    with transaction.atomic():
        for invoice in Invoice.objects.select_for_update().filter(pk__in=list(invoice_ids)).order_by("id"):
            if invoice.pdf is None:
                invoice.pdf = invoice_pdf.draw([InvoiceDocument.from_json(invoice.document)])
                invoice.pdf_sha256 = hashlib.sha256(invoice.pdf).hexdigest()
                invoice.save(update_fields=["pdf", "pdf_sha256"])
            made[invoice.pk] = bytes(invoice.pdf)
    return made


def _rows(ids: list[int]) -> dict[str, dict[int, list[Any]]]:
    rows: dict[str, dict[int, list[Any]]] = {}
    for name, model in (("lines", OrderLine), ("charges", OrderCharge), ("taxes", OrderTax), ("payments", Payment)):
        grouped: dict[int, list[Any]] = defaultdict(list)
        order = "position" if model is OrderLine else "id"
        for row in model._default_manager.filter(order_id__in=ids).order_by("order_id", order):
            grouped[row.order_id].append(row)
        rows[name] = grouped
    return rows


def _document(
    order: Order,
    rows: dict[str, dict[int, list[Any]]],
    seller: Merchant,
    registered: dict[str, str],
    number: str,
    today: date,
) -> InvoiceDocument:
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
        customer_email=order.customer.email,
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
            for line in rows["lines"].get(order.pk, ())
            if line.ordered
        ),
        discounts=(InvoiceDiscount(amount=order.discount_total, name=order.coupons),) if order.discount_total else (),
        charges=tuple(
            InvoiceCharge(kind=charge.kind, name=charge.name, amount=charge.amount)
            for charge in rows["charges"].get(order.pk, ())
            if charge.amount or charge.kind == OrderCharge.Kind.SHIPPING
        ),
        taxes=tuple(
            InvoiceTax(name=tax.name, rate=tax.rate, amount=tax.amount, registration=registered.get(tax.code, ""))
            for tax in rows["taxes"].get(order.pk, ())
        ),
        payments=tuple(
            InvoicePayment(
                amount=paid.amount,
                paid_on=merchant.local_day(paid.at, seller),
                method=paid.method,
                reference=paid.reference,
            )
            for paid in rows["payments"].get(order.pk, ())
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
