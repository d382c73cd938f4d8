"""What a report is asked: which days, and which goods."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from inventory.models import Location

MOST_WORDS = 8
FOUND_BY = "upper(p.sku || ' ' || p.barcode || ' ' || p.name || ' ' || p.name_fr || ' ' || p.variation)"
"""What each word of a search must be in; spelled as the index `product_found_by` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`first` and `last` are local days of the merchant and both belong to the report."""

    last: date
    zone: ZoneInfo
    first: date | None = None
    warehouse_id: int | None = None
    category_id: int | None = None
    """The branch: this category and all below it."""
    supplier_id: int | None = None
    product_id: int | None = None
    text: str = ""
    idle_days: int = 180
    everything: bool = False
    """Also the products of which there is nothing to say."""

    @property
    def until(self) -> datetime:
        """The instant at which the last day is over: at a change of the clock that day has 23 or 25 hours."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def since(self) -> datetime:
        """The instant at which the first day begins; without one, the beginning of time."""
        return _midnight(self.first or date(1970, 1, 1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - (self.first or self.last)).days + 1


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def parameters(asked: Asked) -> dict[str, Any]:
    """What the SQL of every report may name."""
    places: list[int] = []
    if asked.warehouse_id is not None:
        within = Q(pk=asked.warehouse_id) | Q(warehouse=asked.warehouse_id)
        places = list(Location.objects.filter(within).values_list("pk", flat=True))
    return {
        "until": asked.until,
        "since": asked.since,
        "last": asked.last,
        "days": asked.days,
        "idle_days": asked.idle_days,
        "zone": asked.zone.key,
        "places": places,
        "category": asked.category_id,
        "supplier": asked.supplier_id,
        "product": asked.product_id,
        **{f"word_{n}": f"%{_escaped(word)}%" for n, word in enumerate(asked.text.split()[:MOST_WORDS])},
    }


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def here(asked: Asked) -> str:
    """SQL: whether the movement `m` is of the warehouse asked for, or of any where none is."""
    return "TRUE" if asked.warehouse_id is None else "m.location_id = ANY(%(places)s)"


def chosen(asked: Asked) -> str:
    """SQL: whether the product `p` is one of those asked for."""
    conditions = ["TRUE"]
    if asked.everything:
        conditions.append("p.stocked")
    if asked.product_id is not None:
        conditions.append("p.id = %(product)s")
    if asked.category_id is not None:
        conditions.append(
            """p.category_id IN (WITH RECURSIVE branch AS (
                   SELECT id FROM inventory_category WHERE id = %(category)s
                   UNION SELECT child.id FROM inventory_category child JOIN branch ON child.parent_id = branch.id)
               SELECT id FROM branch)"""
        )
    if asked.supplier_id is not None:
        conditions.append(
            """EXISTS (SELECT 1 FROM inventory_supplierproduct offer
                        WHERE offer.product_id = p.id AND offer.supplier_id = %(supplier)s)"""
        )
    conditions += [f"{FOUND_BY} LIKE upper(%(word_{n})s)" for n, _ in enumerate(asked.text.split()[:MOST_WORDS])]
    return " AND ".join(conditions)
