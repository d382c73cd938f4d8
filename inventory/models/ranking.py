"""What the shipments of a year say of a product, worked out once a day so that lists need not."""

from typing import ClassVar

from django.db import models

from inventory.models.catalogue import Product


class ValueRank(models.Model):
    """The rank of a product among all by the value shipped of it in a year. Derived; written by `inventory.reports.abc` only."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="value_rank")
    rank = models.PositiveIntegerField(unique=True)
    units = models.BigIntegerField()
    value = models.DecimalField(max_digits=20, decimal_places=4)
    share = models.DecimalField(max_digits=9, decimal_places=6)
    cumulative = models.DecimalField(max_digits=9, decimal_places=6)
    value_class = models.CharField(max_length=1)
    worked_out_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["rank"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.rank}: {self.value_class}"
