"""Pages on the places of a warehouse: many added at once, their labels, and what lies in them."""

from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from backoffice import desk
from backoffice.api.base import pdf
from inventory import bin_labels, bin_patterns, places
from inventory.models import Location, StockLevel
from orders import merchant

MOST_LABELS = 2000
MOST_SHOWN = 500
SHOWN = 12


def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Many bins by one pattern: first shown, then added."""
    desk.must(request, "inventory.add_location")
    warehouse = get_object_or_404(Location, pk=pk, kind=Location.Kind.WAREHOUSE)
    typed = {name: request.POST.get(name, "") for name in ("pattern", "first", "kind")}
    names: list[str] = []
    error = ""
    if request.method == "POST":
        try:
            names = bin_patterns.expand(typed["pattern"])
        except ValueError as wrong:
            error = str(wrong)
        if names and request.POST.get("sure") and desk.press(request, lambda: _added(warehouse, names, typed)):
            return HttpResponseRedirect(f"{reverse('admin:inventory_location_changelist')}?in={warehouse.pk}")
    last = (
        Location.objects.filter(warehouse=warehouse)
        .order_by("-pick_order")
        .values_list("pick_order", flat=True)
        .first()
    )
    return desk.page(
        request,
        "admin/inventory/bins.html",
        _("Add places to %(warehouse)s") % {"warehouse": warehouse},
        warehouse=warehouse,
        pattern=typed["pattern"],
        first=typed["first"] or (last + 1 if last else 1),
        kind=typed["kind"] or Location.Kind.BIN,
        error=error,
        names=names[:SHOWN],
        last_name=names[-1] if len(names) > SHOWN else "",
        count=len(names),
        known=Location.objects.filter(warehouse=warehouse, name__in=names).count() if names else 0,
    )


def _added(warehouse: Location, names: list[str], typed: dict[str, str]) -> str:
    kind = Location.Kind.QUARANTINE if typed["kind"] == Location.Kind.QUARANTINE else Location.Kind.BIN
    first = desk.whole_number(typed["first"] or "1")
    added, there = places.add_bins(warehouse.pk, names, kind=kind, first_pick_order=first)
    said = ngettext("%(count)d place added.", "%(count)d places added.", added) % {"count": added}
    if there:
        said = f"{said} " + ngettext(
            "%(count)d was there before and stays as it is.", "%(count)d were there before and stay as they are.", there
        ) % {"count": there}
    return said


def labels(request: HttpRequest) -> HttpResponse:
    """One PDF of labels: of `?place=1,2`, of all places in `?in=1`, or of all there are; `&roll=1` for a label printer."""
    desk.must(request, "inventory.view_location")
    chosen = [int(part) for part in request.GET.get("place", "").split(",") if desk.is_number(part)]
    inside = request.GET.get("in", "")
    found = places.usable()
    if chosen:
        found = found.filter(pk__in=chosen)
    elif desk.is_number(inside):
        found = found.filter(Q(pk=int(inside)) | Q(warehouse=int(inside)))
    rows = list(found.order_by("warehouse__pick_order", "pick_order", "code")[: MOST_LABELS + 1])
    if not rows or len(rows) > MOST_LABELS:
        sentence = _("Choose the places whose labels you want, at most %(most)d at once.") % {"most": MOST_LABELS}
        page = desk.page(request, "problem.html", _("No labels"), sentence=sentence)
        page.status_code = 400
        return page
    content = bin_labels.draw(
        [bin_labels.BinLabel(place.code, place.name, (place.warehouse or place).name) for place in rows],
        roll=bool(request.GET.get("roll")),
        title=_("Labels for places"),
        author=merchant.current().name,
        language=(get_language() or "en")[:2],
    )
    return show(pdf(content, "labels.pdf"))


def show(paper: HttpResponse) -> HttpResponse:
    """A PDF for the browser's own viewer, whose styles the policy of our pages would forbid."""
    unguarded: Any = paper
    unguarded._csp_exempt = True
    return paper


def stock(request: HttpRequest, pk: int) -> HttpResponse:
    """What lies in a place; of a warehouse, its places with how much is in each, and what lies at its root."""
    desk.must(request, "inventory.view_location", "inventory.view_stocklevel")
    place = get_object_or_404(Location.objects.select_related("warehouse"), pk=pk)
    levels = StockLevel.objects.filter(location=place).exclude(on_hand=0).select_related("product")
    rows = list(levels.order_by("product__sku")[: MOST_SHOWN + 1])
    inside = (
        Location.objects.filter(warehouse=place)
        .annotate(
            kinds=Count("levels", filter=~Q(levels__on_hand=0)),
            units=Sum("levels__on_hand"),
            promised=Sum("levels__reserved"),
        )
        .order_by("pick_order", "code")
    )
    return desk.page(
        request,
        "admin/inventory/place_stock.html",
        _("Stock in %(place)s") % {"place": place.in_full},
        place=place,
        rows=rows[:MOST_SHOWN],
        more=len(rows) > MOST_SHOWN,
        inside=list(inside[:MOST_SHOWN]) if place.kind == Location.Kind.WAREHOUSE else [],
        may_move=request.user.has_perm("inventory.move_stock") and place.kind != Location.Kind.TRANSIT,
    )
