"""What one unit of an order line takes from stock; a model of this app, imported by `orders/models.py`."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from inventory.models import Product


class LineComponent(models.Model):
    """So many of a product go into one unit of a line: the 2 lamps of a kit, the 12 eggs of a dozen (rule: S6).

    Lines of plain goods have none. Taken from the catalogue when the order came in: what a kit holds later changes nothing
    of what this customer was promised.
    """

    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="components")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="line_components")
    quantity = models.PositiveIntegerField()
    returned = models.PositiveIntegerField(default=0, help_text="Stock units of it that came back.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "product"], name="line_component_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_component_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["product", "line"], name="line_component_product")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
