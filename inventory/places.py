"""The rules of places: which may hold goods, which warehouse they are in, when one is archived."""

from collections.abc import Iterable

from django.db import connection as database
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from inventory.models import (
    CountSheet,
    Location,
    PurchaseOrder,
    ServedStore,
    StockLevel,
    Transfer,
    WarehouseProduct,
)

Kind = Location.Kind
TRANSIT_CODE = "TRANSIT"
QUARANTINE = "QUARANTINE"
OPEN_ORDERS = [
    PurchaseOrder.State.DRAFT, PurchaseOrder.State.SENT, PurchaseOrder.State.CONFIRMED, PurchaseOrder.State.PARTLY_RECEIVED
]  # fmt: skip


def usable() -> QuerySet[Location]:
    """Places in which goods can be put by hand: neither archived nor on the way between two warehouses."""
    return Location.objects.filter(archived_at=None).exclude(kind=Kind.TRANSIT).select_related("warehouse")


def warehouses() -> QuerySet[Location]:
    """Warehouses in use, in the order in which they are picked from."""
    return Location.objects.filter(kind=Kind.WAREHOUSE, archived_at=None)


def of_warehouse(warehouse_id: int) -> QuerySet[Location]:
    """A warehouse and all places in it that are in use: itself first, then in the order in which they are picked from."""
    return usable().filter(Q(pk=warehouse_id) | Q(warehouse=warehouse_id)).order_by("kind", "pick_order", "code")


def in_transit() -> Location:
    """Where goods lie while they travel from one warehouse to another; made when it is first needed."""
    found = Location.objects.filter(kind=Kind.TRANSIT).order_by("pk").first()
    if found is None:
        words = {"name": "On its way", "kind": Kind.TRANSIT, "sellable": False, "pick_order": 9999}
        found = Location.objects.get_or_create(code=TRANSIT_CODE, defaults=words)[0]
    return found


def quarantines(warehouse_ids: Iterable[int]) -> dict[int, int]:
    """By warehouse the first of its places for what must not be sold; made, or taken out of the archive, where it has none."""
    ids = set(warehouse_ids)
    there = usable().filter(kind=Kind.QUARANTINE, warehouse__in=ids).order_by("-pick_order", "-pk")
    found = {place.warehouse_id: place.pk for place in there if place.warehouse_id}
    for warehouse in Location.objects.filter(pk__in=ids - found.keys()).order_by("pk"):
        found[warehouse.pk] = _make_quarantine(warehouse).pk
    return found


def _make_quarantine(warehouse: Location) -> Location:
    put_away = Location.objects.filter(kind=Kind.QUARANTINE, warehouse=warehouse).order_by("pick_order", "pk").first()
    if put_away is not None:
        put_away.archived_at = None
        put_away.save(update_fields=["archived_at"])
        return put_away
    code = f"{warehouse.code[:26]}-{QUARANTINE}"
    taken = set(Location.objects.filter(code__startswith=code).values_list("code", flat=True))
    free = next(one for one in (code, *(f"{code}-{n}" for n in range(2, 99))) if one not in taken)
    words = {"name": QUARANTINE, "kind": Kind.QUARANTINE, "warehouse": warehouse, "sellable": False, "pick_order": 999}
    return Location.objects.get_or_create(code=free, defaults=words)[0]


