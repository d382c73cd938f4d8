"""Goods come in, come back or are corrected: the ledger of stock, the books and who waits for them, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting import chart, ledger, posting
from accounting.models import Entry
from backoffice.lib import money
from backoffice.sync import deliveries
from inventory import first_out, places
from inventory import ledger as stock
from inventory.models import LotLevel, Movement, Product
from orders import allocation, merchant, promise_keeping, publishing, status, timeline
from orders.models import Order
from shipping import lots, packing
from shipping.models import Shipment


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of a product that come in or are corrected, at a cost each in the merchant's currency.

    `parts` are (account, amount): what of their value is owed to whom. What rounding leaves is a stock correction.
    """

    product_id: int
    quantity: int
    unit_cost: Decimal | None = None
    location_id: int | None = None
    lot_id: int | None = None
    note: str = ""
    parts: tuple[tuple[str, Decimal], ...] = ()


def receive(goods: Sequence[Goods], *, key: str, note: str = "", by: Any = None) -> list[Movement]:
    """Goods come in: booked once by `key`, and given to who waits for them, the oldest first, in one transaction."""
    if any(item.quantity <= 0 for item in goods):
        raise ValueError("What is received is counted in units above zero.")
    return move(goods, Movement.Reason.RECEIPT, key=key, note=note, by=by)


def adjust(goods: Sequence[Goods], *, key: str, note: str, by: Any = None) -> list[Movement]:
    """Correct the stock up or down, with a reason. What is promised to orders is taken back first where it must be."""
    if not note.strip():
        raise ValueError("Say why the stock is corrected.")
    return move(goods, Movement.Reason.ADJUSTMENT, key=key, note=note, by=by)


def send_back(goods: Sequence[Goods], *, key: str, note: str, by: Any = None) -> list[Movement]:
    """Goods leave for their supplier, from any place; counted in units above zero. `parts` are what it gives back."""
    leaving = [
        replace(item, quantity=-item.quantity, parts=tuple((account, -amount) for account, amount in item.parts))
        for item in goods
    ]
    return move(leaving, Movement.Reason.TO_SUPPLIER, key=key, note=note, by=by)


@dataclass(slots=True)
class Touched:
    """Orders by the units that a change of stock took from them, and that they got by it."""

    lost: dict[int, int] = field(default_factory=dict)
    got: dict[int, int] = field(default_factory=dict)

    def words(self) -> str:
        """For the person who booked it: which orders wait again, and how many have what they waited for."""
        less = {order: units - self.got.get(order, 0) for order, units in self.lost.items()}
        waiting = [order for order, units in less.items() if units > 0]
        served = [order for order, units in self.got.items() if units > self.lost.get(order, 0)]
        said = []
        if waiting:
            numbers = Order.objects.filter(pk__in=waiting).order_by("number").values_list("number", flat=True)
            named = ", ".join(numbers[:10]) + (" …" if len(waiting) > 10 else "")
            sentence = ngettext(
                "%(count)d order lost reserved stock and waits again: %(named)s.",
                "%(count)d orders lost reserved stock and wait again: %(named)s.",
                len(waiting),
            )
            said.append(sentence % {"count": len(waiting), "named": named})
        if served:
            sentence = ngettext(
                "%(count)d order that waited for goods has some now.",
                "%(count)d orders that waited for goods have some now.",
                len(served),
            )
            said.append(sentence % {"count": len(served)})
        return " ".join(said)


def book_found(
    differences: Mapping[Any, Goods], *, key: str, note: str, by: Any = None, touched: Touched | None = None
) -> list[Movement]:
    """Differences as they were found, by the line of the sheet: counted less what should have been there then (rule: S8).

    Not against today's figure, so that what was sold since changes nothing. Each is booked once, by `key` and its line.
    """
    return move(
        list(differences.values()),
        Movement.Reason.COUNT,
        key=key,
        note=note,
        by=by,
        suffixes=[str(line) for line in differences],
        touched=touched,
    )


MOST = Decimal(10) ** 11
"""What a line of an entry cannot hold any more: eleven digits stand before its point."""
AGAINST = {
    Movement.Reason.RECEIPT: (Entry.Kind.RECEIPT, chart.RECEIVED, "Goods received"),
    Movement.Reason.RETURN: (Entry.Kind.COGS, chart.COGS, "Goods returned to stock"),
    Movement.Reason.ADJUSTMENT: (Entry.Kind.STOCK, chart.STOCK, "Stock corrected"),
    Movement.Reason.COUNT: (Entry.Kind.STOCK, chart.STOCK, "Stock counted"),
    Movement.Reason.ELSEWHERE: (Entry.Kind.COGS, chart.COGS, "Goods shipped by the store itself"),
    Movement.Reason.SCRAP: (Entry.Kind.STOCK, chart.STOCK, "Goods thrown away"),
    Movement.Reason.TO_SUPPLIER: (Entry.Kind.STOCK, chart.STOCK, "Goods returned to the supplier"),
}


