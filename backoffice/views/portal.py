"""The customer's page of one order, put together from orders, parcels and books; opened by its link alone (rule: U2).

Opening it changes nothing: mail scanners follow links. The one button needs no token of a form, for nobody can forge a
request to an address that nobody else knows, and so no cookie is set (docs/decisions/0042-portal-link.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.throttling import AnonRateThrottle

from accounting.models import Invoice
from backoffice.lib.formats import day, number
from backoffice.views import papers, public
from orders import merchant
from orders.models import Merchant, Order
from orders.portal import links
from orders.portal import order_page as page
from orders.portal.words import GONE, WORDS
from shipping.inside import units_inside
from shipping.models import Shipment

View = Callable[[HttpRequest, str, Order], HttpResponse]
HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class Parcel:
    heading: str
    number: str
    carrier: str
    tracking: str
    url: str
    inside: tuple[str, ...]


def door(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Lets in who has a link that opens an order; everybody else gets the same page, whatever is wrong with theirs."""

    @csrf_exempt
    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        if not AnonRateThrottle().allow_request(request, None):  # type: ignore[arg-type]
            answer = _refused(request, {code: {"title": words["often"]} for code, words in public.WORDS.items()}, 429)
        elif (order := links.find(token)) is None:
            answer = _refused(request, GONE, 404)
        else:
            answer = view(request, token, order)
        for name, value in HEADERS.items():
            answer[name] = value
        return answer

    return opened


def _refused(request: HttpRequest, words: dict[str, dict[str, str]], status: int) -> HttpResponse:
    """In both languages: whose link it is, is not known."""
    seller = merchant.current()
    context = {"language": seller.language, "seller": seller, "said": words, "head": merchant.letterhead(seller)}
    return render(request, "portal/refused.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@door
def order_page(request: HttpRequest, token: str, order: Order) -> HttpResponse:
    """The page; posted to with the `line` of which he wants to be told when it is back."""
    language = public.language_of(request, order.language)
    wrong = ""
    if request.method == "POST":
        line = request.POST.get("line", "")
        if line.isascii() and line.isdecimal() and len(line) < 6:
            try:
                page.tell_me(order, int(line), language)
                return HttpResponseRedirect(f"{request.get_full_path()}#line-{line}", status=303)
            except ValueError as error:
                wrong = str(error)
    seller = merchant.current()
    words = WORDS[language]
    lines = page.lines_of(order, language)
    invoiced = Invoice.objects.filter(order=order).exclude(pdf_sha256="").values_list("label", "issued_on").first()
    return render(
        request,
        "portal/order.html",
        {
            "language": language,
            "words": words,
            "seller": seller,
            "head": merchant.letterhead(seller),
            "token": token,
            "title": words["title"].format(number=order.external_number or order.number),
            "placed": words["placed"].format(day=day(merchant.local_day(order.placed_at, seller), language)),
            "state": words["states"][order.state],
            "lines": lines,
            "may_ask": any(line.may_ask for line in lines),
            "parcels": _parcels(order, {line.pk: line.name for line in lines}, seller, language),
            "invoice": invoiced and words["invoice_pdf"].format(number=invoiced[0], day=day(invoiced[1], language)),
            "wrong": wrong,
        },
        status=400 if wrong else 200,
    )


@require_safe
@door
def invoice(request: HttpRequest, token: str, order: Order) -> HttpResponse:
    """The PDF that was mailed, as it is kept; none is made here."""
    kept = Invoice.objects.filter(order=order).only("label", "language", "pdf").first()
    if kept is None or kept.pdf is None:
        return HttpResponseRedirect(reverse("portal_order", args=[token]))
    name = WORDS[kept.language]["invoice_file"].format(number=kept.label)
    answer = HttpResponse(bytes(kept.pdf), content_type="application/pdf")
    return papers.private(answer, content_disposition_header(False, name) or "inline")


def _parcels(order: Order, names: dict[int, str], seller: Merchant, language: str) -> list[Parcel]:
    """What has left, each parcel with what is in it; two statements."""
    words = WORDS[language]
    left = list(Shipment.objects.filter(order=order, state=Shipment.State.SHIPPED).order_by("id"))
    inside = units_inside(parcel.pk for parcel in left) if left else {}
    return [
        Parcel(
            heading=words["parcel"].format(
                number=parcel.number,
                day=day(merchant.local_day(parcel.shipped_at or parcel.packed_at, seller), language),
            ),
            number=parcel.number,
            carrier=parcel.carrier and words["carrier"].format(name=parcel.carrier),
            tracking=parcel.tracking_number and words["tracking"].format(number=parcel.tracking_number),
            url=parcel.tracking_url if parcel.tracking_url.startswith(("https://", "http://")) else "",
            inside=tuple(
                f"{number(units, language)} × {names[line]}"
                for line, units in inside.get(parcel.pk, {}).items()
                if line in names
            ),
        )
        for parcel in left
    ]
