"""The staff's pages on suppliers, and on what each of them sells."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import desk
from backoffice.lib.working_days import is_known_region
from inventory import punctuality
from inventory.admin import punctuality_page
from inventory.admin.product_filters import ArchivedFilter
from inventory.import_export import SupplierExchange
from inventory.models import Supplier, SupplierProduct
from orders import merchant, promise_score, promise_terms
from orders.holds import known_currency


class SupplierForm(forms.ModelForm):
    class Meta:
        model = Supplier
        fields: ClassVar = [
            "code", "name", "email", "phone", "address", "language", "currency", "lead_time_days", "holiday_region",
            "minimum_order", "account_number", "payment_terms", "notes",
        ]  # fmt: skip

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if not known_currency(currency):
            raise forms.ValidationError(
                _("“%(code)s” is no currency that is known here. Write it like CAD or USD."), params={"code": currency}
            )
        return currency

    def clean_holiday_region(self) -> str:
        region: str = self.cleaned_data["holiday_region"].strip().upper()
        if not is_known_region(region):
            raise forms.ValidationError(
                _("The holidays of “%(region)s” are not known. Write it like CA-QC, CA-ON or US; or leave it empty."),
                params={"region": region},
            )
        return region

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        desk.refuse_cards(said)
        return said


@admin.register(Supplier)
class SupplierAdmin(SupplierExchange, desk.Columns, desk.DeskAdmin):
    form = SupplierForm
    list_display = ("code", "name", "email", "phone", "lead_time_days", "shown_products")
    guarded: ClassVar[dict[str, str]] = {"minimum_order": "inventory.see_costs"}
    list_filter = (ArchivedFilter,)
    search_fields = ("code", "name", "email", "=account_number")
    search_help_text = gettext_lazy("Code, name, e-mail or our number there")
    sortable_by = ("code", "name", "lead_time_days")
    ordering = ("name", "code")
    fields = (
        "code", "name", "email", "phone", "address", "language", "currency", "lead_time_days", "holiday_region",
        "minimum_order", "account_number", "payment_terms", "notes", "shown_products", "shown_orders",
        "shown_punctuality", "shown_promises", "archived_at",
    )  # fmt: skip
    readonly_fields = ("shown_products", "shown_orders", "shown_punctuality", "shown_promises", "archived_at")
    actions: ClassVar = ["archive", "take_out_of_archive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Supplier]:
        return (
            super()
            .get_queryset(request)
            .annotate(product_count=desk.CountUpTo(SupplierProduct.objects.filter(supplier=OuterRef("pk"))))
        )

    def save_model(self, request: HttpRequest, obj: Supplier, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and promise_terms.OF_SUPPLIER & set(form.changed_data):
                promise_terms.suppliers_changed([obj.pk])

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        added = ("shown_products", "shown_orders", "shown_punctuality", "shown_promises", "archived_at")
        return [name for name in super().get_fields(request, obj) if obj or name not in added]

    @admin.display(description=gettext_lazy("products"))
    def shown_products(self, supplier: Any) -> SafeString:
        url = f"{reverse('admin:inventory_supplierproduct_changelist')}?supplier__id__exact={supplier.pk}"
        return format_html('<a class="desk-link" href="{}">{}</a>', url, desk.shown_count(supplier.product_count))

    @admin.display(description=gettext_lazy("purchase orders"))
    def shown_orders(self, supplier: Supplier) -> SafeString:
        url = f"{reverse('admin:inventory_purchaseorder_changelist')}?supplier__id__exact={supplier.pk}"
        return format_html('<a class="desk-link" href="{}">{}</a>', url, supplier.purchase_orders.count())

    @admin.display(description=gettext_lazy("punctuality"))
    def shown_punctuality(self, supplier: Supplier) -> str:
        seller = merchant.current()
        today = merchant.local_day(timezone.now(), seller)
        return punctuality_page.in_words(punctuality.of_suppliers([supplier.pk], zone=seller.time_zone, today=today))

    @admin.display(description=gettext_lazy("promises that hung on it, in a year"))
    def shown_promises(self, supplier: Any) -> SafeString:
        score, url = promise_score.of_supplier(supplier.pk), reverse("admin:orders_order_promises")
        if score.share is None:
            return format_html('<a class="desk-link" href="{}">{}</a>', url, _("none that can be judged yet"))
        said = _("%(kept)d of %(judged)d kept (%(share)d %%)") % {
            "kept": score.kept,
            "judged": score.judged,
            "share": round(score.share),
        }
        if score.days_late is not None:
            said += _("; %(late)d late, by %(days).1f days on average") % {"late": score.late, "days": score.days_late}
        return format_html('<a class="desk-link" href="{}">{}</a>', url, said)

    @admin.action(description=gettext_lazy("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, suppliers: QuerySet[Supplier]) -> None:
        done = _archived(_these(suppliers).filter(archived_at=None), at=timezone.now())
        self.message_user(request, _("%(count)d archived; they stay on their purchase orders.") % {"count": done})

    @admin.action(description=gettext_lazy("Take out of the archive"), permissions=["change"])
    def take_out_of_archive(self, request: HttpRequest, suppliers: QuerySet[Supplier]) -> None:
        done = _archived(_these(suppliers).filter(archived_at__isnull=False), at=None)
        self.message_user(request, _("%(count)d taken out of the archive.") % {"count": done})


def _these(suppliers: QuerySet[Supplier]) -> QuerySet[Supplier]:
    """The same rows without the list's sums and order, which cannot be written to."""
    return Supplier.objects.filter(pk__in=list(suppliers.values_list("pk", flat=True)))


def _archived(suppliers: QuerySet[Supplier], *, at: datetime | None) -> int:
    """How many were put into the archive or taken out; what is told of their goods follows."""
    with transaction.atomic():
        ids = list(suppliers.values_list("pk", flat=True))
        done = Supplier.objects.filter(pk__in=ids).update(archived_at=at)
        promise_terms.suppliers_changed(ids)
    return done
