"""The backorder list: each line that waits, with its order, age, promise and value; by age, by product, by customer (rule: S4).

A page shows fifty rows and costs the same however many lines are open: lines are found through the orders' states, the oldest
first, products by their SKU and customers by their name, and only what is shown is added up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db import connection as database

from inventory.promise import Promise
from inventory.reports.asked import FOUND_BY
from orders import promises
from orders.models import Order
from orders.queue import QUEUED, TOUCHING, UNITS, WANTS

PAGE = 50
CHUNK, GROUPS = 500, 500
State = Order.State
WAITING_STATES = (State.BACKORDER, State.PARTLY_TO_PACK, State.PARTLY_SHIPPED, State.PACKED, State.HELD, State.UNPAID)
"""In which an order with goods on backorder can be; UNPAID is one whose stock is reserved for some hours."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: all, or those of one product or customer, or those that fit the words; `after` is where the page begins."""

    product_id: int | None = None
    customer_id: int | None = None
    text: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineRow:
    """`units` are the line's own; where one product is asked for, stock units of it."""

    line_id: int
    order_id: int
    number: str
    external_number: str
    customer_id: int
    customer: str
    product_id: int | None
    sku: str
    name: str
    units: int
    placed_at: datetime
    position: int
    value: Decimal
    currency: str
    promise: Promise | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A product or a customer, and what waits for it or of it."""

    id: int
    name: str
    sku: str = ""
    units: int = 0
    orders: int = 0
    since: datetime | None = None
    values: tuple[tuple[str, Decimal], ...] = ()
    """What it is worth, by currency."""
    on_hand: int = 0
    """Where it is sold from: what is in quarantine or on its way serves no order."""
    available: int = 0
    on_order: int = 0
    promise: Promise | None = None


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    rows: list[Row] = field(default_factory=list)
    after: tuple[str, ...] = ()
    """Where the next page begins; empty on the last one."""


SHOWN = """
    SELECT line.id, o.id, o.number, o.external_number, customer.id,
           coalesce(nullif(customer.name, ''), nullif(customer.company, ''), customer.email), line.product_id, line.sku,
           concat_ws(', ', line.name, nullif(line.variation, '')), {units}, o.placed_at, line.position,
           round((line.gross - line.discount) * line.backordered / line.ordered, 2), o.currency, {group}
      FROM orders_orderline line
      JOIN orders_order o ON o.id = line.order_id
      JOIN orders_customer customer ON customer.id = o.customer_id
"""
IN_ORDER = "o.placed_at, o.id, line.position"
FOLLOWS = f"o.placed_at >= %(placed_at)s AND ({IN_ORDER}) > (%(placed_at)s::timestamptz, %(order)s::bigint, %(position)s::int)"
FITS = """(line.sku ILIKE %(begins)s OR line.name ILIKE %(holds)s OR customer.name ILIKE %(holds)s
           OR customer.company ILIKE %(holds)s OR o.number = %(text)s OR o.external_number = %(text)s)"""
_ONE_STATE = f"""({SHOWN.format(units="line.backordered", group="0")}
      WHERE {{which}} AND {QUEUED} AND {{{{follows}}}} AND {{{{fits}}}}
      ORDER BY {IN_ORDER} LIMIT %(limit)s)"""
# Each state by its own index and by its own name, the oldest first, so that no more is read than is shown.
ALL_LINES = f"""
    {" UNION ALL ".join(_ONE_STATE.format(which=f"o.state = '{state.value}'") for state in WAITING_STATES)}
    UNION ALL {_ONE_STATE.format(which="NOT line.needs_shipping AND NOT o.state = ANY(%(states)s)")}
     ORDER BY 11, 2, 12 LIMIT %(limit)s
"""
OF_CUSTOMER = f"""
    {SHOWN.format(units="line.backordered", group="o.customer_id")}
     WHERE o.customer_id = ANY(%(ids)s) AND {QUEUED} AND {{follows}} AND {{fits}} ORDER BY {IN_ORDER} LIMIT %(limit)s
"""
OF_PRODUCT = f"""
    {SHOWN.format(units=UNITS, group=WANTS)}
      LEFT JOIN orders_linecomponent part ON part.line_id = line.id
     WHERE {TOUCHING.replace("%(products)s", "%(ids)s")} AND {WANTS} = ANY(%(ids)s) AND {QUEUED} AND {{follows}} AND {{fits}}
     ORDER BY {IN_ORDER} LIMIT %(limit)s