def move(
    goods: Sequence[Goods],
    reason: Movement.Reason,
    *,
    key: str,
    note: str,
    by: Any,
    suffixes: Sequence[str] = (),
    touched: Touched | None = None,
) -> list[Movement]:
    """Goods come or go for one of the reasons in AGAINST: promises, ledger, books and who waits, in one transaction.

    `suffixes` tell the pieces of one event apart by what they are instead of by their position. What comes in of a lot
    that must not be sold goes on to quarantine: those movements are returned too (see `set_apart`).
    `touched` is told which orders lost or got stock by it.
    """
    with transaction.atomic():
        allocation.lock_products(item.product_id for item in goods)
        place = stock.default_location().pk
        keys = [
            f"{reason.value}:{key}:{suffixes[position] if suffixes else position}" for position in range(len(goods))
        ]
        moves = stock.unbooked(
            stock.Move(
                product_id=item.product_id,
                location_id=item.location_id or place,
                quantity=item.quantity,
                reason=reason,
                key=own,
                unit_cost=item.unit_cost,
                note=item.note or note,
                lot_id=item.lot_id,
            )
            for own, item in zip(keys, goods, strict=True)
        )
        # Nobody could move it out of an archived place.
        places.refuse_unusable(places.held(one.location_id for one in moves if one.quantity > 0).values())
        freed = take_back_promises(moves, why=note, touched=touched)
        moved = stock.record(moves, by=by)
        kind, against, words = AGAINST[reason]
        book(moved, kind, against, words, {own: item.parts for own, item in zip(keys, goods, strict=True)})
        apart, more = set_apart(moved, by=by)
        allocated = refill({movement.product_id for movement in moved} | freed | more)
        if touched is not None:
            touched.got |= allocated.orders
    return [*moved, *apart]


def set_apart(moved: Sequence[Movement], *, by: Any = None) -> tuple[list[Movement], set[int]]:
    """What has just come to a place that is sold from, of a lot that is expired or recalled, goes on to quarantine before
    anybody is promised it (rule: S11). Nothing where it came without lots.

    The movements, and the products of which that freed stock; in the caller's transaction, before it refills.
    """
    came: dict[tuple[int, int], int] = defaultdict(int)
    for movement in moved:
        if movement.lot_id is not None:
            came[movement.lot_id, movement.location_id] += movement.quantity
    came = {spot: units for spot, units in came.items() if units > 0}
    if not came:
        return [], set()
    unfit = first_out.unfit(merchant.local_day(timezone.now(), merchant.current()))
    rows = unfit.filter(lot__in={lot for lot, _ in came}, location__in={place for _, place in came})
    found = [level for level in rows.select_related("lot", "location") if (level.lot_id, level.location_id) in came]
    if not found:
        return [], set()
    into = places.quarantines({level.location.warehouse_or_self for level in found})
    key = f"{Movement.Reason.MOVE.value}:quarantine-{uuid4().hex}"

    def leg(at: int, level: LotLevel, place: int, units: int, way: str) -> stock.Move:
        return stock.Move(
            level.lot.product_id, place, units, Movement.Reason.MOVE, f"{key}:{at}:{way}",
            note="Expired or recalled: to quarantine", lot_id=level.lot_id,
        )  # fmt: skip

    out = [leg(at, lv, lv.location_id, -came[lv.lot_id, lv.location_id], "out") for at, lv in enumerate(found)]
    onward = [
        leg(at, lv, into[lv.location.warehouse_or_self], came[lv.lot_id, lv.location_id], "in")
        for at, lv in enumerate(found)
    ]
    freed = take_back_promises(out, why="its lot is expired or recalled")
    return stock.record([*out, *onward], by=by), freed


def set_apart_words(moved: Iterable[Movement]) -> list[str]:
    """For the person at the door: which of these movements went to quarantine, in a sentence each; at most one statement."""
    ids = [one.pk for one in moved if one.reason == Movement.Reason.MOVE and one.quantity > 0]
    apart = Movement.objects.filter(pk__in=ids).select_related("lot", "product").order_by("pk") if ids else ()
    words = _("Lot %(lot)s of %(sku)s is expired or recalled: %(units)s went to quarantine. Look at its date.")
    return [words % {"lot": one.lot.code, "sku": one.product.sku, "units": one.quantity} for one in apart if one.lot]


