"""A WooCommerce store on loopback that answers as the recorded one did, for tests and for trying by hand.

    with FakeStore() as store:
        store.url, store.key, store.secret, store.webhook_secret
        store.orders, store.products, store.variations, store.notes, store.refunds   # its state, by number
        store.requests                                      # what it was asked, in order
        store.fail_next(2, status=503, path="orders")       # or body=, headers=, drop=True, delay=, after=True
        number = store.place_order([("SIR-250", 2)])        # takes its own stock, as the real one does
        store.change_order(number, status="cancelled")
        store.send_webhook(url, "order.created", store.orders[number])

By hand: python -m tests.fake_store --port 8085 [--webhooks-to URL]
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlsplit

from tests import fake_store_data
from tests.fake_store_routes import Answer, answer_for

API = "/wp-json/wc/v3/"


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str] = field(repr=False)
    status: int = 0


@dataclass
class Failure:
    times: int
    status: int
    body: bytes
    headers: dict[str, str]
    path: str
    method: str
    delay: float
    drop: bool
    after: bool


class FakeStore:
    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "ck_" + "1f" * 20,
        secret: str = "cs_" + "2e" * 20,
        webhook_secret: str = "hub-webhook-secret-2026",
        empty: bool = False,
        webhooks_to: str = "",
    ) -> None:
        self.key, self.secret, self.webhook_secret = key, secret, webhook_secret
        self.webhooks_to = webhooks_to
        """Where to send signed webhooks of every change of an order; empty: nowhere."""
        state = fake_store_data.start()
        self.orders: dict[int, dict[str, Any]] = {} if empty else state["orders"]
        self.refunds: dict[int, list[dict[str, Any]]] = {} if empty else state["refunds"]
        self.notes: dict[int, list[dict[str, Any]]] = {} if empty else state["notes"]
        self.products: dict[int, dict[str, Any]] = state["products"]
        self.variations: dict[int, dict[str, Any]] = state["variations"]
        self.requests: list[Asked] = []
        self.has_variations_route = True
        self.lock = threading.RLock()
        self._failures: list[Failure] = []
        self._nonces: set[str] = set()
        self._next_id = 5000
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    # --- running ------------------------------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        self._server.serve_forever()

    @property
    def credentials(self) -> dict[str, str]:
        return {"key": self.key, "secret": self.secret, "webhook_secret": self.webhook_secret}

    def new_id(self) -> int:
        with self.lock:
            self._next_id += 1
            return self._next_id

    def now(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    # --- trouble ------------------------------------------------------------------------------------------------------
    def fail_next(
        self,
        times: int = 1,
        *,
        status: int = 500,
        body: bytes | str | dict[str, Any] = b"",
        headers: dict[str, str] | None = None,
        path: str = "",
        method: str = "",
        delay: float = 0,
        drop: bool = False,
        after: bool = False,
    ) -> None:
        """Fail the next requests whose path holds `path`. `drop`: no answer at all. `after`: do the work first."""
        if isinstance(body, dict):
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        self._failures.append(Failure(times, status, raw, headers or {}, path, method, delay, drop, after))

    def take_failure(self, method: str, path: str) -> Failure | None:
        with self.lock:
            for failure in self._failures:
                if failure.times > 0 and failure.path in path and failure.method in ("", method):
                    failure.times -= 1
                    return failure
        return None

    # --- the shop's own life --------------------------------------------------------------------------------------------
    def place_order(
        self,
        items: list[tuple[str, int]],
        *,
        status: str = "processing",
        email: str = "client@example.test",
        **fields: Any,
    ) -> int:
        """An order of these SKUs with 13 % HST and 9.95 shipping; a paid one takes the shop's own stock."""
        with self.lock:
            number = self.new_id()
            order = fake_store_data.recorded("orders/one_88.body.json")
            now = self.now()
            lines, net = [], Decimal(0)
            for sku, quantity in items:
                product = self._by_sku(sku)
                variation = product.get("type") == "variation"
                amount = (Decimal(product["price"]) * quantity).quantize(Decimal("0.01"), ROUND_HALF_UP)
                net += amount
                lines.append(_line(self.new_id(), product, variation, quantity, amount))
            shipping = Decimal("9.95")
            shipping_tax = _tax(shipping)
            tax = sum((Decimal(line["total_tax"]) for line in lines), Decimal(0))
            order.update(
                id=number,
                number=str(number),
                status=status,
                currency="CAD",
                customer_id=0,
                line_items=lines,
                fee_lines=[],
                coupon_lines=[],
                refunds=[],
                meta_data=[],
                shipping_lines=[
                    {
                        "id": self.new_id(), "method_title": "Forfait / Flat rate", "method_id": "flat_rate",
                        "total": str(shipping), "total_tax": str(shipping_tax), "taxes": [], "meta_data": [],
                    }
                ],
                tax_lines=[
                    {
                        "id": self.new_id(), "rate_code": "CA-ON-HST-1", "rate_id": 1, "label": "HST", "compound": False,
                        "tax_total": str(tax), "shipping_tax_total": str(shipping_tax), "rate_percent": 13, "meta_data": [],
                    }
                ],
                total=str(net + shipping + tax + shipping_tax),
                total_tax=str(tax + shipping_tax),
                cart_tax=str(tax),
                shipping_total=str(shipping),
                shipping_tax=str(shipping_tax),
                discount_total="0.00",
                discount_tax="0.00",
                date_created_gmt=now,
                date_modified_gmt=now,
                date_paid_gmt=now if status in ("processing", "completed") else None,
                date_completed_gmt=None,
                needs_processing=True,
            )  # fmt: skip
            order["billing"] = {**order["billing"], "email": email}
            order.update(fields)
            self.orders[number] = order
            if status in ("processing", "completed", "on-hold"):
                self.move_stock(order, -1)
        self.tell("order.created", order)
        self.tell("order.updated", order)
        return number

    def change_order(self, number: int, **fields: Any) -> dict[str, Any]:
        """What a save does: the fields, the time of change, the stock that a cancelled order gives back."""
        with self.lock:
            order = self.orders[number]
            before = order["status"]
            order.update(fields)
            order["date_modified_gmt"] = self.now()
            if order["status"] == "cancelled" and before in ("processing", "completed", "on-hold"):
                self.move_stock(order, 1)
            if order["status"] == "completed" and not order.get("date_completed_gmt"):
                order["date_completed_gmt"] = self.now()
        self.tell("order.updated", order)
        return order

    def move_stock(self, order: dict[str, Any], direction: int) -> None:
        for line in order["line_items"]:
            item = self.variations.get(line["variation_id"]) or self.products.get(line["product_id"])
            if item and item["manage_stock"] == "parent":
                item = self.products[line["product_id"]]
            if item and item["manage_stock"] is True:
                item["stock_quantity"] += direction * line["quantity"]
                # As the store itself notes what it took from its figure for this line.
                line["meta_data"] = [field for field in line["meta_data"] if field.get("key") != "_reduced_stock"]
                if direction < 0:
                    line["meta_data"].append({"id": 1, "key": "_reduced_stock", "value": str(line["quantity"])})

    def _by_sku(self, sku: str) -> dict[str, Any]:
        sold = [p for p in self.products.values() if p["type"] == "simple"] + list(self.variations.values())
        return next(item for item in sold if item["sku"] == sku)

    # --- webhooks -----------------------------------------------------------------------------------------------------
    def tell(self, topic: str, order: dict[str, Any]) -> None:
        if self.webhooks_to:
            threading.Thread(target=self.send_webhook, args=(self.webhooks_to, topic, dict(order)), daemon=True).start()

    def send_webhook(self, url: str, topic: str, body: Any, *, secret: str | None = None, timeout: float = 5.0) -> int:
        """Deliver as WooCommerce does: raw bytes signed, `/` and non-ASCII escaped, never tried again. The status."""
        raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()
        headers = self.webhook_headers(topic, raw, secret=secret)
        request = urllib.request.Request(url, data=raw, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def webhook_headers(self, topic: str, raw: bytes, *, secret: str | None = None) -> dict[str, str]:
        key = (self.webhook_secret if secret is None else secret).encode()
        resource, _, event = topic.partition(".")
        return {
            "User-Agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)",
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": self.url + "/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": base64.b64encode(hmac.new(key, raw, hashlib.sha256).digest()).decode(),
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": hashlib.md5(f"1{int(time.time())}".encode()).hexdigest(),
        }

    # --- sign-in ------------------------------------------------------------------------------------------------------
    def sign_in_error(self, method: str, path: str, fields: list[tuple[str, str]]) -> Answer | None:
        """OAuth 1.0a as WC_REST_Authentication checks it; plain http takes nothing else."""
        given = dict(fields)
        if "oauth_signature" not in given or given.get("oauth_consumer_key") != self.key:
            return Answer(401, fake_store_data.recorded("errors/no_auth.body.json"))
        if given.get("oauth_signature_method") not in ("HMAC-SHA1", "HMAC-SHA256"):
            return _sign_in("Invalid signature - signature method is invalid.")
        signed = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in fields if k != "oauth_signature")
        joined = "%26".join(f"{quote(k, safe='~')}%3D{quote(v, safe='~')}" for k, v in signed)
        base = f"{method}&{quote(self.url + path, safe='~')}&{joined}"
        algorithm = hashlib.sha256 if given["oauth_signature_method"] == "HMAC-SHA256" else hashlib.sha1
        wanted = base64.b64encode(hmac.new(f"{self.secret}&".encode(), base.encode(), algorithm).digest()).decode()
        if not hmac.compare_digest(wanted, given["oauth_signature"]):
            return _sign_in("Invalid signature - provided signature does not match.")
        if abs(int(given["oauth_timestamp"]) - time.time()) > 15 * 60:
            return _sign_in("Invalid timestamp.")
        with self.lock:
            if given["oauth_nonce"] in self._nonces:
                return _sign_in("Invalid nonce - nonce has already been used.")
            self._nonces.add(given["oauth_nonce"])
        return None


