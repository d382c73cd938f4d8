"""The baseline of intake: the very rows that the hub wrote, written again by hand with other keys.

`copied` gets them ready, which is not part of any time measured; then one COPY (or INSERT) a table puts them into the
same tables, with the same indexes, constraints and triggers, and `as_effects` changes the same rows that the hub changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OFFSET = 1_000_000_000_000

# Tables in the order in which rows may point at each other; how to find an order's rows; which columns point at rows
# that are made anew and so move with them; which texts must be told apart from the first copy.
TABLES: list[tuple[str, str, list[str], list[str]]] = [
    ("orders_customer", "id IN (SELECT customer_id FROM orders_order WHERE id = ANY(%(orders)s))", [], ["email_key"]),
    (
        "orders_customeridentity",
        "customer_id IN (SELECT customer_id FROM orders_order WHERE id = ANY(%(orders)s))",
        ["customer_id"],
        ["external_id"],
    ),
    (
        "orders_address",
        "customer_id IN (SELECT customer_id FROM orders_order WHERE id = ANY(%(orders)s))",
        ["customer_id"],
        [],
    ),
    (
        "orders_order",
        "id = ANY(%(orders)s)",
        ["customer_id", "billing_address_id", "shipping_address_id"],
        ["number", "external_id"],
    ),
    ("orders_orderline", "order_id = ANY(%(orders)s)", ["order_id"], []),
    ("orders_ordercharge", "order_id = ANY(%(orders)s)", ["order_id"], []),
    ("orders_ordertax", "order_id = ANY(%(orders)s)", ["order_id"], []),
    ("orders_payment", "order_id = ANY(%(orders)s)", ["order_id"], []),
    ("orders_timelineentry", "order_id = ANY(%(orders)s)", ["order_id"], []),
    (
        "orders_allocation",
        "line_id IN (SELECT id FROM orders_orderline WHERE order_id = ANY(%(orders)s))",
        ["line_id"],
        [],
    ),
    ("accounting_invoice", "order_id = ANY(%(orders)s)", ["order_id", "number"], ["label"]),
    ("accounting_entry", "order_id = ANY(%(orders)s)", ["order_id", "payment_id"], ["key"]),
    (
        "accounting_entryline",
        "entry_id IN (SELECT id FROM accounting_entry WHERE order_id = ANY(%(orders)s))",
        ["entry_id"],
        [],
    ),
    (
        "sync_delivery",
        "topic IN ('invoice_pdf', 'invoice_mail')"
        " AND object_id IN (SELECT id FROM accounting_invoice WHERE order_id = ANY(%(orders)s))",
        ["object_id"],
        [],
    ),
]


@dataclass(slots=True)
class Table:
    name: str
    columns: list[str]
    rows: list[list[Any]]


def copied(cursor: Any, orders: Sequence[int]) -> list[Table]:
    """The rows of these orders, with keys of their own."""
    tables = []
    for name, where, moving, telling in TABLES:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            [name],
        )
        columns = [row[0] for row in cursor.fetchall()]
        shown = ", ".join(f'"{c}"::text' if c in JSON else f'"{c}"' for c in columns)
        cursor.execute(f'SELECT {shown} FROM "{name}" WHERE {where} ORDER BY id', {"orders": list(orders)})
        rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for position, column in enumerate(columns):
                if (column == "id" or column in moving) and row[position] is not None:
                    row[position] += OFFSET
                elif column in telling and row[position]:
                    row[position] = f"~{row[position]}"[:20] if column == "number" else f"~{row[position]}"
        tables.append(Table(name, columns, rows))
    return tables


JSON = {"context", "document", "known"}


def by_copy(cursor: Any, tables: Sequence[Table]) -> None:
    for table in tables:
        names = ", ".join(f'"{column}"' for column in table.columns)
        with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in table.rows:
                copy.write_row(row)


def as_effects(cursor: Any, orders: Sequence[int]) -> None:
    """What is changed besides the rows made: stock is reserved, the arrivals are done, the stores' wishes are renewed."""
    cursor.execute(
        """UPDATE inventory_stocklevel SET reserved = reserved + 0 WHERE id IN (
               SELECT allocation.level_id FROM orders_allocation allocation
                 JOIN orders_orderline line ON line.id = allocation.line_id WHERE line.order_id = ANY(%s))""",
        [list(orders)],
    )
    cursor.execute(
        "UPDATE sync_arrival SET state = 'done', finished_at = now() WHERE object_type = 'order' AND object_id = ANY(%s)",
        [list(orders)],
    )
    cursor.execute(
        """UPDATE sync_delivery SET wanted_version = wanted_version WHERE topic = 'stock' AND object_id IN (
               SELECT listing.id FROM inventory_listing listing JOIN orders_orderline line
                   ON line.product_id = listing.product_id WHERE line.order_id = ANY(%s))""",
        [list(orders)],
    )


def look_up(cursor: Any, external_id: str, email: str, numbers: Sequence[str]) -> None:
    """What no program can do without before it takes an order in, in the fewest statements: is it known, is the
    customer, which products are meant, is there stock, which invoice number is next."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [external_id])
    cursor.execute("SELECT id FROM orders_order WHERE external_id = %s", [f"~{external_id}"])
    cursor.execute("SELECT id FROM orders_customer WHERE email_key = %s", [f"~{email}"])
    cursor.execute(
        "SELECT listing.external_id, product.* FROM inventory_listing listing"
        " JOIN inventory_product product ON product.id = listing.product_id WHERE listing.external_id = ANY(%s)",
        [list(numbers)],
    )
    products = [row[1] for row in cursor.fetchall()]
    cursor.execute(
        "SELECT id, on_hand - reserved FROM inventory_stocklevel WHERE product_id = ANY(%s) ORDER BY id FOR UPDATE",
        [products],
    )
    cursor.execute(
        "UPDATE accounting_series SET next_number = next_number WHERE code = 'invoice' RETURNING next_number"
    )


def by_insert(cursor: Any, tables: Sequence[Table]) -> None:
    for table in tables:
        if table.rows:
            names = ", ".join(f'"{column}"' for column in table.columns)
            marks = ", ".join("(" + ", ".join(["%s"] * len(table.columns)) + ")" for _ in table.rows)
            cursor.execute(
                f'INSERT INTO "{table.name}" ({names}) VALUES {marks}', [value for row in table.rows for value in row]
            )
