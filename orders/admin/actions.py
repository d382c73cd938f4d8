"""The buttons of the order page. Each asks the journey or the goods room to do one thing and says what came of it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import desk, inward, journey, returning, settling
from backoffice.sync.errors import SyncError
from inventory import catalogue
from inventory.models import Product, SellingUnit
from orders import priority
from orders.admin import taking_back
from orders.models import Hold, Order, OrderLine
from orders.portal import links
from shipping.models import Shipment, ShipmentLine


@dataclass(frozen=True, slots=True)
class Button:
    """What it takes to press it (any one of the permissions), and what it does; `do` returns the sentence to say."""

    permissions: tuple[str, ...]
    do: Callable[[HttpRequest, Order], str]


def press(request: HttpRequest, order_id: int, name: str) -> HttpResponse:
    button = BUTTONS.get(name)
    if button is None:
        raise Http404
    if not any(request.user.has_perm(permission) for permission in button.permissions):
        raise PermissionDenied
    order = get_object_or_404(Order.objects.select_related("connection"), pk=order_id)
    desk.press(request, lambda: button.do(request, order))
    return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))


def _pack(request: HttpRequest, order: Order) -> str:
    said = any(name.startswith("units-") for name in request.POST)
    quantities = _own_lines(order, desk.units_of(request)) if said else None
    parcels = journey.pack([order.pk], quantities=quantities, by=request.user, who=desk.who(request))
    if not parcels:
        raise ValueError(_("There is nothing to pack: nothing is reserved for this order that is not packed already."))
    return _("Packed as parcel %(number)s.") % {"number": parcels[0].number}


def _unpack(request: HttpRequest, order: Order) -> str:
    parcel = _parcel(request, order)
    if parcel.state == Shipment.State.SHIPPED:
        raise ValueError(
            _("Parcel %(number)s has left already; take its goods back to stock instead.") % {"number": parcel.number}
        )
    journey.unpack([parcel.pk], who=desk.who(request))
    return _("Parcel %(number)s is unpacked; its goods stay reserved.") % {"number": parcel.number}


def _ship(request: HttpRequest, order: Order) -> str:
    parcel = _parcel(request, order)
    tracking = {parcel.pk: _tracking(request)}
    left = journey.ship([parcel.pk], tracking=tracking, by=request.user, who=desk.who(request))
    if not left:
        return _("Parcel %(number)s had left already.") % {"number": parcel.number}
    return _("Parcel %(number)s has left. The store and the customer are being told.") % {"number": parcel.number}


def _change_lot(request: HttpRequest, order: Order) -> str:
    item = get_object_or_404(ShipmentLine, pk=_number(request, "item"), shipment__order=order)
    code = desk.words(request, "lot", most=80)
    units = desk.whole_number(request.POST.get("units") or str(item.quantity), least=1)
    journey.change_lot(item, code, units=units, who=desk.who(request))
    return _("Lot or serial number %(code)s is in the parcel.") % {"code": code}


def _track(request: HttpRequest, order: Order) -> str:
    parcel = _parcel(request, order)
    journey.track(parcel, _tracking(request), who=desk.who(request))
    return _("Tracking of parcel %(number)s noted.") % {"number": parcel.number}


def _cancel(request: HttpRequest, order: Order) -> str:
    if not journey.cancel([order.pk], why=_why(request), who=desk.who(request)):
        raise ValueError(_("Nothing is left to cancel: it was cancelled before, or all of it has been shipped."))
    return _("What was not shipped is cancelled, and its stock is free again.")


def _cancel_lines(request: HttpRequest, order: Order) -> str:
    quantities = _own_lines(order, desk.units_of(request))
    journey.cancel_lines(quantities, why=_why(request), who=desk.who(request))
    return _("%(units)s cancelled.") % {"units": desk.units(sum(quantities.values()))}


def _take_back(request: HttpRequest, order: Order) -> str:
    typed = taking_back.read(request)
    _own_lines(order, dict.fromkeys(typed.lines, 1))
    if not returning.return_to_stock(
        typed.quantities,
        parts=typed.parts,
        part_lots=typed.lots,
        to=typed.to,
        place_id=typed.place_id,
        key=_key(request),
        who=desk.who(request),
        by=request.user,
    ):
        return _("This was booked already, when the button was pressed before. Nothing was booked a second time.")
    said = {
        returning.To.STOCK: _("%(units)s back in stock."),
        returning.To.QUARANTINE: _("%(units)s back, into quarantine."),
        returning.To.SCRAP: _("%(units)s back and thrown away."),
    }
    return said[typed.to] % {"units": desk.units(typed.units)}


def _go_on(request: HttpRequest, order: Order) -> str:
    journey.go_on([order.pk])
    order.refresh_from_db(fields=["state"])
    return _("The order went on as far as it can; it is now: %(state)s.") % {"state": order.get_state_display()}


def _ask_again(request: HttpRequest, order: Order) -> str:
    try:
        return inward.ask_again(order)
    except SyncError as error:
        raise ValueError(str(error)) from error


def _release(request: HttpRequest, order: Order) -> str:
    hold = get_object_or_404(Hold, pk=_number(request, "hold"), order=order)
    settling.release_hold([hold.pk], why=_why(request), by=request.user, who=desk.who(request))
    return _("The hold is lifted; the order goes on.")


def _map_sku(request: HttpRequest, order: Order) -> str:
    product, unit = product_in_unit(request.POST.get("product", ""), request.POST.get("unit", ""))
    sku = request.POST.get("sku", "")
    went_on = settling.map_sku(order.connection, sku, product, unit, by=request.user, who=desk.who(request))
    return ngettext(
        "%(sku)s of %(store)s means %(product)s from now on; %(count)d order went on.",
        "%(sku)s of %(store)s means %(product)s from now on; %(count)d orders went on.",
        went_on,
    ) % {"sku": sku, "store": order.connection, "product": in_words(product, unit), "count": went_on}


def _explain_tax(request: HttpRequest, order: Order) -> str:
    name, code = request.POST.get("name", ""), request.POST.get("code", "")
    tax = settling.explain_tax(name, code, by=request.user, who=desk.who(request))
    return _("“%(name)s” is %(code)s from now on; every order that waited for it went on.") % {
        "name": tax.name,
        "code": tax.code,
    }


def _mail_invoice(request: HttpRequest, order: Order) -> str:
    invoice = settling.mail_invoice_again(order, who=desk.who(request))
    return _("Invoice %(number)s is on its way to the customer again.") % {"number": invoice.label}


def _sent_by_store(request: HttpRequest, order: Order) -> str:
    settling.sent_by_store(order, by=request.user, who=desk.who(request))
    return _("Noted: the store shipped it itself. Its goods have left the stock.")


def _name_line(request: HttpRequest, order: Order) -> str:
    line = get_object_or_404(OrderLine, pk=_number(request, "line"), order=order)
    product, unit = product_in_unit(request.POST.get("product", ""), request.POST.get("unit", ""))
    settling.name_line(line, product, unit, by=request.user, who=desk.who(request))
    return _("%(name)s means %(product)s.") % {"name": line.name, "product": in_words(product, unit)}


def _prioritise(request: HttpRequest, order: Order) -> str:
    said = request.POST.get("priority", "").strip()
    turn = int(said) if desk.is_number(said) else 0
    if not priority.put([order.pk], turn, who=desk.who(request)):
        return _("Nothing changed: it is served %(turn)s already.") % {"turn": priority.words(turn)}
    return _(
        "From now on it is served %(turn)s. What is reserved stays; deal it out anew under Who gets the stock."
    ) % {"turn": priority.words(turn)}


def _void_links(request: HttpRequest, order: Order) -> str:
    links.void(order, who=desk.who(request))
    return _("The links that the customer was given open the order no more; the one on this page is new.")


BUTTONS: dict[str, Button] = {
    "pack": Button(("shipping.pack_shipment",), _pack),
    "unpack": Button(("shipping.pack_shipment",), _unpack),
    "ship": Button(("shipping.ship_shipment",), _ship),
    "change-lot": Button(("shipping.pack_shipment",), _change_lot),
    "track": Button(("shipping.ship_shipment", "shipping.track_shipment"), _track),
    "cancel": Button(("orders.cancel_order",), _cancel),
    "priority": Button(("orders.prioritise_order",), _prioritise),
    "cancel-lines": Button(("orders.cancel_order",), _cancel_lines),
    "take-back": Button(("orders.take_back_order",), _take_back),
    "go-on": Button(("orders.release_hold",), _go_on),
    "ask-again": Button(("orders.release_hold",), _ask_again),
    "release": Button(("orders.release_hold",), _release),
    "map-sku": Button(("inventory.map_sku",), _map_sku),
    "sent-by-store": Button(("orders.release_hold",), _sent_by_store),
    "name-line": Button(("inventory.map_sku",), _name_line),
    "explain-tax": Button(("accounting.explain_tax",), _explain_tax),
    "void-links": Button(("orders.change_customer",), _void_links),
    "mail-invoice": Button(("accounting.mail_invoice",), _mail_invoice),
}


def product_named(text: str) -> Product:
    """The product with this SKU or barcode, as typed or scanned; ValueError with a sentence where there is none.

    The code of a selling unit is refused: on a page that counts single units, one would be taken for the other.
    """
    product, unit = catalogue.find_by_code(text)
    if unit is not None:
        raise ValueError(
            _("“%(code)s” is %(unit)s of %(sku)s. Single units are meant here: choose %(sku)s, and count those.")
            % {"code": text.strip(), "unit": unit, "sku": product.sku}
        )
    return product


def product_in_unit(code: str, unit: str) -> tuple[Product, SellingUnit | None]:
    """The product that a code means, in the unit that is typed beside it, or else in the one whose own code it is."""
    product, by_code = catalogue.find_by_code(code)
    return product, catalogue.unit_of(product, unit) if unit.strip() else by_code


def in_words(product: Product, unit: SellingUnit | None) -> str:
    return f"{product.sku}, {unit}" if unit else product.sku


def _own_lines(order: Order, quantities: dict[int, int]) -> dict[int, int]:
    own = set(OrderLine.objects.filter(order=order, pk__in=quantities).values_list("pk", flat=True))
    if set(quantities) - own:
        raise ValueError(_("A line of this form belongs to another order. Open the order again."))
    return quantities


def _parcel(request: HttpRequest, order: Order) -> Shipment:
    return get_object_or_404(Shipment.objects.select_related("order"), pk=_number(request, "parcel"), order=order)


def _tracking(request: HttpRequest) -> journey.Tracking:
    url = request.POST.get("url", "").strip()
    if url:
        try:
            URLValidator(schemes=["http", "https"])(url)
        except ValidationError:
            raise ValueError(_("The tracking address must begin with https:// or http://.")) from None
    return journey.Tracking(request.POST.get("carrier", ""), request.POST.get("number", ""), url)


def _why(request: HttpRequest) -> str:
    why = desk.words(request, "why")
    if not why:
        raise ValueError(_("Say why, so that the next person knows."))
    return why


def _key(request: HttpRequest) -> str:
    key = request.POST.get("once", "")
    if not (key.isalnum() and len(key) == 32):
        raise ValueError(_("This form is too old. Open the page again."))
    return key


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    if not desk.is_number(value):
        raise Http404
    return int(value)
