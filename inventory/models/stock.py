"""How many lie where, the ledger of every unit that came or went, and the lots that units belong to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Product
from inventory.models.places import Location
from inventory.models.suppliers import Supplier


class StockLevel(models.Model):
    """Running figures of one product in one place, beside the ledger that proves them.

    `on_hand` and `places` are written by `inventory.ledger` only, `reserved` by `inventory.reservations` only.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="levels")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    available = models.GeneratedField(
        expression=models.F("on_hand") - models.F("reserved"), output_field=models.IntegerField(), db_persist=True
    )
    places = models.PositiveIntegerField(
        default=1,
        db_default=1,
        editable=False,
        help_text="In how many places its product has a level; whoever waited for this one sees by it that there are more.",
    )

    class Meta:
        ordering: ClassVar = ["product", "location"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "location"], name="level_once"),
            models.CheckConstraint(condition=models.Q(reserved__gte=0), name="level_reserved_not_negative"),
            models.CheckConstraint(
                condition=models.Q(on_hand__gte=models.F("reserved")), name="level_reserved_is_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}@{self.location_id}: {self.on_hand} ({self.reserved})"


class Lot(models.Model):
    """Units of one product that were made together, or the one unit that a serial number names (rule: S11)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lots")
    code = models.CharField(_("lot or serial number"), max_length=80)
    expires_on = models.DateField(null=True, blank=True)
    supplier = models.ForeignKey(Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="lots")
    recalled_at = models.DateTimeField(null=True, blank=True)
    recall_note = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    doubled = models.BooleanField(
        default=False,
        editable=False,
        help_text=_("Written as an older lot but for capitals, from before that was refused."),
    )

    class Meta:
        permissions: ClassVar = [
            ("recall_lot", _("Can recall lots and see who got them")),
        ]
        ordering: ClassVar = ["product", "expires_on", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "code"], name="lot_once"),
            models.UniqueConstraint(
                models.F("product"), Upper("code"), condition=Q(doubled=False), name="lot_once_in_capitals"
            ),
            models.CheckConstraint(condition=~Q(code=""), name="lot_has_code"),
        ]
        indexes: ClassVar = [models.Index(Upper("code"), name="lot_by_capitals")]

    def __str__(self) -> str:
        return self.code


class LotLevel(models.Model):
    """Running figure of one lot in one place, beside the movements that prove it. Written by `inventory.ledger` only."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="levels")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="lot_levels")
    units = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lot", "location"], name="lot_level_once"),
            models.CheckConstraint(condition=Q(units__gte=0), name="lot_level_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.units} of lot {self.lot_id}@{self.location_id}"


class Movement(models.Model):
    """Units that came to or left a place. Never changed or deleted (the database refuses); a mistake is reversed."""

    class Reason(models.TextChoices):
        OPENING = "opening", _("opening stock")
        RECEIPT = "receipt", _("receipt of goods")
        SHIPMENT = "shipment", _("shipped")
        RETURN = "return", _("returned to stock")
        COUNT = "count", _("count")
        ADJUSTMENT = "adjustment", _("adjustment")
        ELSEWHERE = "elsewhere", _("shipped by the store itself")
        MOVE = "move", _("moved within the warehouse")
        TRANSFER = "transfer", _("transferred between warehouses")
        TO_SUPPLIER = "to_supplier", _("returned to the supplier")
        SCRAP = "scrap", _("thrown away")

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="movements")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField()
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    reason = models.CharField(max_length=12, choices=Reason)
    unit_cost = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    at = models.DateTimeField()
    key = models.CharField(max_length=120, unique=True, help_text=_("The same event has the same key: booked once."))
    note = models.CharField(max_length=250, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(quantity=0), name="movement_moves_something"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["product", "location", "at"], name="movement_card"),
            models.Index(fields=["product", "at"], include=["quantity", "unit_cost"], name="movement_by_day"),
            models.Index(fields=["reason", "-id"], name="movement_reason"),
            models.Index(fields=["location", "-id"], name="movement_location"),
            models.Index(fields=["lot", "id"], condition=Q(lot__isnull=False), name="movement_of_lot"),
            models.Index(fields=["-id"], condition=~Q(note=""), name="movement_noted"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} × {self.product_id} ({self.reason})"


class Revaluation(models.Model):
    """The value of goods already in stock changed, without a unit moving: freight billed after they came (rule: S9).

    Like movements never changed or deleted; the value of stock at any date is the sum of both.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="revaluations")
    amount = models.DecimalField(max_digits=14, decimal_places=4, help_text=_("In the merchant's currency."))
    at = models.DateTimeField()
    key = models.CharField(max_length=120, unique=True, help_text=_("The same event has the same key: booked once."))
    note = models.CharField(max_length=250, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(amount=0), name="revaluation_changes_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["product", "at"], name="revaluation_by_day")]

    def __str__(self) -> str:
        return f"{self.amount:+f} on {self.product_id}"
