"""The store connectors under test, each beside a server of its kind. A new connector adds one function here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backoffice.sync.connectors import Account
from backoffice.sync.http import Http
from orders.records import FulfilmentRecord, ParcelRecord, StockRecord
from orders.stores.base import Store
from orders.stores.woocommerce import WooCommerce
from tests import fake_store_data
from tests.fake_store import FakeStore

TIMEOUT = 0.4


@dataclass
class Subject:
    connector: Store
    server: Any
    calls: dict[str, Callable[[], object]]
    """Each thing that it asks of the other side, as one call."""
    known: StockRecord
    unknown: StockRecord
    fulfilment: FulfilmentRecord
    signed: tuple[Mapping[str, str], bytes]
    """A recorded webhook: headers and raw body."""
    root: str
    """The address under which every request must lie."""
    refusal: tuple[int, bytes, str]
    """A recorded refusal: status, body, words that a clerk must see."""
    no_entry: tuple[int, bytes]
    maintenance: bytes


PARCEL = ParcelRecord("Canada Post", "7023210039414604", "", datetime(2026, 11, 22, 20, 0, tzinfo=UTC), (("1", 2),))


@contextmanager
def woocommerce() -> Iterator[Subject]:
    with FakeStore() as server:
        account = Account(server.url, dict(server.credentials))
        connector = WooCommerce(account, Http(timeout=TIMEOUT))
        known = StockRecord("10", "", 7, "in_stock", "refuse")
        fulfilment = FulfilmentRecord("53", (PARCEL,), True, False, 0, "en")
        yield Subject(
            connector,
            server,
            {
                "check": connector.check,
                "fetch": lambda: connector.fetch("88"),
                "refunds": lambda: connector.refunds("102"),
                "pull products": lambda: list(connector.pull("product", {})),
                "pull orders": lambda: list(connector.pull("order", {})),
                "push stock": lambda: connector.push_stock([known]),
                "push fulfilment": lambda: connector.push_fulfilment(fulfilment),
            },
            known,
            StockRecord("999999", "", 1, "in_stock", "refuse"),
            fulfilment,
            fake_store_data.webhook("0006"),
            server.url + "/wp-json/wc/v3/",
            (400, fake_store_data.raw("errors/bad_status_put.body.json"), "status is not one of auto-draft, pending"),
            (401, fake_store_data.raw("errors/bad_secret.body.json")),
            fake_store_data.raw("errors/real_maintenance_mode.body.json"),
        )


SUBJECTS = {"woocommerce": woocommerce}
CALLS = {
    "woocommerce": ["check", "fetch", "refunds", "pull products", "pull orders", "push stock", "push fulfilment"],
}
