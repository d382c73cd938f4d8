"""What lay on a shelf in a moment: what the ledger had then, less what lay in packed parcels then (rule: S8)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from inventory.models import LotLevel, Movement, StockLevel
from shipping.models import Shipment, ShipmentLine

Spot = tuple[int, int, int | None]
"""(product, place, lot); without a lot, all that is there of the product."""


@dataclass(frozen=True, slots=True)
class Lay:
    """What the ledger had, and how many of it had left the shelf for a parcel."""

    on_hand: int
    packed: int

    @property
    def should_be(self) -> int:
        return self.on_hand - self.packed


def lay(moments: Sequence[tuple[Spot, datetime | None]]) -> list[Lay]:
    """How many of each should have lain there in its moment, or should now, in the order asked. At most four statements."""
    products = {product for (product, _place, _lot), _at in moments}
    oldest = min((at for _spot, at in moments if at is not None), default=None)
    there = _there(products, {lot for (_product, _place, lot), _at in moments if lot is not None})
    since = _moved_since(products, oldest) if oldest is not None else {}
    parcels = _in_parcels(products, oldest)
    found = []
    for spot, at in moments:
        units = there.get(spot, 0)
        if at is not None:
            units -= sum(moved for when, moved in since.get(spot, ()) if when > at)
        packed = sum(
            inside
            for begun, ended, inside in parcels.get(spot, ())
            if (ended is None if at is None else begun <= at and (ended is None or ended > at))
        )
        found.append(Lay(units, packed))
    return found


def _there(products: set[int], lots: set[int]) -> dict[Spot, int]:
    levels = StockLevel.objects.filter(product_id__in=products).values_list("product", "location", "on_hand")
    there: dict[Spot, int] = {(product, place, None): units for product, place, units in levels}
    if lots:
        rows = LotLevel.objects.filter(lot_id__in=lots).values_list("lot__product", "location", "lot", "units")
        there |= {(product, place, lot): units for product, place, lot, units in rows}
    return there


def _moved_since(products: set[int], oldest: datetime) -> dict[Spot, list[tuple[datetime, int]]]:
    since: dict[Spot, list[tuple[datetime, int]]] = defaultdict(list)
    rows = Movement.objects.filter(product_id__in=products, at__gt=oldest).order_by()
    for product, place, lot, at, units in rows.values_list("product", "location", "lot", "at", "quantity"):
        for of in {None, lot}:
            since[product, place, of].append((at, units))
    return since


def _in_parcels(products: set[int], oldest: datetime | None) -> dict[Spot, list[tuple[datetime, datetime | None, int]]]:
    """When units lay in a parcel, from when until when; no end where they still do."""
    state = Shipment.State
    lay_then = Q(shipment__state=state.PACKED)
    if oldest is not None:
        lay_then |= Q(shipment__state=state.SHIPPED, shipment__shipped_at__gt=oldest)
        lay_then |= Q(shipment__state=state.UNPACKED, shipment__unpacked_at__gt=oldest)
    parcels: dict[Spot, list[tuple[datetime, datetime | None, int]]] = defaultdict(list)
    rows = ShipmentLine.objects.filter(lay_then, level__product_id__in=products).order_by()
    for product, place, lot, units, begun, shipped, unpacked in rows.values_list(
        "level__product_id", "level__location_id", "lot_id", "quantity",
        "shipment__packed_at", "shipment__shipped_at", "shipment__unpacked_at",
    ):  # fmt: skip
        for of in {None, lot}:
            parcels[product, place, of].append((begun, shipped or unpacked, units))
    return parcels