"""


def lines(asked: Asked, *, limit: int = PAGE, now: datetime | None = None) -> Page[LineRow]:
    """Lines that wait, the oldest order first, each with what its customer is told; a constant number of statements."""
    sql, ids = ALL_LINES, [0]
    if asked.product_id is not None:
        sql, ids = OF_PRODUCT, [asked.product_id]
    elif asked.customer_id is not None:
        sql, ids = OF_CUSTOMER, [asked.customer_id]
    found = [row for _, row in _found(sql, ids, asked, limit + 1)]
    rows = found[:limit]
    told = promises.for_lines([row.line_id for row in rows], now=now)
    after: tuple[str, ...] = ()
    if len(found) > limit:
        last = rows[-1]
        after = (last.placed_at.isoformat(), str(last.order_id), str(last.position))
    return Page([replace(row, promise=told.get(row.line_id)) for row in rows], after)


def _found(sql: str, ids: list[int], asked: Asked, limit: int | None) -> list[tuple[int, LineRow]]:
    """The lines, each with the product or customer it was found for."""
    placed_at, order, position = asked.after or (None, None, None)
    values = {
        "states": [state.value for state in WAITING_STATES],
        "ids": ids,
        "placed_at": placed_at,
        "order": order,
        "position": position,
        "limit": limit,
        **_words(asked.text),
    }
    follows, fits = FOLLOWS if asked.after else "true", FITS if asked.text.strip() else "true"
    with database.cursor() as cursor:
        cursor.execute(sql.format(follows=follows, fits=fits), values)
        return [(row[-1], LineRow(*row[:-1])) for row in cursor.fetchall()]


_WAITED_FOR = f"""(EXISTS (SELECT 1 FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
                     WHERE line.product_id = product.id AND {QUEUED}
                       AND NOT EXISTS (SELECT 1 FROM orders_linecomponent part WHERE part.line_id = line.id) {{one}})
         OR EXISTS (SELECT 1 FROM orders_linecomponent part JOIN orders_orderline line ON line.id = part.line_id
                      JOIN orders_order o ON o.id = line.order_id
                     WHERE part.product_id = product.id AND {QUEUED} {{one}}))"""
_PRODUCT = "SELECT product.id, concat_ws(', ', product.name, nullif(product.variation, '')) AS name, product.sku"
WINDOW = 1_000
# Where much is waited for, the next products by SKU are looked at one by one until the page is full: those that are counted,
# for a kit has no stock of its own. Only where that does not fill it, all that waits is gathered first: then it is little.
# (OFFSET keeps the first from being done like the second.)
PRODUCTS = f"""
    WITH near AS MATERIALIZED (
        SELECT * FROM inventory_product product
         WHERE product.stocked AND {{follows}} ORDER BY product.sku LIMIT %(window)s),
    found AS MATERIALIZED (
        {_PRODUCT} FROM near product
         WHERE {{fits}} AND {_WAITED_FOR.format(one="OFFSET 0")} AND {{among}} ORDER BY product.sku LIMIT %(limit)s)
    SELECT id, name, sku FROM found
    UNION ALL
    ({_PRODUCT} FROM inventory_product product
      WHERE (SELECT count(*) FROM found) < %(limit)s AND (SELECT count(*) FROM near) = %(window)s
        AND product.sku > (SELECT max(sku) FROM near) AND product.stocked
        AND {{fits}} AND {_WAITED_FOR.format(one="")} AND {{among}} ORDER BY product.sku LIMIT %(limit)s)
     ORDER BY 3 LIMIT %(limit)s
"""
THERE = """EXISTS (SELECT 1 FROM inventory_stocklevel level JOIN inventory_location place ON place.id = level.location_id
                    WHERE level.product_id = product.id AND level.on_hand > 0 AND (place.sellable OR level.reserved > 0))"""
"""Of which there is some that an order may have, or has."""
OF_PRODUCTS = f"""
    SELECT {WANTS}, sum({UNITS})::bigint, count(DISTINCT o.id), min(o.placed_at), '', 0
      FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN orders_linecomponent part ON part.line_id = line.id
     WHERE {TOUCHING} AND {WANTS} = ANY(%(products)s) AND {QUEUED}
     GROUP BY 1
