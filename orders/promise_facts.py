"""What promises are made of, read for any number of lines in a constant number of statements: the queue, what is free, what
is coming, what its suppliers are like, and when the warehouses work."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.utils import timezone

from backoffice.lib.working_days import Calendar
from inventory.dealing import Key
from inventory.outlook import Outlook
from inventory.promise import PURCHASE_ORDER, TRANSFER, Arrival, House, Lead, mean_lateness
from inventory.reservations import Ask
from orders import merchant
from orders.models import Merchant
from orders.queue import ALIVE, QUEUED, TOUCHING, needs_of_line

# What a line takes from stock, as allocation asks for it. Times are whole microseconds: JSON keeps those as they are.
LINES = """
    SELECT line.id, o.id, o.connection_id, o.priority, (extract(epoch FROM o.placed_at) * 1000000)::bigint, line.position,
           line.sku, line.product_id, line.backordered,
           (SELECT array_agg(ARRAY[part.product_id, part.quantity] ORDER BY part.product_id)
              FROM orders_linecomponent part WHERE part.line_id = line.id)
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
     WHERE {which}
"""
OF_LINES = LINES.format(which=f"line.id = ANY(%(lines)s) AND {ALIVE}")
OF_ORDERS = LINES.format(which=f"o.id = ANY(%(orders)s) AND {QUEUED}")
OF_PRODUCTS = LINES.format(which=f"{TOUCHING} AND {QUEUED}")

# Who waits for a lamp and a rope in one kit may take the lamps or leave them, as ropes come; so whatever waits in one kit with
# these products belongs to what is asked, and so on. All are told the same, with whomever they are asked for.
CONNECTED = """
    WITH RECURSIVE connected(id) AS (
        SELECT unnest(%(products)s::bigint[])
        UNION
        SELECT kin.id
          FROM connected
         CROSS JOIN LATERAL (
               SELECT DISTINCT other.product_id AS id
                 FROM orders_linecomponent part
                 JOIN orders_orderline waiting ON waiting.id = part.line_id AND waiting.backordered > 0
                 JOIN orders_linecomponent other ON other.line_id = part.line_id
                WHERE part.product_id = connected.id) kin)
"""
THESE = "ANY(ARRAY(SELECT id FROM connected))"
QUEUE = LINES.format(which=f"{TOUCHING} AND {QUEUED}".replace("ANY(%(products)s)", THESE))

FREE = f"""
    SELECT level.product_id, coalesce(place.warehouse_id, place.id), sum(level.available)
      FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
     WHERE level.product_id = {THESE} AND level.available > 0 AND place.sellable
     GROUP BY 1, 2
"""
COMING = f"""
    SELECT line.product_id, line.id, line.outstanding, bought.number, bought.supplier_id, bought.warehouse_id,
           coalesce(line.expected_on, bought.expected_on), bought.sent_at,
           coalesce(terms.lead_time_days, supplier.lead_time_days), supplier.holiday_region
      FROM inventory_purchaseorderline line
      JOIN inventory_purchaseorder bought ON bought.id = line.order_id
      JOIN inventory_supplier supplier ON supplier.id = bought.supplier_id
      LEFT JOIN inventory_supplierproduct terms
        ON terms.supplier_id = bought.supplier_id AND terms.product_id = line.product_id
     WHERE line.product_id = {THESE} AND line.outstanding > 0
       AND bought.state IN ('sent', 'confirmed', 'part_received')
"""
TRAVELLING = f"""
    SELECT line.product_id, transfer.id, sum(line.sent - line.received - line.lost), transfer.number,
           transfer.destination_id, transfer.expected_on
      FROM inventory_transferline line JOIN inventory_transfer transfer ON transfer.id = line.transfer_id
     WHERE line.product_id = {THESE} AND transfer.state = 'in_transit' AND line.sent > line.received + line.lost
     GROUP BY line.product_id, transfer.id
"""
TERMS = f"""
    SELECT DISTINCT ON (terms.product_id) terms.product_id, supplier.id, supplier.name, supplier.holiday_region,
           coalesce(terms.lead_time_days, supplier.lead_time_days)
      FROM inventory_supplierproduct terms JOIN inventory_supplier supplier ON supplier.id = terms.supplier_id
     WHERE terms.product_id = {THESE} AND supplier.archived_at IS NULL
     ORDER BY terms.product_id, terms.rank, terms.id
"""
LAST_RECEIPTS = 20
# Of the suppliers that something is expected from.
LATENESS = f"""
    SELECT supplier.id, line.said, receipt.on
      FROM (SELECT DISTINCT bought.supplier_id AS id
              FROM inventory_purchaseorderline line JOIN inventory_purchaseorder bought ON bought.id = line.order_id
             WHERE line.product_id = {THESE} AND line.outstanding > 0
               AND bought.state IN ('sent', 'confirmed', 'part_received')) supplier
     CROSS JOIN LATERAL (SELECT receipt.id, (receipt.at AT TIME ZONE %(zone)s)::date AS on
                           FROM inventory_goodsreceipt receipt
                           JOIN inventory_purchaseorder bought ON bought.id = receipt.order_id
                          WHERE bought.supplier_id = supplier.id
                          ORDER BY receipt.id DESC LIMIT %(receipts)s) receipt
     CROSS JOIN LATERAL (SELECT DISTINCT coalesce(line.promised_on, line.first_expected_on) AS said
                           FROM inventory_goodsreceiptline item
                           JOIN inventory_purchaseorderline line ON line.id = item.line_id
                          WHERE item.receipt_id = receipt.id AND item.reversed < item.quantity) line
     WHERE line.said IS NOT NULL
