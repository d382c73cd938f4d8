"""The desk's pages on one count sheet: figures typed from paper, what differs, and the buttons of its way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, DecimalField, F, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from backoffice import count_papers, count_scans, desk, goods, stocktaking
from inventory import counting, lots
from inventory.counting import Figure
from inventory.models import CountLine, CountSheet
from orders import merchant

State = CountSheet.State
LINES = 100
"""Lines on one page: with its two fields each, a form stays within what a server takes."""
TONES: dict[str, str] = {
    State.OPEN: "info",
    State.REVIEW: "warn",
    State.BOOKED: "good",
    State.CANCELLED: "quiet",
}
FINISHING = ("submit", "look")
SHOWN: dict[str, Q] = {
    "all": Q(),
    "missing": Q(counted__isnull=True),
    "differences": Q(difference__isnull=False) & ~Q(difference=0),
}


def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    desk.must(request, "inventory.view_countsheet")
    found = get_object_or_404(
        CountSheet.objects.select_related("warehouse", "plan", "created_by", "submitted_by", "booked_by"), pk=pk
    )
    may = request.user.has_perm
    tells = counting.tells(found, approves=may("inventory.approve_count"))
    shown = request.GET.get("show", "all")
    if shown not in SHOWN or (shown == "differences" and not tells):
        shown = "all"
    lines = (
        CountLine.objects.filter(SHOWN[shown], sheet=found)
        .select_related("product", "location", "lot", "counted_by", "movement")
        .order_by("position")
    )
    page = Paginator(lines, LINES).get_page(request.GET.get("p"))
    if tells:
        _say_what_should_be(list(page.object_list))
    sums = _sums(found) if tells else _progress(found)
    enters = found.state == State.OPEN and may("inventory.enter_count")
    return desk.page(
        request,
        "admin/inventory/countsheet/sheet.html",
        _("Count sheet %(number)s") % {"number": found.number},
        sheet=found,
        tone=TONES[found.state],
        lines=page,
        shown=shown,
        tells=tells,
        enters=enters,
        follows_lots=enters and lots.followed(),
        explains=tells and found.state in (State.OPEN, State.REVIEW) and may("inventory.enter_count"),
        approves=found.state == State.REVIEW and may("inventory.approve_count"),
        sees_costs=tells and may("inventory.see_costs"),
        currency=merchant.current().currency,
        sums=sums,
        asked=_asked(request, sums) if enters else "",
        above_limit=found.state in (State.OPEN, State.REVIEW) and tells and stocktaking.needs_approval(found),
    )


def _say_what_should_be(lines: list[CountLine]) -> None:
    there = count_papers.should_be(lines)
    for line in lines:
        line.there = there[line.pk]  # type: ignore[attr-defined]
        line.value = None if line.difference is None else line.difference * line.unit_cost  # type: ignore[attr-defined]


def _asked(request: HttpRequest, sums: dict[str, Any]) -> str:
    """The button that was pressed while lines were not counted: the page offers to finish all the same."""
    asked = request.GET.get("asked", "")
    return asked if asked in FINISHING and 0 < sums["counted"] < sums["lines"] else ""


def _progress(found: CountSheet) -> dict[str, Any]:
    return CountLine.objects.filter(sheet=found).aggregate(lines=Count("pk"), counted=Count("counted"))


def _sums(found: CountSheet) -> dict[str, Any]:
    worth = F("difference") * F("unit_cost")
    kind = DecimalField(max_digits=20, decimal_places=4)
    sums = CountLine.objects.filter(sheet=found).aggregate(
        lines=Count("pk"),
        counted=Count("counted"),
        differing=Count("pk", filter=SHOWN["differences"]),
        missing=Sum(worth, filter=Q(difference__lt=0), output_field=kind, default=0),
        surplus=Sum(worth, filter=Q(difference__gt=0), output_field=kind, default=0),
        net=Sum(worth, output_field=kind, default=0),
    )
    return {**sums, "missing": -sums["missing"]}


# --- buttons -------------------------------------------------------------------------------------------------------------
@require_POST
def do(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Press one of the sheet's buttons."""
    button = BUTTONS.get(name)
    if button is None:
        raise Http404
    desk.must(request, button.permission)
    found = get_object_or_404(CountSheet, pk=pk)
    done = desk.press(request, lambda: button.press(request, found))
    query = request.POST.get("query", "")
    back = reverse("admin:inventory_countsheet_change", args=[pk])
    asked = [query] if query.startswith(("show=", "p=")) else []
    if not done and name in FINISHING:
        asked.append(f"asked={name}")
    return HttpResponseRedirect(f"{back}?{'&'.join(asked)}" if asked else back)


