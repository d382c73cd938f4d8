"""The staff's pages on warehouses and the places in them: what they are, when they work, which stores they serve."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from backoffice import desk, serving
from backoffice.lib.working_days import is_known_region
from backoffice.sync.connectors import connectors
from backoffice.sync.models import Connection
from inventory import bin_patterns, places
from inventory.admin import bins, moving
from inventory.import_export import LocationExchange
from inventory.models import Location, ServedStore, StockLevel
from orders import promise_terms
from orders.stores.base import Store

Kind = Location.Kind
CALENDAR = ("handling_days", "cut_off", "working_days", "holiday_region", "address")


class LocationForm(forms.ModelForm):
    """What a place is stays as it was made: goods, papers and movements speak of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].choices = [choice for choice in Kind.choices if choice[0] != Kind.TRANSIT]  # type: ignore[attr-defined]
        if "warehouse" in self.fields:
            self.fields["warehouse"].queryset = places.warehouses()  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        # Codes from before may be longer or have spaces; who does not touch them need not mend them.
        if "code" in self.changed_data and not bin_patterns.NAME.fullmatch(code):
            raise forms.ValidationError(
                _("Letters, digits, points and hyphens only, without accents, so that it prints as a bar code.")
            )
        return code

    def clean_working_days(self) -> str:
        days = "".join(sorted(set(self.cleaned_data["working_days"].strip())))
        if not days or set(days) - set("1234567"):
            raise forms.ValidationError(_("Write the days worked as digits, 1 for Monday to 7 for Sunday: 12345."))
        return days

    def clean_holiday_region(self) -> str:
        region: str = self.cleaned_data["holiday_region"].strip().upper()
        if not is_known_region(region):
            raise forms.ValidationError(
                _("The holidays of “%(region)s” are not known. Write a country or province like CA-ON, CA-QC or US.")
                % {"region": region}
            )
        return region

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        kind = said.get("kind") or self.instance.kind
        if "warehouse" in self.fields:
            if kind == Kind.WAREHOUSE and said.get("warehouse"):
                self.add_error("warehouse", _("A warehouse is in no other warehouse. Leave this empty."))
            elif kind in (Kind.BIN, Kind.QUARANTINE) and not said.get("warehouse"):
                self.add_error("warehouse", _("Say which warehouse it is in."))
        if kind == Kind.QUARANTINE:
            said["sellable"] = False
        return said


