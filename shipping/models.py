"""Parcels: what was packed, what was shipped, and by which number it is followed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Lot, StockLevel
from orders.models import Order, OrderLine


class Shipment(models.Model):
    """One parcel of one order. `number` counts the order's parcels: 100001-1, 100001-2."""

    class State(models.TextChoices):
        PACKED = "packed", _("packed")
        SHIPPED = "shipped", _("shipped")
        UNPACKED = "unpacked", _("unpacked again")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    number = models.CharField(max_length=30, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.PACKED)
    carrier = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True, db_index=True)
    tracking_url = models.URLField(max_length=400, blank=True)
    packed_at = models.DateTimeField()
    packed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    shipped_at = models.DateTimeField(null=True, blank=True)
    shipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    unpacked_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was taken apart again."))

    class Meta:
        permissions: ClassVar = [
            ("pack_shipment", _("Can pack and unpack")),
            ("ship_shipment", _("Can ship parcels")),
            ("track_shipment", _("Can correct tracking numbers")),
        ]
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="shipped") | Q(shipped_at__isnull=False), name="shipment_shipped_at_some_time"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """Stock units of one order line, from one place (and lot), in a parcel.

    Of a line with components, `line.pieces` of these units are one unit of the line, and a parcel holds whole ones.
    """

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    level = models.ForeignKey(
        StockLevel,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text=_("Empty where the product is not stocked."),
    )
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shipment", "line", "level", "lot"], nulls_distinct=False, name="shipment_line_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line}"
