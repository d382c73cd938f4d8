"""Two pages at the warehouse's desk: goods come in, and stock is corrected with a reason."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, goods
from inventory import places
from inventory.models import Movement, Product
from orders.admin.actions import product_named

ROWS = 5


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
    typed = [
        {"product": product, "units": units, "cost": cost}
        for product, units, cost in zip(
            _column(request, "product"), _column(request, "units"), _column(request, "cost"), strict=True
        )
    ]
    if not typed:
        typed = [{"product": request.GET.get("product", ""), "units": "", "cost": ""}]
    rows = typed + [{"product": "", "units": "", "cost": ""}] * ((ROWS if name == "receive" else 1) - len(typed))
    return desk.page(
        request,
        f"admin/inventory/{name}.html",
        title,
        rows=rows,
        note=request.POST.get("note", ""),
        once=key or desk.once(),
        locations=list(places.usable()),
        location=request.POST.get("location", ""),
        sees_costs=request.user.has_perm("inventory.see_costs"),
        newest=list(
            Movement.objects.filter(
                reason__in=[Movement.Reason.RECEIPT if name == "receive" else Movement.Reason.ADJUSTMENT]
            ).select_related("product", "location", "by")[:10]
        ),
    )


def _column(request: HttpRequest, name: str) -> list[str]:
    values = request.POST.getlist(name)
    # Who may not see costs has no such column.
    return values or [""] * len(request.POST.getlist("product"))


def _typed(request: HttpRequest) -> list[tuple[Product, str, str]]:
    rows = zip(_column(request, "product"), _column(request, "units"), _column(request, "cost"), strict=False)
    wanted = [(code, units, cost) for code, units, cost in rows if code.strip() or units.strip()]
    if not wanted:
        raise ValueError(_("Say which product, and how many units."))
    return [(product_named(code), units, cost) for code, units, cost in wanted]


def _receive(request: HttpRequest, said: dict[str, str]) -> str:
    place = _place(request)
    coming = [
        goods.Goods(product.pk, desk.whole_number(units, least=1), _cost(request, cost), place)
        for product, units, cost in _typed(request)
    ]
    moved = goods.receive(coming, key=said["key"], note=desk.words(request, "note"), by=request.user)
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    count = sum(movement.quantity for movement in moved)
    return ngettext(
        "%(count)d unit received; orders that waited for it have been served.",
        "%(count)d units received; orders that waited for them have been served.",
        count,
    ) % {"count": count}


def _correct(request: HttpRequest, said: dict[str, str]) -> str:
    place = _place(request)
    changes = []
    for product, units, _unused in _typed(request):
        sign = -1 if request.POST.get("direction") == "less" else 1
        changes.append(goods.Goods(product.pk, sign * desk.whole_number(units, least=1), None, place))
    moved = goods.adjust(changes, key=said["key"], note=desk.words(request, "note"), by=request.user)
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    return _("The stock of %(sku)s is corrected by %(units)s.") % {
        "sku": Product.objects.get(pk=moved[0].product_id).sku,
        "units": f"{moved[0].quantity:+d}",
    }


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
