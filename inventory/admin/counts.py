"""The staff's pages on counting: plans of what is counted how often, and sheets."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from backoffice import count_making, count_pages, count_papers, desk, stocktaking
from inventory.admin.paper_filters import MadeFilter, WarehouseDropdown
from inventory.import_export import CountPlanExchange, CountSheetExchange
from inventory.models import CountLine, CountPlan, CountSheet, Location

State = CountSheet.State


def _lines(**counted: Any) -> Any:
    found = CountLine.objects.filter(sheet=OuterRef("pk"), **counted).order_by().values("sheet")
    return Coalesce(Subquery(found.annotate(size=Count("pk")).values("size")), 0, output_field=IntegerField())


@admin.register(CountSheet)
class CountSheetAdmin(CountSheetExchange, desk.ReadOnlyAdmin):
    list_display = (
        "number",
        "shown_state",
        "warehouse",
        "plan",
        "shown_progress",
        "shown_made",
        "submitted_by",
        "note",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("warehouse", WarehouseDropdown),
        ("plan", RelatedDropdownFilter),
        ("created_at", MadeFilter),
    )
    list_select_related = ("warehouse", "plan", "submitted_by")
    list_before_template = "admin/inventory/countsheet/links.html"
    search_fields = ("=number", "=lines__product__sku", "number", "note")
    search_help_text = gettext_lazy("number, note, or SKU on it")
    sortable_by = ()
    ordering = ("-id",)
    actions: ClassVar = ["print_sheets"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CountSheet]:
        return super().get_queryset(request).annotate(size=_lines(), done=_lines(counted__isnull=False))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("start/", guard(count_making.start), name="inventory_countsheet_start"),
            path("accuracy/", guard(count_making.accuracy), name="inventory_countsheet_accuracy"),
            path("<int:pk>/do/<str:name>/", guard(count_pages.do), name="inventory_countsheet_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return count_pages.sheet(request, found.pk)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, sheet: CountSheet) -> Any:
        return desk.badge(sheet.get_state_display(), count_pages.TONES[sheet.state])

    @admin.display(description=gettext_lazy("made"))
    def shown_made(self, sheet: CountSheet) -> Any:
        return sheet.created_at

    @admin.display(description=gettext_lazy("counted"))
    def shown_progress(self, sheet: Any) -> str:
        return _("%(done)d of %(size)d") % {"done": sheet.done, "size": sheet.size}

    @admin.action(description=gettext_lazy("Print"), permissions=["view"])
    def print_sheets(self, request: HttpRequest, sheets: QuerySet[CountSheet]) -> HttpResponse | None:
        ids = list(sheets.values_list("pk", flat=True)[: count_papers.MOST + 1])
        if len(ids) > count_papers.MOST:
            self.message_user(
                request, _("Print at most %(most)d sheets at a time.") % {"most": count_papers.MOST}, messages.ERROR
            )
            return None
        return HttpResponseRedirect(f"{reverse('count_papers')}?sheet={','.join(map(str, sorted(ids)))}")


@admin.register(CountPlan)
class CountPlanAdmin(CountPlanExchange, desk.DeskAdmin):
    list_display = ("name", "warehouse", "category", "days_a", "days_b", "days_c", "sheet_lines", "blind", "active")
    list_filter = ("active", ("warehouse", WarehouseDropdown))
    list_select_related = ("warehouse", "category")
    search_fields = ("name",)
    sortable_by = ("name",)
    ordering = ("name",)
    fields = ("name", "warehouse", "category", "days_a", "days_b", "days_c", "sheet_lines", "blind", "active")
    actions: ClassVar = ["make_sheets"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "warehouse":
            kwargs["queryset"] = Location.objects.filter(kind=Location.Kind.WAREHOUSE, archived_at=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_make_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("inventory.enter_count")

    @admin.action(description=gettext_lazy("Make the sheets that are due"), permissions=["make"])
    def make_sheets(self, request: HttpRequest, plans: QuerySet[CountPlan]) -> None:
        made = sum(len(stocktaking.make_sheets(plan, by=request.user)) for plan in plans.order_by("id"))
        if made:
            said = ngettext("%(count)d sheet is made.", "%(count)d sheets are made.", made) % {"count": made}
            self.message_user(request, said)
        else:
            self.message_user(request, _("Nothing is due that is not on a sheet already."), messages.WARNING)
