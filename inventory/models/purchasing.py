"""Goods on order: purchase orders, what came of them, what it cost to get them here, and what goes back (rule: S9)."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Product
from inventory.models.places import Location
from inventory.models.stock import Lot, Movement
from inventory.models.suppliers import LANGUAGES, Supplier


class PurchaseOrder(models.Model):
    """What is ordered from one supplier for one warehouse. `state` is written by `inventory.purchasing` only."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SENT = "sent", _("sent to the supplier")
        CONFIRMED = "confirmed", _("confirmed by the supplier")
        PARTLY_RECEIVED = "part_received", _("part received")
        RECEIVED = "received", _("received")
        CLOSED = "closed", _("closed: the rest is cancelled")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=20, unique=True)
    key = models.CharField(
        max_length=120, unique=True, null=True, blank=True, help_text=_("The same form has the same key: drafted once.")
    )
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="purchase_orders")
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="purchase_orders")
    state = models.CharField(max_length=14, choices=State, default=State.DRAFT)
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(
        max_digits=14, decimal_places=6, default=Decimal(1),
        help_text=_("One unit of the supplier's currency in the merchant's."),
    )  # fmt: skip
    language = models.CharField(max_length=2, choices=LANGUAGES, default="en")
    expected_on = models.DateField(null=True, blank=True)
    supplier_reference = models.CharField(max_length=120, blank=True, help_text=_("The supplier's own number for it."))
    note = models.TextField(blank=True, help_text=_("Printed on it."))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    pdf = models.BinaryField(null=True, blank=True, editable=False, help_text=_("As it was mailed last."))
    revision = models.PositiveSmallIntegerField(default=0, help_text=_("How often it was sent anew after a change."))

    class Meta:
        permissions: ClassVar = [
            ("send_purchaseorder", _("Can send purchase orders to suppliers")),
        ]
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="purchase_order_state"),
            models.Index(fields=["supplier", "-id"], name="purchase_order_supplier"),
            models.Index(
                fields=["expected_on"],
                condition=Q(state__in=["sent", "confirmed", "part_received"]),
                name="purchase_order_coming",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PurchaseOrderLine(models.Model):
    """`outstanding` = ordered − received − cancelled, never below zero: more than was ordered may come."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="purchase_lines")
    supplier_sku = models.CharField(_("supplier's SKU"), max_length=120, blank=True)
    ordered = models.PositiveIntegerField(help_text=_("In stock units."))
    received = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    unit_price = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True,
        help_text=_("Of one stock unit, in the order's currency; 0 is free of charge, empty is not known yet."),
    )  # fmt: skip
    promised_on = models.DateField(
        null=True, blank=True, help_text=_("What the supplier said first; its punctuality is judged by this.")
    )
    first_expected_on = models.DateField(
        null=True, blank=True, editable=False,
        help_text=_("What was expected when it was sent; a supplier that says no day is judged by this."),
    )  # fmt: skip
    expected_on = models.DateField(null=True, blank=True, help_text=_("What is expected now; empty: as the order's."))
    note = models.CharField(max_length=250, blank=True)
    outstanding = models.GeneratedField(
        expression=models.functions.Greatest(F("ordered") - F("received") - F("cancelled"), 0),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar = ["order", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "position"], name="purchase_line_position_once"),
            models.CheckConstraint(condition=Q(ordered__gt=0), name="purchase_line_positive"),
            models.CheckConstraint(
                condition=Q(cancelled__lte=F("ordered")), name="purchase_line_cancelled_was_ordered"
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="purchase_line_price_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "order"], condition=Q(outstanding__gt=0), name="purchase_line_outstanding"),
            models.Index(Upper("supplier_sku"), name="purchase_line_sku"),
        ]

    def __str__(self) -> str:
        return f"{self.ordered} × {self.product_id}"


class GoodsReceipt(models.Model):
    """One arrival of goods of a purchase order, booked once by its key."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.PROTECT, related_name="receipts")
    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    delivery_note = models.CharField(max_length=120, blank=True, help_text=_("The supplier's number for the delivery."))
    note = models.CharField(max_length=250, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.order_id} · {self.at:%Y-%m-%d}"


class GoodsReceiptLine(models.Model):
    """Units of a line that came; `unit_cost` is what one of them cost when it lay on the shelf, with its share of freight."""

    receipt = models.ForeignKey(GoodsReceipt, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(PurchaseOrderLine, on_delete=models.PROTECT, related_name="receipts")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_cost = models.DecimalField(max_digits=14, decimal_places=4, help_text=_("In the merchant's currency."))
    movement = models.ForeignKey(Movement, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reversed = models.PositiveIntegerField(default=0, help_text=_("Units that had not come after all."))

    class Meta:
        ordering: ClassVar = ["receipt", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="receipt_line_positive"),
            models.CheckConstraint(condition=Q(reversed__lte=F("quantity")), name="receipt_line_reversed_had_come"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"

    @property
    def stands(self) -> int:
        """Units that did come."""
        return self.quantity - self.reversed


class ReceiptReversal(models.Model):
    """Units of a receipt that was wrong, out of the stock again from one place. Never edited away: a mistake is reversed."""

    item = models.ForeignKey(GoodsReceiptLine, on_delete=models.PROTECT, related_name="reversals")
    key = models.CharField(max_length=120, unique=True)
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=250)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    movement = models.OneToOneField(Movement, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="receipt_reversal_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="receipt_reversal_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of receipt line {self.item_id}"


class LandedCost(models.Model):
    """Freight, duty or brokerage of a receipt, spread over its lines, or what the invoice of one line differs; what is billed
    later revalues what is left of them."""

    class Kind(models.TextChoices):
        FREIGHT = "freight", _("freight")
        DUTY = "duty", _("duty")
        BROKERAGE = "brokerage", _("brokerage")
        OTHER = "other", _("other")
        PRICE = "price", _("other price on the invoice")

    class Spread(models.TextChoices):
        VALUE = "value", _("by value")
        QUANTITY = "quantity", _("by quantity")
        WEIGHT = "weight", _("by weight")

    receipt = models.ForeignKey(GoodsReceipt, on_delete=models.PROTECT, related_name="landed_costs")
    item = models.ForeignKey(
        GoodsReceiptLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text=_("The one line whose price it is; empty: spread over all."),
    )  # fmt: skip
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FREIGHT)
    amount = models.DecimalField(
        max_digits=14, decimal_places=2,
        help_text=_("In the merchant's currency, before tax; below zero where it is given back."),
    )  # fmt: skip
    spread = models.CharField(max_length=10, choices=Spread, default=Spread.VALUE)
    key = models.CharField(max_length=120, unique=True)
    note = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(amount=0), name="landed_cost_is_some")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class SupplierReturn(models.Model):
    """Goods that go back to the supplier: damaged, wrong, or too many."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SENT = "sent", _("sent back")
        CREDITED = "credited", _("credited by the supplier")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=20, unique=True)
    key = models.CharField(
        max_length=120, unique=True, null=True, blank=True, help_text=_("The same form has the same key: drafted once.")
    )
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="returns")
    order = models.ForeignKey(PurchaseOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="returns")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    reason = models.CharField(max_length=250)
    supplier_reference = models.CharField(_("supplier's RMA number"), max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    credited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("return to a supplier")
        verbose_name_plural = _("returns to suppliers")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(reason=""), name="supplier_return_has_reason")]

    def __str__(self) -> str:
        return self.number


class SupplierReturnLine(models.Model):
    supplier_return = models.ForeignKey(SupplierReturn, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_credit = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        help_text=_("What the supplier gives back for one, in the merchant's currency."),
    )
    movement = models.ForeignKey(Movement, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["supplier_return", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["supplier_return", "product", "location", "lot"],
                nulls_distinct=False,
                name="supplier_return_line_once",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="supplier_return_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
