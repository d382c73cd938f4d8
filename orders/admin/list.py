"""Lists of orders: all, to pack, waiting for stock, unpaid; with batch printing, packing and shipping."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

from backoffice import desk, journey, search
from backoffice.lib import formats
from backoffice.words import SHORT, TONES
from orders import priority
from orders.admin import actions, page, promises, release, waiting
from orders.import_export import OrderExchange
from orders.models import Order, OrderLine
from shipping.models import Shipment

State = Order.State
WORK: dict[str, tuple[Any, tuple[str, ...]]] = {
    "to-pack": (gettext_lazy("To pack"), (State.TO_PACK, State.PARTLY_TO_PACK)),
    "to-ship": (gettext_lazy("Packed, to be shipped"), (State.PACKED,)),
    "waiting": (
        gettext_lazy("Waiting for stock"),
        (State.BACKORDER, State.PARTLY_TO_PACK, State.PARTLY_SHIPPED),
    ),
    "unpaid": (gettext_lazy("Waiting for payment"), (State.UNPAID,)),
    "held": (gettext_lazy("Needs a person"), (State.HELD,)),
}
"""Work lists, by the states that belong on each."""
MOST_AT_ONCE = 500
"""Orders that one click packs or ships; more would keep the browser waiting."""


class WorkFilter(admin.SimpleListFilter):
    title = gettext_lazy("work")
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, words) for key, (words, _states) in WORK.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() not in WORK:
            return queryset
        return queryset.filter(state__in=WORK[str(self.value())][1])


class PriorityFilter(admin.SimpleListFilter):
    title = gettext_lazy("turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("before", gettext_lazy("before others")), ("after", gettext_lazy("after others"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if self.value() == "before":
            return queryset.filter(priority__lt=Order.Priority.USUAL)
        if self.value() == "after":
            return queryset.filter(priority__gt=Order.Priority.USUAL)
        return queryset


def _sum(name: str) -> Any:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    return Coalesce(Subquery(lines.annotate(units=Sum(name)).values("units")), 0)


@admin.register(Order)
class OrderAdmin(OrderExchange, desk.Columns, desk.ReadOnlyAdmin):
    list_display = (
        "number",
        "shown_external",
        "shown_customer",
        "shown_placed",
        "shown_state",
        "ordered",
        "shipped",
        "backordered",
        "shown_total",
    )
    guarded: ClassVar[dict[str, str]] = {"shown_total": "orders.see_amounts"}
    list_filter = (
        WorkFilter,
        ("state", ChoicesDropdownFilter),
        ("connection", RelatedDropdownFilter),
        ("placed_at", RangeDateFilter),
        PriorityFilter,
    )
    list_select_related = ("customer", "connection")
    # The list's own search is the one search box of the house (rule: O7).
    search_fields = ("number",)
    search_help_text = gettext_lazy("Number, name, e-mail, phone, postal code, SKU, tracking")
    sortable_by = ("shown_placed",)
    ordering = ("-placed_at", "-id")
    actions: ClassVar = [
        "print_slips",
        "print_labels",
        "print_pick_list",
        "print_invoices",
        "serve_first",
        "serve_in_turn",
        "pack_ticked",
        "ship_ticked",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return (
            super()
            .get_queryset(request)
            .annotate(units=_sum("ordered"), units_shipped=_sum("shipped"), units_missing=_sum("backordered"))
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=[found.order_id for found in search.matches(search_term, limit=200)]), False

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("waiting/", guard(waiting.view), name="orders_order_waiting"),
            path("promises/", guard(promises.view), name="orders_order_promises"),
            path("release/", guard(release.view), name="orders_order_release"),
            path("<int:order_id>/do/<slug:name>/", guard(self.press), name="orders_order_do"),
            *super().get_urls(),
        ]

    def press(self, request: HttpRequest, order_id: int, name: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        desk.must(request, "orders.view_order")
        return actions.press(request, order_id, name)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        desk.must(request, "orders.view_order")
        if not desk.is_number(object_id):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return page.view(request, int(object_id))

    # --- columns ------------------------------------------------------------------------------------------------------
    @admin.display(description=gettext_lazy("store's number"))
    def shown_external(self, order: Order) -> SafeString:
        return format_html('{} <span class="desk-quiet desk-under">{}</span>', order.external_number, order.connection)

    @admin.display(description=gettext_lazy("placed"), ordering="placed_at")
    def shown_placed(self, order: Order) -> str:
        return date_format(localtime(order.placed_at), "j M Y")

    @admin.display(description=gettext_lazy("customer"))
    def shown_customer(self, order: Order) -> str:
        return str(order.customer)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, order: Order) -> SafeString:
        return desk.badge(SHORT.get(order.state) or order.get_state_display(), TONES[order.state])

    @admin.display(description=gettext_lazy("ordered"))
    def ordered(self, order: Any) -> int:
        return int(order.units)

    @admin.display(description=gettext_lazy("shipped"))
    def shipped(self, order: Any) -> int:
        return int(order.units_shipped)

    @admin.display(description=gettext_lazy("backorder"))
    def backordered(self, order: Any) -> Any:
        return desk.badge(order.units_missing, "warn") if order.units_missing else 0

    @admin.display(description=gettext_lazy("total"))
    def shown_total(self, order: Order) -> str:
        return formats.money(order.total, order.currency, "en")

    # --- ticked orders ------------------------------------------------------------------------------------------------
    def has_see_parcels_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shipping.view_shipment")

    def has_see_invoices_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounting.view_invoice")

    def has_pack_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shipping.pack_shipment")

    def has_ship_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shipping.ship_shipment")

    @admin.action(description=gettext_lazy("Print packing slips"), permissions=["see_parcels"])
    def print_slips(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self._papers(request, "slip", orders)

    @admin.action(description=gettext_lazy("Print labels"), permissions=["see_parcels"])
    def print_labels(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self._papers(request, "label", orders)

    @admin.action(description=gettext_lazy("Print a pick list"), permissions=["see_parcels"])
    def print_pick_list(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self._papers(request, "picklist", orders)

    @admin.action(description=gettext_lazy("Print invoices"), permissions=["see_invoices"])
    def print_invoices(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        return self._papers(request, "invoice", orders)

    def has_prioritise_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.prioritise_order")

    @admin.action(description=gettext_lazy("Serve before all others"), permissions=["prioritise"])
    def serve_first(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._prioritise(request, orders, Order.Priority.FIRST)

    @admin.action(description=gettext_lazy("Serve in the usual turn"), permissions=["prioritise"])
    def serve_in_turn(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._prioritise(request, orders, Order.Priority.USUAL)

    def _prioritise(self, request: HttpRequest, orders: QuerySet[Order], turn: Order.Priority) -> None:
        ids = self._ids(request, orders)
        if not ids:
            return
        changed = priority.put(ids, turn, who=desk.who(request))
        said = ngettext(
            "%(count)d order is served %(turn)s from now on.",
            "%(count)d orders are served %(turn)s from now on.",
            changed,
        )
        messages.success(request, said % {"count": changed, "turn": priority.words(turn)})

    @admin.action(description=gettext_lazy("Pack what is reserved"), permissions=["pack"])
    def pack_ticked(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        ids = self._ids(request, orders)
        if ids:
            desk.press(request, lambda: self._pack(request, ids))

    def _pack(self, request: HttpRequest, ids: Sequence[int]) -> str:
        parcels = journey.pack(ids, by=request.user, who=desk.who(request))
        said = ngettext("%(count)d parcel packed.", "%(count)d parcels packed.", len(parcels)) % {"count": len(parcels)}
        left = len(ids) - len(parcels)
        rest = ngettext("%(count)d order had nothing to pack.", "%(count)d orders had nothing to pack.", left)
        return f"{said} {rest % {'count': left}}" if left else said

    @admin.action(description=gettext_lazy("Ship all that is packed"), permissions=["ship"])
    def ship_ticked(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        ids = self._ids(request, orders)
        if ids:
            desk.press(request, lambda: self._ship(request, ids))

    def _ship(self, request: HttpRequest, ids: Sequence[int]) -> str:
        packed = Shipment.objects.filter(order_id__in=ids, state=Shipment.State.PACKED).values_list("pk", flat=True)
        left = journey.ship(list(packed), by=request.user, who=desk.who(request))
        if not left:
            raise ValueError(_("None of these orders has a packed parcel. Pack them first."))
        return ngettext("%(count)d parcel has left.", "%(count)d parcels have left.", len(left)) % {"count": len(left)}

    def _papers(self, request: HttpRequest, kind: str, orders: QuerySet[Order]) -> HttpResponse | None:
        ids = self._ids(request, orders)
        return desk.papers(request, kind, ids) if ids else None

    def _ids(self, request: HttpRequest, orders: QuerySet[Order]) -> list[int]:
        ids = list(orders.order_by("placed_at", "id").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(ids) > MOST_AT_ONCE:
            messages.error(
                request, _("At most %(most)d orders can be worked on at once; tick fewer.") % {"most": MOST_AT_ONCE}
            )
            return []
        return ids
