"""The staff's pages on transfers between warehouses: the list, a new one, its page with what can be done now, its slip."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from backoffice import desk, transferring
from backoffice.api.base import pdf
from backoffice.transferring import Arrived
from inventory import lots, places, transfer_papers, transfers
from inventory.admin import typed
from inventory.admin.bins import show
from inventory.admin.moving import lot_named
from inventory.admin.paper_filters import WarehouseDropdown
from inventory.import_export import TransferExchange
from inventory.models import Product, Transfer, TransferLine
from inventory.transfers import Suggestion, Wanted
from orders import merchant
from orders.admin.actions import product_named

ROWS = 6
TONES = {
    Transfer.State.DRAFT: "quiet",
    Transfer.State.IN_TRANSIT: "info",
    Transfer.State.RECEIVED: "good",
    Transfer.State.CANCELLED: "quiet",
}
FIELDS = ("product", "units", "lot")


@admin.register(Transfer)
class TransferAdmin(TransferExchange, desk.DeskAdmin):
    list_display = ("number", "shown_state", "source", "destination", "expected_on", "shown_units", "shown_coming")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("source", WarehouseDropdown),
        ("destination", WarehouseDropdown),
    )
    list_select_related = ("source", "destination")
    search_fields = ("=number", "=lines__product__sku", "number", "note")
    search_help_text = gettext_lazy("number, SKU or note")
    sortable_by = ("number", "expected_on")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        lines = TransferLine.objects.filter(transfer=OuterRef("pk")).order_by().values("transfer")
        wanted, coming = Sum("wanted"), Sum(F("sent") - F("received") - F("lost"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                units=Subquery(lines.annotate(units=wanted).values("units")),
                coming=Subquery(lines.annotate(units=coming).values("units")),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/slip/", guard(slip), name="inventory_transfer_slip"),
            path("<int:pk>/do/<str:name>/", guard(do), name="inventory_transfer_do"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return new(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return page(request, object_id)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, paper: Transfer) -> Any:
        return desk.badge(paper.get_state_display(), TONES[Transfer.State(paper.state)])

    @admin.display(description=gettext_lazy("units"))
    def shown_units(self, paper: Any) -> Any:
        return paper.units or 0

    @admin.display(description=gettext_lazy("on their way"))
    def shown_coming(self, paper: Any) -> Any:
        return paper.coming or "–"


# --- a new one, or a draft that is changed ------------------------------------------------------------------------------
def new(request: HttpRequest) -> HttpResponse:
    """From where, to where, what: typed, or by what the destination is short of."""
    desk.must(request, "inventory.add_transfer")
    if request.method == "POST" and request.POST.get("do") == "save":
        made: list[Transfer] = []
        if desk.press(request, lambda: _drafted(request, made)):
            return HttpResponseRedirect(reverse("admin:inventory_transfer_change", args=[made[0].pk]))
    warehouses = list(places.warehouses())
    said = request.POST if request.method == "POST" else request.GET
    rows = _typed_rows(request)
    suggested: list[Suggestion] | None = None
    if said.get("do") == "suggest":
        suggested = _suggested(said.get("source", ""), said.get("destination", ""))
        skus = dict(Product.objects.filter(pk__in={s.product_id for s in suggested}).values_list("pk", "sku"))
        known = {row["product"] for row in rows}
        rows += [
            {"product": skus[s.product_id], "units": s.quantity, "lot": "", "why": s}
            for s in suggested
            if skus[s.product_id] not in known
        ]
    blank = dict.fromkeys(FIELDS, "")
    return desk.page(
        request,
        "admin/inventory/transfer/new.html",
        _("New transfer"),
        warehouses=warehouses,
        source=said.get("source", ""),
        destination=said.get("destination", "") or (str(warehouses[1].pk) if len(warehouses) > 1 else ""),
        expected_on=said.get("expected_on", ""),
        note=said.get("note", ""),
        rows=rows + [blank] * max(2, ROWS - len(rows)),
        nothing_short=suggested == [],
        follows_lots=lots.followed(),
    )


def _typed_rows(request: HttpRequest) -> list[dict[str, Any]]:
    rows = typed.rows(request, *FIELDS)
    return [dict(zip(FIELDS, row, strict=True)) for row in rows if row[0].strip() or row[1].strip()]


def _suggested(source: str, destination: str) -> list[Suggestion]:
    if not (desk.is_number(source) and desk.is_number(destination)) or source == destination:
        return []
    return transfers.suggestions(source_id=int(source), destination_id=int(destination))


def _lines(request: HttpRequest) -> list[Wanted]:
    found = []
    for row in _typed_rows(request):
        product = product_named(row["product"])
        units = desk.whole_number(row["units"], least=1)
        found.append(Wanted(product.pk, units, lot_named(product, row["lot"])))
    return found


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is no day. Write it like 2026-12-03.") % {"text": text.strip()[:20]}) from None


def _drafted(request: HttpRequest, made: list[Transfer]) -> str:
    ends = [
        int(request.POST.get(name, "0"))
        for name in ("source", "destination")
        if desk.is_number(request.POST.get(name, ""))
    ]
    if len(ends) < 2:
        raise ValueError(_("Say from which warehouse to which."))
    paper = transfers.draft(
        source_id=ends[0],
        destination_id=ends[1],
        lines=_lines(request),
        expected_on=_day(request.POST.get("expected_on", "")),
        note=desk.words(request, "note"),
        by=request.user,
    )
    made.append(paper)
    return _("Transfer %(number)s is written. It leaves when it is sent.") % {"number": paper.number}


# --- its page -----------------------------------------------------------------------------------------------------------
def page(request: HttpRequest, object_id: str, **typed: Any) -> HttpResponse:
    """What is on it, how far it is, and what can be done now."""
    desk.must(request, "inventory.view_transfer")
    if not desk.is_number(object_id):
        raise Http404
    found = Transfer.objects.select_related("source", "destination", "created_by")
    paper = get_object_or_404(found, pk=object_id)
    lines = list(paper.lines.select_related("product", "lot").order_by("product__sku", "lot__expires_on", "id"))
    for line in lines:
        line.coming = transferring.on_its_way(line)  # type: ignore[attr-defined]
        # What is lost may turn up.
        line.at_most = line.coming + line.lost  # type: ignore[attr-defined]
    may = request.user.has_perm("inventory.change_transfer") and request.user.has_perm("inventory.move_stock")
    open_now = paper.state == paper.State.IN_TRANSIT or (
        paper.state == paper.State.RECEIVED and any(line.lost for line in lines)
    )
    return desk.page(
        request,
        "admin/inventory/transfer/page.html",
        _("Transfer %(number)s") % {"number": paper.number},
        paper=paper,
        tone=TONES[Transfer.State(paper.state)],
        lines=lines,
        left=sum(line.coming for line in lines),  # type: ignore[attr-defined]
        may=may,
        open_now=open_now,
        once=desk.once(),
        bins=list(places.of_warehouse(paper.destination_id)[:300]) if may and open_now else [],
        **typed,
    )


def slip(request: HttpRequest, pk: int) -> HttpResponse:
    desk.must(request, "inventory.view_transfer")
    paper = get_object_or_404(Transfer, pk=pk)
    seller = merchant.current()
    content = transfer_papers.slip(
        paper.pk,
        letterhead=merchant.letterhead(seller),
        language=seller.language,
        day_of=lambda at: merchant.local_day(at, seller),
    )
    return show(pdf(content, f"transfer-{paper.number}.pdf"))


# --- what is done -------------------------------------------------------------------------------------------------------
@require_POST
def do(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    desk.must(request, "inventory.change_transfer", "inventory.move_stock")
    paper = get_object_or_404(Transfer, pk=pk)
    button = BUTTONS.get(name)
    if button is None:
        raise Http404
    desk.press(request, lambda: button(request, paper))
    return HttpResponseRedirect(reverse("admin:inventory_transfer_change", args=[pk]))


def _send(request: HttpRequest, paper: Transfer) -> str:
    moved = transferring.send(paper.pk, quantities=desk.units_of(request), by=request.user)
    if not moved:
        return _("It had been sent before; nothing leaves twice.")
    count = sum(movement.quantity for movement in moved if movement.quantity > 0)
    return ngettext("%(count)d unit is on its way.", "%(count)d units are on their way.", count) % {"count": count}


def _receive(request: HttpRequest, paper: Transfer) -> str:
    arrived = []
    for line in paper.lines.values_list("pk", flat=True):
        came, lost, place = (request.POST.get(f"{what}-{line}", "").strip() for what in ("units", "lost", "place"))
        if came or lost:
            arrived.append(
                Arrived(
                    line,
                    desk.whole_number(came or "0"),
                    desk.whole_number(lost or "0"),
                    int(place) if desk.is_number(place) else None,
                )
            )
    key = request.POST.get("once", "")
    moved = transferring.receive(
        paper.pk, arrived, key=key if key.isalnum() else desk.once(), note=desk.words(request, "note"), by=request.user
    )
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    count = sum(m.quantity for m in moved if m.quantity > 0 and m.reason == "transfer")
    lost_units = -sum(m.quantity for m in moved if m.quantity < 0 and m.reason == "adjustment")
    said = ngettext("%(count)d unit received.", "%(count)d units received.", count) % {"count": count}
    if lost_units:
        said += " " + ngettext(
            "%(count)d is lost and left the stock.", "%(count)d are lost and left the stock.", lost_units
        ) % {"count": lost_units}
    return said


def _bring_back(request: HttpRequest, paper: Transfer) -> str:
    moved = transferring.bring_back(paper.pk, by=request.user)
    count = sum(movement.quantity for movement in moved if movement.quantity > 0)
    return ngettext("%(count)d unit is back at the source.", "%(count)d units are back at the source.", count) % {
        "count": count
    }


def _cancel(request: HttpRequest, paper: Transfer) -> str:
    transfers.cancel(paper.pk)
    return _("Transfer %(number)s is cancelled.") % {"number": paper.number}


def _change(request: HttpRequest, paper: Transfer) -> str:
    transfers.rewrite(
        paper.pk,
        _lines(request),
        expected_on=_day(request.POST.get("expected_on", "")),
        note=desk.words(request, "note"),
    )
    return _("Changed.")


BUTTONS: dict[str, Callable[[HttpRequest, Transfer], str]] = {
    "send": _send,
    "receive": _receive,
    "bring-back": _bring_back,
    "cancel": _cancel,
    "change": _change,
}
