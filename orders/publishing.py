"""Stores are told what can be sold: available − the connection's safety buffer (rule: S7), by state (rule: Y1)."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from django.db.models import Q
from django.utils import timezone

from backoffice.sync import deliveries
from backoffice.sync.connectors import connector_of, connectors
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import SyncError
from backoffice.sync.models import Connection, Delivery
from inventory.availability import Sold, policies, published, sellable
from inventory.models import KitContent, Listing
from orders.records import StockRecord
from orders.stores.base import Store

TOPIC = "stock"


def told_of_stock() -> list[str]:
    """Names of the store systems that are told of stock."""
    return [name for name, kind in connectors().items() if issubclass(kind, Store) and kind.stock_batch > 0]


def told_of_orders() -> list[str]:
    """Names of the store systems that are told how far an order is."""
    return [name for name, kind in connectors().items() if issubclass(kind, Store) and kind.tells_fulfilment]


def stock_wishes(product_ids: Iterable[int]) -> list[tuple[int, str, int]]:
    """The wishes that every store that lists these products, or kits of them, be told; one statement for any number."""
    ids = set(product_ids)
    if not ids:
        return []
    listings = (
        Listing.objects.filter(
            Q(product_id__in=ids) | Q(product__in=KitContent.objects.filter(product_id__in=ids).values("kit_id")),
            manages_stock=True,
            stock_shared_with_parent=False,
            connection__connector__in=told_of_stock(),
        )
        .exclude(external_id="")
        .exclude(connection__state=Connection.State.OFF)
        .values_list("connection_id", "pk")
    )
    return [(connection, TOPIC, pk) for connection, pk in listings]


def stock_changed(product_ids: Iterable[int]) -> None:
    """Wish that the stores be told, in the caller's transaction."""
    deliveries.want(stock_wishes(product_ids))


def tell(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
    """Tell a store the stock of these listings; what it knows already is not sent again (case: C6)."""
    store = cast(Store, connector_of(connection))
    listings = Listing.objects.select_related("product", "selling_unit").in_bulk([d.object_id for d in batch])
    free = sellable(
        {_sold(listing) for listing in listings.values() if listing.product_id},
        connection_id=connection.pk,
        safety_buffer=connection.safety_buffer,
    )
    policy_of = policies(listing.product for listing in listings.values() if listing.product)
    results, records, of = [], [], {}
    for delivery in batch:
        listing = listings.get(delivery.object_id)
        if listing is None or listing.product is None or not listing.manages_stock:
            results.append(Result(delivery.pk, "Nothing to tell: the store keeps no figure for this listing."))
            continue
        product, policy = listing.product, policy_of[listing.product.pk]
        quantity, status = published(0 if product.archived_at else free[_sold(listing)], policy)
        price = price_of(listing) if connection.publishes_prices else None
        news = _known(quantity, status, price, "" if policy == product.backorder_policy else policy)
        said = delivery.known is None and quantity == listing.seen_quantity and quantity > 0
        if said and price in (None, listing.price):
            # What the store said itself it need not be told; its word is as old as its last answer.
            results.append(Result(delivery.pk, f"The store said so itself: {quantity}.", known=news))
            continue
        if delivery.known == news:
            results.append(
                Result(delivery.pk, f"The store knows it already: {quantity}, {status}.", known=delivery.known)
            )
            continue
        records.append(StockRecord(listing.external_id, listing.external_parent_id, quantity, status, policy, price))
        of[listing.external_id] = delivery, news
    for start in range(0, len(records), store.stock_batch):
        results += _push(store, records[start : start + store.stock_batch], of)
    Connection.objects.filter(pk=connection.pk).update(last_heard_at=timezone.now())
    return results


def _sold(listing: Listing) -> Sold:
    return Sold(listing.product_id or 0, listing.selling_unit.quantity if listing.selling_unit else 1)


def price_of(listing: Listing) -> Decimal | None:
    """What one of a listing costs: the selling unit's own price, else the product's times what the unit holds (case: C15).

    To the cent, half up, in the merchant's currency; None where no price is known.
    """
    unit, product = listing.selling_unit, listing.product
    if unit is not None and unit.price is not None:
        price = unit.price
    elif product is not None and product.price is not None:
        price = product.price * (unit.quantity if unit is not None else 1)
    else:
        return None
    return price.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _known(quantity: int, status: str, price: Decimal | None, ended: str) -> dict[str, Any]:
    """`ended` is the policy that stands for the product's own, where it is never on backorder (see `policies`)."""
    known: dict[str, Any] = {"quantity": quantity, "status": status}
    known |= {} if price is None else {"price": str(price)}
    return {**known, "policy": ended} if ended else known


def _push(store: Store, records: Sequence[StockRecord], of: dict[str, tuple[Delivery, dict[str, Any]]]) -> list[Result]:
    try:
        told = {answer.object_key: answer for answer in store.push_stock(records)}
    except SyncError as error:
        request, response = deliveries.last_words(store.http)
        return [Result(of[r.external_id][0].pk, "", error=error, request=request, response=response) for r in records]
    request, response = deliveries.last_words(store.http)
    results = []
    for record in records:
        answer = told[record.external_id]
        delivery, news = of[record.external_id]
        if answer.error is not None:
            results.append(
                Result(delivery.pk, "", error=answer.error, known=delivery.known, request=request, response=response)
            )
        else:
            price = f", at {record.price}" if record.price is not None else ""
            sentence = f"Told {record.quantity} ({record.status.replace('_', ' ')}){price}."
            results.append(Result(delivery.pk, sentence, known=news, request=request, response=response))
    return results