class ServedStoreInline(TabularInline):
    """On a warehouse's page: the stores it serves, and in which place of their lists."""

    model = ServedStore
    extra = 1
    tab = False
    verbose_name = gettext_lazy("store")
    verbose_name_plural = gettext_lazy("Stores it serves. A store that no warehouse is named for is served by all.")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "connection":
            stores = [name for name, kind in connectors().items() if issubclass(kind, Store)]
            kwargs["queryset"] = Connection.objects.filter(connector__in=stores).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class UsedFilter(admin.SimpleListFilter):
    title = gettext_lazy("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Archived")), ("all", gettext_lazy("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Location]) -> QuerySet[Location]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


class WarehouseFilter(admin.SimpleListFilter):
    """A warehouse with all its places."""

    title = gettext_lazy("warehouse")
    parameter_name = "in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(place.pk), place.name) for place in places.warehouses()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Location]) -> QuerySet[Location]:
        if not desk.is_number(self.value() or ""):
            return queryset
        return queryset.filter(Q(pk=self.value()) | Q(warehouse=self.value()))


@admin.register(Location)
class LocationAdmin(LocationExchange, desk.DeskAdmin):
    form = LocationForm
    list_display = ("code", "shown_name", "kind", "shown_sellable", "pick_order", "shown_units")
    list_filter = (UsedFilter, WarehouseFilter, ("kind", ChoicesDropdownFilter))
    list_select_related = ("warehouse",)
    search_fields = ("code", "name")
    search_help_text = gettext_lazy("code or name")
    sortable_by = ("code", "pick_order")
    # Each warehouse before its places.
    ordering = (
        Coalesce("warehouse__pick_order", "pick_order"),
        Coalesce("warehouse__code", "code"),
        F("warehouse").asc(nulls_first=True),
        "pick_order",
        "code",
    )
    actions: ClassVar = ["print_labels", "archive", "take_out_of_archive"]
    change_form_outer_before_template = "admin/inventory/location_links.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        units = StockLevel.objects.filter(location=OuterRef("pk")).order_by().values("location")
        found = super().get_queryset(request).exclude(kind=Kind.TRANSIT)
        return found.annotate(units=Coalesce(Subquery(units.annotate(units=Sum("on_hand")).values("units")), 0))

    def get_fieldsets(self, request: HttpRequest, obj: Location | None = None) -> Any:
        what = ("code", "name", "kind", "warehouse", "sellable", "pick_order", *(("archived_at",) if obj else ()))
        shown: list[Any] = [(None, {"fields": what})]
        if obj is None or obj.kind == Kind.WAREHOUSE:
            shown.append((_("When goods leave it (of a warehouse)"), {"fields": CALENDAR}))
        return shown

    def get_readonly_fields(self, request: HttpRequest, obj: Location | None = None) -> Any:
        fixed = ("kind", "warehouse", "archived_at") if obj else ()
        return (*fixed, "sellable") if obj and obj.kind == Kind.QUARANTINE else fixed

    def get_inlines(self, request: HttpRequest, obj: Location | None) -> Any:
        return [ServedStoreInline] if obj is not None and obj.kind == Kind.WAREHOUSE else []

    def save_model(self, request: HttpRequest, obj: Location, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and "sellable" in form.changed_data:
                serving.places_switched([obj.pk])
            if change and promise_terms.OF_WAREHOUSE & set(form.changed_data):
                promise_terms.warehouses_changed()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        with transaction.atomic():
            before = set(ServedStore.objects.filter(warehouse=form.instance).values_list("connection", "position"))
            super().save_formset(request, form, formset, change)
            after = set(ServedStore.objects.filter(warehouse=form.instance).values_list("connection", "position"))
            serving.stores_changed(connection for connection, _position in before ^ after)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("move/", guard(moving.move), name="inventory_location_move"),
            path("put-away/", guard(moving.put_away), name="inventory_location_put_away"),
            path("suggest/", guard(moving.suggest), name="inventory_location_suggest"),
            path("labels/", guard(bins.labels), name="inventory_location_labels"),
            path("<int:pk>/bins/", guard(bins.add), name="inventory_location_bins"),
            path("<int:pk>/stock/", guard(bins.stock), name="inventory_location_stock"),
            *super().get_urls(),
        ]

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, place: Location) -> str:
        return place.in_full

    @admin.display(description=gettext_lazy("sold from"))
    def shown_sellable(self, place: Location) -> Any:
        return _("yes") if place.sellable else desk.badge(_("never sold"), "warn")

    @admin.display(description=gettext_lazy("units there"))
    def shown_units(self, place: Any) -> Any:
        link = reverse("admin:inventory_location_stock", args=[place.pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', link, place.units) if place.units else "–"

    # --- what is done to many -----------------------------------------------------------------------------------------
    @admin.action(description=gettext_lazy("Print labels"), permissions=["view"])
    def print_labels(self, request: HttpRequest, chosen: QuerySet[Location]) -> HttpResponse:
        ids = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True)[: bins.MOST_LABELS + 1])
        return HttpResponseRedirect(f"{reverse('admin:inventory_location_labels')}?place={ids}")

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Location]) -> None:
        def do() -> str:
            with transaction.atomic():
                done = len(places.archive(chosen.values_list("pk", flat=True)))
                promise_terms.warehouses_changed()
            return ngettext("%(count)d place archived.", "%(count)d places archived.", done) % {"count": done}

        desk.press(request, do)

    @admin.action(description=gettext_lazy("Take out of the archive"), permissions=["change"])
    def take_out_of_archive(self, request: HttpRequest, chosen: QuerySet[Location]) -> None:
        def do() -> str:
            with transaction.atomic():
                done = places.take_out_of_archive(list(chosen.values_list("pk", flat=True)))
                promise_terms.warehouses_changed()
            return ngettext("%(count)d place is used again.", "%(count)d places are used again.", done) % {
                "count": done
            }

        desk.press(request, do)
