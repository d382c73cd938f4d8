"""The timeline: every change of an order, by a person or a system, in a sentence (rule: O8)."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from backoffice.lib.bulk import copy_in, draft
from orders.models import TimelineEntry

HUB = "Backoffice"


def entry(order_id: int, what: str, sentence: str, *, who: str = HUB, at: datetime | None = None) -> TimelineEntry:
    """A line still to be written; `what` is one word that lists can be filtered by."""
    return draft(
        TimelineEntry, order_id=order_id, at=at or timezone.now(), who=who[:120] or HUB, what=what, sentence=sentence
    )


def write(entries: Sequence[TimelineEntry]) -> None:
    """Write lines, any number in one statement, in the caller's transaction."""
    copy_in(entries, with_ids=False)
