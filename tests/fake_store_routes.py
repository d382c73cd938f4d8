"""The routes of the fake store: each as the recorded WooCommerce 11.0 answered, errors by their recorded words."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.fake_store_data import recorded

if TYPE_CHECKING:
    from tests.fake_store import FakeStore

STATES = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
    "auto-draft",
)
LOCAL = ZoneInfo("America/Toronto")


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


def answer_for(store: "FakeStore", method: str, path: str, query: dict[str, str], body: Any) -> Answer:
    for pattern, verbs, handler in ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method in verbs:
            if isinstance(body, bytes):
                return _recorded(400, "bad_json")
            return handler(store, method, query, body, *(int(part) for part in match.groups()))
    return _recorded(404, "unknown_route")


def _recorded(status: int, name: str) -> Answer:
    return Answer(status, recorded(f"errors/{name}.body.json"))


# --- lists ------------------------------------------------------------------------------------------------------------
def _listed(rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
    per_page = int(query.get("per_page", 10))
    page = int(query.get("page", 1))
    if not 1 <= per_page <= 100:
        return _recorded(400, "per_page_101")
    if page < 1:
        return _recorded(400, "page_0")
    try:
        rows = [row for row in rows if _in_window(row, query)]
    except ValueError:
        return _recorded(400, "bad_date")
    if include := query.get("include"):
        rows = [row for row in rows if str(row["id"]) in include.split(",")]
    if status := query.get("status"):
        rows = [row for row in rows if status == "any" or row["status"] in status.split(",")]
    if kind := query.get("type"):
        if kind == "variation":
            return Answer(400, recorded("products/type_variation.body.json"))
        rows = [row for row in rows if row["type"] == kind]
    by = {"id": "id", "modified": "date_modified_gmt"}.get(query.get("orderby", ""), "date_created_gmt")
    # Within one second the real store's order is its own: here by number downwards, so that nobody relies on it.
    rows = sorted(rows, key=lambda row: -row["id"])
    rows.sort(key=lambda row: row.get(by) or "", reverse=query.get("order", "desc") == "desc")
    shown = rows[(page - 1) * per_page : page * per_page]
    pages = -(-len(rows) // per_page)
    total = len(rows) if page <= max(pages, 1) else 0
    if fields := query.get("_fields"):
        shown = [{name: row[name] for name in fields.split(",") if name in row} for row in shown]
    return Answer(200, shown, {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages if total else 0)})


def _in_window(row: dict[str, Any], query: dict[str, str]) -> bool:
    after, before = query.get("modified_after"), query.get("modified_before")
    modified = row["date_modified_gmt"]
    if query.get("dates_are_gmt") == "true":
        if (after and after.endswith("Z")) or (before and before.endswith("Z")):
            return True
    elif after or before:
        modified = datetime.fromisoformat(modified + "+00:00").astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M:%S")
    for stamp in filter(None, (after, before)):
        datetime.fromisoformat(stamp)
    return not (after and modified <= after) and not (before and modified >= before)


# --- orders -----------------------------------------------------------------------------------------------------------
def _orders(store: "FakeStore", _method: str, query: dict[str, str], _body: Any) -> Answer:
    if query.get("status") and not set(query["status"].split(",")) <= {"any", "trash", *STATES}:
        return _recorded(400, "bad_status_filter")
    hidden = {"trash", "checkout-draft", "auto-draft"} - set(query.get("status", "").split(","))
    return _listed([order for order in store.orders.values() if order["status"] not in hidden], query)


def _order(store: "FakeStore", method: str, _query: dict[str, str], body: Any, number: int) -> Answer:
    order = store.orders.get(number)
    if order is None:
        return _recorded(404, "bad_order_id")
    if method == "GET":
        return Answer(200, order)
    if method == "DELETE":
        order["status"] = "trash"
        return Answer(200, order)
    if "status" in body and body["status"] not in STATES:
        return _recorded(400, "bad_status_put")
    fields = {name: value for name, value in body.items() if name != "meta_data"}
    for given in body.get("meta_data", []):
        known = next((row for row in order["meta_data"] if row["key"] == given["key"]), None)
        if known is None:
            order["meta_data"].append({"id": store.new_id(), **given})
        elif given["value"] is None:
            order["meta_data"].remove(known)
        else:
            known["value"] = given["value"]
    return Answer(200, store.change_order(number, **fields))


def _notes(store: "FakeStore", method: str, query: dict[str, str], body: Any, number: int) -> Answer:
    if number not in store.orders:
        return _recorded(404, "bad_order_id")
    notes = store.notes.setdefault(number, [])
    if method == "GET":
        wanted = {"customer": (True,), "internal": (False,)}.get(query.get("type", ""), (True, False))
        return Answer(200, [note for note in notes if note["customer_note"] in wanted])
    note = {
        "id": store.new_id(),
        "author": "WooCommerce",
        "date_created_gmt": store.now(),
        "note": body["note"],
        "customer_note": bool(body.get("customer_note")),
    }
    notes.insert(0, note)
    return Answer(201, note)


def _refunds(store: "FakeStore", _method: str, _query: dict[str, str], _body: Any, number: int) -> Answer:
    if number not in store.orders:
        return _recorded(404, "bad_order_id")
    return Answer(200, store.refunds.get(number, []))


# --- products ---------------------------------------------------------------------------------------------------------
def _products(store: "FakeStore", _method: str, query: dict[str, str], _body: Any) -> Answer:
    return _listed(list(store.products.values()), query)


def _product(store: "FakeStore", _method: str, _query: dict[str, str], _body: Any, number: int) -> Answer:
    found = store.products.get(number) or store.variations.get(number)
    return Answer(200, found) if found else _recorded(404, "bad_product_id")


def _variations(store: "FakeStore", _method: str, query: dict[str, str], _body: Any, *parent: int) -> Answer:
    if not parent and not store.has_variations_route:
        return _recorded(404, "unknown_route")
    if parent and parent[0] not in store.products:
        return _recorded(404, "bad_product_id")
    return _listed([row for row in store.variations.values() if not parent or row["parent_id"] == parent[0]], query)


def _products_batch(store: "FakeStore", _method: str, _query: dict[str, str], body: Any) -> Answer:
    entries = body.get("update", [])
    if len(entries) > 100:
        return _recorded(413, "batch_101")
    answers = recorded("products/batch_stock_push.json")["response"]["update"]
    refused = {"variation": answers[1]["error"], "unknown": answers[2]["error"]}
    told: list[dict[str, Any]] = []
    for entry in entries:
        number = entry.get("id", 0)
        if number in store.variations:
            told.append({"id": number, "error": refused["variation"]})
        elif number not in store.products:
            told.append({"id": number, "error": refused["unknown"]})
        else:
            told.append(_set_stock(store, store.products[number], entry))
    return Answer(200, {"update": told})


def _variations_batch(store: "FakeStore", _method: str, _query: dict[str, str], body: Any, parent: int) -> Answer:
    entries = body.get("update", [])
    if len(entries) > 100:
        return _recorded(413, "batch_101")
    refused = recorded("products/variations_batch_stock_push.json")["response"]["update"][2]["error"]
    told: list[dict[str, Any]] = []
    for entry in entries:
        row = store.variations.get(entry.get("id", 0))
        if row is None or row["parent_id"] != parent:
            told.append({"id": entry.get("id", 0), "error": refused})
        else:
            told.append(_set_stock(store, row, entry))
    return Answer(200, {"update": told})


def _set_stock(store: "FakeStore", item: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """As recorded in batch_stock_push: no figure is refused, a listing without stock keeping ignores it."""
    if entry.get("backorders") in ("no", "yes", "notify"):
        item["backorders"] = entry["backorders"]
    if "manage_stock" in entry:
        item["manage_stock"] = entry["manage_stock"]
    if "regular_price" in entry:
        item["regular_price"] = item["price"] = entry["regular_price"]
    if item["manage_stock"] is True and entry.get("stock_quantity") is not None:
        found = re.match(r"-?\d+", str(entry["stock_quantity"]))
        item["stock_quantity"] = int(found[0]) if found else 0
    if item["manage_stock"] is True:
        short = "outofstock" if item["backorders"] == "no" else "onbackorder"
        item["stock_status"] = "instock" if (item["stock_quantity"] or 0) > 0 else short
    item["date_modified_gmt"] = store.now()
    return item


def _weight_unit(_store: "FakeStore", _method: str, _query: dict[str, str], _body: Any) -> Answer:
    return Answer(200, {"id": "woocommerce_weight_unit", "type": "select", "default": "kg", "value": "kg"})


ROUTES: list[tuple[str, tuple[str, ...], Any]] = [
    (r"orders", ("GET",), _orders),
    (r"orders/(\d+)", ("GET", "PUT", "POST", "DELETE"), _order),
    (r"orders/(\d+)/notes", ("GET", "POST"), _notes),
    (r"orders/(\d+)/refunds", ("GET",), _refunds),
    (r"products", ("GET",), _products),
    (r"products/batch", ("POST",), _products_batch),
    (r"products/(\d+)", ("GET",), _product),
    (r"products/(\d+)/variations", ("GET",), _variations),
    (r"products/(\d+)/variations/batch", ("POST",), _variations_batch),
    (r"variations", ("GET",), _variations),
    (r"settings/products/woocommerce_weight_unit", ("GET",), _weight_unit),
]
