"""Which tax a store means: by its name and rate, or by the name a person has explained once (rule: A3)."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from django.db import connection as database

from accounting.models import TaxName, TaxRegistration
from backoffice.lib.text import unaccented
from orders.drafts import NewOrder
from orders.holds import TAX
from orders.models import Hold, Order, OrderTax

# English and French names of Canada's sales taxes (canada.ca "GST/HST", revenuquebec.ca "GST/HST and QST", 2026-11).
NAMES = {
    "gst": "GST",
    "tps": "GST",
    "hst": "HST",
    "tvh": "HST",
    "qst": "QST",
    "tvq": "QST",
    "rst": "RST-MB",
    "tvd": "RST-MB",
}
PST_BY_RATE = {Decimal(7): "PST-BC", Decimal(6): "PST-SK"}
PST_BY_PROVINCE = {"BC": "PST-BC", "SK": "PST-SK", "MB": "RST-MB"}
HST_RATES = {Decimal(13), Decimal(14), Decimal(15)}


@lru_cache(maxsize=4096)
def code_of(name: str, rate: Decimal | None, province: str = "") -> str:
    """The hub's code of a tax by the store's name and rate in per cent; empty where it is not known for sure."""
    words = set(re.findall(r"[a-z]+", unaccented(name)))
    codes = {code for word, code in NAMES.items() if word in words}
    if codes == {"GST", "HST"} and rate is not None:
        # "GST/HST": one word for both in many stores; the rate tells.
        return "HST" if rate.normalize() in HST_RATES else "GST" if rate == 5 else ""
    if len(codes) == 1:
        return codes.pop()
    if words & {"pst", "tvp"}:
        return PST_BY_PROVINCE.get(province, "") or (PST_BY_RATE.get(rate.normalize(), "") if rate is not None else "")
    return ""


def name_taxes(order_ids: Iterable[int]) -> list[Hold]:
    """Give each tax of these orders its code, in three statements; a hold for each that is not known."""
    rows = list(
        OrderTax.objects.filter(order_id__in=list(order_ids), code="").values_list(
            "pk", "order_id", "name", "rate", "amount", "order__shipping_address__province"
        )
    )
    explained = dict(TaxName.objects.values_list("name", "code")) if rows else {}
    codes: dict[int, str] = {}
    unknown: dict[tuple[int, str], Hold] = {}
    for pk, order_id, name, rate, amount, province in rows:
        code = code_of(name, rate, province) or explained.get(name)
        if code:
            codes[pk] = code
        elif amount:
            unknown[order_id, name] = _unknown(order_id, name)
    if codes:
        with database.cursor() as cursor:
            cursor.execute(
                "UPDATE orders_ordertax SET code = named.code FROM unnest(%s::bigint[], %s::text[]) AS named(id, code)"
                " WHERE orders_ordertax.id = named.id",
                [list(codes), list(codes.values())],
            )
    return list(unknown.values())


def name_new(new: Iterable[NewOrder]) -> None:
    """The same for orders that are not written yet: codes are set on their rows, holds are added to theirs."""
    unclear = []
    for one in new:
        province = one.order.shipping_address.province
        for tax in one.taxes:
            tax.code = code_of(tax.name, tax.rate, province)
            if not tax.code:
                unclear.append((one, tax))
    explained = dict(TaxName.objects.values_list("name", "code")) if unclear else {}
    for one, tax in unclear:
        tax.code = explained.get(tax.name, "")
        if not tax.code and tax.amount and all(hold.subject != tax.name[:250] for hold in one.found):
            one.found.append(_unknown(one.order.pk, tax.name))


def _unknown(order_id: int, name: str) -> Hold:
    return Hold(
        order_id=order_id,
        code=TAX,
        subject=name[:250],
        stops=Hold.Stops.EVERYTHING,
        sentence=(
            f"The tax “{name}” is not known here. Say under Tax names which tax it is (GST, HST, QST, PST-BC …); "
            "every order that waits for it then goes on by itself."
        ),
    )


def explain(name: str, code: str) -> TaxName:
    """From now on a store's tax of this name is that one. ValueError where either is empty, or too long for one."""
    if not name.strip() or not code.strip():
        raise ValueError("Say the tax's name as the store sends it, and which tax it is.")
    longest_name, longest_code = (
        TaxName._meta.get_field("name").max_length,
        TaxName._meta.get_field("code").max_length,
    )
    for what, text, longest in (("name", name, longest_name or 0), ("code", code.strip(), longest_code or 0)):
        if len(text) > longest:
            raise ValueError(f"The {what} of a tax has at most {longest} characters; this one has {len(text)}.")
    return TaxName.objects.update_or_create(name=name, defaults={"code": code.strip().upper()})[0]


def registrations() -> dict[str, str]:
    """The merchant's registration number by tax code. GST and HST share one (canada.ca, 2026-11)."""
    numbers = dict(TaxRegistration.objects.values_list("code", "number"))
    shared = numbers.get("GST") or numbers.get("HST")
    return {**numbers, **({"GST": shared, "HST": shared} if shared else {})}


def waiting_for(name: str) -> set[int]:
    """Orders held because this tax was not known."""
    return set(
        Order.objects.filter(holds__code=TAX, holds__subject=name[:250], holds__released_at=None).values_list(
            "pk", flat=True
        )
    )
