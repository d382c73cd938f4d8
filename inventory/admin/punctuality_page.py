"""How punctual suppliers are, on a page and as a file."""

from collections.abc import Sequence

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from backoffice import desk
from backoffice.exchange import figures
from inventory import punctuality
from inventory.punctuality import Punctuality
from orders import merchant

COLUMNS = (
    "code", "name", "received", "on_time", "share_on_time", "mean_days_late", "overdue_units", "overdue_orders",
)  # fmt: skip


def in_words(found: Sequence[Punctuality]) -> str:
    """One supplier's score in a sentence."""
    score = next(iter(found), None)
    if score is None:
        return _("Nothing is known yet.")
    said = []
    if score.received:
        said.append(
            _("%(share)s %% of %(units)s units came on time, on average %(days)s days late.")
            % {"share": score.share_on_time, "units": score.received, "days": score.mean_days_late}
        )
    if score.overdue_units:
        said.append(
            ngettext("%(count)d unit is late now.", "%(count)d units are late now.", score.overdue_units)
            % {"count": score.overdue_units}
        )
    return " ".join(said)


@require_safe
def view(request: HttpRequest) -> HttpResponseBase:
    desk.must(request, "inventory.view_purchaseorder", "inventory.view_supplier")
    seller = merchant.current()
    today = merchant.local_day(timezone.now(), seller)
    found = punctuality.of_suppliers(zone=seller.time_zone, today=today)
    extension = request.GET.get("export", "")
    if extension in figures.FORMATS:
        rows = ([getattr(row, name) for name in COLUMNS] for row in found)
        response = FileResponse(
            figures.written(extension, COLUMNS, rows),
            as_attachment=True,
            filename=f"punctuality-{today}.{extension}",
            content_type=figures.FORMATS[extension].get_content_type(),
        )
        response["Cache-Control"] = "private, no-store"
        return response
    return desk.page(
        request,
        "admin/inventory/purchase/punctuality.html",
        _("Punctuality of suppliers"),
        found=found,
        formats=list(figures.FORMATS),
    )
