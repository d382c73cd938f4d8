"""The list of purchase orders, and the addresses of all their pages."""

from datetime import date
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import DateField, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Round
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backoffice import desk
from backoffice.lib import formats
from inventory import expected, purchasing
from inventory.admin import punctuality_page, purchase_actions, purchase_new, purchase_page, purchase_receive
from inventory.admin.paper_filters import MadeFilter, WarehouseDropdown
from inventory.import_export import PurchaseOrderExchange
from inventory.models import PurchaseOrder, PurchaseOrderLine
from orders import merchant

State = PurchaseOrder.State
LATE = Q(state__in=purchasing.OPEN)


def today() -> date:
    return merchant.local_day(timezone.now(), merchant.current())


def late(queryset: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    """Open orders of which something should be here by now."""
    return queryset.filter(LATE).annotate(next_day=expected.next_days()).filter(next_day__lt=today())


class LateFilter(admin.SimpleListFilter):
    title = gettext_lazy("expected")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", gettext_lazy("Still to come")), ("yes", gettext_lazy("Late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
        if self.value() == "yes":
            return late(queryset)
        return queryset.filter(LATE) if self.value() == "open" else queryset


def _sum(of: Any) -> Any:
    kind = DecimalField(max_digits=20, decimal_places=4)
    lines = PurchaseOrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return Coalesce(Subquery(lines.annotate(what=Sum(of, output_field=kind)).values("what")), 0, output_field=kind)


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(PurchaseOrderExchange, desk.Columns, desk.DeskAdmin):
    list_display = (
        "number",
        "supplier",
        "shown_state",
        "shown_expected",
        "shown_ordered",
        "shown_received",
        "shown_outstanding",
        "shown_total",
        "warehouse",
    )
    guarded: ClassVar[dict[str, str]] = {"shown_total": "inventory.see_costs"}
    list_filter = (
        LateFilter,
        ("state", ChoicesDropdownFilter),
        ("supplier", RelatedDropdownFilter),
        ("warehouse", WarehouseDropdown),
        ("created_at", MadeFilter),
    )
    list_select_related = ("supplier", "warehouse")
    search_fields = (
        "=number", "=lines__product__sku", "=lines__supplier_sku", "number", "supplier_reference", "supplier__name",
    )  # fmt: skip
    search_help_text = gettext_lazy("Number, the supplier's number, supplier, or SKU")
    sortable_by = ("shown_expected",)
    ordering = ("-id",)
    lookups = ("supplier__id__exact", "lines__product__id__exact")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseOrder]:
        return (
            super()
            .get_queryset(request)
            .defer("pdf")
            .annotate(
                units=_sum(F("ordered") - F("cancelled")),
                units_received=_sum("received"),
                units_outstanding=_sum("outstanding"),
                # Line by line to the cent, as the paper adds them up.
                worth=_sum(Round((F("ordered") - F("cancelled")) * F("unit_price"), precision=2)),
                next_day=expected.next_days(),
                today=Value(today(), output_field=DateField()),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("punctuality/", guard(punctuality_page.view), name="inventory_purchaseorder_punctuality"),
            path("<int:order_id>/do/<slug:name>/", guard(purchase_actions.press), name="inventory_purchaseorder_do"),
            path("<int:order_id>/receive/", guard(purchase_receive.view), name="inventory_purchaseorder_receive"),
            path("<int:order_id>/pdf/", guard(purchase_page.paper), name="inventory_purchaseorder_pdf"),
            path(
                "<int:order_id>/pdf/mailed/",
                guard(partial(purchase_page.paper, kept=True)),
                name="inventory_purchaseorder_mailed",
            ),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        desk.must(request, "inventory.add_purchaseorder")
        return purchase_new.view(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        desk.must(request, "inventory.view_purchaseorder")
        if not desk.is_number(object_id):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return purchase_page.view(request, int(object_id))

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, order: PurchaseOrder) -> Any:
        return desk.badge(
            purchase_page.SHORT.get(order.state, order.get_state_display()), purchase_page.TONES[order.state]
        )

    @admin.display(description=gettext_lazy("expected"), ordering="next_day")
    def shown_expected(self, order: Any) -> Any:
        if order.next_day is None or order.state not in purchasing.OPEN:
            return "–"
        day = date_format(order.next_day, "j M Y")
        return desk.badge(day, "danger") if order.next_day < order.today else day

    @admin.display(description=gettext_lazy("ordered"))
    def shown_ordered(self, order: Any) -> int:
        return int(order.units)

    @admin.display(description=gettext_lazy("received"))
    def shown_received(self, order: Any) -> int:
        return int(order.units_received)

    @admin.display(description=gettext_lazy("to come"))
    def shown_outstanding(self, order: Any) -> int:
        return int(order.units_outstanding) if order.state in purchasing.OPEN else 0

    @admin.display(description=gettext_lazy("total"))
    def shown_total(self, order: Any) -> str:
        return formats.money(order.worth, order.currency, "en")
