"""The ledger of stock: the one writer of movements and of `on_hand` (rule: S1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from inventory.models import Location, Lot, LotLevel, Movement, Product, Revaluation, StockLevel

NONE = Product.Tracking.NONE


class Short(Exception):
    """More would leave than is there, or than is free of promises. The message says which product and how many."""


class LotNeeded(Exception):
    """Units of a product that is followed by lot or serial number would move without one. The message says which."""


@dataclass(frozen=True, slots=True)
class Move:
    """Units to book: positive came, negative left. The same `key` is booked once, however often it is asked."""

    product_id: int
    location_id: int
    quantity: int
    reason: Movement.Reason
    key: str
    unit_cost: Decimal | None = None
    note: str = ""
    lot_id: int | None = None


def default_location() -> Location:
    """Where goods come in and lie if nothing else is said: the first sellable warehouse, made if there is none."""
    location = Location.objects.filter(kind=Location.Kind.WAREHOUSE, sellable=True, archived_at=None).first()
    if location is None:
        location = Location.objects.get_or_create(code="MAIN", defaults={"name": "Main warehouse"})[0]
    return location


def unbooked(moves: Iterable[Move]) -> list[Move]:
    """Those that are not booked yet; in the caller's transaction, with their levels locked."""
    wanted = {move.key: move for move in moves if move.quantity}
    booked = set(Movement.objects.filter(key__in=wanted).values_list("key", flat=True))
    return [move for key, move in wanted.items() if key not in booked]


def record(moves: Sequence[Move], *, at: datetime | None = None, by: Any = None) -> list[Movement]:
    """Book movements and the running figures in one transaction, in a constant number of statements.

    Returns those that were not booked before. A movement without a cost takes the product's average; one that comes in
    with a cost moves that average. Raises Short, and books nothing, where on hand would fall below what is promised or a
    lot below zero; LotNeeded where a product that is followed by lot moves without one.
    """
    wanted = {move.key: move for move in moves if move.quantity}
    if not wanted:
        return []
    with transaction.atomic():
        levels = _locked_levels({(m.product_id, m.location_id) for m in wanted.values()})
        fresh = unbooked(wanted.values())
        change: dict[int, int] = defaultdict(int)
        for move in fresh:
            change[levels[move.product_id, move.location_id].pk] += move.quantity
        _refuse_short(levels.values(), change)
        costs = _average_costs(fresh)
        _follow_lots(fresh, costs)
        movements = [
            Movement(
                product_id=move.product_id,
                location_id=move.location_id,
                quantity=move.quantity,
                reason=move.reason,
                lot_id=move.lot_id,
                unit_cost=costs[move.product_id].average if move.unit_cost is None else move.unit_cost,
                at=at or timezone.now(),
                key=move.key,
                note=move.note[:250],
                by=by,
            )
            for move in fresh
        ]
        Movement.objects.bulk_create(movements)
        with database.cursor() as cursor:
            cursor.execute(
                """
                UPDATE inventory_stocklevel SET on_hand = on_hand + change.quantity
                  FROM unnest(%s::bigint[], %s::int[]) AS change(id, quantity)
                 WHERE inventory_stocklevel.id = change.id
                """,
                [list(change), list(change.values())],
            )
    return movements


