"""A small warehouse, made once, in which anything may happen; and the books that a child could keep of it.

The books (`Books`) know what came, went and was told; they are worked out from what each rule did, never from the hub's own
figures. What the hub decides itself is read and judged: who has which stock, and what lies in parcels.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum
from django.utils import timezone

from backoffice import kitting
from backoffice.sync.models import Connection
from inventory import ledger, places
from inventory.models import Location, Product, SellingUnit, ServedStore, Supplier
from orders import merchant
from orders.models import Allocation
from shipping.models import Shipment, ShipmentLine
from tests import making
from tests.buying import make_supplier
from tests.staff import make_person

STOCKED = ("A", "B", "MILK", "PHONE")
SOLD = (*STOCKED, "DOZEN", "KIT", "BIGKIT")
TRACKED = {"MILK": ("L1", "L2", "L3"), "PHONE": ("S1", "S2", "S3", "S4")}
AHEAD = {"L1": 5, "L2": 30, "L3": 60}
"""Days until lots of milk expire."""
KITS = {
    "KIT": ({"A": 2, "B": 1}, {"A": 1, "B": 1}, {"B": 2}),
    "BIGKIT": ({"KIT": 1, "MILK": 1}, {"KIT": 2}, {"A": 1, "PHONE": 1}),
}
"""What kits may hold, one after the other; the first is what they hold at the beginning."""
CENT, HUNDREDTH_OF_ONE = Decimal("0.01"), Decimal("0.0001")

Spot = tuple[str, str, str]
"""(SKU, lot or nothing, place)"""


@dataclass(frozen=True)
class World:
    products: dict[str, Product]
    stores: list[Connection]
    supplier: Supplier


def build() -> World:
    """Two warehouses, one with bins and quarantine; two stores, one of which the first warehouse alone serves."""
    making.make_merchant(count_approval_limit=Decimal(25))
    products = {sku: making.make_product(sku, cost="10.00", price=Decimal(20)) for sku in ("A", "B")}
    products["MILK"] = making.make_product("MILK", tracking="lot", expires=True)
    products["PHONE"] = making.make_product("PHONE", tracking="serial")
    SellingUnit.objects.create(product=products["A"], name="dozen", quantity=12, sku="DOZEN")
    for sku, choices in KITS.items():
        products[sku] = making.make_product(sku, stocked=False)
        kitting.set_components(products[sku], {products[part].pk: units for part, units in choices[0].items()})
    main = ledger.default_location()
    places.add_bins(main.pk, ["A1", "A2"], kind=Location.Kind.BIN, first_pick_order=10)
    places.add_bins(main.pk, ["Q"], kind=Location.Kind.QUARANTINE, first_pick_order=90)
    Location.objects.create(code="QC", name="Quebec", pick_order=200)
    places.in_transit()
    stores = [making.make_connection(name=name) for name in ("Boréal", "Austral")]
    ServedStore.objects.create(connection=stores[1], warehouse=main)
    for role in ("warehouse", "manager"):
        make_person(role)
    return World(products, stores, make_supplier(lead_time_days=5))


@dataclass
class Line:
    """`needs` is what one unit of it takes from stock, as it stood when the order came in."""

    sold: str
    ordered: int
    needs: dict[str, int]
    cancelled: int = 0
    shipped: int = 0
    back: Counter[str] = field(default_factory=Counter)
    """Stock units that came back, by SKU."""
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Units that are with the customer, by SKU and lot."""

    @property
    def left(self) -> int:
        return self.ordered - self.cancelled - self.shipped

    @property
    def returned(self) -> int:
        return min(self.back[sku] // units for sku, units in self.needs.items())


@dataclass
class Paper:
    """An order, as its store and the clerks told it. `turn` says when it is served."""

    store: int
    turn: tuple[int, int, int]
    lines: list[Line]
    paid: bool
    held: bool = False
    cancelled: bool = False
    elsewhere: bool = False
    """The store sent the rest itself."""

    @property
    def served(self) -> bool:
        return self.paid and not self.cancelled and not self.elsewhere


@dataclass
class Books:
    stock: Counter[Spot] = field(default_factory=Counter)
    cost: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(STOCKED, Decimal(0)))
    orders: dict[str, Paper] = field(default_factory=dict)
    serving: dict[int, list[str]] = field(default_factory=lambda: {1: ["MAIN"]})
    expires: dict[str, date] = field(default_factory=dict)
    recalled: set[str] = field(default_factory=set)

    def there(self, sku: str, place: str | None = None, lot: str | None = None) -> int:
        return sum(
            units
            for (of, its, where), units in self.stock.items()
            if of == sku and place in (None, where) and lot in (None, its)
        )

    def spots(self, *, but: Iterable[str] = ()) -> list[Spot]:
        """Where something lies, outside of some places."""
        hidden = set(but)
        return sorted(spot for spot, units in self.stock.items() if units > 0 and spot[2] not in hidden)

    def come(self, spot: Spot, units: int) -> None:
        self.stock[spot] += units

    def move(self, spot: Spot, onto: str, units: int) -> None:
        self.stock[spot] -= units
        self.stock[spot[0], spot[1], onto] += units

    def bought(self, sku: str, units: int, each: Decimal) -> None:
        """The moving average, over all that is there; before the units are added to it."""
        there = self.there(sku)
        whole = there * self.cost[sku] + units * each
        self.cost[sku] = (whole / (there + units)).quantize(HUNDREDTH_OF_ONE, ROUND_HALF_UP)

    def revalued(self, sku: str, amount: Decimal) -> None:
        there = self.there(sku)
        if amount:
            whole = there * self.cost[sku] + amount
            self.cost[sku] = (whole / there).quantize(HUNDREDTH_OF_ONE, ROUND_HALF_UP)

    def good(self, lot: str) -> bool:
        """Whether a customer may get it today."""
        return lot not in self.recalled and self.expires.get(lot, date.max) >= today()


def today() -> date:
    return merchant.local_day(timezone.now(), merchant.current())


def best_before(lot: str) -> date | None:
    return today() + timedelta(days=AHEAD[lot]) if lot in AHEAD else None


# --- what the hub has decided, read -----------------------------------------------------------------------------------------
def packed() -> Counter[Spot]:
    """Units that lie in parcels which have not left."""
    inside: Counter[Spot] = Counter()
    items = ShipmentLine.objects.filter(shipment__state=Shipment.State.PACKED, level__isnull=False)
    for sku, lot, place, units in items.values_list(
        "level__product__sku", "lot__code", "level__location__code", "quantity"
    ):
        inside[sku, lot or "", place] += units
    return inside


def promised() -> dict[tuple[str, str], int]:
    """Units that orders have, by SKU and place."""
    found = Allocation.objects.order_by().values_list("level__product__sku", "level__location__code")
    return {(sku, place): units for sku, place, units in found.annotate(units=Sum("quantity"))}


def free(books: Books, homes: dict[str, str], sellable: set[str]) -> dict[str, Counter[str]]:
    """By warehouse: units of each SKU that lie where they can be sold and that nobody has."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (sku, _lot, place), units in books.stock.items():
        if place in sellable:
            found[homes[place]][sku] += units
    for (sku, place), units in promised().items():
        found[homes[place]][sku] -= units
    return found
