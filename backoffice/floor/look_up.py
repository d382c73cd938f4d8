"""Look up: whatever is scanned, the screen says what it is, where it lies and what is known of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from backoffice.floor import cards, codes
from backoffice.floor.codes import Kind, Scanned
from backoffice.floor.doors import Said, answer, may, screen
from inventory.admin.products import find_products
from inventory.models import CountSheet, Product, PurchaseOrder, Transfer
from orders.models import Order

MOST_NAMED = 20


@require_http_methods(["GET", "HEAD", "POST"])
@screen("look_up")
def look_up(request: HttpRequest) -> HttpResponse:
    """`code` is what was scanned; in the address too, so that one card can lead to another."""
    code = (request.POST if request.method == "POST" else request.GET).get("code", "").strip()
    said: Said | None = None
    shown: list[dict[str, Any]] = []
    named: list[Product] = []
    if code:
        kinds = [kind for kind in Kind if request.user.has_perm(codes.SEEN_WITH[kind])]
        try:
            found = codes.find(code, kinds)
            shown = [_card(request, one) for one in found]
            if found:
                said = Said("ok", f"“{code[:60]}”", _("Found"))
            else:
                named = list(find_products(Product.objects.filter(archived_at=None), code)[:MOST_NAMED])
                said = _named(code, named, kinds)
        except ValueError as error:
            said = Said("refused", str(error))
    return answer(
        request, "floor/look_up.html", _("Look up"), prompt=_("Scan anything"), said=said, shown=shown, named=named
    )  # fmt: skip


def _named(code: str, named: list[Product], kinds: list[Kind]) -> Said:
    """Nobody has this code; perhaps it was the beginning of a name."""
    if not named:
        return Said("refused", codes.unknown(code, kinds))
    sentence = ngettext(
        "%(count)d product is named like “%(code)s”.", "%(count)d products are named like “%(code)s”.", len(named)
    )
    return Said("ask", sentence % {"count": len(named), "code": code[:60]}, _("Which one?"))


def _card(request: HttpRequest, found: Scanned) -> dict[str, Any]:
    """What the template shows of one meaning, and which screens lead on from it."""
    card: dict[str, Any] = {"kind": found.kind.value, "scanned": found}
    if found.kind == Kind.PLACE and found.place is not None:
        card |= {"lying": cards.lying_in(found.place)}
    elif found.kind == Kind.LOT and found.lot is not None:
        card |= {"lot": cards.lot_card(found.lot)}
    elif found.product is not None:
        card |= {"product": cards.product_card(found.product)}
    elif isinstance(found.paper, PurchaseOrder):
        card |= {"paper": cards.purchase_card(found.paper), "next": "floor:receive" if may(request, "receive") else ""}
    elif isinstance(found.paper, Transfer):
        card |= {"paper": cards.transfer_card(found.paper), "next": "floor:receive" if may(request, "receive") else ""}
    elif isinstance(found.paper, CountSheet):
        counts = found.paper.state == CountSheet.State.OPEN and may(request, "count")
        card |= {"paper": cards.sheet_card(found.paper), "next": "floor:count" if counts else ""}
    elif isinstance(found.paper, Order):
        card |= {"order": cards.order_card(found.paper)}
    return card
