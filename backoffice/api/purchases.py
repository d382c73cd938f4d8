"""Purchase orders by API: read, and goods of one received once by a key of the caller's own."""

from datetime import date
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import receiving
from backoffice.api import once
from backoffice.api.base import Guarded, Query, Room, Strict, rows
from backoffice.api.permissions import SEE_COSTS
from backoffice.receiving import ReceiptItem
from inventory import expected
from inventory.models import GoodsReceipt, GoodsReceiptLine, Location, PurchaseOrder, PurchaseOrderLine

RECEIPT = "purchase_receipt"


# --- purchase orders -----------------------------------------------------------------------------------------------------
class PurchaseOrderLineOut(Guarded, serializers.ModelSerializer[PurchaseOrderLine]):
    guarded = {SEE_COSTS: ("unit_price",)}
    sku = serializers.CharField(source="product.sku", read_only=True)

    class Meta:
        model = PurchaseOrderLine
        fields = (
            "position", "sku", "supplier_sku", "ordered", "received", "cancelled", "outstanding", "unit_price",
            "promised_on", "expected_on", "note",
        )  # fmt: skip
        read_only_fields = fields


class PurchaseOrderOut(Guarded, serializers.ModelSerializer[PurchaseOrder]):
    guarded = {SEE_COSTS: ("currency", "rate")}
    supplier = serializers.CharField(source="supplier.code", read_only=True)
    warehouse = serializers.CharField(source="warehouse.code", read_only=True)
    lines = PurchaseOrderLineOut(many=True, read_only=True)
    expected_on = serializers.DateField(
        read_only=True, help_text="The day for lines without one of their own; see next_expected_on."
    )
    next_expected_on = serializers.SerializerMethodField(
        help_text="The first day on which something of it that has not come is expected."
    )

    class Meta:
        model = PurchaseOrder
        fields = (
            "id", "number", "supplier", "warehouse", "state", "currency", "rate", "expected_on", "next_expected_on",
            "supplier_reference", "note", "revision", "created_at", "sent_at", "confirmed_at", "closed_at", "lines",
        )  # fmt: skip
        read_only_fields = fields

    def get_next_expected_on(self, order: PurchaseOrder) -> date | None:
        return expected.next_day(order, order.lines.all())


class PurchaseOrderQuery(Query):
    state = serializers.ChoiceField(choices=PurchaseOrder.State.choices, required=False)
    supplier = serializers.CharField(required=False, help_text="The code of a supplier.")
    warehouse = serializers.CharField(required=False, help_text="The code of a warehouse.")
    sku = serializers.CharField(required=False, help_text="Orders with a line of this product.")
    lookups = {"supplier": "supplier__code", "warehouse": "warehouse__code"}

    def by_sku(self, orders: QuerySet[PurchaseOrder], sku: str) -> QuerySet[PurchaseOrder]:
        return orders.filter(pk__in=PurchaseOrderLine.objects.filter(product__sku=sku).values("order"))


# --- receipts ------------------------------------------------------------------------------------------------------------
class ReceivedLineIn(Strict):
    line = serializers.IntegerField(min_value=1, help_text="The position of the line on the purchase order.")
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000, help_text="In stock units.")
    location = serializers.CharField(
        max_length=40, required=False, help_text="The code of the place; without it, where the product is put away."
    )
    lot = serializers.CharField(
        max_length=80, required=False, default="", allow_blank=True, help_text="Lot or serial number, where followed."
    )
    expires_on = serializers.DateField(required=False, allow_null=True, default=None)


