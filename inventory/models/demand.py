"""How much of a product was sold from a warehouse a week (rule: S9)."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from inventory.models.catalogue import Product
from inventory.models.places import Location


class WeeklyDemand(models.Model):
    """Mean and spread of what left for customers, over complete weeks. Derived; written by `inventory.demand` only."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="demand")
    warehouse = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="demand")
    span = models.PositiveSmallIntegerField(help_text="Weeks that were asked for.")
    weeks = models.PositiveSmallIntegerField(help_text="Weeks counted: fewer where the product came later.")
    until = models.DateField(help_text="The Monday after the last week counted.")
    units = models.PositiveIntegerField()
    mean = models.DecimalField(max_digits=14, decimal_places=4)
    deviation = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, help_text="Of the sample; one week alone has none."
    )
    worked_out_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "warehouse"], name="weekly_demand_once"),
            models.CheckConstraint(
                condition=Q(weeks__gte=1, weeks__lte=F("span")), name="weekly_demand_weeks_possible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mean} × {self.product_id} a week from {self.warehouse_id}"
