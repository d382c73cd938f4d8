"""How an order reads by API (docs/api.md): with amounts only for who may see them (rule: U1)."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from backoffice.api.base import Guarded
from backoffice.api.permissions import SEE_AMOUNTS, may
from backoffice.api.returns import PartOut
from backoffice.words import MONEY_WORDS, without_amounts
from inventory.promise import Promise
from orders import holds, promise_words, promises
from orders.models import (
    Address,
    Customer,
    Hold,
    LinePromise,
    Order,
    OrderCharge,
    OrderLine,
    OrderTax,
    Payment,
    TimelineEntry,
)
from shipping.api import ShipmentOut

TIMELINE = 200


class AddressOut(serializers.ModelSerializer[Address]):
    class Meta:
        model = Address
        fields = ("name", "company", "line1", "line2", "city", "province", "postal_code", "country", "phone")
        read_only_fields = fields


class CustomerOut(serializers.ModelSerializer[Customer]):
    class Meta:
        model = Customer
        fields = ("id", "name", "company", "email", "phone", "language")
        read_only_fields = fields


class PromiseOut(serializers.Serializer[Promise]):
    """When the units on backorder leave, as the customer is told it, and why."""

    earliest = serializers.DateField(allow_null=True, help_text="Null where it is not known.")
    latest = serializers.DateField(allow_null=True)
    hangs_on = serializers.ChoiceField(source="kind", choices=LinePromise.Kind.choices)
    text = serializers.SerializerMethodField(help_text="In English (en) and French (fr).")
    reason = serializers.SerializerMethodField(help_text="For staff, in English (en) and French (fr).")

    def get_text(self, promise: Promise) -> dict[str, str]:
        return {language: promise_words.phrase(promise, language) for language in ("en", "fr")}

    def get_reason(self, promise: Promise) -> dict[str, str]:
        return {language: promise_words.reason(promise, language) for language in ("en", "fr")}


class LineOut(Guarded, serializers.ModelSerializer[OrderLine]):
    guarded = {SEE_AMOUNTS: ("unit_price", "gross", "discount", "tax")}
    product = serializers.CharField(source="product.sku", default=None, read_only=True, allow_null=True)
    promise = PromiseOut(default=None, read_only=True, allow_null=True, help_text="Null where nothing is on backorder.")

    parts = PartOut(
        source="components", many=True, read_only=True,
        help_text="Of a kit or a dozen: the stock units that one unit of the line takes, and how many came back so far.",
    )  # fmt: skip

    class Meta:
        model = OrderLine
        fields = (
            "position", "external_id", "sku", "product", "name", "variation", "needs_shipping", "ordered", "allocated",
            "shipped", "backordered", "promise", "cancelled", "returned", "parts", "unit_price", "gross", "discount",
            "tax",
        )  # fmt: skip
        read_only_fields = fields


class ChargeOut(serializers.ModelSerializer[OrderCharge]):
    class Meta:
        model = OrderCharge
        fields = ("kind", "name", "amount", "tax")
        read_only_fields = fields


class TaxOut(serializers.ModelSerializer[OrderTax]):
    class Meta:
        model = OrderTax
        fields = ("name", "rate", "code", "amount")
        read_only_fields = fields


class PaymentOut(serializers.ModelSerializer[Payment]):
    class Meta:
        model = Payment
        fields = ("external_id", "method", "reference", "amount", "tax", "currency", "at", "reason")
        read_only_fields = fields


class HoldOut(serializers.ModelSerializer[Hold]):
    sentence = serializers.SerializerMethodField()
    released_why = serializers.SerializerMethodField()

    class Meta:
        model = Hold
        fields = ("code", "subject", "stops", "sentence", "placed_at", "released_at", "released_why")
        read_only_fields = fields

    def get_sentence(self, hold: Hold) -> str:
        if hold.code == holds.TOTALS and not may(self.context, SEE_AMOUNTS):
            return "The order's totals do not add up. Ask the office to settle it."
        return _for_reader(self.context, hold.sentence)

    def get_released_why(self, hold: Hold) -> str:
        return _for_reader(self.context, hold.released_why)


class EntryOut(serializers.ModelSerializer[TimelineEntry]):
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = TimelineEntry
        fields = ("at", "who", "what", "sentence")
        read_only_fields = fields

    def get_sentence(self, entry: TimelineEntry) -> str:
        return _for_reader(self.context, entry.sentence)


def _for_reader(context: Any, sentence: str) -> str:
    """A sentence of the order's, without amounts for who may not see them (rule: U1)."""
    return sentence if may(context, SEE_AMOUNTS) else without_amounts(sentence)


class OrderSummary(Guarded, serializers.ModelSerializer[Order]):
    guarded = {
        SEE_AMOUNTS: (
            "items_total", "discount_total", "shipping_total", "fee_total", "tax_total", "total", "paid_total",
            "refunded_total",
        )
    }  # fmt: skip
    connection = serializers.CharField(source="connection.name", read_only=True)
    state_words = serializers.CharField(source="get_state_display", read_only=True)
    customer = CustomerOut(read_only=True)

    class Meta:
        model = Order
        fields: tuple[str, ...] = (
            "number", "connection", "external_id", "external_number", "external_state", "state", "state_words",
            "customer", "language", "placed_at", "paid_at", "cancelled_at", "may_ship", "currency", "items_total",
            "discount_total", "shipping_total", "fee_total", "tax_total", "total", "paid_total", "refunded_total",
            "shipping_method", "priority", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class OrderOut(OrderSummary):
    guarded = {
        SEE_AMOUNTS: (
            *OrderSummary.guarded[SEE_AMOUNTS], "charges", "taxes", "payments", "payment_method", "payment_reference",
            "invoice",
        )
    }  # fmt: skip
    billing_address = AddressOut(read_only=True)
    shipping_address = AddressOut(read_only=True)
    lines = LineOut(many=True, read_only=True)
    charges = ChargeOut(many=True, read_only=True)
    taxes = TaxOut(many=True, read_only=True)
    payments = PaymentOut(many=True, read_only=True)
    holds = HoldOut(many=True, read_only=True)
    shipments = ShipmentOut(many=True, read_only=True)
    timeline = serializers.SerializerMethodField(help_text=f"The newest {TIMELINE} lines, the newest first.")
    invoice = serializers.CharField(source="invoice.label", default=None, read_only=True, allow_null=True)

    class Meta(OrderSummary.Meta):
        fields = (
            *OrderSummary.Meta.fields, "billing_address", "shipping_address", "lines", "charges", "taxes", "payments",
            "payment_method", "payment_reference", "coupons", "customer_note", "gift_note", "holds", "shipments",
            "invoice", "timeline",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, order: Order) -> dict[str, Any]:
        lines = list(order.lines.all())
        told = promises.for_lines([line.pk for line in lines if line.backordered > 0])
        for line in lines:
            line.promise = told.get(line.pk)  # type: ignore[attr-defined]
        return super().to_representation(order)

    @extend_schema(responses=EntryOut(many=True))
    def get_timeline(self, order: Order) -> list[dict[str, Any]]:
        entries: Any = order.newest  # type: ignore[attr-defined]
        if not may(self.context, SEE_AMOUNTS):
            entries = [entry for entry in entries if entry.what not in MONEY_WORDS]
        return list(EntryOut(entries, many=True, context=self.context).data)
