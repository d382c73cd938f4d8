"""What left with the lines of orders and is not back: which lot it is, and from where it left (rules: S11, O13)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from inventory import lots
from inventory.models import Lot, Movement, Product
from orders.returns import Return
from shipping.models import Shipment, ShipmentLine

Spot = tuple[int, int]
"""(line, product)"""


@dataclass(slots=True)
class Out:
    """Stock units of one lot that left one place; without a place where no parcel says it."""

    lot_id: int | None
    location_id: int | None
    units: int
    sent: int = 0
    """Before any of it came back."""


@dataclass(frozen=True, slots=True)
class Said:
    """Lots or serial numbers as somebody says them: typed, several after commas, or with the units of each."""

    text: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    expires_on: date | None = None
    """Of a lot that is not known yet."""
    shared: bool = False
    """Said of a kit: what is no lot of one part may be a lot of another."""


def event_of(key: str) -> str:
    """The event of a movement: pieces of one event, of several lots or places, are counted behind a `#`."""
    return re.sub(r"#\d+$", "", key)


def pieces(wanted: Mapping[Spot, int], back: Mapping[Spot, int], said: Mapping[Spot, Said]) -> dict[Spot, list[Out]]:
    """What comes back, lot by lot and place by place; `back` is what came back before. In the caller's transaction.

    Whatever is followed by lot today has one: that which went out, or, where it left before it was followed, the one that
    is said. What is followed no more has none. ValueError with a sentence where it is not clear which lot it is.
    """
    out = _still_out(wanted, back)
    products = Product.objects.in_bulk({product for _line, product in wanted})
    codes = dict(Lot.objects.filter(pk__in={one.lot_id for of in out.values() for one in of}).values_list("pk", "code"))
    found: dict[Spot, list[Out]] = {}
    used: dict[int, set[str]] = defaultdict(set)
    for spot, units in wanted.items():
        # No parcel says from where: it was not stocked when it left.
        out[spot].append(Out(None, None, max(0, units - sum(one.units for one in out[spot]))))
        product = products[spot[1]]
        if product.tracking == Product.Tracking.NONE:
            found[spot] = [Out(None, one.location_id, one.units) for one in _taken(out[spot], units)]
        else:
            found[spot] = _Followed(product, out[spot], codes, used[spot[0]]).taken(units, said.get(spot, Said()))
    for (line, _product), one in said.items():
        if one.shared and (unknown := [code for code in _typed(one.text) if code.casefold() not in used[line]]):
            raise ValueError(f"Lot or serial number {unknown[0][:80]} did not go out with this line.")
    return found


def _still_out(wanted: Iterable[Spot], back: Mapping[Spot, int]) -> dict[Spot, list[Out]]:
    """In the order in which it left; three statements, one where nothing of it is followed by lot."""
    found: dict[Spot, list[Out]] = {spot: [] for spot in wanted}
    gone = ShipmentLine.objects.filter(
        line__in={line for line, _product in found}, level__isnull=False, shipment__state=Shipment.State.SHIPPED
    ).order_by("id")
    for line, product, lot, place, units in gone.values_list(
        "line", "level__product", "lot", "level__location", "quantity"
    ):
        if (line, product) in found:
            found[line, product].append(Out(lot, place, units, units))
    by_lot = _back_by_lot(found)
    for spot, of in found.items():
        for (line, product, lot), units in by_lot.items():
            if (line, product) == spot:
                _taken([one for one in of if one.lot_id == lot], units)
        rest = back[spot] - sum(units for (*its, _lot), units in by_lot.items() if tuple(its) == spot)
        # What came back without its lot: first what left without one.
        _taken(sorted(of, key=lambda one: one.lot_id is not None), rest)
    return found


def _back_by_lot(out: Mapping[Spot, list[Out]]) -> dict[tuple[int, int, int], int]:
    """Units of (line, product, lot) that came back: the return's key is in the key of its movement."""
    ids = {one.lot_id for of in out.values() for one in of if one.lot_id is not None}
    if not ids:
        return {}
    events: dict[str, Spot] = {}
    for line, key in set(Return.objects.filter(line__in={line for line, _ in out}).values_list("line", "key")):
        for of, product in out:
            if of == line:
                events |= dict.fromkeys((f"return:{key}:{line}", f"return:{key}:{line}:{product}"), (line, product))
    found: dict[tuple[int, int, int], int] = defaultdict(int)
    came = Movement.objects.filter(lot__in=ids, reason=Movement.Reason.RETURN)
    for key, product, lot, units in came.values_list("key", "product", "lot", "quantity"):
        spot = events.get(event_of(key))
        if spot is not None and spot[1] == product:
            found[*spot, lot] += units
    return found


