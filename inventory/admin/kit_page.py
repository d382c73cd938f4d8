"""The page on which a person says what is in a kit, and how kits are shown on a product's page."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice import desk, kitting
from inventory.admin.shown import named, table
from inventory.models import Product
from orders.admin.actions import product_named

SPARE = 5


def components(request: HttpRequest, product_id: int) -> HttpResponse:
    """What is in one kit: each component with how many of it. Nothing at all makes it no kit any more."""
    desk.must(request, "inventory.change_product", "inventory.change_kitcomponent")
    kit = get_object_or_404(Product, pk=product_id)
    rows, wrong = [], ""
    if request.method == "POST":
        typed = zip(request.POST.getlist("product"), request.POST.getlist("units"), strict=False)
        rows = [(code, units) for code, units in typed if code.strip() or units.strip()]
        try:
            kitting.set_components(kit, _read(rows))
        except ValueError as error:
            wrong = str(error)
        else:
            desk.press(request, lambda: _said(kit))
            return HttpResponseRedirect(reverse("admin:inventory_product_change", args=[kit.pk]))
    else:
        known = kit.components.select_related("component").order_by("id")
        rows = [(part.component.sku, str(part.quantity)) for part in known]
    return desk.page(
        request,
        "admin/inventory/components.html",
        _("What is in %(kit)s") % {"kit": kit.sku},
        kit=kit,
        kit_name=named(kit),
        rows=[*rows, *[("", "")] * SPARE],
        wrong=wrong,
    )


def _read(rows: list[tuple[str, str]]) -> dict[int, int]:
    """Component → how many; ValueError with a sentence."""
    found: dict[int, int] = {}
    for code, units in rows:
        if not code.strip():
            raise ValueError(_("Say which product the %(units)s are.") % {"units": units.strip()})
        product = product_named(code)
        if product.pk in found:
            raise ValueError(_("%(sku)s stands there twice: add the two up in one row.") % {"sku": product.sku})
        found[product.pk] = desk.whole_number(units or "1", least=1)
    return found


def _said(kit: Product) -> str:
    count = kit.components.count()
    if not count:
        return _("%(sku)s is no kit any more. Say on its page whether it is stocked now.") % {"sku": kit.sku}
    return _("%(sku)s is a kit of %(count)d components from now on. Orders that came before keep what they had.") % {
        "sku": kit.sku,
        "count": count,
    }


def shown_components(product: Product) -> SafeString:
    """What is in a kit, with a link to each component."""
    parts = product.components.select_related("component").order_by("id") if product.is_kit else []
    return _links((part.quantity, part.component) for part in parts) if parts else format_html("{}", "–")


def shown_kits(product: Product) -> SafeString:
    """The kits that hold a product, with how many of it each takes."""
    kits = list(product.used_in.select_related("kit").order_by("kit__sku")[:100])
    return _links((part.quantity, part.kit) for part in kits) if kits else format_html("{}", "–")


def _links(parts: Iterable[tuple[int, Product]]) -> SafeString:
    rows = format_html_join(
        "",
        "<tr><td class='desk-number'>{}</td><td><a class='desk-link' href='{}'>{}</a></td><td>{}</td></tr>",
        (
            (quantity, reverse("admin:inventory_product_change", args=[product.pk]), product.sku, named(product))
            for quantity, product in parts
        ),
    )
    return table([_("Units"), _("SKU"), _("Name")], rows)
