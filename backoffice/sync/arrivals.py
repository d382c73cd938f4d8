"""What came in: kept verbatim, known once, worked on when its turn comes (rule: Y3)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from backoffice.lib.bulk import copy_in
from backoffice.sync.models import Arrival, Attempt, Connection


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing to keep. Two with the same (topic, key) on one connection are the same thing."""

    topic: str
    external_id: str
    key: str
    body: bytes
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an arrival, in a sentence; the object it became."""

    arrival_id: int
    state: Arrival.State
    sentence: str
    object_type: str = ""
    object_id: int | None = None
    not_before: datetime | None = None
    """Of one that goes on waiting: for what it leans on has not come yet."""


def keep(connection: Connection, things: Iterable[Kept]) -> list[int]:
    """Keep what came, in one statement; the ids of those that were not known yet. A repeat is counted, not kept again."""
    once = {(thing.topic, thing.key): thing for thing in things}
    if not once:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sync_arrival (connection_id, topic, key, external_id, body, context, received_at,
                                      state, attempts, repeats, sentence, object_type)
            SELECT %s, topic, key, external_id, body, context::jsonb, now(), 'waiting', 0, 0, '', ''
              FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[])
                   WITH ORDINALITY AS came(topic, key, external_id, body, context, position)
             ORDER BY position
            ON CONFLICT (connection_id, topic, key) DO UPDATE SET repeats = sync_arrival.repeats + 1
            RETURNING id, repeats
            """,
            [
                connection.pk,
                [thing.topic for thing in once.values()],
                [thing.key[:200] for thing in once.values()],
                [thing.external_id[:120] for thing in once.values()],
                [thing.body for thing in once.values()],
                [json.dumps(thing.context) for thing in once.values()],
            ],
        )
        return [pk for pk, repeats in cursor.fetchall() if repeats == 0]


def claim(*, limit: int, connection_id: int | None = None, ids: Sequence[int] | None = None) -> list[Arrival]:
    """The oldest waiting arrivals, locked until the caller's transaction ends; others' are passed over."""
    waiting = Arrival.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=Arrival.State.WAITING)
    waiting = waiting.filter(Q(not_before=None) | Q(not_before__lte=timezone.now()))
    if connection_id is not None:
        waiting = waiting.filter(connection_id=connection_id)
    if ids is not None:
        waiting = waiting.filter(pk__in=ids)
    return list(waiting.order_by("id")[:limit])


def finish(outcomes: Sequence[Outcome]) -> None:
    """Write what became of arrivals: one statement, and one more for those that did not work (rule: Y6)."""
    if not outcomes:
        return
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE sync_arrival SET state = done.state, sentence = done.sentence, object_type = done.object_type,
                   object_id = done.object_id, finished_at = now(), attempts = attempts + 1, not_before = done.not_before
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
                   AS done(id, state, sentence, object_type, object_id, not_before)
             WHERE sync_arrival.id = done.id
            """,
            [
                [o.arrival_id for o in outcomes],
                [o.state.value for o in outcomes],
                [o.sentence for o in outcomes],
                [o.object_type for o in outcomes],
                [o.object_id for o in outcomes],
                [o.not_before for o in outcomes],
            ],
        )
    # What worked says so on the arrival itself; a row more for each would double the table for nothing.
    copy_in(
        [
            Attempt(arrival_id=o.arrival_id, outcome=Attempt.Outcome.FAILED, sentence=o.sentence)
            for o in outcomes
            if o.state == Arrival.State.FAILED
        ]
    )


def again(arrival_ids: Sequence[int], *, by: Any = None) -> int:
    """Put arrivals back in line, each to be worked on once more from its kept body; how many."""
    known = list(Arrival.objects.filter(pk__in=arrival_ids).values_list("pk", flat=True))
    Arrival.objects.filter(pk__in=known).update(state=Arrival.State.WAITING, not_before=None, finished_at=None)
    copy_in(
        [
            Attempt(arrival_id=pk, outcome=Attempt.Outcome.AGAIN, sentence="Put back in line by a person.", by=by)
            for pk in known
        ]
    )
    return len(known)


def skip(arrival_ids: Sequence[int], *, reason: str, by: Any = None) -> int:
    """Leave arrivals aside for good, with the reason; they stay kept."""
    if not reason.strip():
        raise ValueError("Say why this is skipped, so that the next person knows.")
    known = list(
        Arrival.objects.filter(pk__in=arrival_ids)
        .exclude(state__in=[Arrival.State.DONE, Arrival.State.SKIPPED])
        .values_list("pk", flat=True)
    )
    sentence = f"Skipped: {reason.strip()}"
    Arrival.objects.filter(pk__in=known).update(
        state=Arrival.State.SKIPPED, sentence=sentence, finished_at=timezone.now()
    )
    copy_in([Attempt(arrival_id=pk, outcome=Attempt.Outcome.OK, sentence=sentence, by=by) for pk in known])
    return len(known)
