"""Who got a lot, as rows of a file and as data of the paper."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from inventory.models import Lot
from orders import merchant
from orders.models import Merchant
from shipping import lot_trace, recall_paper
from shipping.lot_trace import Came, Got

MOST_ON_PAPER = 2_000
"""Customers in one PDF: some hundred pages; more are in the file."""
HEADINGS = (
    "sku", "lot", "order", "store", "store_order", "customer", "company", "email", "phone", "language", "city", "province",
    "country", "parcel", "shipped_on", "units", "returned", "still_there",
)  # fmt: skip


def rows(lot: Lot) -> Iterator[list[Any]]:
    """Everybody who got it, under HEADINGS."""
    seller = merchant.current()
    for one in lot_trace.got(lot):
        order, place = one.order, one.order.shipping_address
        yield [
            lot.product.sku, lot.code, order.number, order.connection.name, order.external_number,
            order.customer.name or place.name, order.customer.company or place.company, order.mail_to, one.phone,
            order.language, place.city, place.province, place.country, one.parcel, merchant.local_day(one.at, seller),
            one.units, one.returned, one.kept,
        ]  # fmt: skip


def pdf(lot: Lot) -> bytes:
    """The recall list on paper, in the merchant's language."""
    seller = merchant.current()
    found, more = lot_trace.first_got(lot, MOST_ON_PAPER)
    french = seller.language == "fr"
    return recall_paper.draw(
        recall_paper.RecallData(
            merchant=merchant.letterhead(seller),
            lot=lot.code,
            sku=lot.product.sku,
            name=(french and lot.product.name_fr) or lot.product.name,
            today=merchant.local_day(timezone.now(), seller),
            came=tuple(_came(one, lot, seller) for one in lot_trace.came(lot)),
            lying=tuple((spot.place.in_full, spot.units) for spot in lot_trace.lying(lot)),
            got=tuple(_got(one, seller) for one in found),
            language=seller.language,
            expires_on=lot.expires_on,
            recalled_on=merchant.local_day(lot.recalled_at, seller) if lot.recalled_at else None,
            reason=lot.recall_note,
            left_out=more,
        )
    )


def _came(one: Came, lot: Lot, seller: Merchant) -> recall_paper.CameLine:
    supplier = one.purchase.supplier if one.purchase else lot.supplier
    return recall_paper.CameLine(
        on=merchant.local_day(one.movement.at, seller),
        units=one.movement.quantity,
        reason=one.movement.reason,
        supplier=supplier.name if supplier else "",
        paper=" · ".join(filter(None, [one.purchase.number if one.purchase else "", one.delivery_note])),
        place=one.movement.location.in_full,
    )


def _got(one: Got, seller: Merchant) -> recall_paper.GotLine:
    order, place = one.order, one.order.shipping_address
    contacts = (order.customer.company or place.company, one.phone, order.mail_to, place.city)
    return recall_paper.GotLine(
        order=order.number,
        store=" ".join(filter(None, [order.connection.name, order.external_number])),
        customer=order.customer.name or place.name or str(order.customer),
        contacts=tuple(filter(None, contacts)),
        on=merchant.local_day(one.at, seller),
        units=one.units,
        returned=one.returned,
        parcel=one.parcel,
    )
