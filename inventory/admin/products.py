"""The staff's pages on products. Stock changes only by receiving, correcting and shipping, never by a form's figure."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from backoffice import desk, finding, settling, stock_pages
from inventory import availability, catalogue, gtin, pictures
from inventory.admin import kit_page, shown
from inventory.admin.families import variations
from inventory.admin.product_filters import ArchivedFilter, BranchFilter, KindFilter, SupplierFilter
from inventory.admin.product_form import ProductForm
from inventory.admin.product_inlines import (
    PictureInline,
    SellingUnitInline,
    SupplierProductInline,
    WarehouseProductInline,
)
from inventory.admin.shown import drawn_once, named, table
from inventory.import_export import ProductExchange
from inventory.models import Product, ProductPicture, SellingUnit, StockLevel, SupplierProduct
from orders import promise_terms, publishing

FEW = 200
"""Products that are found by a bar code or a selling unit, at most."""


def _stock(name: str, **where: Any) -> Any:
    levels = StockLevel.objects.filter(product=OuterRef("pk"), **where).order_by().values("product")
    return Coalesce(Subquery(levels.annotate(units=Sum(name)).values("units")), 0)


def find_products(queryset: QuerySet[Product], text: str) -> QuerySet[Product]:
    """By SKU or barcode, its own or a selling unit's, or by words of the name; what is typed whole comes first."""
    code = finding.cleaned(text)
    codes = gtin.same_gtin(code) if code.isascii() and code.isdecimal() else {code}
    units = SellingUnit.objects.filter(Q(sku__istartswith=code) | Q(barcode__in=codes)).order_by()
    # Looked up apart, so that each is found by its own index.
    exact, others = Value(1, IntegerField()), Value(0, IntegerField())
    by_code = Product.objects.filter(sku__iexact=code).order_by().values_list("pk", exact).union(
        Product.objects.filter(barcode__in=codes).order_by().values_list("pk", others)[:FEW],
        units.values_list("product", others)[:FEW],
    )  # fmt: skip
    known = list(by_code)
    words = Q()
    for word in code.split()[: finding.MOST_WORDS]:
        words &= Q(found_text__icontains=word)
    if not known:
        # In the order of an index: the first page of many is found without the others.
        return queryset.alias(found_text=finding.Text(*finding.PRODUCT)).filter(words).order_by("sku")
    first = Case(When(pk__in=[pk for pk, whole in known if whole], then=Value(0)), default=Value(1))
    found = queryset.alias(found_text=finding.Text(*finding.PRODUCT)).filter(words | Q(pk__in=[pk for pk, _ in known]))
    return found.order_by(first, "sku")


