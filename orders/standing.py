"""A line as it stands: what is promised to it where, and what becomes free when it gives whole units up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection as database

from orders import queue
from orders.queue import Needs


@dataclass(slots=True)
class Standing:
    """A line that is locked: what one unit of it takes, and what is promised to it where."""

    line_id: int
    order_id: int
    needs: Needs
    has: int
    """Whole units of it that are promised."""
    spots: list[tuple[int, int, int]] = field(default_factory=list)
    """(level, product, warehouse), the latest promised first."""
    units: dict[int, int] = field(default_factory=dict)
    """By level: the stock units promised there."""

    def give_up(self, whole: int, *, first: int | None = None, from_warehouse: int | None = None) -> dict[int, int]:
        """Take back so many units of the line, whole ones, each from one warehouse; the stock units freed, by level.

        `first` is a level that should be emptied before others.
        """
        freed: dict[int, int] = defaultdict(int)
        for warehouse in dict.fromkeys(spot[2] for spot in self.spots):
            if from_warehouse not in (None, warehouse):
                continue
            here = [spot for spot in self.spots if spot[2] == warehouse]
            here.sort(key=lambda spot: spot[0] != first)
            there = min(
                sum(self.units[level] for level, product, _ in here if product == part) // units
                for part, units in self.needs
            )
            part_of = min(whole, there)
            whole -= part_of
            self.has -= part_of
            for part, units in self.needs:
                wanted = part_of * units
                for level, product, _ in here:
                    taken = min(wanted, self.units[level]) if product == part else 0
                    if taken:
                        freed[level] += taken
                        self.units[level] -= taken
                        wanted -= taken
        return freed


PROMISED = """
    SELECT line.id, line.order_id, line.allocated, line.product_id, coalesce(product.stocked, false),
           (SELECT array_agg(ARRAY[part.product_id, part.quantity] ORDER BY part.product_id)
              FROM orders_linecomponent part WHERE part.line_id = line.id),
           allocation.level_id, level.product_id, coalesce(place.warehouse_id, place.id), allocation.quantity
      FROM orders_orderline line
      LEFT JOIN inventory_product product ON product.id = line.product_id
      LEFT JOIN orders_allocation allocation ON allocation.line_id = line.id
      LEFT JOIN inventory_stocklevel level ON level.id = allocation.level_id
      LEFT JOIN inventory_location place ON place.id = level.location_id
     WHERE line.id = ANY(%s) ORDER BY line.id, allocation.id DESC FOR UPDATE OF line
"""


def of_lines(line_ids: Iterable[int]) -> dict[int, Standing]:
    found: dict[int, Standing] = {}
    with database.cursor() as cursor:
        cursor.execute(PROMISED, [list(line_ids)])
        for line, order, allocated, product, stocked, parts, level, of, warehouse, quantity in cursor.fetchall():
            promised = found.setdefault(
                line, Standing(line, order, queue.needs_of_line(product, stocked, parts), allocated)
            )
            if level is not None:
                promised.spots.append((level, of, warehouse))
                promised.units[level] = quantity
    return found
