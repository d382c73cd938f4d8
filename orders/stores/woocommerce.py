"""WooCommerce, both ways, after its REST API v3 (docs/stores/woocommerce.md)."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from backoffice.sync.connectors import Credential
from backoffice.sync.errors import NotConnected
from backoffice.sync.http import RefusedAnswer
from orders.figures import in_range
from orders.records import FulfilmentRecord, OrderRecord, StockRecord, Told
from orders.stores import woocommerce_mapping as mapping
from orders.stores import woocommerce_pushes as pushes
from orders.stores.base import Gone, Incoming, Page, Record, Store, Unreadable
from orders.stores.woocommerce_calls import PER_PAGE, Api


class WooCommerce(Store):
    name = "woocommerce"
    title = "WooCommerce"
    credentials: ClassVar = (
        Credential("key", "Consumer key", help="Begins with ck_; with read/write permission."),
        Credential("secret", "Consumer secret", help="Begins with cs_; WooCommerce shows it once."),
        Credential(
            "webhook_secret",
            "Webhook secret",
            required=False,
            help="The secret of the store's webhooks; without it webhooks are refused and only polling works.",
        ),
    )
    stock_batch = 100
    fetches = True
    tells_fulfilment = True
    polls = ("product", "order")

    @cached_property
    def api(self) -> Api:
        return Api(self.account, self.http)

    # --- mapping ------------------------------------------------------------------------------------------------------
    def read(self, incoming: Incoming) -> Record:
        context = incoming.context
        if incoming.topic == "gone":
            return Gone(str(context.get("topic") or "order"), incoming.external_id)
        if context.get("problem"):
            raise Unreadable(str(context["problem"]))
        data = _object(_parsed(incoming.body))
        if incoming.topic == "product":
            known = {"weight_unit": self.account.options.get("weight_unit", "")}
            return mapping.listing_record(data, {**known, **context})
        if incoming.topic == "refund":
            return mapping.refund_record(data, str(context.get("order", "")), str(context.get("currency", "")))
        try:
            record = mapping.order_record(_order(data), self.account.options.get("states"))
            return in_range(record) if isinstance(record, OrderRecord) else record
        except ArithmeticError:
            raise Unreadable(f"The figures of order {mapping.text(data.get('id'))} are beyond all reckoning.") from None

    def unpack(self, body: bytes, *, name: str = "") -> Iterator[Incoming]:
        data = _parsed(body)
        if isinstance(data, list):
            for position, row in enumerate(data, start=1):
                yield self._listed_order(row, position, name)
        elif set(_object(data)) == {"id"}:
            # All that the webhooks order.deleted and product.deleted say.
            topic = "product" if "product" in name else "order"
            yield _gone(topic, _id(data), hashlib.sha256(body).hexdigest()[:16])
        else:
            yield _incoming("order", _order(data), {"file": name} if name else {}, raw=body)

    def _listed_order(self, row: Any, position: int, name: str) -> Incoming:
        where = {"file": name} if name else {}
        try:
            return _incoming("order", _order(_object(row)), where)
        except Unreadable as problem:
            raw = _bytes(row)
            key = f"unreadable:{hashlib.sha256(raw).hexdigest()[:32]}"
            return Incoming("order", "", key, raw, {**where, "problem": f"Entry {position} of the list: {problem}"})

    # --- webhooks -----------------------------------------------------------------------------------------------------
    def webhook(self, headers: Mapping[str, str], body: bytes) -> Incoming | None:
        given = {name.lower().replace("_", "-").removeprefix("http-"): value for name, value in headers.items()}
        if re.fullmatch(rb"webhook_id=\d+", body.strip()):
            return None
        self._must_be_signed(body, given.get("x-wc-webhook-signature", ""))
        kind, _, event = given.get("x-wc-webhook-topic", "").partition(".")
        try:
            data = _object(_parsed(body))
            kind = kind or ("product" if "stock_status" in data else "order")
            if kind not in ("order", "product") or ("id" not in data and "code" in data):
                # Customers come with their orders; of an object deleted before the store sent this, it sends an error.
                return None
            if event == "deleted" or set(data) == {"id"}:
                return _gone(kind, _id(data), given.get("x-wc-webhook-delivery-id", ""))
            return _incoming(kind, _order(data) if kind == "order" else data, raw=body)
        except Unreadable as problem:
            # It is the store's own word: kept for a person, for the store sends nothing twice.
            key = f"unreadable:{hashlib.sha256(body).hexdigest()[:32]}"
            return Incoming(kind or "order", "", key, body, {"problem": str(problem)})

    def _must_be_signed(self, body: bytes, signature: str) -> None:
        secret = str(self.account.credentials.get("webhook_secret") or "")
        if not secret:
            raise PermissionError("This connection has no webhook secret: set the one that the store's webhooks use.")
        # Over the raw bytes: the store escapes its JSON in a way that nobody writes again.
        wanted = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        if not hmac.compare_digest(wanted, signature.strip().encode("utf-8", "replace")):
            raise PermissionError("The signature is not the store's: compare the webhook secret on both sides.")

    # --- reading ------------------------------------------------------------------------------------------------------
    def check(self) -> str:
        try:
            answer = self.api.call("GET", "orders", per_page=1, _fields="id")
        except RefusedAnswer:
            raise NotConnected(
                f"There is no WooCommerce at the address {self.account.url}.",
                advice="Check the address, that WooCommerce is active, and that permalinks are not “plain”.",
            ) from None
        answer.data  # noqa: B018  a web page in its place is said here, not at the first poll
        return f"{self.api.who} answers; it has {answer.headers.get('x-wp-total', 'some')} orders."

    def fetch(self, order_external_id: str) -> Incoming:
        try:
            return _incoming("order", _order(_object(self.api.get(f"orders/{order_external_id}"))))
        except RefusedAnswer as error:
            if error.status == 404:
                return _gone("order", order_external_id, "not found")
            raise

    def refunds(self, order_external_id: str) -> tuple[Incoming, ...]:
        context = {"order": order_external_id}
        rows = self.api.listed(f"orders/{order_external_id}/refunds", per_page=PER_PAGE)
        return tuple(_incoming("refund", row, context) for row in rows)

    def pull(self, topic: str, cursor: dict[str, Any]) -> Iterator[Page]:
        if topic == "order":
            yield from self._pull_orders(dict(cursor))
        elif topic == "product":
            yield from self._pull_products(dict(cursor))
        else:
            raise ValueError(f"{self.title} has no topic {topic!r} to poll.")

    def _pull_orders(self, cursor: dict[str, Any]) -> Iterator[Page]:
        for rows, since in self.api.changed("orders", str(cursor.get("since", ""))):
            items: list[Incoming] = []
            for row in rows:
                items.append(_incoming("order", row))
                if row.get("refunds"):
                    items += self._refunds_if_there(row)
            cursor["since"] = since
            yield Page(tuple(items), dict(cursor))

    def _refunds_if_there(self, order: Mapping[str, Any]) -> tuple[Incoming, ...]:
        try:
            found = self.refunds(str(order["id"]))
        except RefusedAnswer:
            # Deleted since the page was made; what became of it comes with the order itself.
            return ()
        return tuple(
            Incoming(
                i.topic, i.external_id, i.key, i.body, {**i.context, "currency": mapping.text(order.get("currency"))}
            )
            for i in found
        )

    def _pull_products(self, cursor: dict[str, Any]) -> Iterator[Page]:
        shop: dict[str, Any] = {}
        parents: dict[str, dict[str, Any]] = {}
        for rows, since in self.api.changed("products", str(cursor.get("since", ""))):
            # After a first page, so that keys that fail altogether are told from keys that may not read settings.
            shop = shop or {"weight_unit": self._weight_unit()}
            parents.update({str(row.get("id")): row for row in rows if row.get("type") == "variable"})
            cursor["since"] = since
            yield Page(tuple(_incoming("product", row, shop) for row in rows), dict(cursor))
        for rows, since in self._changed_variations(str(cursor.get("variations_since", ""))):
            shop = shop or {"weight_unit": self._weight_unit()}
            self._learn_parents(rows, parents)
            cursor["variations_since"] = since
            yield Page(tuple(_variation(row, parents, shop) for row in rows), dict(cursor))

    def _changed_variations(self, since: str) -> Iterator[tuple[list[dict[str, Any]], str]]:
        # A variation's own change does not move its parent's date: variations are asked for by themselves.
        try:
            yield from self.api.changed("variations", since)
        except RefusedAnswer as error:
            if error.status != 404:
                raise
            # WooCommerce of some years ago lists variations only below each parent.
            for parents in self.api.everything("products", type="variable"):
                for parent in parents:
                    for rows in self.api.everything(f"products/{parent['id']}/variations"):
                        yield [{**row, "parent_id": parent["id"]} for row in rows], ""

    def _learn_parents(self, variations: Sequence[Mapping[str, Any]], parents: dict[str, dict[str, Any]]) -> None:
        missing = sorted({str(row.get("parent_id")) for row in variations} - set(parents) - {"None", "0"})
        if missing:
            rows = self.api.listed("products", include=",".join(missing), per_page=PER_PAGE)
            parents.update({str(row.get("id")): row for row in rows})

    def _weight_unit(self) -> str:
        """In the store's settings, which not every key may read."""
        if unit := self.account.options.get("weight_unit"):
            return str(unit)
        try:
            setting = self.api.get("settings/products/woocommerce_weight_unit")
        except (RefusedAnswer, NotConnected):
            return ""
        return str(setting.get("value") or "") if isinstance(setting, dict) else ""

    # --- writing ------------------------------------------------------------------------------------------------------
    def push_stock(self, levels: Sequence[StockRecord]) -> list[Told]:
        return pushes.push_stock(self.api, levels)

    def push_fulfilment(self, fulfilment: FulfilmentRecord) -> Told:
        return pushes.push_fulfilment(self.api, self.account, fulfilment)