"""
HOUSES = """
    SELECT id, holiday_region, working_days, handling_days, cut_off FROM inventory_location
     WHERE kind = 'warehouse' AND archived_at IS NULL AND sellable ORDER BY pick_order, id
"""
SERVED = "SELECT connection_id, warehouse_id FROM inventory_servedstore ORDER BY connection_id, position, id"
TOGETHER: dict[str, tuple[str, int]] = {
    "houses": (HOUSES, 5),
    "served": (SERVED, 2),
    "queue": (QUEUE, 10),
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
ALL = f"{CONNECTED} SELECT {', '.join(_column(sql, columns) for sql, columns in TOGETHER.values())}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one line still wants. The key of its `ask` is the line; nothing is asked where nobody knows the product."""

    order_id: int
    sku: str
    key: Key
    """Where it stands in the queue: priority, when its order was placed, order, position."""
    ask: Ask


def _wanted(
    line: int, order: int, store: int, priority: int, placed_at: int, position: int, sku: str, product: int | None,
    units: int, parts: list[list[int]] | None,
) -> Wanted:  # fmt: skip
    needs = needs_of_line(product, stocked=True, parts=parts)
    return Wanted(order, sku, (priority, placed_at, order, position), Ask(line, needs, units, store))


def _lines(sql: str, **ids: Iterable[int]) -> list[Wanted]:
    with database.cursor() as cursor:
        cursor.execute(sql, {name: list(values) for name, values in ids.items()})
        return [_wanted(*row) for row in cursor.fetchall()]


def of_lines(line_ids: Iterable[int]) -> list[Wanted]:
    """What these lines still want, queued or not; one statement."""
    return _lines(OF_LINES, lines=line_ids)


def of_orders(order_ids: Iterable[int]) -> list[Wanted]:
    """What the lines of these orders want that wait in the queue; one statement."""
    return _lines(OF_ORDERS, orders=order_ids)


def of_products(product_ids: Iterable[int]) -> list[Wanted]:
    """What all lines want that wait in the queue for these products, in a kit too; one statement."""
    return _lines(OF_PRODUCTS, products=product_ids)


def gather(
    product_ids: Iterable[int],
    *,
    now: datetime | None = None,
    seller: Merchant | None = None,
    kept_back: int = 0,
    connection_id: int | None = None,
) -> Outlook:
    """All that the promises on these products depend on, in two statements for any number; one where the merchant is known.

    `kept_back` units of each are not to be had at this connection, neither of what is free nor of what comes: its buffer.
    """
    seller = seller or merchant.current()
    zone = ZoneInfo(seller.time_zone)
    with database.cursor() as cursor:
        cursor.execute(ALL, {"products": sorted(set(product_ids)), "zone": seller.time_zone, "receipts": LAST_RECEIPTS})
        read = {name: json.loads(rows) for name, rows in zip(TOGETHER, cursor.fetchone(), strict=True)}
    houses = {
        pk: House(Calendar(region, weekdays), handling, time.fromisoformat(cut_off))
        for pk, region, weekdays, handling, cut_off in read["houses"]
    }
    serving: dict[int, list[int]] = defaultdict(list)
    for store, warehouse in read["served"]:
        serving[store].append(warehouse)
    free: dict[int, dict[int, int]] = defaultdict(dict)
    for product, warehouse, units in read["free"]:
        free[product][warehouse] = int(units)
    arrivals = _arrivals(read, houses, zone)
    if kept_back:
        _keep_back(kept_back, free, arrivals, serving.get(connection_id or 0) or list(houses))
    waiting = [_wanted(*row) for row in read["queue"]]
    return Outlook(
        now=(now or timezone.now()).astimezone(zone),
        houses=houses,
        free=free,
        arrivals=arrivals,
        leads={
            product: Lead(supplier, name, days, Calendar(region))
            for product, supplier, name, region, days in read["terms"]
        },
        queue=[(line.key, line.ask) for line in waiting if line.ask.needs],
        serving=serving,
    )


def _keep_back(
    units: int,
    free: dict[int, dict[int, int]],
    arrivals: dict[int, list[tuple[int, Arrival]]],
    warehouses: Sequence[int],
) -> None:
    """Take so many units of each product out, from the warehouses picked from last, and what is short from what comes first."""
    for product_id in {*free, *arrivals}:
        left = units
        there = free.get(product_id, {})
        for warehouse in reversed(warehouses):
            part = min(left, max(there.get(warehouse, 0), 0))
            if part:
                there[warehouse] -= part
                left -= part
        coming = []
        for warehouse, arrival in sorted(arrivals.get(product_id, ()), key=lambda one: one[1].on or date.max):
            part = min(left, arrival.units) if warehouse in warehouses else 0
            left -= part
            if arrival.units > part:
                coming.append((warehouse, replace(arrival, units=arrival.units - part)))
        if product_id in arrivals:
            arrivals[product_id] = coming


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
