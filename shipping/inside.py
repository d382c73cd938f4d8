"""What lies in parcels, in the units that the customer ordered: three kits, not six lamps and six ropes."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F, Sum

from shipping.models import ShipmentLine


def units_inside(shipment_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """By parcel: line → units of the line in it, by the line's position. One statement."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = (
        ShipmentLine.objects.filter(shipment_id__in=list(shipment_ids))
        .order_by("shipment_id", "line__position")
        .values_list("shipment_id", "line_id", "line__pieces")
        .annotate(stock_units=Sum("quantity"), position=F("line__position"))
    )
    for shipment_id, line_id, pieces, stock_units, _ in rows:
        found[shipment_id][line_id] = stock_units // pieces
    return found