"""
STOCK_OF = """
    SELECT product.id,
           (SELECT coalesce(sum(level.on_hand), 0) FROM inventory_stocklevel level
              JOIN inventory_location place ON place.id = level.location_id AND place.sellable
             WHERE level.product_id = product.id),
           (SELECT coalesce(sum(level.available), 0) FROM inventory_stocklevel level
              JOIN inventory_location place ON place.id = level.location_id AND place.sellable
             WHERE level.product_id = product.id),
           (SELECT coalesce(sum(line.outstanding), 0) FROM inventory_purchaseorderline line
              JOIN inventory_purchaseorder bought ON bought.id = line.order_id
             WHERE line.product_id = product.id AND line.outstanding > 0
               AND bought.state IN ('sent', 'confirmed', 'part_received'))
      FROM unnest(%s::bigint[]) AS product(id)
"""


@dataclass(frozen=True, slots=True)
class Grouped:
    """SQL: which products or customers, where they go on, what fits the words typed; and the sums of those.

    `among` narrows products further.
    """

    which: str
    sums: str
    follows: str
    fits: str
    among: str = "true"


BY_PRODUCT = Grouped(
    PRODUCTS,
    OF_PRODUCTS,
    follows="product.sku > %(after)s",
    fits=f"{FOUND_BY.replace('p.', 'product.')} LIKE upper(%(holds)s)",
)
BY_PRODUCT_THERE = replace(BY_PRODUCT, among=THERE)
ONE_PRODUCT = replace(BY_PRODUCT, which=f"{_PRODUCT} FROM inventory_product product WHERE product.id = %(product)s")

ALL_TO_DEAL_OUT = f"""
    SELECT DISTINCT product.id
      FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
      LEFT JOIN orders_linecomponent part ON part.line_id = line.id
      JOIN inventory_product product ON product.id = {WANTS} AND product.stocked
     WHERE {QUEUED} AND {THERE}
"""


def products(asked: Asked, *, limit: int = PAGE, now: datetime | None = None) -> Page[GroupRow]:
    """Products that orders wait for, by SKU, each with what whoever orders one now is told."""
    page = _groups(BY_PRODUCT, asked, limit, _stock_of)
    told = promises.for_products([row.id for row in page.rows], now=now) if page.rows else {}
    return replace(page, rows=[replace(row, promise=told.get(row.id)) for row in page.rows])


def to_deal_out(asked: Asked, *, limit: int = PAGE) -> Page[GroupRow]:
    """Those of them of which some is there, so that it can be given to others than have it now; or the one product asked for."""
    return _groups(BY_PRODUCT_THERE if asked.product_id is None else ONE_PRODUCT, asked, limit, _stock_of)


def all_to_deal_out() -> set[int]:
    """All products of that list; for a plan of everything, not for a page."""
    with database.cursor() as cursor:
        cursor.execute(ALL_TO_DEAL_OUT)
        return {row[0] for row in cursor.fetchall()}


def _stock_of(ids: list[int]) -> dict[int, dict[str, Any]]:
    with database.cursor() as cursor:
        cursor.execute(STOCK_OF, [ids])
        return {
            pk: {"on_hand": int(here), "available": int(free), "on_order": int(coming)}
            for pk, here, free, coming in cursor.fetchall()
        }


CUSTOMERS = f"""
    SELECT customer.id, coalesce(nullif(customer.name, ''), nullif(customer.company, ''), customer.email), customer.name
      FROM orders_customer customer
     WHERE {{follows}} AND {{fits}}
       AND EXISTS (SELECT 1 FROM orders_order o JOIN orders_orderline line ON line.order_id = o.id
                    WHERE o.customer_id = customer.id AND {QUEUED})
     ORDER BY customer.name, customer.id LIMIT %(limit)s
"""
OF_CUSTOMERS = f"""
    SELECT o.customer_id, sum(line.backordered), count(DISTINCT o.id), min(o.placed_at), o.currency,
           sum(round((line.gross - line.discount) * line.backordered / line.ordered, 2))
      FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id
     WHERE o.customer_id = ANY(%(products)s) AND {QUEUED}
     GROUP BY o.customer_id, o.currency
