"""What customers were told of when their goods come; a model of this app, imported by `orders/models.py`."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import PurchaseOrderLine, Supplier, Transfer


class LinePromise(models.Model):
    """The answer that stood for a line from `made_at` until `replaced_at` (rule: S10).

    The first with a day is what is kept score of.
    """

    class Kind(models.TextChoices):
        IN_STOCK = "in_stock", _("in stock")
        PURCHASE_ORDER = "purchase_order", _("a purchase order is expected")
        TRANSFER = "transfer", _("a transfer is expected")
        LEAD_TIME = "lead_time", _("the supplier's lead time from today")
        UNKNOWN = "unknown", _("not known")

    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="promises")
    made_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)
    earliest = models.DateField(null=True, blank=True)
    latest = models.DateField(null=True, blank=True)
    kind = models.CharField(max_length=16, choices=Kind)
    details = models.JSONField(default=dict, help_text=_("What the reason's sentence is made of, in either language."))
    purchase_line = models.ForeignKey(
        PurchaseOrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="promises"
    )
    transfer = models.ForeignKey(Transfer, null=True, blank=True, on_delete=models.PROTECT, related_name="promises")
    supplier = models.ForeignKey(Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="promises")

    class Meta:
        ordering: ClassVar = ["line", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line"], condition=Q(replaced_at=None), name="promise_one_stands"),
            models.CheckConstraint(
                condition=Q(earliest=None, latest=None) | Q(earliest__lte=F("latest")), name="promise_is_a_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["purchase_line"], condition=Q(replaced_at=None), name="promise_hangs_on_purchase"),
            models.Index(
                fields=["supplier", "made_at"], condition=Q(supplier__isnull=False), name="promise_of_supplier"
            ),
            # Written in the order of time, so a few pages tell where a day begins.
            BrinIndex(fields=["made_at"], name="promise_by_time"),
        ]

    def __str__(self) -> str:
        return f"line {self.line_id}: {self.earliest or '?'} – {self.latest or '?'}"
