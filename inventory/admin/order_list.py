"""The order list: what is short, why, and one click to draft purchase orders."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.paginator import Page
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk
from backoffice.lib import formats
from backoffice.reordering import drafting, gathered, needs, paper, table, words
from backoffice.reordering.gathered import SORTS, Asked
from inventory.models import Location, OrderListLine, Supplier
from orders import merchant

A_PAGE = 50
COSTS = "inventory.see_costs"
FORMS = {"pdf": "application/pdf", **{name: form.get_content_type() for name, form in table.FORMATS.items()}}


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the page shows it."""

    line: needs.Line
    name: str
    kind: str
    sums: str
    why: list[str]
    terms: str
    price: str
    value: str

    @property
    def key(self) -> str:
        return f"{self.line.product_id}-{self.line.warehouse_id}"


@admin.register(OrderListLine)
class OrderListAdmin(desk.ReadOnlyAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("inventory.view_purchaseorder")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("as/<str:form>/", self.admin_site.admin_view(self.file), name="inventory_orderlistline_file"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        line = self.get_object(request, object_id)
        if line is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("admin:inventory_product_change", args=[line.product_id]))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        desk.must(request, "inventory.view_purchaseorder")
        what = asked(request)
        if request.method == "POST":
            _press(request, what)
            return HttpResponseRedirect(request.get_full_path())
        as_of = gathered.up_to_date()
        pages = desk.LimitedPaginator(gathered.asked(what), A_PAGE, looked_at=request.GET.get("page"))
        shown = pages.get_page(request.GET.get("page"))
        lines = needs.lines([(kept.product_id, kept.warehouse_id) for kept in shown])
        costs, seller = request.user.has_perm(COSTS), merchant.current()
        short = gathered.below_minimum(line.supplier_id for line in lines if line.supplier_id)
        warehouses = list(Location.objects.filter(kind=Location.Kind.WAREHOUSE, archived_at=None))
        return desk.page(
            request,
            "admin/inventory/order_list.html",
            _("Order list"),
            rows=[_row(line, seller, costs=costs) for line in lines],
            what=what,
            page=shown,
            links=_links(request, shown),
            query=urlencode({name: value for name, value in request.GET.items() if name != "page" and value}),
            gathered_at=as_of.gathered_at,
            is_kept=as_of.took_ms > gathered.IN_NO_TIME_MS,
            warnings=words.warnings(short, amounts=costs),
            suppliers=list(Supplier.objects.filter(archived_at=None).values_list("pk", "name")),
            warehouses=warehouses,
            several=len(warehouses) > 1,
            kinds=OrderListLine.Kind.choices,
            sorts=_sorts(costs=costs),
            sees_costs=costs,
            may_draft=request.user.has_perm("inventory.add_purchaseorder"),
            may_adopt=request.user.has_perm("inventory.change_warehouseproduct"),
        )

    def file(self, request: HttpRequest, form: str) -> HttpResponse | FileResponse:
        """The whole list that is asked for, as PDF, CSV or XLSX."""
        desk.must(request, "inventory.view_purchaseorder")
        if form not in FORMS:
            raise Http404
        gathered.refresh()
        what, costs, seller = asked(request), request.user.has_perm(COSTS), merchant.current()
        if form == "pdf":
            what = replace(what, sort="supplier")
        lines = needs.each(gathered.pairs(gathered.asked(what)))
        name = f"order-list-{timezone.localdate():%Y-%m-%d}.{form}"
        if form == "pdf":
            content = paper.draw(lines, seller=seller, day=merchant.local_day(timezone.now(), seller), costs=costs)
            response: Any = HttpResponse(content, content_type=FORMS[form])
            response["Content-Disposition"] = f'inline; filename="{name}"'
        else:
            file = table.file(form, lines, service_level=seller.service_level, costs=costs)
            response = FileResponse(file, as_attachment=True, filename=name, content_type=FORMS[form])
        response["Cache-Control"] = "private, no-store"
        return response


def asked(request: HttpRequest) -> Asked:
    """What the address asks for; what it says wrongly is not asked."""
    said = request.GET
    sort = said.get("sort", "")
    if sort == "value" and not request.user.has_perm(COSTS):
        sort = ""
    return Asked(
        supplier=int(said["supplier"]) if desk.is_number(said.get("supplier", "")) else None,
        warehouse=int(said["warehouse"]) if desk.is_number(said.get("warehouse", "")) else None,
        kind=said.get("kind", "") if said.get("kind") in OrderListLine.Kind.values else "",
        text=said.get("q", "").replace("\x00", "")[:100],
        sort=sort if sort in SORTS else "urgent",
    )


def _sorts(*, costs: bool) -> list[tuple[str, str]]:
    said = {"urgent": _("most urgent first"), "sku": _("by SKU"), "supplier": _("by supplier")}
    return list((said | {"value": _("highest value first")} if costs else said).items())


def _row(line: needs.Line, seller: Any, *, costs: bool) -> Row:
    def amount(value: Any) -> str:
        return "" if not costs or value is None else formats.money(value, line.currency or "", "en")

    return Row(
        line=line,
        name=f"{line.name}, {line.variation}" if line.variation else line.name,
        kind=words.kind(line),
        sums=words.projected(line),
        why=words.why(line, seller.service_level)[1:],
        terms=words.terms(line),
        price=amount(line.price),
        value=amount(line.value),
    )


def _links(request: HttpRequest, shown: Page) -> dict[str, str]:
    def to(number: int) -> str:
        return "?" + urlencode({**request.GET.dict(), "page": number})

    return {
        "before": to(shown.previous_page_number()) if shown.has_previous() else "",
        "after": to(shown.next_page_number()) if shown.has_next() else "",
    }


# --- buttons --------------------------------------------------------------------------------------------------------------
def _press(request: HttpRequest, what: Asked) -> None:
    one = _pair(request.POST.get("adopt", ""))
    do = "adopt" if one else request.POST.get("do", "")
    if do in ("draft", "draft-all"):
        desk.must(request, "inventory.add_purchaseorder")
        desk.press(request, lambda: _draft(request, what, everything=do == "draft-all"))
    elif do == "adopt":
        desk.must(request, "inventory.change_warehouseproduct")
        desk.press(request, lambda: _adopt([one] if one else [pair for pair, _key in _ticked(request)]))
    elif do == "gather":
        gathered.refresh()
    else:
        messages.error(request, _("This button is not known here."))


def _ticked(request: HttpRequest) -> list[tuple[needs.Pair, str]]:
    found = [(pair, key) for key in dict.fromkeys(request.POST.getlist("pick")) if (pair := _pair(key))]
    if not found:
        raise ValueError(_("Tick at least one line."))
    return found


def _pair(key: str) -> needs.Pair | None:
    product, _dash, warehouse = key.partition("-")
    return (int(product), int(warehouse)) if desk.is_number(product) and desk.is_number(warehouse) else None


def _draft(request: HttpRequest, what: Asked, *, everything: bool) -> str:
    if everything:
        made = drafting.draft_all(what, by=request.user)
    else:
        chosen = [
            drafting.Chosen(
                pair,
                desk.whole_number(request.POST.get(f"units-{key}", "")),
                desk.whole_number(request.POST.get(f"seen-{key}", "0")),
            )
            for pair, key in _ticked(request)
        ]
        drafted = drafting.draft(chosen, by=request.user)
        made = drafted.orders
        for remark in drafted.remarks[:10]:
            messages.warning(request, remark)
    if not made:
        return _("Nothing is left to order: all of it is on order or on draft purchase orders.")
    return ngettext(
        "%(count)d draft purchase order made: %(names)s.", "%(count)d draft purchase orders made: %(names)s.", len(made)
    ) % {"count": len(made), "names": drafting.suppliers_of(made)}


def _adopt(pairs: list[needs.Pair]) -> str:
    count = drafting.adopt(pairs)
    if not count:
        raise ValueError(_("None of these lines has a suggestion that could become its limit."))
    gathered.refresh()
    return ngettext(
        "%(count)d suggestion is a limit now.", "%(count)d suggestions are limits now.", count
    ) % {"count": count}  # fmt: skip