"""


BY_CUSTOMER = Grouped(
    CUSTOMERS,
    OF_CUSTOMERS,
    follows="(customer.name, customer.id) > (%(after)s, %(after_id)s)",
    fits="(customer.name ILIKE %(holds)s OR customer.company ILIKE %(holds)s)",
)


def customers(asked: Asked, *, limit: int = PAGE) -> Page[GroupRow]:
    """Customers who wait, by name, with what it is worth."""
    page = _groups(BY_CUSTOMER, asked, limit, lambda ids: {})
    return replace(page, rows=[replace(row, sku="") for row in page.rows])


def _groups(
    by: Grouped, asked: Asked, limit: int, more: Callable[[list[int]], dict[int, dict[str, Any]]]
) -> Page[GroupRow]:
    after, after_id = (*asked.after, "", "0")[:2]
    values: dict[str, Any] = {
        "after": after,
        "after_id": int(after_id or 0),
        "product": asked.product_id,
        "limit": limit + 1,
        "window": max(WINDOW, 4 * limit),
        **_words(asked.text),
    }
    which = by.which.format(
        follows=by.follows if asked.after else "true",
        fits=by.fits if asked.text.strip() else "true",
        among=by.among,
    )
    with database.cursor() as cursor:
        cursor.execute(which, values)
        found = cursor.fetchall()
        ids = [row[0] for row in found[:limit]]
        cursor.execute(by.sums, {"products": ids})
        added: dict[int, list[Any]] = defaultdict(list)
        for pk, *sums_of in cursor.fetchall():
            added[pk].append(sums_of)
    figures = more(ids) if ids else {}
    rows = []
    for pk, name, sku in found[:limit]:
        # An order has one currency, so that those of several add up.
        parts = added[pk]
        row = GroupRow(
            pk,
            name,
            sku,
            units=sum(int(part[0]) for part in parts),
            orders=sum(part[1] for part in parts),
            since=min((part[2] for part in parts), default=None),
            values=tuple((part[3], part[4]) for part in parts if part[3]),
        )
        rows.append(replace(row, **figures.get(pk, {})))
    last = found[limit - 1] if len(found) > limit else None
    return Page(rows, (last[2], str(last[0])) if last else ())


def _words(text: str) -> dict[str, str]:
    plain = text.strip()[:100]
    escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"text": plain, "begins": f"{escaped}%", "holds": f"%{escaped}%"}


# --- the whole list --------------------------------------------------------------------------------------------------------
def every_line(by: str, asked: Asked, *, now: datetime | None = None) -> Iterator[tuple[str, LineRow]]:
    """All lines with the heading they stand under, a few hundred in memory at a time.

    By product a kit stands under each of its components, with that one's units.
    """
    if asked.product_id is not None or asked.customer_id is not None or by == "age":
        yield from (("", row) for row in _all(asked, now))
        return
    sql, read = (OF_PRODUCT, products) if by == "product" else (OF_CUSTOMER, customers)
    page = read(asked, limit=GROUPS)
    while page.rows:
        under: dict[int, list[LineRow]] = defaultdict(list)
        for found_for, row in _found(sql, [group.id for group in page.rows], Asked(), None):
            under[found_for].append(row)
        told = promises.for_lines({row.line_id for rows in under.values() for row in rows}, now=now)
        for group in page.rows:
            heading = f"{group.sku} {group.name}".strip()
            yield from ((heading, replace(row, promise=told.get(row.line_id))) for row in under[group.id])
        if not page.after:
            return
        page = read(replace(asked, after=page.after), limit=GROUPS)


def _all(asked: Asked, now: datetime | None) -> Iterator[LineRow]:
    while True:
        page = lines(asked, limit=CHUNK, now=now)
        yield from page.rows
        if not page.after:
            return
        asked = replace(asked, after=page.after)


def sums() -> tuple[int, int, int]:
    """Units, lines and orders that wait, by the list's own count; for the mail and the proof, not for a page."""
    with database.cursor() as cursor:
        cursor.execute(
            f"""SELECT coalesce(sum(line.backordered), 0), count(*), count(DISTINCT o.id)
                  FROM orders_orderline line JOIN orders_order o ON o.id = line.order_id WHERE {QUEUED}"""
        )
        units, lines_, orders = cursor.fetchone()
    return int(units), lines_, orders
