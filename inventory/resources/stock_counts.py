"""What was counted, as a table: the sheet goes out, its figures come in (rules: U5, S8; docs/tables.md)."""

from typing import Any, ClassVar
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice import goods
from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text, Whole
from backoffice.lib import cells
from inventory import ledger
from inventory.models import Location, Product, StockLevel
from inventory.places import usable


class StockCountResource(TableResource):
    """What was counted, per SKU and place. An empty `counted` was not counted; the difference becomes a movement."""

    guarded = {SEE_COSTS: ("value",)}
    needed = ("sku", "counted")

    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    location = Field("location__code", "location", Text(), readonly=True)
    bin = Field("location__bin_name", "bin", Text(), readonly=True)
    on_hand = Field("on_hand", "on_hand", Whole(), readonly=True)
    counted = Field("counted", "counted", Whole())
    difference = Field("difference", "difference", Text(), readonly=True)
    value = Field("value", "value", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = StockLevel
        name = "Stock count"
        import_id_fields = ("sku",)
        fields: ClassVar = ("sku", "name", "location", "bin", "on_hand", "counted", "difference", "value")

    def __init__(self, key: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._key = key or uuid4().hex
        self._products: dict[str, Product] = {}
        self._levels: dict[tuple[int, int], StockLevel] = {}
        self._places: dict[str, Location] = {}
        self._figures: list[goods.Counted] = []

    # --- import ----------------------------------------------------------------------------------------------------------
    def load(self, rows: list[dict[str, str]]) -> None:
        self._products = {p.sku: p for p in Product.objects.filter(sku__in={row["sku"] for row in rows})}
        if not self._places:
            self._places = {place.code: place for place in usable()}
            self._places[""] = ledger.default_location()
        levels = StockLevel.objects.filter(product__in=self._products.values())
        self._levels = {(level.product_id, level.location_id): level for level in levels}

    def known(self, row: dict[str, str]) -> StockLevel:
        product = self._products.get(row["sku"])
        place = self._places.get(row.get("location", ""))
        if product is None:
            raise ValidationError({"sku": f"SKU {row['sku']} is no product here. Create it first, or correct the SKU."})
        if not product.stocked:
            raise ValidationError({"sku": f"{product.sku} is not stocked, so there is nothing to count."})
        if product.tracking != Product.Tracking.NONE:
            raise ValidationError(
                {"sku": f"{product.sku} is followed by lot or serial number: count it on a count sheet, lot by lot."}
            )
        if place is None:
            known = ", ".join(sorted(code for code in self._places if code))
            raise ValidationError({"location": f"There is no place {row['location']}. Known are: {known}."})
        level = self._levels.get((product.pk, place.pk)) or StockLevel(on_hand=0)
        level.product, level.location = product, place
        level.counted = level.on_hand  # type: ignore[attr-defined]
        level.difference = level.value = ""  # type: ignore[attr-defined]
        return level

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row.get("location", ""))

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        if not import_validation_errors and instance.counted is None:
            return True
        return super().skip_row(instance, original, row, import_validation_errors)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: the ledger's one writer finds the difference again, under lock, when all is read.
        self._figures.append(goods.Counted(instance.product.pk, instance.location.pk, instance.counted))
        units = instance.counted - instance.on_hand
        instance.difference = f"{units:+d}"
        instance.value = cells.figure(units * instance.product.average_cost)

    def written(self, user: Any) -> None:
        note = f"Counted, row by row in a file, by {user}" if user else "Counted"
        goods.count(self._figures, key=f"{self._key}{self.part}", note=note, by=user)
        self._figures = []

    # --- export ----------------------------------------------------------------------------------------------------------
    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "location__warehouse")

    def dehydrate_counted(self, level: StockLevel) -> str:
        return ""

    def dehydrate_difference(self, level: StockLevel) -> str:
        return ""

    def dehydrate_value(self, level: StockLevel) -> str:
        return ""
