"""What promises are made of, read for any number of lines in a constant number of statements: the queue, what is free, what
is coming, what its suppliers are like, and when the warehouses work."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.utils import timezone

from backoffice.lib.working_days import Calendar
from inventory.promise import PURCHASE_ORDER, TRANSFER, Arrival, House, Lead, Outlook, Promise, mean_lateness
from orders import merchant
from orders.models import Merchant
from orders.queue import ALIVE, QUEUED, TOUCHING, UNITS, WANTS

Key = tuple[int, datetime, int, int]
"""Where a line stands in the queue: priority, when its order was placed, order, position."""

PARTS = f"""
    SELECT line.id, o.id, o.connection_id, o.priority, o.placed_at, line.position, line.sku, {WANTS}, {UNITS}
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN orders_linecomponent part ON part.line_id = line.id
     WHERE {{which}}
"""
OF_LINES = PARTS.format(which=f"line.id = ANY(%(lines)s) AND {ALIVE}")
OF_ORDERS = PARTS.format(which=f"o.id = ANY(%(orders)s) AND {QUEUED}")
OF_PRODUCTS = PARTS.format(which=f"{TOUCHING} AND {QUEUED}")
QUEUE = PARTS.format(which=f"{TOUCHING} AND {QUEUED} AND {WANTS} = ANY(%(products)s)")

FREE = """
    SELECT level.product_id, coalesce(place.warehouse_id, place.id), sum(level.available)
      FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
     WHERE level.product_id = ANY(%(products)s) AND level.available > 0 AND place.sellable
     GROUP BY 1, 2
"""
COMING = """
    SELECT line.product_id, line.id, line.outstanding, bought.number, bought.supplier_id, bought.warehouse_id,
           coalesce(line.expected_on, bought.expected_on), bought.sent_at,
           coalesce(terms.lead_time_days, supplier.lead_time_days), supplier.holiday_region
      FROM inventory_purchaseorderline line
      JOIN inventory_purchaseorder bought ON bought.id = line.order_id
      JOIN inventory_supplier supplier ON supplier.id = bought.supplier_id
      LEFT JOIN inventory_supplierproduct terms
        ON terms.supplier_id = bought.supplier_id AND terms.product_id = line.product_id
     WHERE line.product_id = ANY(%(products)s) AND line.outstanding > 0
       AND bought.state IN ('sent', 'confirmed', 'part_received')
"""
TRAVELLING = """
    SELECT line.product_id, transfer.id, sum(line.sent - line.received - line.lost), transfer.number,
           transfer.destination_id, transfer.expected_on
      FROM inventory_transferline line JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
     WHERE line.product_id = ANY(%(products)s) AND transfer.state = 'in_transit' AND line.sent > line.received + line.lost
     GROUP BY line.product_id, transfer.id
"""
TERMS = """
    SELECT DISTINCT ON (terms.product_id) terms.product_id, supplier.id, supplier.name, supplier.holiday_region,
           coalesce(terms.lead_time_days, supplier.lead_time_days)
      FROM inventory_supplierproduct terms JOIN inventory_supplier supplier ON supplier.id = terms.supplier_id
     WHERE terms.product_id = ANY(%(products)s) AND supplier.archived_at IS NULL
     ORDER BY terms.product_id, terms.rank, terms.id
"""
LAST_RECEIPTS = 20
# Of the suppliers that something is expected from.
LATENESS = """
    SELECT supplier.id, line.promised_on, receipt.on
      FROM (SELECT DISTINCT bought.supplier_id AS id
              FROM inventory_purchaseorderline line JOIN inventory_purchaseorder bought ON bought.id = line.order_id
             WHERE line.product_id = ANY(%(products)s) AND line.outstanding > 0
               AND bought.state IN ('sent', 'confirmed', 'part_received')) supplier
     CROSS JOIN LATERAL (SELECT receipt.id, (receipt.at AT TIME ZONE %(zone)s)::date AS on
                           FROM inventory_goodsreceipt receipt
                           JOIN inventory_purchaseorder bought ON bought.id = receipt.order_id
                          WHERE bought.supplier_id = supplier.id
                          ORDER BY receipt.id DESC LIMIT %(receipts)s) receipt
     CROSS JOIN LATERAL (SELECT DISTINCT line.promised_on FROM inventory_goodsreceiptline item
                           JOIN inventory_purchaseorderline line ON line.id = item.line_id
                          WHERE item.receipt_id = receipt.id AND line.promised_on IS NOT NULL) line
