"""Receive: each thing that comes is scanned and counts up, then all is booked at once.

What differs is said while it is in the hand: what is not on the order, what is too many, a lot or a day that is missing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import desk
from backoffice.floor import arrived, codes, deliveries, doors
from backoffice.floor.arrived import Came
from backoffice.floor.codes import Kind, Scanned
from backoffice.floor.deliveries import Delivery
from backoffice.floor.doors import Said, answer, attempt, screen
from inventory.models import Location, Lot, LotLevel, Product, PurchaseOrder, Transfer

LOT, DAY, MORE = "lot", "day", "more"


@dataclass
class Now:
    """What was counted so far. `asked` is what `asking` (a lot, a day, whether more is right) must be answered for."""

    delivery: Delivery
    rows: list[Came] = field(default_factory=list)
    asked: Came | None = None
    asking: str = ""
    allowed: set[int] = field(default_factory=set)
    """Products of which more than expected is taken in."""
    place: Location | None = None
    last: int = 0
    booked: bool = False

    @property
    def state(self) -> list[tuple[str, Any]]:
        return [
            ("rows", arrived.written(self.rows)),
            ("asked", arrived.written([self.asked] if self.asked else [])),
            ("asking", self.asking if self.asked else ""),
            ("allowed", ",".join(map(str, sorted(self.allowed)))),
            ("place", self.place.code if self.place else ""),
            ("last", self.last),
        ]

    def forget(self) -> None:
        self.asked, self.asking = None, ""


@require_http_methods(["GET", "HEAD", "POST"])
@screen("receive")
def purchase(request: HttpRequest, number: str) -> HttpResponse:
    """Against one purchase order."""
    orders = PurchaseOrder.objects.select_related("supplier", "warehouse")
    return _of_paper(request, number, lambda: deliveries.of_purchase(get_object_or_404(orders, number=number)))


@require_http_methods(["GET", "HEAD", "POST"])
@screen("receive")
def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """Against one transfer from another warehouse."""
    transfers = Transfer.objects.select_related("source", "destination")
    return _of_paper(request, number, lambda: deliveries.of_transfer(get_object_or_404(transfers, number=number)))


def _of_paper(request: HttpRequest, number: str, find: Callable[[], Delivery]) -> HttpResponse:
    try:
        delivery = find()
    except ValueError as error:
        return answer(request, "floor/refused.html", number, prompt="", said=Said("refused", str(error)))
    return _receive(request, delivery, fresh=find)


@require_http_methods(["GET", "HEAD", "POST"])
@screen("receive")
def loose(request: HttpRequest, warehouse: str) -> HttpResponse:
    """Without a purchase order, into one warehouse."""
    found = codes.place_named(warehouse)
    if found is None or found.kind != Location.Kind.WAREHOUSE:
        raise Http404
    return _receive(request, deliveries.without_paper(found), fresh=lambda: deliveries.without_paper(found))


def _receive(request: HttpRequest, delivery: Delivery, *, fresh: Callable[[], Delivery]) -> HttpResponse:
    now = _now(request, delivery)
    pressed = doors.act(request)
    code, amount = doors.typed(request)
    said = attempt(lambda: _press(request, now, pressed, code, amount)) if pressed else None
    if now.booked:
        try:
            now.delivery = fresh()
        except ValueError:
            # The last of it has come, and the paper is closed.
            now.delivery = replace(delivery, expected={})
    return answer(
        request, "floor/receive.html", now.delivery.title, prompt=_prompt(now), said=said, state=now.state,
        draft=bool(now.rows or now.asked), now=now, lines=_lines(now), last=now.rows[-1] if now.rows else None,
        direct=request.POST.get("direct") == "1", note=request.POST.get("delivery_note", ""),
        expires=request.POST.get("expires", "") if said and said.tone == "refused" else "",
    )  # fmt: skip


def _now(request: HttpRequest, delivery: Delivery) -> Now:
    asked = arrived.read(request.POST.get("asked", ""))
    last = request.POST.get("last", "")
    place = codes.place_named(request.POST.get("place", ""))
    return Now(
        delivery=delivery,
        rows=arrived.read(request.POST.get("rows", "")),
        asked=asked[0] if asked else None,
        asking=request.POST.get("asking", ""),
        allowed={int(pk) for pk in request.POST.get("allowed", "").split(",") if desk.is_number(pk)},
        place=place if place and place.warehouse_or_self == delivery.warehouse.pk else None,
        last=int(last) if desk.is_number(last) else 0,
    )


def _press(request: HttpRequest, now: Now, pressed: str, code: str, amount: str) -> Said:
    if pressed == "show":
        return Said("quiet", _("Counted so far; nothing of it is booked yet."))
    if pressed == "clear":
        now.rows, now.last, now.allowed = [], 0, set()
        now.forget()
        return Said("ok", _("Nothing was booked."), _("Cleared"))
    if pressed == "undo":
        return _undo(now)
    corrected = _correct(request, now, amount)
    if pressed == "book":
        return _book(request, now)
    if now.asked and pressed == "leave":
        left = now.asked
        now.forget()
        return Said("ok", _("%(what)s is left out.") % {"what": left.words}, _("Left out"))
    if now.asked and now.asking == MORE and pressed == "more":
        now.allowed.add(now.asked.product.pk)
        return _settle(now, now.asked)
    if now.asked and now.asking in (LOT, DAY):
        return _answered(now, code or request.POST.get("expires", ""))
    if not code:
        if corrected:
            return corrected
        raise ValueError(_("Scan what came."))
    now.forget()
    return _scan(now, code)


def _correct(request: HttpRequest, now: Now, amount: str) -> Said | None:
    """Another number was typed for what was scanned last; more than expected is asked for as if it had been scanned."""
    if not now.rows or not amount or amount == str(now.rows[-1].units):
        return None
    units, row = desk.whole_number(amount), now.rows[-1]
    if row.product.tracking == Product.Tracking.SERIAL and units > 1:
        raise ValueError(
            _("Each unit of %(sku)s has a serial number of its own: scan each.") % {"sku": row.product.sku}
        )
    now.last = 0
    if units > row.units:
        return _settle(now, replace(row, units=units - row.units))
    now.rows = arrived.corrected(now.rows, units)
    return Said("ok", now.rows[-1].words if now.rows and units else _("Taken out."), _("Counted"))


def _undo(now: Now) -> Said:
    """The last scan is taken back."""
    if now.asked:
        now.forget()
        return Said("ok", _("The last scan is taken back."), _("Undone"))
    if not (now.rows and now.last):
        raise ValueError(_("There is no scan to take back: type the right number."))
    what = now.rows[-1]
    now.rows, now.last = arrived.corrected(now.rows, what.units - now.last), 0
    return Said("ok", _("The last scan of %(sku)s is taken back.") % {"sku": what.product.sku}, _("Undone"))


def _scan(now: Now, code: str) -> Said:
    found = _theirs(now, code) or codes.one(code, Kind.PRODUCT, Kind.LOT, Kind.PLACE)
    if found.place is not None:
        if found.place.warehouse_or_self != now.delivery.warehouse.pk:
            raise ValueError(
                _("%(place)s is not in %(warehouse)s.")
                % {"place": found.place.in_full, "warehouse": now.delivery.warehouse.name}
            )
        now.place = found.place
        return Said("ok", _("All of it goes to %(place)s.") % {"place": found.place.in_full})
    product = found.product
    assert product is not None
    if not product.stocked:
        raise ValueError(_("%(sku)s is not kept in stock: scan what it is made of.") % {"sku": product.sku})
    if not now.delivery.loose and product not in now.delivery.expected:
        raise ValueError(
            _("%(sku)s is not on %(number)s. Put it aside, or receive it without a purchase order.")
            % {"sku": product.sku, "number": now.delivery.title}
        )
    lot = found.lot_code if product.tracking != Product.Tracking.NONE else ""
    units = 1 if product.tracking == Product.Tracking.SERIAL else found.units
    return _settle(now, Came(product, units, lot, found.expires_on if lot else None))


def _theirs(now: Now, code: str) -> Scanned | None:
    """What the supplier's own number on the order means: its pack."""
    product, units = now.delivery.theirs.get(code.strip().casefold(), (None, 0))
    return Scanned(Kind.PRODUCT, product=product, units=units) if product else None


