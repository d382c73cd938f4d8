"""What was counted, as a table: the sheet goes out, its figures come in (rules: U5, S8, S11; docs/tables.md)."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any, ClassVar
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice import goods
from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text, Whole
from backoffice.lib import cells
from inventory import ledger
from inventory.models import Location, Lot, LotLevel, Product, StockLevel
from inventory.places import usable


class StockCountResource(TableResource):
    """What was counted, per SKU and place, and per lot or serial number of what is followed by it. An empty `counted` was not
    counted; the difference becomes a movement. `there` is the ledger's figure of the row: of the level, or of the lot in it.
    """

    guarded = {SEE_COSTS: ("value",)}
    needed = ("sku", "counted")

    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    location = Field("location__code", "location", Text(), readonly=True)
    bin = Field("location__bin_name", "bin", Text(), readonly=True)
    lot = Field("lot_code", "lot", Text(), readonly=True)
    on_hand = Field("there", "on_hand", Whole(), readonly=True)
    counted = Field("counted", "counted", Whole())
    difference = Field("difference", "difference", Text(), readonly=True)
    value = Field("value", "value", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = StockLevel
        name = "Stock count"
        import_id_fields = ("sku",)
        fields: ClassVar = ("sku", "name", "location", "bin", "lot", "on_hand", "counted", "difference", "value")

    def __init__(self, key: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._key = key or uuid4().hex
        self._products: dict[str, Product] = {}
        self._levels: dict[tuple[int, int], StockLevel] = {}
        self._lots: dict[tuple[int, str], Lot] = {}
        self._in_lots: dict[tuple[int, int], int] = {}
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
        codes = {row.get("lot", "") for row in rows} - {""}
        lots = list(Lot.objects.filter(product__in=self._products.values(), code__in=codes)) if codes else []
        self._lots = {(lot.product_id, lot.code): lot for lot in lots}
        lying = LotLevel.objects.filter(lot__in=lots).values_list("lot", "location", "units") if lots else ()
        self._in_lots = {(lot, place): units for lot, place, units in lying}

    def known(self, row: dict[str, str]) -> StockLevel:
        product = self._products.get(row["sku"])
        place = self._places.get(row.get("location", ""))
        if product is None:
            raise ValidationError({"sku": f"SKU {row['sku']} is no product here. Create it first, or correct the SKU."})
        counted = row["counted"] != ""
        if counted and not product.stocked:
            raise ValidationError({"sku": f"{product.sku} is not stocked, so there is nothing to count."})
        if counted and place is None:
            known = ", ".join(sorted(code for code in self._places if code))
            raise ValidationError({"location": f"There is no place {row['location']}. Known are: {known}."})
        lot = self._lot(product, row.get("lot", "")) if counted else None
        level = (place and self._levels.get((product.pk, place.pk))) or StockLevel(on_hand=0)
        level.product = product
        if place is not None:
            level.location = place
        told: Any = level
        told.there = self._in_lots.get((lot.pk, level.location_id), 0) if lot else level.on_hand
        told.lot_id, told.lot_code, told.counted = lot.pk if lot else None, row.get("lot", ""), told.there
        told.difference = told.value = ""
        return level

    def _lot(self, product: Product, code: str) -> Lot | None:
        """The lot that a row with a figure means. ValidationError where the product has none like it, or needs one."""
        followed = product.tracking != Product.Tracking.NONE
        if not code and followed:
            sentence = (
                f"{product.sku} is followed by lot or serial number: name it in the column lot, or count it on a count sheet,"
                " lot by lot."
            )
            raise ValidationError({"sku": sentence})
        if code and not followed:
            raise ValidationError({"lot": f"{product.sku} is not followed by lot or serial number: leave the lot out."})
        lot = self._lots.get((product.pk, code))
        if code and lot is None:
            raise ValidationError(
                {
                    "lot": f"{product.sku} has no lot “{code[:80]}”. Write it as it stands in the list of lots, or receive it."
                }
            )
        return lot

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row.get("location", ""), row.get("lot", ""))

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        if not import_validation_errors and instance.counted is None:
            return True
        return super().skip_row(instance, original, row, import_validation_errors)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        if instance.product.tracking == Product.Tracking.SERIAL and (instance.counted or 0) > 1:
            raise ValidationError({"counted": f"{instance.lot_code} is the serial number of one unit: say 0 or 1."})

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: the ledger's one writer finds the difference again, under lock, when all is read.
        self._figures.append(
            goods.Counted(instance.product.pk, instance.location.pk, instance.counted, instance.lot_id)
        )
        units = instance.counted - instance.there
        instance.difference = f"{units:+d}"
        instance.value = cells.figure(units * instance.product.average_cost)

    def written(self, user: Any) -> None:
        note = f"Counted, row by row in a file, by {user}" if user else "Counted"
        goods.count(self._figures, key=f"{self._key}{self.part}", note=note, by=user)
        self._figures = []

    # --- export ----------------------------------------------------------------------------------------------------------
    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        """A row for each level; of what is followed by lot, for each lot that lies there."""
        fields: list[Field] = self.get_export_fields()
        levels = queryset.select_related("product", "location__warehouse").iterator(chunk_size=CHUNK)
        while chunk := list(islice(levels, CHUNK)):
            lots = _lots_in(chunk)
            for level in chunk:
                for code, units in lots.get((level.product_id, level.location_id), [("", level.on_hand)]):
                    level.lot_code, level.there = code, units
                    yield [self.export_field(field, level) for field in fields]

    def dehydrate_counted(self, level: StockLevel) -> str:
        return ""

    def dehydrate_difference(self, level: StockLevel) -> str:
        return ""

    def dehydrate_value(self, level: StockLevel) -> str:
        return ""


def _lots_in(levels: Any) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """By product and place: (lot or serial number, units) that lie there. At most one statement."""
    followed = {level.product_id for level in levels if level.product.tracking != Product.Tracking.NONE}
    found: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    if followed:
        lying = LotLevel.objects.filter(
            lot__product__in=followed, location__in={level.location_id for level in levels}, units__gt=0
        )
        rows = lying.order_by("lot__expires_on", "lot__code")
        for product, place, code, units in rows.values_list("lot__product", "location", "lot__code", "units"):
            found[product, place].append((code, units))
    return found
