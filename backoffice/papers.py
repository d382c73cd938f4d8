"""The papers of orders by kind: the one door for the command, the pages and the API."""

from collections.abc import Sequence
from typing import Literal

from django.utils import timezone

from accounting import papers as billing
from backoffice import journey
from orders import merchant
from orders.models import Order
from shipping import papers as warehouse
from shipping.models import Shipment

Kind = Literal["slip", "label", "invoice", "picklist"]
KINDS: tuple[Kind, ...] = ("slip", "label", "invoice", "picklist")
PERMISSIONS: dict[Kind, str] = {
    "slip": "shipping.view_shipment",
    "label": "shipping.view_shipment",
    "picklist": "shipping.view_shipment",
    "invoice": "accounting.view_invoice",
}
"""Which permission opens a paper: an invoice shows money, the others none."""
MOST = 500
"""Orders in one PDF: more would keep others waiting, and nobody carries it from the printer."""


class PaperError(Exception):
    """The paper cannot be made; the message is a sentence that says why and what to do."""


def paper(
    kind: Kind,
    order_ids: Sequence[int] = (),
    *,
    shipment_ids: Sequence[int] = (),
    language: str = "en",
    printed_by: str = "",
) -> tuple[bytes, str]:
    """The PDF of these orders' papers, and the name of its file. `shipment_ids` are parcels, for slips and labels.

    `language` is the staff's own, for the pick list; what customers get is in theirs.
    """
    orders, shipments = list(dict.fromkeys(order_ids)), list(dict.fromkeys(shipment_ids))
    if kind not in KINDS:
        raise PaperError(f"There is no paper called “{kind}”. Choose one of {', '.join(KINDS)}.")
    if not orders and not shipments:
        raise PaperError("Choose at least one order.")
    if orders and shipments:
        raise PaperError("Choose orders or parcels, not both at once.")
    if len(orders) + len(shipments) > MOST:
        raise PaperError(f"{len(orders) + len(shipments)} at once is too many: print at most {MOST} at a time.")
    names = _names(orders, shipments)
    try:
        if kind == "slip":
            content = warehouse.slips(orders) if orders else warehouse.slips_for_shipments(shipments)
        elif kind == "label":
            content = warehouse.labels(orders) if orders else warehouse.labels_for_shipments(shipments)
        elif shipments:
            raise PaperError("Invoices and pick lists are of orders, not of parcels.")
        elif kind == "picklist":
            journey.to_pick(orders)
            content = warehouse.pick_list(orders, language=language, printed_by=printed_by)
        else:
            content, names = billing.invoices(orders)
    except (warehouse.NothingToPrint, billing.NotInvoiced) as problem:
        raise PaperError(str(problem)) from None
    return content, _file_name(kind, names)


def _names(order_ids: Sequence[int], shipment_ids: Sequence[int]) -> list[str]:
    """The numbers, in the order asked for. PaperError where one does not exist."""
    if order_ids:
        known = dict(Order.objects.filter(pk__in=order_ids).values_list("pk", "number"))
        what = "order"
    else:
        known = dict(Shipment.objects.filter(pk__in=shipment_ids).values_list("pk", "number"))
        what = "parcel"
    unknown = [str(pk) for pk in (*order_ids, *shipment_ids) if pk not in known]
    if unknown:
        raise PaperError(
            f"There is no {what} {', '.join(unknown)} here any more. Go back to the list and choose again."
        )
    return [known[pk] for pk in (*order_ids, *shipment_ids)]


def _file_name(kind: Kind, names: Sequence[str]) -> str:
    if len(names) == 1 and kind != "picklist":
        return f"{kind}-{names[0]}.pdf"
    now = timezone.now()
    today = merchant.local_day(now, merchant.current())
    return f"{kind}s-{today.isoformat()}.pdf" if kind != "picklist" else f"picklist-{today.isoformat()}.pdf"
