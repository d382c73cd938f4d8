"""What stores sell of ours, under which number, SKU and barcode, and in which unit."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from backoffice.sync.models import Connection
from inventory.models.catalogue import Product, SellingUnit


class Listing(models.Model):
    """A product as a store lists it: its number or SKU there, and which product here that means.

    A row without `external_id` is an alias: any line of that store with this SKU or barcode means the product, in the
    selling unit that is named with it.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="listings")
    external_id = models.CharField(max_length=120, blank=True)
    external_parent_id = models.CharField(max_length=120, blank=True)
    sku = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=250, blank=True)
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="listings")
    selling_unit = models.ForeignKey(
        SellingUnit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="listings",
        help_text=_("What one of it means here: a dozen. Empty: one stock unit, or one kit."),
    )
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
        indexes: ClassVar = [
            models.Index(fields=["connection", "sku"], name="listing_by_sku"),
            models.Index(Upper("sku"), name="listing_sku"),
            models.Index(fields=["external_id"], name="listing_external"),
        ]

    def __str__(self) -> str:
        return f"{self.sku or self.external_id} at {self.connection}"
