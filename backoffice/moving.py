"""Goods go from one place of a warehouse to another: into their bin, to another bin, to quarantine and back.

Neither what there is nor what it is worth changes, so the books hear nothing. What is promised to orders stays promised to
the same orders, in the new place; what goes to quarantine is lost to them until it comes back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from backoffice import goods
from inventory import ledger, places
from inventory.models import Location, Lot, LotLevel, Movement, Product, StockLevel, WarehouseProduct
from orders import allocation, carrying, merchant, promises
from shipping import packing

Spot = tuple[int, int]
"""(product, place)"""


@dataclass(frozen=True, slots=True)
class Moving:
    """Units of a product that go from one place to another. `lot_id` is needed where several lots lie there."""

    product_id: int
    quantity: int
    from_id: int
    to_id: int
    lot_id: int | None = None


@dataclass(frozen=True, slots=True)
class PuttingAway:
    """Units to be put away; without `to_id`, into the product's own bin in that warehouse."""

    product_id: int
    quantity: int
    from_id: int
    to_id: int | None = None
    lot_id: int | None = None


def move(what: Sequence[Moving], *, key: str, note: str = "", by: Any = None) -> list[Movement]:
    """Move units between places of one warehouse, all or nothing, in a constant number of statements.

    Booked once by `key`: empty where that was before. What is free goes first; promised units take their promise along. Into
    quarantine, promises are taken back from the orders served last; out of it, whoever waits is served.
    """
    if not what:
        raise ValueError("Say which product moves, how many units, from where and to where.")
    if any(one.quantity <= 0 for one in what):
        raise ValueError("What is moved is counted in units above zero.")
    with transaction.atomic():
        allocation.lock_products(one.product_id for one in what)
        if Movement.objects.filter(key__startswith=f"{Movement.Reason.MOVE.value}:{key}:").exists():
            return []
        spots = places.held(place for one in what for place in (one.from_id, one.to_id))
        _refuse_places(what, spots)
        told = _with_lots(what)
        products = {one.product_id for one in told}
        _refuse_unfit(told, spots)
        _refuse_missing(told, _levels(products, spots), spots)
        legs = _legs(told, key=key, note=note, spots=spots)
        quarantined = _sums(one for one in told if not spots[one.to_id].sellable)
        freed = goods.take_back_promises(
            [
                ledger.Move(product, place, -units, Movement.Reason.MOVE, key)
                for (product, place), units in quarantined.items()
            ],
            why="it was moved to a place that is not sold from",
        )
        levels = _levels(products, spots)
        carried = carrying.lift(_promised(told, levels, spots, quarantined))
        moved = ledger.record(legs, by=by)
        _set_down(told, carried, levels, spots)
        if any(spots[one.from_id].sellable != spots[one.to_id].sellable for one in told):
            goods.refill(products | freed)
            promises.refresh_products(products | freed)
    return moved


def put_away(
    what: Sequence[PuttingAway], *, key: str, note: str = "", by: Any = None, remember: bool = False
) -> list[Movement]:
    """Put goods into their bins. ValueError where a product has none there and none is said.

    `remember`: a bin that is said becomes the product's own where it has none yet in that warehouse.
    """
    places_of = dict(Location.objects.filter(pk__in={one.from_id for one in what}).values_list("pk", "warehouse"))
    warehouse_of = {pk: warehouse or pk for pk, warehouse in places_of.items()}
    own = {
        (row.product_id, row.warehouse_id): row.put_away_id
        for row in WarehouseProduct.objects.filter(
            product_id__in={one.product_id for one in what}, warehouse_id__in=set(warehouse_of.values())
        )
    }
    told = []
    for one in what:
        to_id = one.to_id or own.get((one.product_id, warehouse_of.get(one.from_id, 0)))
        if to_id is None:
            sku = Product.objects.get(pk=one.product_id).sku
            raise ValueError(f"{sku} has no bin of its own in this warehouse yet: say into which it goes.")
        told.append(Moving(one.product_id, one.quantity, one.from_id, to_id, one.lot_id))
    with transaction.atomic():
        moved = move(told, key=key, note=note or "Put away", by=by)
        if remember and moved:
            new = {
                (one.product_id, warehouse_of[one.from_id]): one.to_id
                for one in told
                if own.get((one.product_id, warehouse_of[one.from_id])) is None
            }
            set_own_bins(new)
    return moved