@admin.register(Product)
class ProductAdmin(ProductExchange, desk.Columns, desk.DeskAdmin):
    form = ProductForm
    list_display = ("sku", "shown_name", "barcode", "on_hand", "reserved", "available", "shown_price", "shown_cost")
    guarded: ClassVar[dict[str, str]] = {
        "shown_price": "orders.see_amounts",
        "price": "orders.see_amounts",
        "shown_cost": "inventory.see_costs",
    }
    list_filter = (
        ArchivedFilter,
        BranchFilter,
        ("family", AutocompleteSelectFilter),
        SupplierFilter,
        KindFilter,
        ("backorder_policy", ChoicesDropdownFilter),
    )
    search_fields = ("sku",)
    search_help_text = gettext_lazy("SKU, barcode or name")
    sortable_by = ("sku",)
    ordering = ("sku",)
    fieldsets = (
        (None, {"fields": ("sku", "name", "name_fr", "family", "variation", "category", "barcode", "price", "shown_cost",
                           "tax_class", "archived_at")}),
        (gettext_lazy("Stock"), {"classes": ["tab"], "fields": (
            "stocked", "tracking", "expires", "backorder_policy", "shown_levels", "shown_components", "shown_kits",
            "shown_movements")}),
        (gettext_lazy("Variations"), {"classes": ["tab"], "fields": ("shown_variations",)}),
        (gettext_lazy("Shipping and customs"), {"classes": ["tab"], "fields": (
            "weight_grams", ("length_mm", "width_mm", "height_mm"), "hs_code", "origin_country", "customs_description")}),
    )  # fmt: skip
    readonly_fields = (
        "shown_cost", "shown_levels", "shown_movements", "shown_variations", "shown_components", "shown_kits", "archived_at",
    )  # fmt: skip
    autocomplete_fields = ("family", "category")
    inlines = (SellingUnitInline, SupplierProductInline, WarehouseProductInline, PictureInline)
    change_form_outer_before_template = "admin/inventory/product_links.html"
    actions: ClassVar = ["archive", "take_out_of_archive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                units_on_hand=_stock("on_hand"),
                units_reserved=_stock("reserved"),
                units_available=_stock("available", location__sellable=True),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            # A new product has neither stock nor sisters to show.
            kept: Any = list(self.readonly_fields)
        else:
            kept = [] if obj.family_id else ["shown_variations"]
            kept += [] if obj.archived_at else ["archived_at"]
        shown = []
        for title, options in self.fieldsets:
            names = [name for name in self.allowed(request, options["fields"]) if name not in kept]
            if names:
                shown.append((title, {**options, "fields": tuple(names)}))
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if request.path == reverse("admin:autocomplete"):
            # What is archived is not offered; on the list its own filter decides.
            queryset = queryset.filter(archived_at=None)
        return (find_products(queryset, search_term) if search_term.strip() else queryset), False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            # A product that orders were held for, or one that stores should hear of differently.
            settling.products_known(by=request.user, who=desk.who(request))
            publishing.stock_changed([obj.pk])
        if "barcode" in form.changed_data and obj.barcode:
            self._warn_of_doubles(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_formset(request, form, formset, change)
            if formset.model is SupplierProduct and formset.has_changed():
                promise_terms.products_changed([form.instance.pk])

    def _warn_of_doubles(self, request: HttpRequest, product: Product) -> None:
        having = catalogue.who_has([product.barcode]).get(product.barcode.lstrip("0"), [])
        others = [name for name in having if name != product.sku]
        if others:
            messages.warning(request, catalogue.doubled(product.barcode, others))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        kits = [product for product in listed.result_list if product.is_kit]
        free = availability.available([kit.pk for kit in kits]) if kits else {}
        for kit in kits:
            kit.units_available = free[kit.pk]
        return listed

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("receive/", guard(stock_pages.receive), name="inventory_product_receive"),
            path("correct/", guard(stock_pages.correct), name="inventory_product_correct"),
            path("suggest/", guard(self.suggest), name="inventory_product_suggest"),
            path("pictures/<int:picture_id>/", guard(self.picture), name="inventory_product_picture"),
            path("<int:product_id>/components/", guard(kit_page.components), name="inventory_product_components"),
            *super().get_urls(),
        ]

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Options for a product field, as it is typed into."""
        desk.must(request, "inventory.view_product")
        text = request.GET.get("product", "")
        found = find_products(Product.objects.filter(archived_at=None), text)[:20] if text.strip() else []
        options = format_html_join("", '<option value="{}">{}</option>', ((p.sku, named(p)) for p in found))
        return HttpResponse(options)

    def picture(self, request: HttpRequest, picture_id: int) -> HttpResponse:
        """One picture, to staff only. What is asked for is a row; where its file lies nobody says."""
        desk.must(request, "inventory.view_productpicture")
        found = get_object_or_404(ProductPicture, pk=picture_id)
        try:
            small = pictures.thumbnail(found) if request.GET.get("small") else None
            response: Any = HttpResponse(small) if small is not None else FileResponse(found.picture.open("rb"))
        except FileNotFoundError:
            raise Http404 from None
        response["Content-Type"] = pictures.TYPES.get(pictures.ending(found), "application/octet-stream")
        response["Content-Disposition"] = "inline"
        response["X-Content-Type-Options"] = "nosniff"
        # The file behind a row never changes: a new picture is a new row or a new name.
        response["Cache-Control"] = "private, max-age=3600"
        return response

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("name"))
    def shown_name(self, product: Product) -> str:
        return named(product)

    @admin.display(description=gettext_lazy("on hand"))
    def on_hand(self, product: Any) -> Any:
        return product.units_on_hand if product.stocked else "–"

    @admin.display(description=gettext_lazy("reserved"))
    def reserved(self, product: Any) -> Any:
        return product.units_reserved if product.stocked else "–"

    @admin.display(description=gettext_lazy("available"))
    def available(self, product: Any) -> Any:
        if not product.is_shipped:
            return "–"
        return product.units_available if product.units_available > 0 else desk.badge(product.units_available, "warn")

    @admin.display(description=gettext_lazy("price"))
    def shown_price(self, product: Product) -> str:
        return "" if product.price is None else f"{product.price:.2f}"

    @admin.display(description=gettext_lazy("average cost"))
    def shown_cost(self, product: Product) -> str:
        return f"{product.average_cost:.2f}"

    # --- its page -----------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("stock"))
    @drawn_once
    def shown_levels(self, product: Product) -> SafeString:
        levels = product.levels.select_related("location__warehouse").order_by("location__pick_order")
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td class='desk-number'>{}</td><td class='desk-number'>{}</td>"
            "<td class='desk-number'>{}</td></tr>",
            (
                (
                    lv.location.warehouse or lv.location,
                    lv.location.bin_name,
                    lv.on_hand,
                    lv.reserved,
                    shown.available(lv),
                )
                for lv in levels
            ),
        )
        if not rows:
            return format_html("<p>{}</p>", _("None has come in yet."))
        heads = [_("Place"), _("Bin"), _("On hand"), _("Reserved"), _("Available")]
        return table(heads, rows)

    @admin.display(description=gettext_lazy("newest movements"))
    @drawn_once
    def shown_movements(self, product: Product) -> SafeString:
        moves = product.movements.select_related("location").order_by("-id")[:15]
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td class='desk-number'>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (f"{localtime(m.at):%Y-%m-%d}", f"{m.quantity:+d}", m.get_reason_display(), m.location, m.note)
                for m in moves
            ),
        )
        return (
            table([_("Day"), _("Units"), _("Reason"), _("Place"), _("Note")], rows) if rows else format_html("{}", "–")
        )

    @admin.display(description=gettext_lazy("its family"))
    @drawn_once
    def shown_variations(self, product: Product) -> SafeString:
        family = product.family
        if family is None:
            return format_html("{}", "–")
        url = reverse("admin:inventory_productfamily_change", args=[family.pk])
        link = format_html('<p><a class="desk-link" href="{}">{}</a></p>', url, family.name)
        return link + variations(family, but=product)

    @admin.display(description=gettext_lazy("what is in it"))
    @drawn_once
    def shown_components(self, product: Product) -> SafeString:
        return kit_page.shown_components(product)

    @admin.display(description=gettext_lazy("kits that hold it"))
    @drawn_once
    def shown_kits(self, product: Product) -> SafeString:
        return kit_page.shown_kits(product)

    # --- archive ------------------------------------------------------------------------------------------------------
    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        with transaction.atomic():
            done = catalogue.archive(products.values_list("pk", flat=True))
            publishing.stock_changed(done)
        self.message_user(
            request, _("%(count)d archived; they stay on their orders and in the ledger.") % {"count": len(done)}
        )

    @admin.action(description=gettext_lazy("Take out of the archive"), permissions=["change"])
    def take_out_of_archive(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        with transaction.atomic():
            done = catalogue.take_out_of_archive(products.values_list("pk", flat=True))
            publishing.stock_changed(done)
        self.message_user(request, _("%(count)d taken out of the archive.") % {"count": len(done)})
