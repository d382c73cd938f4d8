"""When what is ordered again, and where it is put away, by warehouse, as a table (rules: U5, S9; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Named, Text, Whole
from inventory.models import Location, Product, WarehouseProduct
from inventory.resources.words import NO_PRODUCT, needs

NO_PLACE = "There is no place {code}. Add it first, or correct its code."


class WarehouseProductResource(TableResource):
    """Reorder points and put-away places, known by the SKU and the warehouse's code."""

    needed = ("sku", "warehouse")

    product = Field("product", "sku", Named("sku", NO_PRODUCT))
    name = Field("product__name", "name", Text(), readonly=True)
    warehouse = Field("warehouse", "warehouse", Named("code", "There is no warehouse {code}. Correct its code."))
    put_away = Field("put_away", "put_away", Named("code", NO_PLACE))
    reorder_point = Field("reorder_point", "reorder_point", Whole())
    target_level = Field("target_level", "target_level", Whole())

    class Meta(TableResource.Meta):
        model = WarehouseProduct
        name = "Reorder points"
        import_id_fields = ("product", "warehouse")
        fields: ClassVar = ("product", "name", "warehouse", "put_away", "reorder_point", "target_level")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[Any, WarehouseProduct] = {}

    def load(self, rows: list[dict[str, str]]) -> None:
        products = Product.objects.filter(sku__in={row["sku"] for row in rows})
        codes = {row.get(name, "") for row in rows for name in ("warehouse", "put_away")}
        places = {place.code: place for place in Location.objects.filter(code__in=codes, archived_at=None)}
        self.know("product", {product.sku: product for product in products})
        self.know("warehouse", {c: p for c, p in places.items() if p.kind == Location.Kind.WAREHOUSE})
        self.know("put_away", places)
        known = WarehouseProduct.objects.filter(product__in=products).select_related("product", "warehouse", "put_away")
        self._known = {(here.product.sku, here.warehouse.code): here for here in known}

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row["warehouse"])

    def known(self, row: dict[str, str]) -> WarehouseProduct | None:
        return self._known.get(self.identity(row))

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, product="sku", warehouse="warehouse")
        place, point, target = instance.put_away, instance.reorder_point, instance.target_level
        if place is not None and place.warehouse_id != instance.warehouse_id:
            raise ValidationError({"put_away": f"{place.code} is no place in {instance.warehouse.code}."})
        if point is not None and target is not None and target < point:
            raise ValidationError({"target_level": f"Ordered up to less than the reorder point, which is {point}."})

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "warehouse", "put_away")