def set_own_bins(bins: Mapping[Spot, int]) -> None:
    """By (product, warehouse) the bin in which the product is put away there from now on."""
    WarehouseProduct.objects.bulk_create(
        [WarehouseProduct(product_id=p, warehouse_id=w, put_away_id=place) for (p, w), place in bins.items()],
        update_conflicts=True,
        unique_fields=["product", "warehouse"],
        update_fields=["put_away"],
    )


def _refuse_places(what: Sequence[Moving], spots: Mapping[int, Location]) -> None:
    for one in what:
        if one.from_id not in spots or one.to_id not in spots:
            raise ValueError("There is no such place any more. Choose it again.")
        source, target = spots[one.from_id], spots[one.to_id]
        if source.pk == target.pk:
            raise ValueError(f"{source.in_full} is where it lies already: choose another place to move it to.")
        places.refuse_unusable([source, target])
        if source.warehouse_or_self != target.warehouse_or_self:
            raise ValueError(
                f"{source.in_full} and {target.in_full} are in two warehouses. Goods go from one to the other by a transfer."
            )


def _with_lots(what: Sequence[Moving]) -> list[Moving]:
    """Goods that are followed by lot move with theirs: the one that lies there, or all of them if all are moved."""
    tracked = Product.objects.exclude(tracking=Product.Tracking.NONE).filter(pk__in={one.product_id for one in what})
    skus = dict(tracked.values_list("pk", "sku"))
    if not skus:
        return list(what)
    lying: dict[Spot, list[tuple[int, str, int]]] = defaultdict(list)
    found = LotLevel.objects.filter(
        lot__product__in=list(skus), location__in={one.from_id for one in what}, units__gt=0
    )
    for product, place, lot, code, units in found.order_by("lot__expires_on", "lot__code").values_list(
        "lot__product", "location", "lot", "lot__code", "units"
    ):
        lying[product, place].append((lot, code, units))
    told: list[Moving] = []
    for one in what:
        lots = lying[one.product_id, one.from_id]
        if one.lot_id is not None or one.product_id not in skus:
            told.append(one)
        elif len(lots) == 1:
            told.append(replace(one, lot_id=lots[0][0]))
        elif lots and one.quantity == sum(units for _, _, units in lots):
            told += [replace(one, lot_id=lot, quantity=units) for lot, _, units in lots]
        elif lots:
            named = ", ".join(f"{code} ({units})" for _, code, units in lots[:8])
            raise ValueError(f"Say which lot of {skus[one.product_id]} is moved. There are: {named}.")
        else:
            raise ValueError(f"No lot of {skus[one.product_id]} lies there.")
    return told


def _refuse_unfit(what: Sequence[Moving], spots: Mapping[int, Location]) -> None:
    """ValueError where an expired or recalled lot would come out of quarantine; no statement where nothing comes out."""
    out = {
        one.lot_id
        for one in what
        if one.lot_id is not None and spots[one.to_id].sellable and not spots[one.from_id].sellable
    }
    if not out:
        return
    today = merchant.local_day(timezone.now(), merchant.current())
    for lot in Lot.objects.filter(pk__in=out).select_related("product"):
        if lot.recalled_at is not None:
            raise ValueError(
                f"Lot {lot.code} of {lot.product.sku} is recalled: lift the recall first, or leave it there."
            )
        if lot.expires_on is not None and lot.expires_on < today:
            raise ValueError(
                f"Lot {lot.code} of {lot.product.sku} expired on {lot.expires_on}: it is not sold any more. Correct the day "
                "if it is wrong, or leave it there."
            )


def _levels(products: set[int], spots: Mapping[int, Location]) -> dict[Spot, StockLevel]:
    found = StockLevel.objects.filter(product_id__in=products, location_id__in=list(spots))
    return {(level.product_id, level.location_id): level for level in found}


def _sums(what: Iterable[Moving]) -> dict[Spot, int]:
    sums: dict[Spot, int] = defaultdict(int)
    for one in what:
        sums[one.product_id, one.from_id] += one.quantity
    return sums


