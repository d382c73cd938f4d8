"""Who goods are bought from, and on what terms."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.models.catalogue import NOT_NEGATIVE, Product

LANGUAGES = [("en", _("English")), ("fr", _("French"))]


class Supplier(models.Model):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=250)
    email = models.EmailField(blank=True, help_text=_("Where purchase orders are mailed."))
    phone = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True, help_text=_("As printed, one line per line."))
    language = models.CharField(max_length=2, choices=LANGUAGES, default="en")
    currency = models.CharField(max_length=3, default="CAD")
    lead_time_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Working days from order to arrival; empty: not known.")
    )
    holiday_region = models.CharField(
        max_length=10, blank=True, help_text=_("Whose holidays it keeps: CA-QC, US, CN. Empty: none.")
    )
    minimum_order = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[NOT_NEGATIVE]
    )
    account_number = models.CharField(max_length=60, blank=True, help_text=_("The merchant's number there."))
    payment_terms = models.CharField(max_length=120, blank=True)
    notes = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(minimum_order__isnull=True) | Q(minimum_order__gte=0), name="supplier_minimum_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SupplierProduct(models.Model):
    """A product as a supplier sells it. The one with the lowest `rank` is ordered from."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="suppliers")
    supplier_sku = models.CharField(_("supplier's SKU"), max_length=120, blank=True)
    pack = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text=_("Sold in packs of so many units.")
    )
    minimum = models.PositiveIntegerField(default=0, help_text=_("The least that one order may have, in units."))
    price = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE],
        help_text=_("Of one unit, in the supplier's currency."),
    )
    lead_time_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Working days; empty: as the supplier's other goods.")
    )
    rank = models.PositiveSmallIntegerField(default=1, help_text=_("1 is ordered from; others are second choice."))

    class Meta:
        verbose_name = _("what a supplier sells")
        verbose_name_plural = _("what suppliers sell")
        ordering: ClassVar = ["product", "rank", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["supplier", "product"], name="supplier_product_once"),
            models.CheckConstraint(condition=Q(pack__gte=1), name="supplier_pack_positive"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="supplier_price_not_negative"
            ),
        ]
        indexes: ClassVar = [models.Index(Upper("supplier_sku"), name="supplier_product_sku")]

    def __str__(self) -> str:
        return f"{self.supplier_sku or self.product_id} of {self.supplier_id}"