def _locked_levels(places: set[tuple[int, int]]) -> dict[tuple[int, int], StockLevel]:
    """The levels of (product, location) pairs, made where missing, locked in the order of their ids.

    Whoever may make one has locked all levels of its product before (`reservations.lock`).
    """
    pairs = sorted(places)
    products, locations = [p for p, _ in pairs], [loc for _, loc in pairs]
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inventory_stocklevel (product_id, location_id, on_hand, reserved)
            SELECT product_id, location_id, 0, 0
              FROM unnest(%s::bigint[], %s::bigint[]) AS place(product_id, location_id)
             WHERE NOT EXISTS (SELECT 1 FROM inventory_stocklevel level
                                WHERE level.product_id = place.product_id AND level.location_id = place.location_id)
             ORDER BY product_id, location_id
            ON CONFLICT DO NOTHING
            RETURNING product_id
            """,
            [products, locations],
        )
        made = [row[0] for row in cursor.fetchall()]
        if made:
            # Who waits for one of the others sees no new row when its turn comes, only what became of the one it waited for.
            cursor.execute(
                """
                WITH held AS (SELECT id, product_id FROM inventory_stocklevel WHERE product_id = ANY(%s)
                               ORDER BY id FOR UPDATE),
                there AS (SELECT product_id, count(*) AS places FROM held GROUP BY product_id HAVING count(*) > 1)
                UPDATE inventory_stocklevel level SET places = there.places
                  FROM there WHERE level.product_id = there.product_id
                """,
                [made],
            )
    found = StockLevel.objects.select_for_update(of=("self",)).filter(
        product_id__in=set(products), location_id__in=set(locations)
    )
    return {(level.product_id, level.location_id): level for level in found.order_by("id")}


def _refuse_short(levels: Any, change: dict[int, int]) -> None:
    for level in levels:
        left = level.on_hand + change.get(level.pk, 0)
        if change.get(level.pk, 0) < 0 and left < level.reserved:
            raise Short(
                f"{-change[level.pk]} of {level.product.sku} cannot leave {level.location}: {level.on_hand} are there "
                f"and {level.reserved} of them are promised to orders. Take the promise back first, or take fewer."
            )


@dataclass(frozen=True, slots=True)
class _Touched:
    sku: str
    average: Decimal
    tracking: str


def _average_costs(fresh: Sequence[Move]) -> dict[int, _Touched]:
    """Move the average cost of products that come in with a cost; every product touched, with its average.

    Moving average = (on hand × average + received × cost) / (on hand + received), over all locations.
    """
    products = {move.product_id for move in fresh}
    valued: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for move in fresh:
        if move.quantity > 0 and move.unit_cost is not None:
            valued[move.product_id][0] += move.quantity
            valued[move.product_id][1] += move.quantity * move.unit_cost
    with database.cursor() as cursor:
        if valued:
            cursor.execute(
                """
                UPDATE inventory_product SET average_cost = round(
                       (GREATEST(there.on_hand, 0) * average_cost + came.value) / (GREATEST(there.on_hand, 0) + came.quantity), 4)
                  FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS came(product_id, quantity, value),
                       LATERAL (SELECT coalesce(sum(on_hand), 0) AS on_hand FROM inventory_stocklevel level
                                 WHERE level.product_id = came.product_id) AS there
                 WHERE inventory_product.id = came.product_id
                """,
                [list(valued), [v[0] for v in valued.values()], [v[1] for v in valued.values()]],
            )
        cursor.execute(
            "SELECT id, sku, average_cost, tracking FROM inventory_product WHERE id = ANY(%s)", [list(products)]
        )
        return {row[0]: _Touched(*row[1:]) for row in cursor.fetchall()}


def _follow_lots(fresh: Sequence[Move], products: Mapping[int, _Touched]) -> None:
    """Bring the running figures of lots along; the levels of their places are locked. Three statements, none without lots."""
    untold = {products[m.product_id].sku for m in fresh if m.lot_id is None and products[m.product_id].tracking != NONE}
    if untold:
        raise LotNeeded(f"{', '.join(sorted(untold))} is followed by lot or serial number: say which lot it is.")
    change: dict[tuple[int, int], int] = defaultdict(int)
    for move in fresh:
        if move.lot_id is not None:
            change[move.lot_id, move.location_id] += move.quantity
    if not change:
        return
    lots = Lot.objects.select_related("product").in_bulk({lot_id for lot_id, _ in change})
    for move in fresh:
        if move.lot_id is not None and lots[move.lot_id].product_id != move.product_id:
            raise ValueError(f"Lot {lots[move.lot_id].code} is no lot of {products[move.product_id].sku}.")
    there: dict[tuple[int, int], int] = defaultdict(int)
    for lot_id, location_id, units in LotLevel.objects.filter(lot__in=lots).values_list("lot", "location", "units"):
        there[lot_id, location_id] = units
    for (lot_id, location_id), units in change.items():
        there[lot_id, location_id] += units
        if there[lot_id, location_id] < 0:
            raise Short(
                f"{-units} of lot {lots[lot_id].code} of {lots[lot_id].product.sku} cannot leave: "
                f"{there[lot_id, location_id] - units} of it are there. Choose another lot, or take fewer."
            )
    for lot in lots.values():
        everywhere = sum(units for (lot_id, _), units in there.items() if lot_id == lot.pk)
        if lot.product.tracking == Product.Tracking.SERIAL and everywhere > 1:
            raise ValueError(
                f"Serial number {lot.code} of {lot.product.sku} is here already: one number is one unit. Scan it again."
            )
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inventory_lotlevel (lot_id, location_id, units)
            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) ORDER BY 1, 2
            ON CONFLICT (lot_id, location_id) DO UPDATE SET units = excluded.units
            """,
            [[lot for lot, _ in change], [place for _, place in change], [there[spot] for spot in change]],
        )


