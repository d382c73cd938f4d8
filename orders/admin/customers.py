"""Customers: found by name without accents, e-mail or phone; added and corrected by clerks, never deleted."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from backoffice import desk
from backoffice.lib.text import digits, email_key, unaccented
from backoffice.words import TONES
from orders import customers
from orders.import_export import CustomerExchange
from orders.models import Customer, search_form
from orders.resources import NAMELESS


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields: ClassVar = ["name", "company", "email", "phone", "language", "notes"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        key = email_key(email)
        other = Customer.objects.filter(email_key=key).exclude(pk=self.instance.pk).first() if key else None
        if other is not None:
            raise forms.ValidationError(_("%(customer)s has this e-mail already.") % {"customer": other})
        return email

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        # A field that is wrong by itself is missing here; its own sentence comes first.
        if not self.errors and not any(said.get(name) for name in ("name", "company", "email")):
            raise forms.ValidationError(NAMELESS)
        desk.refuse_cards(said)
        return said


@admin.register(Customer)
class CustomerAdmin(CustomerExchange, desk.DeskAdmin):
    form = CustomerForm
    list_display = ("shown_name", "company", "email", "phone", "language", "created_at")
    list_filter = ("language",)
    search_fields = ("search_name",)
    search_help_text = _("Name, e-mail or phone")
    sortable_by = ("created_at",)
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("name", "company", "email", "phone", "language", "notes")}),
        (_("Orders and addresses"), {"fields": ("shown_orders", "shown_addresses", "shown_numbers")}),
    )
    readonly_fields = ("shown_orders", "shown_addresses", "shown_numbers")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:1]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = " ".join(search_term.split())[:100]
        if "@" in text:
            return queryset.filter(email_key__startswith=email_key(text)), False
        if len(digits(text)) >= 7:
            number = digits(text).removeprefix("1")
            return queryset.filter(phone_digits__in=[number, f"1{number}"]), False
        for word in unaccented(text).split():
            queryset = queryset.filter(search_name__icontains=word)
        return queryset, False

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        obj.search_name = search_form(obj.name, obj.company)
        obj.email_key = email_key(obj.email) or None
        obj.phone_digits = digits(obj.phone)[:40]
        super().save_model(request, obj, form, change)
        if change:
            customers.email_corrected(obj, form.initial.get("email") or "")

    @admin.display(description=_("customer"))
    def shown_name(self, customer: Customer) -> str:
        return str(customer)

    @admin.display(description=_("newest orders"))
    def shown_orders(self, customer: Customer) -> SafeString | str:
        rows = format_html_join(
            "",
            '<li><a class="desk-link" href="{}">{}</a> {} {}</li>',
            (
                (
                    reverse("admin:orders_order_change", args=[order.pk]),
                    order.number,
                    f"{localtime(order.placed_at):%Y-%m-%d}",
                    desk.badge(order.get_state_display(), TONES[order.state]),
                )
                for order in customer.orders.order_by("-placed_at")[:20]
            ),
        )
        return format_html('<ul class="desk-links">{}</ul>', rows) if rows else str(_("none yet"))

    @admin.display(description=_("addresses"))
    def shown_addresses(self, customer: Customer) -> SafeString | str:
        rows = format_html_join("", "<li>{}</li>", ((str(a),) for a in customer.addresses.order_by("-id")[:20]))
        return format_html('<ul class="desk-links">{}</ul>', rows) if rows else str(_("none yet"))

    @admin.display(description=_("numbers at stores"))
    def shown_numbers(self, customer: Customer) -> SafeString | str:
        found = customer.identities.select_related("connection")[:20]
        return ", ".join(str(identity) for identity in found) or str(_("none"))
