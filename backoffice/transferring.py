"""Transfers between warehouses, as they happen: sent, received in part, lost on the way, brought back.

What travels lies in the place for goods in transit, where nothing is promised to anybody. Its value stays in the stock; only
what is lost is booked, as a correction.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, Sum, When
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import goods, stocktaking
from inventory import first_out, ledger, places, transfers
from inventory.models import Location, LotLevel, Movement, Product, StockLevel, Transfer, TransferLine
from orders import allocation, merchant, promises, publishing
from shipping import packing

State = Transfer.State
TRANSFER, ADJUSTMENT = Movement.Reason.TRANSFER, Movement.Reason.ADJUSTMENT


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of a line that came, in which place they were put (without one: where goods come in), and units that are lost."""

    line_id: int
    quantity: int
    lost: int = 0
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    line_id: int
    product_id: int
    lot_id: int | None
    location_id: int
    units: int


def send(transfer_id: int, *, quantities: Mapping[int, int] | None = None, by: Any = None) -> list[Movement]:
    """The goods leave the source: what is free there, in the order in which its places are picked from.

    `quantities` (line → units) sends fewer. Sent once: empty where that was before. Short where fewer are free.
    """
    with transaction.atomic():
        paper = _locked(transfer_id)
        if paper.state in (State.IN_TRANSIT, State.RECEIVED):
            return []
        if paper.state == State.CANCELLED:
            raise ValueError(f"Transfer {paper.number} is cancelled. Make a new one.")
        transit = places.in_transit()
        spots = places.held([paper.source_id, paper.destination_id, transit.pk])
        places.refuse_unusable([spots[paper.source_id], spots[paper.destination_id]])
        lines = list(paper.lines.select_related("product").order_by("id"))
        units = {line.pk: line.wanted if quantities is None else quantities.get(line.pk, 0) for line in lines}
        if not any(units.values()):
            raise ValueError("Say how many units leave, on at least one line.")
        taken = _take(paper, lines, units)
        per_lot: dict[tuple[int, int | None], int] = defaultdict(int)
        for part in taken:
            per_lot[part.line_id, part.lot_id] += part.units
        stands = transfers.mark_sent(paper, per_lot)
        moves = []
        for at, part in enumerate(taken):
            key = f"transfer:{paper.pk}:sent:{stands[part.line_id, part.lot_id]}:{at}"
            moves += _legs(part, part.location_id, transit.pk, key, f"Transfer {paper.number} to {paper.destination}")
        moved = ledger.record(moves, by=by)
        publishing.stock_changed({part.product_id for part in taken})
        promises.refresh_products(part.product_id for part in taken)
    return moved


def receive(
    transfer_id: int, arrived: Sequence[Arrived], *, key: str, note: str = "", by: Any = None
) -> list[Movement]:
    """Goods arrive, in part or in whole, and go to who waits for them; booked once by `key`: empty where that was before.

    What is declared lost leaves the stock and is booked as a correction, above the limit of counts only by who may approve
    them; where it comes after all it is received like the rest, after the transfer was closed too.
    """
    arrived = [one for one in arrived if one.quantity or one.lost]
    if not arrived:
        raise ValueError("Say how many units came, on at least one line.")
    if any(one.quantity < 0 or one.lost < 0 for one in arrived):
        raise ValueError("What came and what is lost is counted in units above zero.")
    with transaction.atomic():
        paper = _locked(transfer_id)
        # Hashed, so that the key's parts can be told apart again (see the proof).
        event = f"transfer:{paper.pk}:{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"
        if Movement.objects.filter(key__startswith=f"{event}:").exists():
            return []
        transit = places.in_transit()
        spots = places.held({paper.destination_id, *(one.location_id for one in arrived if one.location_id)})
        _refuse_elsewhere(paper, spots, arrived)
        sums: dict[int, tuple[int, int]] = {}
        for one in arrived:
            came, lost = sums.get(one.line_id, (0, 0))
            sums[one.line_id] = (came + one.quantity, lost + one.lost)
        found = transfers.mark_found(paper, sums)
        if paper.state != State.IN_TRANSIT:
            raise ValueError(f"Transfer {paper.number} is {paper.get_state_display()}: nothing of it can come in.")
        transfers.mark_arrived(paper, sums)
        if any(one.lost for one in arrived):
            _refuse_above_limit(paper, by)
        lines = paper.lines.in_bulk([one.line_id for one in arrived])
        came_in: list[ledger.Move] = []
        gone = [
            ledger.Move(lines[pk].product_id, transit.pk, units, ADJUSTMENT, f"{event}:{pk}:found",
                        note=f"Lost before, found now: transfer {paper.number}", lot_id=lines[pk].lot_id)
            for pk, units in found.items()
        ]  # fmt: skip
        for at, one in enumerate(arrived):
            line, place = lines[one.line_id], one.location_id or paper.destination_id
            said = f"Transfer {paper.number} from {paper.source}"
            part = _Taken(line.pk, line.product_id, line.lot_id, transit.pk, one.quantity)
            leg = f"{event}:{line.pk}:{at}"
            came_in += _legs(part, transit.pk, place, leg, f"{said}: {note}" if note else said)
            if one.lost:
                why = f"Lost on the way, transfer {paper.number}"
                gone.append(
                    ledger.Move(line.product_id, transit.pk, -one.lost, ADJUSTMENT, f"{leg}:lost",
                                note=f"{why}: {note}" if note else why, lot_id=line.lot_id)
                )  # fmt: skip
        moved = ledger.record([*came_in, *gone], by=by)
        goods.book([m for m in moved if m.reason == ADJUSTMENT], *goods.AGAINST[ADJUSTMENT])
        apart, freed = goods.set_apart(moved, by=by)
        goods.refill({line.product_id for line in lines.values()} | freed)
        promises.refresh_products(line.product_id for line in lines.values())
    return [*moved, *apart]