def _answered(now: Now, text: str) -> Said:
    """The lot or the day that was asked for was scanned or typed."""
    asked = now.asked
    assert asked is not None
    text = text.strip()
    if not text:
        raise ValueError(_prompt(now))
    if now.asking == DAY:
        expires = arrived.day(text)
        if expires is None:
            raise ValueError(_("“%(text)s” is no day. Write it like 2027-01-31.") % {"text": text[:40]})
        return _settle(now, replace(asked, expires_on=expires))
    found = codes.find(text, [Kind.PRODUCT])
    if found and found[0].product != asked.product:
        raise ValueError(
            _("That is the code of %(sku)s. Scan the lot of %(wanted)s, or leave it out.")
            % {"sku": found[0].product.sku if found[0].product else "", "wanted": asked.product.sku}
        )
    if found and not found[0].lot_code:
        raise ValueError(_("That is the product's own code. Scan its lot or serial number."))
    named = found[0].lot_code if found else text[: arrived.LONGEST_LOT]
    return _settle(now, replace(asked, lot_code=named, expires_on=found[0].expires_on if found else None))


def _settle(now: Now, came: Came) -> Said:
    """Count it, or ask for what is missing first: its lot, when that expires, whether more than expected is right."""
    product = came.product
    now.asked, now.asking = came, ""
    if product.tracking != Product.Tracking.NONE and not came.lot_code:
        now.asking = LOT
        return Said("next", _prompt(now) + ".")
    if product.tracking == Product.Tracking.SERIAL:
        _refuse_second(now, came)
    if product.expires and came.expires_on is None and not _known_day(now, came):
        now.asking = DAY
        return Said("next", _prompt(now) + ".")
    total = arrived.units_of(now.rows, product) + came.units
    expected = now.delivery.expected.get(product, 0)
    if now.delivery.strict and total > expected:
        now.forget()
        raise ValueError(
            _("Only %(expected)s of %(sku)s are on their way. Receive those, and count in what is too much.")
            % {"sku": product.sku, "expected": expected}
        )
    if not now.delivery.loose and total > expected and product.pk not in now.allowed:
        now.asking = MORE
        return Said(
            "ask",
            _("%(total)s of %(sku)s would be here; %(expected)s are expected. Take them all in?")
            % {"total": total, "sku": product.sku, "expected": expected},
        )
    if total > arrived.MOST_UNITS or len(now.rows) >= arrived.MOST_ROWS:
        now.forget()
        raise ValueError(_("That is too much for one delivery: book it, and go on."))
    now.rows, now.last = arrived.added(now.rows, came), came.units
    now.forget()
    return Said("ok", now.rows[-1].words, _("Counted"))


