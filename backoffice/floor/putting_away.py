"""Put away: scan what came in, then the bin into which it goes. How many: all that wait, unless another number is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import desk, moving
from backoffice.floor import cards, codes, doors
from backoffice.floor.baskets import Held
from backoffice.floor.cards import Lying
from backoffice.floor.codes import Kind
from backoffice.floor.doors import Said, answer, attempt, screen
from backoffice.floor.moving import undo, undone_by
from inventory.models import Location, Lot, Product, StockLevel, WarehouseProduct

MOST_ROWS = 100


@dataclass
class Now:
    """What is to be put away; `units` None is all of it."""

    product: Product | None = None
    lot: Lot | None = None
    units: int | None = None
    undo: str = ""

    @property
    def state(self) -> list[tuple[str, Any]]:
        return [
            ("product", self.product.pk if self.product else ""),
            ("lot", self.lot.pk if self.lot else ""),
            ("units", self.units),
            ("undo", self.undo),
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@screen("put_away")
def put_away(request: HttpRequest) -> HttpResponse:
    now = _now(request)
    pressed = doors.act(request)
    code, amount = doors.typed(request) if pressed else (request.GET.get("code", "").strip(), "")
    said = attempt(lambda: _press(request, now, pressed, code, amount)) if pressed or code else None
    docks = _docks(now)
    lots = _lots_to_choose(now, docks)
    return answer(
        request, "floor/put_away.html", _("Put away"), said=said, state=now.state, draft=now.product is not None, now=now,
        prompt=_prompt(now, lots), lots=lots, docks=[(dock.place, _units(now, dock)) for dock in docks],
        most=_units(now, docks[0]) if len(docks) == 1 else None, waiting=[] if now.product else _waiting(),
        bins=_own_bins(now.product) if now.product else [],
    )  # fmt: skip


def _prompt(now: Now, lots: Sequence[tuple[Lot, int]]) -> str:
    if now.product is None:
        return _("Scan what is to be put away")
    return _("Scan the lot, or choose it") if lots else _("Scan the bin it goes into")


def _now(request: HttpRequest) -> Now:
    product, lot, units = (request.POST.get(name, "") for name in ("product", "lot", "units"))
    found = Product.objects.filter(pk=int(product)).first() if desk.is_number(product) else None
    return Now(
        product=found,
        lot=Lot.objects.filter(pk=int(lot), product=found).first() if found and desk.is_number(lot) else None,
        units=int(units) if desk.is_number(units) else None,
    )


def _press(request: HttpRequest, now: Now, pressed: str, code: str, amount: str) -> Said:
    if pressed == "show":
        return Said("quiet", now.product.sku if now.product else _("Scan to begin."))
    if pressed == "clear":
        now.product, now.lot, now.units = None, None, None
        return Said("ok", _("Nothing was put away."), _("Cleared"))
    if pressed == "undo":
        return undo(request)
    if pressed.startswith("lot-") and desk.is_number(pressed[4:]) and now.product:
        lot = Lot.objects.filter(pk=int(pressed[4:]), product=now.product).first()
        if lot is None:
            raise ValueError(_("This lot does not wait any more."))
        return _take(now, codes.Scanned(Kind.LOT, product=now.product, lot=lot, lot_code=lot.code))
    if amount and now.product:
        units = desk.whole_number(amount, least=1)
        if len(docks := _docks(now)) != 1 or units != _units(now, docks[0]):
            now.units = units
    if not code:
        if now.product is None:
            raise ValueError(_("Scan what is to be put away."))
        return Said(
            "ok", _("%(units)s × %(sku)s") % {"units": now.units or _("all"), "sku": now.product.sku}, _("In hand")
        )
    if now.product:
        found = codes.one(code, Kind.PLACE, Kind.PRODUCT, Kind.LOT)
        if found.place is not None:
            return _put(request, now, found.place)
    else:
        found = codes.one(code, Kind.PRODUCT, Kind.LOT)
    return _take(now, found)


def _take(now: Now, found: codes.Scanned) -> Said:
    """The scanned product is in hand; a pack counts what is in it, each time that it is scanned."""
    product = found.product
    if product is None:
        raise ValueError(_("That is a place. Scan what is to be put away first."))
    if found.lot_code and found.lot is None:
        raise ValueError(_("Lot %(lot)s is not known here.") % {"lot": found.lot_code})
    if now.product is not None and now.product != product:
        raise ValueError(
            _("%(sku)s is in hand: scan its bin first, or press “Start again”.") % {"sku": now.product.sku}
        )
    fresh = now.product is None
    there = Now(product, found.lot or now.lot)
    docks = _docks(there)
    if not docks:
        raise ValueError(_nothing_waits(product))
    if found.units > 1:
        now.units = found.units + (0 if fresh else now.units or 0)
    now.product, now.lot = product, there.lot
    if now.lot is None and product.tracking != Product.Tracking.NONE and len(docks) == 1 and len(docks[0].lots) == 1:
        now.lot = docks[0].lots[0][0]
    most = sum(_units(now, dock) for dock in docks)
    if (now.units or 0) > most:
        now.units = None if fresh else most
        raise ValueError(_("Only %(count)s of %(what)s wait to be put away.") % {"count": most, "what": _named(now)})
    if _lots_to_choose(now, docks):
        return Said("next", _("Say which lot: %(sku)s lies there in several.") % {"sku": product.sku})
    return Said("ok", _("%(units)s × %(what)s") % {"units": now.units or most, "what": _named(now)}, _("In hand"))


def _named(now: Now) -> str:
    assert now.product is not None
    return f"{now.product.sku} · {now.lot.code}" if now.lot else now.product.sku


def _put(request: HttpRequest, now: Now, bin: Location) -> Said:
    assert now.product is not None
    source = bin.warehouse
    if source is None:
        raise ValueError(_("%(place)s is no bin. Scan the label of the shelf.") % {"place": bin.in_full})
    docks = _docks(now)
    if _lots_to_choose(now, docks):
        raise ValueError(_("Scan the lot of %(sku)s first, or choose it.") % {"sku": now.product.sku})
    dock = next((one for one in docks if one.place.pk == source.pk), None)
    if dock is None:
        raise ValueError(_("No %(sku)s waits in %(place)s.") % {"sku": now.product.sku, "place": source.name})
    units = now.units or _units(now, dock)
    what = moving.PuttingAway(now.product.pk, units, source.pk, bin.pk, now.lot.pk if now.lot else None)
    moving.put_away([what], key=doors.once(request), by=request.user, remember=True)
    held = Held(now.product, units, now.lot)
    sentence = _("%(what)s put away in %(place)s.") % {"what": held.words, "place": bin.in_full}
    now.undo = undone_by(source, bin, [held])
    now.product, now.lot, now.units = None, None, None
    return Said("ok", sentence)


# --- what waits ----------------------------------------------------------------------------------------------------------
def _docks(now: Now) -> list[Lying]:
    """The warehouses in which units of it lie that are in no bin yet."""
    if now.product is None:
        return []
    found = [one for one in cards.lying_of(now.product) if one.place.kind == Location.Kind.WAREHOUSE]
    return [one for one in found if _units(now, one) > 0]


def _units(now: Now, dock: Lying) -> int:
    if now.lot is None:
        return dock.on_hand
    return sum(units for lot, units in dock.lots if lot == now.lot)


def _lots_to_choose(now: Now, docks: Sequence[Lying]) -> list[tuple[Lot, int]]:
    """The lots among which a person must say which it is; empty where that is known, or there is nothing to choose."""
    if now.lot is not None:
        return []
    found: dict[Lot, int] = {}
    for dock in docks:
        for lot, units in dock.lots:
            found[lot] = found.get(lot, 0) + units
    return list(found.items()) if len(found) > 1 else []


def _own_bins(product: Product) -> list[WarehouseProduct]:
    return list(
        product.warehouses.filter(put_away__isnull=False).select_related("warehouse", "put_away", "put_away__warehouse")
    )


def _nothing_waits(product: Product) -> str:
    lying = [f"{one.place.in_full} ({one.on_hand})" for one in cards.lying_of(product)[:6]]
    if not lying:
        return _("No %(sku)s is on hand anywhere. Receive it first.") % {"sku": product.sku}
    return _("No %(sku)s waits to be put away: it lies in %(places)s.") % {
        "sku": product.sku, "places": ", ".join(lying),
    }  # fmt: skip


def _waiting() -> list[dict[str, Any]]:
    """What lies in warehouses that have bins, but in no bin; each with the bin in which it belongs."""
    bins = Location.objects.filter(warehouse=OuterRef("location"), kind=Location.Kind.BIN, archived_at=None)
    levels = (
        StockLevel.objects.filter(Exists(bins), on_hand__gt=0, location__kind=Location.Kind.WAREHOUSE)
        .select_related("product", "location")
        .order_by("product__sku", "location")[:MOST_ROWS]
    )
    found = list(levels)
    own = {
        (row.product_id, row.warehouse_id): row.put_away
        for row in WarehouseProduct.objects.filter(
            product__in=[level.product_id for level in found], put_away__isnull=False
        ).select_related("put_away")
    }
    return [{"level": level, "bin": own.get((level.product_id, level.location_id))} for level in found]
