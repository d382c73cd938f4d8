"""Receiving a purchase order by hand or by scanner: what came is counted on the form, then booked in one go.

A scan is a form sent with the code in the field `scan`: it counts one on its line (of the supplier's own number
its pack) and the form comes back, so that a scanner that types and presses Enter needs nothing else.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, receiving
from backoffice.landed import Landed
from backoffice.receiving import ReceiptItem
from inventory import catalogue, expected
from inventory.admin import purchase_page, typed
from inventory.admin.purchase_actions import cost_of
from inventory.models import LandedCost, Location, Product, PurchaseOrderLine, WarehouseProduct


def view(request: HttpRequest, order_id: int) -> HttpResponse:
    desk.must(request, "inventory.view_purchaseorder", "inventory.receive_goods")
    facts = purchase_page.facts_of(order_id)
    order = facts.order
    counts = {line.pk: request.POST.get(f"units-{line.pk}", "") for line in facts.lines}
    scanned, wrong = "", ""
    code = request.POST.get("scan", "").strip()
    if request.method == "POST" and (code or request.POST.get("by") == "scan"):
        try:
            scanned = _count(order.supplier_id, facts.lines, counts, code)
        except ValueError as error:
            wrong = str(error)
    elif request.method == "POST" and desk.press(request, lambda: _receive(request, order.pk, facts.lines)):
        return HttpResponseRedirect(reverse("admin:inventory_purchaseorder_change", args=[order.pk]))
    _as_typed(request, facts.lines, counts)
    bins = Location.objects.filter(warehouse=order.warehouse_id, archived_at=None).order_by("pick_order", "code")
    return desk.page(
        request,
        "admin/inventory/purchase/receive.html",
        _("Receive %(number)s") % {"number": order.number},
        order=order,
        facts=facts,
        places=list(bins),
        homes=_homes(order.warehouse_id, facts.lines),
        place=request.POST.get("place", ""),
        note=request.POST.get("note", ""),
        delivery_note=request.POST.get("delivery_note", ""),
        scanned=scanned,
        wrong=wrong,
        once=request.POST.get("once") or desk.once(),
        may_bill=request.user.has_perm("inventory.add_landedcost"),
        cost={name: request.POST.get(name, "") for name in ("kind", "amount", "spread")},
        kinds=purchase_page.KINDS,
        spreads=LandedCost.Spread.choices,
    )


def _count(supplier_id: int, lines: list[PurchaseOrderLine], counts: dict[int, str], code: str) -> str:
    """One more of what was scanned, on the first of its lines of which more is to come; a dozen counts twelve."""
    if not code:
        raise ValueError(_("Nothing was scanned. Scan a product, or type its SKU."))
    found, units = _meant(supplier_id, lines, code)
    mine = [line for line in lines if line.product_id == found.pk]
    if not mine:
        raise ValueError(
            _("%(sku)s (%(name)s) is not on this order. Put it aside and ask who ordered it.")
            % {"sku": found.sku, "name": found.name}
        )
    so_far = {line.pk: desk.whole_number(counts[line.pk] or "0") for line in mine}
    line = next((one for one in mine if so_far[one.pk] + units <= one.outstanding), mine[-1])
    counts[line.pk] = str(so_far[line.pk] + units)
    count = so_far[line.pk] + units
    if count > line.outstanding:
        return _("%(sku)s: %(count)s counted, %(over)s more than is still to come.") % {
            "sku": found.sku,
            "count": count,
            "over": count - line.outstanding,
        }
    return _("%(sku)s: %(count)s of %(open)s counted.") % {
        "sku": found.sku,
        "count": count,
        "open": line.outstanding,
    }


def _meant(supplier_id: int, lines: list[PurchaseOrderLine], code: str) -> tuple[Product, int]:
    """The supplier's own number on this order comes first: it stands on the box that is in the hand, and means a box."""
    theirs = expected.by_their_number(supplier_id, lines)
    if code.casefold() in theirs:
        return theirs[code.casefold()]
    product, unit = catalogue.find_by_code(code)
    return product, typed.size(unit)


def _as_typed(request: HttpRequest, lines: list[PurchaseOrderLine], counts: dict[int, str]) -> None:
    for line in lines:
        told: Any = line
        told.typed = counts[line.pk]
        told.lot = request.POST.get(f"lot-{line.pk}", "")
        told.expires = request.POST.get(f"expires-{line.pk}", "")
        told.lots = request.POST.get(f"lots-{line.pk}", "")
        told.serials = request.POST.get(f"serials-{line.pk}", "")


def _homes(warehouse_id: int, lines: list[PurchaseOrderLine]) -> dict[int, str]:
    """Where each product is put away in this warehouse."""
    return dict(
        WarehouseProduct.objects.filter(
            warehouse=warehouse_id, product__in=[line.product_id for line in lines], put_away__isnull=False
        ).values_list("product_id", "put_away__name")
    )


def _receive(request: HttpRequest, order_id: int, lines: list[PurchaseOrderLine]) -> str:
    place = typed.chosen(request, "place") or None
    items = [item for line in lines for item in _items(request, line, place)]
    costs: list[Landed] = []
    if request.POST.get("amount", "").strip() and request.user.has_perm("inventory.add_landedcost"):
        costs.append(cost_of(request))
    came = receiving.receive(
        order_id,
        items,
        key=typed.key(request),
        delivery_note=desk.words(request, "delivery_note", most=120),
        note=desk.words(request, "note"),
        costs=costs,
        by=request.user,
    )
    if not came.fresh:
        return _("This was booked before; nothing is booked twice.")
    count = sum(item.quantity for item in items)
    said = ngettext("%(count)d unit received.", "%(count)d units received.", count) % {"count": count}
    return " ".join([said, *came.set_apart, *came.too_many, *came.still_to_come[:5]])


def _items(request: HttpRequest, line: PurchaseOrderLine, place: int | None) -> list[ReceiptItem]:
    """What was typed for a line: a number of units with their lot, several lots, or serial numbers, each one unit."""
    if line.product.tracking == Product.Tracking.SERIAL:
        serials = [code.strip() for code in request.POST.get(f"serials-{line.pk}", "").splitlines() if code.strip()]
        if len(set(serials)) != len(serials):
            raise ValueError(_("%(sku)s: a serial number stands there twice.") % {"sku": line.product.sku})
        counted = request.POST.get(f"units-{line.pk}", "").strip()
        if counted and desk.whole_number(counted) != len(serials):
            raise ValueError(
                _(
                    "%(sku)s: %(units)s units are counted and %(serials)s serial numbers are said. Say one for each unit."
                )
                % {"sku": line.product.sku, "units": counted, "serials": len(serials)}
            )
        return [ReceiptItem(line.pk, 1, place, code[:80]) for code in serials]
    units = desk.whole_number(request.POST.get(f"units-{line.pk}", "").strip() or "0")
    if line.product.tracking == Product.Tracking.LOT:
        several = typed.lots(request.POST.get(f"lots-{line.pk}", ""), sku=line.product.sku, counted=units)
        if several and request.POST.get(f"lot-{line.pk}", "").strip():
            raise ValueError(_("%(sku)s: write all its lots in the one field.") % {"sku": line.product.sku})
        if several:
            return [ReceiptItem(line.pk, count, place, code, day) for code, count, day in several]
    if not units:
        return []
    lot = request.POST.get(f"lot-{line.pk}", "").strip()[:80]
    expires = typed.day(request.POST.get(f"expires-{line.pk}", ""))
    return [ReceiptItem(line.pk, units, place, lot, expires)]
