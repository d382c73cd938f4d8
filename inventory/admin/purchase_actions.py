"""The buttons of a purchase order's page. Each does one thing and says what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import buying, desk, landed, reversing
from backoffice.landed import Landed
from inventory.admin import typed
from inventory.admin.purchase_page import KINDS
from inventory.models import GoodsReceipt, LandedCost, PurchaseOrder
from inventory.purchasing import Change, Wanted


@dataclass(frozen=True, slots=True)
class Button:
    permission: str
    do: Callable[[HttpRequest, PurchaseOrder], str]


def press(request: HttpRequest, order_id: int, name: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    button = BUTTONS.get(name)
    if button is None:
        raise Http404
    desk.must(request, "inventory.view_purchaseorder", button.permission)
    order = get_object_or_404(PurchaseOrder.objects.select_related("supplier").defer("pdf"), pk=order_id)
    desk.press(request, lambda: button.do(request, order))
    return HttpResponseRedirect(reverse("admin:inventory_purchaseorder_change", args=[order.pk]))


def _send(request: HttpRequest, order: PurchaseOrder) -> str:
    buying.send(order.pk)
    return _("%(number)s is on its way to %(name)s, at %(mail)s.") % {
        "number": order.number,
        "name": order.supplier.name,
        "mail": order.supplier.email,
    }


def _sent_by_hand(request: HttpRequest, order: PurchaseOrder) -> str:
    buying.send(order.pk, by_hand=True)
    return _("Noted as sent. Its paper is kept as it is now; print it and give it to the supplier.")


def _mail_again(request: HttpRequest, order: PurchaseOrder) -> str:
    buying.send_again(order.pk)
    return _("%(number)s is on its way to the supplier again.") % {"number": order.number}


def _change(request: HttpRequest, order: PurchaseOrder) -> str:
    sees_costs = request.user.has_perm("inventory.see_costs")
    changes, removed = [], []
    for pk in order.lines.values_list("pk", flat=True):
        if request.POST.get(f"remove-{pk}"):
            removed.append(pk)
            continue
        units = request.POST.get(f"units-{pk}", "")
        changes.append(
            Change(
                pk,
                quantity=desk.whole_number(units, least=1) if units.strip() else None,
                unit_price=typed.amount(request.POST.get(f"price-{pk}", "")) if sees_costs else None,
                expected_on=typed.day(request.POST.get(f"day-{pk}", "")),
                as_order=request.POST.get(f"day-{pk}") == "",
            )
        )
    added = []
    for code, units, price in typed.rows(request, "product", "units", "price"):
        product, count = typed.counted(code, units)
        added.append(Wanted(product.pk, count, typed.amount(price) if sees_costs else None))
    header: dict[str, Any] = {}
    if "note" in request.POST:
        header["note"] = desk.words(request, "note", most=2000)
    if "expected_on" in request.POST:
        header["expected_on"] = typed.day(request.POST["expected_on"])
    rate = typed.amount(request.POST.get("rate", "")) if sees_costs else None
    if rate:
        header["rate"] = rate
    days = dict(order.lines.values_list("pk", "expected_on"))
    if not buying.change(order.pk, changes, added, removed=removed, **header):
        return _("Nothing was changed.")
    if order.sent_at is None:
        said = _("The draft is changed.")
    elif not order.supplier.email:
        said = _("Changed. Print the new revision and give it to the supplier.")
    else:
        said = _("Changed; the supplier gets the new revision by mail.")
    moved = header.get("expected_on", order.expected_on) != order.expected_on
    return f"{said} {_own_days(order, days)}".strip() if moved else said


def _own_days(order: PurchaseOrder, before: dict[int, date | None]) -> str:
    """Which lines stay where they were though the order's day moved; nothing where none does."""
    still = list(order.lines.filter(outstanding__gt=0).values_list("pk", "expected_on"))
    stay = sum(1 for pk, day in still if day is not None and before.get(pk) == day)
    if stay and stay == len(still):
        return _("Each line has a day of its own: none moved. Empty a line's day, and it follows the order's.")
    words = ngettext(
        "%(count)d line has a day of its own and did not move.",
        "%(count)d lines have a day of their own and did not move.",
        stay,
    )
    return words % {"count": stay} if stay else ""


