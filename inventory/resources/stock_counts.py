"""What was counted, as a table: the sheet goes out, its figures come in (rules: U5, S8, S11; docs/tables.md)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, ClassVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from backoffice import count_figures, shelves, stocktaking
from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text, Whole
from backoffice.lib import cells
from inventory import count_due, ledger, lots
from inventory.models import CountSheet, Location, Lot, LotLevel, Product, StockLevel
from inventory.places import usable
from orders import merchant
from shipping import packing

OLDEST = timedelta(days=31)
"""A figure that was counted earlier than so long ago says nothing any more."""
AHEAD = timedelta(minutes=10)
"""How far the clock of another computer may be ahead."""


class StockCountResource(TableResource):
    """What was counted, per SKU and place, and per lot or serial number of what is followed by it: so many lay on the shelf
    at `counted_at`. An empty `counted` was not counted; the difference becomes a movement.

    The export says its own moment there, so that what was sold until the file comes back is no difference. Without a moment
    a figure is set against the stock of now. `on_hand` is the ledger's figure, and what is `packed` of it is not counted.
    """

    guarded = {SEE_COSTS: ("value",)}
    needed = ("sku", "counted")

    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    location = Field("location__code", "location", Text(), readonly=True)
    bin = Field("location__bin_name", "bin", Text(), readonly=True)
    lot = Field("lot_code", "lot", Text(), readonly=True)
    on_hand = Field("there", "on_hand", Whole(), readonly=True)
    packed = Field("packed", "packed", Whole(), readonly=True)
    counted = Field("counted", "counted", Whole())
    counted_at = Field("moment", "counted_at", Text(), readonly=True)
    difference = Field("difference", "difference", Text(), readonly=True)
    value = Field("value", "value", Text(), readonly=True)

    came = _("%(changed)d differ, %(same)d not counted or as they should be, %(wrong)d wrong and left out.")
    stay = _("are not counted or are as they should be")

    class Meta(TableResource.Meta):
        model = StockLevel
        name = "Stock count"
        import_id_fields = ("sku",)
        fields: ClassVar = (
            "sku", "name", "location", "bin", "lot", "on_hand", "packed", "counted", "counted_at", "difference", "value",
        )  # fmt: skip

    def __init__(self, key: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._key = key or uuid4().hex
        self._products: dict[str, Product] = {}
        self._lots: dict[tuple[int, str], Lot] = {}
        self._places: dict[str, Location] = {}
        self._lies: dict[tuple[shelves.Spot, datetime | None], shelves.Lay] = {}
        self._on_sheets: dict[count_due.Pair, str] = {}
        self._doubtful: set[shelves.Spot] = set()
        self._figures: list[count_figures.Found] = []
        self._exported_at = ""

    # --- import ----------------------------------------------------------------------------------------------------------
    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        super().after_import(dataset, result, **kwargs)
        if kwargs.get("dry_run") and self.part == "-0" and stocktaking.holds_parts():
            self.said.append(
                "A count of this size comes in by parts. As there is a limit above which counts are approved, all of it waits"
                " on sheets for another person, whatever it is worth."
            )

    def load(self, rows: list[dict[str, str]]) -> None:
        self._products = {p.sku: p for p in Product.objects.filter(sku__in={row["sku"] for row in rows})}
        if not self._places:
            self._places = {place.code: place for place in usable()}
            self._places[""] = ledger.default_location()
        self._lots = lots.known(
            (self._products[row["sku"]].pk, row["lot"])
            for row in rows
            if row.get("lot") and row["sku"] in self._products
        )
        moments = list(dict.fromkeys(found for row in rows if (found := self._counted(row)) is not None))
        self._lies = dict(zip(moments, shelves.lay(moments), strict=True)) if moments else {}
        self._on_sheets = count_due.on_open_sheets({spot[:2] for spot, _at in moments}) if moments else {}
        dated = [(spot, at) for spot, at in moments if at is not None]
        self._doubtful = stocktaking.changed_since(dated) if dated else set()

    def _counted(self, row: dict[str, str]) -> tuple[shelves.Spot, datetime | None] | None:
        """What a row with a figure is about, and of when; none where it has no figure, or `known` refuses it."""
        product, place = self._products.get(row["sku"]), self._places.get(row.get("location", ""))
        lot = self._lots.get((product.pk, row.get("lot", ""))) if product else None
        if product is None or place is None or row["counted"] == "":
            return None
        try:
            return (product.pk, place.pk, lot.pk if lot else None), self._moment(row.get("counted_at", ""))
        except ValueError:
            return None

    def _moment(self, text: str) -> datetime | None:
        """When a figure was counted; ValueError in a sentence for what is no moment, or one that cannot be."""
        if not text.strip():
            return None
        now = timezone.now()
        if _is_day(text.strip()):
            # Its midnight would make a difference of all that came or went on that day.
            raise ValueError(f"{text} is a day without a time. Write it like {now:%Y-%m-%d} 16:30, or leave it empty.")
        try:
            at = datetime.fromisoformat(text.strip())
        except ValueError:
            raise ValueError(
                f"“{text[:40]}” is no moment. Write it like {now:%Y-%m-%d} 16:30, or leave it empty."
            ) from None
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(merchant.current().time_zone))).astimezone(UTC)
        if at > now + AHEAD:
            raise ValueError(f"{text} is still to come. Write when it was counted, or leave it empty.")
        if at < now - OLDEST:
            raise ValueError(f"{text} is more than {OLDEST.days} days ago. Export the sheet anew and count once more.")
        return min(at, now)

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
        try:
            at = self._moment(row.get("counted_at", "")) if counted else None
        except ValueError as error:
            raise ValidationError({"counted_at": str(error)}) from None
        told: Any = StockLevel(product=product, location=place or self._places[""])
        spot = (product.pk, told.location_id, lot.pk if lot else None)
        lay = self._lies.get((spot, at), shelves.Lay(0, 0))
        told.spot, told.at, told.lot_code = spot, at, row.get("lot", "")
        told.there, told.packed, told.counted = lay.on_hand, lay.packed, lay.should_be
        told.moment = row.get("counted_at", "") or ("no moment: the stock of now" if counted else "")
        told.difference = told.value = ""
        return told

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
        if sheet := self._on_sheets.get(instance.spot[:2]):
            raise ValidationError({"counted": count_figures.being_counted([sheet])})
        if instance.at is not None and instance.spot in self._doubtful:
            raise ValidationError({"counted": "It was counted, corrected or moved since then. Count it again."})

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: the ledger's one writer finds the difference again, under lock, when all is read.
        product, place, lot = instance.spot
        self._figures.append(count_figures.Found(product, place, instance.counted, lot, instance.at))
        units = instance.counted - instance.there + instance.packed
        instance.difference = f"{units:+d}"
        instance.value = cells.figure(units * instance.product.average_cost)

    def written(self, user: Any) -> None:
        part = f"{stocktaking.PART}{self.part.removeprefix('-')}" if self.part else ""
        note = f"Counted, row by row in a file, by {user}" if user else "Counted"
        sheets = count_figures.book(self._figures, key=f"{self._key}{part}", note=note, by=user)
        self._figures = []
        held = [sheet.number for sheet in sheets if sheet.state == CountSheet.State.REVIEW]
        if held and self.part:
            self.said.append(f"Sheet {', '.join(held)} waits for another person, who books it.")
        elif held:
            self.said.append(
                f"It is worth more than the limit: sheet {', '.join(held)} waits for another person, who books it."
            )

    # --- export ----------------------------------------------------------------------------------------------------------
    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        """A row for each level; of what is followed by lot, for each lot that lies there."""
        self._exported_at = timezone.now().isoformat()
        fields: list[Field] = self.get_export_fields()
        levels = queryset.select_related("product", "location__warehouse").iterator(chunk_size=CHUNK)
        while chunk := list(islice(levels, CHUNK)):
            lots = _lots_in(chunk)
            packed = packing.in_parcels({level.product_id for level in chunk})
            for level in chunk:
                pair = level.product_id, level.location_id
                for lot, code, units in lots.get(pair, [(None, "", level.on_hand)]):
                    level.lot_code, level.there, level.packed = code, units, packed.get((*pair, lot), 0)
                    yield [self.export_field(field, level) for field in fields]

    def dehydrate_counted(self, level: StockLevel) -> str:
        return ""

    def dehydrate_counted_at(self, level: StockLevel) -> str:
        return self._exported_at

    def dehydrate_difference(self, level: StockLevel) -> str:
        return ""

    def dehydrate_value(self, level: StockLevel) -> str:
        return ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _lots_in(levels: Any) -> dict[tuple[int, int], list[tuple[int | None, str, int]]]:
    """By product and place: (lot, its code, units) that lie there. At most one statement."""
    followed = {level.product_id for level in levels if level.product.tracking != Product.Tracking.NONE}
    found: dict[tuple[int, int], list[tuple[int | None, str, int]]] = defaultdict(list)
    if followed:
        lying = LotLevel.objects.filter(
            lot__product__in=followed, location__in={level.location_id for level in levels}, units__gt=0
        )
        rows = lying.order_by("lot__expires_on", "lot__code")
        for product, place, lot, code, units in rows.values_list(
            "lot__product", "location", "lot", "lot__code", "units"
        ):
            found[product, place].append((lot, code, units))
    return found