def bring_back(transfer_id: int, *, by: Any = None) -> list[Movement]:
    """What is still on its way turns round and lies at the source again, where goods come in. Run twice it does nothing."""
    with transaction.atomic():
        paper = _locked(transfer_id)
        if paper.state == State.DRAFT:
            raise ValueError(f"Transfer {paper.number} has not left yet. Cancel it instead.")
        lines = [line for line in paper.lines.all() if on_its_way(line)]
        if paper.state != State.IN_TRANSIT or not lines:
            return []
        transit = places.in_transit()
        places.refuse_unusable(places.held([paper.source_id]).values())
        transfers.mark_brought_back(paper, {line.pk: on_its_way(line) for line in lines})
        moves = []
        for line in lines:
            part = _Taken(line.pk, line.product_id, line.lot_id, transit.pk, on_its_way(line))
            said = f"Transfer {paper.number} came back"
            moves += _legs(part, transit.pk, paper.source_id, f"transfer:{paper.pk}:back:{line.pk}:0", said)
        moved = ledger.record(moves, by=by)
        apart, freed = goods.set_apart(moved, by=by)
        goods.refill({line.product_id for line in lines} | freed)
        promises.refresh_products(line.product_id for line in lines)
    return [*moved, *apart]


def on_its_way(line: TransferLine) -> int:
    return line.sent - line.received - line.lost


def _locked(transfer_id: int) -> Transfer:
    """The levels of all its products, then the paper. ValueError where a product was put on it in between."""
    known = transfers.products_of(transfer_id)
    allocation.lock_products(known)
    paper = transfers.locked(transfer_id)
    if not transfers.products_of(transfer_id) <= known:
        raise ValueError(f"Somebody has just changed transfer {paper.number}. Look at it again.")
    return paper


def _legs(part: _Taken, from_id: int, to_id: int, key: str, note: str) -> list[ledger.Move]:
    """Both halves, at the product's average cost, so that it stays what it is; none where nothing moves."""
    return [
        ledger.Move(part.product_id, place, units, TRANSFER, f"{key}:{leg}", note=note, lot_id=part.lot_id)
        for place, units, leg in ((from_id, -part.units, "out"), (to_id, part.units, "in"))
        if units
    ]


def _refuse_above_limit(paper: Transfer, by: Any) -> None:
    """Of all that the transfer lost, so that it is not lost by and by."""
    worth = paper.lines.aggregate(worth=Sum(F("lost") * F("product__average_cost")))["worth"]
    if stocktaking.above_limit(worth) and (by is None or not by.has_perm("inventory.approve_count")):
        raise ValueError(
            _(
                "What transfer %(number)s lost is worth more than the limit: a person who may approve counts must say that"
                " it is lost. Enter what came without it."
            )
            % {"number": paper.number}
        )


def _refuse_elsewhere(paper: Transfer, spots: Mapping[int, Location], arrived: Sequence[Arrived]) -> None:
    for one in arrived:
        place = spots.get(one.location_id or paper.destination_id)
        if place is None:
            raise ValueError("There is no such place any more. Choose it again.")
        places.refuse_unusable([place])
        if place.warehouse_or_self != paper.destination_id:
            raise ValueError(f"{place.in_full} is not in {paper.destination}, where transfer {paper.number} goes.")


