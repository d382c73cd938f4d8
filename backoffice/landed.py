"""What it cost to get goods here: freight, duty and brokerage, spread over the goods of a receipt to the cent (rule: S9).

Said with the receipt it is part of what the goods cost. Billed later, the part of what is still here makes the stock worth
more, and the part of what was sold is cost of goods.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import chart, ledger
from accounting.models import Entry
from backoffice.lib import money
from inventory import ledger as stock
from inventory import purchasing, reservations
from inventory.models import GoodsReceipt, LandedCost, Product, StockLevel
from orders import merchant
from orders.models import Merchant

Kind, Spread = LandedCost.Kind, LandedCost.Spread


@dataclass(frozen=True, slots=True)
class Landed:
    """An amount in the merchant's currency, before tax, and by what it is spread."""

    kind: LandedCost.Kind
    amount: Decimal
    spread: LandedCost.Spread = Spread.VALUE
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Units that came, and what they are worth together without this cost."""

    product: Product
    quantity: int
    value: Decimal


def shares(cost: Landed, bearers: Sequence[Bearer], currency: str) -> list[Decimal]:
    """What of a cost each of the goods bears: whole cents that add up to it, the largest remainders get the rest."""
    if not (cost.amount.is_finite() and 0 < cost.amount < 1_000_000_000):
        raise ValueError(_("Say what it cost: an amount above zero."))
    if cost.amount != money.rounded(cost.amount, currency):
        raise ValueError(_("%(amount)s is no amount of %(currency)s.") % {"amount": cost.amount, "currency": currency})
    if cost.spread == Spread.WEIGHT:
        unknown = sorted({bearer.product.sku for bearer in bearers if not bearer.product.weight_grams})
        if unknown:
            raise ValueError(
                _("%(skus)s has no weight: type it on the product, or spread by value or quantity.")
                % {"skus": ", ".join(unknown[:5])}
            )
    return money.shares(cost.amount, [_weight(cost.spread, bearer) for bearer in bearers], currency)


def _weight(spread: LandedCost.Spread, bearer: Bearer) -> Decimal:
    if spread == Spread.QUANTITY:
        return Decimal(bearer.quantity)
    if spread == Spread.WEIGHT:
        return Decimal(bearer.quantity * (bearer.product.weight_grams or 0))
    return bearer.value


def noted(receipt: GoodsReceipt, cost: Landed, *, key: str, by: Any) -> LandedCost:
    return LandedCost(
        receipt=receipt,
        kind=cost.kind,
        amount=cost.amount,
        spread=cost.spread,
        key=key[:120],
        note=cost.note[:250],
        at=timezone.now(),
        by=by,
    )


def bill_later(receipt_id: int, cost: Landed, *, key: str, by: Any = None) -> LandedCost | None:
    """A cost of goods that came before is known now; None where it was booked before by this key.

    Of each product the units still on hand, at most those that came, bear their share in stock; the rest is cost of
    goods. A constant number of statements for any number of goods.
    """
    with transaction.atomic():
        purchasing.lock(GoodsReceipt.objects.values_list("order_id", flat=True).get(pk=receipt_id))
        receipt = GoodsReceipt.objects.select_related("order").get(pk=receipt_id)
        lines = list(receipt.lines.select_related("line__product").order_by("id"))
        reservations.lock(line.line.product_id for line in lines)
        if LandedCost.objects.filter(key=key).exists():
            return None
        seller = merchant.current()
        bearers = [Bearer(line.line.product, line.quantity, line.quantity * line.unit_cost) for line in lines]
        billed = noted(receipt, cost, key=key, by=by)
        parts = shares(cost, bearers, seller.currency)
        billed.save(force_insert=True)
        came: dict[int, int] = {}
        owed: dict[int, Decimal] = {}
        for bearer, part in zip(bearers, parts, strict=True):
            came[bearer.product.pk] = came.get(bearer.product.pk, 0) + bearer.quantity
            owed[bearer.product.pk] = owed.get(bearer.product.pk, Decimal(0)) + part
        levels = StockLevel.objects.filter(product__in=came).order_by().values_list("product")
        here = dict(levels.annotate(units=Sum("on_hand")))
        stays = {
            pk: money.rounded(part * min(here.get(pk, 0), came[pk]) / came[pk], seller.currency)
            for pk, part in owed.items()
        }
        _book(billed, stays, seller, by)
    return billed


def _book(billed: LandedCost, stays: dict[int, Decimal], seller: Merchant, by: Any) -> None:
    words = f"{LandedCost.Kind(billed.kind).label} of {billed.receipt.order.number}, billed later"
    revalued = stock.revalue(
        [stock.Revalued(pk, part, f"landed:{billed.pk}:{pk}", words) for pk, part in stays.items()], at=billed.at, by=by
    )
    day = merchant.local_day(billed.at, seller)
    gone = billed.amount - money.total(stays.values())
    drafts = [
        ledger.Draft(
            key=f"revaluation:{one.key}",
            kind=Entry.Kind.RECEIPT,
            posted_on=day,
            description=words,
            currency=seller.currency,
            lines=[(chart.INVENTORY, one.amount), (chart.LANDED, -one.amount)],
        )
        for one in revalued
    ]
    drafts.append(
        ledger.Draft(
            key=f"landed:{billed.pk}",
            kind=Entry.Kind.COGS,
            posted_on=day,
            description=f"{words}: of what was sold",
            currency=seller.currency,
            lines=[(chart.COGS, gone), (chart.LANDED, -gone)],
        )
    )
    ledger.post(drafts)
