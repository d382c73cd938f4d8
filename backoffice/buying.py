"""What is ordered from suppliers: sent, changed, confirmed, cancelled; the supplier is told, and who waits gets a new date.

The states and quantities are kept by `inventory.purchasing`; goods that come are `backoffice.receiving`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import purchase_paper
from backoffice.lib.working_days import Calendar
from backoffice.sync import connections, deliveries
from inventory import purchasing
from inventory.models import PurchaseOrder, PurchaseOrderLine, SupplierProduct
from inventory.purchasing import Change, Wanted
from orders import merchant, promises

TOPIC = "purchase_order"


def send(order_id: int, *, by_hand: bool = False) -> PurchaseOrder:
    """The draft goes to its supplier: by mail, or `by_hand` as a printed sheet, kept as it was.

    Without a day of its own it is expected after the supplier's lead time in working days; so are its lines.
    """
    with transaction.atomic():
        order, lines = purchasing.lock(order_id)
        seller = merchant.current()
        if order.currency != seller.currency and order.rate == 1:
            raise ValueError(
                _("Say first what one %(theirs)s is worth in %(ours)s; the goods are valued by it.")
                % {"theirs": order.currency, "ours": seller.currency}
            )
        if not by_hand and not order.supplier.email:
            raise ValueError(
                _("%(name)s has no mail address. Add one, or print the order and mark it as sent.")
                % {"name": order.supplier.name}
            )
        now = timezone.now()
        whole, each = _lead_times(order, lines, merchant.local_day(now, seller))
        purchasing.sent(order, lines, at=now, expected_on=whole, line_dates=each)
        _told(order, by_hand=by_hand)
        promises.refresh_products({line.product_id for line in lines})
    return order


def _lead_times(
    order: PurchaseOrder, lines: Sequence[PurchaseOrderLine], today: date
) -> tuple[date | None, dict[int, date]]:
    """When the order comes by the supplier's lead time, and lines whose product has another."""
    calendar = Calendar(order.supplier.holiday_region)
    usual = order.supplier.lead_time_days
    own = dict(
        SupplierProduct.objects.filter(
            supplier=order.supplier_id, product__in={line.product_id for line in lines}, lead_time_days__isnull=False
        ).values_list("product_id", "lead_time_days")
    )
    whole = None if usual is None else calendar.add(today, usual)
    each = {
        line.pk: calendar.add(today, days)
        for line in lines
        if (days := own.get(line.product_id)) is not None and days != usual
    }
    return whole, each


def _told(order: PurchaseOrder, *, by_hand: bool = False) -> None:
    """The supplier hears of the order as it stands; without an address the sheet to be printed is kept."""
    if by_hand or not order.supplier.email:
        PurchaseOrder.objects.filter(pk=order.pk).update(pdf=purchase_paper.of_orders([order.pk])[order.pk])
    else:
        deliveries.want([(connections.own("mail")["mail"].pk, TOPIC, order.pk)])


def send_again(order_id: int) -> PurchaseOrder:
    """The mail is wanted once more, though nothing changed: the supplier says that it never came."""
    order = PurchaseOrder.objects.select_related("supplier").get(pk=order_id)
    if order.sent_at is None:
        raise ValueError(_("%(number)s was not sent yet.") % {"number": order.number})
    if not order.supplier.email:
        raise ValueError(_("%(name)s has no mail address. Add one first.") % {"name": order.supplier.name})
    deliveries.want([(connections.own("mail")["mail"].pk, TOPIC, order.pk)])
    return order


def change(
    order_id: int,
    changes: Sequence[Change] = (),
    added: Sequence[Wanted] = (),
    *,
    removed: Iterable[int] = (),
    **header: Any,
) -> bool:
    """Lines and header say something else; after sending the supplier gets the new revision. Whether anything changed."""
    removed = set(removed)
    with transaction.atomic():
        changed = purchasing.change(order_id, changes, added, **header)
        if removed:
            purchasing.remove(order_id, removed)
        if changed:
            _revised(order_id)
    return changed or bool(removed)


def confirm(
    order_id: int, *, reference: str = "", dates: Mapping[int, date] | None = None, whole: date | None = None
) -> PurchaseOrder:
    """The supplier says when lines come, or the `whole` order; who waits for them gets a new date."""
    with transaction.atomic():
        at = timezone.now().astimezone(ZoneInfo(merchant.current().time_zone))
        order = purchasing.confirm(order_id, reference=reference, dates=dates or {}, whole=whole, at=at)
        promises.refresh_products(order.lines.values_list("product_id", flat=True))
    return order


def cancel_rest(order_id: int, line_ids: Iterable[int] | None = None, *, tell: bool = True) -> int:
    """What has not come will not come, of some lines or of all; how many units. The supplier is told, if wanted."""
    with transaction.atomic():
        rest = purchasing.cancel_rest(order_id, line_ids)
        if not rest:
            raise ValueError(_("Nothing is left to cancel: all of it came, or it was cancelled before."))
        if tell:
            _revised(order_id)
        promises.refresh_products({line.product_id for line in rest})
    return sum(rest.values())


def _revised(order_id: int) -> None:
    order = PurchaseOrder.objects.select_related("supplier").get(pk=order_id)
    if order.sent_at is None:
        return
    _told(order)
    promises.refresh_products(order.lines.values_list("product_id", flat=True))


def total(lines: Iterable[PurchaseOrderLine]) -> Decimal:
    """What the lines come to in the order's currency, without what is cancelled; not rounded."""
    return sum(map(purchasing.worth, lines), Decimal(0))
