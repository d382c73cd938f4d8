"""The tables on a product's page: its pictures, the units it is sold in, who sells it to us, its place in each warehouse."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminFileFieldWidget

from backoffice import desk
from inventory import pictures
from inventory.admin.product_form import PictureForm, PricedForm, SellingUnitForm, WarehouseProductForm
from inventory.models import Location, ProductPicture, SellingUnit, Supplier, SupplierProduct, WarehouseProduct


class ProductInline(desk.Columns, TabularInline):
    extra = 0
    tab = True
    hide_title = True
    show_change_link = False
    # Rows of so few columns need no pages.
    per_page = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by(*self.ordering or ("pk",))


class SellingUnitFormSet(PaginationInlineFormSet):
    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            # A product that is new itself is not found among the others yet.
            if form.cleaned_data.get("sku") and form.cleaned_data["sku"] == self.instance.sku:
                form.add_error("sku", _("This is the SKU of the product itself. Choose another one."))


class SellingUnitInline(ProductInline):
    model = SellingUnit
    formset = SellingUnitFormSet
    form = SellingUnitForm
    guarded: ClassVar[dict[str, str]] = {"price": "orders.see_amounts"}
    fields = ("name", "name_fr", "quantity", "sku", "barcode", "price")
    ordering = ("quantity",)
    verbose_name, verbose_name_plural = _("selling unit"), _("Selling units")


class SupplierProductInline(ProductInline):
    model = SupplierProduct
    form = PricedForm
    guarded: ClassVar[dict[str, str]] = {"price": "inventory.see_costs"}
    fields = ("supplier", "supplier_sku", "pack", "minimum", "price", "lead_time_days", "rank")
    ordering = ("rank", "pk")
    verbose_name, verbose_name_plural = _("supplier"), _("Suppliers")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "supplier" and field is not None:
            product_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            # One that is archived is not offered, and stays where it is chosen.
            there = SupplierProduct.objects.filter(product=product_id) if str(product_id or "").isdigit() else None
            offered = Q(archived_at=None) | (Q(products__in=there) if there is not None else Q())
            _read_once(field, Supplier.objects.filter(offered).distinct().order_by("name"))
        return field


class WarehouseProductInline(ProductInline):
    model = WarehouseProduct
    form = WarehouseProductForm
    fields = ("warehouse", "put_away", "reorder_point", "target_level")
    ordering = ("warehouse__pick_order",)
    verbose_name, verbose_name_plural = _("warehouse"), _("Warehouses")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        places = Location.objects.filter(archived_at=None).select_related("warehouse")
        if db_field.name == "warehouse":
            kwargs["queryset"] = places.filter(kind=Location.Kind.WAREHOUSE)
        elif db_field.name == "put_away":
            kwargs["queryset"] = places.filter(kind__in=[Location.Kind.BIN, Location.Kind.QUARANTINE])
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.label_from_instance = lambda place: place.in_full
            _read_once(field, field.queryset)
        return field


def _read_once(field: Any, rows: QuerySet[Any]) -> None:
    """The choices of a column, read once: each row of the table would ask for them anew."""
    field.queryset = rows
    field.choices = [("", field.empty_label), *((row.pk, field.label_from_instance(row)) for row in rows)]


class PictureFormSet(PaginationInlineFormSet):
    def delete_existing(self, obj: ProductPicture, commit: bool = True) -> None:
        if commit:
            pictures.forget_file(obj)
        super().delete_existing(obj, commit)

    def save_existing(self, form: Any, obj: ProductPicture, commit: bool = True) -> Any:
        if commit and "picture" in form.changed_data:
            pictures.forget_file(obj)
        return super().save_existing(form, obj, commit)


class PictureWidget(UnfoldAdminFileFieldWidget):
    """To upload with; what is there already is shown beside it, through our own view."""

    def is_initial(self, value: Any) -> bool:
        return False


class PictureInline(ProductInline):
    model = ProductPicture
    form = PictureForm
    formset = PictureFormSet
    fields = ("shown_picture", "picture", "position", "words")
    readonly_fields = ("shown_picture",)
    ordering = ("position", "pk")
    verbose_name, verbose_name_plural = _("picture"), _("Pictures")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_fields(request, obj)
        # Where nothing can be uploaded, its box would show the name of the file.
        return names if self.has_change_permission(request, obj) else [name for name in names if name != "picture"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "picture":
            kwargs["widget"] = PictureWidget(attrs={"accept": "image/*"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description=_("picture"))
    def shown_picture(self, picture: ProductPicture) -> SafeString | str:
        return picture_link(picture) if picture.pk else ""


def picture_link(picture: ProductPicture) -> SafeString:
    url = reverse("admin:inventory_product_picture", args=[picture.pk])
    return format_html(
        '<a href="{0}"><img class="desk-thumbnail" src="{0}?small=1" alt="{1}" loading="lazy"></a>', url, picture.words
    )