def _confirm(request: HttpRequest, order: PurchaseOrder) -> str:
    dates: dict[int, date] = {}
    for pk in order.lines.values_list("pk", flat=True):
        said = typed.day(request.POST.get(f"day-{pk}", ""))
        if said is not None:
            dates[pk] = said
    reference = desk.words(request, "reference", most=120)
    whole = typed.day(request.POST.get("whole", ""))
    if not dates and whole is None and not reference:
        raise ValueError(_("Say what the supplier confirmed: its number, or when the goods come."))
    buying.confirm(order.pk, reference=reference, dates=dates, whole=whole)
    return _("Confirmed. Orders that wait for these goods have their new dates.")


def _cancel_rest(request: HttpRequest, order: PurchaseOrder) -> str:
    lines = [int(pk) for pk in request.POST.getlist("line") if desk.is_number(pk)]
    count = buying.cancel_rest(order.pk, lines or None, tell=bool(request.POST.get("tell")))
    return _("%(units)s will not come any more.") % {"units": desk.units(count)}


def _bill(request: HttpRequest, order: PurchaseOrder) -> str:
    receipt = get_object_or_404(GoodsReceipt, pk=typed.chosen(request, "receipt"), order=order)
    billed = landed.bill_later(receipt.pk, cost_of(request, minus=True), key=typed.key(request), by=request.user)
    if billed is None:
        return _("This was booked before; nothing is booked twice.")
    return _("Booked: what is still here of these goods is worth more, the rest is cost of what was sold.")


def _invoice(request: HttpRequest, order: PurchaseOrder) -> str:
    desk.must(request, "inventory.see_costs")
    receipt = get_object_or_404(GoodsReceipt, pk=typed.chosen(request, "receipt"), order=order)
    prices = {
        pk: price
        for pk in receipt.lines.values_list("pk", flat=True)
        if (price := typed.amount(request.POST.get(f"price-{pk}", ""))) is not None
    }
    note = desk.words(request, "bill")
    if not landed.invoiced(receipt.pk, prices, key=typed.key(request), note=note, by=request.user):
        return _("This was booked before; nothing is booked twice.")
    return _("Booked: what is still here of these goods has the invoice's price, the rest is cost of what was sold.")


def _take_back(request: HttpRequest, order: PurchaseOrder) -> str:
    receipt = get_object_or_404(GoodsReceipt, pk=typed.chosen(request, "receipt"), order=order)
    gone: dict[int, int] = {}
    for item in receipt.lines.select_related("line__product"):
        said = request.POST.get(f"came-{item.pk}", "").strip()
        really = desk.whole_number(said) if said else item.stands
        if really > item.stands:
            raise ValueError(
                _("%(sku)s: more came than was booked. Receive the rest with “Receive”.")
                % {"sku": item.line.product.sku}
            )
        if really < item.stands:
            gone[item.pk] = item.stands - really
    reason = desk.words(request, "reason", most=250)
    count = reversing.reverse(receipt.pk, gone, key=typed.key(request), reason=reason, by=request.user)
    if not count:
        return _("This was booked before; nothing is booked twice.")
    said = _("Taken back out of the stock: %(units)s.") % {"units": desk.units(count)}
    left = sum(order.lines.values_list("outstanding", flat=True))
    return f"{said} {_('Still to come of the order: %(units)s.') % {'units': desk.units(left)}}" if left else said


def cost_of(request: HttpRequest, *, minus: bool = False) -> Landed:
    """Freight, duty or brokerage as typed; below zero where a bill is given back."""
    kind, spread = request.POST.get("kind", ""), request.POST.get("spread", "")
    amount = typed.amount(request.POST.get("amount", ""), minus=minus)
    if kind not in dict(KINDS) or spread not in LandedCost.Spread.values or amount is None:
        raise ValueError(_("Say what it was, how much, and by what it is spread."))
    return Landed(LandedCost.Kind(kind), amount, LandedCost.Spread(spread), desk.words(request, "bill"))


BUTTONS: dict[str, Button] = {
    "send": Button("inventory.send_purchaseorder", _send),
    "sent-by-hand": Button("inventory.send_purchaseorder", _sent_by_hand),
    "mail-again": Button("inventory.send_purchaseorder", _mail_again),
    "change": Button("inventory.change_purchaseorder", _change),
    "confirm": Button("inventory.change_purchaseorder", _confirm),
    "cancel-rest": Button("inventory.change_purchaseorder", _cancel_rest),
    "bill": Button("inventory.add_landedcost", _bill),
    "invoice": Button("inventory.add_landedcost", _invoice),
    "take-back": Button("inventory.receive_goods", _take_back),
}
