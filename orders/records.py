"""What connectors and apps say to each other: plain, frozen, typed. Amounts are Decimal, times are aware and in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from backoffice.sync.errors import SyncError


@dataclass(frozen=True, slots=True)
class AddressRecord:
    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """`external_id` is empty for a guest; `language` is empty where the store does not say."""

    external_id: str = ""
    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class LineRecord:
    """`item_id` is the store's number of what was bought (variation before product), empty when it was deleted.

    `gross` is the line before discount and tax; `discount` is not negative; `tax` belongs to the line after discount.
    """

    external_id: str
    name: str
    quantity: int
    gross: Decimal
    sku: str = ""
    item_id: str = ""
    variation: str = ""
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    needs_shipping: bool = True
    set_aside: int = 0
    """Units that the store has already taken from its own stock figure for this line."""


@dataclass(frozen=True, slots=True)
class ChargeRecord:
    """`kind` is `shipping` or `fee`; a fee may be negative."""

    kind: str
    name: str
    amount: Decimal
    external_id: str = ""
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxRecord:
    """One tax of the order: the store's number of the rate, its name, its rate in per cent, its amount."""

    name: str
    amount: Decimal
    external_id: str = ""
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """Money that came (positive) or went back (negative), once by `external_id` within the order."""

    external_id: str
    amount: Decimal
    at: datetime | None = None
    method: str = ""
    reference: str = ""
    reason: str = ""
    tax: Decimal = Decimal(0)
    """Of a refund (negative, as its amount): the part of it that is tax."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as a store knows it at `version`, the store's own modification time."""

    external_id: str
    external_number: str
    external_state: str
    version: datetime
    placed_at: datetime
    currency: str
    total: Decimal
    customer: CustomerRecord
    billing: AddressRecord
    shipping: AddressRecord
    lines: tuple[LineRecord, ...]
    charges: tuple[ChargeRecord, ...] = ()
    taxes: tuple[TaxRecord, ...] = ()
    payments: tuple[PaymentRecord, ...] = ()
    paid_at: datetime | None = None
    may_ship: bool = False
    cancelled: bool = False
    fulfilled_elsewhere: bool = False
    shipping_method: str = ""
    payment_method: str = ""
    payment_reference: str = ""
    coupons: tuple[str, ...] = ()
    customer_note: str = ""
    gift_note: str = ""
    priority: int | None = None
    """Where the sender says in which turn it is served, the lowest first: of a new order only, for later a person decides."""
    doubts: tuple[str, ...] = ()
    """Whole sentences on what the connector could not read for sure; each becomes a hold for a person."""
    store_total: Decimal | None = None
    """What the store itself calls its total, where `total` is not that (gift cards); for reports only."""


@dataclass(frozen=True, slots=True)
class RefundLineRecord:
    line_external_id: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RefundRecord:
    """A refund with its breakdown. `external_id` is that of the order's PaymentRecord of the same money.

    All amounts are positive. `amount` is the whole sum given back; lines, `shipping` and `fees` are before tax. A refund
    "by amount only" has none of these.
    """

    external_id: str
    order_external_id: str
    amount: Decimal
    at: datetime
    reason: str = ""
    lines: tuple[RefundLineRecord, ...] = ()
    taxes: tuple[TaxRecord, ...] = ()
    shipping: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """A product or variation as a store lists it. `quantity` is None where the store keeps no figure of its own for it.

    A variation with `stock_shared_with_parent` has no figure: its parent's listing has it, and is told of it. `heading`
    is a product under which variations are sold and that is never sold itself. `backorders` is `refuse`, `allow`,
    `allow_tell` (inventory's own words) or empty.
    """

    external_id: str
    sku: str
    name: str
    parent_id: str = ""
    variation: str = ""
    price: Decimal | None = None
    quantity: int | None = None
    manages_stock: bool = False
    stock_shared_with_parent: bool = False
    stocked: bool = True
    sellable: bool = True
    backorders: str = ""
    barcode: str = ""
    weight_grams: int | None = None
    heading: bool = False
    version: datetime | None = None
    """The store's own modification time; an older one never overwrites a newer one."""


@dataclass(frozen=True, slots=True)
class StockRecord:
    """What a store is to be told of one listing (rule: S7).

    `status` is `in_stock`, `backorder` or `out`; `backorders` is `refuse`, `allow`, `allow_tell`, or empty: not told.
    `price` is of what the listing sells, a box of a thousand perhaps, in the merchant's currency; None: not told.
    """

    external_id: str
    parent_id: str
    quantity: int
    status: str
    backorders: str
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ParcelRecord:
    carrier: str
    tracking_number: str
    tracking_url: str
    shipped_at: datetime
    items: tuple[tuple[str, int], ...] = field(default=())
    """(line's external id, quantity)"""


@dataclass(frozen=True, slots=True)
class FulfilmentRecord:
    """What a store is to be told of one order: all parcels so far and whether nothing remains."""

    order_external_id: str
    parcels: tuple[ParcelRecord, ...]
    complete: bool
    cancelled: bool
    told_parcels: int
    """How many of `parcels`, from the first, the store was told already."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Told:
    """The answer for one object of a batch: `known` is what the store now knows, `error` why it does not."""

    object_key: str
    known: dict[str, object] | None = None
    external_id: str = ""
    error: SyncError | None = None
