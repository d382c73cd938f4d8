"""Two pages for whoever walks with goods: move them from place to place, and put away what came in."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, moving
from backoffice.moving import Moving, PuttingAway
from inventory import lots, places, putting_away
from inventory.admin import typed
from inventory.models import Location, Movement, Product
from orders.admin.actions import product_named

ROWS = 4
MOST = 200
FIELDS = ("product", "units", "from", "to", "lot")


def suggest(request: HttpRequest) -> HttpResponse:
    """Options for a place's field, as it is typed into."""
    desk.must(request, "inventory.view_location")
    typed = next((request.GET[name].strip() for name in ("from", "to", "place") if request.GET.get(name)), "")
    found = places.usable().filter(Q(code__istartswith=typed) | Q(name__istartswith=typed)).order_by("code")[:20]
    options = format_html_join("", '<option value="{}">{}</option>', ((place.code, place.in_full) for place in found))
    return HttpResponse(options)


def move(request: HttpRequest) -> HttpResponse:
    """Goods go from place to place in one warehouse."""
    desk.must(request, "inventory.move_stock")
    key = _key(request)
    if request.method == "POST" and desk.press(request, lambda: _moved(request, key)):
        return HttpResponseRedirect(request.path)
    rows = [dict(zip(FIELDS, row, strict=True)) for row in typed.rows(request, *FIELDS)]
    if not rows:
        rows = [{name: request.GET.get(name, "") for name in FIELDS}]
    blank = dict.fromkeys(FIELDS, "")
    return desk.page(
        request,
        "admin/inventory/move.html",
        _("Move goods"),
        rows=rows + [blank] * (ROWS - len(rows)),
        follows_lots=lots.followed(),
        note=request.POST.get("note", ""),
        once=key or desk.once(),
        newest=_newest(),
    )


def _key(request: HttpRequest) -> str:
    key = request.POST.get("once", "")
    return key if key.isalnum() and len(key) == 32 else desk.once() if request.method == "POST" else ""


def _newest() -> list[Movement]:
    found = Movement.objects.filter(reason=Movement.Reason.MOVE, quantity__gt=0)
    return list(found.select_related("product", "location", "by").order_by("-id")[:10])


def _moved(request: HttpRequest, key: str) -> str:
    rows = [row for row in typed.rows(request, *FIELDS) if row[0].strip() or row[1].strip()]
    if not rows:
        raise ValueError(_("Say which product moves, how many units, from where and to where."))
    what = []
    for code, units, source, target, lot in rows:
        product = product_named(code)
        from_id = places.named(source).pk
        to_id = places.named(target).pk
        what.append(Moving(product.pk, desk.whole_number(units, least=1), from_id, to_id, lot_named(product, lot)))
    return said(moving.move(what, key=key, note=desk.words(request, "note"), by=request.user))


def lot_named(product: Product, code: str) -> int | None:
    """The lot with this code; none where nothing was typed. ValueError with a sentence."""
    if not code.strip():
        return None
    lot = lots.find(product.pk, code)
    if lot is None:
        raise ValueError(_("%(sku)s has no lot “%(code)s”.") % {"sku": product.sku, "code": code.strip()[:40]})
    return int(lot.pk)


def said(moved: list[Movement]) -> str:
    """What came of it, for the top of the next page."""
    if not moved:
        return _("This was booked before; nothing is booked twice.")
    count = sum(movement.quantity for movement in moved if movement.quantity > 0)
    return ngettext("%(count)d unit moved.", "%(count)d units moved.", count) % {"count": count}


# --- put away -----------------------------------------------------------------------------------------------------------
def put_away(request: HttpRequest) -> HttpResponse:
    """The work list of one warehouse, each row with the bin that is the product's own."""
    desk.must(request, "inventory.move_stock")
    warehouses = list(places.warehouses())
    chosen = _chosen(request, warehouses)
    key = _key(request)
    if request.method == "POST" and chosen and desk.press(request, lambda: _put_away(request, key, chosen)):
        return HttpResponseRedirect(f"{request.path}?in={chosen.pk}")
    rows = putting_away.work_list(warehouse_id=chosen.pk, most=MOST) if chosen else []
    ticked = set(request.POST.getlist("row"))
    shown = [
        {
            "row": row,
            "units": request.POST.get(f"units-{row.name}", row.units),
            "bin": request.POST.get(f"bin-{row.name}", row.own.code if row.own else ""),
            "ticked": row.name in ticked,
        }
        for row in rows
    ]
    return desk.page(
        request,
        "admin/inventory/put_away.html",
        _("Put away"),
        warehouses=warehouses,
        chosen=chosen,
        rows=shown,
        most=MOST if len({row.level.pk for row in rows}) >= MOST else 0,
        once=key or desk.once(),
    )


def _chosen(request: HttpRequest, warehouses: list[Location]) -> Location | None:
    """The warehouse asked for; else the first in which there is something to do."""
    asked = request.POST.get("in") or request.GET.get("in", "")
    for warehouse in warehouses:
        if str(warehouse.pk) == asked:
            return warehouse
    busy = putting_away.waiting().values_list("location__warehouse", "location").first()
    pk = (busy[0] or busy[1]) if busy else None
    return next((warehouse for warehouse in warehouses if warehouse.pk == pk), warehouses[0] if warehouses else None)


def _put_away(request: HttpRequest, key: str, warehouse: Location) -> str:
    rows = {row.name: row for row in putting_away.work_list(warehouse_id=warehouse.pk, most=MOST)}
    what = []
    for name in request.POST.getlist("row"):
        row = rows.get(name)
        if row is None:
            raise ValueError(_("Somebody has put some of this away already. Look at the list again."))
        units = desk.whole_number(request.POST.get(f"units-{name}", ""), least=1)
        typed = request.POST.get(f"bin-{name}", "")
        target = places.named(typed, warehouse_id=warehouse.pk).pk if typed.strip() else None
        what.append(
            PuttingAway(row.level.product_id, units, row.level.location_id, target, row.lot.pk if row.lot else None)
        )
    if not what:
        raise ValueError(_("Tick what you have put away."))
    return said(moving.put_away(what, key=key, by=request.user, remember=bool(request.POST.get("remember"))))
