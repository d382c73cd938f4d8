"""How the lists of the catalogue are narrowed: by branch of the tree, supplier, kits, the archive."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from backoffice import desk
from inventory import categories
from inventory.models import Category, Product, Supplier


class ArchivedFilter(admin.SimpleListFilter):
    """What is archived is not shown unless it is asked for."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Archived")), ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


class BranchFilter(DropdownFilter):
    """Products of a category and of all that hangs in it."""

    title = _("category")
    parameter_name = "branch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        branches = sorted(Category.objects.values_list("pk", "path"), key=lambda row: row[1].split(categories.BETWEEN))
        return [*((str(pk), path) for pk, path in branches), ("none", _("(without a category)"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        asked = self.value()
        if asked == "none":
            return queryset.filter(category=None)
        if not asked or not desk.is_number(asked):
            return queryset
        path = Category.objects.filter(pk=int(asked)).values_list("path", flat=True).first()
        return queryset.filter(categories.in_branch(path, through="category__")) if path else queryset.none()


class SupplierFilter(DropdownFilter):
    """Products that a supplier sells, whatever its rank."""

    title = _("supplier")
    parameter_name = "supplier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        found = Supplier.objects.filter(archived_at=None).order_by("name").values_list("pk", "name")
        return [*((str(pk), name) for pk, name in found), ("none", _("(without a supplier)"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        asked = self.value()
        if asked == "none":
            return queryset.filter(suppliers=None)
        if not asked or not desk.is_number(asked):
            return queryset
        return queryset.filter(pk__in=Product.objects.filter(suppliers__supplier=int(asked)).values("pk"))


class KindFilter(admin.SimpleListFilter):
    """Goods, kits, or what is neither stocked nor put together."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("goods", _("Stocked goods")), ("kits", _("Kits")), ("other", _("Services and downloads"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        kinds: dict[str | None, dict[str, bool]] = {
            "goods": {"stocked": True}, "kits": {"is_kit": True}, "other": {"stocked": False, "is_kit": False},
        }  # fmt: skip
        return queryset.filter(**kinds.get(self.value(), {}))