"""
HOUSES = """
    SELECT id, holiday_region, working_days, handling_days, cut_off FROM inventory_location
     WHERE kind = 'warehouse' AND archived_at IS NULL ORDER BY pick_order, code
"""
SERVED = "SELECT connection_id, warehouse_id FROM inventory_servedstore ORDER BY connection_id, position, id"
TOGETHER: dict[str, tuple[str, int]] = {
    "houses": (HOUSES, 5),
    "served": (SERVED, 2),
    "queue": (QUEUE, 9),
    "free": (FREE, 3),
    "terms": (TERMS, 5),
    "coming": (COMING, 10),
    "travelling": (TRAVELLING, 6),
    "lateness": (LATENESS, 3),
}
"""What is read in one statement, each with how many columns it has."""


def _column(sql: str, columns: int) -> str:
    names = ", ".join(f"c{at}" for at in range(columns))
    return f"(SELECT coalesce(jsonb_agg(jsonb_build_array({names})), '[]') FROM ({sql}) AS rows({names}))"


# A page that shows two hundred products to anybody who asks has four statements for it: all that is read here is one.
ALL = f"SELECT {', '.join(_column(sql, columns) for sql, columns in TOGETHER.values())}"


@dataclass(frozen=True, slots=True)
class Part:
    """What one line wants of one product."""

    line_id: int
    order_id: int
    connection_id: int | None
    key: Key
    sku: str
    product_id: int | None
    units: int


def _parts(sql: str, **ids: Iterable[int]) -> list[Part]:
    with database.cursor() as cursor:
        cursor.execute(sql, {name: list(values) for name, values in ids.items()})
        return [_part(*row) for row in cursor.fetchall()]


def _part(line: int, order: int, store: int, priority: int, placed_at: datetime, position: int, sku: str,
          product: int | None, units: int) -> Part:  # fmt: skip
    return Part(line, order, store, (priority, placed_at, order, position), sku, product, units)


def of_lines(line_ids: Iterable[int]) -> list[Part]:
    """What these lines still want, queued or not; one statement."""
    return _parts(OF_LINES, lines=line_ids)


def of_orders(order_ids: Iterable[int]) -> list[Part]:
    """What the lines of these orders want that wait in the queue; one statement."""
    return _parts(OF_ORDERS, orders=order_ids)


def of_products(product_ids: Iterable[int]) -> list[Part]:
    """What all lines want that wait in the queue for these products, their other components too; one statement."""
    return _parts(OF_PRODUCTS, products=product_ids)


@dataclass(slots=True)
class Facts:
    """What is known of some products at one moment; `outlook` and `ahead` answer from it without asking the database."""

    now: datetime
    houses: dict[int, House]
    served: dict[int, tuple[int, ...]]
    """Warehouses by store, the first choice first; a store that is not in it is served by all."""
    queue: dict[int, list[Part]]
    free: dict[int, dict[int, int]]
    arrivals: dict[int, list[tuple[int, Arrival]]]
    """(warehouse, arrival)"""
    leads: dict[int, Lead]
    _outlooks: dict[tuple[int, tuple[int, ...]], Outlook] = field(default_factory=dict)
    _counted: dict[tuple[int, tuple[int, ...]], tuple[list[Key], list[int]]] = field(default_factory=dict)

    def warehouses(self, connection_id: int | None) -> tuple[int, ...]:
        """Those that serve a store."""
        chosen = self.served.get(connection_id or 0)
        return chosen if chosen else tuple(self.houses)

    def promise(self, product_id: int, *, units: int, key: Key | None, connection_id: int | None) -> Promise:
        """For units of a product at a place in the queue; without a key behind everybody."""
        serving = self.warehouses(connection_id)
        free = self.free.get(product_id, {})
        ahead = self._ahead(product_id, serving, key)
        return self._outlook(product_id, serving).promise(
            units=units, ahead=ahead, free=sum(free.get(warehouse, 0) for warehouse in serving)
        )

    def _outlook(self, product_id: int, serving: tuple[int, ...]) -> Outlook:
        known = self._outlooks.get((product_id, serving))
        if known is None:
            free = self.free.get(product_id, {})
            first = next((warehouse for warehouse in serving if free.get(warehouse)), serving[0] if serving else None)
            known = self._outlooks[product_id, serving] = Outlook(
                arrivals=[arrival for warehouse, arrival in self.arrivals.get(product_id, ()) if warehouse in serving],
                lead=self.leads.get(product_id),
                house=self.houses.get(first) if first else None,
                now=self.now,
            )
        return known

    def _ahead(self, product_id: int, serving: tuple[int, ...], key: Key | None) -> int:
        """Units of the queue before `key` that could take what these warehouses get."""
        counted = self._counted.get((product_id, serving))
        if counted is None:
            shared = set(serving)
            rows = [p for p in self.queue.get(product_id, ()) if shared.intersection(self.warehouses(p.connection_id))]
            counted = ([part.key for part in rows], [0, *accumulate(part.units for part in rows)])
            self._counted[product_id, serving] = counted
        keys, sums = counted
        return sums[-1] if key is None else sums[bisect_left(keys, key)]


def gather(product_ids: Iterable[int], *, now: datetime | None = None, seller: Merchant | None = None) -> Facts:
    """All that the promises on these products depend on, in two statements for any number; one where the merchant is known."""
    ids = sorted(set(product_ids))
    seller = seller or merchant.current()
    zone = ZoneInfo(seller.time_zone)
    with database.cursor() as cursor:
        cursor.execute(ALL, {"products": ids, "zone": seller.time_zone, "receipts": LAST_RECEIPTS})
        read = {name: json.loads(rows) for name, rows in zip(TOGETHER, cursor.fetchone(), strict=True)}
    houses = {
        pk: House(Calendar(region, weekdays), handling, time.fromisoformat(cut_off))
        for pk, region, weekdays, handling, cut_off in read["houses"]
    }
    served: dict[int, list[int]] = defaultdict(list)
    for store, warehouse in read["served"]:
        served[store].append(warehouse)
    queue: dict[int, list[Part]] = defaultdict(list)
    for row in read["queue"]:
        row[4] = datetime.fromisoformat(row[4])
    for part in sorted((_part(*row) for row in read["queue"]), key=lambda part: part.key):
        if part.product_id is not None:
            queue[part.product_id].append(part)
    free: dict[int, dict[int, int]] = defaultdict(dict)
    for product, warehouse, units in read["free"]:
        free[product][warehouse] = int(units)
    return Facts(
        now=(now or timezone.now()).astimezone(zone),
        houses=houses,
        served={store: tuple(places) for store, places in served.items()},
        queue=queue,
        free=free,
        arrivals=_arrivals(read, houses, zone),
        leads={
            product: Lead(supplier, name, days, Calendar(region))
            for product, supplier, name, region, days in read["terms"]
        },
    )


def _arrivals(
    read: Mapping[str, list[list[Any]]], houses: dict[int, House], zone: ZoneInfo
) -> dict[int, list[tuple[int, Arrival]]]:
    receipts: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for supplier, promised, came in read["lateness"]:
        receipts[supplier].append((date.fromisoformat(promised), date.fromisoformat(came)))
    late: dict[tuple[int, int], Fraction] = {}
    found: dict[int, list[tuple[int, Arrival]]] = defaultdict(list)
    for product, line, units, number, supplier, warehouse, said, sent_at, days, region in read["coming"]:
        house = houses.get(warehouse, House())
        if (supplier, warehouse) not in late:
            late[supplier, warehouse] = mean_lateness(receipts[supplier], house.calendar)
        expected = _day(said)
        if expected is None and days is not None and sent_at is not None:
            # No day was said: it comes as long after it was sent as this supplier's goods take.
            expected = Calendar(region).add(datetime.fromisoformat(sent_at).astimezone(zone).date(), days)
        arrival = Arrival(units, expected, PURCHASE_ORDER, number, line, supplier, late[supplier, warehouse], house)
        found[product].append((warehouse, arrival))
    for product, transfer, units, number, destination, said in read["travelling"]:
        house = houses.get(destination, House())
        found[product].append((destination, Arrival(int(units), _day(said), TRANSFER, number, transfer, house=house)))
    return found


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
