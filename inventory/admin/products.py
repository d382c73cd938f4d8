"""The staff's pages on products. Stock changes only by receiving, correcting and shipping, never by a form's figure."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from backoffice import desk, journey, stock_pages
from inventory import catalogue
from inventory.admin.shown import named, table
from inventory.import_export import ProductExchange
from inventory.models import Product, StockLevel
from orders import publishing


def _stock(name: str, **where: Any) -> Any:
    levels = StockLevel.objects.filter(product=OuterRef("pk"), **where).order_by().values("product")
    return Coalesce(Subquery(levels.annotate(units=Sum(name)).values("units")), 0)


class ArchivedFilter(admin.SimpleListFilter):
    title = gettext_lazy("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Archived")), ("all", gettext_lazy("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


def find_products(queryset: QuerySet[Product], text: str) -> QuerySet[Product]:
    """By SKU or barcode, or by words of the name; what is typed whole comes first."""
    code = " ".join(text.split())[:100]
    found = Q(sku__istartswith=code) | Q(barcode=code)
    words = Q()
    for word in code.split():
        words &= Q(name__icontains=word) | Q(name_fr__icontains=word) | Q(variation__icontains=word)
    exact = Case(When(sku__iexact=code, then=Value(0)), default=Value(1), output_field=IntegerField())
    return queryset.filter(found | words).order_by(exact, "sku")


class ProductForm(forms.ModelForm):
    """A price is typed and shown with two decimals, though the database keeps four."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        price = self.instance.price
        if price is not None and price == round(price, 2):
            self.initial["price"] = f"{price:.2f}"

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"]
        # A store may have brought a product with such a SKU; its other fields can be mended all the same.
        if "sku" in self.changed_data:
            catalogue.check_sku(sku)
        return sku

    def clean_stocked(self) -> bool:
        stocked: bool = self.cleaned_data["stocked"]
        if self.instance.pk and "stocked" in self.changed_data:
            refused = catalogue.stocked_for_now([self.instance.pk]).get(self.instance.pk)
            if refused:
                raise forms.ValidationError(refused)
        return stocked


@admin.register(Product)
class ProductAdmin(ProductExchange, desk.Columns, desk.DeskAdmin):
    form = ProductForm
    list_display = ("sku", "shown_name", "barcode", "on_hand", "reserved", "available", "shown_price", "shown_cost")
    guarded: ClassVar[dict[str, str]] = {
        "shown_price": "orders.see_amounts",
        "price": "orders.see_amounts",
        "shown_cost": "inventory.see_costs",
    }
    list_filter = (ArchivedFilter, "stocked", ("backorder_policy", ChoicesDropdownFilter))
    search_fields = ("sku",)
    search_help_text = gettext_lazy("SKU, barcode or name")
    sortable_by = ("sku",)
    ordering = ("sku",)
    fields = (
        "sku",
        "name",
        "name_fr",
        "variation",
        "barcode",
        "price",
        "shown_cost",
        "weight_grams",
        "stocked",
        "backorder_policy",
        "shown_levels",
        "shown_movements",
        "archived_at",
    )
    readonly_fields = ("shown_cost", "shown_levels", "shown_movements", "archived_at")
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

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        added = ("shown_levels", "shown_movements", "archived_at", "shown_cost")
        return [name for name in super().get_fields(request, obj) if obj or name not in added]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (find_products(queryset, search_term) if search_term.strip() else queryset), False

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            # A product that orders were held for, or one that stores should hear of differently.
            journey.products_known(by=request.user, who=desk.who(request))
            publishing.stock_changed([obj.pk])

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("receive/", guard(stock_pages.receive), name="inventory_product_receive"),
            path("correct/", guard(stock_pages.correct), name="inventory_product_correct"),
            path("suggest/", guard(self.suggest), name="inventory_product_suggest"),
            *super().get_urls(),
        ]

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """Options for a product field, as it is typed into."""
        desk.must(request, "inventory.view_product")
        text = request.GET.get("product", "")
        found = find_products(Product.objects.filter(archived_at=None), text)[:20] if text.strip() else []
        options = format_html_join("", '<option value="{}">{}</option>', ((p.sku, named(p)) for p in found))
        return HttpResponse(options)

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
        if not product.stocked:
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
    def shown_levels(self, product: Product) -> SafeString:
        levels = product.levels.select_related("location__warehouse").order_by("location__pick_order")
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td class='desk-number'>{}</td><td class='desk-number'>{}</td>"
            "<td class='desk-number'>{}</td></tr>",
            (
                (lv.location.warehouse or lv.location, lv.location.bin_name, lv.on_hand, lv.reserved, lv.available)
                for lv in levels
            ),
        )
        if not rows:
            return format_html("<p>{}</p>", _("None has come in yet."))
        heads = [_("Place"), _("Bin"), _("On hand"), _("Reserved"), _("Available")]
        return table(heads, rows)

    @admin.display(description=gettext_lazy("newest movements"))
    def shown_movements(self, product: Product) -> SafeString:
        moves = product.movements.select_related("location").order_by("-id")[:15]
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td class='desk-number'>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            ((f"{m.at:%Y-%m-%d}", f"{m.quantity:+d}", m.get_reason_display(), m.location, m.note) for m in moves),
        )
        return table([_("Day"), _("Units"), _("Reason"), _("Place"), _("Note")], rows) if rows else format_html("–")

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
