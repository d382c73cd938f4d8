"""Invoices by API: read, and their PDF as it was sent."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiTypes, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from accounting import invoicing
from accounting.models import Invoice
from backoffice.api.base import Query, Room, pdf


class InvoiceSummary(serializers.ModelSerializer[Invoice]):
    order = serializers.CharField(source="order.number", read_only=True)

    class Meta:
        model = Invoice
        fields: tuple[str, ...] = ("label", "order", "issued_at", "issued_on", "language", "currency", "total")
        read_only_fields = fields


class InvoiceOut(InvoiceSummary):
    document = serializers.DictField(read_only=True, help_text="Everything the paper says, frozen when it was issued.")
    pdf_sha256 = serializers.CharField(read_only=True, help_text="Of the kept PDF; empty until it is made.")

    class Meta(InvoiceSummary.Meta):
        fields = (*InvoiceSummary.Meta.fields, "document", "pdf_sha256")
        read_only_fields = fields


class InvoiceQuery(Query):
    order = serializers.CharField(required=False, help_text="The order's number.")
    issued_from = serializers.DateField(required=False)
    issued_to = serializers.DateField(required=False, help_text="This day and those before it.")
    lookups = {"order": "order__number", "issued_from": "issued_on__gte", "issued_to": "issued_on__lte"}


@extend_schema_view(
    list=extend_schema(summary="List invoices, the newest first", parameters=[InvoiceQuery], responses=InvoiceSummary),
    retrieve=extend_schema(summary="Read an invoice with all that it says"),
)
@extend_schema(tags=["invoices"])
class Invoices(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = Invoice.objects.all()
    lookup_field = "label"
    lookup_value_regex = "[^/]+"
    query_class = InvoiceQuery
    needs: ClassVar = {
        "list": ("accounting.view_invoice",),
        "retrieve": ("accounting.view_invoice",),
        "pdf": ("accounting.view_invoice",),
    }

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return InvoiceSummary if self.action == "list" else InvoiceOut

    def get_queryset(self) -> QuerySet[Invoice]:
        invoices = Invoice.objects.select_related("order").defer("pdf")
        return invoices.defer("pdf", "document") if self.action == "list" else invoices

    @extend_schema(
        summary="The invoice as PDF, as it was sent",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    @action(detail=True)
    def pdf(self, request: Request, label: str) -> Any:
        invoice = self.get_object()
        return pdf(invoicing.make_pdfs([invoice.pk])[invoice.pk], f"{invoice.label}.pdf")
