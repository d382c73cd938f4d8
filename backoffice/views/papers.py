"""Papers in the browser: never public, never kept by anything between the shop and its staff."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backoffice import desk, papers


@require_safe
@login_required
def paper(request: HttpRequest, kind: str) -> HttpResponseBase:
    """One PDF of `?order=1&order=2` (or `?order=1,2`), or of parcels: `?shipment=1`."""
    if kind not in papers.KINDS:
        raise Http404
    if not request.user.has_perm(papers.PERMISSIONS[kind]):
        return problem(
            request,
            _("Not for you"),
            _("Your role does not open this paper. Ask a manager if you need it for your work."),
            status=403,
        )
    try:
        content, name = papers.paper(
            kind,
            _numbers(request, "order"),
            shipment_ids=_numbers(request, "shipment"),
            language=(get_language() or "en")[:2],
            printed_by=desk.who(request),
        )
    except papers.PaperError as error:
        return problem(request, _("No paper"), str(error), status=400)
    return private(HttpResponse(content, content_type="application/pdf"), f'inline; filename="{name}"')


def problem(request: HttpRequest, title: str, sentence: str, *, status: int) -> HttpResponseBase:
    """A page that says in one sentence what is wrong and what to do."""
    response = desk.page(request, "problem.html", title, sentence=sentence)
    response.status_code = status
    response["Cache-Control"] = "private, no-store"
    return response


def _numbers(request: HttpRequest, name: str) -> list[int]:
    typed = [part.strip() for value in request.GET.getlist(name) for part in value.split(",") if part.strip()]
    wrong = [part for part in typed if not (part.isascii() and part.isdigit() and len(part) < 19)]
    if wrong:
        raise papers.PaperError(f"“{wrong[0][:40]}” is no {name}. Go back to the list and choose again.")
    return [int(part) for part in typed]


def private(response: HttpResponse, disposition: str) -> HttpResponse:
    response["Content-Disposition"] = disposition
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    # The browser's own PDF viewer is a plug-in with styles of its own, which the policy of our pages would forbid.
    cast(Any, response)._csp_exempt = True
    return response
