"""The staff's pages on lots and serial numbers: the list, and the page of one, from which it is recalled (rule: S11)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import DropdownFilter

from backoffice import desk, recalling
from backoffice.api.base import pdf
from backoffice.exchange import figures
from inventory import first_out, lots
from inventory.admin.bins import show
from inventory.admin.shown import named
from inventory.import_export import LotExchange
from inventory.models import Lot, LotLevel
from orders import merchant
from shipping import lot_trace, recall_list

TONES = {
    lots.State.GOOD: "good",
    lots.State.EXPIRED: "warn",
    lots.State.RECALLED: "danger",
    lots.State.GONE: "quiet",
}
MOST_SHOWN = 300
RECALL = "inventory.recall_lot"


def _today() -> date:
    return merchant.local_day(timezone.now(), merchant.current())


class StateFilter(DropdownFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("good", _("Good, in stock")),
            ("expired", _("Expired, in stock")),
            ("recalled", _("Recalled")),
            ("unfit", _("Expired or recalled, where it is sold from")),
            ("gone", _("Gone")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        here = Exists(LotLevel.objects.filter(lot=OuterRef("pk"), units__gt=0))
        match self.value():
            case "good":
                return queryset.filter(here, recalled_at=None).exclude(expires_on__lt=_today())
            case "expired":
                return queryset.filter(here, expires_on__lt=_today())
            case "recalled":
                return queryset.filter(recalled_at__isnull=False)
            case "unfit":
                return queryset.filter(pk__in=first_out.unfit(_today()).values("lot"))
            case "gone":
                return queryset.exclude(here)
            case _:
                return queryset


class ExpiringFilter(DropdownFilter):
    """Still good, in stock, and not for long."""

    title = gettext_lazy("expires within")
    parameter_name = "within"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (str(days), ngettext("%(count)d day", "%(count)d days", days) % {"count": days})
            for days in (7, 14, 30, 60, 90, 180)
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        asked = self.value() or ""
        if not desk.is_number(asked) or int(asked) > 3650:
            return queryset
        here = Exists(LotLevel.objects.filter(lot=OuterRef("pk"), units__gt=0))
        today = _today()
        return queryset.filter(here, expires_on__gte=today, expires_on__lte=today + timedelta(days=int(asked)))


@admin.register(Lot)
class LotAdmin(LotExchange, desk.DeskAdmin):
    list_display = ("code", "shown_product", "expires_on", "shown_units", "shown_state")
    list_filter = (StateFilter, ExpiringFilter)
    list_select_related = ("product",)
    lookups = ("product__id__exact",)
    search_fields = ("=code", "=product__sku", "code")
    search_help_text = gettext_lazy("Lot, serial number or SKU")
    sortable_by = ("code", "expires_on")
    ordering = ("-id",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lot]:
        levels = LotLevel.objects.filter(lot=OuterRef("pk")).order_by().values("lot")
        units = Coalesce(Subquery(levels.annotate(sum=Sum("units")).values("sum")), 0, output_field=IntegerField())
        return super().get_queryset(request).annotate(units=units)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        today = _today()
        for lot in listed.result_list:
            lot.today = today
        return listed

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A lot comes with its goods.
        return False

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/recall-list/", guard(recall_paper), name="inventory_lot_recall_list"),
            path("<int:pk>/recall-list.<slug:kind>", guard(recall_file), name="inventory_lot_recall_file"),
            path("<int:pk>/do/<slug:name>/", guard(do), name="inventory_lot_do"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return page(request, object_id)

    @admin.display(description=gettext_lazy("product"))
    def shown_product(self, lot: Lot) -> str:
        return f"{lot.product.sku} · {named(lot.product)}"

    @admin.display(description=gettext_lazy("units here"))
    def shown_units(self, lot: Any) -> int:
        return int(lot.units)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, lot: Any) -> Any:
        found = lots.state(lot, units=lot.units, today=lot.today)
        return desk.badge(found.label, TONES[found])


# --- its page -----------------------------------------------------------------------------------------------------------
@require_safe
def page(request: HttpRequest, object_id: str) -> HttpResponse:
    """Where it came from, where it lies, who got it; with the buttons to recall it and to lift the recall."""
    desk.must(request, "inventory.view_lot")
    if not desk.is_number(object_id):
        raise Http404
    lot = get_object_or_404(Lot.objects.select_related("product", "supplier"), pk=object_id)
    lying = lot_trace.lying(lot)
    may_recall = request.user.has_perm(RECALL)
    got, more = lot_trace.first_got(lot, MOST_SHOWN) if may_recall else ([], False)
    state = lots.state(lot, units=sum(spot.units for spot in lying), today=_today())
    log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Lot), object_id=str(lot.pk))
    is_serial = lot.product.tracking == lot.product.Tracking.SERIAL
    words = _("Serial number %(code)s") if is_serial else _("Lot %(code)s")
    return desk.page(
        request,
        "admin/inventory/lot/page.html",
        words % {"code": lot.code},
        lot=lot,
        product_name=named(lot.product),
        state=state.label,
        tone=TONES[state],
        came=lot_trace.came(lot),
        lying=lying,
        units_here=sum(spot.units for spot in lying),
        parcels=lot_trace.open_parcels(lot),
        sums=lot_trace.sums(lot),
        units_got=lot_trace.units_got(lot),
        got=got,
        more=MOST_SHOWN if more else 0,
        may_recall=may_recall,
        formats=list(figures.FORMATS),
        log=list(log.select_related("user").order_by("-action_time")[:10]),
    )


@require_safe
def recall_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The recall list on paper."""
    desk.must(request, "inventory.view_lot", RECALL)
    lot = get_object_or_404(Lot.objects.select_related("product"), pk=pk)
    return show(pdf(recall_list.pdf(lot), f"recall-{lot.pk}.pdf"))


