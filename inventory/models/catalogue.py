"""What is sold: products, the families and categories they stand in, the units they are sold in, and kits of them."""

from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MinLengthValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from inventory.gtin import validate_gtin

COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Write the country as two capital letters, like CA."))

NOT_NEGATIVE = MinValueValidator(0, _("Write 0 or more: an amount is not less than nothing."))


class Category(models.Model):
    """A branch of the tree that products are found by: Camping › Tents › Family tents."""

    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    name = models.CharField(max_length=120)
    name_fr = models.CharField(_("name in French"), max_length=120, blank=True)
    path = models.CharField(
        max_length=1000, editable=False, help_text=_("The names from the root, joined by “ › ”; written with the tree.")
    )

    class Meta:
        verbose_name_plural = _("categories")
        ordering: ClassVar = ["path"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["parent", "name"], nulls_distinct=False, name="category_name_once"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="category_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.path or self.name


class ProductFamily(models.Model):
    """What several products are variations of: the merino sweater of which each size and colour is a product."""

    code = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=250)
    name_fr = models.CharField(_("name in French"), max_length=250, blank=True)
    options = models.CharField(
        max_length=250, blank=True, help_text=_("What its products differ by, with commas: size, colour.")
    )

    class Meta:
        verbose_name_plural = _("product families")
        ordering: ClassVar = ["name", "code"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something that is stocked and sold, counted in whole units; or a kit, which is put together from such."""

    class BackorderPolicy(models.TextChoices):
        REFUSE = "refuse", _("refuse: sold out when none is left")
        ALLOW = "allow", _("allow")
        ALLOW_TELL = "allow_tell", _("allow, and tell the customer")

    class Tracking(models.TextChoices):
        NONE = "none", _("not followed")
        LOT = "lot", _("by lot")
        SERIAL = "serial", _("by serial number, one a unit")

    class TaxClass(models.TextChoices):
        STANDARD = "standard", _("standard")
        ZERO = "zero", _("zero-rated: basic groceries, exports")
        EXEMPT = "exempt", _("exempt")
        BOOKS = "books", _("books: GST only where a province relieves them")
        CHILDREN = "children", _("children's goods: GST only where a province relieves them")

    sku = models.CharField(_("SKU"), max_length=80, unique=True)
    name = models.CharField(max_length=250)
    name_fr = models.CharField(_("name in French"), max_length=250, blank=True)
    variation = models.CharField(
        max_length=250, blank=True, help_text=_("What tells it from its sisters: red, 500 ml.")
    )
    family = models.ForeignKey(ProductFamily, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.PROTECT, related_name="products")
    barcode = models.CharField(
        _("barcode (GTIN)"), max_length=14, blank=True, db_index=True, validators=[validate_gtin]
    )
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True, validators=[NOT_NEGATIVE])
    average_cost = models.DecimalField(
        max_digits=14, decimal_places=4, default=0, help_text=_("Moving average, per unit, in the merchant's currency.")
    )
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    weight_grams = models.PositiveIntegerField(null=True, blank=True)
    length_mm = models.PositiveIntegerField(_("length (mm)"), null=True, blank=True)
    width_mm = models.PositiveIntegerField(_("width (mm)"), null=True, blank=True)
    height_mm = models.PositiveIntegerField(_("height (mm)"), null=True, blank=True)
    hs_code = models.CharField(
        _("HS code"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"^\d+$", _("Digits only.")), MinLengthValidator(6)],
        help_text=_("For customs: six to ten digits, without points."),
    )
    origin_country = models.CharField(
        _("country of origin"), max_length=2, blank=True, validators=[COUNTRY], help_text=_("Two letters, like CA.")
    )
    customs_description = models.CharField(
        max_length=250, blank=True, help_text=_("What it is, in words that customs understand: cotton T-shirt.")
    )
    stocked = models.BooleanField(
        default=True, help_text=_("Off for services, downloads and kits: nothing of it lies anywhere.")
    )
    is_kit = models.BooleanField(default=False, editable=False, help_text=_("Has components; written with them."))
    tracking = models.CharField(max_length=8, choices=Tracking, default=Tracking.NONE)
    expires = models.BooleanField(
        default=False, help_text=_("Its lots have an expiry date; first out is first to expire.")
    )
    backorder_policy = models.CharField(max_length=10, choices=BackorderPolicy, default=BackorderPolicy.ALLOW_TELL)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions: ClassVar = [
            ("receive_goods", _("Can receive goods")),
            ("adjust_stock", _("Can correct the stock")),
            ("move_stock", _("Can put goods away, move and transfer them")),
            ("see_costs", _("Can see costs and margins")),
        ]
        ordering: ClassVar = ["sku"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(sku=""), name="product_has_sku"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="product_price_not_negative"
            ),
            models.CheckConstraint(condition=models.Q(average_cost__gte=0), name="product_cost_not_negative"),
            models.CheckConstraint(condition=~Q(is_kit=True, stocked=True), name="product_kit_is_not_stocked"),
            models.CheckConstraint(condition=Q(expires=False) | ~Q(tracking="none"), name="product_expiry_is_of_lots"),
        ]
        indexes: ClassVar = [
            models.Index(OpClass(Upper("sku"), name="text_pattern_ops"), name="product_sku"),
            models.Index(fields=["category"], condition=Q(archived_at=None), name="product_of_category"),
            models.Index(fields=["sku"], condition=Q(archived_at__isnull=False), name="product_archived"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def is_shipped(self) -> bool:
        """Whether something of it goes through the warehouse: goods, or a kit of them."""
        return self.stocked or self.is_kit


class ProductPicture(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    picture = models.FileField(upload_to="products/")
    position = models.PositiveSmallIntegerField(default=1)
    words = models.CharField(max_length=250, blank=True, help_text=_("What it shows, for who cannot see it."))

    class Meta:
        ordering: ClassVar = ["product", "position", "id"]

    def __str__(self) -> str:
        return self.words or f"picture {self.position}"


class SellingUnit(models.Model):
    """A unit that a product is sold, bought or scanned in beside its stock unit: eggs by the dozen = 12."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="selling_units")
    name = models.CharField(max_length=60, help_text=_("dozen, box of 1,000"))
    name_fr = models.CharField(_("name in French"), max_length=60, blank=True)
    quantity = models.PositiveIntegerField(help_text=_("How many of the stock unit it holds."))
    sku = models.CharField(_("SKU"), max_length=80, blank=True, help_text=_("If the unit is ordered by its own."))
    barcode = models.CharField(_("barcode (GTIN)"), max_length=14, blank=True, validators=[validate_gtin])
    price = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE],
        help_text=_("Empty: the product's price times the quantity."),
    )

    class Meta:
        ordering: ClassVar = ["product", "quantity"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gte=2), name="selling_unit_holds_several"),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="selling_unit_price_not_negative"
            ),
            models.UniqueConstraint(fields=["product", "quantity", "name"], name="selling_unit_once"),
            models.UniqueConstraint(fields=["sku"], condition=~Q(sku=""), name="selling_unit_sku_once"),
            models.UniqueConstraint(fields=["barcode"], condition=~Q(barcode=""), name="selling_unit_barcode_once"),
        ]
        indexes: ClassVar = [
            models.Index(OpClass(Upper("sku"), name="text_pattern_ops"), name="selling_unit_sku"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.quantity})"


class KitComponent(models.Model):
    """So many of a product are in one kit; the product may be a kit itself. Written by `inventory.kits` only."""

    kit = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="components")
    component = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="used_in")
    quantity = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("part of a kit")
        verbose_name_plural = _("kits")
        ordering: ClassVar = ["kit", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kit", "component"], name="kit_component_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="kit_component_positive"),
            models.CheckConstraint(condition=~Q(kit=F("component")), name="kit_not_in_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.component_id}"


class KitContent(models.Model):
    """All the stocked goods of one kit, kits inside it taken apart. Derived; written by `inventory.kits` only."""

    kit = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="contents")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="in_kits")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kit", "product"], name="kit_content_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="kit_content_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