def _taken(out: Sequence[Out], units: int) -> list[Out]:
    """So many units of what is out, which is out no longer."""
    found = []
    for one in out:
        part = min(one.units, units)
        if part > 0:
            found.append(Out(one.lot_id, one.location_id, part))
            one.units -= part
            units -= part
    return found


def _typed(text: str) -> list[str]:
    return [code for code in (part.strip() for part in re.split(r"[,;\n]", text)) if code]


@dataclass(slots=True)
class _Followed:
    """A product that is followed by lot today, what of it is out with one line, and the codes of lots."""

    product: Product
    out: list[Out]
    codes: Mapping[int, str]
    used: set[str]

    def taken(self, units: int, said: Said) -> list[Out]:
        told = self._told()
        untold = sum(one.units for one in self.out if one.lot_id not in told)
        counts: dict[str, int | None] = dict(said.counts) or dict.fromkeys(self._split(said.text, told))
        known = {code: self._known(code, told) for code in counts}
        if said.shared:
            self.used |= {code.casefold() for code in counts if known[code]}
            counts = {code: count for code, count in counts.items() if known[code]}
        if not counts:
            left = {self.codes[lot]: lot for lot in told if told[lot]}
            if untold or (len(left) != 1 and sum(told.values()) != units):
                raise ValueError(self._which(told))
            counts, known = dict.fromkeys(left), dict(left)
        if self._serial and len(counts) != units:
            raise ValueError(lots.refused(self.product, next(iter(counts)), max(units, 2)))
        found: list[Out] = []
        for code, count in counts.items():
            lot = known[code]
            if lot is None and not untold:
                raise ValueError(
                    f"Lot or serial number {code[:80]} of {self.product.sku} did not go out: {self._named(told)}."
                )
            most = told[lot] if lot is not None else untold
            part = count or (units if len(counts) == 1 else min(most, 1) if self._serial else most)
            if part > most:
                raise ValueError(self._too_many(code, part, most, lot))
            found += self._of(lot, code, part, told, said.expires_on)
        if sum(one.units for one in found) != units:
            raise ValueError(
                f"Say how many of {self.product.sku} came back of which lot: take back one lot after the other."
            )
        return found

    def _told(self) -> dict[int, int]:
        """By lot what of it is out. A lot of several units names no single one, now that each has its number."""
        found: dict[int, int] = defaultdict(int)
        for one in self.out:
            if one.lot_id is not None:
                found[one.lot_id] += one.units
        return {lot: units for lot, units in found.items() if not self._serial or self._sent(lot) == 1}

    @property
    def _serial(self) -> bool:
        return bool(self.product.tracking == Product.Tracking.SERIAL)

    def _sent(self, lot: int) -> int:
        return sum(one.sent for one in self.out if one.lot_id == lot)

    def _split(self, text: str, told: Mapping[int, int]) -> list[str]:
        whole = text.strip()
        return [whole] if whole and self._known(whole, told) else list(dict.fromkeys(_typed(text)))

    def _known(self, code: str, told: Mapping[int, int]) -> int | None:
        """The lot that is out under this code; what is written just so before what differs in capitals."""
        alike = [lot for lot in told if self.codes[lot].casefold() == code.casefold()]
        return next((lot for lot in alike if self.codes[lot] == code), alike[0] if len(alike) == 1 else None)

    def _of(
        self, lot: int | None, code: str, units: int, told: Mapping[int, int], expires_on: date | None
    ) -> list[Out]:
        if lot is not None:
            return _taken([one for one in self.out if one.lot_id == lot], units)
        if len(code) > 80:
            raise ValueError("A lot or serial number has at most 80 characters.")
        named = lots.Named(self.product.pk, code, expires_on)
        fresh = lots.take_in([named])[self.product.pk, code].pk
        left = _taken([one for one in self.out if one.lot_id not in told], units)
        return [Out(fresh, one.location_id, one.units) for one in left]

    def _which(self, told: Mapping[int, int]) -> str:
        if told:
            return f"Say which lot or serial number of {self.product.sku} came back: {self._named(told)}."
        return (
            f"Say which lot or serial number of {self.product.sku} came back, as it stands on the goods: it left before it was "
            "followed by one."
        )

    def _named(self, told: Mapping[int, int]) -> str:
        names = sorted(self.codes[lot] for lot in told)
        return f"{', '.join(names[:10])}{' …' if len(names) > 10 else ''} were shipped"

    def _too_many(self, code: str, units: int, most: int, lot: int | None) -> str:
        if lot is None:
            return f"{units} of lot {code} cannot come back: {most} are out of which no lot is known."
        return (
            f"{units} of lot {code} cannot come back: {self._sent(lot)} were shipped with this line, "
            f"{self._sent(lot) - most} of them are back already. Look at the lot on the goods once more."
        )
