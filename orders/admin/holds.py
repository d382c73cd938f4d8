"""Needs a person: every open hold with its sentence, the oldest first."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice import desk
from backoffice.words import without_amounts
from orders import holds as kinds
from orders.models import Hold

CODES = [
    (kinds.SKU, _("unknown product")),
    (kinds.TOTALS, _("totals do not add up")),
    (kinds.TAX, _("unknown tax")),
    (kinds.ADDRESS, _("address")),
    (kinds.CURRENCY, _("currency")),
    (kinds.EDITED, _("edited in the store")),
    (kinds.DOUBT, _("not sure what the store means")),
    (kinds.STORE_SHIPPED, _("shipped by the store")),
]


class CodeFilter(admin.SimpleListFilter):
    title = _("reason")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(CODES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        return queryset.filter(code=self.value()) if self.value() else queryset


@admin.register(Hold)
class HoldAdmin(desk.ReadOnlyAdmin):
    list_display = ("shown_order", "shown_stops", "shown_sentence", "placed_at")
    # The link leads to the order: change_view goes on to it.
    list_display_links = ("shown_order",)
    list_filter = (CodeFilter,)
    list_select_related = ("order__customer",)
    search_fields = ("=order__number", "=subject")
    search_help_text = _("Order number, SKU or tax")
    sortable_by = ()
    ordering = ("id",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        return super().get_queryset(request).filter(released_at=None)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Needs a person"), **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> Any:
        # Sentences about totals quote amounts, which the warehouse does not see.
        return super().get_list_display(request) if request.user.has_perm("orders.see_amounts") else NO_AMOUNTS

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        hold = self.get_object(request, object_id)
        if hold is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[hold.order_id]))

    @admin.display(description=_("order"))
    def shown_order(self, hold: Hold) -> SafeString:
        return format_html('{} <span class="desk-quiet desk-under">{}</span>', hold.order.number, hold.order.customer)

    @admin.display(description=_("stops"))
    def shown_stops(self, hold: Hold) -> SafeString:
        tone = "warn" if hold.stops == Hold.Stops.NOTHING else "danger"
        return desk.badge(hold.get_stops_display(), tone)

    @admin.display(description=_("what is wrong, and what to do"))
    def shown_sentence(self, hold: Hold) -> SafeString:
        return format_html('<span class="desk-sentence">{}</span>', hold.sentence)

    @admin.display(description=_("what is wrong, and what to do"))
    def sentence_without_amounts(self, hold: Hold) -> SafeString:
        return format_html('<span class="desk-sentence">{}</span>', without_amounts(hold.sentence))


NO_AMOUNTS = ("shown_order", "shown_stops", "sentence_without_amounts", "placed_at")
