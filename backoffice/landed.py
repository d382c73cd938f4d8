"""What goods cost beside the price on the order: freight, duty and brokerage, spread over the goods of a receipt to the cent,
and other prices on the supplier's invoice (rule: S9).

Said with the receipt it is part of what the goods cost. Billed later, the part of what is still here makes the stock worth
more, and the part of what was sold is cost of goods.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import chart, ledger
from accounting.models import Entry
from backoffice.lib import money
from inventory import ledger as stock
from inventory import purchasing, reservations
from inventory.models import GoodsReceipt, GoodsReceiptLine, LandedCost, Product, StockLevel
from orders import merchant

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
    if not (cost.amount.is_finite() and 0 < abs(cost.amount) < 1_000_000_000):
        raise ValueError(_("Say what it cost, or with a minus what is given back."))
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
    """A cost of goods that came before is known now, or is given back; None where it was booked before by this key.

    Of each product the units still on hand, at most those that came, bear their share in stock; the rest is cost of
    goods. A constant number of statements for any number of goods.
    """
    with transaction.atomic():
        receipt, lines = _lock(receipt_id)
        if LandedCost.objects.filter(key=key).exists():
            return None
        bearers = [
            Bearer(line.line.product, line.stands, line.stands * line.unit_cost) for line in lines if line.stands
        ]
        if not bearers:
            raise ValueError(_("All of this receipt was taken back: book the bill with the right one."))
        billed = noted(receipt, cost, key=key, by=by)
        parts = shares(cost, bearers, merchant.current().currency)
        billed.save(force_insert=True)
        owing: dict[int, Decimal] = {}
        for bearer, part in zip(bearers, parts, strict=True):
            owing[bearer.product.pk] = owing.get(bearer.product.pk, Decimal(0)) + part
        words = f"{LandedCost.Kind(billed.kind).label} of {receipt.order.number}, billed later"
        book_value(
            [Worth(f"landed:{billed.pk}", words, billed.amount, _stays(owing, lines))],
            against=chart.LANDED, at=billed.at, by=by,
        )  # fmt: skip
    return billed


def invoiced(
    receipt_id: int, prices: Mapping[int, Decimal], *, key: str, note: str = "", by: Any = None
) -> list[LandedCost]:
    """The supplier's invoice has these prices of one, by line of the receipt, in the order's currency: what they differ from
    what is owed so far. Nothing where it was booked before by this key.

    What is left of the goods is worth more or less by its part; the rest is cost of goods. ValueError where nothing differs.
    """
    with transaction.atomic():
        receipt, lines = _lock(receipt_id)
        if LandedCost.objects.filter(key__startswith=f"{key}:").exists():
            return []
        seller, owing = merchant.current(), owed(lines)
        costs = []
        for line in lines:
            price = prices.get(line.pk)
            if price is None or not line.stands:
                continue
            if not (price.is_finite() and 0 <= price < 10_000_000):
                raise ValueError(
                    _("%(price)s cannot be the price of %(sku)s.") % {"price": price, "sku": line.line.product.sku}
                )
            differs = money.rounded(line.stands * price * receipt.order.rate, seller.currency) - owing[line.pk]
            if differs:
                cost = noted(receipt, Landed(Kind.PRICE, differs, note=note), key=f"{key}:{line.pk}", by=by)
                cost.item = line
                costs.append(cost)
        if not costs:
            raise ValueError(_("These prices are what is booked already: nothing differs."))
        worths = []
        for cost in LandedCost.objects.bulk_create(costs):
            product = cost.item.line.product if cost.item else None
            assert product is not None
            words = f"Price on the invoice of {receipt.order.number}: {product.sku}"
            worths.append(Worth(f"landed:{cost.pk}", words, cost.amount, _stays({product.pk: cost.amount}, lines)))
        book_value(worths, against=chart.RECEIVED, at=timezone.now(), by=by)
    return costs


def _lock(receipt_id: int) -> tuple[GoodsReceipt, list[GoodsReceiptLine]]:
    purchasing.lock(GoodsReceipt.objects.values_list("order_id", flat=True).get(pk=receipt_id))
    receipt = GoodsReceipt.objects.select_related("order").get(pk=receipt_id)
    lines = list(receipt.lines.select_related("line__product").order_by("id"))
    reservations.lock(line.line.product_id for line in lines)
    return receipt, lines


def _stays(owing: Mapping[int, Decimal], lines: Sequence[GoodsReceiptLine]) -> dict[int, Decimal]:
    """What of an amount by product the units still on hand bear, at most those that came."""
    currency = merchant.current().currency
    came: dict[int, int] = {}
    for line in lines:
        came[line.line.product_id] = came.get(line.line.product_id, 0) + line.stands
    levels = StockLevel.objects.filter(product__in=owing).order_by().values_list("product")
    here = dict(levels.annotate(units=Sum("on_hand")))
    return {pk: money.rounded(part * min(here.get(pk, 0), came[pk]) / came[pk], currency) for pk, part in owing.items()}


OWED = """
    SELECT booked.item, -sum(line.amount)
      FROM (SELECT item.id AS item, 'movement:' || moved.key AS key
              FROM inventory_goodsreceiptline item JOIN inventory_movement moved ON moved.id = item.movement_id
             WHERE item.id = ANY(%(items)s)
             UNION ALL
            SELECT back.item_id, 'movement:' || moved.key
              FROM inventory_receiptreversal back JOIN inventory_movement moved ON moved.id = back.movement_id
             WHERE back.item_id = ANY(%(items)s)
             UNION ALL
            SELECT cost.item_id, keys.key
              FROM inventory_landedcost cost
              JOIN inventory_goodsreceiptline item ON item.id = cost.item_id
              JOIN inventory_purchaseorderline bought ON bought.id = item.line_id
             CROSS JOIN LATERAL (VALUES ('landed:' || cost.id),
                                        ('revaluation:landed:' || cost.id || ':' || bought.product_id)) AS keys(key)
             WHERE cost.item_id = ANY(%(items)s)) booked
      JOIN accounting_entry entry ON entry.key = booked.key
      JOIN accounting_entryline line ON line.entry_id = entry.id
      JOIN accounting_account account ON account.id = line.account_id AND account.code = %(account)s
     GROUP BY booked.item
