"""Orders from files: CSV, XLSX or JSON, dropped in a folder or uploaded (docs/files.md)."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from orders.figures import in_range
from orders.stores import files_mapping as mapping
from orders.stores.base import Incoming, Record, Store, Unreadable
from orders.stores.files_tables import MAX_BYTES, table, text_of

NEEDED = ("order_number", "quantity", "unit_price")


class Files(Store):
    name = "files"
    title = "Files"
    credentials: ClassVar = ()

    def check(self) -> str:
        return "Files need no connection: upload them, or drop them in the folder."

    def read(self, incoming: Incoming) -> Record:
        if incoming.context.get("unreadable"):
            raise Unreadable(str(incoming.context["problem"]))
        data = json.loads(incoming.body)
        order = mapping.folded(data["rows"]) if "rows" in data else data["order"]
        read_at = datetime.fromisoformat(str(incoming.context["read_at"]))
        return in_range(mapping.order_record(order, self.account, read_at))

    def unpack(self, body: bytes, *, name: str = "") -> Iterator[Incoming]:
        """One Incoming for each order. What is wrong with one is in its context as `problem`; the others go on."""
        context = {"file": name, "read_at": datetime.now(UTC).isoformat()}
        if text_of(body[:64]).lstrip()[:1] in ("{", "["):
            yield from self._objects(body, context)
        else:
            yield from self._rows(body, context)

    # --- tables -------------------------------------------------------------------------------------------------------
    def _rows(self, body: bytes, context: dict[str, Any]) -> Iterator[Incoming]:
        rows = table(body)
        _, headings = next(rows, (0, []))
        fields = mapping.columns(headings)
        missing = [name for name in NEEDED if name not in fields]
        if not {"sku", "item"} & set(fields):
            missing.append("sku or item")
        if missing:
            raise Unreadable(
                f"The file has no column {', '.join(missing)}. Its first row names: {', '.join(headings[:30]) or 'nothing'}."
            )
        doubled = [name for name, count in Counter(field for field in fields if field).items() if count > 1]
        if doubled:
            raise Unreadable(f"The file has two columns for {', '.join(doubled)}: rename or remove one.")
        # Rows of one order need not stand together; counting them first means that only open orders are held in memory.
        number_at = fields.index("order_number")
        left = Counter(_cell(cells, number_at) for _, cells in rows)
        waiting: dict[str, list[dict[str, str]]] = {}
        again = table(body)
        next(again)
        for row_number, cells in again:
            row = {field: _cell(cells, at) for at, field in enumerate(fields) if field and _cell(cells, at)}
            number = _cell(cells, number_at)
            if not number:
                yield self._incoming({"rows": [row]}, "", {**context, "row": row_number})
                continue
            waiting.setdefault(number, []).append(row)
            left[number] -= 1
            if not left[number]:
                yield self._incoming({"rows": waiting.pop(number)}, number, {**context, "row": row_number})

    # --- JSON ---------------------------------------------------------------------------------------------------------
    def _objects(self, body: bytes, context: dict[str, Any]) -> Iterator[Incoming]:
        if len(body) > MAX_BYTES:
            raise Unreadable(f"The file is larger than {MAX_BYTES // (1024 * 1024)} MB: split it into several.")
        try:
            # Figures stay the text that was written: 90.750 is a SKU as well as a number.
            data = json.loads(text_of(body), parse_float=str, parse_int=str)
        except json.JSONDecodeError as error:
            raise Unreadable(f"The JSON breaks at line {error.lineno}, column {error.colno}: {error.msg}.") from None
        except RecursionError:
            raise Unreadable("This JSON is nested too deeply to be orders.") from None
        if isinstance(data, Mapping) and isinstance(data.get("orders"), list):
            data = data["orders"]
        for position, order in enumerate(data if isinstance(data, list) else [data], start=1):
            where = {**context, "entry": position}
            if isinstance(order, Mapping):
                known = mapping.renamed(order)
                yield self._incoming({"order": known}, str(known.get("order_number") or "").strip(), where)
            else:
                problem = f"Entry {position} of the file is no order: it must be an object."
                raw = json.dumps(order, ensure_ascii=False).encode("utf-8", "surrogatepass")
                key = f"unreadable:{hashlib.sha256(raw).hexdigest()[:32]}"
                yield Incoming("order", "", key, raw, {**where, "problem": problem, "unreadable": True})

    def _incoming(self, content: dict[str, Any], number: str, context: dict[str, Any]) -> Incoming:
        body = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        raw = body.encode("utf-8", "surrogatepass")
        key = f"{number[:120]}:{hashlib.sha256(raw).hexdigest()[:32]}"
        incoming = Incoming("order", number[:120], key, raw, context)
        try:
            self.read(incoming)
        except Unreadable as problem:
            return Incoming("order", number[:120], key, raw, {**context, "problem": str(problem)})
        return incoming


def _cell(cells: list[str], position: int) -> str:
    return cells[position] if position < len(cells) else ""