def _refuse_second(now: Now, came: Came) -> None:
    """A serial number is one unit: refused where it was scanned already, or lies here."""
    scanned = any((row.product, row.lot_code) == (came.product, came.lot_code) for row in now.rows)
    if (
        scanned
        or LotLevel.objects.filter(lot__product=came.product, lot__code__iexact=came.lot_code, units__gt=0).exists()
    ):
        now.forget()
        raise ValueError(
            _("%(lot)s is here already: a serial number is one unit. Scan the next one.") % {"lot": came.lot_code}
        )


def _known_day(now: Now, came: Came) -> bool:
    if any(row.expires_on for row in now.rows if (row.product, row.lot_code) == (came.product, came.lot_code)):
        return True
    return Lot.objects.filter(product=came.product, code__iexact=came.lot_code, expires_on__isnull=False).exists()


def _book(request: HttpRequest, now: Now) -> Said:
    if now.asked:
        raise ValueError(_("Answer first, or leave out: %(what)s.") % {"what": now.asked.words})
    if not now.rows:
        raise ValueError(_("Nothing is counted yet. Scan what came."))
    direct = request.POST.get("direct") == "1"
    place = now.place or (None if direct else now.delivery.warehouse)
    note = desk.words(request, "delivery_note", most=120)
    sentence = now.delivery.book(now.rows, place, doors.once(request), note, request.user)
    now.rows, now.last, now.allowed, now.booked = [], 0, set(), True
    return Said("ok", sentence)


# --- what is shown -------------------------------------------------------------------------------------------------------
def _prompt(now: Now) -> str:
    if now.asked and now.asking == LOT:
        if now.asked.product.tracking == Product.Tracking.SERIAL:
            return _("Scan the serial number of %(sku)s") % {"sku": now.asked.product.sku}
        return _("Scan or type the lot of %(sku)s") % {"sku": now.asked.product.sku}
    if now.asked and now.asking == DAY:
        return _("Type when lot %(lot)s expires, like 2027-01-31") % {"lot": now.asked.lot_code}
    return _("Scan what came")


def _lines(now: Now) -> list[dict[str, Any]]:
    """Each product of the order, and what was counted beside it; what was scanned last first."""
    last = now.rows[-1].product if now.rows else None
    products = list(
        dict.fromkeys([*([last] if last else []), *(row.product for row in now.rows), *now.delivery.expected])
    )
    found = []
    for product in products:
        rows = [row for row in now.rows if row.product == product]
        expected, came = now.delivery.expected.get(product, 0), sum(row.units for row in rows)
        if came or expected:
            found.append({
                "product": product, "expected": expected, "came": came, "lots": [row for row in rows if row.lot_code],
                "tone": "done" if came == expected else "warn" if came > expected and not now.delivery.loose else "",
                "now": product == last,
            })  # fmt: skip
    return found