def on_hand_at(product_id: int, when: datetime) -> dict[int, int]:
    """On hand of a product per location at an instant, from the movements alone."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT location_id, sum(quantity)::int FROM inventory_movement WHERE product_id = %s AND at <= %s GROUP BY 1",
            [product_id, when],
        )
        return dict(cursor.fetchall())


# --- value without units -------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Revalued:
    """What a product's stock is worth more (or less) than before, in the merchant's currency. Booked once by `key`."""

    product_id: int
    amount: Decimal
    key: str
    note: str = ""


def revalue(changes: Sequence[Revalued], *, at: datetime | None = None, by: Any = None) -> list[Revaluation]:
    """Book changes of value and bring the average cost along; in the caller's transaction, with the levels locked.

    Those that were not booked before. ValueError where nothing is on hand to bear it, or it would be worth less than
    nothing. Three statements.
    """
    wanted = {change.key: change for change in changes if change.amount}
    booked = set(Revaluation.objects.filter(key__in=wanted).values_list("key", flat=True))
    fresh = [change for key, change in wanted.items() if key not in booked]
    if not fresh:
        return []
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    for change in fresh:
        amounts[change.product_id] += change.amount
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_product SET average_cost = round((there.on_hand * average_cost + change.amount) / there.on_hand, 4)
              FROM unnest(%s::bigint[], %s::numeric[]) AS change(product_id, amount),
                   LATERAL (SELECT coalesce(sum(on_hand), 0) AS on_hand FROM inventory_stocklevel level
                             WHERE level.product_id = change.product_id) AS there
             WHERE inventory_product.id = change.product_id AND there.on_hand > 0
               AND there.on_hand * average_cost + change.amount >= 0
            """,
            [list(amounts), list(amounts.values())],
        )
        if cursor.rowcount != len(amounts):
            raise ValueError("Nothing is on hand that could be worth so much more or less; nothing was changed.")
    return Revaluation.objects.bulk_create(
        Revaluation(
            product_id=change.product_id,
            amount=change.amount,
            at=at or timezone.now(),
            key=change.key,
            note=change.note[:250],
            by=by,
        )
        for change in fresh
    )


# --- put right -----------------------------------------------------------------------------------------------------------
def restore() -> list[str]:
    """On hand and lots as the movements say; a sentence for each figure that was wrong. In the caller's transaction.

    Where less would be left than is promised to orders, the figure stays: a count must say what lies there.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            WITH moved AS (SELECT product_id, location_id, sum(quantity) AS units FROM inventory_movement GROUP BY 1, 2),
            wrong AS (SELECT level.id, level.on_hand AS was, coalesce(moved.units, 0) AS units
                        FROM inventory_stocklevel level
                        LEFT JOIN moved ON moved.product_id = level.product_id AND moved.location_id = level.location_id
                       WHERE level.on_hand <> coalesce(moved.units, 0) AND level.reserved <= coalesce(moved.units, 0))
            UPDATE inventory_stocklevel level SET on_hand = wrong.units
              FROM wrong, inventory_product product, inventory_location place
             WHERE level.id = wrong.id AND product.id = level.product_id AND place.id = level.location_id
            RETURNING format('%s at %s: on hand was %s, its movements add up to %s.', product.sku, place.code, wrong.was,
                             wrong.units)
            """
        )
        said = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """
            WITH moved AS (SELECT lot_id, location_id, sum(quantity) AS units FROM inventory_movement
                            WHERE lot_id IS NOT NULL GROUP BY 1, 2),
            right_now AS (INSERT INTO inventory_lotlevel (lot_id, location_id, units)
                          SELECT lot_id, location_id, units FROM moved WHERE units >= 0
                          ON CONFLICT (lot_id, location_id) DO UPDATE SET units = excluded.units
                            WHERE inventory_lotlevel.units <> excluded.units
                          RETURNING lot_id, location_id, units)
            SELECT format('Lot %s of %s at %s: its movements add up to %s.', lot.code, product.sku, place.code, right_now.units)
              FROM right_now JOIN inventory_lot lot ON lot.id = right_now.lot_id
              JOIN inventory_product product ON product.id = lot.product_id
              JOIN inventory_location place ON place.id = right_now.location_id
            """
        )
        return said + [row[0] for row in cursor.fetchall()]
