"""The staff's pages on goods that go back to their suppliers: the list, a new one, and its page with buttons."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backoffice import desk, return_paper, sending_back
from backoffice.sync.models import Delivery
from inventory import lots, supplier_returns
from inventory.admin import typed
from inventory.admin.paper_filters import MadeFilter
from inventory.admin.purchase_page import DELIVERY_TONES
from inventory.import_export import SupplierReturnExchange
from inventory.models import (
    GoodsReceiptLine,
    Location,
    Product,
    PurchaseOrder,
    StockLevel,
    Supplier,
    SupplierReturn,
)
from inventory.supplier_returns import Going
from orders import merchant

State = SupplierReturn.State
TONES: dict[str, str] = {State.DRAFT: "quiet", State.SENT: "info", State.CREDITED: "good", State.CANCELLED: "quiet"}
ROWS = 4


@admin.register(SupplierReturn)
class SupplierReturnAdmin(SupplierReturnExchange, desk.DeskAdmin):
    list_display = ("number", "supplier", "shown_state", "shown_made", "shown_units", "reason", "supplier_reference")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("supplier", RelatedDropdownFilter),
        ("created_at", MadeFilter),
    )
    list_select_related = ("supplier",)
    search_fields = (
        "=number", "=lines__product__sku", "=order__number", "number", "supplier_reference", "supplier__name",
    )  # fmt: skip
    search_help_text = gettext_lazy("Number, the supplier's number, supplier, SKU or purchase order")
    sortable_by = ()
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierReturn]:
        return super().get_queryset(request).annotate(units=Sum("lines__quantity"))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:return_id>/do/<slug:name>/", guard(press), name="inventory_supplierreturn_do"),
            path("<int:return_id>/pdf/", guard(paper), name="inventory_supplierreturn_pdf"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        desk.must(request, "inventory.add_supplierreturn")
        return new(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        desk.must(request, "inventory.view_supplierreturn")
        if not desk.is_number(object_id):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return page(request, int(object_id))

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, going_back: SupplierReturn) -> Any:
        return desk.badge(going_back.get_state_display(), TONES[going_back.state])

    @admin.display(description=gettext_lazy("made"))
    def shown_made(self, going_back: SupplierReturn) -> str:
        return date_format(localtime(going_back.created_at), "j M Y")

    @admin.display(description=gettext_lazy("units"))
    def shown_units(self, going_back: Any) -> int:
        return int(going_back.units or 0)


def new(request: HttpRequest) -> HttpResponse:
    """From where, what, how many, and why."""
    made: list[SupplierReturn] = []
    if request.method == "POST" and desk.press(request, lambda: _draft(request, made)):
        return HttpResponseRedirect(reverse("admin:inventory_supplierreturn_change", args=[made[0].pk]))
    asked = request.GET.get("order", "")
    order = PurchaseOrder.objects.filter(pk=asked).defer("pdf").first() if desk.is_number(asked) else None
    rows = typed.rows(request, "product", "units", "lot", "credit")
    return desk.page(
        request,
        "admin/inventory/supplier_return/new.html",
        _("Send goods back to a supplier"),
        suppliers=list(Supplier.objects.filter(archived_at=None)),
        supplier=request.POST.get("supplier") or (str(order.supplier_id) if order else ""),
        order=order,
        order_number=request.POST.get("order", order.number if order else ""),
        locations=list(_places().filter(archived_at=None).select_related("warehouse")),
        location=request.POST.get("location", _lies_in(order) if order else ""),
        reason=request.POST.get("reason", ""),
        reference=request.POST.get("reference", ""),
        once=request.POST.get("once") or desk.once(),
        rows=[*rows, *[("", "", "", "")] * max(ROWS - len(rows), 1)],
        sees_costs=request.user.has_perm("inventory.see_costs"),
        follows_lots=lots.followed(),
    )


def _places() -> QuerySet[Location]:
    """Where goods can be taken from: what is on its way between warehouses is in nobody's hands."""
    return Location.objects.exclude(kind=Location.Kind.TRANSIT)


def _draft(request: HttpRequest, made: list[SupplierReturn]) -> str:
    supplier, place = typed.chosen(request, "supplier"), typed.chosen(request, "location")
    if not Supplier.objects.filter(pk=supplier).exists() or not _places().filter(pk=place).exists():
        raise ValueError(_("Choose the supplier, and the place in which the goods lie."))
    number = request.POST.get("order", "").strip()
    order = PurchaseOrder.objects.filter(number__iexact=number).defer("pdf").first() if number else None
    if number and order is None:
        raise ValueError(_("There is no purchase order %(number)s.") % {"number": number[:40]})
    sees_costs = request.user.has_perm("inventory.see_costs")
    prices = _prices(order) if order else {}
    lines = []
    for code, units, lot_code, credit in typed.rows(request, "product", "units", "lot", "credit"):
        product, count = typed.counted(code, units)
        lot = lots.find(product.pk, lot_code)
        if lot_code.strip() and lot is None:
            raise ValueError(_("%(sku)s has no lot %(lot)s.") % {"sku": product.sku, "lot": lot_code.strip()[:40]})
        given = typed.amount(credit) if sees_costs else None
        value = prices.get(product.pk, product.average_cost) if given is None else given
        _must_lie_there(product, place, count)
        lines.append(Going(product.pk, place, count, value, lot.pk if lot else None))
    going_back = supplier_returns.draft(
        supplier_id=supplier,
        lines=lines,
        reason=desk.words(request, "reason", most=250),
        order_id=order.pk if order else None,
        reference=desk.words(request, "reference", most=120),
        by=request.user,
        key=typed.key(request),
    )
    made.append(going_back)
    return _("%(number)s is drafted; the goods leave the stock when it is sent.") % {"number": going_back.number}


