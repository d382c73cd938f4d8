"""Transfers between warehouses: the one writer of their papers. What moves in the ledger stands in backoffice/transferring.py."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from backoffice.lib.bulk import give_ids
from inventory import places
from inventory.models import Location, Product, Transfer, TransferLine

State = Transfer.State


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of a product that are to go over, of one lot where it matters which."""

    product_id: int
    quantity: int
    lot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one warehouse could use and another can spare."""

    product_id: int
    quantity: int
    projected: int
    reorder_point: int
    target: int
    spare: int


# --- drafts -------------------------------------------------------------------------------------------------------------
def draft(
    *,
    source_id: int,
    destination_id: int,
    lines: Sequence[Wanted],
    expected_on: date | None = None,
    note: str = "",
    by: Any = None,
) -> Transfer:
    """A transfer to be sent. Nothing moves yet; the same product twice is added up."""
    with transaction.atomic():
        spots = places.held([source_id, destination_id])
        _refuse_ends(spots.get(source_id), spots.get(destination_id))
        _refuse_products(lines)
        paper = Transfer(
            source_id=source_id,
            destination_id=destination_id,
            expected_on=expected_on,
            note=note[:250],
            created_by=by,
        )
        give_ids([paper])
        paper.number = f"T{paper.pk:05d}"
        paper.save(force_insert=True)
        _write_lines(paper, lines)
    return paper


def rewrite(transfer_id: int, lines: Sequence[Wanted], *, expected_on: date | None, note: str) -> Transfer:
    """Change a draft: these lines instead of its own. ValueError once it is sent."""
    with transaction.atomic():
        paper = locked(transfer_id)
        if paper.state != State.DRAFT:
            raise ValueError(f"Transfer {paper.number} is {paper.get_state_display()}: it cannot be changed any more.")
        _refuse_products(lines)
        paper.lines.all().delete()
        _write_lines(paper, lines)
        paper.expected_on, paper.note = expected_on, note[:250]
        paper.save(update_fields=["expected_on", "note"])
    return paper


def cancel(transfer_id: int) -> Transfer:
    """Give a draft up. ValueError once it is sent: then its rest is brought back."""
    with transaction.atomic():
        paper = locked(transfer_id)
        if paper.state == State.CANCELLED:
            return paper
        if paper.state != State.DRAFT:
            raise ValueError(f"Transfer {paper.number} has left already. Bring back what is still on its way instead.")
        paper.state = State.CANCELLED
        paper.save(update_fields=["state"])
    return paper


def _refuse_ends(source: Location | None, destination: Location | None) -> None:
    if source is None or destination is None:
        raise ValueError("Say from which warehouse to which.")
    if source.pk == destination.pk:
        raise ValueError("A transfer goes from one warehouse to another; inside one, goods are just moved.")
    for end in (source, destination):
        if end.kind != Location.Kind.WAREHOUSE:
            raise ValueError(f"{end.in_full} is no warehouse: choose the warehouse that it is in.")
    places.refuse_unusable([source, destination])


def _refuse_products(lines: Sequence[Wanted]) -> None:
    if not lines:
        raise ValueError("Say which product goes over, and how many units.")
    if any(line.quantity <= 0 for line in lines):
        raise ValueError("What goes over is counted in units above zero.")
    not_here = Product.objects.filter(pk__in={line.product_id for line in lines}).filter(Q(stocked=False)).first()
    if not_here is not None:
        raise ValueError(f"{not_here.sku} is not stocked: nothing of it can be sent to another warehouse.")


def _write_lines(paper: Transfer, lines: Sequence[Wanted]) -> None:
    sums: dict[tuple[int, int | None], int] = {}
    for line in lines:
        sums[line.product_id, line.lot_id] = sums.get((line.product_id, line.lot_id), 0) + line.quantity
    TransferLine.objects.bulk_create(
        TransferLine(transfer=paper, product_id=product, lot_id=lot, wanted=units)
        for (product, lot), units in sums.items()
    )


# --- on its way ---------------------------------------------------------------------------------------------------------
def locked(transfer_id: int) -> Transfer:
    """The transfer, which nobody changes until the transaction ends; after the stock levels of its products are locked."""
    found = Transfer.objects.select_for_update(of=("self",)).select_related("source", "destination")
    return found.get(pk=transfer_id)


def products_of(transfer_id: int) -> set[int]:
    return set(TransferLine.objects.filter(transfer=transfer_id).values_list("product_id", flat=True))


def mark_sent(paper: Transfer, sent: Mapping[tuple[int, int | None], int]) -> dict[tuple[int, int | None], int]:
    """It has left with so many units by (line, lot). A line whose lots were chosen only now becomes a line a lot.

    By (line, lot) asked, the id of the line on which the units stand now.
    """
    lines = {line.pk: line for line in paper.lines.all()}
    by_lot = {(line.product_id, line.lot_id): line for line in lines.values()}
    new: list[TransferLine] = []
    stands: dict[tuple[int, int | None], TransferLine] = {}
    for (line_id, lot_id), units in sent.items():
        line = lines[line_id]
        there = by_lot.get((line.product_id, lot_id))
        if there is None and line.lot_id is None and line.sent == 0:
            del by_lot[line.product_id, None]
            line.lot_id = lot_id
            there = by_lot[line.product_id, lot_id] = line
        elif there is None:
            there = TransferLine(transfer=paper, product_id=line.product_id, lot_id=lot_id, wanted=units)
            by_lot[line.product_id, lot_id] = there
            new.append(there)
        there.sent += units
        there.wanted = max(there.wanted, there.sent)
        stands[line_id, lot_id] = there
    _share_wanted(lines.values(), sent)
    give_ids(new)
    TransferLine.objects.bulk_update(list(lines.values()), ["lot", "wanted", "sent"])
    TransferLine.objects.bulk_create(new)
    paper.state, paper.sent_at = State.IN_TRANSIT, timezone.now()
    paper.save(update_fields=["state", "sent_at"])
    return {asked: line.pk for asked, line in stands.items()}


def _share_wanted(lines: Any, sent: Mapping[tuple[int, int | None], int]) -> None:
    """Where one line went as several lots, each stands for its own units: in all no more is wanted than was."""
    gone_of: dict[int, int] = defaultdict(int)
    for (line_id, _), units in sent.items():
        gone_of[line_id] += units
    for line in lines:
        gone = gone_of[line.pk]
        own = sent.get((line.pk, line.lot_id), 0)
        if line.lot_id is not None and gone > own > 0:
            line.wanted = max(line.sent, line.wanted - (gone - own), 1)


def mark_found(paper: Transfer, arrived: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """What came beyond what is on its way is what was lost before, as far as that goes: by line, how many were found.

    They are on their way again; a transfer that was closed is open until they are received.
    """
    lines = paper.lines.filter(lost__gt=0).in_bulk([pk for pk, (units, lost) in arrived.items() if units and not lost])
    found = {pk: min(line.lost, arrived[pk][0] - (line.sent - line.received - line.lost)) for pk, line in lines.items()}
    found = {pk: units for pk, units in found.items() if units > 0}
    for pk, units in found.items():
        lines[pk].lost -= units
    TransferLine.objects.bulk_update([lines[pk] for pk in found], ["lost"])
    if found and paper.state == State.RECEIVED:
        paper.state, paper.received_at = State.IN_TRANSIT, None
        paper.save(update_fields=["state", "received_at"])
    return found


def mark_arrived(paper: Transfer, arrived: Mapping[int, tuple[int, int]]) -> None:
    """Of each line so many units were received and so many are lost. ValueError where more are than are on their way.

    The last of it closes the transfer.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_transferline line SET received = line.received + came.received, lost = line.lost + came.lost
              FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS came(id, received, lost)
             WHERE line.id = came.id AND line.transfer_id = %s
               AND line.sent - line.received - line.lost >= came.received + came.lost
            """,
            [list(arrived), [units for units, _ in arrived.values()], [lost for _, lost in arrived.values()], paper.pk],
        )
        if cursor.rowcount != len(arrived):
            raise ValueError(_too_many(paper, arrived))
    _close_when_empty(paper)


def _too_many(paper: Transfer, arrived: Mapping[int, tuple[int, int]]) -> str:
    lines = paper.lines.select_related("product").in_bulk(list(arrived))
    for line_id, (units, lost) in arrived.items():
        line = lines.get(line_id)
        if line is None:
            return f"This line is not on transfer {paper.number}."
        on_its_way = line.sent - line.received - line.lost
        if units + lost > on_its_way:
            return (
                f"{units + lost} of {line.product.sku} cannot have come: {on_its_way} are on their way with transfer "
                f"{paper.number}. Receive those; what left beyond them goes on a transfer of its own, sent and received."
            )
    return f"Transfer {paper.number} was changed meanwhile. Look at it again."


def mark_brought_back(paper: Transfer, back: Mapping[int, int]) -> None:
    """These units turned round: they count as never sent."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inventory_transferline line SET sent = line.sent - back.units
              FROM unnest(%s::bigint[], %s::int[]) AS back(id, units) WHERE line.id = back.id
            """,
            [list(back), list(back.values())],
        )
    _close_when_empty(paper)


def _close_when_empty(paper: Transfer) -> None:
    lines = paper.lines.filter(sent__gt=0)
    if lines.filter(sent__gt=F("received") + F("lost")).exists():
        return
    paper.state = State.RECEIVED if lines.exists() else State.CANCELLED
    paper.received_at = timezone.now()
    paper.save(update_fields=["state", "received_at"])


def coming(product_id: int) -> list[TransferLine]:
    """What of a product is on its way between warehouses."""
    lines = TransferLine.objects.filter(product=product_id, transfer__state=State.IN_TRANSIT)
    return list(
        lines.filter(sent__gt=F("received") + F("lost")).select_related("transfer__destination", "transfer__source")
    )


# --- suggestions --------------------------------------------------------------------------------------------------------
SHORT_THERE = """
    WITH free AS (
        SELECT level.product_id, coalesce(place.warehouse_id, place.id) AS warehouse_id, sum(level.available) AS units
          FROM inventory_stocklevel level
          JOIN inventory_location place ON place.id = level.location_id
          JOIN inventory_location house ON house.id = coalesce(place.warehouse_id, place.id)
         WHERE house.id IN (%(source)s, %(destination)s)
           AND (place.sellable OR house.id = %(source)s AND NOT house.sellable AND place.kind <> 'quarantine') GROUP BY 1, 2),
    coming AS (
        SELECT line.product_id, sum(CASE WHEN paper.state = 'draft' THEN line.wanted
                                         ELSE line.sent - line.received - line.lost END) AS units
          FROM inventory_transferline line JOIN inventory_transfer paper ON paper.id = line.transfer_id
         WHERE paper.state IN ('draft', 'in_transit') AND paper.destination_id = %(destination)s GROUP BY 1),
    leaving AS (
        SELECT line.product_id, sum(line.wanted) AS units
          FROM inventory_transferline line JOIN inventory_transfer paper ON paper.id = line.transfer_id
         WHERE paper.state = 'draft' AND paper.source_id = %(source)s GROUP BY 1),
    ordered AS (
        SELECT line.product_id, sum(line.outstanding) AS units
          FROM inventory_purchaseorderline line JOIN inventory_purchaseorder paper ON paper.id = line.order_id
         WHERE line.outstanding > 0 AND paper.state IN ('sent', 'confirmed', 'part_received')
           AND paper.warehouse_id = %(destination)s GROUP BY 1)
    SELECT * FROM (
        SELECT need.product_id,
               coalesce(there.units, 0) + coalesce(coming.units, 0) + coalesce(ordered.units, 0) AS projected,
               need.reorder_point, greatest(coalesce(need.target_level, need.reorder_point + 1), 1) AS target,
               coalesce(here.units, 0) - coalesce(leaving.units, 0)
                 - coalesce(own.target_level, own.reorder_point, 0) AS spare
          FROM inventory_warehouseproduct need
          JOIN inventory_product product ON product.id = need.product_id AND product.stocked AND product.archived_at IS NULL
          LEFT JOIN free there ON there.product_id = need.product_id AND there.warehouse_id = %(destination)s
          LEFT JOIN free here ON here.product_id = need.product_id AND here.warehouse_id = %(source)s
          LEFT JOIN inventory_warehouseproduct own
            ON own.product_id = need.product_id AND own.warehouse_id = %(source)s
          LEFT JOIN coming ON coming.product_id = need.product_id
          LEFT JOIN leaving ON leaving.product_id = need.product_id
          LEFT JOIN ordered ON ordered.product_id = need.product_id
         WHERE need.warehouse_id = %(destination)s AND need.reorder_point IS NOT NULL
         ORDER BY product.sku) AS found
     WHERE projected <= reorder_point AND spare > 0
"""


def suggestions(*, source_id: int, destination_id: int) -> list[Suggestion]:
    """What the destination is short of by its own reorder points while the source has more than its own target.

    Projected there = free + on its way + on order. As far as the source can spare it, up to the destination's target.
    """
    with database.cursor() as cursor:
        cursor.execute(SHORT_THERE, {"source": source_id, "destination": destination_id})
        return [
            Suggestion(product, min(target - projected, spare), projected, point, target, spare)
            for product, projected, point, target, spare in cursor.fetchall()
        ]
