"""From the list to the buyer's desk: draft purchase orders per supplier and warehouse, and suggestions taken as limits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils.translation import gettext as _

from backoffice.reordering import gathered, needs
from inventory import purchasing
from inventory.models import PurchaseOrder, WarehouseProduct
from inventory.purchasing import Wanted


@dataclass(frozen=True, slots=True)
class Chosen:
    """So many of a line; `spoken_for` is what was coming or drafted when the person saw it."""

    pair: needs.Pair
    quantity: int
    spoken_for: int


@dataclass(frozen=True, slots=True)
class Drafted:
    """What was made; `remarks` say where a person ordered otherwise than the supplier sells."""

    orders: list[PurchaseOrder]
    remarks: list[str]


def draft(chosen: Sequence[Chosen], *, by: Any) -> Drafted:
    """Draft purchase orders for these lines, in one transaction: all or none.

    ValueError where some have been ordered or drafted since the person looked: so a button pressed twice, by one person
    or by two, orders once.
    """
    with transaction.atomic():
        found = {line.pair: line for line in _locked([one.pair for one in chosen])}
        changed = [one.pair for one in chosen if one.pair not in found or found[one.pair].spoken_for != one.spoken_for]
        if changed:
            raise ValueError(
                _("Nothing was drafted: %(count)d of these lines changed since you opened the list, as when somebody has "
                  "ordered them. Look at the list again.") % {"count": len(changed)}
            )  # fmt: skip
        wanted = [(found[one.pair], one.quantity) for one in chosen if one.quantity > 0]
        return Drafted(_drafts(wanted, by=by), [remark for line, units in wanted for remark in _remarks(line, units)])


def draft_all(what: gathered.Asked, *, by: Any) -> list[PurchaseOrder]:
    """Draft purchase orders for all lines that are asked for, as many as each line says; pressed twice, the second finds
    nothing left to order."""
    with transaction.atomic():
        gathered.refresh()
        found = needs.lines(gathered.pairs(gathered.asked(what).filter(supplier__isnull=False, quantity__gt=0)))
        wanted = [(line, line.quantity) for line in found if line.can_be_ordered and line.quantity > 0]
        return _drafts(wanted, by=by) if wanted else []


def _locked(pairs: Sequence[needs.Pair]) -> list[needs.Line]:
    with database.cursor() as cursor:
        cursor.execute(gathered.LOCK)
    return needs.lines(pairs)


def _remarks(line: needs.Line, quantity: int) -> Iterator[str]:
    if quantity % line.pack:
        yield _("%(sku)s: %(quantity)d are no whole packs of %(pack)d.") % {
            "sku": line.sku,
            "quantity": quantity,
            "pack": line.pack,
        }
    if quantity < line.minimum:
        yield _("%(sku)s: the supplier's minimum is %(minimum)d, and %(quantity)d are ordered.") % {
            "sku": line.sku,
            "minimum": line.minimum,
            "quantity": quantity,
        }


def _drafts(wanted: Iterable[tuple[needs.Line, int]], *, by: Any) -> list[PurchaseOrder]:
    orders: dict[tuple[int, int], list[Wanted]] = defaultdict(list)
    for line, quantity in wanted:
        if line.supplier_id is None:
            raise ValueError(_("%(sku)s has no supplier: add one, then it can be ordered.") % {"sku": line.sku})
        orders[line.supplier_id, line.warehouse_id].append(Wanted(line.product_id, quantity))
    if not orders:
        raise ValueError(_("Tick at least one line, with the units to order."))
    return [
        purchasing.draft(supplier_id=supplier, warehouse_id=warehouse, lines=lines, by=by)
        for (supplier, warehouse), lines in sorted(orders.items())
    ]


def adopt(pairs: Sequence[needs.Pair]) -> int:
    """What the demand suggests for these becomes their limit; how many had a suggestion."""
    with transaction.atomic():
        held = [
            WarehouseProduct(
                product_id=line.product_id,
                warehouse_id=line.warehouse_id,
                reorder_point=line.suggested_point,
                target_level=line.suggested_target,
            )
            for line in needs.lines(pairs)
            if line.suggested_point is not None
        ]
        WarehouseProduct.objects.bulk_create(
            held,
            update_conflicts=True,
            unique_fields=["product", "warehouse"],
            update_fields=["reorder_point", "target_level"],
        )
    return len(held)


def suppliers_of(orders: Iterable[PurchaseOrder]) -> str:
    """Which drafts were made, in a sentence's words: PO-1001 (Nord Ltd for Halifax), PO-1002 (…)."""
    return ", ".join(
        _("%(number)s (%(supplier)s for %(warehouse)s)")
        % {"number": order.number, "supplier": order.supplier.name, "warehouse": order.warehouse.name}
        for order in orders
    )
