"""What the fake store starts with: the newest recorded state of every order, product, refund and note."""

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent / "recordings" / "woocommerce"


def recorded(path: str) -> Any:
    """A recorded JSON body, fresh each time."""
    return json.loads((RECORDINGS / path).read_text(encoding="utf-8"))


def raw(path: str) -> bytes:
    return (RECORDINGS / path).read_bytes()


def webhook(path: str) -> tuple[dict[str, str], bytes]:
    """Headers and raw body of a recorded delivery, by the beginning of its file name."""
    found = next((RECORDINGS / "webhooks").glob(f"{path}*.body"))
    headers = json.loads(found.with_suffix(".headers.json").read_text(encoding="utf-8"))["headers"]
    return dict(headers), found.read_bytes()


def all_orders() -> list[tuple[str, dict[str, Any]]]:
    """Every recorded state of every order, with the file it stands in; the list in four decimals left out."""
    found = []
    for path in [
        *sorted((RECORDINGS / "orders").glob("*.body.json")),
        *sorted((RECORDINGS / "webhooks").glob("*.body")),
    ]:
        if path.name.startswith("list_dp4"):
            continue
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        for row in data if isinstance(data, list) else [data]:
            if isinstance(row, dict) and "order_key" in row:
                found.append((path.name, row))
    return found


@lru_cache
def _start() -> dict[str, Any]:
    orders: dict[int, dict[str, Any]] = {}
    for _, order in all_orders():
        known = orders.get(order["id"])
        if known is None or known["date_modified_gmt"] <= order["date_modified_gmt"]:
            orders[order["id"]] = order
    refunds = {
        96: recorded("orders/refunds_96.body.json"),
        102: recorded("orders/refunds_102.body.json"),
        98: [recorded("orders/refund_98_99.json")["response"]],
    }
    return {
        "orders": {number: order for number, order in orders.items() if order["status"] != "trash"},
        "refunds": refunds,
        "notes": {52: recorded("orders/notes_first.body.json")},
        "products": {row["id"]: row for row in recorded("products/list.body.json")},
        "variations": {row["id"]: row for row in recorded("products/all_variations_endpoint.body.json")},
    }


def start() -> dict[str, Any]:
    return copy.deepcopy(_start())
