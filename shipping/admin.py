"""Parcels: looked up by number or tracking number; everything that is done to one is done on its order's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from backoffice import desk
from shipping.models import Shipment

TONES: dict[str, str] = {
    Shipment.State.PACKED: "info",
    Shipment.State.SHIPPED: "good",
    Shipment.State.UNPACKED: "quiet",
}


@admin.register(Shipment)
class ShipmentAdmin(desk.ReadOnlyAdmin):
    list_display = (
        "shown_number",
        "shown_customer",
        "shown_state",
        "carrier",
        "tracking_number",
        "packed_at",
        "shipped_at",
    )
    list_filter = (("state", ChoicesDropdownFilter), ("shipped_at", RangeDateFilter))
    list_select_related = ("order__customer",)
    search_fields = ("=number", "=tracking_number", "=order__number")
    search_help_text = _("Parcel, tracking or order number")
    sortable_by = ()
    actions = None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        parcel = self.get_object(request, object_id)
        if parcel is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[parcel.order_id]))

    @admin.display(description=_("parcel"))
    def shown_number(self, parcel: Shipment) -> str:
        return parcel.number

    @admin.display(description=_("customer"))
    def shown_customer(self, parcel: Shipment) -> str:
        return str(parcel.order.customer)

    @admin.display(description=_("state"))
    def shown_state(self, parcel: Shipment) -> SafeString:
        return desk.badge(parcel.get_state_display(), TONES[parcel.state])
