"""What came back of an order; a model of this app, imported by `orders/models.py`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from inventory.models import Product


class Return(models.Model):
    """Units of a line that came back, whether or not they are stocked: each press of a button books one, once by its key."""

    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="returns")
    key = models.CharField(max_length=120)
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The component that came back, of a line that has components; else empty."),
    )
    quantity = models.PositiveIntegerField(help_text=_("In the line's units; of a component in stock units."))
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "key", "product"], nulls_distinct=False, name="return_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"
