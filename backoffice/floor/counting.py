"""Count: a sheet, a place, and each thing that lies there by scan or by number (rule: S8). What should be there is not shown.

Each figure is noted at once; what is scanned or typed last stands in a field in which it can be corrected.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from backoffice import count_scans, desk, goods, stocktaking
from backoffice.floor import codes, doors
from backoffice.floor.codes import Kind
from backoffice.floor.doors import Said, answer, attempt, screen
from inventory import places
from inventory.counting import MOST_UNITS, Figure
from inventory.models import CountLine, CountSheet, Location

MOST_SHEETS = 50
MOST_LINES = 200
State = CountSheet.State


@dataclass
class Now:
    """Where the person is: which sheet, in which place, what was counted last and what it was before."""

    sheet: CountSheet | None = None
    place: Location | None = None
    line: CountLine | None = None
    before: int | None = None
    wanted: str = ""
    """The code of something of which the lot must be scanned next."""
    handing_in: bool = False

    @property
    def state(self) -> list[tuple[str, Any]]:
        return [
            ("sheet", self.sheet.number if self.sheet else ""),
            ("place", self.place.code if self.place else ""),
            ("line", self.line.pk if self.line else ""),
            ("before", self.before),
            ("counted", self.line.counted if self.line else ""),
            ("wanted", self.wanted),
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@screen("count")
def count(request: HttpRequest) -> HttpResponse:
    now = _now(request)
    said: Said | None = None
    pressed = doors.act(request)
    code, amount = doors.typed(request) if pressed else (request.GET.get("code", "").strip(), "")
    if pressed == "show":
        pass
    elif now.sheet is None:
        if pressed == "new":
            return _new(request)
        said = attempt(lambda: _open(now, code)) if pressed or code else None
    elif pressed:
        said = attempt(lambda: _press(request, now, pressed, code, amount))
    return answer(
        request, "floor/count.html", _("Count"), prompt=_prompt(now), said=said, state=now.state,
        draft=now.sheet is not None, now=now, **_shown(request, now),
    )  # fmt: skip


def _now(request: HttpRequest) -> Now:
    """What the form brings along; nothing of it is believed that is not there."""
    sheet = CountSheet.objects.select_related("warehouse").filter(number=request.POST.get("sheet", "")).first()
    if sheet is None or sheet.state != State.OPEN:
        return Now()
    line = request.POST.get("line", "")
    before = request.POST.get("before", "")
    return Now(
        sheet=sheet,
        place=count_scans.places(sheet).filter(code=request.POST.get("place", "")).first(),
        line=_line(sheet, int(line)) if desk.is_number(line) else None,
        before=int(before) if desk.is_number(before) else None,
        wanted=request.POST.get("wanted", "").strip()[:200],
    )


def _line(sheet: CountSheet, pk: int) -> CountLine | None:
    return sheet.lines.select_related("product", "location", "lot").filter(pk=pk).first()


def _open(now: Now, code: str) -> Said:
    if not code:
        raise ValueError(_("Scan the number on the sheet, or choose one."))
    sheet = codes.one(code, Kind.SHEET).paper
    if not isinstance(sheet, CountSheet) or sheet.state != State.OPEN:
        raise ValueError(
            _("Sheet %(number)s is not counted any more: it is %(state)s.")
            % {"number": sheet, "state": sheet.get_state_display() if isinstance(sheet, CountSheet) else ""}
        )
    now.sheet = sheet
    return Said(
        "ok", _("Sheet %(number)s, %(warehouse)s.") % {"number": sheet.number, "warehouse": sheet.warehouse.name}
    )


def _new(request: HttpRequest) -> HttpResponse:
    """A blank sheet, for whatever is found; then to its own address, so that loading it again makes no second one."""
    desk.must(request, "inventory.add_countsheet")
    warehouse = request.POST.get("warehouse", "")
    found = places.warehouses().filter(pk=int(warehouse) if desk.is_number(warehouse) else 0).first()
    if found is None:
        return HttpResponseRedirect(request.path)
    sheet = stocktaking.start(found.pk, None, by=request.user)[0][0]
    return HttpResponseRedirect(f"{request.path}?code={sheet.number}")


def _press(request: HttpRequest, now: Now, pressed: str, code: str, amount: str) -> Said:
    assert now.sheet is not None
    if pressed == "other":
        number, now.sheet = now.sheet.number, None
        return Said("quiet", _("Sheet %(number)s stays open; what was counted is noted.") % {"number": number})
    corrected = _correct(request, now, amount)
    if pressed in ("submit", "submit-all"):
        return _hand_in(request, now, sure=pressed == "submit-all")
    if pressed == "undo":
        return _undo(request, now)
    if pressed.startswith("none-") and desk.is_number(pressed[5:]):
        return _none(request, now, int(pressed[5:]))
    if code:
        return _scan(request, now, code)
    if corrected is None:
        raise ValueError(_("Scan something, or type how many."))
    return corrected


def _correct(request: HttpRequest, now: Now, amount: str) -> Said | None:
    """What was typed over the figure that was counted last, if anything was."""
    if not (now.sheet and now.line and amount) or amount == request.POST.get("counted", ""):
        return None
    units = desk.whole_number(amount, most=MOST_UNITS)
    stocktaking.enter(now.sheet.pk, [Figure(now.line.pk, units)], by=request.user)
    if now.line.counted != units:
        now.before = now.line.counted
    now.line = _line(now.sheet, now.line.pk)
    return Said("ok", _figure(now))


def _undo(request: HttpRequest, now: Now) -> Said:
    if not (now.sheet and now.line):
        raise ValueError(_("There is nothing to undo."))
    stocktaking.enter(now.sheet.pk, [Figure(now.line.pk, now.before)], by=request.user)
    now.line, now.before = _line(now.sheet, now.line.pk), None
    return Said("ok", _("Undone: %(figure)s") % {"figure": _figure(now)})


def _none(request: HttpRequest, now: Now, line_id: int) -> Said:
    """Nothing lies where the sheet says that something might."""
    assert now.sheet is not None
    line = _line(now.sheet, line_id)
    if line is None:
        raise ValueError(_("This line is not on the sheet any more."))
    stocktaking.enter(now.sheet.pk, [Figure(line.pk, 0)], by=request.user)
    now.before, now.line = line.counted, _line(now.sheet, line.pk)
    return Said("ok", _figure(now))


def _scan(request: HttpRequest, now: Now, code: str) -> Said:
    """A place, a product, one of its packs or its lot; each product scanned is one more (a pack so many more)."""
    assert now.sheet is not None
    lot, units = "", 1
    if now.wanted:
        # What the lot is of was scanned before; the same code again is not its lot.
        code, lot = now.wanted, code if code != now.wanted else ""
    found = codes.find(code, [Kind.PRODUCT] if lot else [Kind.PRODUCT, Kind.LOT])
    if found and found[0].product:
        code, lot, units = found[0].product.sku, lot or _lot_of(found[0]), found[0].units
    elif not count_scans.places(now.sheet).filter(Q(code__iexact=code) | Q(name__iexact=code)).exists():
        raise ValueError(codes.unknown(code, [Kind.PRODUCT, Kind.LOT, Kind.PLACE]))
    try:
        noted = count_scans.scan(
            now.sheet.pk, place=now.place.code if now.place else "", code=code, add=units, lot=lot,
            once=doors.once(request), by=request.user,
        )  # fmt: skip
    except count_scans.Wanted as wanted:
        now.wanted = code if wanted.what == "lot" else ""
        return Said("next", str(wanted))
    now.wanted = ""
    if noted.line_id is None:
        now.place, now.line, now.before = noted.place, None, None
        return Said("ok", noted.said)
    now.place = noted.place
    now.line = _line(now.sheet, noted.line_id)
    now.before = (noted.counted or 0) - units if (noted.counted or 0) > units else None
    return Said("refused", noted.said, _("Count again")) if noted.moved else Said("ok", _figure(now))


def _lot_of(scanned: codes.Scanned) -> str:
    """A lot that nobody knew as it would be typed: with its day, if the bars say that too."""
    new = scanned.lot_code and scanned.lot is None and scanned.product and scanned.product.expires
    return f"{scanned.lot_code}, {scanned.expires_on}" if new and scanned.expires_on else scanned.lot_code


def _figure(now: Now) -> str:
    line = now.line
    if line is None or line.counted is None:
        return _("not counted")
    what = f"{line.product.sku} · {line.lot.code}" if line.lot else line.product.sku
    return _("%(units)s × %(what)s in %(place)s") % {"units": line.counted, "what": what, "place": line.location.name}


def _hand_in(request: HttpRequest, now: Now, *, sure: bool) -> Said:
    assert now.sheet is not None
    left = now.sheet.lines.filter(counted=None).count()
    if left and not sure:
        now.handing_in = True
        sentence = ngettext(
            "%(count)d line is not counted yet. It stays as it is if you hand the sheet in now.",
            "%(count)d lines are not counted yet. They stay as they are if you hand the sheet in now.",
            left,
        )
        return Said("ask", sentence % {"count": left})
    touched = goods.Touched()
    state = stocktaking.submit(now.sheet.pk, by=request.user, touched=touched)
    number, now.sheet = now.sheet.number, None
    if state == State.REVIEW:
        return Said("ok", _("Sheet %(number)s waits for approval by another person.") % {"number": number})
    return Said("ok", f"{_('Sheet %(number)s is booked.') % {'number': number}} {touched.words()}".strip())


# --- what is shown -------------------------------------------------------------------------------------------------------
def _prompt(now: Now) -> str:
    if now.sheet is None:
        return _("Scan the count sheet")
    if now.wanted:
        return _("Scan the lot or serial number")
    if now.place is None:
        return _("Scan the place")
    return _("Scan what lies in %(place)s") % {"place": now.place.name}


def _shown(request: HttpRequest, now: Now) -> dict[str, Any]:
    if now.sheet is None:
        makes = request.user.has_perm("inventory.add_countsheet")
        return {
            "sheets": CountSheet.objects.filter(state=State.OPEN)
            .select_related("warehouse")
            .order_by("id")[:MOST_SHEETS],
            "warehouses": places.warehouses() if makes else [],
        }
    lines = now.sheet.lines.select_related("product", "location", "lot").order_by("position")
    here = lines.filter(location=now.place) if now.place else lines
    return {
        "lines": here[:MOST_LINES],
        "left": now.sheet.lines.filter(counted=None).count(),
        "all_lines": now.sheet.lines.count(),
    }
