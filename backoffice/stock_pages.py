"""Two pages at the warehouse's desk: goods come in, and stock is corrected with a reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import count_figures, desk, goods
from inventory import lots, places
from inventory.models import Lot, Movement, Product
from orders.admin.actions import product_named

ROWS = 5
FIELDS = ("product", "units", "cost", "lot", "expires_on")


def receive(request: HttpRequest) -> HttpResponse:
    """Goods come in: several products at once, each given to who waits for it."""
    desk.must(request, "inventory.receive_goods")
    return _stock_page(request, "receive", _("Receive goods"), _receive)


def correct(request: HttpRequest) -> HttpResponse:
    """The stock is found to be other than the ledger says."""
    desk.must(request, "inventory.adjust_stock")
    return _stock_page(request, "correct", _("Correct the stock"), _correct)


def _stock_page(
    request: HttpRequest, name: str, title: str, do: Callable[[HttpRequest, dict[str, str]], str]
) -> HttpResponse:
    key = request.POST.get("once", "")
    if request.method == "POST":
        if not (key.isalnum() and len(key) == 32):
            key = desk.once()
        # The key stays the same while the form is shown again, so that sent twice it is booked once.
        if desk.press(request, lambda: do(request, {"key": key})):
            return HttpResponseRedirect(request.path)
    columns = [_column(request, field) for field in FIELDS]
    typed = [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    blank = dict.fromkeys(FIELDS, "")
    if not typed:
        typed = [{**blank, "product": request.GET.get("product", ""), "lot": request.GET.get("lot", "")}]
    rows = typed + [blank] * ((ROWS if name == "receive" else 1) - len(typed))
    return desk.page(
        request,
        f"admin/inventory/{name}.html",
        title,
        rows=rows,
        note=request.POST.get("note", ""),
        once=key or desk.once(),
        locations=list(places.usable()),
        location=request.POST.get("location", ""),
        follows_lots=lots.followed(),
        sees_costs=request.user.has_perm("inventory.see_costs"),
        newest=list(
            Movement.objects.filter(
                reason__in=[Movement.Reason.RECEIPT if name == "receive" else Movement.Reason.ADJUSTMENT]
            ).select_related("product", "location", "by")[:10]
        ),
    )


def _column(request: HttpRequest, name: str) -> list[str]:
    values = request.POST.getlist(name)
    # Who may not see costs has no such column; where nothing is followed by lot there is none for it.
    return values or [""] * len(request.POST.getlist("product"))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as typed, its product known."""

    product: Product
    units: int
    cost: str
    lot: str
    expires_on: date | None


def _typed(request: HttpRequest) -> list[_Row]:
    rows = zip(*(_column(request, field) for field in FIELDS), strict=False)
    wanted = [row for row in rows if row[0].strip() or row[1].strip()]
    if not wanted:
        raise ValueError(_("Say which product, and how many units."))
    typed = []
    for code, units, cost, lot, day in wanted:
        product, number = product_named(code), desk.whole_number(units, least=1)
        if refused := lots.refused(product, lot, number):
            raise ValueError(refused)
        typed.append(_Row(product, number, cost, lot.strip()[:80], _day(day)))
    return typed


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is no day. Write it like 2026-12-03.") % {"text": text.strip()[:20]}) from None


def _lots(rows: Sequence[_Row]) -> dict[tuple[int, str], Lot]:
    return lots.take_in(lots.Named(row.product.pk, row.lot, row.expires_on) for row in rows if row.lot)


def _receive(request: HttpRequest, said: dict[str, str]) -> str:
    place, rows = _place(request), _typed(request)
    note = desk.words(request, "note")
    with transaction.atomic():
        known = _lots(rows)
        coming = [
            goods.Goods(row.product.pk, row.units, _cost(request, row.cost), place, _lot_id(known, row)) for row in rows
        ]
        moved = goods.receive(coming, key=said["key"], note=note, by=request.user)
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    count = sum(movement.quantity for movement in moved)
    received = ngettext(
        "%(count)d unit received; orders that waited for it have been served.",
        "%(count)d units received; orders that waited for them have been served.",
        count,
    ) % {"count": count}
    return " ".join([received, *goods.set_apart_words(moved)])


def _lot_id(known: Mapping[tuple[int, str], Lot], row: _Row) -> int | None:
    return known[row.product.pk, row.lot].pk if row.lot else None


def _correct(request: HttpRequest, said: dict[str, str]) -> str:
    place, rows = _place(request), _typed(request)
    sign = -1 if request.POST.get("direction") == "less" else 1
    note = desk.words(request, "note")
    with transaction.atomic():
        # What is missing has a lot already; a wrong number must not make a new one.
        known = _lots(rows) if sign > 0 else {(r.product.pk, r.lot): _there(r) for r in rows if r.lot}
        changes = [goods.Goods(row.product.pk, sign * row.units, None, place, _lot_id(known, row)) for row in rows]
        moved, sheets = count_figures.correct(changes, key=said["key"], note=note, by=request.user)
    if sheets:
        return _(
            "It is worth more than the limit: it waits on count sheet %(numbers)s for another person, who looks at it and"
            " books it."
        ) % {"numbers": ", ".join(sheet.number for sheet in sheets)}
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    return _("The stock of %(sku)s is corrected by %(units)s.") % {
        "sku": Product.objects.get(pk=moved[0].product_id).sku,
        "units": f"{moved[0].quantity:+d}",
    }


def _there(row: _Row) -> Lot:
    lot = lots.find(row.product.pk, row.lot)
    if lot is None:
        raise ValueError(_("%(sku)s has no lot “%(code)s”.") % {"sku": row.product.sku, "code": row.lot})
    return lot


def _place(request: HttpRequest) -> int | None:
    place = request.POST.get("location", "")
    if not place:
        return None
    if not (desk.is_number(place) and places.usable().filter(pk=place).exists()):
        raise ValueError(_("Choose a place from the list."))
    return int(place)


def _cost(request: HttpRequest, text: str) -> Decimal | None:
    """What one unit cost; empty, or typed by who may not see costs: the average stays as it is."""
    if not text.strip() or not request.user.has_perm("inventory.see_costs"):
        return None
    try:
        cost = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is no amount.") % {"text": text.strip()[:40]}) from None
    if not cost.is_finite() or not 0 <= cost < 10_000_000:
        raise ValueError(_("“%(text)s” cannot be the cost of a unit.") % {"text": text.strip()[:40]})
    return cost
