"""The staff's pages on what stores list of ours, and what their SKUs and bar codes mean here."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice import desk, settling
from backoffice.sync.models import Connection
from inventory import catalogue
from inventory.import_export import ListingExchange
from inventory.models import Listing, Product

NO_STORES = ("mail", "papers", "promises")
"""Connections of the hub with itself by which nothing is ordered."""


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("alias", gettext_lazy("Aliases")),
            ("listing", gettext_lazy("Listed by the store")),
            ("none", gettext_lazy("Without a product here")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "none":
            return queryset.filter(product=None)
        if self.value() == "alias":
            return queryset.filter(external_id="")
        return queryset.exclude(external_id="") if self.value() == "listing" else queryset


class ListingForm(forms.ModelForm):
    """What it means: our product, and the unit typed as it is called."""

    unit = forms.CharField(
        label=gettext_lazy("In the unit"),
        required=False,
        max_length=60,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy(
            "As it is called on the product's page, or its size: dozen, 12. Empty: a single unit, or a kit."
        ),
    )

    class Meta:
        model = Listing
        fields: ClassVar = ["connection", "sku", "product"]
        help_texts: ClassVar = {"sku": gettext_lazy("The SKU or bar code as the store writes it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "product" in self.fields:
            self.fields["product"].required = True
        if self.instance.pk and self.instance.selling_unit:
            self.initial["unit"] = self.instance.selling_unit.name

    def clean_product(self) -> Product:
        product: Product = self.cleaned_data["product"]
        if product.archived_at is not None and "product" in self.changed_data:
            raise forms.ValidationError(
                _("It is archived. Take it out of the archive first, or choose another product.")
            )
        return product

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        said["selling_unit"] = None
        if said.get("product") is not None:
            try:
                said["selling_unit"] = catalogue.unit_of(said["product"], said.get("unit", ""))
            except ValueError as error:
                self.add_error("unit", str(error))
        if self.instance.pk is None and "sku" in said and not said["sku"].strip():
            self.add_error("sku", _("Say which SKU of the store is meant."))
        return said

    def validate_unique(self) -> None:
        """An alias that is there already is given its new meaning."""


@admin.register(Listing)
class ListingAdmin(ListingExchange, desk.DeskAdmin):
    form = ListingForm
    list_display = ("shown_sku", "name", "connection", "shown_product", "shown_unit", "manages_stock", "seen_quantity")
    list_filter = (("connection", RelatedDropdownFilter), KindFilter, "manages_stock")
    list_select_related = ("connection", "product", "selling_unit")
    lookups = ("product__id__exact",)
    # By the store's id, not its name: that is what the index knows.
    ordering = ("connection_id", "sku", "id")
    search_fields = ("=sku", "=external_id", "=product__sku", "sku", "external_id", "name")
    search_help_text = gettext_lazy("SKU, the store's number, or name")
    sortable_by = ()
    told = ("external_id", "external_parent_id", "name", "manages_stock", "stock_shared_with_parent", "seen_quantity")
    """What the store says, which nobody here changes."""
    autocomplete_fields = ("product",)
    actions = None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        means = ("product", "unit") if self.has_change_permission(request) else ("product", "shown_unit")
        return ("connection", "sku", *means, *(self.told if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("connection", "sku", *self.told, "shown_unit") if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.map_sku")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.map_sku")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "connection":
            kwargs["queryset"] = Connection.objects.exclude(connector__in=NO_STORES).exclude(state=Connection.State.OFF)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Listing, form: Any, change: bool) -> None:
        """Orders that were held for it go on at once."""
        product, unit = form.cleaned_data["product"], form.cleaned_data["selling_unit"]
        said: dict[str, Any] = {"by": request.user, "who": desk.who(request)}
        if change:
            went_on = settling.map_listing(Listing.objects.get(pk=obj.pk), product, unit, **said)
        else:
            went_on = settling.map_sku(obj.connection, obj.sku, product, unit, **said)
            obj.pk = Listing.objects.get(connection=obj.connection, external_id="", sku=obj.sku).pk
        obj.refresh_from_db()
        if went_on:
            self.message_user(
                request,
                ngettext(
                    "%(count)d order that waited for it went on.",
                    "%(count)d orders that waited for it went on.",
                    went_on,
                )
                % {"count": went_on},
            )

    @admin.display(description=gettext_lazy("SKU there"))
    def shown_sku(self, listing: Listing) -> str:
        return listing.sku or listing.external_id or "–"

    @admin.display(description=gettext_lazy("product here"))
    def shown_product(self, listing: Listing) -> Any:
        return listing.product.sku if listing.product else desk.badge(_("none"), "warn")

    @admin.display(description=gettext_lazy("in the unit"))
    def shown_unit(self, listing: Listing) -> str:
        return str(listing.selling_unit) if listing.selling_unit else ""
