"""The units that products are sold in beside their own, as a table, in and out (rule: U5; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from import_export.fields import Field

from backoffice.api.permissions import SEE_AMOUNTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Amount, Named, Text, Whole
from inventory import catalogue
from inventory.models import Product, SellingUnit
from inventory.resources.words import NO_PRODUCT, needs
from orders import publishing


class SellingUnitResource(TableResource):
    """Selling units, known by the product's SKU, the unit's name and how many it holds."""

    guarded = {SEE_AMOUNTS: ("price",)}
    needed = ("sku", "unit", "quantity")

    product = Field("product", "sku", Named("sku", NO_PRODUCT))
    name = Field("name", "unit", Text())
    name_fr = Field("name_fr", "unit_fr", Text())
    quantity = Field("quantity", "quantity", Whole())
    sku = Field("sku", "unit_sku", Text())
    barcode = Field("barcode", "barcode", Text())
    price = Field("price", "price", Amount())

    class Meta(TableResource.Meta):
        model = SellingUnit
        name = "Selling units"
        import_id_fields = ("product", "name", "quantity")
        fields: ClassVar = ("product", "name", "name_fr", "quantity", "sku", "barcode", "price")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[Any, SellingUnit] = {}
        self._products: set[str] = set()
        self._barcodes: dict[str, list[str]] = {}
        self._taken: dict[tuple[str, str], Any] = {}
        """(column, code) → the unit that has it."""
        self._told: set[int] = set()

    def load(self, rows: list[dict[str, str]]) -> None:
        skus = {row["sku"] for row in rows}
        codes = {row.get("unit_sku", "") for row in rows} - {""}
        bars = {row.get("barcode", "") for row in rows} - {""}
        self._barcodes = catalogue.who_has(bars)
        products = {product.sku: product for product in Product.objects.filter(sku__in=skus | codes)}
        self.know("product", products)
        self._products = products.keys() & codes
        there = SellingUnit.objects.filter(Q(product__sku__in=skus) | Q(sku__in=codes) | Q(barcode__in=bars))
        self._known = {}
        for unit in there.select_related("product"):
            key = (unit.product.sku, unit.name, str(unit.quantity))
            self._known[key] = unit
            self._taken.setdefault(("unit_sku", unit.sku), key)
            self._taken.setdefault(("barcode", unit.barcode), key)

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row["unit"], row["quantity"].strip())

    def known(self, row: dict[str, str]) -> SellingUnit | None:
        return self._known.get(self.identity(row))

    def remarks(self, instance: SellingUnit, row: dict[str, str]) -> list[str]:
        mine = f"{instance.product.sku}, {instance.name}"
        names = [name for name in self._barcodes.get(instance.barcode.lstrip("0"), []) if name != mine]
        changed = instance.barcode != self._before.get("barcode", "")
        return [catalogue.doubled(instance.barcode, names)] if instance.barcode and changed and names else []

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, product="sku")
        if instance.quantity < 2:
            raise ValidationError({"quantity": "A selling unit holds two or more: one is the product itself."})
        key = (instance.product.sku, instance.name, str(instance.quantity))
        for column, code in (("unit_sku", instance.sku), ("barcode", instance.barcode)):
            if code and self._taken.setdefault((column, code), key) != key:
                raise ValidationError({column: f"{code} is the code of another unit. Choose another one."})
        if instance.sku in self._products:
            raise ValidationError({"unit_sku": f"{instance.sku} is the SKU of a product. Choose another one."})
        try:
            catalogue.check_sku(instance.sku)
        except ValidationError as error:
            raise ValidationError({"unit_sku": error.messages}) from None

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if not is_create and self._before.get("price", instance.price) != instance.price:
            self._told.add(instance.product_id)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        publishing.stock_changed(self._told)
        self._told = set()

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product")
