"""Pages for anybody: how a store shows availability, “tell me when it is back”, and taking that wish back."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from django.views.defaults import page_not_found
from rest_framework.throttling import AnonRateThrottle

from backoffice.api.back_in_stock import SAID, THERE
from inventory.models import Product
from orders import availability, back_in_stock, merchant
from orders.models import Merchant

SHOWN = 6
WORDS = {
    "en": {
        "title": "Tell me when it is back",
        "lead": "Leave your mail address: you get one mail when it is in stock again, and nothing else.",
        "email": "Mail address",
        "send": "Tell me",
        "there": THERE["en"],
        "to_store": "To the store",
        "stop_title": "Take the wish back",
        "stop_lead": "You will not be told when {product} is back.",
        "stop_send": "Do not tell me",
        "stopped": "Done. You will get no mail about it.",
        "often": "That was too often. Try again in a minute.",
    },
    "fr": {
        "title": "Avertissez-moi de son retour",
        "lead": "Laissez votre adresse: vous recevrez un seul courriel quand l’article sera de nouveau en stock.",
        "email": "Adresse de courriel",
        "send": "Avertissez-moi",
        "there": THERE["fr"],
        "to_store": "Vers la boutique",
        "stop_title": "Retirer la demande",
        "stop_lead": "Vous ne serez pas averti du retour de {product}.",
        "stop_send": "Ne pas m’avertir",
        "stopped": "C’est fait. Vous ne recevrez pas de courriel à ce sujet.",
        "often": "C’était trop souvent. Réessayez dans une minute.",
    },
}
GONE = {
    "en": ("Nothing here", "There is no page at this address. The link may be old, or a letter of it mistyped."),
    "fr": ("Rien ici", "Il n’y a pas de page à cette adresse. Le lien est peut-être ancien, ou mal saisi."),
}


def _published(request: HttpRequest) -> Merchant:
    seller = merchant.current()
    if not (seller.publishes_availability or request.user.is_staff):
        raise PermissionDenied
    return seller


def language_of(request: HttpRequest, otherwise: str) -> str:
    said = request.GET.get("lang", otherwise)
    return "fr" if said.lower().startswith("fr") else "en"


def _spoken(request: HttpRequest, seller: Merchant) -> str:
    """What the visitor's browser prefers, unless the page was asked for in another language."""
    return language_of(request, request.headers.get("Accept-Language", "").strip() or seller.language)


def demo(request: HttpRequest) -> HttpResponse:
    """How a product page of a store would look, and the two lines of HTML that make it so."""
    seller = _published(request)
    asked = [sku.strip() for sku in request.GET.get("sku", "").split(",") if sku.strip()][:SHOWN]
    skus = asked or list(Product.objects.filter(archived_at=None).order_by("sku").values_list("sku", flat=True)[:SHOWN])
    products = {product.sku: product for product in Product.objects.filter(sku__in=skus, archived_at=None)}
    return render(
        request,
        "public/demo.html",
        {
            "seller": seller,
            "base": settings.BASE_URL,
            "items": [{"sku": sku, "name": products[sku].name if sku in products else sku} for sku in skus],
            "language": _spoken(request, seller),
            "published": seller.publishes_availability,
            "sku": ",".join(asked),
        },
    )


@csrf_protect
def sign_up(request: HttpRequest, sku: str) -> HttpResponse:
    """A form for stores that only link here."""
    seller = _published(request)
    wanted = back_in_stock.wanted(sku)
    if wanted is None:
        raise Http404
    product, unit = wanted
    language = _spoken(request, seller)
    words, wrong, said, status = WORDS[language], "", "", 200
    (answer,) = availability.answers([sku], seller=seller)
    there = answer.state == "in_stock"
    if there:
        # Signed up now, he would get the mail at once.
        said = words["there"]
    elif request.method == "POST":
        if not AnonRateThrottle().allow_request(request, None):  # type: ignore[arg-type]
            wrong, status = words["often"], 429
        elif request.POST.get("website"):
            said = SAID[language]
        else:
            try:
                back_in_stock.sign_up(product, request.POST.get("email", ""), unit=unit, language=language)
                said = SAID[language]
            except ValueError as error:
                wrong, status = str(error), 400
    return render(
        request,
        "public/back_in_stock.html",
        {
            "words": words,
            "language": language,
            "name": (language == "fr" and product.name_fr) or product.name,
            "product": product,
            "seller": seller,
            "answer": answer.words[1 if language == "fr" else 0],
            "wrong": wrong,
            "said": said,
            "store": merchant.shop_url(seller) if there else "",
            "typed": request.POST.get("email", "")[:254],
        },
        status=status,
    )


@csrf_protect
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail only shows the question; the button answers it: mail scanners follow links."""
    signup = back_in_stock.by_token(token)
    if signup is None:
        raise Http404
    words = WORDS[signup.language]
    product = signup.product
    name = (signup.language == "fr" and product.name_fr) or product.name
    if request.method == "POST":
        back_in_stock.stop([signup.pk])
    return render(
        request,
        "public/stop.html",
        {
            "words": words,
            "language": signup.language,
            "lead": words["stop_lead"].format(product=name),
            "done": request.method == "POST" or signup.cancelled_at is not None,
            "seller": merchant.current(),
        },
    )


def nothing_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No page at this address: staff are led back to their work, strangers are told so in both languages."""
    if getattr(getattr(request, "user", None), "is_staff", False):
        return page_not_found(request, exception)
    seller = merchant.current()
    return render(request, "public/404.html", {"seller": seller, "language": seller.language, "said": GONE}, status=404)
