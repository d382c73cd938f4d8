"""Who sells: one row, so the list goes straight to it."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import desk
from orders import holds, merchant, promise_terms
from orders.models import Merchant

LEAST_WEEKS, MOST_WEEKS = 2, 104


class MerchantForm(forms.ModelForm):
    class Meta:
        model = Merchant
        fields: ClassVar = [
            "name", "address", "email", "phone", "website", "currency", "time_zone", "language", "demand_weeks",
            "service_level", "order_list_email", "backorder_list_email", "backorder_list_amounts", "count_approval_limit",
            "publishes_availability", "publishes_quantity",
        ]  # fmt: skip

    def clean_time_zone(self) -> str:
        return desk.known_zone(self.cleaned_data["time_zone"])

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not holds.known_currency(currency):
            raise forms.ValidationError(
                _("“%(code)s” is no currency known here; write it like CAD.") % {"code": currency}
            )
        return currency

    def clean_demand_weeks(self) -> int:
        weeks: int = self.cleaned_data["demand_weeks"]
        if not LEAST_WEEKS <= weeks <= MOST_WEEKS:
            raise forms.ValidationError(
                _("Say a number of weeks from %(least)d to %(most)d.") % {"least": LEAST_WEEKS, "most": MOST_WEEKS}
            )
        return weeks

    def clean_service_level(self) -> Decimal:
        level: Decimal = self.cleaned_data["service_level"]
        if not 50 <= level < 100:
            raise forms.ValidationError(
                _("Say a service level from 50 to 99.99 per cent; nobody can promise 100 per cent.")
            )
        return level

    def clean_count_approval_limit(self) -> Decimal | None:
        limit: Decimal | None = self.cleaned_data["count_approval_limit"]
        if limit is not None and limit < 0:
            raise forms.ValidationError(_("An amount from 0 up, or leave it empty."))
        return limit


@admin.register(Merchant)
class MerchantAdmin(desk.DeskAdmin):
    form = MerchantForm
    fieldsets = (
        (
            gettext_lazy("On every paper"),
            {"fields": ("name", "address", "email", "phone", "website", "currency", "time_zone", "language")},
        ),
        (
            gettext_lazy("What is ordered again"),
            {
                "fields": ("demand_weeks", "service_level"),
                "description": gettext_lazy(
                    "For products without a limit of their own the demand suggests one. A change shows within a quarter "
                    "of an hour."
                ),
            },
        ),
        (
            gettext_lazy("Lists by mail, on the morning of each working day"),
            {"fields": ("order_list_email", "backorder_list_email", "backorder_list_amounts")},
        ),
        (gettext_lazy("Counts"), {"fields": ("count_approval_limit",)}),
        (gettext_lazy("What anyone may ask"), {"fields": ("publishes_availability", "publishes_quantity")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if "time_zone" in form.changed_data:
                # Another clock: what is ordered now may be after the cut-off hour.
                promise_terms.warehouses_changed()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        desk.must(request, "orders.view_merchant")
        return HttpResponseRedirect(reverse("admin:orders_merchant_change", args=[merchant.current().pk]))
