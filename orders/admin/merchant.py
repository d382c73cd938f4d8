"""Who sells: one row, so the list goes straight to it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice import desk
from orders import holds, merchant
from orders.models import Merchant


class MerchantForm(forms.ModelForm):
    class Meta:
        model = Merchant
        fields: ClassVar = ["name", "address", "email", "phone", "website", "currency", "time_zone", "language"]

    def clean_time_zone(self) -> str:
        return desk.known_zone(self.cleaned_data["time_zone"])

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not holds.known_currency(currency):
            raise forms.ValidationError(
                _("“%(code)s” is no currency known here; write it like CAD.") % {"code": currency}
            )
        return currency


@admin.register(Merchant)
class MerchantAdmin(desk.DeskAdmin):
    form = MerchantForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        desk.must(request, "orders.view_merchant")
        return HttpResponseRedirect(reverse("admin:orders_merchant_change", args=[merchant.current().pk]))
