"""What WooCommerce is told: stock in batches, parcels and states of orders. Told twice, it does no harm."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from backoffice.lib.text import plain
from backoffice.sync.connectors import Account
from backoffice.sync.errors import NotConnected, Refused, SyncError, Unavailable
from backoffice.sync.http import RefusedAnswer
from orders.records import FulfilmentRecord, ParcelRecord, StockRecord, Told
from orders.stores.woocommerce_calls import PER_PAGE, Api, entry_error
from orders.stores.woocommerce_mapping import BACKORDERS, STOCK_STATES

OWN_BACKORDERS = {ours: theirs for theirs, ours in BACKORDERS.items()}
OWN_STOCK_STATES = {ours: theirs for theirs, ours in STOCK_STATES.items()}
TRACKING_KEY = "_wc_shipment_tracking_items"
CLOSED = {"cancelled", "refunded", "trash"}


# --- stock ------------------------------------------------------------------------------------------------------------
def push_stock(api: Api, levels: Sequence[StockRecord]) -> list[Told]:
    """Products in one batch, variations in one for each parent, for `products/batch` refuses variations."""
    families: dict[str, list[StockRecord]] = {}
    for level in levels:
        families.setdefault(level.parent_id, []).append(level)
    told: list[Told] = []
    trouble: SyncError | None = None
    for parent, family in families.items():
        for start in range(0, len(family), PER_PAGE):
            batch = family[start : start + PER_PAGE]
            if trouble is None:
                try:
                    told += _push_batch(api, parent, batch)
                    continue
                except RefusedAnswer as error:
                    told += [Told(level.external_id, error=error) for level in batch]
                    continue
                except NotConnected:
                    raise
                except SyncError as error:
                    if not told:
                        raise
                    # What came through before is known; only the rest is tried again.
                    trouble = error
            told += [Told(level.external_id, error=trouble) for level in batch]
    return told


def _push_batch(api: Api, parent: str, batch: Sequence[StockRecord]) -> list[Told]:
    path = f"products/{parent}/variations/batch" if parent else "products/batch"
    data = api.call("POST", path, payload={"update": [_stock_entry(level) for level in batch]}).data
    rows = data.get("update") if isinstance(data, dict) else None
    answers = {str(row.get("id")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    return [_stock_told(api, level, answers.get(level.external_id)) for level in batch]


def _stock_entry(level: StockRecord) -> dict[str, object]:
    # `manage_stock` is never sent: a listing whose stock the store does not keep stays so (C19).
    entry: dict[str, object] = {
        "id": int(level.external_id),
        "stock_quantity": int(level.quantity),
        "stock_status": OWN_STOCK_STATES[level.status],
    }
    if level.backorders:
        entry["backorders"] = OWN_BACKORDERS[level.backorders]
    if level.price is not None:
        entry["regular_price"] = f"{level.price:.2f}"
    return entry


def _stock_told(api: Api, level: StockRecord, answer: Mapping[str, Any] | None) -> Told:
    key = level.external_id
    if answer is None:
        return Told(key, error=Unavailable(f"{api.who} did not say what became of product {key}."))
    if words := entry_error(dict(answer)):
        return Told(
            key,
            error=Refused(
                f"{api.who} refused the stock of product {key}: {words}",
                advice="Look whether it still exists there; pull the products again.",
            ),
        )
    if answer.get("manage_stock") == "parent":
        return Told(
            key,
            error=Refused(
                f"{api.who} keeps the stock of variation {key} with its parent product.",
                advice="Pull the products again; the parent is then told in its place.",
            ),
        )
    if answer.get("stock_quantity") is None:
        return Told(
            key,
            error=Refused(
                f"{api.who} keeps no stock figure for product {key}, so it took none.",
                advice="Tick “Manage stock” of that product there if it is to be told, and pull the products again.",
            ),
        )
    status = STOCK_STATES.get(str(answer.get("stock_status")), str(answer.get("stock_status")))
    return Told(key, known={"quantity": int(answer["stock_quantity"]), "status": status}, external_id=key)


# --- parcels and states -----------------------------------------------------------------------------------------------
def push_fulfilment(api: Api, account: Account, fulfilment: FulfilmentRecord) -> Told:
    """A note for each new parcel, the tracking plugin's meta, and the state, each only where the store lacks it."""
    number = fulfilment.order_external_id
    order = api.get(f"orders/{number}")
    state = str(order.get("status", ""))
    if state == "trash":
        raise Refused(
            f"Order {number} lies in the trash of {api.who}, so nothing was told.",
            advice="Restore it there, or skip this with a reason.",
        )
    change: dict[str, Any] = {}
    if fulfilment.parcels:
        _tell_parcels(api, account, fulfilment)
        tracking, missing = _tracking(order, fulfilment.parcels)
        if missing:
            change["meta_data"] = [{"key": TRACKING_KEY, "value": tracking}]
    if wanted := _wanted_state(api, fulfilment, state):
        change["status"] = wanted
    if change:
        order = api.call("PUT", f"orders/{number}", payload=change).data
        state = str(order.get("status", ""))
    known: dict[str, object] = {
        "parcels": len(fulfilment.parcels),
        "state": state,
        "version": order.get("date_modified_gmt"),
    }
    return Told(number, known=known, external_id=number)


