"""What other systems should know and whether they do: the one writer of delivery states (rules: Y1, Y2, Y5).

A wish is written in the transaction of the change that causes it. What differs is claimed by one conditional update,
told outside any transaction from the state of that moment, and settled in one statement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from backoffice.lib.bulk import copy_in
from backoffice.sync import connections, waking
from backoffice.sync.errors import NotConnected, SyncError, Unavailable, Unclear
from backoffice.sync.http import Http
from backoffice.sync.models import Attempt, Connection, Delivery

FIRST_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=6)
TRIES = 12
"""Passing failures in a row (about a day of growing pauses) after which a person is asked."""
STALE_AFTER = timedelta(minutes=10)
"""A claim this old belongs to a worker that died."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of telling one delivery. `known` is what the other system knows from now on."""

    delivery_id: int
    sentence: str
    error: SyncError | None = None
    known: dict[str, Any] | None = None
    external_id: str = ""
    request: str = ""
    response: str = ""


def last_words(http: Http) -> tuple[str, str]:
    """The last request and answer of a connector's calls, for the attempt; without secrets."""
    exchanges = http.take_exchanges()
    return (exchanges[-1].request, exchanges[-1].response) if exchanges else ("", "")


def want(wishes: Iterable[tuple[int, str, int]]) -> None:
    """Wish that (connection, topic, object) be told anew: one statement for any number, in the caller's transaction."""
    once = sorted(set(wishes))
    if not once:
        return
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sync_delivery (connection_id, topic, object_id, wanted_version, known_version, claimed_version,
                                       external_id, state, attempts, claimed_by, wanted_at, last_words, in_doubt)
            SELECT connection_id, topic, object_id, 1, 0, 0, '', 'waiting', 0, '', now(), '', false
              FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS wish(connection_id, topic, object_id)
            ON CONFLICT (connection_id, topic, object_id) DO UPDATE
               SET wanted_version = sync_delivery.wanted_version + 1, wanted_at = now(), attempts = 0,
                   state = CASE WHEN sync_delivery.state IN ('claimed', 'unclear') THEN sync_delivery.state
                                ELSE 'waiting' END,
                   not_before = CASE WHEN sync_delivery.state = 'waiting' THEN sync_delivery.not_before END
            """,
            [[w[0] for w in once], [w[1] for w in once], [w[2] for w in once]],
        )
    waking.wake(waking.DELIVER)


def waiting_topics(*, connection_id: int | None = None) -> list[tuple[int, str]]:
    """(connection, topic) pairs of active connections with something to tell now."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, connection__state=Connection.State.ACTIVE)
    due = due.exclude(not_before__gt=timezone.now())
    if connection_id is not None:
        due = due.filter(connection_id=connection_id)
    return sorted(due.order_by().values_list("connection_id", "topic").distinct())


def claim(*, connection_id: int, topic: str, limit: int, worker: str) -> list[Delivery]:
    """Take at most `limit` waiting deliveries for oneself; two workers never get the same one."""
    with transaction.atomic(), database.cursor() as cursor:
        # MATERIALIZED: as a plain subquery the planner may run it once a row, and more than the limit would be taken.
        cursor.execute(
            """
            WITH due AS MATERIALIZED (
                SELECT delivery.id FROM sync_delivery delivery
                  JOIN sync_connection connection ON connection.id = delivery.connection_id
                 WHERE delivery.connection_id = %s AND delivery.topic = %s AND delivery.state = 'waiting'
                   AND (delivery.not_before IS NULL OR delivery.not_before <= now()) AND connection.state = 'active'
                 ORDER BY delivery.id LIMIT %s FOR UPDATE OF delivery SKIP LOCKED)
            UPDATE sync_delivery SET state = 'claimed', claimed_by = %s, claimed_since = now(),
                   claimed_version = wanted_version, attempts = attempts + 1
              FROM due WHERE sync_delivery.id = due.id
            RETURNING sync_delivery.id
            """,
            [connection_id, topic, limit, worker],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=ids).select_related("connection").order_by("id"))


class ClaimLost(Unavailable):
    """The delivery was claimed so long ago that another worker has it by now; nothing was sent."""


def about_to_send(delivery: Delivery) -> None:
    """Commit that a call begins which must not be repeated blindly (a mail): from here a crash leaves it unclear.

    Raises ClaimLost where the claim is not this worker's any more: then another one sends it.
    """
    mine = Delivery.objects.filter(
        pk=delivery.pk,
        state=Delivery.State.CLAIMED,
        claimed_by=delivery.claimed_by,
        claimed_since=delivery.claimed_since,
    )
    if not mine.update(in_doubt=True):
        raise ClaimLost("Another worker has taken this over; nothing was sent here.")


def in_doubt(delivery_ids: Sequence[int]) -> set[int]:
    """Those of these whose call has begun and must not be repeated blindly."""
    return set(Delivery.objects.filter(pk__in=delivery_ids, in_doubt=True).values_list("pk", flat=True))


