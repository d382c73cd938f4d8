"""What others should know is told: deliveries are claimed, told by the room that knows the topic, and settled."""

import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from accounting import invoice_mail
from backoffice import backorder_mail, buying, journey, purchase_mail, return_mail, sending_back
from backoffice.reordering import mail as order_list_mail
from backoffice.sync import deliveries
from backoffice.sync.deliveries import Result
from backoffice.sync.errors import SyncError, Unavailable, Unclear
from backoffice.sync.models import Connection, Delivery
from orders import back_in_stock, back_in_stock_mail, promise_keeping, publishing
from shipping import fulfilment, shipment_mail

log = logging.getLogger(__name__)

Teller = Callable[[Connection, Sequence[Delivery]], list[Result]]

TELLERS: dict[str, tuple[Teller, int]] = {
    publishing.TOPIC: (publishing.tell, 500),
    promise_keeping.ORDER: (promise_keeping.keep_orders, 200),
    promise_keeping.PRODUCT: (promise_keeping.keep_products, 200),
    promise_keeping.DAY: (promise_keeping.keep_all, 1),
    backorder_mail.TOPIC: (backorder_mail.send, 1),
    journey.FULFILMENT: (fulfilment.tell, 20),
    journey.INVOICE_PDF: (invoice_mail.make_pdfs, 50),
    journey.INVOICE_MAIL: (invoice_mail.send, 1),
    journey.SHIPMENT_MAIL: (shipment_mail.send, 1),
    back_in_stock.TOPIC: (back_in_stock_mail.send, 1),
    buying.TOPIC: (purchase_mail.send, 1),
    sending_back.TOPIC: (return_mail.send, 1),
    order_list_mail.TOPIC: (order_list_mail.send, 1),
}
"""Who tells a topic, and how many at a time: large where the other side takes batches, small where each is a call, one
where a crash before settling would leave the others of the batch in doubt too."""


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


def deliver(*, connection_id: int | None = None) -> Counter[str]:
    """Tell everything that is due, until nothing is; how many ended how."""
    counts: Counter[str] = Counter()
    deliveries.free_stale()
    while topics := deliveries.waiting_topics(connection_id=connection_id):
        before = counts.total()
        for connection, topic in topics:
            counts += _deliver_topic(connection, topic)
        if counts.total() == before:
            break
    return counts


def _stumbled(batch: Sequence[Delivery], error: Exception) -> Iterator[tuple[int, SyncError]]:
    """What is said where our own code fails: others get their turn, and nothing is sent twice that may have gone out."""
    begun = deliveries.in_doubt([delivery.pk for delivery in batch])
    for delivery in batch:
        sentence = f"Something went wrong here while this was being sent ({type(error).__name__})."
        if delivery.pk in begun:
            yield delivery.pk, Unclear(sentence, advice="Look whether it arrived; then try again or skip it.")
        else:
            yield delivery.pk, Unavailable(sentence, advice="It is tried again by itself; if it goes on, ask for help.")


def _deliver_topic(connection_id: int, topic: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    if topic not in TELLERS:
        log.error("Nobody tells the topic %s", topic)
        return counts
    tell, size = TELLERS[topic]
    while batch := deliveries.claim(connection_id=connection_id, topic=topic, limit=size, worker=worker_name()):
        connection = batch[0].connection
        try:
            results = tell(connection, batch)
        except SyncError as error:
            results = [Result(delivery.pk, "", error=error) for delivery in batch]
        except Exception as error:
            log.exception("%s to %s could not be told", topic, connection)
            results = [Result(delivery_id, "", error=said) for delivery_id, said in _stumbled(batch, error)]
        deliveries.settle(results, batch)
        counts += Counter("failed" if result.error else "told" for result in results)
        if any(result.error for result in results):
            # What failed is due later; what follows may fail likewise, so others get their turn first.
            break
    return counts
