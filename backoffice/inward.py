"""From what came in to what it means: arrivals are read by their connector and handed to the journey, in sets."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import DatabaseError, OperationalError, transaction
from django.db import connection as database
from django.utils import timezone

from backoffice import journey
from backoffice.lib import cards
from backoffice.lib.memory import without_collecting
from backoffice.sync import arrivals, connections, waking
from backoffice.sync.arrivals import Kept, Outcome
from backoffice.sync.connectors import connector_of, connectors
from backoffice.sync.errors import NotConnected, SyncError, Unavailable
from backoffice.sync.models import Arrival, Connection
from orders import listings
from orders.models import Order
from orders.records import ListingRecord, OrderRecord, RefundRecord
from orders.stores.base import Gone, Incoming, Nothing, Record, Store, Unreadable

log = logging.getLogger(__name__)

BATCH = 100
PATIENCE = 11
State = Arrival.State


def store_of(connection: Connection) -> Store:
    """The store connector of a connection. ValueError with a sentence where it is no store."""
    kind = connectors().get(connection.connector)
    if kind is None or not issubclass(kind, Store):
        raise ValueError(f"{connection} is no store ({connection.connector}): choose a store's connection.")
    return cast(Store, connector_of(connection))


def keep(connection: Connection, items: Sequence[Incoming]) -> list[int]:
    """Keep what a store sent, verbatim but for card numbers, which are never held; the ids of what was not known yet."""
    kept = [Kept(i.topic, i.external_id, i.key, cards.masked_body(i.body), i.context) for i in items]
    return arrivals.keep(connection, kept)


def work_on_arrivals(*, connection_id: int | None = None, ids: Sequence[int] | None = None) -> Counter[str]:
    """Work on everything that waits, a batch a transaction, until nothing does; how many ended in which state."""
    counts: Counter[str] = Counter()
    while True:
        done = _work_on_batch(connection_id, ids)
        counts += done
        if done.total() < BATCH:
            return counts


def _work_on_batch(connection_id: int | None, ids: Sequence[int] | None) -> Counter[str]:
    try:
        return _attempt(connection_id, ids, limit=BATCH)
    except Exception as error:
        # Another process was first with the same customer, or one arrival does not fit: one by one only that one fails.
        log.info("A batch of arrivals is worked on one by one: %s", type(error).__name__)
    counts: Counter[str] = Counter()
    for pk in _next_ids(connection_id, ids):
        counts += _alone(pk)
    return counts


def _next_ids(connection_id: int | None, ids: Sequence[int] | None) -> list[int]:
    with transaction.atomic():
        return [arrival.pk for arrival in arrivals.claim(limit=BATCH, connection_id=connection_id, ids=ids)]


def _alone(pk: int) -> Counter[str]:
    for last in (False, True):
        try:
            return _attempt(None, [pk], limit=1)
        except OperationalError:
            # A deadlock, or a database that goes away, is no fault of the arrival: it stays in line.
            if last:
                log.exception("Arrival %s is tried again later", pk)
                return Counter()
        except Exception as error:
            if last:
                log.exception("Arrival %s does not fit", pk)
                who = "The database refused it" if isinstance(error, DatabaseError) else "It could not be worked on"
                said = (str(error).splitlines() or [type(error).__name__])[0]
                with transaction.atomic():
                    arrivals.finish([Outcome(pk, State.FAILED, f"{who}: {said}. Ask for help with this arrival.")])
                return Counter({State.FAILED.value: 1})
    raise AssertionError("unreachable")


def _attempt(connection_id: int | None, ids: Sequence[int] | None, *, limit: int) -> Counter[str]:
    with without_collecting(), transaction.atomic():
        claimed = arrivals.claim(limit=limit, connection_id=connection_id, ids=ids)
        by_connection: dict[int, list[Arrival]] = defaultdict(list)
        for arrival in claimed:
            by_connection[arrival.connection_id].append(arrival)
        outcomes: list[Outcome] = []
        known = Connection.objects.in_bulk(by_connection)
        for pk, group in by_connection.items():
            outcomes += _work_on(known[pk], group)
        arrivals.finish(outcomes)
    return Counter(outcome.state.value for outcome in outcomes)


def _work_on(connection: Connection, group: Sequence[Arrival]) -> list[Outcome]:
    read: dict[type, list[tuple[Arrival, Record]]] = defaultdict(list)
    outcomes: list[Outcome] = []
    try:
        store = store_of(connection)
    except ValueError as error:
        return [Outcome(arrival.pk, State.FAILED, str(error)) for arrival in group]
    for arrival in group:
        try:
            record = store.read(
                Incoming(arrival.topic, arrival.external_id, arrival.key, bytes(arrival.body), arrival.context)
            )
        except Unreadable as error:
            outcomes.append(Outcome(arrival.pk, State.FAILED, str(error)))
        else:
            read[type(record)].append((arrival, record))
    # Products before orders, orders before their refunds: what comes later leans on what came before.
    for kind in (ListingRecord, OrderRecord, RefundRecord, Gone, Nothing):
        if read[kind]:
            outcomes += WORK[kind](connection, read[kind])
    return outcomes


def _listings(connection: Connection, read: Sequence[tuple[Arrival, Any]]) -> list[Outcome]:
    taken = journey.take_over(connection, [record for _, record in read])
    return [
        Outcome(arrival.pk, State.DONE, sentence) for (arrival, _), sentence in zip(read, taken.sentences, strict=True)
    ]


def _orders(connection: Connection, read: Sequence[tuple[Arrival, Any]]) -> list[Outcome]:
    taken = journey.take_in(connection, [record for _, record in read])
    return [
        Outcome(
            arrival.pk,
            State.OLD if position in taken.old else State.DONE,
            taken.sentences[position],
            "order",
            taken.orders[position],
        )
        for position, (arrival, _) in enumerate(read)
    ]


def _refunds(connection: Connection, read: Sequence[tuple[Arrival, Any]]) -> list[Outcome]:
    applied = journey.take_in_refunds(connection, [record for _, record in read])
    return [
        Outcome(arrival.pk, State.DONE, sentence, "order", order) if order else _waits_for_its_order(arrival, sentence)
        for (arrival, _), sentence, order in zip(read, applied.sentences, applied.orders, strict=True)
    ]


def wake_refunds() -> int:
    """Refunds that waited for an order which is here by now are worked on at once; how many."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE sync_arrival SET not_before = NULL
              FROM orders_order o
             WHERE sync_arrival.state = 'waiting' AND sync_arrival.topic = 'refund' AND sync_arrival.not_before > now()
               AND o.connection_id = sync_arrival.connection_id AND o.external_id = sync_arrival.context->>'order'
            """
        )
        return cursor.rowcount


def _waits_for_its_order(arrival: Arrival, sentence: str) -> Outcome:
    """The order may be on its way: waited for with growing pauses, two days in all; then a person is asked."""
    if arrival.attempts >= PATIENCE:
        return Outcome(arrival.pk, State.FAILED, f"{sentence} Take the order in from the store, then try this again.")
    pause = timedelta(minutes=2**arrival.attempts)
    return Outcome(arrival.pk, State.WAITING, f"{sentence} It waits for the order.", not_before=timezone.now() + pause)


def _gone(connection: Connection, read: Sequence[tuple[Arrival, Any]]) -> list[Outcome]:
    unlisted = take_out_listings(connection, [record for _, record in read])
    answers = journey.take_in_gone(connection, [record for _, record in read])
    outcomes = []
    for (arrival, record), (sentence, order) in zip(read, answers, strict=True):
        if record.topic == "product" and record.external_id in unlisted:
            outcomes.append(Outcome(arrival.pk, State.DONE, unlisted[record.external_id]))
        else:
            state = State.DONE if order else State.IGNORED
            outcomes.append(Outcome(arrival.pk, state, sentence, "order" if order else "", order))
    return outcomes


def take_out_listings(connection: Connection, records: Sequence[Gone]) -> dict[str, str]:
    """Products that the store deleted: what is said of each that is listed here, by its number there."""
    return listings.gone(connection, {record.external_id for record in records if record.topic == "product"})


def _nothing(connection: Connection, read: Sequence[tuple[Arrival, Any]]) -> list[Outcome]:
    return [Outcome(arrival.pk, State.IGNORED, record.sentence) for arrival, record in read]


WORK: dict[type, Callable[[Connection, Sequence[tuple[Arrival, Any]]], list[Outcome]]] = {
    ListingRecord: _listings,
    OrderRecord: _orders,
    RefundRecord: _refunds,
    Gone: _gone,
    Nothing: _nothing,
}


def webhook(connection: Connection, headers: Mapping[str, str], body: bytes) -> list[int]:
    """A webhook at the door: checked, kept, not worked on. PermissionError where the signature is not the store's."""
    incoming = store_of(connection).webhook(headers, body)
    with transaction.atomic():
        kept = keep(connection, [incoming]) if incoming is not None else []
        if kept:
            waking.wake(waking.WORK)
    return kept