def settle(results: Sequence[Result], claimed: Sequence[Delivery] = ()) -> None:
    """Write what came of claimed deliveries: their state, and a line each that a clerk can read.

    `claimed` is what claim() gave: what another worker has claimed since is that one's to settle.
    """
    if not results:
        return
    claims = {delivery.pk: (delivery.claimed_by, delivery.claimed_since) for delivery in claimed}
    with transaction.atomic():
        # Locked in the order in which want() does, so that neither waits for the other for ever.
        mine = Delivery.objects.select_for_update().filter(pk__in=[result.delivery_id for result in results])
        locked = {delivery.pk: delivery for delivery in mine.order_by("connection_id", "topic", "object_id")}
        for pk, delivery in list(locked.items()):
            if claims.get(pk, (delivery.claimed_by, delivery.claimed_since)) != (
                delivery.claimed_by,
                delivery.claimed_since,
            ):
                del locked[pk]
        results = [result for result in results if result.delivery_id in locked]
        attempts = [_settle_one(locked[result.delivery_id], result) for result in results]
        Delivery.objects.bulk_update(
            list(locked.values()),
            ["state", "known_version", "known", "external_id", "attempts", "not_before", "claimed_by", "claimed_since",
             "in_doubt", "delivered_at", "last_words"],
            batch_size=500,
        )  # fmt: skip
        copy_in(attempts)
        broken = next((r for r in results if isinstance(r.error, NotConnected)), None)
        if broken is not None:
            connections.pause(locked[broken.delivery_id].connection_id, str(broken.error))


def _settle_one(delivery: Delivery, result: Result) -> Attempt:
    now = timezone.now()
    error = result.error
    delivery.last_words = str(error) if error else result.sentence
    delivery.claimed_by, delivery.claimed_since, delivery.in_doubt = "", None, False
    changed_meanwhile = delivery.wanted_version > delivery.claimed_version
    outcome = Attempt.Outcome.FAILED
    if error is None:
        outcome = Attempt.Outcome.OK
        delivery.known_version = delivery.claimed_version
        delivery.known = result.known
        delivery.external_id = result.external_id or delivery.external_id
        delivery.attempts, delivery.not_before, delivery.delivered_at = 0, None, now
        delivery.state = Delivery.State.WAITING if changed_meanwhile else Delivery.State.DONE
    elif isinstance(error, Unavailable) and delivery.attempts < TRIES:
        outcome = Attempt.Outcome.AGAIN
        delivery.state = Delivery.State.WAITING
        delivery.not_before = now + pause(delivery.attempts, error.retry_after)
    elif isinstance(error, NotConnected):
        # The connection is paused; the item is not at fault and goes on with it.
        outcome = Attempt.Outcome.AGAIN
        delivery.state, delivery.not_before = Delivery.State.WAITING, None
        delivery.attempts = max(0, delivery.attempts - 1)
    elif isinstance(error, Unclear):
        delivery.state = Delivery.State.UNCLEAR
    else:
        delivery.state = Delivery.State.WAITING if changed_meanwhile else Delivery.State.FAILED
    return Attempt(
        delivery=delivery,
        outcome=outcome,
        sentence=delivery.last_words,
        request=result.request[:4000],
        response=result.response[:4000],
    )


def pause(attempts: int, retry_after: float | None = None) -> timedelta:
    """How long to wait after `attempts` passing failures: growing, at least what the other side asked for."""
    grown = min(FIRST_PAUSE * 2 ** max(0, attempts - 1), LONGEST_PAUSE)
    return max(grown, timedelta(seconds=min(retry_after or 0, LONGEST_PAUSE.total_seconds())))


def free_stale(*, now: datetime | None = None, stale_after: timedelta = STALE_AFTER) -> tuple[int, int]:
    """Give back what dead workers had claimed: (back in line, unclear because a call had begun)."""
    stale = Delivery.objects.filter(
        state=Delivery.State.CLAIMED, claimed_since__lt=(now or timezone.now()) - stale_after
    )
    with transaction.atomic():
        doubtful = list(stale.filter(in_doubt=True).select_for_update(skip_locked=True))
        words = (
            "The worker stopped while this was being sent, so it may or may not have gone out. "
            "Look whether it arrived; then try again or skip it."
        )
        Delivery.objects.filter(pk__in=[d.pk for d in doubtful]).update(
            state=Delivery.State.UNCLEAR, last_words=words, claimed_by="", claimed_since=None
        )
        copy_in([Attempt(delivery=d, outcome=Attempt.Outcome.FAILED, sentence=words) for d in doubtful])
        freed = stale.filter(in_doubt=False).update(state=Delivery.State.WAITING, claimed_by="", claimed_since=None)
    return freed, len(doubtful)


def again(delivery_ids: Sequence[int], *, by: Any = None) -> int:
    """Put failed or unclear deliveries back in line at once; how many."""
    with transaction.atomic():
        known = list(
            Delivery.objects.select_for_update()
            .filter(pk__in=delivery_ids)
            .exclude(state=Delivery.State.CLAIMED)
            .values_list("pk", flat=True)
        )
        Delivery.objects.filter(pk__in=known).update(
            state=Delivery.State.WAITING, not_before=None, attempts=0, in_doubt=False
        )
        copy_in(
            [
                Attempt(delivery_id=pk, outcome=Attempt.Outcome.AGAIN, sentence="Put back in line by a person.", by=by)
                for pk in known
            ]
        )
    return len(known)


def skip(delivery_ids: Sequence[int], *, reason: str, by: Any = None) -> int:
    """Leave deliveries aside until the object changes again, with the reason."""
    if not reason.strip():
        raise ValueError("Say why this is skipped, so that the next person knows.")
    words = f"Skipped: {reason.strip()}"
    with transaction.atomic():
        known = list(
            Delivery.objects.select_for_update()
            .filter(pk__in=delivery_ids)
            .exclude(state__in=[Delivery.State.CLAIMED, Delivery.State.DONE])
            .values_list("pk", flat=True)
        )
        Delivery.objects.filter(pk__in=known).update(state=Delivery.State.SKIPPED, last_words=words, in_doubt=False)
        copy_in([Attempt(delivery_id=pk, outcome=Attempt.Outcome.OK, sentence=words, by=by) for pk in known])
    return len(known)
