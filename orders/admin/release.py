"""Who gets what: the plan by which stock is dealt out to waiting orders, looked at first and then done.

It opens on a list of what can be dealt out, and plans just what is chosen there, so that it costs the same however much
waits; everything at once is planned where that is asked for.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, releasing
from backoffice.exchange import figures
from inventory import catalogue
from inventory.models import Location, Product
from orders import backorder_list, release
from orders.backorder_list import Asked, GroupRow, Page
from orders.release import Rule

PRODUCTS = 25
"""Products on a page."""
SHOWN = 200
"""Orders that the page lists; all of them are dealt with."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the address says: everything, the product that was typed, those that were ticked, or the page's."""

    rule: Rule
    everything: bool
    typed: str
    arriving: str
    into: str
    after: str
    ticked: frozenset[int]

    @classmethod
    def of(cls, request: HttpRequest) -> "Choice":
        said = request.GET.get("rule")
        return cls(
            rule=Rule(said) if said in Rule.values else Rule.PRIORITY,
            everything=bool(request.GET.get("all")),
            typed=request.GET.get("product", "").strip(),
            arriving=request.GET.get("arriving", "").strip(),
            into=request.GET.get("into", ""),
            after=request.GET.get("after", "")[:120],
            ticked=_numbers(request.GET.getlist("pick")),
        )

    def address(self, **other: Any) -> str:
        """The same choice, or one that differs in something."""
        said = {
            "rule": self.rule.value,
            "all": "1" if self.everything else "",
            "product": self.typed,
            "after": self.after,
            "pick": sorted(self.ticked),
            **other,
        }
        return "?" + urlencode({name: value for name, value in said.items() if value}, doseq=True)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The products that the choice means, and the list that they were chosen from."""

    products: set[int] = field(default_factory=set)
    listed: Page[GroupRow] = field(default_factory=Page)
    arriving: dict[int, int] = field(default_factory=dict)
    into: int | None = None
    problem: str = ""


def view(request: HttpRequest) -> HttpResponseBase:
    desk.must(request, "orders.view_order", "inventory.adjust_stock")
    choice = Choice.of(request)
    if request.method == "POST":
        desk.press(request, lambda: _carry_out(request, choice))
        return HttpResponseRedirect(request.path + choice.address())
    chosen = _chosen(choice)
    plan = release.plan(chosen.products, choice.rule, arriving=chosen.arriving, into=chosen.into)
    if (kind := request.GET.get("export", "")) in figures.FORMATS:
        return _file(plan, kind)
    said = request.GET.copy()
    said.pop("export", None)
    return desk.page(
        request,
        "admin/orders/order/release.html",
        _("Who gets the stock"),
        choice=choice,
        chosen=chosen,
        plan=plan,
        scope=_scope(choice, chosen),
        orders=_by_order(plan),
        more=max(0, len({line.order_id for line in plan.changes}) - SHOWN),
        waiting=sum(1 for line in plan.lines if line.waits),
        rules=Rule,
        formats=[(kind, f"?{said.urlencode()}&export={kind}") for kind in figures.FORMATS],
        warehouses=_warehouses(),
        here=choice.address(),
        whole_list=choice.address(all="", product="", after="", pick=[]),
        next=choice.address(after=chosen.listed.after[0], pick=[]) if chosen.listed.after else "",
    )


def _file(plan: release.Plan, kind: str) -> FileResponse:
    """The whole plan, those who still wait and those for whom nothing changes too, in the order in which they are served."""
    skus = dict(Product.objects.filter(pk__in={line.product_id for line in plan.lines}).values_list("pk", "sku"))
    rows = (
        (
            plan.orders[line.order_id], skus[line.product_id], line.name, line.had, line.gets, line.waits,
            line.order_id in plan.complete,
        )
        for line in plan.lines
    )  # fmt: skip
    response = FileResponse(
        figures.written(kind, ("order", "sku", "name", "has", "gets", "still_waits", "leaves_whole"), rows),
        as_attachment=True,
        filename=f"release-plan-{timezone.localdate():%Y-%m-%d}.{kind}",
        content_type=figures.FORMATS[kind].get_content_type(),
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _warehouses() -> list[Location]:
    """Where goods for sale come in; the first is where they do if nothing else is said."""
    return list(Location.objects.filter(kind=Location.Kind.WAREHOUSE, sellable=True, archived_at=None))


def _chosen(choice: Choice) -> Chosen:
    if choice.everything:
        return Chosen(backorder_list.all_to_deal_out())
    problem = ""
    try:
        arriving = desk.whole_number(choice.arriving, least=1) if choice.arriving else 0
        into = next((place.pk for place in _warehouses() if str(place.pk) == choice.into), None) if arriving else None
        if choice.typed:
            product, unit = catalogue.find_by_code(choice.typed)
            listed = backorder_list.to_deal_out(Asked(product_id=product.pk))
            units = arriving * (unit.quantity if unit else 1)
            return Chosen({product.pk}, listed, {product.pk: units} if units else {}, into)
        if arriving and len(choice.ticked) != 1:
            raise ValueError(_("Say of which product so many came in: type its SKU, or tick just that one."))
    except ValueError as error:
        problem = str(error)
    after = (choice.after,) if choice.after else ()
    listed = backorder_list.to_deal_out(Asked(after=after), limit=PRODUCTS)
    if problem:
        return Chosen(listed=listed, problem=problem)
    shown = {row.id for row in listed.rows}
    if arriving:
        return Chosen(set(choice.ticked), listed, dict.fromkeys(choice.ticked & shown, arriving), into)
    return Chosen(set(choice.ticked) or shown, listed)


def _scope(choice: Choice, chosen: Chosen) -> str:
    """Which products the plan covers, in words."""
    count = len(chosen.products)
    if choice.everything:
        said = ngettext(
            "Of the %(count)d product that can be dealt out.", "Of all %(count)d products that can be dealt out.", count
        )
    elif choice.typed:
        said = _("Of this product.")
    elif choice.ticked:
        said = ngettext("Of the %(count)d product that is ticked.", "Of the %(count)d products that are ticked.", count)
    else:
        said = ngettext("Of the %(count)d product shown above.", "Of the %(count)d products shown above.", count)
    return said % {"count": count}


def _numbers(said: list[str]) -> frozenset[int]:
    return frozenset(int(number) for number in said if desk.is_number(number))


def _carry_out(request: HttpRequest, choice: Choice) -> str:
    # What was shown is done, even where the page of the list would show other products by now.
    shown = _numbers(request.POST.getlist("of"))
    products = backorder_list.all_to_deal_out() if choice.everything else shown
    done = releasing.carry_out(products, choice.rule, request.POST.get("fingerprint", ""), who=desk.who(request))
    orders = len({line.order_id for line in done.changes})
    if not orders:
        return _("Nothing had to change: everybody has what this plan gives them.")
    return ngettext(
        "Done: %(count)d order has other stock than before.",
        "Done: %(count)d orders have other stock than before.",
        orders,
    ) % {"count": orders}


def _by_order(plan: release.Plan) -> list[dict[str, Any]]:
    """Orders that gain or lose, the first of them in the plan's own order, each with its lines."""
    changed = {line.order_id for line in plan.changes}
    shown = [pk for pk in plan.orders if pk in changed][:SHOWN]
    lines: dict[int, list[release.Line]] = {pk: [] for pk in shown}
    for line in plan.lines:
        if line.order_id in lines:
            lines[line.order_id].append(line)
    named = {line.product_id for of_order in lines.values() for line in of_order}
    skus = dict(Product.objects.filter(pk__in=named).values_list("pk", "sku"))
    return [
        {
            "pk": pk,
            "number": plan.orders[pk],
            "whole": pk in plan.complete,
            "lines": [{"line": line, "sku": skus[line.product_id]} for line in lines[pk]],
        }
        for pk in shown
    ]
