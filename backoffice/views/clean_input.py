"""No NUL character gets in: PostgreSQL keeps none, so each page that looks one up would break by itself."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

NUL = "\x00"
# Their bodies are verbatim: signed, kept as they came, and read by rules of their own.
API, OWN_BODIES = "/api/", ("/api/", "/webhooks/")

Answer = Callable[[HttpRequest], HttpResponse]


class CleanInput:
    """Answers 400 with a sentence where the address, or a field of a form, holds a NUL character."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (_in_address(request) or _in_form(request)):
            return self.get_response(request)
        sentence = _("A character that is no text (NUL) stands in what was sent. Type it anew; nothing was done.")
        if request.path_info.startswith(API):
            return JsonResponse({"errors": [{"field": "", "message": sentence}]}, status=400)
        return render(request, "400.html", {"sentence": sentence}, status=400)


def _in_address(request: HttpRequest) -> bool:
    return NUL in request.path_info or b"\0" in unquote_to_bytes(request.META.get("QUERY_STRING", ""))


def _in_form(request: HttpRequest) -> bool:
    if request.method != "POST" or request.path_info.startswith(OWN_BODIES):
        return False
    return any(NUL in name or any(NUL in value for value in values) for name, values in request.POST.lists())
