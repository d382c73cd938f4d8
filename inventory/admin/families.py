"""The staff's page on families: what several products are variations of."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import desk
from inventory import availability
from inventory.admin.shown import drawn_once, table
from inventory.import_export import FamilyExchange
from inventory.models import Product, ProductFamily


@admin.register(ProductFamily)
class ProductFamilyAdmin(FamilyExchange, desk.DeskAdmin):
    list_display = ("code", "name", "options", "shown_count")
    search_fields = ("code", "name", "name_fr")
    search_help_text = gettext_lazy("Code or name")
    sortable_by = ("code", "name")
    ordering = ("name", "code")
    fields = ("code", "name", "name_fr", "options", "shown_variations")
    readonly_fields = ("shown_variations",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductFamily]:
        return (
            super()
            .get_queryset(request)
            .annotate(product_count=desk.CountUpTo(Product.objects.filter(family=OuterRef("pk"))))
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else self.fields[:-1]

    @admin.display(description=gettext_lazy("products"))
    def shown_count(self, family: Any) -> int:
        return desk.shown_count(family.product_count)

    @admin.display(description=gettext_lazy("its products"))
    @drawn_once
    def shown_variations(self, family: ProductFamily) -> SafeString:
        return variations(family)


def variations(family: ProductFamily, *, but: Product | None = None) -> SafeString:
    """The products of a family with a link to each and what of it is free; two statements."""
    products = list(family.products.exclude(pk=but.pk if but else 0).order_by("sku")[:200])
    if not products:
        return format_html("<p>{}</p>", _("None yet: choose this family on a product's page."))
    free = availability.available([product.pk for product in products if product.is_shipped])
    rows = format_html_join(
        "",
        "<tr><td><a class='desk-link' href='{}'>{}</a></td><td>{}</td><td class='desk-number'>{}</td><td>{}</td></tr>",
        (
            (
                reverse("admin:inventory_product_change", args=[product.pk]),
                product.sku,
                product.variation or product.name,
                free.get(product.pk, "–"),
                _("archived") if product.archived_at else "",
            )
            for product in products
        ),
    )
    return table([_("SKU"), _("Variation"), _("Available"), ""], rows)
