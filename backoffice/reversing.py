"""A receipt was wrong: what had not come after all leaves the stock, the books and the order again (rules: S1, S9, A4).

Nothing that was booked is changed: movements and entries of their own take it back, at the prices at which it came in.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import chart
from backoffice import goods, landed
from backoffice.lib import money
from inventory import purchasing
from inventory.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    LandedCost,
    LotLevel,
    Movement,
    Product,
    ReceiptReversal,
    StockLevel,
)
from orders import allocation, merchant, promises
from shipping import packing


@dataclass(frozen=True, slots=True)
class _Piece:
    """Units of a line of the receipt as they lie in one place, and what is owed for them no more."""

    item: GoodsReceiptLine
    place: int
    units: int
    owed: Decimal


def reverse(receipt_id: int, units: Mapping[int, int], *, key: str, reason: str, by: Any = None) -> int:
    """So many units of lines of a receipt had not come: they are taken from where they lie, and the order waits for them
    again. How many; 0 where it was done before by `key`.

    Orders that they were promised to wait again. ValueError, and nothing is booked, where so many do not lie in the
    warehouse outside of parcels any more, or where freight would be left without goods to bear it.
    """
    if not reason.strip():
        raise ValueError(_("Say what was wrong with the receipt."))
    with transaction.atomic():
        order, lines = purchasing.lock(GoodsReceipt.objects.values_list("order_id", flat=True).get(pk=receipt_id))
        receipt = GoodsReceipt.objects.select_related("order").get(pk=receipt_id)
        items = list(receipt.lines.select_related("line__product", "lot").order_by("id"))
        allocation.lock_products(item.line.product_id for item in items)
        if ReceiptReversal.objects.filter(key__startswith=f"{key}:").exists():
            return 0
        wanted = {item: count for item in items if (count := units.get(item.pk, 0))}
        _sensible(receipt, items, wanted)
        seller = merchant.current()
        pieces = _pieces(wanted, order.warehouse_id, seller.currency)
        moved = _leave(pieces, key, f"{order.number}: {reason.strip()}", by)
        ReceiptReversal.objects.bulk_create(
            ReceiptReversal(
                item=piece.item, key=f"{key}:{at}", quantity=piece.units, reason=reason.strip()[:250],
                at=movement.at, by=by, movement=movement,
            )
            for at, (piece, movement) in enumerate(zip(pieces, moved, strict=True))
        )  # fmt: skip
        gone: dict[int, int] = defaultdict(int)
        for item, count in wanted.items():
            item.reversed += count
            gone[item.line_id] += count
        GoodsReceiptLine.objects.bulk_update(list(wanted), ["reversed"])
        purchasing.took_back(order, lines, gone)
        _revalue(receipt, pieces, moved, by)
        promises.refresh_products({item.line.product_id for item in wanted})
    return sum(wanted.values())


def _sensible(receipt: GoodsReceipt, items: Sequence[GoodsReceiptLine], wanted: Mapping[GoodsReceiptLine, int]) -> None:
    if not wanted:
        raise ValueError(_("Say of at least one line that fewer came than were booked."))
    for item, count in wanted.items():
        if not 0 < count <= item.stands:
            raise ValueError(
                _("%(sku)s: of this receipt %(units)s stand; no more than those can be taken back.")
                % {"sku": item.line.product.sku, "units": item.stands}
            )
    spread = LandedCost.objects.filter(receipt=receipt, item=None).aggregate(amount=Sum("amount"))["amount"]
    if spread and all(item.stands == wanted.get(item, 0) for item in items):
        raise ValueError(
            _("Freight or duty of %(amount)s is spread over this receipt, and nothing would be left to bear it. Book "
              "%(minus)s under “Freight or duty was billed later” first, and with the right receipt again.")
            % {"amount": spread, "minus": -spread}
        )  # fmt: skip


def _pieces(wanted: Mapping[GoodsReceiptLine, int], warehouse_id: int, currency: str) -> list[_Piece]:
    """Where the units lie: the place they came to first, then what is promised to nobody."""
    lying = _lying(wanted, warehouse_id)
    owed = landed.owed(wanted)
    pieces = []
    for item, count in wanted.items():
        spots = lying[item.line.product_id, item.lot_id]
        there = sum(loose for _place, loose, _free in spots)
        if there < count:
            raise ValueError(
                _("%(units)s of %(sku)s cannot be taken back: %(there)s still lie here outside of parcels. Unpack what is "
                  "packed, or take back at most so many.")
                % {"units": count, "sku": item.line.product.sku, "there": there}
            )  # fmt: skip
        taken: list[list[int]] = []
        for spot in sorted(spots, key=lambda spot: (spot[0] != item.location_id, -spot[2], spot[0])):
            part = min(spot[1], count - sum(units for _place, units in taken))
            if part > 0:
                taken.append([spot[0], part])
                spot[1] -= part
        whole = money.rounded(owed[item.pk] * count / item.stands, currency)
        parts = money.shares(whole, [Decimal(part) for _place, part in taken], currency)
        pieces += [_Piece(item, place, part, share) for (place, part), share in zip(taken, parts, strict=True)]
    return pieces


def _lying(wanted: Mapping[GoodsReceiptLine, int], warehouse_id: int) -> dict[tuple[int, int | None], list[list[int]]]:
    """By product and lot: [place, units outside of parcels, units promised to nobody], in one warehouse."""
    products = {item.line.product_id for item in wanted}
    inside: dict[tuple[int, int, int | None], int] = defaultdict(int)
    for (product, place, lot), count in packing.in_parcels(products).items():
        inside[product, place, lot] += count
    here = Q(location=warehouse_id) | Q(location__warehouse=warehouse_id)
    found: dict[tuple[int, int | None], list[list[int]]] = defaultdict(list)
    plain = {item.line.product_id for item in wanted if item.lot_id is None}
    levels = StockLevel.objects.filter(here, product__in=plain, on_hand__gt=0)
    for product, place, count, free in levels.values_list("product", "location", "on_hand", "available"):
        found[product, None].append([place, count - inside[product, place, None], free])
    lots = LotLevel.objects.filter(here, lot__in={item.lot_id for item in wanted if item.lot_id}, units__gt=0)
    for product, lot, place, count in lots.values_list("lot__product", "lot", "location", "units"):
        loose = count - inside[product, place, lot]
        found[product, lot].append([place, loose, loose])
    return found


def _leave(pieces: Sequence[_Piece], key: str, note: str, by: Any) -> list[Movement]:
    """The units leave at the average cost; what was owed for them is owed no more, the rest stands under corrections."""
    leaving = [
        goods.Goods(
            piece.item.line.product_id, -piece.units, location_id=piece.place, lot_id=piece.item.lot_id,
            parts=((chart.RECEIVED, -piece.owed),),
        )
        for piece in pieces
    ]  # fmt: skip
    moved = goods.move(leaving, Movement.Reason.RECEIPT, key=f"reversed-{key}", note=note, by=by)
    by_key = {one.key: one for one in moved}
    return [by_key[f"{Movement.Reason.RECEIPT.value}:reversed-{key}:{at}"] for at in range(len(pieces))]


def _revalue(receipt: GoodsReceipt, pieces: Sequence[_Piece], moved: Sequence[Movement], by: Any) -> None:
    """The average that the wrong units had moved goes back: what is left of the goods bears its part of the difference
    between their cost and the average at which they left; the part of what was sold meanwhile is cost of goods."""
    seller = merchant.current()
    rest: dict[int, Decimal] = defaultdict(Decimal)
    for piece, movement in zip(pieces, moved, strict=True):
        left_at = money.rounded(-movement.quantity * movement.unit_cost, seller.currency)
        rest[piece.item.line.product_id] += left_at - piece.owed
    rest = {pk: amount for pk, amount in rest.items() if amount}
    if not rest:
        return
    shared = _shared_by({piece.item for piece in pieces})
    average = dict(Product.objects.filter(pk__in=rest).values_list("pk", "average_cost"))
    stays = {}
    for pk, amount in rest.items():
        bearers, here = shared[pk]
        part = money.rounded(amount * min(here, bearers) / bearers, seller.currency) if bearers > 0 else Decimal(0)
        # Never worth less than nothing.
        floor = -(here * average[pk]).quantize(Decimal("0.01"), rounding="ROUND_FLOOR")
        stays[pk] = max(part, floor)
    words = _("Receipt of %(number)s taken back") % {"number": receipt.order.number}
    worth = landed.Worth(f"reversed:{moved[0].pk}", words, money.total(rest.values()), stays)
    landed.book_value([worth], against=chart.STOCK, at=timezone.now(), by=by)


def _shared_by(items: set[GoodsReceiptLine]) -> dict[int, tuple[int, int]]:
    """By product: how many units shared the average once these had come, without what is taken back; and how many are
    here now. One statement."""
    last: dict[int, tuple[int, int]] = {}
    for item in items:
        movement, back = last.get(item.line.product_id, (0, 0))
        last[item.line.product_id] = max(movement, item.movement_id or 0), back + item.reversed
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT said.product_id, sum(moved.quantity) FILTER (WHERE moved.id <= said.movement_id) - said.back,
                   sum(moved.quantity)
              FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS said(product_id, movement_id, back)
              JOIN inventory_movement moved ON moved.product_id = said.product_id
             GROUP BY said.product_id, said.back
            """,
            [list(last), [movement for movement, _ in last.values()], [back for _, back in last.values()]],
        )
        return {row[0]: (int(row[1] or 0), int(row[2] or 0)) for row in cursor.fetchall()}