"""


def owed(items: Iterable[GoodsReceiptLine]) -> dict[int, Decimal]:
    """By line of a receipt what the books owe its supplier for the units that stand: their price, and what the invoice
    differed. One statement."""
    ids = [item.pk for item in items]
    with database.cursor() as cursor:
        cursor.execute(OWED, {"items": ids, "account": chart.RECEIVED})
        return {**dict.fromkeys(ids, Decimal(0)), **dict(cursor.fetchall())}


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount that is owed for goods: what of it `stays` with the stock, by product; the rest is of what was sold."""

    key: str
    words: str
    amount: Decimal
    stays: Mapping[int, Decimal]


def book_value(worths: Sequence[Worth], *, against: str, at: datetime, by: Any) -> None:
    """The stock is worth more (or less) by what stays, the rest is cost of goods; both against the account that owes it."""
    seller = merchant.current()
    changes = {
        f"{worth.key}:{pk}": stock.Revalued(pk, part, f"{worth.key}:{pk}", worth.words)
        for worth in worths
        for pk, part in worth.stays.items()
    }
    day = merchant.local_day(at, seller)
    drafts = [
        ledger.Draft(
            key=f"revaluation:{one.key}",
            kind=Entry.Kind.RECEIPT,
            posted_on=day,
            description=one.note,
            currency=seller.currency,
            lines=[(chart.INVENTORY, one.amount), (against, -one.amount)],
        )
        for one in stock.revalue(list(changes.values()), at=at, by=by)
    ]
    for worth in worths:
        gone = worth.amount - money.total(worth.stays.values())
        drafts.append(
            ledger.Draft(
                key=worth.key,
                kind=Entry.Kind.COGS,
                posted_on=day,
                description=f"{worth.words}: of what was sold",
                currency=seller.currency,
                lines=[(chart.COGS, gone), (against, -gone)],
            )
        )
    ledger.post(drafts)
