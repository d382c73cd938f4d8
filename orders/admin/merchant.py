"""Who sells: one row, so the list goes straight to it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from backoffice import desk
from orders import merchant
from orders.models import Merchant


@admin.register(Merchant)
class MerchantAdmin(desk.DeskAdmin):
    fields = ("name", "address", "email", "phone", "website", "currency", "time_zone", "language")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        desk.must(request, "orders.view_merchant")
        return HttpResponseRedirect(reverse("admin:orders_merchant_change", args=[merchant.current().pk]))
