"""The staff's page on the tree of categories."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Func, OuterRef, QuerySet, TextField, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice import desk
from inventory import categories
from inventory.import_export import CategoryExchange
from inventory.models import Category, Product


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields: ClassVar = ["name", "name_fr", "parent"]
        labels: ClassVar = {"parent": _("Hangs in")}
        help_texts: ClassVar = {"parent": _("Empty: at the top of the tree.")}

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if "name" in said and "parent" in said:
            known = Category.objects.filter(pk=self.instance.pk).first()
            try:
                said["name"] = categories.check(name=said["name"], parent=said["parent"], category=known)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from None
        return said

    def validate_unique(self) -> None:
        """Asked above already, and answered in a sentence."""


@admin.register(Category)
class CategoryAdmin(CategoryExchange, desk.DeskAdmin):
    form = CategoryForm
    list_display = ("shown_name", "name_fr", "shown_products")
    search_fields = ("path", "name_fr")
    search_help_text = _("Name, in English or French")
    sortable_by = ()
    fields = ("name", "name_fr", "parent", "shown_path", "shown_products")
    readonly_fields = ("shown_path", "shown_products")
    autocomplete_fields = ("parent",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        products = Product.objects.filter(category=OuterRef("pk"), archived_at=None)
        return super().get_queryset(request).annotate(product_count=desk.CountUpTo(products))

    def get_ordering(self, request: HttpRequest) -> Any:
        # By the names one after the other: as one text, “Camping › Tents” would come after “Camping chairs”.
        return (Func("path", Value(categories.BETWEEN), function="string_to_array", output_field=TextField()),)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("name", "name_fr", "parent")

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        said = {name: form.cleaned_data[name] for name in ("name", "name_fr", "parent")}
        if change:
            categories.change(Category.objects.get(pk=obj.pk), **said)
        else:
            obj.pk = categories.add(**said).pk
        obj.refresh_from_db()

    @admin.display(description=_("category"))
    def shown_name(self, category: Category) -> SafeString:
        depth = category.path.count(categories.BETWEEN)
        return format_html('<span class="desk-branch desk-branch-{}">{}</span>', min(depth, 7), category.name)

    @admin.display(description=_("path"))
    def shown_path(self, category: Category) -> str:
        return category.path

    @admin.display(description=_("products in it"))
    def shown_products(self, category: Any) -> Any:
        url = f"{reverse('admin:inventory_product_changelist')}?branch={category.pk}"
        return format_html('<a class="desk-link" href="{}">{}</a>', url, desk.shown_count(category.product_count))
