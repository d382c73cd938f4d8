"""The journal as a file, streamed to who may export the books."""

from datetime import date

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounting import export


@require_safe
@login_required
@permission_required(["accounting.view_entry", "accounting.export_books"], raise_exception=True)
def journal(request: HttpRequest, format: str) -> HttpResponseBase:
    """The whole journal, or that of the days `from` to `to` (both as in 2026-11-30)."""
    if format not in export.FORMATS:
        raise Http404
    written, extension, content_type = export.FORMATS[format]
    try:
        since, until = _day(request, "from"), _day(request, "to")
    except ValueError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    response = StreamingHttpResponse(written(since=since, until=until), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="journal.{extension}"'
    response["Cache-Control"] = "no-store"
    return response


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"“{name}” is no day; write it as in 2026-11-30.") from None
