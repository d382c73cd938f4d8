"""What each event of value means in the books, in double entry (rule: A4). Pure: rows in, drafts out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from accounting import chart
from accounting.ledger import Draft
from accounting.models import Entry
from backoffice.lib import money
from orders.models import Order, OrderTax, Payment

Lines = list[tuple[str, Decimal]]


def sale(order: Order, taxes: Mapping[str, Decimal], day: date) -> Draft:
    """The customer owes the total; sales, shipping, fees and each tax are earned or owed, discounts given.

    Where the store's total is not the sum of its parts and a person said that it stands, the rest is a difference.
    """
    parts: Lines = [
        (chart.RECEIVABLE, order.total),
        (chart.DISCOUNTS, order.discount_total),
        (chart.SALES, -order.items_total),
        (chart.SHIPPING, -order.shipping_total),
        (chart.FEES, -order.fee_total),
    ]
    parts += [(chart.tax(code), -amount) for code, amount in taxes.items()]
    lines = [(account, money.rounded(amount, order.currency)) for account, amount in parts]
    lines.append((chart.DIFFERENCES, -money.total(amount for _, amount in lines)))
    return Draft(
        key=f"sale:{order.pk}",
        kind=Entry.Kind.SALE,
        posted_on=day,
        description=f"Sale, order {order.number}",
        currency=order.currency,
        lines=lines,
        order_id=order.pk,
    )


def payment(order: Order, paid: Payment, taxes: Mapping[str, Decimal], day: date) -> Draft:
    """Money that came settles what the customer owes; money that went back lessens income and the taxes owed."""
    amount = money.rounded(paid.amount, paid.currency)
    if amount >= 0:
        lines: Lines = [(chart.CLEARING, amount), (chart.RECEIVABLE, -amount)]
        kind, what = Entry.Kind.PAYMENT, "Payment"
    else:
        given = -amount
        parts = refund_taxes(-paid.tax, taxes, order.currency)
        lines = [(chart.CLEARING, -given), (chart.REFUNDS, given - money.total(parts.values()))]
        lines += [(chart.tax(code), amount) for code, amount in parts.items()]
        kind, what = Entry.Kind.REFUND, "Refund"
    return Draft(
        key=f"payment:{paid.pk}",
        kind=kind,
        posted_on=day,
        description=f"{what}, order {order.number} {paid.method}".strip(),
        currency=paid.currency,
        lines=lines,
        order_id=order.pk,
        payment_id=paid.pk,
    )


def refund_tax(order: Order, paid: Payment, taxes: Mapping[str, Decimal], day: date) -> Draft:
    """The tax of a refund that was booked before its store said how much of it is tax."""
    parts = refund_taxes(-paid.tax, taxes, order.currency)
    return Draft(
        key=f"payment:{paid.pk}:tax",
        kind=Entry.Kind.REFUND,
        posted_on=day,
        description=f"Tax of a refund, order {order.number}",
        currency=paid.currency,
        lines=[
            (chart.REFUNDS, -money.total(parts.values())),
            *((chart.tax(code), part) for code, part in parts.items()),
        ],
        order_id=order.pk,
        payment_id=paid.pk,
    )


def refund_taxes(tax: Decimal, taxes: Mapping[str, Decimal], currency: str) -> dict[str, Decimal]:
    """The tax of a refund divided over the order's taxes as they stood: a later refund keeps the old rates."""
    if not tax or not taxes:
        return {}
    parts = money.shares(money.rounded(tax, currency), list(taxes.values()), currency)
    return dict(zip(taxes, parts, strict=True))


def goods(key: str, kind: Entry.Kind, amount: Decimal, against: str, *, description: str, currency: str, day: date,
          order_id: int | None = None, parts: Sequence[tuple[str, Decimal]] = ()) -> Draft:  # fmt: skip
    """Goods worth `amount` come in (positive) or leave (negative), against another account.

    `parts` of it stand in accounts of their own (price, freight); the other account takes what they leave.
    """
    rest = amount - money.total(part for _, part in parts)
    return Draft(
        key=key,
        kind=kind,
        posted_on=day,
        description=description,
        currency=currency,
        lines=[(chart.INVENTORY, amount), *((account, -part) for account, part in parts), (against, -rest)],
        order_id=order_id,
    )


def taxes_by_order(rows: Iterable[OrderTax]) -> dict[int, dict[str, Decimal]]:
    sums: dict[int, dict[str, Decimal]] = {}
    for row in rows:
        of_order = sums.setdefault(row.order_id, {})
        code = row.code or row.name
        of_order[code] = of_order.get(code, Decimal(0)) + row.amount
    return sums