def _note(request: HttpRequest, found: CountSheet) -> str:
    """What was typed into the page, in words once it is noted; empty where nothing was.

    Only what was changed on this page is noted: another person may have entered the rest meanwhile.
    """
    figures, reasons = [], {}
    for name, typed in request.POST.items():
        line, text = name.removeprefix("units-"), str(typed).strip()
        if line != name and desk.is_number(line) and text != request.POST.get(f"was-{line}", ""):
            figures.append(Figure(int(line), desk.whole_number(text, most=counting.MOST_UNITS) if text else None))
        line = name.removeprefix("reason-")
        if line != name and desk.is_number(line) and text != request.POST.get(f"reason-was-{line}", ""):
            reasons[int(line)] = desk.words(request, name, most=250)
    if figures:
        stocktaking.enter(found.pk, figures, by=request.user)
    stocktaking.explain(found.pk, reasons)
    if not figures:
        return _("The reasons are noted.") if reasons else ""
    return ngettext("%(count)d figure is noted.", "%(count)d figures are noted.", len(figures)) % {
        "count": len(figures)
    }


def _enter(request: HttpRequest, found: CountSheet) -> str:
    if not (noted := _note(request, found)):
        raise ValueError(_("Nothing was changed on this page."))
    return noted


def _found(request: HttpRequest, found: CountSheet) -> str:
    """Something lies there of which the sheet does not know."""
    typed = {name: desk.words(request, name, most=200) for name in ("place", "product", "lot")}
    if not typed["product"]:
        raise ValueError(_("Say which product was found."))
    noted = count_scans.scan(
        found.pk, place=typed["place"], code=typed["product"], lot=typed["lot"], by=request.user,
        units=desk.whole_number(request.POST.get("units", ""), most=counting.MOST_UNITS),
    )  # fmt: skip
    if noted.line_id is None or noted.place is None:
        raise ValueError(_("This is a place. Say which product was found in it."))
    return _("%(what)s in %(place)s is noted.") % {"what": noted.said, "place": noted.place.name}


def _submit(request: HttpRequest, found: CountSheet, *, look_first: bool = False) -> str:
    """What is typed on the page is noted first; what is not counted at all is asked about once."""
    noted = _note(request, found) if found.state == State.OPEN else ""
    sums = _progress(found)
    left = sums["lines"] - sums["counted"]
    if found.state == State.OPEN and sums["counted"] and left and "sure" not in request.POST:
        sentence = ngettext(
            "%(count)d line is not counted yet. It stays as it is if you finish the sheet now.",
            "%(count)d lines are not counted yet. They stay as they are if you finish the sheet now.",
            left,
        )
        raise ValueError(f"{noted} {sentence % {'count': left}}".strip())
    touched = goods.Touched()
    return _came_of_it(stocktaking.submit(found.pk, by=request.user, look_first=look_first, touched=touched), touched)


def _look(request: HttpRequest, found: CountSheet) -> str:
    return _submit(request, found, look_first=True)


def _approve(request: HttpRequest, found: CountSheet) -> str:
    touched = goods.Touched()
    return _came_of_it(stocktaking.approve(found.pk, by=request.user, touched=touched), touched)


def _came_of_it(state: State, touched: goods.Touched) -> str:
    if state == State.BOOKED:
        return f"{_('The count is booked.')} {touched.words()}".strip()
    if state == State.REVIEW:
        return _("The count waits for another person, who looks at its differences and books it.")
    return _("Nothing was done: the sheet is %(state)s.") % {"state": state.label}


def _again(request: HttpRequest, found: CountSheet) -> str:
    chosen = [int(line) for line in request.POST.getlist("line") if desk.is_number(line)]
    count = stocktaking.ask_again(found.pk, chosen or None)
    if not count:
        raise ValueError(_("No line differs: there is nothing to count again."))
    return ngettext("%(count)d line is to be counted again.", "%(count)d lines are to be counted again.", count) % {
        "count": count
    }


def _cancel(request: HttpRequest, found: CountSheet) -> str:
    stocktaking.cancel(found.pk)
    return _("The sheet is cancelled; nothing of it is booked.")


@dataclass(frozen=True, slots=True)
class Button:
    permission: str
    press: Callable[[HttpRequest, CountSheet], str]


BUTTONS: dict[str, Button] = {
    "enter": Button("inventory.enter_count", _enter),
    "found": Button("inventory.enter_count", _found),
    "submit": Button("inventory.enter_count", _submit),
    "look": Button("inventory.enter_count", _look),
    "approve": Button("inventory.approve_count", _approve),
    "again": Button("inventory.approve_count", _again),
    "cancel": Button("inventory.enter_count", _cancel),
}