def poll(connection: Connection) -> Counter[str]:
    """Pull what changed since the cursor, each page kept together with the cursor behind it; new arrivals by topic.

    A store that cannot be reached is tried again at its next turn, and not before the time for which it asks; broken
    credentials pause the connection.
    """
    counts: Counter[str] = Counter()
    store = store_of(connection)
    started = timezone.now()
    if _must_wait(connection, started) and connection.poll_not_before is not None:
        until = connection.poll_not_before.astimezone(ZoneInfo(connection.time_zone))
        raise Unavailable(
            f"{connection.name} asked to be left alone until {until:%Y-%m-%d %H:%M:%S}, so it was not asked.",
            advice="It is polled again by itself after that.",
            retry_after=(connection.poll_not_before - started).total_seconds(),
        )
    try:
        for topic in store.polls:
            for page in store.pull(topic, connection.cursor.get(topic, {})):
                with transaction.atomic():
                    counts[topic] += len(keep(connection, page.items))
                    connection.cursor[topic] = page.cursor
                    connection.save(update_fields=["cursor"])
            if topic == "product" and "stock_taken_at" not in connection.cursor:
                connection.cursor["stock_taken_at"] = started.replace(microsecond=0).isoformat()
                connection.save(update_fields=["cursor"])
    except NotConnected as error:
        connections.pause(connection.pk, str(error))
        raise
    except Unavailable as error:
        if error.retry_after:
            connection.poll_not_before = timezone.now() + timedelta(seconds=error.retry_after)
            connection.save(update_fields=["poll_not_before"])
        raise
    finally:
        Connection.objects.filter(pk=connection.pk).update(polled_at=timezone.now())
    connections.heard(connection.pk)
    return counts