# --- what leaves from where ---------------------------------------------------------------------------------------------
def _take(paper: Transfer, lines: Sequence[TransferLine], wanted: Mapping[int, int]) -> list[_Taken]:
    """From which places of the source the units come, and of which lots: first to expire first."""
    products = {line.product_id: line.product for line in lines}
    found = StockLevel.objects.filter(product_id__in=products, on_hand__gt=0)
    found = found.filter(location__in=_places_that_send(paper))
    quarantine = Case(When(location__kind=Location.Kind.QUARANTINE, then=1), default=0)
    free = {
        (level.product_id, level.location_id): level.available
        for level in found.order_by("-location__sellable", quarantine, "location__pick_order", "location_id")
    }
    today = merchant.local_day(timezone.now(), merchant.current())
    lots = _lots(free, products, good_on=today if paper.destination.sellable else None)
    taken = []
    # Who names a lot has no other choice and goes first.
    for line in sorted(lines, key=lambda line: (line.lot_id is None, line.pk)):
        left = wanted[line.pk]
        for lot_id, location_id, units in _spots(line, free, lots):
            part = min(left, units, free[line.product_id, location_id])
            if part > 0:
                taken.append(_Taken(line.pk, line.product_id, lot_id, location_id, part))
                free[line.product_id, location_id] -= part
                if lot_id is not None:
                    lots[line.product_id][lot_id, location_id] -= part
                left -= part
        if left > 0:
            raise ledger.Short(
                f"{wanted[line.pk]} of {line.product.sku} cannot leave {paper.source}: {wanted[line.pk] - left} are free"
                f"{' of this lot' if line.lot_id else ''}. Send fewer, or take the promise to an order back first."
                f"{_held_back(paper, line, today)}"
            )
    return taken


def _places_that_send(paper: Transfer) -> QuerySet[Location]:
    """To where nothing is sold from all may go, what is never sold last; else quarantine stays, and of a warehouse that is
    sold from whatever is never sold."""
    inside = places.of_warehouse(paper.source_id)
    if not paper.destination.sellable:
        return inside
    return inside.filter(sellable=True) if paper.source.sellable else inside.exclude(kind=Location.Kind.QUARANTINE)


def _held_back(paper: Transfer, line: TransferLine, today: date) -> str:
    unfit = first_out.unfit(today).filter(
        lot__product=line.product_id, location__in=places.of_warehouse(paper.source_id)
    )
    bad = unfit.aggregate(units=Sum("units"))["units"] if paper.destination.sellable else 0
    said = f" {bad} more are expired or recalled: they go only to where nothing is sold from." if bad else ""
    held = StockLevel.objects.filter(
        product=line.product_id, on_hand__gt=0, location__in=places.of_warehouse(paper.source_id).filter(sellable=False)
    )
    units = held.exclude(location__in=_places_that_send(paper)).aggregate(units=Sum("on_hand"))["units"]
    return f"{said} {units} more lie where nothing is sold from: move them out of there first." if units else said


Lots = dict[int, dict[tuple[int, int], int]]
"""By product: (lot, place) → units, first to expire first."""


def _lots(free: Mapping[tuple[int, int], int], products: Mapping[int, Product], *, good_on: date | None) -> Lots:
    """`good_on` leaves out what must not be sold on that day."""
    lots: Lots = {pk: {} for pk, product in products.items() if product.tracking != Product.Tracking.NONE}
    if lots:
        found = LotLevel.objects.filter(
            lot__product__in=list(lots), location__in={place for _, place in free}, units__gt=0
        )
        if good_on is not None:
            found = first_out.may_go(found, good_on)
        order = ("-location__sellable", "lot__expires_on", "lot_id", "location__pick_order", "location_id")
        for product, lot, place, units in found.order_by(*order).values_list(
            "lot__product", "lot", "location", "units"
        ):
            lots[product][lot, place] = units
        for (product, place, packed), units in packing.in_parcels(lots).items():
            if packed is not None and (packed, place) in lots[product]:
                lots[product][packed, place] -= units
    return lots


def _spots(line: TransferLine, free: Mapping[tuple[int, int], int], lots: Lots) -> list[tuple[int | None, int, int]]:
    """(lot, place, units there) in the order in which they are taken."""
    if line.product_id not in lots:
        return [(None, place, units) for (product, place), units in free.items() if product == line.product_id]
    return [
        (lot, place, units)
        for (lot, place), units in lots[line.product_id].items()
        if line.lot_id in (None, lot) and (line.product_id, place) in free
    ]
