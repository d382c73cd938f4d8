"""Where goods lie: warehouses and the bins in them, which stores each serves, what holds for a product in each."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.sync.models import Connection
from inventory.models.catalogue import Product


class Location(models.Model):
    """A warehouse, or a place in one. Only sellable places are promised to customers; quarantine is not."""

    class Kind(models.TextChoices):
        WAREHOUSE = "warehouse", _("warehouse")
        BIN = "bin", _("bin")
        QUARANTINE = "quarantine", _("quarantine: never sold")
        TRANSIT = "transit", _("on its way between warehouses")

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.WAREHOUSE)
    warehouse = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="places",
        help_text=_("The warehouse that this place is in; empty for a warehouse itself."),
    )  # fmt: skip
    sellable = models.BooleanField(default=True)
    pick_order = models.PositiveIntegerField(default=100, help_text=_("Lowest is picked from first."))
    archived_at = models.DateTimeField(null=True, blank=True)
    # Of a warehouse: when goods leave it.
    handling_days = models.PositiveSmallIntegerField(
        default=1, help_text=_("Working days from having the goods to handing the parcel over.")
    )
    cut_off = models.TimeField(default="14:00", help_text=_("What is ordered later counts as the next working day's."))
    working_days = models.CharField(
        max_length=7, default="12345", help_text=_("1 is Monday, 7 is Sunday: 12345 is a usual week.")
    )
    holiday_region = models.CharField(
        max_length=10, default="CA-ON", blank=True, help_text=_("Whose holidays it keeps: CA-QC, CA-ON. Empty: none.")
    )
    address = models.TextField(blank=True, help_text=_("Where suppliers deliver; empty: the merchant's address."))

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering: ClassVar = ["pick_order", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["warehouse", "transit"], warehouse__isnull=True)
                | Q(kind__in=["bin", "quarantine"], warehouse__isnull=False),
                name="location_is_in_a_warehouse",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["quarantine", "transit"], sellable=True), name="location_quarantine_is_not_sold"
            ),
            models.CheckConstraint(condition=~Q(warehouse=F("id")), name="location_not_in_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def bin_name(self) -> str:
        """What stands on the shelf; empty for a whole warehouse."""
        return self.name if self.warehouse_id else ""

    @property
    def in_full(self) -> str:
        return f"{self.warehouse.name} › {self.name}" if self.warehouse else self.name

    @property
    def warehouse_or_self(self) -> int:
        """The id of the warehouse that goods here are in."""
        return self.warehouse_id or self.pk


class ServedStore(models.Model):
    """A warehouse serves a store. A store that none is named for is served by all, in their pick order."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="served_by")
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="serves")
    position = models.PositiveSmallIntegerField(default=1, help_text=_("Lowest is taken from first."))

    class Meta:
        ordering: ClassVar = ["connection", "position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "warehouse"], name="served_store_once"),
        ]

    def __str__(self) -> str:
        return f"{self.warehouse_id} serves {self.connection_id}"


class WarehouseProduct(models.Model):
    """What holds for one product in one warehouse: where it is put away, and when it is ordered again (rule: S9)."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="warehouses")
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="products")
    put_away = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("put away in"),
        help_text=_("The bin in which it is put away here."),
    )  # fmt: skip
    reorder_point = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Ordered again when the projected stock is at this or below; empty: never.")
    )
    target_level = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Ordered up to this; empty: the reorder point plus one pack.")
    )

    class Meta:
        verbose_name = _("reorder point")
        verbose_name_plural = _("reorder points")
        ordering: ClassVar = ["product", "warehouse"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="warehouse_product_once"),
            models.CheckConstraint(
                condition=Q(target_level__isnull=True)
                | Q(reorder_point__isnull=True)
                | Q(target_level__gte=F("reorder_point")),
                name="warehouse_product_target_above_point",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["warehouse", "product"],
                condition=Q(reorder_point__isnull=False),
                name="warehouse_product_reorder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.warehouse_id}"
