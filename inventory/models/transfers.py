"""Goods sent from one warehouse to another: they leave, are on their way, and arrive, in whole or in part."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Product
from inventory.models.places import Location
from inventory.models.stock import Lot


class Transfer(models.Model):
    """A journey of goods between two warehouses; while they travel they lie in the transit location."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        IN_TRANSIT = "in_transit", _("on its way")
        RECEIVED = "received", _("received")
        CANCELLED = "cancelled", _("cancelled")

    number = models.CharField(max_length=20, unique=True)
    source = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_out")
    destination = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="transfers_in")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    expected_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="transfer_goes_somewhere"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["destination", "expected_on"], condition=Q(state="in_transit"), name="transfer_coming"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """`received` and `lost` together are never more than `sent`; what is left of `sent` is on its way."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    wanted = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0)
    received = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["transfer", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["transfer", "product", "lot"], nulls_distinct=False, name="transfer_line_once"
            ),
            models.CheckConstraint(condition=Q(wanted__gt=0), name="transfer_line_positive"),
            models.CheckConstraint(condition=Q(sent__gte=F("received") + F("lost")), name="transfer_line_adds_up"),
        ]
        indexes: ClassVar = [models.Index(fields=["product"], name="transfer_line_product")]

    def __str__(self) -> str:
        return f"{self.wanted} × {self.product_id}"
