"""Who gets what: the plan by which stock is dealt out to waiting orders, looked at first and then done."""

from collections import defaultdict
from typing import Any

from django.db import connection as database
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, releasing
from inventory import catalogue
from inventory.models import Product
from orders import release
from orders.release import Rule

SHOWN = 200
"""Orders that the page lists; all of them are dealt with."""

# Only what somebody waits for can be dealt out otherwise; and only where there is some of it, or somebody has it.
WAITED_FOR = """
    SELECT DISTINCT coalesce(part.product_id, line.product_id)
      FROM orders_orderline line LEFT JOIN orders_linecomponent part ON part.line_id = line.id
     WHERE line.backordered > 0 AND line.product_id IS NOT NULL
       AND EXISTS (SELECT 1 FROM inventory_stocklevel level
                    WHERE level.product_id = coalesce(part.product_id, line.product_id) AND level.on_hand > 0)
"""


def view(request: HttpRequest) -> HttpResponse:
    desk.must(request, "orders.view_order", "inventory.adjust_stock")
    rule = _rule(request.POST.get("rule") or request.GET.get("rule"))
    typed = (request.POST.get("product") or request.GET.get("product") or "").strip()
    products, arriving, problem = _asked(typed, request.GET.get("arriving", ""))
    if request.method == "POST":
        desk.press(request, lambda: _carry_out(request, products, rule))
        back = urlencode({"rule": rule.value, "product": typed})
        return HttpResponseRedirect(f"{reverse('admin:orders_order_release')}?{back}")
    plan = release.plan(products, rule, arriving=arriving)
    return desk.page(
        request,
        "admin/orders/order/release.html",
        _("Who gets the stock"),
        plan=plan,
        orders=_by_order(plan),
        more=max(0, len({line.order_id for line in plan.changes}) - SHOWN),
        rules=Rule,
        rule=rule,
        product=typed,
        arriving=request.GET.get("arriving", ""),
        is_preview=bool(arriving),
        problem=problem,
        waiting=sum(1 for line in plan.lines if line.waits),
    )


def _rule(said: str | None) -> Rule:
    return Rule(said) if said in Rule.values else Rule.PRIORITY


def _asked(typed: str, arriving: str) -> tuple[set[int], dict[int, int], str]:
    """The products that are dealt out, what a delivery would add of them, and what is wrong with the words typed."""
    if not typed:
        with database.cursor() as cursor:
            cursor.execute(WAITED_FOR)
            return {row[0] for row in cursor.fetchall()}, {}, ""
    try:
        product, unit = catalogue.find_by_code(typed)
        units = desk.whole_number(arriving, least=1) * (unit.quantity if unit else 1) if arriving.strip() else 0
    except ValueError as error:
        return set(), {}, str(error)
    return {product.pk}, {product.pk: units} if units else {}, ""


def _carry_out(request: HttpRequest, products: set[int], rule: Rule) -> str:
    done = releasing.carry_out(products, rule, request.POST.get("fingerprint", ""), who=desk.who(request))
    orders = len({line.order_id for line in done.changes})
    if not orders:
        return _("Nothing had to change: everybody has what this plan gives them.")
    return ngettext(
        "Done: %(count)d order has other stock than before.",
        "Done: %(count)d orders have other stock than before.",
        orders,
    ) % {"count": orders}


def _by_order(plan: release.Plan) -> list[dict[str, Any]]:
    """Orders that gain or lose first come in the plan's own order, each with its lines."""
    changed = {line.order_id for line in plan.changes}
    lines: dict[int, list[release.Line]] = defaultdict(list)
    for line in plan.lines:
        if line.order_id in changed:
            lines[line.order_id].append(line)
    skus = dict(
        Product.objects.filter(pk__in={ln.product_id for of in lines.values() for ln in of}).values_list("pk", "sku")
    )
    return [
        {
            "pk": pk,
            "number": number,
            "whole": pk in plan.complete,
            "lines": [{"line": line, "sku": skus[line.product_id]} for line in lines[pk]],
        }
        for pk, number in plan.orders.items()
        if pk in changed
    ][:SHOWN]
