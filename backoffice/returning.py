"""Shipped goods come back to stock: lines, whole or by the parts of a kit (rules: S6, O13)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy

from backoffice import goods
from backoffice.goods import Goods
from inventory import ledger, places
from inventory.models import Location, Movement
from orders import allocation, timeline
from orders.models import LineComponent, OrderLine, Return
from shipping import coming_back
from shipping.coming_back import Out, Said


@dataclass(frozen=True, slots=True)
class Part:
    """So many stock units of one component of a line: the lamp of a kit."""

    line_id: int
    product_id: int


class To(TextChoices):
    """Where what comes back goes."""

    STOCK = "stock", gettext_lazy("back to stock")
    QUARANTINE = "quarantine", gettext_lazy("to quarantine")
    SCRAP = "scrap", gettext_lazy("thrown away")


WENT = {To.STOCK: "back in stock", To.QUARANTINE: "back, into quarantine", To.SCRAP: "back and thrown away"}


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
    part_lots: Mapping[Part, Said] | None = None,
    to: To = To.STOCK,
    place_id: int | None = None,
    key: str,
    who: str,
    by: Any = None,
) -> bool:
    """Shipped units of lines come back, at the cost at which they stand now.

    They go to where they left from, or to the place that is said; to the quarantine of that warehouse, which gets one where
    it has none; or through it out of the house, as a loss in the books.

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
        before = {
            (pk, product_id): component.returned
            for pk, of in components.items()
            for product_id, component in of.items()
        } | {
            (pk, line.product_id): line.returned for pk, line in lines.items() if line.product_id and not components[pk]
        }
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
        pieces = coming_back.pieces(back.units, before, _said(components, back, lot_codes or {}, part_lots or {}))
        Return.objects.bulk_create(back.rows)
        _book(pieces, components, to=to, place_id=place_id, key=key, by=by)
        timeline.write(
            [timeline.entry(lines[pk].order_id, "returned", f"{said} {WENT[to]}.", who=who) for pk, said in back.words]
        )
    return True


def _book(
    pieces: Mapping[tuple[int, int], list[Out]],
    components: Mapping[int, Mapping[int, LineComponent]],
    *,
    to: To,
    place_id: int | None,
    key: str,
    by: Any,
) -> None:
    spots = {(spot, at): piece for spot, of in pieces.items() for at, piece in enumerate(of)}
    into = _places({piece.location_id for piece in spots.values()}, to, place_id)
    suffixes = [
        (f"{line}:{product}" if components[line] else str(line)) + (f"#{at}" if at else "")
        for (line, product), at in spots
    ]
    came = [
        Goods(product, piece.units, location_id=into[piece.location_id], lot_id=piece.lot_id)
        for ((_line, product), _at), piece in spots.items()
    ]
    goods.move(came, Movement.Reason.RETURN, key=key, note="Returned", by=by, suffixes=suffixes)
    if to == To.SCRAP:
        gone = [replace(item, quantity=-item.quantity) for item in came]
        goods.move(gone, Movement.Reason.SCRAP, key=key, note="Returned, thrown away", by=by, suffixes=suffixes)


def _places(left_from: Iterable[int | None], to: To, place_id: int | None) -> dict[int | None, int]:
    """By the place from which goods left, that into which they come: where they left from, as long as it is sold from."""
    asked = set(left_from)
    home = ledger.default_location()
    known = places.held({place_id or home.pk, *(pk for pk in asked if pk is not None)})
    if place_id is not None:
        places.refuse_unusable([known[place_id]])
    found = {pk: known[place_id] if place_id else _still_sold_from(known.get(pk or 0), home) for pk in asked}
    if to == To.STOCK:
        return {pk: place.pk for pk, place in found.items()}
    aside = places.quarantines({place.warehouse_or_self for place in found.values()})
    chosen = place_id if place_id and known[place_id].kind == Location.Kind.QUARANTINE else None
    return {pk: chosen or aside[place.warehouse_or_self] for pk, place in found.items()}


def _still_sold_from(place: Location | None, home: Location) -> Location:
    for one in (place, place.warehouse if place else None):
        if one is not None and one.sellable and one.archived_at is None:
            return one
    return home


def _said(
    components: Mapping[int, Mapping[int, LineComponent]],
    back: _Back,
    of_lines: Mapping[int, str],
    of_parts: Mapping[Part, Said],
) -> dict[tuple[int, int], Said]:
    """What is said of the lots, by line and product."""
    return {
        (line, product): of_parts.get(Part(line, product))
        or Said(of_lines.get(line, ""), shared=len(components[line]) > 1)
        for line, product in back.units
    }


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
    back.words.append((line.pk, f"{units} of {name}"))


def _part(line: OrderLine, component: LineComponent | None, units: int, back: _Back) -> None:
    name = line.sku or line.name
    if component is None:
        raise ValueError(f"That is no part of {name}. Take it back under the line that it was sent for.")
    _component(line, component, units, back)
    back.words.append((line.pk, f"{units} of {component.product.sku}, a part of {name},"))


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
