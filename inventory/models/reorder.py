"""The order list as it was gathered last: which products are short in which warehouse. Derived; see `reordering.gathered`."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import Product
from inventory.models.places import Location
from inventory.models.suppliers import Supplier


class OrderList(models.Model):
    """One row: when the lines were gathered, and how long that took."""

    gathered_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_order_list")]

    def __str__(self) -> str:
        return f"{self.gathered_at:%Y-%m-%d %H:%M}"


class OrderListLine(models.Model):
    """By what the list is filtered and sorted. The figures that people read are worked out anew when they are shown."""

    class Kind(models.TextChoices):
        LIMIT = "limit", _("below its limit")
        DEMAND = "demand", _("suggested from demand")
        WAITING = "waiting", _("customers wait, nothing is kept")
        UNKNOWN = "unknown", _("sold, but no suggestion is possible")

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    warehouse = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="+")
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    urgency = models.BigIntegerField(help_text="Projected less reorder point: the lowest is ordered first.")
    quantity = models.BigIntegerField()
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True, help_text="In the supplier's currency.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="order_list_line_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["urgency", "id"], name="order_list_urgent")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
