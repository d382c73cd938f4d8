"""The contract of a store: records in, records out. A new store is one file beside this one (docs/connectors.md).

A capability is a method that the connector overrides; what it leaves alone it cannot do, and nobody asks it to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from backoffice.sync.connectors import Connector
from orders.records import FulfilmentRecord, ListingRecord, OrderRecord, RefundRecord, StockRecord, Told


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something a store sent, as it came, with what is needed to know it again.

    `topic` is `order`, `refund`, `product` or `gone`; two with the same (topic, key) are the same thing.
    """

    topic: str
    external_id: str
    key: str
    body: bytes
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a poll, and the cursor from which to go on once it is kept."""

    items: tuple[Incoming, ...]
    cursor: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gone:
    """The store has deleted or trashed the object with this topic and number."""

    topic: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """A body that was read well and asks for nothing; the sentence says why."""

    sentence: str


Record = OrderRecord | RefundRecord | ListingRecord | Gone | Nothing


class Unreadable(ValueError):
    """A body that this store's mapping cannot read; the message says what and where, in one sentence."""


class Store(Connector):
    """A store system. Every method that talks to it raises only the errors of `sync.errors`."""

    stock_batch: ClassVar[int] = 0
    """How many listings `push_stock` takes at once; 0: this store is not told of stock."""
    tells_fulfilment: ClassVar[bool] = False
    fetches: ClassVar[bool] = False
    """`fetch` is there: one order can be asked for again."""
    polls: ClassVar[tuple[str, ...]] = ()
    """Topics that `pull` knows, in the order in which they are pulled: products before orders."""

    # --- mapping: pure, no network -----------------------------------------------------------------------------------
    def read(self, incoming: Incoming) -> Record:
        """The record in a body; Unreadable where it cannot be read."""
        raise NotImplementedError

    def unpack(self, body: bytes, *, name: str = "") -> Iterator[Incoming]:
        """The orders in a file of the store's own format: one, a list, a recorded webhook body. Unreadable."""
        raise NotImplementedError

    # --- webhooks -----------------------------------------------------------------------------------------------------
    def webhook(self, headers: Mapping[str, str], body: bytes) -> Incoming | None:
        """What a webhook brings; None for a greeting. PermissionError where the signature is not the store's."""
        raise NotImplementedError

    # --- calls --------------------------------------------------------------------------------------------------------
    def check(self) -> str:
        """Ask the store for something small; one sentence on who answered."""
        raise NotImplementedError

    def pull(self, topic: str, cursor: dict[str, Any]) -> Iterator[Page]:
        """All that changed since `cursor` ({} at first), in pages; may give again what was given before."""
        raise NotImplementedError

    def fetch(self, order_external_id: str) -> Incoming:
        """One order as it is now: a webhook is a hint and may carry an old state. Topic `gone` where it is deleted."""
        raise NotImplementedError

    def refunds(self, order_external_id: str) -> tuple[Incoming, ...]:
        """The refunds of one order with their breakdown, where the order itself shows only their amounts."""
        return ()

    def push_stock(self, levels: Sequence[StockRecord]) -> list[Told]:
        """Tell stock of at most `stock_batch` listings: one Told each, keyed by `external_id`."""
        raise NotImplementedError

    def push_fulfilment(self, fulfilment: FulfilmentRecord) -> Told:
        """Tell the state and the parcels of one order; told twice it must do no harm (look before you create)."""
        raise NotImplementedError
