"""A new purchase order: from whom, for which warehouse, what and how many."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice import desk
from inventory import purchasing
from inventory.admin import typed
from inventory.models import Location, PurchaseOrder, Supplier
from inventory.purchasing import Wanted

ROWS = 5


def view(request: HttpRequest) -> HttpResponse:
    made: list[PurchaseOrder] = []
    if request.method == "POST" and desk.press(request, lambda: _draft(request, made)):
        return HttpResponseRedirect(reverse("admin:inventory_purchaseorder_change", args=[made[0].pk]))
    rows = typed.rows(request, "product", "units", "price")
    return desk.page(
        request,
        "admin/inventory/purchase/new.html",
        _("New purchase order"),
        suppliers=list(Supplier.objects.filter(archived_at=None)),
        warehouses=list(Location.objects.filter(kind=Location.Kind.WAREHOUSE, archived_at=None)),
        supplier=request.POST.get("supplier") or request.GET.get("supplier", ""),
        warehouse=request.POST.get("warehouse", ""),
        once=request.POST.get("once") or desk.once(),
        rows=[*rows, *[("", "", "")] * max(ROWS - len(rows), 1)],
        sees_costs=request.user.has_perm("inventory.see_costs"),
    )


def _draft(request: HttpRequest, made: list[PurchaseOrder]) -> str:
    supplier, warehouse = typed.chosen(request, "supplier"), typed.chosen(request, "warehouse")
    if not Supplier.objects.filter(pk=supplier).exists() or not Location.objects.filter(pk=warehouse).exists():
        raise ValueError(_("Choose the supplier and the warehouse."))
    lines = []
    for code, units, price in typed.rows(request, "product", "units", "price"):
        product, count = typed.counted(code, units)
        said = typed.amount(price) if request.user.has_perm("inventory.see_costs") else None
        lines.append(Wanted(product.pk, count, said))
    order = purchasing.draft(
        supplier_id=supplier, warehouse_id=warehouse, lines=lines, by=request.user, key=typed.key(request)
    )
    made.append(order)
    return _("%(number)s is drafted; look it over and send it.") % {"number": order.number}