def _refuse_missing(what: Sequence[Moving], levels: Mapping[Spot, StockLevel], spots: Mapping[int, Location]) -> None:
    """Short where more would move than lies there outside of parcels that are packed already."""
    packed: dict[Spot, int] = defaultdict(int)
    of_lots: dict[tuple[int, int], int] = defaultdict(int)
    for (product, place, lot), units in packing.in_parcels({one.product_id for one in what}).items():
        packed[product, place] += units
        if lot is not None:
            of_lots[lot, place] += units
    _refuse_packed_lots(what, of_lots, spots)
    leaving = _sums(what)
    short = {}
    for spot, units in leaving.items():
        there = levels[spot].on_hand if spot in levels else 0
        if units > there - packed[spot]:
            short[spot] = (units, there, packed[spot])
    if not short:
        return
    skus = dict(Product.objects.filter(pk__in={product for product, _ in short}).values_list("pk", "sku"))
    (product, place), (units, there, in_parcels) = next(iter(short.items()))
    said = f"{units} of {skus[product]} cannot be moved from {spots[place].in_full}: {there} are there"
    if in_parcels:
        raise ledger.Short(
            f"{said}, and {in_parcels} of them lie in parcels that are packed. Ship or unpack those first, or move fewer."
        )
    raise ledger.Short(f"{said}. Move fewer, or correct the stock if there are more.")


def _refuse_packed_lots(
    what: Sequence[Moving], packed: Mapping[tuple[int, int], int], spots: Mapping[int, Location]
) -> None:
    """Short where units of a lot would move that lie in parcels."""
    wanted: dict[tuple[int, int], int] = defaultdict(int)
    for one in what:
        if one.lot_id is not None:
            wanted[one.lot_id, one.from_id] += one.quantity
    if not any(packed.get(spot) for spot in wanted):
        return
    levels = LotLevel.objects.filter(lot__in={lot for lot, _ in wanted}, location__in={place for _, place in wanted})
    for level in levels.select_related("lot"):
        spot = (level.lot_id, level.location_id)
        if wanted[spot] > level.units - packed.get(spot, 0):
            raise ledger.Short(
                f"{wanted[spot]} of lot {level.lot.code} cannot be moved from {spots[level.location_id].in_full}: "
                f"{level.units} are there, and {packed.get(spot, 0)} of them lie in parcels that are packed. Ship or unpack "
                "those first, or move fewer."
            )


def _promised(
    what: Sequence[Moving],
    levels: Mapping[Spot, StockLevel],
    spots: Mapping[int, Location],
    quarantined: Mapping[Spot, int],
) -> dict[int, int]:
    """By level, how many promised units go along: only what the free ones do not cover, quarantine first."""
    going = {}
    for spot, units in _sums(one for one in what if spots[one.to_id].sellable).items():
        level = levels[spot]
        free = max(0, level.on_hand - level.reserved - quarantined.get(spot, 0))
        if units > free:
            going[level.pk] = units - free
    return going


def _legs(what: Sequence[Moving], *, key: str, note: str, spots: Mapping[int, Location]) -> list[ledger.Move]:
    """Both halves of each move, at the product's average cost, so that it stays what it is."""
    legs = []
    for at, one in enumerate(what):
        source, target = spots[one.from_id], spots[one.to_id]
        ways = (
            (source, -one.quantity, "out", f"to {target.name}"),
            (target, one.quantity, "in", f"from {source.name}"),
        )
        for place, units, leg, way in ways:
            legs.append(
                ledger.Move(
                    product_id=one.product_id,
                    location_id=place.pk,
                    quantity=units,
                    reason=Movement.Reason.MOVE,
                    key=f"{Movement.Reason.MOVE.value}:{key}:{at}:{leg}",
                    note=f"{note}: {way}" if note else way.capitalize(),
                    lot_id=one.lot_id,
                )
            )
    return legs


def _set_down(
    what: Sequence[Moving], carried: carrying.Carried, levels: Mapping[Spot, StockLevel], spots: Mapping[int, Location]
) -> None:
    """Deal the promises that were taken up out to the places to which the goods went."""
    if not carried:
        return
    new = {
        (product, place): level
        for level, product, place in StockLevel.objects.filter(
            product_id__in={one.product_id for one in what}, location_id__in=list(spots)
        ).values_list("pk", "product", "location")
    }
    downs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in what:
        if not spots[one.to_id].sellable:
            continue
        room = one.quantity
        parts = carried.get(levels[one.product_id, one.from_id].pk, [])
        while parts and room:
            line, units = parts.pop()
            part = min(units, room)
            downs[new[one.product_id, one.to_id]].append((line, part))
            room -= part
            if units > part:
                parts.append((line, units - part))
    carrying.set_down(downs)
