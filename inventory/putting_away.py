"""The work list of putting away: what lies where goods come in, or in another bin than its own."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from inventory.models import Location, Lot, LotLevel, Product, StockLevel, WarehouseProduct

Kind = Location.Kind


@dataclass(frozen=True, slots=True)
class ToPutAway:
    """Units of a product (of one lot, where it has lots) and where they belong; `own` is None where nobody has said yet."""

    level: StockLevel
    units: int
    own: Location | None
    lot: Lot | None = None

    @property
    def name(self) -> str:
        """What a form's fields of this row are called after."""
        return f"{self.level.pk}-{self.lot.pk if self.lot else 0}"


def waiting(*, warehouse_id: int | None = None) -> QuerySet[StockLevel]:
    """Levels to be put away. A warehouse without bins has no such work; a bin that is nobody's own is as good as any."""
    own = WarehouseProduct.objects.filter(product=OuterRef("product"), warehouse=OuterRef("location__warehouse"))
    bins = Location.objects.filter(warehouse=OuterRef("location"), kind=Kind.BIN, archived_at=None)
    found = (
        StockLevel.objects.filter(on_hand__gt=0, location__archived_at=None)
        .alias(own_bin=Subquery(own.values("put_away")[:1]))
        .filter(
            Q(Exists(bins), location__kind=Kind.WAREHOUSE)
            | Q(location__kind=Kind.BIN, own_bin__isnull=False) & ~Q(own_bin=F("location"))
        )
    )
    if warehouse_id is not None:
        found = found.filter(Q(location=warehouse_id) | Q(location__warehouse=warehouse_id))
    return found


def work_list(*, warehouse_id: int, most: int) -> list[ToPutAway]:
    """The first rows of the list, by SKU, in a constant number of statements."""
    levels = list(
        waiting(warehouse_id=warehouse_id)
        .select_related("product", "location")
        .order_by("product__sku", "location__pick_order", "pk")[:most]
    )
    owns = WarehouseProduct.objects.filter(warehouse=warehouse_id, product__in={level.product_id for level in levels})
    own = {row.product_id: row.put_away for row in owns.select_related("put_away__warehouse")}
    tracked = {level.product_id for level in levels if level.product.tracking != Product.Tracking.NONE}
    lots: dict[tuple[int, int], list[LotLevel]] = defaultdict(list)
    if tracked:
        found = LotLevel.objects.filter(
            lot__product__in=tracked, location__in={level.location_id for level in levels}, units__gt=0
        )
        for row in found.select_related("lot").order_by("lot__expires_on", "lot__code"):
            lots[row.lot.product_id, row.location_id].append(row)
    rows = []
    for level in levels:
        place = own.get(level.product_id)
        of_lots = lots.get((level.product_id, level.location_id), [])
        rows += [ToPutAway(level, row.units, place, row.lot) for row in of_lots] or [
            ToPutAway(level, level.on_hand, place)
        ]
    return rows
