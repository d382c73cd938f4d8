"""What all screens share: who may open them, how one answers with a page or with its changed part only, what was said."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from backoffice import desk

BY_SCRIPT = "X-Floor"
"""Sent by the screens' script, which wants the changed part only; sent back with it, so that no other page is taken for it."""
SEE = ("inventory.view_product", "inventory.view_stocklevel")
"""Who may open the floor at all: who may see what lies where."""
SCREENS = {
    "look_up": (),
    "receive": ("inventory.receive_goods",),
    "put_away": ("inventory.move_stock",),
    "move": ("inventory.move_stock",),
    "count": ("inventory.enter_count",),
}
"""Screen → what one needs for it beside `SEE`."""

LONGEST_AMOUNT = 6
"""Digits of a number of units; the shortest bar code of a product has eight."""

Tone = Literal["ok", "refused", "ask", "next", "quiet"]
"""`ask` waits for a person's word, and what was scanned meanwhile is given back; `next` waits for the scan that follows."""


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a scan: a colour, a sound and a sentence."""

    tone: Tone
    sentence: str
    first: str = ""
    """What stands before the sentence, where the colour's own word would not fit."""

    @property
    def word(self) -> str:
        words = {"ok": _("Done"), "refused": _("Not done"), "ask": _("Wait"), "next": _("Next"), "quiet": ""}
        return self.first or words[self.tone]


def attempt(do: Callable[[], Said]) -> Said:
    """What came of it; refused, with the sentence, where a rule of the house says no."""
    try:
        return do()
    except desk.SAID as error:
        return Said("refused", str(error))


def may(request: HttpRequest, screen: str) -> bool:
    return request.user.has_perms((*SEE, *SCREENS[screen]))


def screen(name: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Only for staff with the screen's permissions; never kept by anything between the shop and its staff."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not (request.user.is_active and request.user.is_staff):
                if BY_SCRIPT in request.headers:
                    return HttpResponse(_("You are logged out."), status=401, content_type="text/plain; charset=utf-8")
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            if not request.user.has_perms((*SEE, *SCREENS[name])):
                raise PermissionDenied
            response = view(request, **kwargs)
            response["Cache-Control"] = "private, no-store"
            response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
            return response

        return guarded

    return guard


def answer(
    request: HttpRequest, template: str, title: str, *, prompt: str, said: Said | None = None, **context: Any
) -> HttpResponse:
    """The screen after a scan; `prompt` says what to scan next.

    `state` in the context is what the next scan sends along: (name, value) pairs. `draft` says that it holds work which is
    not booked yet, and is kept on the phone until it is.
    """
    whole = BY_SCRIPT not in request.headers
    response = TemplateResponse(
        request,
        template,
        {"title": title, "prompt": prompt, "said": said, "whole": whole, "once": desk.once(), **context},
    )
    response[BY_SCRIPT] = "1"
    return response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Off to another screen: a script is told where, for it would only follow with its own part of the page."""
    if BY_SCRIPT not in request.headers:
        return HttpResponseRedirect(url)
    response = HttpResponse(format_html('<div id="step" data-go="{}"></div>', url))
    response[BY_SCRIPT] = "1"
    return response


def act(request: HttpRequest) -> str:
    """Which button was pressed: `scan` where a code was scanned or typed; empty where the page is only opened."""
    return request.POST.get("act", "scan") if request.method == "POST" else ""


def typed(request: HttpRequest) -> tuple[str, str]:
    """(code, amount) as they came. A scanner types where the focus is: a code in the field for units is a code."""
    code = request.POST.get("code", "").strip()
    amount = request.POST.get("amount", "").strip()
    if not code and amount and not (desk.is_number(amount) and len(amount) <= LONGEST_AMOUNT):
        return amount, ""
    return code, amount


def once(request: HttpRequest) -> str:
    """The key of this press: sent twice after a lost answer, it is booked once."""
    key = request.POST.get("once", "")
    return key if key.isalnum() and len(key) == 32 else desk.once()
