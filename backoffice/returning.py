"""Shipped goods come back to stock: lines, whole or by the parts of a kit (rules: S6, O13)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from backoffice import goods
from backoffice.goods import Goods
from inventory.models import Lot, Movement, Product
from orders import allocation, timeline
from orders.models import LineComponent, OrderLine, Return
from shipping import lots as shipping_lots


@dataclass(frozen=True, slots=True)
class Part:
    """So many stock units of one component of a line: the lamp of a kit."""

    line_id: int
    product_id: int


@dataclass(slots=True)
class _Back:
    """What came back of a batch: the stock units by line and product, the rows, and the sentences."""

    units: dict[tuple[int, int], int]
    rows: list[Return]
    words: list[tuple[int, str]]


def return_to_stock(
    quantities: Mapping[int, int],
    *,
    parts: Mapping[Part, int] | None = None,
    lot_codes: Mapping[int, str] | None = None,
    part_lots: Mapping[Part, str] | None = None,
    key: str,
    who: str,
    by: Any = None,
) -> bool:
    """Shipped units of lines come back and can be sold again, at the cost at which they stand now.

    `parts` are stock units of single components of kits; once all parts of a kit are back, the kit counts as returned.
    `lot_codes` say by line which lot or serial number it is, where more than one was shipped; `part_lots` by part of one.
    ValueError where more would come back than was shipped. Booked once by `key`: False where that was before.
    """
    asked = {*quantities, *(part.line_id for part in parts or ())}
    with transaction.atomic():
        allocation.lock_lines(asked)
        lines = OrderLine.objects.select_for_update(of=("self",)).order_by("id").in_bulk(list(asked))
        # After the lock: who pressed the same button a moment earlier has committed by now. Not asked of the ledger, which
        # knows nothing of goods that are not stocked.
        if Return.objects.filter(line__in=list(lines), key=key).exists():
            return False
        components: dict[int, dict[int, LineComponent]] = defaultdict(dict)
        for component in LineComponent.objects.filter(line__in=list(lines)).select_related("product"):
            components[component.line_id][component.product_id] = component
        stocked = dict(OrderLine.objects.filter(pk__in=list(lines)).values_list("pk", "product__stocked"))
        back = _Back(units=defaultdict(int), rows=[], words=[])
        for pk, units in quantities.items():
            if units > 0:
                _whole(lines[pk], components[pk], units, bool(stocked[pk]), back)
                back.rows.append(Return(line_id=pk, key=key, quantity=units, by=by))
        for part, units in (parts or {}).items():
            if units > 0:
                _part(lines[part.line_id], components[part.line_id].get(part.product_id), units, back)
                back.rows.append(
                    Return(line_id=part.line_id, product_id=part.product_id, key=key, quantity=units, by=by)
                )
        _count_whole(lines, components)
        OrderLine.objects.bulk_update(list(lines.values()), ["returned"])
        LineComponent.objects.bulk_update([c for of in components.values() for c in of.values()], ["returned"])
        Return.objects.bulk_create(back.rows)
        lots = _lots(back, lot_codes or {}, part_lots or {}, key)
        goods.move(
            [
                Goods(product_id, units, lot_id=lots.get((pk, product_id)))
                for (pk, product_id), units in back.units.items()
            ],
            Movement.Reason.RETURN,
            key=key,
            note="Returned",
            by=by,
            suffixes=[f"{line}:{product_id}" if components[line] else str(line) for line, product_id in back.units],
        )
        timeline.write([timeline.entry(lines[pk].order_id, "returned", said, who=who) for pk, said in back.words])
    return True


def _lots(back: _Back, said: Mapping[int, str], of_parts: Mapping[Part, str], key: str) -> dict[tuple[int, int], int]:
    """The lot of what is followed by lot: the one that is said, else the only one that was shipped.

    ValueError where more of it would come back than went out.
    """
    shipped = shipping_lots.shipped_lots(back.units)
    here = _back_already(shipped, but=key)
    codes = {lot.pk: lot.code for lot in Lot.objects.filter(pk__in={pk for of in shipped.values() for pk in of})}
    skus = dict(Product.objects.filter(pk__in={product for _, product in shipped}).values_list("pk", "sku"))
    found = {}
    for (line_id, product_id), of in shipped.items():
        code = (of_parts.get(Part(line_id, product_id)) or said.get(line_id, "")).strip()
        chosen = [pk for pk in of if not code or codes[pk] == code]
        if len(chosen) != 1:
            known = ", ".join(sorted(codes[pk] for pk in of))
            name = skus[product_id]
            raise ValueError(f"Say which lot or serial number of {name} came back: {known} were shipped.")
        lot = found[line_id, product_id] = chosen[0]
        left = of[lot] - here.get((line_id, product_id, lot), 0)
        if back.units[line_id, product_id] > left:
            raise ValueError(
                f"{back.units[line_id, product_id]} of lot {codes[lot]} cannot come back: {of[lot]} were shipped with this "
                f"line, {of[lot] - left} of them are back already. Look at the lot on the goods once more."
            )
    return found


def _back_already(shipped: Iterable[tuple[int, int]], *, but: str) -> dict[tuple[int, int, int], int]:
    """Units of (line, product, lot) that came back before; no statement where nothing is followed by lot."""
    asked = set(shipped)
    if not asked:
        return {}
    rows = Return.objects.filter(line__in={line for line, _ in asked}).exclude(key=but)
    keys = {
        name: (line, product)
        for line, key in rows.values_list("line", "key")
        for of, product in asked
        if of == line
        for name in (f"return:{key}:{line}", f"return:{key}:{line}:{product}")
    }
    found: dict[tuple[int, int, int], int] = defaultdict(int)
    came = Movement.objects.filter(key__in=keys, lot__isnull=False)
    for name, product, lot, units in came.values_list("key", "product", "lot", "quantity"):
        if keys[name][1] == product:
            found[*keys[name], lot] += units
    return found


def _whole(line: OrderLine, components: Mapping[int, LineComponent], units: int, stocked: bool, back: _Back) -> None:
    name = line.sku or line.name
    if units > line.shipped - line.returned:
        raise ValueError(
            f"{units} of {name} cannot come back: {line.shipped} were shipped, {line.returned} of them are back already."
        )
    for component in components.values():
        _component(line, component, units * component.quantity, back)
    if not components:
        line.returned += units
        if stocked and line.product_id is not None:
            back.units[line.pk, line.product_id] += units
    back.words.append((line.pk, f"{units} of {name} back in stock."))


def _part(line: OrderLine, component: LineComponent | None, units: int, back: _Back) -> None:
    name = line.sku or line.name
    if component is None:
        raise ValueError(f"That is no part of {name}. Take it back under the line that it was sent for.")
    _component(line, component, units, back)
    back.words.append((line.pk, f"{units} of {component.product.sku}, a part of {name}, back in stock."))


def _component(line: OrderLine, component: LineComponent, units: int, back: _Back) -> None:
    sent = line.shipped * component.quantity
    if units > sent - component.returned:
        raise ValueError(
            f"{units} of {component.product.sku}, a part of {line.sku or line.name}, cannot come back: {sent} were "
            f"shipped, {component.returned} of them are back already."
        )
    component.returned += units
    back.units[line.pk, component.product_id] += units


def _count_whole(lines: Mapping[int, OrderLine], components: Mapping[int, Mapping[int, LineComponent]]) -> None:
    """A kit is back when all its parts are, whichever way they came."""
    for pk, of in components.items():
        if of:
            lines[pk].returned = min(component.returned // component.quantity for component in of.values())
