"""The warehouse's papers of many orders, drawn from what the tables say now, in a constant number of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils import timezone

from backoffice.lib.address import PostalAddress
from inventory.promise import Promise
from orders import merchant, promise_record, promise_words, promises
from orders.models import Allocation, LineComponent, LinePromise, Merchant, Order, OrderLine
from shipping import lots
from shipping.inside import units_inside
from shipping.labels import LabelData
from shipping.labels import draw as draw_labels
from shipping.models import Shipment, ShipmentLine
from shipping.packing_slip import SlipData, SlipLine
from shipping.packing_slip import draw as draw_slips
from shipping.pick_list import PickLine, PickListData, PickNeed, PickOrder
from shipping.pick_list import draw as draw_pick_lists

State = Shipment.State


class NothingToPrint(Exception):
    """There is nothing that the paper could say; the message names the orders and says what to do."""


@dataclass(slots=True)
class Parcel:
    """What a slip or a label is about: a parcel, or what would be packed now; units by line."""

    order: Order
    shipment: Shipment | None
    lines: list[OrderLine] = field(default_factory=list)
    inside: dict[int, int] = field(default_factory=dict)
    before: dict[int, int] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return sum(self.inside.get(line.pk, 0) for line in self.lines)

    @property
    def has_left(self) -> bool:
        return self.shipment is not None and self.shipment.shipped_at is not None

    def missing(self, line: OrderLine) -> int:
        """Units still to come as it was when this parcel went, so that a slip printed again says what the first one said."""
        wanted = line.ordered - line.cancelled
        return max(0, wanted - self.before.get(line.pk, 0) - self.inside.get(line.pk, 0))


def slips(order_ids: Sequence[int]) -> bytes:
    """One PDF: for each order the slip of its newest packed parcel, else of what would be packed, else of the last sent."""
    return _slips(_parcels(order_ids))


def slips_for_shipments(shipment_ids: Sequence[int]) -> bytes:
    """One PDF: the slip of each of these parcels, as often as wanted the same."""
    return _slips(_these(shipment_ids))


def labels(order_ids: Sequence[int]) -> bytes:
    """One PDF: an address label for each order, of the same parcel as its slip."""
    return _labels(_parcels(order_ids))


def labels_for_shipments(shipment_ids: Sequence[int]) -> bytes:
    return _labels(_these(shipment_ids))


def _slips(parcels: Sequence[Parcel]) -> bytes:
    empty = [parcel.order.number for parcel in parcels if not parcel.units]
    if empty:
        raise NothingToPrint(
            f"Nothing is packed, ready to be packed or shipped for order {', '.join(empty)}, so there is no packing slip. "
            "Leave it out, or print again when its stock is there."
        )
    seller = merchant.current()
    told = _promises(parcels)
    inside = lots.inside(parcel.shipment.pk for parcel in parcels if parcel.shipment)
    return draw_slips([_slip(parcel, seller, told, inside) for parcel in parcels])


def _labels(parcels: Sequence[Parcel]) -> bytes:
    nowhere = [parcel.order.number for parcel in parcels if not parcel.order.shipping_address.line1]
    if nowhere:
        raise NothingToPrint(
            f"Order {', '.join(nowhere)} has no street address, so there is no label. Correct its address first."
        )
    seller = merchant.current()
    return draw_labels([_label(parcel, seller) for parcel in parcels])


# --- which parcel ----------------------------------------------------------------------------------------------------------
def _these(shipment_ids: Sequence[int]) -> list[Parcel]:
    found = Shipment.objects.select_related("order").in_bulk(list(shipment_ids))
    by_order = _load({shipment.order_id for shipment in found.values()})
    parcels = [_of_shipment(found[pk], *by_order[found[pk].order_id]) for pk in shipment_ids if pk in found]
    for parcel in parcels:
        if parcel.shipment and parcel.shipment.state == State.UNPACKED:
            raise NothingToPrint(f"Parcel {parcel.shipment.number} was unpacked again; pack the order anew.")
    return parcels


def _parcels(order_ids: Sequence[int]) -> list[Parcel]:
    by_order = _load(set(order_ids))
    return [_chosen(*by_order[pk]) for pk in order_ids if pk in by_order]


Loaded = tuple[Order, list[OrderLine], list[Shipment], dict[int, dict[int, int]]]
"""An order, its lines, its parcels in the order of their numbers, and the units in each by line."""


def _load(order_ids: set[int]) -> dict[int, Loaded]:
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    # What is not shipped (a service, a download) is in no parcel that anybody carries.
    found = OrderLine.objects.filter(order_id__in=order_ids, needs_shipping=True).select_related("selling_unit")
    parts = LineComponent.objects.select_related("product").order_by("id")
    for line in found.prefetch_related(Prefetch("components", parts)).order_by("order_id", "position"):
        lines[line.order_id].append(line)
    shipments: dict[int, list[Shipment]] = defaultdict(list)
    for shipment in Shipment.objects.filter(order_id__in=order_ids).order_by("id"):
        shipments[shipment.order_id].append(shipment)
    inside = units_inside(shipment.pk for of_order in shipments.values() for shipment in of_order)
    orders = Order.objects.filter(pk__in=order_ids).select_related("connection", "shipping_address")
    return {order.pk: (order, lines[order.pk], shipments[order.pk], inside) for order in orders}


def _chosen(
    order: Order, lines: list[OrderLine], shipments: list[Shipment], inside: dict[int, dict[int, int]]
) -> Parcel:
    loaded = (order, lines, shipments, inside)
    packed = [shipment for shipment in shipments if shipment.state == State.PACKED]
    if packed:
        return _of_shipment(packed[-1], *loaded)
    ready = {line.pk: line.allocated for line in lines if line.allocated}
    shipped = sorted((s for s in shipments if s.state == State.SHIPPED), key=_left_at)
    if ready or not shipped:
        return Parcel(order, None, lines, ready, {line.pk: line.shipped for line in lines})
    return _of_shipment(shipped[-1], *loaded)


def _of_shipment(
    shipment: Shipment,
    order: Order,
    lines: list[OrderLine],
    shipments: list[Shipment],
    inside: dict[int, dict[int, int]],
) -> Parcel:
    before: dict[int, int] = defaultdict(int)
    for other in shipments:
        earlier = shipment.state != State.SHIPPED or _left_at(other) < _left_at(shipment)
        if other.pk != shipment.pk and other.state == State.SHIPPED and earlier:
            for line_id, units in inside[other.pk].items():
                before[line_id] += units
    return Parcel(order, shipment, lines, inside[shipment.pk], before)


def _left_at(shipment: Shipment) -> tuple[object, int]:
    return (shipment.shipped_at or shipment.packed_at, shipment.pk)


# --- what it says ----------------------------------------------------------------------------------------------------------
Told = Mapping[tuple[int, bool], Promise | LinePromise]
"""Promises by line: those of now, and (True) those that stood when the parcel left."""


def _promises(parcels: Sequence[Parcel]) -> Told:
    """What is told of all that is not in these parcels: what was told then, where a parcel has left already."""
    gone = {
        line.pk: parcel.shipment.shipped_at
        for parcel in parcels
        if parcel.shipment and parcel.shipment.shipped_at
        for line in parcel.lines
        if parcel.missing(line)
    }
    here = [line.pk for parcel in parcels if not parcel.has_left for line in parcel.lines if line.backordered > 0]
    told: dict[tuple[int, bool], Promise | LinePromise] = {
        (line, True): promise for line, promise in promise_record.as_told(gone).items()
    }
    return told | {(line, False): promise for line, promise in promises.for_lines(here).items()}


Lots = Mapping[tuple[int, int], Sequence[str]]
"""By parcel and line the lots and serial numbers in it."""


def _slip(parcel: Parcel, seller: Merchant, told: Told, inside: Lots) -> SlipData:
    order, shipment = parcel.order, parcel.shipment
    return SlipData(
        merchant=merchant.letterhead(seller),
        order_number=order.number,
        placed_on=merchant.local_day(order.placed_at, seller),
        ship_to=PostalAddress.of(order.shipping_address),
        lines=tuple(_slip_line(line, parcel, told, inside) for line in parcel.lines if line.ordered > line.cancelled),
        language=order.language,
        store_number=order.external_number,
        store_name=order.connection.name,
        parcel_number=shipment.number if shipment else "",
        packed_on=merchant.local_day(shipment.packed_at, seller) if shipment else None,
        shipping_method=order.shipping_method,
        tracking_number=shipment.tracking_number if shipment else "",
        gift_note=order.gift_note,
        customer_note=order.customer_note,
    )


def _slip_line(line: OrderLine, parcel: Parcel, told: Told, inside: Lots) -> SlipLine:
    promise = told.get((line.pk, parcel.has_left))
    missing = parcel.missing(line)
    return SlipLine(
        name=line.name,
        ordered=line.ordered - line.cancelled,
        in_parcel=parcel.inside.get(line.pk, 0),
        backordered=missing,
        sent_before=parcel.before.get(line.pk, 0),
        promise=promise_words.phrase(promise, parcel.order.language) if promise and missing else "",
        sku=line.sku,
        variation=_variation(line, parcel.order.language),
        lots=tuple(inside.get((parcel.shipment.pk, line.pk), ())) if parcel.shipment else (),
    )


def _variation(line: OrderLine, language: str) -> str:
    """What tells it from its sisters; of a dozen how many that is, of a kit what is in it."""
    french = language == "fr"
    if (unit := line.selling_unit) is not None:
        said = [f"{(french and unit.name_fr) or unit.name} (× {unit.quantity})"]
    else:
        parts = line.components.all()
        said = [f"{part.quantity} × {(french and part.product.name_fr) or part.product.name}" for part in parts]
    return ", ".join(filter(None, [line.variation, *said]))


def _label(parcel: Parcel, seller: Merchant) -> LabelData:
    order, shipment = parcel.order, parcel.shipment
    return LabelData(
        merchant=merchant.letterhead(seller),
        order_number=order.number,
        ship_to=PostalAddress.of(order.shipping_address),
        language=order.language,
        store_number=order.external_number,
        parcel_number=shipment.number if shipment else "",
        shipping_method=order.shipping_method,
    )


# --- pick list ---------------------------------------------------------------------------------------------------------------
NOTHING_TO_PICK = {"en": "Nothing to pick now", "fr": "Rien à prélever pour le moment"}


def pick_list(order_ids: Sequence[int], *, language: str = "en", printed_by: str = "") -> bytes:
    """One pick list for these orders: what is allocated to them and lies in no parcel yet, by place and bin."""
    packed: dict[tuple[int, int | None], int] = defaultdict(int)
    for line_id, level_id, units in ShipmentLine.objects.filter(
        shipment__order_id__in=order_ids, shipment__state=State.PACKED
    ).values_list("line_id", "level_id", "quantity"):
        packed[line_id, level_id] += units
    orders = Order.objects.select_related("shipping_address").in_bulk(list(order_ids))
    needs: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    places: dict[int, Allocation] = {}
    found = Allocation.objects.filter(line__order_id__in=order_ids).select_related(
        "line", "level__product", "level__location__warehouse"
    )
    for allocation in found:
        units = allocation.quantity - packed[allocation.line_id, allocation.level_id]
        if units > 0:
            places[allocation.level_id] = allocation
            needs[allocation.level_id][allocation.line.order_id] += units
    if not needs:
        raise NothingToPrint(
            "There is nothing to pick: none of these orders has stock that is set aside for it and not packed yet."
        )
    seller = merchant.current()
    busy = {order_id for by_order in needs.values() for order_id in by_order}
    in_turn = [orders[pk] for pk in order_ids if pk in orders]
    lots_of = lots.to_take({level_id: sum(of.values()) for level_id, of in needs.items()})
    ordered = sorted(places, key=lambda level_id: _walk(places[level_id]))
    return draw_pick_lists(
        [
            PickListData(
                merchant_name=seller.name,
                printed_at=timezone.now().astimezone(ZoneInfo(seller.time_zone)),
                orders=tuple(
                    PickOrder(
                        number=order.number,
                        customer=order.shipping_address.name or order.shipping_address.company,
                        store_number=order.external_number,
                        shipping_method=order.shipping_method,
                        note=order.customer_note if order.pk in busy else NOTHING_TO_PICK[language],
                    )
                    for order in in_turn
                ),
                lines=tuple(
                    _pick_line(places[level_id], needs[level_id], in_turn, lots_of.get(level_id, ()), language)
                    for level_id in ordered
                ),
                language=language,
                printed_by=printed_by,
            )
        ]
    )


def _walk(allocation: Allocation) -> tuple[int, str, int, str, str]:
    """The order in which a picker walks."""
    level = allocation.level
    place = level.location
    warehouse = place.warehouse or place
    return (warehouse.pick_order, warehouse.name, place.pick_order, place.bin_name, level.product.sku)


def _pick_line(
    allocation: Allocation,
    needs: dict[int, int],
    in_turn: Sequence[Order],
    taken: Sequence[tuple[str, int]],
    language: str,
) -> PickLine:
    level = allocation.level
    return PickLine(
        sku=level.product.sku,
        name=(language == "fr" and level.product.name_fr) or level.product.name,
        needs=tuple(PickNeed(order.number, needs[order.pk]) for order in in_turn if order.pk in needs),
        location=(level.location.warehouse or level.location).name,
        bin=level.location.bin_name,
        variation=level.product.variation,
        barcode=level.product.barcode,
        lots=tuple(taken),
    )