def held(location_ids: Iterable[int]) -> dict[int, Location]:
    """These places, which nobody archives until the transaction ends; after the stock levels are locked."""
    ids = sorted(set(location_ids))
    with database.cursor() as cursor:
        # What a foreign key takes too: two people put goods into one bin at once, but nobody archives it meanwhile.
        cursor.execute("SELECT 1 FROM inventory_location WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [ids])
    return Location.objects.select_related("warehouse").in_bulk(ids)


def refuse_unusable(places: Iterable[Location]) -> None:
    """ValueError where goods cannot be put."""
    for place in places:
        if place.archived_at is not None:
            raise ValueError(f"{place.in_full} is archived: choose another place, or take it out of the archive first.")
        if place.kind == Kind.TRANSIT:
            raise ValueError("What is on its way between warehouses is moved by its transfer: receive it there.")


def archive(location_ids: Iterable[int]) -> list[Location]:
    """Put places away that are not used any more, a warehouse with all places in it.

    ValueError while goods lie there, papers still speak of it, a store is served from it, or where it is the last warehouse
    that is sold from.
    """
    with transaction.atomic():
        ids = set(
            Location.objects.filter(Q(pk__in=location_ids) | Q(warehouse__in=location_ids)).values_list("pk", flat=True)
        )
        # Whoever puts goods in here has its own lock on the row until it is done.
        found = list(
            Location.objects.select_for_update(of=("self",)).filter(pk__in=ids, archived_at=None).order_by("pk")
        )
        _refuse_archiving(found)
        Location.objects.filter(pk__in=[place.pk for place in found]).update(archived_at=timezone.now())
        WarehouseProduct.objects.filter(put_away__in=found).update(put_away=None)
    return found


def _refuse_archiving(places: list[Location]) -> None:
    if any(place.kind == Kind.TRANSIT for place in places):
        raise ValueError("The place for goods on their way is needed by every transfer; it cannot be archived.")
    lying = (
        StockLevel.objects.filter(location__in=places, on_hand__gt=0)
        .order_by()
        .values_list("location__name")
        .annotate(units=Sum("on_hand"))
    )
    named = [f"{units} units in {name}" for name, units in lying.order_by("location__name")[:5]]
    if named:
        raise ValueError(f"Goods still lie there: {', '.join(named)}. Move them to another place, then archive it.")
    ways = Transfer.objects.filter(state__in=[Transfer.State.DRAFT, Transfer.State.IN_TRANSIT])
    used = ways.filter(Q(source__in=places) | Q(destination__in=places)).first()
    if used is not None:
        raise ValueError(
            f"Transfer {used.number} still goes from or to there: receive or cancel it, then archive the place."
        )
    _refuse_spoken_of(places)
    going = {place.pk for place in places}
    if any(place.kind == Kind.WAREHOUSE and place.sellable for place in places):
        left = Location.objects.filter(kind=Kind.WAREHOUSE, sellable=True, archived_at=None).exclude(pk__in=going)
        if not left.exists():
            raise ValueError("It is the last warehouse that is sold from. Add another one first.")


def _refuse_spoken_of(places: list[Location]) -> None:
    """Papers that bring goods there later, and stores that would be served by nobody."""
    bought = PurchaseOrder.objects.filter(warehouse__in=places, state__in=OPEN_ORDERS).order_by("number")
    if numbers := list(bought.values_list("number", flat=True)[:5]):
        raise ValueError(
            f"Goods are still ordered for there, on {', '.join(numbers)}: receive them or cancel the rest, then archive it."
        )
    open_sheets = CountSheet.objects.filter(state__in=[CountSheet.State.OPEN, CountSheet.State.REVIEW])
    counted = open_sheets.filter(Q(warehouse__in=places) | Q(lines__location__in=places)).distinct().order_by("number")
    if numbers := list(counted.values_list("number", flat=True)[:5]):
        raise ValueError(
            f"It is still counted, on sheet {', '.join(numbers)}: book or cancel the sheet, then archive the place."
        )
    served = ServedStore.objects.filter(warehouse__in=places).order_by("connection__name")
    if names := list(dict.fromkeys(served.values_list("connection__name", flat=True)[:5])):
        raise ValueError(
            f"It serves {', '.join(names)}: on its page say which stores other warehouses serve instead, then archive it."
        )


def take_out_of_archive(location_ids: Iterable[int]) -> int:
    """Use places again; a bin only with its warehouse."""
    with transaction.atomic():
        chosen = Location.objects.filter(pk__in=list(location_ids), archived_at__isnull=False)
        hidden = chosen.filter(warehouse__archived_at__isnull=False).exclude(warehouse__in=list(location_ids)).first()
        if hidden is not None:
            raise ValueError(f"{hidden.in_full} is in a warehouse that is archived: take that out of the archive too.")
        return chosen.update(archived_at=None)


def add_bins(warehouse_id: int, names: Iterable[str], *, kind: Location.Kind, first_pick_order: int) -> tuple[int, int]:
    """Add places to a warehouse, picked from in the order given; how many were added, and how many were there before."""
    wanted = list(dict.fromkeys(names))
    with transaction.atomic():
        warehouse = Location.objects.select_for_update().get(pk=warehouse_id)
        made = [
            Location(
                code=f"{warehouse.code}-{name}"[:40],
                name=name,
                kind=kind,
                warehouse=warehouse,
                sellable=warehouse.sellable and kind == Kind.BIN,
                pick_order=first_pick_order + at,
            )
            for at, name in enumerate(wanted)
        ]
        codes = [place.code for place in made]
        if len(set(codes)) < len(codes):
            raise ValueError(
                "These names are too long: with the warehouse's code before it a code has at most 40 signs."
            )
        there = Location.objects.filter(code__in=codes).count()
        Location.objects.bulk_create(made, ignore_conflicts=True)
    return len(made) - there, there


def named(text: str, *, warehouse_id: int | None = None) -> Location:
    """The place with this code, or this name where only one has it; as typed or scanned. ValueError with a sentence."""
    typed = " ".join(text.split())
    if not typed:
        raise ValueError("Say which place: scan its label, or type its code.")
    found = usable().filter(Q(code__iexact=typed) | Q(name__iexact=typed))
    if warehouse_id is not None:
        found = found.filter(Q(pk=warehouse_id) | Q(warehouse=warehouse_id))
    matches = list(found.order_by("code")[:5])
    exact = [place for place in matches if place.code.lower() == typed.lower()]
    if exact:
        return exact[0]
    if len(matches) == 1:
        return matches[0]
    if matches:
        named = ", ".join(f"{place.code} ({place.in_full})" for place in matches)
        raise ValueError(f"Several places are called “{typed[:40]}”: {named}. Type the code of the one that is meant.")
    raise ValueError(f"There is no place “{typed[:40]}” in use. Scan its label, or choose it from the list.")
