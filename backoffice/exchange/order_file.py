"""What a file of orders would bring, order by order, before anything is kept: new, changed, known, or wrong."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from import_export.results import InvalidRow, RowResult

from backoffice.lib import address, cards, cells, money
from backoffice.sync.models import Arrival, Connection
from inventory import meaning
from orders.models import Order
from orders.records import OrderRecord
from orders.stores.base import Incoming, Store


def plain_table(dataset: Any) -> bytes:
    """The table as the file store reads it, without the apostrophes that keep spreadsheets from running a cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(dataset.headings)
    writer.writerows(dataset)
    return text.getvalue().encode()


def judge(connection: Connection, store: Store, chunk: Sequence[Incoming], result: Any) -> list[Incoming]:
    """Note in `result` what each order would do; those that can be kept. A constant number of statements."""
    records: list[tuple[Incoming, OrderRecord]] = []
    for incoming in chunk:
        problem = incoming.context.get("problem") or _not_ours(incoming, connection)
        if problem:
            _wrong(result, incoming, str(problem))
            continue
        record = store.read(incoming)
        if isinstance(record, OrderRecord):
            records.append((incoming, record))
    known = {
        order.external_id: order
        for order in Order.objects.filter(connection=connection, external_id__in=[r.external_id for _, r in records])
    }
    came = set(
        Arrival.objects.filter(connection=connection, topic="order", key__in=[i.key for i, _ in records]).values_list(
            "key", flat=True
        )
    )
    items = {(line.item_id, line.sku) for _, record in records for line in record.lines}
    products = meaning.resolve(connection.pk, items)
    good = []
    for incoming, record in records:
        row = RowResult()
        if incoming.key in came:
            row.import_type = RowResult.IMPORT_TYPE_SKIP
        else:
            good.append(incoming)
            order = known.get(record.external_id)
            row.import_type = RowResult.IMPORT_TYPE_UPDATE if order else RowResult.IMPORT_TYPE_NEW
            row.diff = _shown(record, _happens(record, order, products))
            result.append_row_result(row)
        result.increment_row_result_total(row)
    return good


def _not_ours(incoming: Incoming, connection: Connection) -> str:
    """Why an order must not come in by file although it can be read."""
    if cards.find_card_number(bytes(incoming.body).decode(errors="replace")):
        return cards.REFUSAL
    rows = json.loads(incoming.body).get("rows") or [{}]
    store = rows[0].get("store", "")
    if store and store != connection.name:
        return (
            f"Order {incoming.external_id} is an order of {store}, exported from here. It is not taken in a second time; "
            "remove its rows, or the column store if it is meant as a new order."
        )
    return ""


def _happens(record: OrderRecord, order: Order | None, products: dict[meaning.Item, Any]) -> str:
    """What becomes of the order, and which holds it will have, in a sentence each."""
    words = [f"Changes order {order.number} as far as it can still be changed." if order else "A new order."]
    unknown = sorted(
        {
            line.sku or line.name
            for line in record.lines
            if line.needs_shipping and (line.item_id, line.sku) not in products
        }
    )
    if unknown:
        words.append(f"Held until {', '.join(unknown)} is a product here.")
    parts = [*(ln.gross - ln.discount for ln in record.lines), *(c.amount for c in record.charges)]
    ours = money.rounded(money.total([*parts, *(tax.amount for tax in record.taxes)]), record.currency)
    if ours != record.total:
        words.append(f"Held: its lines, charges and taxes make {ours}, its total says {record.total}.")
    words += [sentence for _, sentence in address.problems(record.shipping)]
    return " ".join(words)


def _shown(record: OrderRecord, happens: str) -> list[str]:
    return [
        record.external_number,
        record.placed_at.date().isoformat(),
        record.customer.name or record.customer.email,
        ", ".join(f"{line.quantity} × {line.sku or line.name}" for line in record.lines[:10]),
        f"{cells.figure(record.total)} {record.currency}",
        happens,
    ]


def _wrong(result: Any, incoming: Incoming, problem: str) -> None:
    row = RowResult()
    row.import_type = RowResult.IMPORT_TYPE_INVALID
    result.increment_row_result_total(row)
    if len(result.invalid_rows) < result.most:
        values = (incoming.external_id, "", "", "", "", "")
        at = int(incoming.context.get("row") or incoming.context.get("entry") or 0)
        result.invalid_rows.append(InvalidRow(at, ValidationError(problem), values))