def _incoming(
    topic: str, data: Mapping[str, Any], context: dict[str, Any] | None = None, *, raw: bytes = b""
) -> Incoming:
    """`raw` is the body as it came, where it holds this one object and nothing else."""
    return Incoming(topic, mapping.text(data.get("id")), mapping.state_key(data), raw or _bytes(data), context or {})


def _variation(row: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]], shop: dict[str, Any]) -> Incoming:
    parent = parents.get(str(row.get("parent_id")), {})
    family = {"parent_sku": mapping.text(parent.get("sku")), "parent_name": mapping.text(parent.get("name"))}
    return _incoming("product", row, {**shop, **family})


def _id(data: Mapping[str, Any]) -> str:
    return mapping.identity(data, "object")


def _gone(topic: str, external_id: str, delivery: str) -> Incoming:
    # An object can be deleted, restored and deleted again: each time is another key.
    return Incoming("gone", external_id, f"{topic}:{external_id}:{delivery}", b"{}", {"topic": topic})


def _bytes(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"This is not UTF-8 text (at byte {error.start}).") from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"This is not JSON as WooCommerce writes it: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise Unreadable("This JSON is nested too deeply to be an order.") from None


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Unreadable("This is not an object of the WooCommerce REST API.")
    return data


def _order(data: dict[str, Any]) -> dict[str, Any]:
    """`data` itself where it is an order; Unreadable with what it is instead."""
    if "code" in data and "message" in data:
        raise Unreadable(f"This is an error that the store answered, not an order: {mapping.plain(data['message'])}")
    if "stock_status" in data or "regular_price" in data:
        raise Unreadable("This is a product, not an order; products are pulled from the store itself.")
    if "amount" in data and "line_items" in data and "currency" not in data:
        raise Unreadable("This is a refund; it comes in with its order.")
    if "line_items" not in data or "id" not in data:
        raise Unreadable("This is not an order of WooCommerce: it has no id or no line_items.")
    return data