def can_ask(connection: Connection) -> bool:
    """Whether the store of a connection can be asked for one order again."""
    kind = connectors().get(connection.connector)
    return kind is not None and issubclass(kind, Store) and kind.fetches


def ask_again(order: Order) -> str:
    """Ask the store how an order stands now, and take that in; what came of it, in a sentence. Raises SyncError."""
    store = store_of(order.connection)
    came = [store.fetch(order.external_id), *store.refunds(order.external_id)]
    with waking.awake():
        kept = keep(order.connection, came)
        work_on_arrivals(ids=kept)
    waking.wake(waking.DELIVER)
    said = Arrival.objects.filter(pk__in=kept).order_by("id").values_list("sentence", flat=True)
    return " ".join(said) or "The store says nothing new."


def due_for_poll() -> list[Connection]:
    """Active connections whose time to be polled has come."""
    now = timezone.now()
    names = [name for name, kind in connectors().items() if issubclass(kind, Store) and kind.polls]
    found = Connection.objects.filter(state=Connection.State.ACTIVE, connector__in=names)
    return [
        c
        for c in found
        if not _must_wait(c, now)
        and (c.polled_at is None or (now - c.polled_at).total_seconds() >= 60 * c.poll_minutes)
    ]


def _must_wait(connection: Connection, now: datetime) -> bool:
    """The store asked to be left alone (Retry-After), and that time is not over."""
    return connection.poll_not_before is not None and connection.poll_not_before > now


def poll_due() -> dict[str, str]:
    """Poll every connection whose turn it is; what was said of each, in a sentence."""
    said = {}
    for connection in due_for_poll():
        try:
            counts = poll(connection)
            said[connection.name] = ", ".join(f"{n} {topic}s" for topic, n in counts.items() if n) or "nothing new"
        except SyncError as error:
            said[connection.name] = str(error)
            log.warning("%s could not be polled: %s", connection, error)
    return said
