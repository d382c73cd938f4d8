"""Invoices, the books and the taxes. What is issued or posted is read here and never edited."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter

from accounting import ledger
from accounting.models import Account, Entry, Invoice, TaxName, TaxRegistration
from backoffice import desk, settling
from backoffice.lib import formats


@admin.register(Invoice)
class InvoiceAdmin(desk.ReadOnlyAdmin):
    list_display = ("label", "shown_order", "shown_customer", "issued_on", "shown_total", "shown_pdf")
    list_filter = (("issued_on", RangeDateFilter), ("language", ChoicesDropdownFilter))
    list_select_related = ("order__customer",)
    search_fields = ("=label", "=order__number", "=order__external_number")
    search_help_text = gettext_lazy("Invoice or order number")
    sortable_by = ()
    fields = ("label", "shown_order", "shown_customer", "issued_at", "language", "shown_total", "shown_pdf")
    readonly_fields = ("shown_order", "shown_customer", "shown_total", "shown_pdf")
    actions: ClassVar = ["print_ticked"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        return super().get_queryset(request).defer("pdf", "document")

    @admin.action(description=gettext_lazy("Print"))
    def print_ticked(self, request: HttpRequest, invoices: QuerySet[Invoice]) -> HttpResponse:
        return desk.papers(request, "invoice", invoices.order_by("id").values_list("order_id", flat=True)[:500])

    @admin.display(description=gettext_lazy("order"))
    def shown_order(self, invoice: Invoice) -> SafeString:
        url = reverse("admin:orders_order_change", args=[invoice.order_id])
        return format_html('<a class="desk-link" href="{}">{}</a>', url, invoice.order.number)

    @admin.display(description=gettext_lazy("customer"))
    def shown_customer(self, invoice: Invoice) -> str:
        return str(invoice.order.customer)

    @admin.display(description=gettext_lazy("total"))
    def shown_total(self, invoice: Invoice) -> str:
        return formats.money(invoice.total, invoice.currency, "en")

    @admin.display(description="PDF")
    def shown_pdf(self, invoice: Invoice) -> SafeString:
        return format_html('<a href="/papers/invoice/?order={}" target="_blank">{}</a>', invoice.order_id, _("Open"))


@admin.register(Entry)
class EntryAdmin(desk.ReadOnlyAdmin):
    list_display = ("posted_on", "description", "kind", "shown_amount", "shown_order")
    list_filter = (("kind", ChoicesDropdownFilter), ("posted_on", RangeDateFilter))
    list_select_related = ("order",)
    list_prefetch_related = ("lines",)
    lookups = ("order__id__exact", "lines__account__code")
    search_fields = ("=order__number", "=key")
    search_help_text = gettext_lazy("Order number")
    sortable_by = ()
    fields = ("posted_on", "description", "kind", "shown_order", "shown_lines", "posted_at", "key")
    readonly_fields = ("shown_order", "shown_lines")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        return super().get_queryset(request).prefetch_related("lines__account")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(trial_balance)
        return [path("trial-balance/", view, name="accounting_trial_balance"), *super().get_urls()]

    @admin.display(description=gettext_lazy("amount"))
    def shown_amount(self, entry: Entry) -> str:
        debit = sum((line.amount for line in entry.lines.all() if line.amount > 0), Decimal(0))
        return formats.money(debit, entry.currency, "en")

    @admin.display(description=gettext_lazy("order"))
    def shown_order(self, entry: Entry) -> SafeString | str:
        if entry.order is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[entry.order_id])
        return format_html('<a class="desk-link" href="{}">{}</a>', url, entry.order.number)

    @admin.display(description=gettext_lazy("lines"))
    def shown_lines(self, entry: Entry) -> SafeString:
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td class='desk-number'>{}</td><td class='desk-number'>{}</td></tr>",
            (
                (
                    line.account,
                    formats.money(line.amount, entry.currency, "en") if line.amount > 0 else "",
                    formats.money(-line.amount, entry.currency, "en") if line.amount < 0 else "",
                )
                for line in entry.lines.all()
            ),
        )
        return format_html(
            '<div class="desk-scroll"><table class="desk-table desk-plain"><thead><tr><th>{}</th><th class="desk-number">{}</th>'
            '<th class="desk-number">{}</th></tr></thead><tbody>{}</tbody></table></div>',
            _("Account"),
            _("Debit"),
            _("Credit"),
            rows,
        )


def trial_balance(request: HttpRequest) -> HttpResponse:
    """Every account's debits and credits up to a day, by currency; each currency adds up to zero."""
    desk.must(request, "accounting.view_entry")
    typed = request.GET.get("until", "")
    try:
        until = parse_date(typed) if typed else None
        wrong = _("“%(text)s” is no day; write it as 2026-12-31.") % {"text": typed[:20]} if typed and not until else ""
    except ValueError:
        until, wrong = None, _("There is no such day: %(text)s.") % {"text": typed[:20]}
    currencies: dict[str, list[ledger.Balance]] = defaultdict(list)
    for balance in [] if wrong else ledger.trial_balance(until=until):
        currencies[balance.currency].append(balance)
    sums = [
        (
            currency,
            balances,
            sum((b.debit for b in balances), Decimal(0)),
            sum((b.credit for b in balances), Decimal(0)),
        )
        for currency, balances in currencies.items()
    ]
    return desk.page(
        request,
        "admin/accounting/trial_balance.html",
        _("Trial balance"),
        until=until,
        wrong=wrong,
        sums=sums,
        may_export=request.user.has_perm("accounting.export_books"),
        books=["hledger", "beancount", "csv"],
    )


@admin.register(Account)
class AccountAdmin(desk.ReadOnlyAdmin):
    list_display = ("code", "name", "kind")
    fields = ("code", "name", "kind")
    ordering = ("code",)
    actions = None


@admin.register(TaxRegistration)
class TaxRegistrationAdmin(desk.DeskAdmin):
    list_display = ("code", "number")
    fields = ("code", "number")


class TaxNameForm(forms.ModelForm):
    class Meta:
        model = TaxName
        fields: ClassVar = ["name", "code"]


@admin.register(TaxName)
class TaxNameAdmin(desk.DeskAdmin):
    """What stores call a tax. Saying it once lets every order that waits for it go on."""

    form = TaxNameForm
    list_display = ("name", "code")
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounting.explain_tax")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounting.explain_tax")

    def save_model(self, request: HttpRequest, obj: TaxName, form: Any, change: bool) -> None:
        if change and "name" in form.changed_data:
            super().save_model(request, obj, form, change)
        obj.pk = settling.explain_tax(obj.name, obj.code, by=request.user, who=desk.who(request)).pk
