"""Receive, its first page: which delivery is it? By its number, by one of its goods, from the list, or without any paper."""

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice.floor import codes, doors
from backoffice.floor.cards import COMING
from backoffice.floor.codes import Kind
from backoffice.floor.doors import Said, answer, screen
from inventory import expected, places
from inventory.models import PurchaseOrder, PurchaseOrderLine, Transfer

MOST_ORDERS = 50


@require_http_methods(["GET", "HEAD", "POST"])
@screen("receive")
def receive(request: HttpRequest) -> HttpResponse:
    code = (request.POST if request.method == "POST" else request.GET).get("code", "").strip()
    orders, said = _expected(), None
    if code:
        try:
            found = codes.one(code, Kind.PURCHASE, Kind.TRANSFER, Kind.PRODUCT)
        except ValueError as error:
            # The supplier's own number is all that stands on many a box.
            with_it, sku, none = _with_lines(orders, supplier_sku__iexact=code[:120]), code[:40], str(error)
        else:
            if isinstance(found.paper, PurchaseOrder):
                return doors.go(request, reverse("floor:receive_purchase", args=[found.paper.number]))
            if isinstance(found.paper, Transfer):
                return doors.go(request, reverse("floor:receive_transfer", args=[found.paper.number]))
            sku = found.product.sku if found.product else ""
            with_it = _with_lines(orders, product=found.product)
            none = _("%(sku)s is on no purchase order that is expected. Receive it without one.") % {"sku": sku}
        numbers = list(with_it.values_list("number", flat=True)[:2])
        if len(numbers) == 1:
            return doors.go(request, reverse("floor:receive_purchase", args=numbers))
        orders, said = (with_it, _which(sku)) if numbers else (orders, Said("refused", none))
    return answer(
        request, "floor/receive_which.html", _("Receive"), said=said, prompt=_("Scan the purchase order, or what came"),
        orders=orders[:MOST_ORDERS], transfers=_travelling(), warehouses=places.warehouses(),
    )  # fmt: skip


def _expected() -> QuerySet[PurchaseOrder]:
    """What is on its way, the earliest first; what has no day last."""
    coming: Any = PurchaseOrder.objects.filter(state__in=COMING).select_related("supplier", "warehouse").defer("pdf")
    return coming.annotate(next_day=expected.next_days()).order_by(F("next_day").asc(nulls_last=True), "id")


def _travelling() -> QuerySet[Transfer]:
    coming: Any = Transfer.objects.filter(state=Transfer.State.IN_TRANSIT).select_related("source", "destination")
    return coming.order_by(F("expected_on").asc(nulls_last=True), "id")[:MOST_ORDERS]


def _with_lines(orders: QuerySet[PurchaseOrder], **line: Any) -> QuerySet[PurchaseOrder]:
    """Those of which something like this is still to come."""
    return orders.filter(pk__in=PurchaseOrderLine.objects.filter(outstanding__gt=0, **line).values("order"))


def _which(sku: str) -> Said:
    return Said("ask", _("%(sku)s is on several orders. Choose one.") % {"sku": sku}, _("Which one?"))
