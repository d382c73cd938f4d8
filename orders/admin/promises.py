"""How good promises were, on a page with a span of days, and as files."""

from collections.abc import Iterable
from dataclasses import astuple, fields
from datetime import date, timedelta
from typing import Any

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backoffice import desk
from backoffice.exchange import figures
from backoffice.lib import formats
from orders import merchant, promise_score
from orders.promise_score import EachPromise, Score

SPAN = 90
HEADINGS = (
    "supplier", "told", "unknown", "judged", "kept", "kept_percent", "late", "mean_days_late", "early", "mean_days_early",
)  # fmt: skip


@require_safe
def view(request: HttpRequest) -> HttpResponseBase:
    desk.must(request, "orders.view_order", "inventory.view_supplier")
    today = merchant.local_day(timezone.now(), merchant.current())
    wrong = ""
    try:
        last = _day(request, "last") or today
        first = _day(request, "first") or last - timedelta(days=SPAN - 1)
        if first > last:
            raise ValueError(_("The first day is after the last one. Change one of the two."))
    except ValueError as error:
        first, last, wrong = today - timedelta(days=SPAN - 1), today, str(error)
    kind = request.GET.get("export", "")
    if kind in figures.FORMATS and not wrong:
        return _file(kind, first, last, each=bool(request.GET.get("each")))
    found = promise_score.scores(first, last)
    return desk.page(
        request,
        "admin/orders/order/promises.html",
        _("Promises kept"),
        first=first.isoformat(),
        last=last.isoformat(),
        wrong=wrong,
        all=found.whole,
        whole=_told(found.whole),
        suppliers=[(score, _told(score)) for score in found.suppliers],
        formats=list(figures.FORMATS),
    )


def _day(request: HttpRequest, name: str) -> date | None:
    typed = request.GET.get(name, "").strip()
    if not typed:
        return None
    wrong = _("“%(text)s” is no day; write it as 2026-12-31.") % {"text": typed[:20]}
    try:
        day = parse_date(typed)
    except ValueError:
        raise ValueError(wrong) from None
    if day is None or not date(2000, 1, 1) <= day <= date(2200, 1, 1):
        raise ValueError(wrong)
    return day


def _told(score: Score) -> dict[str, str]:
    """The score's means and share as people read them."""
    language = (get_language() or "en")[:2]

    def figure(value: Any) -> str:
        return "–" if value is None else formats.number(round(value, 1).normalize() + 0, language)

    share = score.share
    return {
        "share": "–" if share is None else formats.percent(round(share, 1), language),
        "days_late": figure(score.days_late),
        "days_early": figure(score.days_early),
    }


def _file(kind: str, first: date, last: date, *, each: bool) -> FileResponse:
    rows: Iterable[list[Any]]
    if each:
        headings = [column.name for column in fields(EachPromise)]
        rows = (list(astuple(row)) for row in promise_score.each(first, last))
    else:
        headings = list(HEADINGS)
        found = promise_score.scores(first, last)
        rows = [*(_row(score, score.supplier) for score in found.suppliers), _row(found.whole, _("all"))]
    response = FileResponse(
        figures.written(kind, headings, rows),
        as_attachment=True,
        filename=f"promises-{first.isoformat()}-{last.isoformat()}.{kind}",
        content_type=figures.FORMATS[kind].get_content_type(),
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _row(score: Score, name: str) -> list[Any]:
    def rounded(value: Any) -> Any:
        return None if value is None else round(value, 2)

    return [
        name, score.told, score.unknown, score.judged, score.kept, rounded(score.share), score.late,
        rounded(score.days_late), score.early, rounded(score.days_early),
    ]  # fmt: skip
