"""Goods go back to their supplier: out of the stock, off what is owed for goods, and credited (rule: S9)."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting import chart, ledger
from accounting.models import Entry
from backoffice import goods
from backoffice.lib import money
from backoffice.sync import connections, deliveries
from inventory import supplier_returns
from inventory.models import SupplierReturn, SupplierReturnLine
from orders import allocation, merchant

TOPIC = "supplier_return"


def send(return_id: int, *, by: object = None) -> SupplierReturn:
    """The goods of the draft leave the stock, also from quarantine. What the supplier gives back lessens what is owed for
    goods; the rest of what they had cost corrects the stock. Short where they are not there."""
    with transaction.atomic():
        going_back, lines = supplier_returns.lock(return_id)
        if going_back.state != SupplierReturn.State.DRAFT:
            raise ValueError(_("%(number)s was sent or cancelled before.") % {"number": going_back.number})
        supplier_returns.must_have_come(going_back, lines)
        seller = merchant.current()
        allocation.lock_products(line.product_id for line in lines)
        leaving = [
            goods.Goods(
                line.product_id,
                line.quantity,
                location_id=line.location_id,
                lot_id=line.lot_id,
                parts=((chart.RECEIVED, money.rounded(line.quantity * line.unit_credit, seller.currency)),),
            )
            for line in lines
        ]
        key = f"return-{going_back.pk}"
        note = f"{going_back.number}: {going_back.reason}"
        moved = {one.key: one for one in goods.send_back(leaving, key=key, note=note, by=by)}
        pairs = [(line, moved[f"to_supplier:{key}:{position}"]) for position, line in enumerate(lines)]
        supplier_returns.sent(going_back, pairs, at=timezone.now())
    return going_back


def credit(return_id: int, *, amount: Decimal | None = None, reference: str = "") -> SupplierReturn:
    """The supplier has credited the goods: with what was expected, or another `amount`; the difference corrects the stock."""
    with transaction.atomic():
        going_back, lines = supplier_returns.lock(return_id)
        seller, now = merchant.current(), timezone.now()
        expected = total(lines, seller.currency)
        given = expected if amount is None else amount
        if not given.is_finite() or given < 0 or given != money.rounded(given, seller.currency):
            raise ValueError(_("%(amount)s is no amount that a supplier can give back.") % {"amount": given})
        supplier_returns.credited(going_back, reference=reference, at=now)
        ledger.post(
            [
                ledger.Draft(
                    key=f"supplier-credit:{going_back.pk}",
                    kind=Entry.Kind.STOCK,
                    posted_on=merchant.local_day(now, seller),
                    description=f"Credit of {going_back.supplier.name} for {going_back.number}: not as expected",
                    currency=seller.currency,
                    lines=[(chart.RECEIVED, given - expected), (chart.STOCK, expected - given)],
                )
            ]
        )
    return going_back


def mail(return_id: int) -> SupplierReturn:
    """The slip is wanted at the supplier by mail, now that the goods have left; pressed twice before it goes, it goes once."""
    going_back = SupplierReturn.objects.select_related("supplier").get(pk=return_id)
    if going_back.sent_at is None:
        raise ValueError(_("The goods of %(number)s have not left yet.") % {"number": going_back.number})
    if not going_back.supplier.email:
        raise ValueError(
            _("%(name)s has no mail address. Add one, or print the slip.") % {"name": going_back.supplier.name}
        )
    deliveries.want([(connections.own("mail")["mail"].pk, TOPIC, going_back.pk)])
    return going_back


def total(lines: Iterable[SupplierReturnLine], currency: str) -> Decimal:
    """What the supplier is expected to give back, in the merchant's currency."""
    return money.total(money.rounded(line.quantity * line.unit_credit, currency) for line in lines)
