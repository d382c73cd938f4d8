"""Goods that a store took from its own figure or sent out by itself, on both sides of the moment that figure came over."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounting import chart
from accounting.models import Entry
from backoffice import goods
from backoffice.sync.models import Connection
from inventory import first_out
from inventory import ledger as stock
from inventory.models import Listing, Movement, Product, StockLevel
from orders import allocation, holds, intake


def book_sold(connection: Connection, taken: intake.Taken) -> None:
    """Goods of orders that the store sold and shipped itself, after its figure was taken over here: they are gone."""
    opened_at = connection.cursor.get("stock_taken_at", "")
    late = {new.order.external_id: new.order for new in taken.new if new.order.placed_at.isoformat() >= opened_at}
    units = [(p, units, key) for p, units, key in taken.sold_elsewhere if key.split(":")[2] in late]
    if not opened_at or not units:
        return
    missing = sold_elsewhere(units, note=f"Shipped by {connection.name} itself")
    skus = dict(Product.objects.filter(pk__in=missing).values_list("pk", "sku"))
    order_of = {product_id: late[key.split(":")[2]] for product_id, _, key in units}
    holds.place([holds.sold_more(order_of[pk].pk, sku=skus[pk], units=short) for pk, short in missing.items()])


def book_set_aside(connection: Connection, taken: intake.Taken) -> None:
    """Goods that the store had taken from its figure for open orders, before that figure was taken over here.

    They still lie in the warehouse: without them the orders that they were set aside for would wait for nothing.
    """
    opened_at = connection.cursor.get("stock_taken_at", "")
    early = {new.order.external_id for new in taken.new if new.order.placed_at.isoformat() < opened_at}
    aside = [(p, units, key) for p, units, key in taken.set_aside if key.split(":")[2] in early]
    if not opened_at or not aside:
        return
    allocation.lock_products(product_id for product_id, _, _ in aside)
    place = stock.default_location().pk
    # Of what is followed by lot nobody can say here which lot it was: it is received, or counted, with its lots.
    counted = Product.objects.filter(pk__in={p for p, _, _ in aside}, stocked=True, tracking=Product.Tracking.NONE)
    # Below zero the store had sold more than there was: how much of that lies here, only a count can tell.
    oversold = Listing.objects.filter(connection=connection, seen_quantity__lt=0, product__isnull=False)
    stocked = set(counted.exclude(pk__in=oversold.values("product")).values_list("pk", flat=True))
    moved = stock.record(
        [
            stock.Move(p, place, units, Movement.Reason.OPENING, key, note=f"Set aside by {connection.name}")
            for p, units, key in aside
            if p in stocked
        ]
    )
    goods.book(moved, Entry.Kind.STOCK, chart.OPENING, "Opening stock, set aside")
    # An order that is held does not take what was set aside for it: then it is for who waits.
    taken.freed_products |= {movement.product_id for movement in moved}


def sold_elsewhere(units: Sequence[tuple[int, int, str]], *, note: str) -> dict[int, int]:
    """Goods (product, units, key) that a store sold and shipped itself have left: they leave the ledger here too.

    Booked once by key. No more leaves than is there; by product, how many units were missing.
    """
    with transaction.atomic():
        allocation.lock_products(product_id for product_id, _, _ in units)
        counted = set(Product.objects.filter(pk__in={u[0] for u in units}, stocked=True).values_list("pk", flat=True))
        shelves = _shelves(counted)
        moves: list[stock.Move] = []
        missing: dict[int, int] = {}
        booked = set(Movement.objects.filter(key__in=[key for _, _, key in units]).values_list("key", flat=True))
        for product_id, quantity, key in units:
            if product_id not in counted or key in booked:
                continue
            wanted = quantity
            for shelf in shelves.get(product_id, ()):
                part = min(wanted, shelf.units)
                if part > 0:
                    # The first piece carries the event's own key, by which it is known as booked.
                    name = f"{key}#{len(moves)}" if wanted < quantity else key
                    moves.append(
                        stock.Move(
                            product_id,
                            shelf.location_id,
                            -part,
                            Movement.Reason.ELSEWHERE,
                            name,
                            note=note,
                            lot_id=shelf.lot_id,
                        )
                    )
                    shelf.units -= part
                    wanted -= part
            if wanted:
                missing[product_id] = missing.get(product_id, 0) + wanted
        freed = goods.take_back_promises(moves, why=note)
        moved = stock.record(moves)
        kind, against, words = goods.AGAINST[Movement.Reason.ELSEWHERE]
        goods.book(moved, kind, against, words)
        goods.refill({movement.product_id for movement in moved} | freed)
    return missing


@dataclass(slots=True)
class _Shelf:
    """Units of a product in one place, of one lot where it is followed."""

    location_id: int
    units: int
    lot_id: int | None = None


def _shelves(product_ids: Iterable[int]) -> dict[int, list[_Shelf]]:
    """By product where units can be taken from: the default warehouse first, what is promised to nobody first in each."""
    ids = list(product_ids)
    home = stock.default_location().pk
    by_lot = first_out.in_turn(ids)
    found: dict[int, list[_Shelf]] = defaultdict(list)
    levels = StockLevel.objects.filter(product__in=ids, location__sellable=True, on_hand__gt=0).select_related(
        "location"
    )
    for level in sorted(levels, key=lambda lv: (lv.location.warehouse_or_self != home, -lv.available, lv.pk)):
        spot = (level.product_id, level.location_id)
        pieces = [(units, lot) for lot, units in by_lot[spot]] if spot in by_lot else [(level.on_hand, None)]
        found[level.product_id] += [_Shelf(level.location_id, units, lot) for units, lot in pieces]
    return found
