"""Stock and orders as one would keep them with pencil and paper: what the hub is held against."""

from dataclasses import dataclass, field


@dataclass
class Line:
    sku: str
    ordered: int
    cancelled: int = 0
    shipped: int = 0
    allocated: int = 0
    returned: int = 0

    @property
    def left(self) -> int:
        return self.ordered - self.cancelled - self.shipped

    @property
    def waiting(self) -> int:
        return self.left - self.allocated


@dataclass
class Paper:
    """An order. `turn` says when it is served: by the time it was placed, then by its number here."""

    turn: tuple[int, int]
    lines: list[Line]
    paid: bool
    held: bool = False
    cancelled: bool = False
    parcels: list[dict[int, int]] = field(default_factory=list)
    """Packed and not shipped: units by the line's place."""

    @property
    def served(self) -> bool:
        return self.paid and not self.cancelled

    def packed(self, at: int) -> int:
        return sum(parcel.get(at, 0) for parcel in self.parcels)

    def unpack_overfull(self) -> None:
        over = {at for at, line in enumerate(self.lines) if self.packed(at) > line.allocated}
        self.parcels = [parcel for parcel in self.parcels if not over & parcel.keys()]


@dataclass
class Shelf:
    """All of it. Whatever happens, what is free goes to who waits, first come, first served (rules: S2, S3, S5)."""

    on_hand: dict[str, int]
    orders: dict[str, Paper] = field(default_factory=dict)

    def promised(self, sku: str) -> int:
        return sum(ln.allocated for paper in self.orders.values() for ln in paper.lines if ln.sku == sku)

    def serve(self) -> None:
        for sku, there in self.on_hand.items():
            free = there - self.promised(sku)
            for paper in sorted(self.orders.values(), key=lambda paper: paper.turn):
                for line in paper.lines if paper.served else ():
                    if line.sku == sku:
                        part = min(free, line.waiting)
                        line.allocated += part
                        free -= part

    def lose(self, sku: str, units: int) -> None:
        """The latest give way; what lies in a parcel already gives way last of all, and the parcel is taken apart."""
        missing = units - (self.on_hand[sku] - self.promised(sku))
        latest = sorted(self.orders.values(), key=lambda paper: paper.turn, reverse=True)
        for paper in sorted(latest, key=lambda paper: bool(paper.parcels)):
            touched = False
            for line in reversed(paper.lines):
                part = min(line.allocated, max(0, missing)) if line.sku == sku else 0
                line.allocated -= part
                missing -= part
                touched = touched or part > 0
            if touched:
                paper.parcels = []
        self.on_hand[sku] -= units

    def cancel_units(self, line: Line, units: int) -> None:
        line.allocated -= max(0, units - line.waiting)
        line.cancelled += units