def _lies_in(order: PurchaseOrder) -> str:
    """The one place to which all of an order came, if it is one."""
    places = set(GoodsReceiptLine.objects.filter(receipt__order=order).order_by().values_list("location", flat=True))
    return str(places.pop()) if len(places) == 1 else ""


def _must_lie_there(product: Product, place: int, count: int) -> None:
    """ValueError that says where the goods do lie: a draft of what is not there could never be sent."""
    there = list(StockLevel.objects.filter(product=product, on_hand__gt=0).select_related("location__warehouse"))
    if sum(level.on_hand for level in there if level.location_id == place) < count:
        known = ", ".join(f"{level.on_hand} × {level.location.in_full}" for level in there) or _("nowhere")
        raise ValueError(
            _("%(units)s of %(sku)s do not lie there. They lie here: %(places)s.")
            % {"units": count, "sku": product.sku, "places": known}
        )


def _prices(order: PurchaseOrder) -> dict[int, Decimal]:
    """What one of each product cost on an order, in the merchant's currency: what its supplier is asked back for it."""
    prices = order.lines.filter(unit_price__isnull=False).values_list("product", "unit_price")
    return {
        pk: (price * order.rate).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
        for pk, price in prices
        if price is not None
    }


def page(request: HttpRequest, return_id: int) -> HttpResponse:
    found = SupplierReturn.objects.select_related("supplier", "order", "created_by").filter(pk=return_id).first()
    if found is None:
        raise Http404
    lines = list(found.lines.select_related("product", "lot", "location__warehouse").order_by("id"))
    currency = merchant.current().currency
    for line in lines:
        line.amount = sending_back.total([line], currency)  # type: ignore[attr-defined]
    may_change = request.user.has_perm("inventory.change_supplierreturn")
    mail = Delivery.objects.filter(topic=sending_back.TOPIC, object_id=found.pk).first()
    return desk.page(
        request,
        "admin/inventory/supplier_return/page.html",
        _("Return to supplier %(number)s") % {"number": found.number},
        going_back=found,
        lines=lines,
        opts=None,
        tone=TONES[found.state],
        mail=mail,
        mail_tone=DELIVERY_TONES.get(mail.state, "info") if mail else "",
        currency=currency,
        total=sending_back.total(lines, currency),
        sees_costs=request.user.has_perm("inventory.see_costs"),
        may={
            "send": may_change and found.state == State.DRAFT,
            "mail": may_change and found.sent_at is not None,
            "see_told": request.user.has_perm("sync.view_delivery"),
            "credit": may_change and found.state == State.SENT and request.user.has_perm("inventory.see_costs"),
        },
    )


def paper(request: HttpRequest, return_id: int) -> HttpResponse:
    """The slip that goes with the goods, in the supplier's language, without amounts."""
    desk.must(request, "inventory.view_supplierreturn")
    found = get_object_or_404(SupplierReturn.objects.select_related("supplier", "order"), pk=return_id)
    response = HttpResponse(return_paper.of_return(found), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


# --- buttons -------------------------------------------------------------------------------------------------------------
def press(request: HttpRequest, return_id: int, name: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if name not in BUTTONS:
        raise Http404
    desk.must(request, "inventory.view_supplierreturn", "inventory.change_supplierreturn")
    if name == "credit":
        desk.must(request, "inventory.see_costs")
    found = get_object_or_404(SupplierReturn, pk=return_id)
    desk.press(request, lambda: BUTTONS[name](request, found))
    return HttpResponseRedirect(reverse("admin:inventory_supplierreturn_change", args=[found.pk]))


def _send(request: HttpRequest, found: SupplierReturn) -> str:
    sending_back.send(found.pk, by=request.user)
    return _("The goods have left the stock. Print the slip and put it in the parcel.")


def _credit(request: HttpRequest, found: SupplierReturn) -> str:
    amount: Decimal | None = typed.amount(request.POST.get("amount", ""))
    sending_back.credit(found.pk, amount=amount, reference=desk.words(request, "reference", most=120))
    return _("Credited.")


def _mail(request: HttpRequest, found: SupplierReturn) -> str:
    supplier = sending_back.mail(found.pk).supplier
    return _("The slip is on its way to %(name)s, at %(mail)s.") % {"name": supplier.name, "mail": supplier.email}


def _cancel(request: HttpRequest, found: SupplierReturn) -> str:
    supplier_returns.cancel(found.pk)
    return _("The draft is given up; nothing has left the stock.")


BUTTONS: dict[str, Callable[[HttpRequest, SupplierReturn], str]] = {
    "send": _send,
    "mail": _mail,
    "credit": _credit,
    "cancel": _cancel,
}
