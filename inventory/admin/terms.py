"""Lists across products: what each supplier sells, the units and kits there are, when what is ordered again.

Their rows are changed on the product's page, or all at once by a file; here they are found and exported.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RelatedDropdownFilter

from backoffice import desk, finding
from backoffice.lib import cells
from inventory.admin.paper_filters import WarehouseDropdown
from inventory.admin.shown import named
from inventory.import_export import (
    KitComponentExchange,
    SellingUnitExchange,
    SupplierProductExchange,
    WarehouseProductExchange,
)
from inventory.models import KitComponent, SellingUnit, SupplierProduct, WarehouseProduct


class TermsAdmin(desk.Columns, desk.ReadOnlyAdmin):
    """A row leads to the page of its product."""

    product = "product"
    sortable_by = ()
    actions = None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(
            reverse("admin:inventory_product_change", args=[getattr(row, f"{self.product}_id")])
        )

    @admin.display(description=_("SKU"))
    def shown_sku(self, row: Any) -> str:
        return str(getattr(row, self.product).sku)

    @admin.display(description=_("price"))
    def shown_price(self, row: Any) -> str:
        return "" if row.price is None else cells.figure(row.price)

    @admin.display(description=_("name"))
    def shown_name(self, row: Any) -> str:
        return named(getattr(row, self.product))


@admin.register(SupplierProduct)
class SupplierProductAdmin(SupplierProductExchange, TermsAdmin):
    list_display = (
        "shown_sku", "shown_name", "supplier", "supplier_sku", "pack", "minimum", "shown_price", "lead_time_days", "rank",
    )  # fmt: skip
    guarded: ClassVar[dict[str, str]] = {"shown_price": "inventory.see_costs"}
    list_filter = (("supplier", RelatedDropdownFilter),)
    list_select_related = ("product", "supplier")
    search_fields = ("=supplier_sku", *finding.of_product("product"))
    search_help_text = _("SKU, the supplier's SKU, barcode or name")
    ordering = ("product__sku", "rank", "id")


@admin.register(SellingUnit)
class SellingUnitAdmin(SellingUnitExchange, TermsAdmin):
    list_display = ("shown_sku", "shown_name", "shown_unit", "quantity", "shown_unit_sku", "barcode", "shown_price")
    guarded: ClassVar[dict[str, str]] = {"shown_price": "orders.see_amounts"}
    list_filter = (("product", AutocompleteSelectFilter),)
    list_select_related = ("product",)
    search_fields = ("=sku", "=barcode", "name", *finding.of_product("product"))
    search_help_text = _("SKU or barcode of product or unit, or name")
    ordering = ("product__sku", "quantity")

    @admin.display(description=_("unit"))
    def shown_unit(self, row: SellingUnit) -> str:
        return row.name

    @admin.display(description=_("SKU of the unit"))
    def shown_unit_sku(self, row: SellingUnit) -> str:
        return row.sku


@admin.register(KitComponent)
class KitComponentAdmin(KitComponentExchange, TermsAdmin):
    product = "kit"
    list_display = ("shown_sku", "shown_name", "quantity", "shown_component", "shown_component_name")
    list_filter = (("kit", AutocompleteSelectFilter), ("component", AutocompleteSelectFilter))
    list_select_related = ("kit", "component")
    search_fields = (*finding.of_product("kit"), *finding.of_product("component"))
    search_help_text = _("SKU or name of kit or component")
    ordering = ("kit__sku", "id")

    @admin.display(description=_("component"))
    def shown_component(self, row: KitComponent) -> str:
        return row.component.sku

    @admin.display(description=_("its name"))
    def shown_component_name(self, row: KitComponent) -> str:
        return named(row.component)


@admin.register(WarehouseProduct)
class WarehouseProductAdmin(WarehouseProductExchange, TermsAdmin):
    list_display = ("shown_sku", "shown_name", "warehouse", "put_away", "reorder_point", "target_level")
    list_filter = (("warehouse", WarehouseDropdown),)
    list_select_related = ("product", "warehouse", "put_away__warehouse")
    search_fields = ("=put_away__name", *finding.of_product("product"))
    search_help_text = _("SKU, barcode, name or bin")
    ordering = ("product__sku", "warehouse__pick_order")
