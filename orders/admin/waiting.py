"""The backorder list on screen: by age, by product, by customer; as CSV, XLSX and PDF."""

from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from django.db import DataError, transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backoffice import desk
from backoffice.exchange import figures
from inventory.models import Product
from orders import backorder_list, backorder_papers, merchant, promise_words
from orders.backorder_list import Asked, LineRow, Page
from orders.models import Customer, Merchant

AMOUNTS = "orders.see_amounts"
BY = {"product": gettext_lazy("By product"), "customer": gettext_lazy("By customer"), "age": gettext_lazy("By age")}


@require_safe
def view(request: HttpRequest) -> HttpResponseBase:
    desk.must(request, "orders.view_order")
    by, asked = _asked(request)
    if (kind := request.GET.get("export", "")) in (*figures.FORMATS, "pdf"):
        return _file(request, by, asked, kind)
    found = _found(by, asked)
    seller = merchant.current()
    language = (get_language() or "en")[:2]
    said = _said(by, asked)
    words = {"q": asked.text} if asked.text else {}
    shown = _shown(by, asked)
    return desk.page(
        request,
        "admin/orders/order/waiting.html",
        _("Waiting for stock"),
        by=by,
        shown=shown,
        ways=[(key, title, "?" + urlencode({"by": key, **words})) for key, title in BY.items()],
        asked=asked,
        rows=[(row, *_told(row, language), _age(row, seller)) for row in found.rows],
        about=_about(asked),
        sees_amounts=request.user.has_perm(AMOUNTS),
        address="?" + urlencode(said),
        next="?" + urlencode([*said.items(), *(("after", part) for part in found.after)]) if found.after else "",
        formats=[*figures.FORMATS, "pdf"],
    )


def _asked(request: HttpRequest) -> tuple[str, Asked]:
    by = request.GET.get("by", "product")
    by = by if by in BY else "product"
    product, customer = (request.GET.get(name, "") for name in ("product", "customer"))
    after = tuple(request.GET.getlist("after"))
    asked = Asked(
        product_id=int(product) if desk.is_number(product) else None,
        customer_id=int(customer) if desk.is_number(customer) else None,
        text=request.GET.get("q", "").strip()[:100],
    )
    if len(after) != (3 if _shown(by, asked) == "lines" else 2):
        return by, asked
    return by, replace(asked, after=after)


def _shown(by: str, asked: Asked) -> str:
    """Lines by age, and where one product or customer was chosen; else products or customers with their sums."""
    one = asked.product_id is not None or asked.customer_id is not None
    return "lines" if by == "age" or one else f"{by}s"


def _said(by: str, asked: Asked) -> dict[str, Any]:
    said = {"by": by, "product": asked.product_id, "customer": asked.customer_id, "q": asked.text}
    return {name: value for name, value in said.items() if value}


READ: dict[str, Any] = {
    "lines": backorder_list.lines,
    "products": backorder_list.products,
    "customers": backorder_list.customers,
}


def _found(by: str, asked: Asked) -> Page[Any]:
    read = READ[_shown(by, asked)]
    if not asked.after:
        return read(asked)
    try:
        with transaction.atomic():
            return read(asked)
    except (ValueError, DataError):
        # An address that was changed by hand names a place that is none.
        return read(replace(asked, after=()))


def _told(row: Any, language: str) -> tuple[str, str]:
    if row.promise is None:
        return "", ""
    return promise_words.span(row.promise, language), promise_words.reason(row.promise, language)


def _age(row: Any, seller: Merchant) -> int:
    """Days since the order, or the oldest of them, was placed."""
    since = row.placed_at if isinstance(row, LineRow) else row.since
    today = merchant.local_day(timezone.now(), seller)
    return (today - merchant.local_day(since, seller)).days if since else 0


def _about(asked: Asked) -> str:
    """Whom or what the list is narrowed to."""
    if asked.product_id is not None:
        return str(Product.objects.filter(pk=asked.product_id).first() or "")
    if asked.customer_id is not None:
        return str(Customer.objects.filter(pk=asked.customer_id).first() or "")
    return ""


def _file(request: HttpRequest, by: str, asked: Asked, kind: str) -> HttpResponseBase:
    """The whole list, not only the page; rows go into the file one by one."""
    amounts, language = request.user.has_perm(AMOUNTS), (get_language() or "en")[:2]
    asked = replace(asked, after=())
    name = f"backorders-{timezone.localdate().isoformat()}.{kind}"
    if kind == "pdf":
        response: HttpResponseBase = HttpResponse(
            backorder_papers.pdf(by, asked, amounts=amounts, language=language), content_type="application/pdf"
        )
        response["Content-Disposition"] = f'inline; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        # The browser's own PDF viewer has styles of its own, which the policy of our pages would forbid.
        cast(Any, response)._csp_exempt = True
    else:
        rows = backorder_papers.rows(by, asked, amounts=amounts, language=language)
        response = FileResponse(
            figures.written(kind, backorder_papers.headings(by, amounts=amounts), rows),
            as_attachment=True,
            filename=name,
            content_type=figures.FORMATS[kind].get_content_type(),
        )
    response["Cache-Control"] = "private, no-store"
    return response