def _wanted_state(api: Api, fulfilment: FulfilmentRecord, state: str) -> str:
    """The state to set; empty where the store's own stands. A cancelled or refunded order is never opened again."""
    if state in CLOSED:
        return ""
    if fulfilment.cancelled and not fulfilment.parcels:
        if state == "completed":
            raise Refused(
                f"Order {fulfilment.order_external_id} was cancelled here, but {api.who} calls it completed.",
                advice="Find out whether it was sent; then cancel or refund it there by hand, or skip this.",
            )
        return "cancelled"
    return "completed" if fulfilment.complete and fulfilment.parcels and state != "completed" else ""


def _tell_parcels(api: Api, account: Account, fulfilment: FulfilmentRecord) -> None:
    new = list(enumerate(fulfilment.parcels, start=1))[fulfilment.told_parcels :]
    if not new:
        return
    path = f"orders/{fulfilment.order_external_id}/notes"
    # WooCommerce knows no idempotency key: a note that was written before the answer was lost is found by its text.
    there = [plain(note.get("note")) for note in api.listed(path)]
    for position, parcel in new:
        if not any(_speaks_of(text, parcel, position) for text in there):
            note = _note(parcel, position, fulfilment.language, account)
            api.call("POST", path, payload={"note": note, "customer_note": True})


def _speaks_of(text: str, parcel: ParcelRecord, position: int) -> bool:
    """Whether a note is about this parcel: ours by its opening words and number, a person's by its tracking number.

    Several parcels may travel under one number: a note of ours on another parcel says nothing of this one.
    """
    ours = any(text.startswith(opening.format(position)) for opening in OPENINGS.values())
    if not parcel.tracking_number:
        return ours
    named = bool(re.search(rf"(?<!\w){re.escape(parcel.tracking_number)}(?!\w)", text))
    return named and (ours or not OUR_OPENING.match(text))


OPENINGS = {"en": "Parcel {} was shipped", "fr": "Le colis {} a été expédié"}
OUR_OPENING = re.compile("|".join(opening.format(r"\d+") for opening in OPENINGS.values()))


def _note(parcel: ParcelRecord, position: int, language: str, account: Account) -> str:
    """One sentence for the customer; each tracking number a word by itself, so that it is found again."""
    french = language.startswith("fr")
    day = parcel.shipped_at.astimezone(ZoneInfo(account.time_zone)).date().isoformat()
    opening = OPENINGS["fr" if french else "en"].format(position)
    text = f"{opening} le {day}" if french else f"{opening} on {day}"
    if parcel.carrier:
        text += f" par {parcel.carrier}" if french else f" by {parcel.carrier}"
    text += "."
    if parcel.tracking_number:
        text += f" Suivi : {parcel.tracking_number}" if french else f" Tracking: {parcel.tracking_number}"
        if parcel.tracking_url:
            text += f" {parcel.tracking_url}"
    return text


def _tracking(order: Mapping[str, Any], parcels: Sequence[ParcelRecord]) -> tuple[list[Any], bool]:
    """The items of the Shipment Tracking plugin with ours among them, and whether any of ours was missing."""
    kept: Any = next((m.get("value") for m in order.get("meta_data") or [] if m.get("key") == TRACKING_KEY), None)
    items = list(kept.values()) if isinstance(kept, dict) else list(kept) if isinstance(kept, list) else []
    known = {str(item.get("tracking_number")) for item in items if isinstance(item, dict)}
    # By number: parcels that travel under one number are one entry there.
    missing = {p.tracking_number: p for p in parcels if p.tracking_number and p.tracking_number not in known}
    return items + [_tracking_item(parcel) for parcel in missing.values()], bool(missing)


def _tracking_item(parcel: ParcelRecord) -> dict[str, str]:
    own = bool(parcel.tracking_url)
    return {
        "tracking_provider": "" if own else parcel.carrier,
        "custom_tracking_provider": parcel.carrier if own else "",
        "custom_tracking_link": parcel.tracking_url,
        "tracking_number": parcel.tracking_number,
        "date_shipped": str(int(parcel.shipped_at.timestamp())),
        "tracking_id": hashlib.sha256(parcel.tracking_number.encode()).hexdigest()[:32],
    }
