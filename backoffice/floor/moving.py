"""Move: scan where it is taken from, what is taken, and where it goes; several things may go together."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import desk, moving
from backoffice.floor import baskets, cards, codes, doors
from backoffice.floor.baskets import Held
from backoffice.floor.codes import Kind, Scanned
from backoffice.floor.doors import Said, answer, attempt, screen
from inventory import lots
from inventory.models import Location, Lot, Product


@dataclass
class Now:
    """From where, and what is in hand. `wanted` is a product of which the lot must be scanned next."""

    source: Location | None = None
    held: list[Held] = field(default_factory=list)
    wanted: Product | None = None
    lots: list[tuple[Lot, int]] = field(default_factory=list)
    undo: str = ""

    @property
    def state(self) -> list[tuple[str, Any]]:
        return [
            ("source", self.source.code if self.source else ""),
            ("held", baskets.written(self.held)),
            ("wanted", self.wanted.sku if self.wanted else ""),
            ("undo", self.undo),
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@screen("move")
def move(request: HttpRequest) -> HttpResponse:
    now = Now(
        source=codes.place_named(request.POST.get("source", "")),
        held=baskets.read(request.POST.get("held", "")),
        wanted=Product.objects.filter(sku=request.POST["wanted"]).first() if request.POST.get("wanted") else None,
    )
    pressed = doors.act(request)
    code, amount = doors.typed(request) if pressed else (request.GET.get("code", "").strip(), "")
    said = attempt(lambda: _press(request, now, pressed, code, amount)) if pressed or code else None
    return answer(
        request, "floor/move.html", _("Move"), prompt=_prompt(now), said=said, state=now.state, draft=bool(now.held),
        now=now, lying=cards.lying_in(now.source) if now.source and not now.held else [],
    )  # fmt: skip


def _press(request: HttpRequest, now: Now, pressed: str, code: str, amount: str) -> Said:
    if pressed == "show":
        return Said("quiet", baskets.words(now.held)) if now.held else Said("quiet", _("Scan to begin."))
    if pressed == "clear":
        now.source, now.held, now.wanted = None, [], None
        return Said("ok", _("Nothing is in hand; nothing was moved."), _("Cleared"))
    if pressed == "undo":
        return undo(request)
    if amount and now.held:
        now.held = baskets.corrected(now.held, desk.whole_number(amount))
        if not code:
            return Said("ok", baskets.words(now.held) or _("Nothing is in hand."), _("In hand"))
    if not code:
        raise ValueError(_("Scan a place or a product."))
    if now.wanted:
        return _take(now, _lot_named(now.wanted, code))
    found = codes.find(code, [Kind.PLACE, Kind.PRODUCT, Kind.LOT] if now.held else [Kind.PRODUCT, Kind.LOT, Kind.PLACE])
    if not found:
        raise ValueError(codes.unknown(code, [Kind.PLACE, Kind.PRODUCT, Kind.LOT]))
    if found[0].place is None:
        return _take(now, found[0])
    if now.held and now.source:
        return _put(request, now, found[0].place)
    now.source = found[0].place
    return Said("ok", _("From %(place)s.") % {"place": now.source.in_full})


def _take(now: Now, found: Scanned) -> Said:
    """One more in hand (a pack so many more), if so many lie there."""
    product = found.product
    assert product is not None
    now.wanted = None
    lying = {one.place.pk: one for one in cards.lying_of(product)}
    if now.source is None:
        if len(lying) != 1:
            raise ValueError(nowhere(product) if not lying else several(product, list(lying.values())))
        now.source = next(iter(lying.values())).place
    here = lying.get(now.source.pk)
    if here is None:
        raise ValueError(
            nowhere(product)
            if not lying
            else _("No %(sku)s lies in %(place)s. It lies in %(others)s.")
            % {"sku": product.sku, "place": now.source.in_full, "others": _places(list(lying.values()))}
        )
    lot, most = _lot(now, found, here)
    if lot is None and now.wanted:
        return Said("next", _("Several lots of %(sku)s lie there: which one?") % {"sku": product.sku}, _("Lot"))
    new = baskets.added(now.held, Held(product, found.units, lot))
    if new[-1].units > most:
        raise ValueError(
            _("Only %(count)s of %(sku)s lie in %(place)s.")
            % {"count": most, "sku": product.sku, "place": now.source.in_full}
        )
    now.held = new
    return Said("ok", baskets.words(now.held[-1:]), _("In hand"))


def _lot(now: Now, found: Scanned, here: cards.Lying) -> tuple[Lot | None, int]:
    """The lot that is meant and how many of it lie there; asks for it where several lie there and none was named."""
    assert found.product is not None
    if found.product.tracking == Product.Tracking.NONE:
        return None, here.on_hand
    named = {lot.pk: units for lot, units in here.lots}
    if found.lot_code and found.lot is None:
        raise ValueError(_("Lot %(lot)s is not known here.") % {"lot": found.lot_code})
    if found.lot is not None:
        return found.lot, named.get(found.lot.pk, 0)
    if len(here.lots) == 1:
        return here.lots[0]
    now.wanted, now.lots = found.product, list(here.lots)
    return None, 0


def _lot_named(product: Product, code: str) -> Scanned:
    lot = lots.find(product.pk, code)
    if lot is not None:
        return Scanned(Kind.LOT, product=product, lot=lot, lot_code=lot.code)
    found = codes.one(code, Kind.PRODUCT, Kind.LOT)
    if found.product != product:
        raise ValueError(_("“%(code)s” is no lot of %(sku)s. Scan it again.") % {"code": code[:60], "sku": product.sku})
    return found


def _put(request: HttpRequest, now: Now, target: Location) -> Said:
    """Book it; what was moved can be taken back with one button."""
    assert now.source is not None
    what = [
        moving.Moving(one.product.pk, one.units, now.source.pk, target.pk, one.lot.pk if one.lot else None)
        for one in now.held
    ]
    key = doors.once(request)
    moving.move(what, key=key, by=request.user)
    sentence = _("%(what)s moved from %(source)s to %(target)s.") % {
        "what": baskets.words(now.held), "source": now.source.in_full, "target": target.in_full,
    }  # fmt: skip
    now.undo, now.held = undone_by(now.source, target, now.held), []
    return Said("ok", sentence)


# --- shared with putting away --------------------------------------------------------------------------------------------
def undone_by(source: Location, target: Location, held: list[Held]) -> str:
    """What the button for undoing sends: from where, to where, what."""
    return f"{target.pk};{source.pk};{baskets.written(held)}"


def undo(request: HttpRequest) -> Said:
    """Bring back what was moved last: a move of its own, for the ledger is never edited."""
    source_id, target_id, what = [*request.POST.get("undo", "").split(";"), "", "", ""][:3]
    held = baskets.read(what)
    if not (held and desk.is_number(source_id) and desk.is_number(target_id)):
        raise ValueError(_("There is nothing to undo."))
    back = [
        moving.Moving(one.product.pk, one.units, int(source_id), int(target_id), one.lot.pk if one.lot else None)
        for one in held
    ]
    moving.move(back, key=doors.once(request), note=_("Undone"), by=request.user)
    place = Location.objects.select_related("warehouse").get(pk=int(target_id))
    return Said(
        "ok", _("%(what)s is back in %(place)s.") % {"what": baskets.words(held), "place": place.in_full}, _("Undone")
    )


def nowhere(product: Product) -> str:
    return _("No %(sku)s is on hand anywhere. If you hold one, count it in.") % {"sku": product.sku}


def several(product: Product, lying: list[cards.Lying]) -> str:
    return _("%(sku)s lies in several places: %(places)s. Scan first from which it is taken.") % {
        "sku": product.sku, "places": _places(lying),
    }  # fmt: skip


def _places(lying: list[cards.Lying]) -> str:
    return ", ".join(f"{one.place.in_full} ({one.on_hand})" for one in lying[:6])


def _prompt(now: Now) -> str:
    if now.wanted:
        return _("Scan the lot of %(sku)s") % {"sku": now.wanted.sku}
    if now.held:
        return _("Scan where it goes, or more of it")
    if now.source:
        return _("Scan what is taken from %(place)s") % {"place": now.source.name}
    return _("Scan the place it is taken from")
