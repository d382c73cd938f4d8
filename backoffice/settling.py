"""What a person settles: why an order was held, what a name means, what a store did by itself; then the order goes on."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounting import taxes
from accounting.models import Invoice, TaxName
from backoffice import elsewhere, goods, journey
from backoffice.sync import connections, deliveries
from backoffice.sync.models import Connection
from inventory import catalogue, kits
from inventory.models import Listing, Product, SellingUnit
from orders import allocation, holds, listings, promise_keeping, publishing, status, timeline
from orders.models import Hold, Order, OrderLine
from shipping import packing


def release_hold(hold_ids: Iterable[int], *, why: str, by: Any = None, who: str) -> None:
    """A person lifts holds, with the reason; the orders go on."""
    if not why.strip():
        raise ValueError("Say why the hold is lifted.")
    hold_ids = list(hold_ids)
    with transaction.atomic():
        allocation.lock_orders(Hold.objects.filter(pk__in=hold_ids).values_list("order_id", flat=True))
        found = list(Hold.objects.select_for_update().filter(pk__in=hold_ids, released_at=None).order_by("id"))
        journey.go_on(holds.release(found, why=why, by=by, who=who))


def map_sku(
    connection: Connection,
    sku: str,
    product: Product,
    selling_unit: SellingUnit | None = None,
    *,
    by: Any = None,
    who: str,
) -> int:
    """Say which product a store's SKU means, in which unit; every order held for it goes on by itself. How many did."""
    with transaction.atomic():
        _lock_unknown(connection, product)
        released = listings.map_sku(connection, sku, product, selling_unit, by=by, who=who)
        journey.go_on(released)
    return len(released)


def map_listing(
    listing: Listing, product: Product, selling_unit: SellingUnit | None = None, *, by: Any = None, who: str
) -> int:
    """The same of what a store lists by its own number; the store is told of the other product's stock then."""
    with transaction.atomic():
        _lock_unknown(listing.connection, product)
        publishing.stock_changed(catalogue.map_listing(listing, product, selling_unit))
        released = listings.release_mapped(listing.connection, by=by, who=who)
        journey.go_on(released)
    return len(released)


def _lock_unknown(connection: Connection, product: Product) -> None:
    """The orders of a store that wait for a name, and what the product that is named takes from stock."""
    waiting = Hold.objects.filter(code=holds.SKU, released_at=None, order__connection=connection)
    inside = kits.contents([product.pk]).get(product.pk, {})
    allocation.lock_orders(waiting.values_list("order_id", flat=True), and_products=[product.pk, *inside])


def name_line(
    line: OrderLine, product: Product, selling_unit: SellingUnit | None = None, *, by: Any = None, who: str
) -> None:
    """Say which product one line means that came without a SKU; its order goes on by itself."""
    with transaction.atomic():
        inside = kits.contents([product.pk]).get(product.pk, {})
        allocation.lock_orders([line.order_id], and_products=[product.pk, *inside])
        journey.go_on(listings.name_line(line, product, selling_unit, by=by, who=who))


def mail_invoice_again(order: Order, *, who: str) -> Invoice:
    """A person wants the invoice mailed once more: a new wish. ValueError where there is none, or nowhere to mail it."""
    invoice = Invoice.objects.filter(order=order).defer("pdf", "document").first()
    if invoice is None:
        raise ValueError("This order has no invoice yet; it gets one when it is paid.")
    if not order.mail_to:
        raise ValueError("The customer has no e-mail address. Add one, or print the invoice.")
    with transaction.atomic():
        deliveries.want([(connections.own("mail")["mail"].pk, journey.INVOICE_MAIL, invoice.pk)])
        timeline.write([timeline.entry(order.pk, "mailed", f"Invoice {invoice.label} is mailed again.", who=who)])
    return invoice


def products_known(*, by: Any = None, who: str) -> int:
    """There are new products: orders held for a SKU that is one by now go on by themselves. How many did."""
    with transaction.atomic():
        held = Hold.objects.filter(code=holds.SKU, released_at=None).values("order__connection_id")
        released: set[int] = set()
        for connection in Connection.objects.filter(pk__in=held):
            released |= listings.release_mapped(connection, who=who, by=by)
        journey.go_on(released)
    return len(released)


def explain_tax(name: str, code: str, *, by: Any = None, who: str) -> TaxName:
    """Say which tax a store's name means; every order held for it goes on by itself."""
    with transaction.atomic():
        explained = taxes.explain(name, code)
        waiting = Hold.objects.filter(code=holds.TAX, subject=name[:250], released_at=None)
        allocation.lock_orders(waiting.values_list("order_id", flat=True))
        journey.go_on(holds.release(list(waiting), why=f"the tax {name} is known now.", by=by, who=who))
    return explained


def sent_by_store(order: Order, *, by: Any = None, who: str) -> None:
    """A person says that the store shipped the rest of an order itself: the goods are gone, nobody is mailed or told."""
    with transaction.atomic():
        allocation.lock_orders([order.pk])
        packing.unpack_open([order.pk], who=who)
        lines = list(OrderLine.objects.filter(order=order).prefetch_related("components"))
        left = [(ln, ln.ordered - ln.cancelled - ln.shipped) for ln in lines]
        allocation.release({ln.pk: ln.allocated for ln in lines})
        Order.objects.filter(pk=order.pk).update(fulfilled_elsewhere=True)
        found = Hold.objects.filter(order=order, code=holds.STORE_SHIPPED, released_at=None)
        holds.release(list(found), why="the store shipped it itself.", by=by, who=who)
        gone = [
            (product_id, units * each, f"elsewhere:line:{ln.pk}" + (f":{product_id}" if ln.pieces > 1 else ""))
            for ln, units in left
            if units > 0
            for product_id, each in _takes(ln)
        ]
        missing = elsewhere.sold_elsewhere(gone, note=f"Order {order.number}, shipped by the store itself")
        skus = dict(Product.objects.filter(pk__in=missing).values_list("pk", "sku"))
        holds.place([holds.sold_more(order.pk, sku=skus[pk], units=short) for pk, short in missing.items()])
        timeline.write([timeline.entry(order.pk, "elsewhere", "The rest was shipped by the store itself.", who=who)])
        status.refresh([order.pk])
        goods.refill({product_id for product_id, _, _ in gone})
        deliveries.want(promise_keeping.queue_wishes([order.pk]))


def _takes(line: OrderLine) -> list[tuple[int, int]]:
    """What one unit of a line takes from stock: (product, stock units)."""
    parts = [(part.product_id, part.quantity) for part in line.components.all()]
    return parts or ([(line.product_id, 1)] if line.product_id else [])