@require_safe
def recall_file(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """Who got it, as a file."""
    desk.must(request, "inventory.view_lot", RECALL)
    lot = get_object_or_404(Lot.objects.select_related("product"), pk=pk)
    if kind not in figures.FORMATS:
        raise Http404
    response = FileResponse(
        figures.written(kind, recall_list.HEADINGS, recall_list.rows(lot)),
        as_attachment=True,
        filename=f"recall-{lot.pk}-{timezone.localdate():%Y-%m-%d}.{kind}",
        content_type=figures.FORMATS[kind].get_content_type(),
    )
    response["Cache-Control"] = "private, no-store"
    return response


# --- what is done -------------------------------------------------------------------------------------------------------
@require_POST
def do(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    desk.must(request, "inventory.view_lot")
    if name not in BUTTONS:
        raise Http404
    permission, button = BUTTONS[name]
    desk.must(request, permission)
    lot = get_object_or_404(Lot.objects.select_related("product"), pk=pk)
    desk.press(request, lambda: _done(request, lot, button))
    return HttpResponseRedirect(reverse("admin:inventory_lot_change", args=[pk]))


def _done(request: HttpRequest, lot: Lot, button: Callable[[HttpRequest, Lot], tuple[str, str]]) -> str:
    """Do it and keep in the log who did it and why."""
    with transaction.atomic():
        said, kept = button(request, lot)
        LogEntry.objects.create(
            user_id=str(request.user.pk),
            content_type=ContentType.objects.get_for_model(Lot),
            object_id=str(lot.pk),
            object_repr=str(lot),
            action_flag=CHANGE,
            change_message=kept,
        )
    return said


def _recall(request: HttpRequest, lot: Lot) -> tuple[str, str]:
    why = desk.words(request, "why")
    done = recalling.recall(lot.pk, why=why, by=request.user, who=desk.who(request))
    said = [_("Lot %(code)s is recalled.") if done.fresh else _("Lot %(code)s was recalled before.")]
    if done.units:
        said.append(
            ngettext("%(count)d unit lies in quarantine now.", "%(count)d units lie in quarantine now.", done.units)
            % {"count": done.units}
        )
    if done.parcels:
        said.append(
            ngettext(
                "%(count)d parcel that had not left is to be taken apart and packed anew.",
                "%(count)d parcels that had not left are to be taken apart and packed anew.",
                done.parcels,
            )
            % {"count": done.parcels}
        )
    return " ".join(said) % {"code": lot.code}, _("Recalled: %(why)s") % {"why": why}


def _lift(request: HttpRequest, lot: Lot) -> tuple[str, str]:
    if not recalling.lift(lot.pk):
        raise ValueError(_("Lot %(code)s is not recalled.") % {"code": lot.code})
    said = _("The recall of lot %(code)s is lifted. What lies in quarantine is sold again once it is moved back.")
    return said % {"code": lot.code}, _("Recall lifted")


def _expiry(request: HttpRequest, lot: Lot) -> tuple[str, str]:
    typed = request.POST.get("expires_on", "").strip()
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        raise ValueError(_("“%(text)s” is no day. Write it like 2026-12-03.") % {"text": typed[:20]}) from None
    apart = recalling.set_expiry(lot.pk, day, by=request.user)
    said = _("It expires on %(day)s.") % {"day": date_format(day)} if day else _("It has no expiry date now.")
    if apart:
        words = ngettext("%(count)d unit lies in quarantine now.", "%(count)d units lie in quarantine now.", apart)
        said = f"{said} {words % {'count': apart}}"
    return said, said


BUTTONS: dict[str, tuple[str, Callable[[HttpRequest, Lot], tuple[str, str]]]] = {
    "recall": (RECALL, _recall),
    "lift": (RECALL, _lift),
    "expiry": ("inventory.change_lot", _expiry),
}
