"""The staff's pages on what lies where and what came and went: to read, never to write."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

from backoffice import desk, finding
from inventory.admin.report_pages import ReportPages
from inventory.admin.shown import available, named
from inventory.import_export import MovementExchange, StockCountExchange
from inventory.models import Movement, StockLevel


@admin.register(StockLevel)
class StockLevelAdmin(StockCountExchange, desk.ReadOnlyAdmin):
    list_display = ("shown_sku", "shown_product", "shown_place", "on_hand", "reserved", "shown_available")
    list_filter = (("location", RelatedDropdownFilter),)
    list_select_related = ("product", "location__warehouse")
    search_fields = ("=location__name", "=location__code", *finding.of_product("product"))
    search_help_text = gettext_lazy("SKU, barcode, name or place")
    sortable_by = ("on_hand", "reserved", "shown_available")
    ordering = ("product__sku", "location__pick_order")
    actions = None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        level = self.get_object(request, object_id)
        if level is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("admin:inventory_product_change", args=[level.product_id]))

    @admin.display(description="SKU")
    def shown_sku(self, level: StockLevel) -> str:
        return level.product.sku

    @admin.display(description=gettext_lazy("product"))
    def shown_product(self, level: StockLevel) -> str:
        return named(level.product)

    @admin.display(description=gettext_lazy("place"))
    def shown_place(self, level: StockLevel) -> str:
        return level.location.in_full

    @admin.display(
        description=gettext_lazy("available"), ordering=Case(When(location__sellable=True, then="available"), default=0)
    )
    def shown_available(self, level: StockLevel) -> Any:
        return available(level)


@admin.register(Movement)
class MovementAdmin(MovementExchange, ReportPages, desk.Columns, desk.ReadOnlyAdmin):
    list_display = ("at", "shown_sku", "quantity", "reason", "location", "unit_cost", "note", "by")
    guarded: ClassVar[dict[str, str]] = {"unit_cost": "inventory.see_costs"}
    list_filter = (("reason", ChoicesDropdownFilter), ("location", RelatedDropdownFilter), ("at", RangeDateFilter))
    list_select_related = ("product", "location", "by")
    lookups = ("product__id__exact",)
    search_fields = ("=product__sku", "note")
    search_help_text = gettext_lazy("SKU or note")
    sortable_by = ()
    fields = ("product", "location", "quantity", "reason", "unit_cost", "at", "note", "by", "key")
    actions = None

    @admin.display(description="SKU")
    def shown_sku(self, movement: Movement) -> str:
        return movement.product.sku
