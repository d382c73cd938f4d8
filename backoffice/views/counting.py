"""Counting by other programs than our own screens: each scan is one small POST, answered in JSON; and sheets as PDF."""

import json
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice import count_papers, count_scans, desk
from backoffice.count_scans import Wanted
from backoffice.views.papers import private, problem
from inventory.counting import MOST_UNITS
from inventory.models import CountSheet


@require_http_methods(["GET", "HEAD", "POST"])
@staff_member_required
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """One scan: {place, code, units or add, lot, once}, as JSON or as a form. A browser that opens it gets the screen."""
    desk.must(request, "inventory.enter_count")
    found = get_object_or_404(CountSheet, pk=pk)
    if request.method != "POST":
        return HttpResponseRedirect(f"{reverse('floor:count')}?code={found.number}")
    try:
        scanned = count_scans.scan(found.pk, **_read(request), by=request.user)
    except desk.SAID as error:
        needs = error.what if isinstance(error, Wanted) else ""
        return JsonResponse({"ok": False, "said": str(error), "needs": needs}, status=400)
    lines = found.lines.all()
    progress = {"lines": lines.count(), "done": lines.filter(counted__isnull=False).count()}
    return JsonResponse({"ok": True, "needs": "", **scanned.to_json(), **progress})


def _read(request: HttpRequest) -> dict[str, Any]:
    """What was scanned; ValueError with a sentence where it cannot be read."""
    typed: Any = request.POST.dict()
    if "json" in (request.content_type or ""):
        try:
            typed = json.loads(request.body)
        except (ValueError, RecursionError):
            raise ValueError(_("This is no JSON.")) from None
    if not isinstance(typed, dict):
        raise ValueError(_("Send one object with place, code, and units or add."))
    texts = {name: str(typed.get(name) or "")[:200] for name in ("place", "code", "lot", "once")}
    figures = {
        name: desk.whole_number(str(typed[name]), least=0 if name == "units" else 1, most=MOST_UNITS)
        for name in ("units", "add")
        if typed.get(name) not in (None, "")
    }
    if len(figures) > 1:
        raise ValueError(_("Say either units or add, not both."))
    return {**texts, **figures}


@require_safe
@staff_member_required
def paper(request: HttpRequest) -> HttpResponseBase:
    """One PDF of `?sheet=1,2`."""
    desk.must(request, "inventory.view_countsheet")
    asked = [part for part in ",".join(request.GET.getlist("sheet")).split(",") if part.strip()]
    if not asked or not all(desk.is_number(part) for part in asked):
        raise Http404
    try:
        content, name = count_papers.sheets([int(part) for part in asked], printed_by=desk.who(request))
    except ValueError as error:
        return problem(request, _("No paper"), str(error), status=400)
    return private(HttpResponse(content, content_type="application/pdf"), f'inline; filename="{name}"')
