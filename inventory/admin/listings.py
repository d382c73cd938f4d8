"""The staff's pages on what stores list of ours."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from backoffice import desk
from inventory.models import Listing


@admin.register(Listing)
class ListingAdmin(desk.ReadOnlyAdmin):
    list_display = ("shown_sku", "name", "connection", "shown_product", "manages_stock", "seen_quantity")
    list_filter = (("connection", RelatedDropdownFilter), "manages_stock")
    list_select_related = ("connection", "product")
    lookups = ("product__id__exact",)
    search_fields = ("=sku", "=external_id", "name", "=product__sku")
    search_help_text = gettext_lazy("SKU, the store's number, or name")
    sortable_by = ()
    fields = (
        "connection",
        "external_id",
        "external_parent_id",
        "sku",
        "name",
        "product",
        "manages_stock",
        "stock_shared_with_parent",
        "seen_quantity",
    )
    actions = None

    @admin.display(description=gettext_lazy("SKU there"))
    def shown_sku(self, listing: Listing) -> str:
        return listing.sku or listing.external_id or "–"

    @admin.display(description=gettext_lazy("product here"))
    def shown_product(self, listing: Listing) -> Any:
        return listing.product.sku if listing.product else desk.badge(_("none"), "warn")
