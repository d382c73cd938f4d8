"""Goods that a store took from its own figure or sent out by itself, on both sides of the moment that figure came over."""

from accounting import chart
from accounting.models import Entry
from backoffice import goods
from backoffice.sync.models import Connection
from inventory import ledger as stock
from inventory.models import Listing, Movement, Product
from orders import holds, intake


def book_sold(connection: Connection, taken: intake.Taken) -> None:
    """Goods of orders that the store sold and shipped itself, after its figure was taken over here: they are gone."""
    opened_at = connection.cursor.get("stock_taken_at", "")
    late = {new.order.external_id: new.order for new in taken.new if new.order.placed_at.isoformat() >= opened_at}
    units = [(p, units, key) for p, units, key in taken.sold_elsewhere if key.split(":")[2] in late]
    if not opened_at or not units:
        return
    missing = goods.sold_elsewhere(units, note=f"Shipped by {connection.name} itself")
    skus = dict(Product.objects.filter(pk__in=missing).values_list("pk", "sku"))
    order_of = {product_id: late[key.split(":")[2]] for product_id, _, key in units}
    holds.place([holds.sold_more(order_of[pk].pk, sku=skus[pk], units=short) for pk, short in missing.items()])


def book_set_aside(connection: Connection, taken: intake.Taken) -> None:
    """Goods that the store had taken from its figure for open orders, before that figure was taken over here.

    They still lie in the warehouse: without them the orders that they were set aside for would wait for nothing.
    """
    opened_at = connection.cursor.get("stock_taken_at", "")
    early = {new.order.external_id for new in taken.new if new.order.placed_at.isoformat() < opened_at}
    aside = [(p, units, key) for p, units, key in taken.set_aside if key.split(":")[2] in early]
    if not opened_at or not aside:
        return
    place = stock.default_location().pk
    # Of what is followed by lot nobody can say here which lot it was: it is received, or counted, with its lots.
    counted = Product.objects.filter(pk__in={p for p, _, _ in aside}, stocked=True, tracking=Product.Tracking.NONE)
    # Below zero the store had sold more than there was: how much of that lies here, only a count can tell.
    oversold = Listing.objects.filter(connection=connection, seen_quantity__lt=0, product__isnull=False)
    stocked = set(counted.exclude(pk__in=oversold.values("product")).values_list("pk", flat=True))
    moved = stock.record(
        [
            stock.Move(p, place, units, Movement.Reason.OPENING, key, note=f"Set aside by {connection.name}")
            for p, units, key in aside
            if p in stocked
        ]
    )
    goods.book(moved, Entry.Kind.STOCK, chart.OPENING, "Opening stock, set aside")
    # An order that is held does not take what was set aside for it: then it is for who waits.
    taken.freed_products |= {movement.product_id for movement in moved}