def _sign_in(message: str) -> Answer:
    return Answer(401, {"code": "woocommerce_rest_authentication_error", "message": message, "data": {"status": 401}})


def _tax(amount: Decimal) -> Decimal:
    return (amount * Decimal("0.13")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _line(number: int, product: dict[str, Any], variation: bool, quantity: int, amount: Decimal) -> dict[str, Any]:
    return {
        "id": number,
        "name": product["name"],
        "product_id": product["parent_id"] if variation else product["id"],
        "variation_id": product["id"] if variation else 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": str(amount),
        "subtotal_tax": str(_tax(amount)),
        "total": str(amount),
        "total_tax": str(_tax(amount)),
        "taxes": [],
        "meta_data": [],
        "sku": product["sku"],
        "price": float(product["price"]),
        "parent_name": None,
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is what some tests are about; anything else is a fault of this store.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler(store: FakeStore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body go out as two packets: without this each answer waits 40 ms for an acknowledgement.
        disable_nagle_algorithm = True

        def log_message(self, *_args: Any) -> None:
            pass

        def _serve(self) -> None:
            split = urlsplit(self.path)
            fields = parse_qsl(split.query, keep_blank_values=True)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                body = json.loads(raw) if raw else None
            except ValueError:
                body = raw
            plain = {name: value for name, value in fields if not name.startswith("oauth_")}
            asked = Asked(self.command, split.path.removeprefix(API), plain, body, dict(self.headers.items()))
            with store.lock:
                store.requests.append(asked)
            failure = store.take_failure(self.command, asked.path)
            if failure and failure.delay:
                time.sleep(failure.delay)
            answer = None
            if not failure or failure.after:
                answer = store.sign_in_error(self.command, split.path, fields)
                if answer is None:
                    with store.lock:
                        answer = answer_for(store, asked.method, asked.path, plain, body)
            if failure and failure.drop:
                self.close_connection = True
                return
            if failure:
                answer = Answer(failure.status, failure.body, failure.headers)
            assert answer is not None
            asked.status = answer.status
            try:
                self._send(answer)
            except OSError:
                # Whoever asked did not wait for it.
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            kind = "text/html" if isinstance(answer.body, bytes) else "application/json"
            for name, value in {"Content-Type": f"{kind}; charset=UTF-8", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = _serve

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description="A WooCommerce store on loopback, made of recordings.")
    parser.add_argument("--port", type=int, default=8085)
    parser.add_argument("--webhooks-to", default="", help="Send signed webhooks of changed orders there.")
    parser.add_argument("--empty", action="store_true", help="Begin without orders.")
    given = parser.parse_args()
    store = FakeStore(port=given.port, webhooks_to=given.webhooks_to, empty=given.empty)
    print(f"{store.url}  key {store.key}  secret {store.secret}  webhook secret {store.webhook_secret}", flush=True)  # noqa: T201
    store.serve_forever()


if __name__ == "__main__":
    main()