def take_back_promises(moves: Sequence[stock.Move], *, why: str = "", touched: Touched | None = None) -> set[int]:
    """Where more is lost than is free, the latest orders give their promise up and wait again; `why` is told to them.

    The products of which that freed stock: the caller refills them, after the movements are booked.
    """
    lost: dict[tuple[int, int], int] = {}
    for move in moves:
        spot = (move.product_id, move.location_id)
        lost[spot] = lost.get(spot, 0) - move.quantity
    # One lot was taken for another: nothing is lost.
    lost = {spot: units for spot, units in lost.items() if units > 0}
    freed = _give_way(lost, why, touched) if lost else set()
    _unpack_lost_lots(moves)
    return freed


def _give_way(lost: Mapping[tuple[int, int], int], why: str, touched: Touched | None) -> set[int]:
    way = allocation.give_way(lost)
    if way.orders:
        packed = Shipment.objects.filter(order_id__in=way.orders, state=Shipment.State.PACKED).values_list(
            "pk", flat=True
        )
        packing.unpack(list(packed))
        status.refresh(way.orders)
        timeline.write([timeline.entry(pk, "unreserved", _lost_words(units, why)) for pk, units in way.orders.items()])
        if touched is not None:
            touched.lost |= {pk: sum(units.values()) for pk, units in way.orders.items()}
    return way.products


def _lost_words(units: Mapping[str, int], why: str) -> str:
    what = ", ".join(f"{count} × {sku}" for sku, count in units.items())
    because = f" ({why})" if why else ""
    return f"Its reserved stock was lost: {what}{because}. It waits for stock again."


def _unpack_lost_lots(moves: Sequence[stock.Move]) -> None:
    """A lot that lies in a parcel is lost while others of its product are left: the order keeps its promise, and is packed
    anew with what is there."""
    lost: dict[tuple[int, int], int] = defaultdict(int)
    for move in moves:
        if move.lot_id is not None:
            lost[move.lot_id, move.location_id] -= move.quantity
    lost = {spot: units for spot, units in lost.items() if units > 0}
    parcels = lots.short(lost) if lost else set()
    if parcels:
        touched = packing.unpack(parcels)
        status.refresh(touched)
        timeline.write(
            [timeline.entry(pk, "lot", "The lot in its parcel is not there any more: pack it anew.") for pk in touched]
        )


def refill(products: Iterable[int]) -> allocation.Allocated:
    """Freed or new stock goes to who waits for it, in the same transaction (rule: S5); the stores hear the rest."""
    ids = set(products)
    if not ids:
        return allocation.Allocated({}, set())
    allocated = allocation.allocate_products(ids)
    status.refresh(allocated.orders)
    timeline.write(
        [
            timeline.entry(
                pk,
                "allocated",
                f"{units} backordered {'unit is' if units == 1 else 'units are'} in stock now and reserved.",
            )
            for pk, units in allocated.orders.items()
        ]
    )
    publishing.stock_changed(ids)
    deliveries.want(promise_keeping.product_wishes(ids, allocated.orders))
    return allocated


Parts = tuple[tuple[str, Decimal], ...]


def book(
    moved: Sequence[Movement], kind: Entry.Kind, against: str, words: str, parts: Mapping[str, Parts] | None = None
) -> None:
    """Book the value of movements against another account, each once by its key.

    Where a movement's `parts` are said, they are owed each in its account, and what rounding leaves corrects the stock.
    """
    if not moved:
        return
    for movement in moved:
        if abs(movement.quantity * movement.unit_cost) >= MOST:
            raise ValueError(
                f"{movement.quantity} units at {movement.unit_cost.normalize():f} each are more than an entry in the books"
                " can hold. Look at the units and the cost once more."
            )
    seller = merchant.current()
    skus = dict(Product.objects.filter(pk__in={movement.product_id for movement in moved}).values_list("pk", "sku"))
    ledger.post(
        posting.goods(
            f"movement:{movement.key}",
            kind,
            money.rounded(movement.quantity * movement.unit_cost, seller.currency),
            chart.STOCK if parts and parts.get(movement.key) else against,
            description=f"{words}: {movement.quantity} × {skus[movement.product_id]}",
            currency=seller.currency,
            day=merchant.local_day(movement.at, seller),
            parts=(parts or {}).get(movement.key, ()),
        )
        for movement in moved
    )
