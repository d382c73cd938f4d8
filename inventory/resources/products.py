"""Products as a table, in and out (rule: U5; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from import_export.fields import Field

from backoffice import journey
from backoffice.api.permissions import SEE_AMOUNTS, SEE_COSTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Amount, Choice, Text, Whole, YesNo
from inventory import catalogue
from inventory.models import Product
from orders import publishing


class ProductResource(TableResource):
    """Products, known by their SKU. Columns that a file leaves out stay as they are."""

    guarded = {SEE_AMOUNTS: ("price",), SEE_COSTS: ("average_cost",)}
    needed = ("sku",)

    sku = Field("sku", "sku", Text())
    name = Field("name", "name", Text())
    name_fr = Field("name_fr", "name_fr", Text())
    variation = Field("variation", "variation", Text())
    barcode = Field("barcode", "barcode", Text())
    price = Field("price", "price", Amount())
    average_cost = Field("average_cost", "average_cost", Amount(), readonly=True)
    weight_grams = Field("weight_grams", "weight_grams", Whole())
    stocked = Field("stocked", "stocked", YesNo(), saves_null_values=False)
    backorder_policy = Field(
        "backorder_policy", "backorder_policy", Choice(Product.BackorderPolicy.values), saves_null_values=False
    )

    class Meta(TableResource.Meta):
        model = Product
        name = "Products"
        import_id_fields = ("sku",)
        fields: ClassVar = (
            "sku", "name", "name_fr", "variation", "barcode", "price", "average_cost", "weight_grams", "stocked",
            "backorder_policy",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._products: dict[str, Product] = {}
        self._new: list[str] = []
        self._told: set[int] = set()
        self._fixed: dict[int, str] = {}

    def load(self, rows: list[dict[str, str]]) -> None:
        self._products = {p.sku: p for p in Product.objects.filter(sku__in={row["sku"] for row in rows})}
        switched = [row for row in rows if (known := self._products.get(row["sku"])) and _switches(known, row)]
        self._fixed = catalogue.stocked_for_now(self._products[row["sku"]].pk for row in switched)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        if not self._before:
            try:
                catalogue.check_sku(instance.sku)
            except ValidationError as error:
                raise ValidationError({"sku": error.messages}) from None
        elif instance.stocked != self._before.get("stocked", instance.stocked) and instance.pk in self._fixed:
            raise ValidationError({"stocked": self._fixed[instance.pk]})

    def known(self, row: dict[str, str]) -> Product | None:
        return self._products.get(row["sku"])

    def identity(self, row: dict[str, str]) -> Any:
        return row["sku"]

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if is_create:
            self._new.append(instance.sku)
        elif self._before["backorder_policy"] != instance.backorder_policy:
            self._told.add(instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        publishing.stock_changed(self._told)
        if self._new:
            journey.products_known(by=user, who=str(user or "Import"))


def _switches(product: Product, row: dict[str, str]) -> bool:
    """Whether a row would switch a product between stocked and not; what cannot be read is refused elsewhere."""
    try:
        said = YesNo().clean(row.get("stocked"))
    except ValueError:
        return False
    return said is not None and said != product.stocked
