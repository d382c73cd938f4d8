"""Lots and serial numbers by their names: found, or made when goods come in; and how they stand (rule: S11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, TextChoices
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Lot, Product


class State(TextChoices):
    """How a lot stands on a day."""

    GOOD = "good", gettext_lazy("good")
    EXPIRED = "expired", gettext_lazy("expired")
    RECALLED = "recalled", gettext_lazy("recalled")
    GONE = "gone", gettext_lazy("gone")


def state(lot: Lot, *, units: int, today: date) -> State:
    """`units` of it are here. A lot is good through its expiry day."""
    if lot.recalled_at is not None:
        return State.RECALLED
    if units <= 0:
        return State.GONE
    return State.EXPIRED if lot.expires_on is not None and lot.expires_on < today else State.GOOD


def find(product_id: int, code: str) -> Lot | None:
    """The lot of a product that a typed or scanned code means: as it is written, or else but for capitals."""
    typed = code.replace("\x00", "").strip()
    return known([(product_id, typed)]).get((product_id, typed)) if typed else None


def known(named: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Lot]:
    """Those of these (product, code) that are lots, as they are written or else but for capitals. One statement."""
    wanted = set(named)
    products, codes = {product_id for product_id, _code in wanted}, sorted({code for _product_id, code in wanted})
    alike = RawSQL("SELECT upper(unnest(%s::text[]))", [codes])
    lots = Lot.objects.annotate(capitals=Upper("code")).filter(
        Q(code__in=codes) | Q(doubled=False, capitals__in=alike), product__in=products
    )
    found = list(lots) if codes else []
    exact = {(lot.product_id, lot.code): lot for lot in found}
    folded = {(lot.product_id, lot.code.casefold()): lot for lot in found if not lot.doubled}
    return {
        (product_id, code): lot
        for product_id, code in wanted
        if (lot := exact.get((product_id, code)) or folded.get((product_id, code.casefold())))
    }


@dataclass(frozen=True, slots=True)
class Named:
    """A lot as it stands on the goods."""

    product_id: int
    code: str
    expires_on: date | None = None
    supplier_id: int | None = None


def take_in(named: Iterable[Named]) -> dict[tuple[int, str], Lot]:
    """The lots of these names, made where they are new, by (product, code as said). What differs in capitals alone is one
    lot. Three statements.

    ValueError where a product's lots expire and the day is not said, or another day is known of the lot.
    """
    wanted = {(one.product_id, one.code): one for one in named}
    if not wanted:
        return {}
    products = Product.objects.in_bulk({product_id for product_id, _code in wanted})
    Lot.objects.bulk_create(
        [
            Lot(product_id=one.product_id, code=one.code, expires_on=one.expires_on, supplier_id=one.supplier_id)
            for one in wanted.values()
        ],
        ignore_conflicts=True,
    )
    found = known(wanted)
    for spot, one in wanted.items():
        product, lot = products[one.product_id], found[spot]
        if product.expires and lot.expires_on is None:
            raise ValueError(
                _("Lot %(lot)s of %(sku)s expires: say on which day.") % {"lot": one.code, "sku": product.sku}
            )
        if one.expires_on is not None and lot.expires_on != one.expires_on:
            raise ValueError(
                _("Lot %(lot)s of %(sku)s expires on %(known)s, not on %(said)s. Look at the goods once more.")
                % {"lot": one.code, "sku": product.sku, "known": lot.expires_on or "–", "said": one.expires_on}
            )
    return found


def refused(product: Product, code: str, units: int) -> str:
    """Why units of a product cannot come or go under this lot or serial number, in a sentence; empty where they can."""
    if product.tracking == Product.Tracking.NONE:
        said = _("%(sku)s is not followed by lot or serial number: leave it out.") if code.strip() else ""
    elif not code.strip():
        said = _("%(sku)s is followed by lot or serial number: say which one stands on the goods.")
    elif product.tracking == Product.Tracking.SERIAL and units > 1:
        said = _("Each unit of %(sku)s has a serial number of its own: say one for each unit.")
    else:
        said = ""
    return said % {"sku": product.sku} if said else ""


def followed() -> bool:
    """Whether anything is followed by lot or serial number: where nothing is, no page asks for it."""
    return Product.objects.exclude(tracking=Product.Tracking.NONE).filter(archived_at=None).exists()


def set_expiry(lot_id: int, day: date | None) -> None:
    """Correct the day on which a lot expires. ValueError where its product's lots expire and no day is said."""
    lot = Lot.objects.select_related("product").get(pk=lot_id)
    if day is None and lot.product.expires:
        raise ValueError(
            _("Lot %(lot)s of %(sku)s expires: say on which day.") % {"lot": lot.code, "sku": lot.product.sku}
        )
    Lot.objects.filter(pk=lot_id).update(expires_on=day)
