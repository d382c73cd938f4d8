"""What an order sent by API must look like (docs/api.md). What it means is read by `orders/stores/api.py`."""

import re
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from backoffice.api.base import Strict, rows
from orders import priority
from orders.models import LANGUAGES, OrderCharge

LARGEST = Decimal(10) ** 9


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        **{"max_digits": 14, "decimal_places": 3, "max_value": LARGEST, "min_value": -LARGEST, **options}
    )


def words(longest: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(**{"max_length": longest, "required": False, "allow_blank": True, **options})


class AddressIn(Strict):
    name = words(250)
    company = words(250)
    line1 = words(250)
    line2 = words(250)
    city = words(120)
    province = words(60, help_text="Two letters in Canada and the United States, or the name.")
    postal_code = words(20)
    country = words(2, help_text="Two letters: CA.")
    phone = words(40)


class CustomerIn(Strict):
    external_id = words(120, help_text="Your number of the customer; empty for a guest.")
    name = words(250)
    company = words(250)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = words(40)
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, allow_blank=True)


class OrderLineIn(Strict):
    external_id = words(120, help_text="Your number of the line; without it, its place in the list.")
    sku = words(120)
    item_id = words(120, help_text="Your number of the product, where a person has mapped it here.")
    name = words(250)
    variation = words(250)
    quantity = serializers.IntegerField(min_value=0, max_value=1_000_000)
    unit_price = money(max_digits=16, decimal_places=6, required=False, help_text="Before discount and tax.")
    gross = money(required=False, help_text="Of the line, before discount and tax; instead of unit_price.")
    discount = money(required=False, min_value=0, help_text="Of the line, before tax.")
    tax = money(required=False, help_text="Of the line, after discount.")
    needs_shipping = serializers.BooleanField(required=False, default=True)

    def validate(self, line: dict[str, Any]) -> dict[str, Any]:
        if not line.get("sku", "").strip() and not line.get("name", "").strip():
            raise serializers.ValidationError({"sku": "Say what was bought: a sku, or at least a name."})
        if line.get("unit_price") is None and line.get("gross") is None:
            raise serializers.ValidationError({"unit_price": "Give unit_price or gross; 0 where it was free."})
        return line


class ChargeIn(Strict):
    kind = serializers.ChoiceField(choices=OrderCharge.Kind.choices)
    name = words(250)
    external_id = words(120)
    amount = money(help_text="Before tax; negative for a rebate.")
    tax = money(required=False)


class TaxIn(Strict):
    name = words(120, required=True, allow_blank=False)
    rate = serializers.DecimalField(
        max_digits=8, decimal_places=5, required=False, allow_null=True, help_text="In per cent.", min_value=0
    )
    amount = money()


class PaymentIn(Strict):
    external_id = words(200)
    amount = money(min_value=Decimal("0.001"))
    at = serializers.DateTimeField(required=False)
    method = words(120)
    reference = words(200)


class OrderIn(Strict):
    """An order with all that the hub should know of it. Times without a zone are the connection's own."""

    external_id = words(120, required=True, allow_blank=False, help_text="The order's identity with you.")
    external_number = words(120, help_text="The number that the customer knows, if that is another.")
    external_state = words(40, help_text="Your own word for its state.")
    placed_at = serializers.DateTimeField(required=False)
    updated_at = serializers.DateTimeField(required=False, help_text="Of this version; without it, the time it came.")
    currency = serializers.RegexField(r"^[A-Za-z]{3}\Z", help_text="Three letters: CAD.")
    customer = CustomerIn(required=False)
    billing = AddressIn(required=False)
    shipping = AddressIn(required=False)
    lines = rows(OrderLineIn)
    charges = rows(ChargeIn, required=False, allow_empty=True, max_length=100)
    taxes = rows(TaxIn, required=False, allow_empty=True, max_length=100)
    payments = rows(PaymentIn, required=False, allow_empty=True, max_length=100)
    total = money(min_value=0, help_text="What the customer pays; checked against the sum.")
    paid_at = serializers.DateTimeField(required=False, allow_null=True)
    may_ship = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Yes for an unpaid order on terms; without it, what is paid may ship.",
    )
    cancelled = serializers.BooleanField(required=False)
    shipping_method = words(250)
    payment_method = words(120)
    payment_reference = words(200)
    coupons = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)
    customer_note = words(5000)
    gift_note = words(5000)
    priority = serializers.IntegerField(
        min_value=priority.LEAST,
        max_value=priority.MOST,
        required=False,
        help_text="The lowest is served first, 100 is usual. Of a new order; a known one keeps the turn that it has.",
    )

    def validate_external_id(self, number: str) -> str:
        if not re.search(r"\S", number):
            raise serializers.ValidationError("The order needs a number of yours.")
        return number

    def validate_payments(self, payments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        numbers = [payment["external_id"] for payment in payments if payment.get("external_id")]
        if len(numbers) != len(set(numbers)):
            raise serializers.ValidationError("Two payments have the same external_id: each needs its own.")
        return payments