class PurchaseReceiptIn(Strict):
    delivery_note = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    lines = rows(ReceivedLineIn)

    def items(self, order: PurchaseOrder) -> list[ReceiptItem]:
        """The lines as they are received; a 400 that names each whose position or place is not known."""
        lines = self.validated_data["lines"]
        known = dict(order.lines.values_list("position", "pk"))
        codes = {line["location"] for line in lines if "location" in line}
        places = dict(Location.objects.filter(code__in=codes, archived_at=None).values_list("code", "pk"))
        wrong: Any = {}
        for at, line in enumerate(lines):
            if line["line"] not in known:
                wrong.setdefault(at, {})["line"] = [f"{order.number} has no line {line['line']}."]
            if "location" in line and line["location"] not in places:
                wrong.setdefault(at, {})["location"] = [
                    f"There is no place {line['location']} in use. `GET /api/v1/locations/` lists them."
                ]
        if wrong:
            raise serializers.ValidationError({"lines": wrong})
        return [
            ReceiptItem(
                known[line["line"]],
                line["quantity"],
                places.get(line.get("location", "")),
                line["lot"].strip(),
                line["expires_on"],
            )
            for line in lines
        ]


class ReceivedLineOut(Guarded, serializers.ModelSerializer[GoodsReceiptLine]):
    guarded = {SEE_COSTS: ("unit_cost",)}
    line = serializers.IntegerField(source="line.position", read_only=True)
    sku = serializers.CharField(source="line.product.sku", read_only=True)
    location = serializers.CharField(source="location.code", read_only=True)
    lot = serializers.CharField(source="lot.code", default="", read_only=True)

    class Meta:
        model = GoodsReceiptLine
        fields = ("line", "sku", "location", "lot", "quantity", "reversed", "unit_cost")
        read_only_fields = fields


class PurchaseReceiptOut(serializers.ModelSerializer[GoodsReceipt]):
    lines = ReceivedLineOut(many=True, read_only=True)

    class Meta:
        model = GoodsReceipt
        fields = ("id", "at", "delivery_note", "note", "lines")
        read_only_fields = fields


@extend_schema_view(
    list=extend_schema(summary="List purchase orders", parameters=[PurchaseOrderQuery]),
    retrieve=extend_schema(summary="Read a purchase order by its number"),
)
@extend_schema(tags=["purchasing"])
class PurchaseOrders(mixins.ListModelMixin, mixins.RetrieveModelMixin, Room):
    queryset = (
        PurchaseOrder.objects.select_related("supplier", "warehouse")
        .defer("pdf")
        .prefetch_related(Prefetch("lines", PurchaseOrderLine.objects.select_related("product").order_by("position")))
    )
    serializer_class = PurchaseOrderOut
    lookup_field = "number"
    query_class = PurchaseOrderQuery
    needs: ClassVar = {
        "list": ("inventory.view_purchaseorder",),
        "retrieve": ("inventory.view_purchaseorder",),
        "receipts": ("inventory.view_purchaseorder", "inventory.receive_goods"),
    }

    @extend_schema(
        summary="Goods of a purchase order come in",
        description="All lines or none, booked once by the Idempotency-Key, and given to the orders that wait for them. "
        "More than was ordered is taken in; the note of the receipt says how many too many.",
        parameters=[once.PARAMETER],
        request=PurchaseReceiptIn,
        responses={
            201: PurchaseReceiptOut,
            200: OpenApiResponse(PurchaseReceiptOut, description="It was booked already."),
        },
    )
    @action(detail=True, methods=["post"])
    def receipts(self, request: Request, number: str) -> Response:
        order = self.get_object()

        def receive(sent: PurchaseReceiptIn, key: str) -> None:
            said = sent.validated_data
            receiving.receive(
                order.pk,
                sent.items(order),
                key=key,
                delivery_note=said["delivery_note"],
                note=said["note"],
                by=request.user,
            )

        booked_as, now = once.booked(self, PurchaseReceiptIn, RECEIPT, receive, about=str(order.pk))
        lines = GoodsReceiptLine.objects.select_related("line__product", "location", "lot").order_by("id")
        receipt = GoodsReceipt.objects.prefetch_related(Prefetch("lines", lines)).get(key=booked_as)
        answer = PurchaseReceiptOut(receipt, context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_201_CREATED if now else status.HTTP_200_OK)
