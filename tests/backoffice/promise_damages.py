"""Promises damaged on purpose, for the proof: (invariant, what is damaged, table that is unguarded first, words of the fault)."""

QUIET = "DELETE FROM sync_delivery WHERE topic LIKE 'promise%'; "
"""As if everything that was wished for were done."""
TOLD = "orders_linepromise"

DAMAGES: list[tuple[str, str, str, str]] = [
    ("promises",
     "DROP INDEX promise_one_stands; INSERT INTO orders_linepromise (line_id, made_at, kind, details)"
     " SELECT line_id, made_at, kind, details FROM orders_linepromise", TOLD, "line 1: 2 promises stand at once."),
    ("promises", "UPDATE orders_linepromise SET kind = 'lead_time', earliest = '2027-01-02', latest = '2027-01-01'", TOLD,
     "line 1: promised from 2027-01-02 to 2027-01-01."),
    ("promises", "UPDATE orders_linepromise SET kind = 'lead_time'", "", "line 1: promised from no day to no day."),
    ("promises", "UPDATE orders_linepromise SET replaced_at = made_at - interval '1 day'", "", "before it was made"),
    ("promises that stand",
     f"{QUIET}UPDATE orders_orderline SET ordered = allocated WHERE product_id = {{rope}}", "",
     "line 1 (ROPE): promised for no day, and nothing of it waits."),
    ("promises that stand",
     f"{QUIET}UPDATE orders_linepromise SET purchase_line_id = (SELECT min(id) FROM inventory_purchaseorderline)", "",
     "which brings none of it."),
    ("who waits is told", f"{QUIET}DELETE FROM orders_linepromise", "",
     "line 1 (ROPE) waits for 1, no promise stands, and nobody is about to look at it."),
    ("backorder list",
     "UPDATE orders_order SET state = 'shipped' WHERE id = (SELECT order_id FROM orders_orderline"
     " WHERE product_id = {rope} AND backordered > 0)", "",
     "line 1 (ROPE) waits for 1 and is not on the backorder list, for its state is shipped."),
]  # fmt: skip
