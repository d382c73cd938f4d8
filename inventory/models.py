"""Products, where they lie, and the ledger of every unit that came or went."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from backoffice.sync.models import Connection


class Product(models.Model):
    """Something that is stocked and sold, counted in whole units."""

    class BackorderPolicy(models.TextChoices):
        REFUSE = "refuse", _("refuse: sold out when none is left")
        ALLOW = "allow", _("allow")
        ALLOW_TELL = "allow_tell", _("allow, and tell the customer")

    sku = models.CharField(_("SKU"), max_length=80, unique=True)
    name = models.CharField(max_length=250)
    name_fr = models.CharField(_("name in French"), max_length=250, blank=True)
    variation = models.CharField(
        max_length=250, blank=True, help_text=_("What tells it from its sisters: red, 500 ml.")
    )
    barcode = models.CharField(_("barcode (GTIN)"), max_length=14, blank=True, db_index=True)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    average_cost = models.DecimalField(
        max_digits=14, decimal_places=4, default=0, help_text=_("Moving average, per unit, in the merchant's currency.")
    )
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    stocked = models.BooleanField(default=True, help_text=_("Off for services and downloads: no stock, never picked."))
    backorder_policy = models.CharField(max_length=10, choices=BackorderPolicy, default=BackorderPolicy.ALLOW_TELL)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions: ClassVar = [
            ("receive_goods", _("Can receive goods")),
            ("adjust_stock", _("Can correct the stock")),
            ("see_costs", _("Can see costs and margins")),
        ]
        ordering: ClassVar = ["sku"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(sku=""), name="product_has_sku"),
            models.CheckConstraint(condition=models.Q(average_cost__gte=0), name="product_cost_not_negative"),
        ]
        indexes: ClassVar = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="product_name_trigram"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Location(models.Model):
    """A place that holds stock. Only sellable places are promised to customers; quarantine is not."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    sellable = models.BooleanField(default=True)
    pick_order = models.PositiveIntegerField(default=100, help_text=_("Lowest is picked from first."))

    class Meta:
        ordering: ClassVar = ["pick_order", "code"]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """Running figures of one product in one place, beside the ledger that proves them.

    `on_hand` is written by `inventory.ledger` only, `reserved` by `inventory.reservations` only.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="levels")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    bin = models.CharField(max_length=30, blank=True)
    available = models.GeneratedField(
        expression=models.F("on_hand") - models.F("reserved"), output_field=models.IntegerField(), db_persist=True
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

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="movements")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField()
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
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} × {self.product_id} ({self.reason})"


class Listing(models.Model):
    """A product as a store lists it: its number or SKU there, and which product here that means.

    A row without `external_id` is an alias: any line of that store with this SKU means the product.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="listings")
    external_id = models.CharField(max_length=120, blank=True)
    external_parent_id = models.CharField(max_length=120, blank=True)
    sku = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=250, blank=True)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="listings")
    manages_stock = models.BooleanField(default=True, help_text=_("Off: the store keeps no figure; none is sent."))
    stock_shared_with_parent = models.BooleanField(default=False)
    seen_quantity = models.IntegerField(null=True, blank=True, help_text=_("What the store itself said last."))
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    source_version = models.DateTimeField(
        null=True, blank=True, help_text=_("When the store last changed it, by the store's own clock.")
    )

    class Meta:
        permissions: ClassVar = [
            ("map_sku", _("Can say which product a store's SKU means")),
        ]
        ordering: ClassVar = ["connection", "sku"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "external_id"], condition=~models.Q(external_id=""), name="listing_once"
            ),
            models.UniqueConstraint(
                fields=["connection", "sku"], condition=models.Q(external_id=""), name="listing_alias_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "sku"], name="listing_by_sku")]

    def __str__(self) -> str:
        return f"{self.sku or self.external_id} at {self.connection}"
