"""The floor's first page: one big button for each thing that this person may do."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from backoffice.floor.doors import answer, may, screen

BUTTONS = {
    "look_up": (gettext_lazy("Look up"), gettext_lazy("What is it, where is it, when does it come?")),
    "receive": (gettext_lazy("Receive"), gettext_lazy("Goods come in, with a purchase order or without")),
    "put_away": (gettext_lazy("Put away"), gettext_lazy("From the dock into the bins")),
    "move": (gettext_lazy("Move"), gettext_lazy("From one place to another")),
    "count": (gettext_lazy("Count"), gettext_lazy("What really lies there")),
}


@require_safe
@screen("look_up")
def home(request: HttpRequest) -> HttpResponse:
    buttons = [(f"floor:{name}", *words) for name, words in BUTTONS.items() if may(request, name)]
    return answer(request, "floor/home.html", _("Floor"), prompt=_("Scan, or choose what to do"), buttons=buttons)
