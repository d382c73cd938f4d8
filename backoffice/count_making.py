"""The desk's pages for making count sheets by hand, and for how true the counts were."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, stocktaking
from backoffice.exchange.files import CsvFormat, XlsxFormat
from backoffice.lib import cells
from inventory import catalogue, count_accuracy, count_due
from inventory.count_accuracy import Accuracy
from inventory.count_due import Pair
from inventory.models import Category, Location
from orders import merchant

WHOLE = (Location.Kind.WAREHOUSE,)


# --- a sheet by hand -----------------------------------------------------------------------------------------------------
def start(request: HttpRequest) -> HttpResponse:
    """Of a place, a category or chosen products; or blank, for what is scanned."""
    desk.must(request, "inventory.enter_count")
    if request.method == "POST":
        made: list[Any] = []
        if desk.press(request, lambda: _start(request, made)):
            if len(made) == 1:
                return HttpResponseRedirect(reverse("admin:inventory_countsheet_change", args=[made[0].pk]))
            return HttpResponseRedirect(reverse("admin:inventory_countsheet_changelist"))
    places = list(Location.objects.filter(archived_at=None).exclude(kind=Location.Kind.TRANSIT))
    return desk.page(
        request,
        "admin/inventory/countsheet/start.html",
        _("New count sheet"),
        warehouses=[place for place in places if place.kind in WHOLE],
        places=[place for place in places if place.kind not in WHOLE],
        categories=list(Category.objects.all()),
        typed=request.POST if request.method == "POST" else {"what": "place", "blind": "on", "lines": "50"},
    )


def _start(request: HttpRequest, made: list[Any]) -> str:
    place = Location.objects.filter(pk=_chosen(request, "warehouse"), kind__in=WHOLE).first()
    if place is None:
        raise ValueError(_("Choose a warehouse from the list."))
    lines = desk.whole_number(request.POST.get("lines", ""), least=1)
    sheets, taken = stocktaking.start(
        place.pk,
        _what(request, place),
        lines_a_sheet=lines,
        blind=request.POST.get("blind") == "on",
        note=desk.words(request, "note", most=250),
        by=request.user,
    )
    made += sheets
    said = ngettext("Sheet %(number)s is made.", "%(count)d sheets are made.", len(sheets)) % {
        "number": sheets[0].number,
        "count": len(sheets),
    }
    if taken:
        left = ngettext(
            "%(count)d was left out: it is being counted already, on sheet %(numbers)s.",
            "%(count)d were left out: they are being counted already, on sheet %(numbers)s.",
            len(taken),
        ) % {"count": len(taken), "numbers": ", ".join(sorted(set(taken.values()))[:5])}
        said = f"{said} {left}"
    return said


def _what(request: HttpRequest, warehouse: Location) -> Callable[[], Iterable[Pair]] | None:
    what = request.POST.get("what", "")
    if what == "blank":
        return None
    if what == "products":
        codes = request.POST.get("products", "").split("\n")
        ids = [catalogue.find_by_code(code)[0].pk for code in codes if code.strip()]
        if not ids:
            raise ValueError(_("Write the SKU or barcode of each product on a line of its own."))
        return lambda: count_due.of_products(warehouse.pk, ids)
    if what == "category":
        category = _chosen(request, "category")
        if not Category.objects.filter(pk=category).exists():
            raise ValueError(_("Choose a category from the list."))
        return lambda: count_due.in_place(warehouse.pk, category_id=category)
    if not request.POST.get("place"):
        return lambda: count_due.in_place(warehouse.pk)
    place = Location.objects.filter(pk=_chosen(request, "place"), warehouse=warehouse).first()
    if place is None:
        raise ValueError(_("This place is not in %(warehouse)s.") % {"warehouse": warehouse})
    return lambda: count_due.in_place(warehouse.pk, place.pk)


def _chosen(request: HttpRequest, name: str) -> int:
    """The number of the row that was chosen in a list; 0, which no row has, for anything else."""
    value = request.POST.get(name, "")
    return int(value) if desk.is_number(value) else 0


# --- how true the counts were --------------------------------------------------------------------------------------------
HEADS = ("warehouse", "plan", "sheets", "lines", "without_difference", "per_cent")
VALUES = ("missing", "surplus", "net")


def accuracy(request: HttpRequest) -> HttpResponse | FileResponse:
    desk.must(request, "inventory.view_countsheet")
    seller = merchant.current()
    today = merchant.local_day(timezone.now(), seller)
    since, until, wrong = today - timedelta(days=90), today, ""
    try:
        since = date.fromisoformat(request.GET.get("since") or since.isoformat())
        until = date.fromisoformat(request.GET.get("until") or until.isoformat())
    except ValueError:
        wrong = _("Write the day like 2026-11-25.")
    if since > until:
        wrong = _("The first day must not be after the last.")
    zone = ZoneInfo(seller.time_zone)
    rows = [] if wrong else count_accuracy.accuracy(_midnight(since, zone), _midnight(until + timedelta(days=1), zone))
    sees_costs = request.user.has_perm("inventory.see_costs")
    form = {"csv": CsvFormat, "xlsx": XlsxFormat}.get(request.GET.get("format", ""))
    if form is not None and not wrong:
        return _file(form(), rows, sees_costs, f"counts-{since.isoformat()}-{until.isoformat()}")
    return desk.page(
        request,
        "admin/inventory/countsheet/accuracy.html",
        _("How true the counts were"),
        rows=rows,
        since=since,
        until=until,
        wrong=wrong,
        sees_costs=sees_costs,
        currency=seller.currency,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _file(form: Any, rows: list[Accuracy], sees_costs: bool, name: str) -> FileResponse:
    file = form.write(
        [*HEADS, *(VALUES if sees_costs else ())],
        (
            [
                row.warehouse, row.plan, str(row.sheets), str(row.lines), str(row.right), f"{row.share:.1f}",
                *([cells.figure(row.missing), cells.figure(row.surplus), cells.figure(row.net)] if sees_costs else ()),
            ]
            for row in rows
        ),
    )  # fmt: skip
    response = FileResponse(
        file, as_attachment=True, filename=f"{name}.{form.get_extension()}", content_type=form.get_content_type()
    )
    response["Cache-Control"] = "private, no-store"
    return response
