"""How connections do, in a sentence each, for any number of them in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as database
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.sync.models import Connection

LOOK = """
    SELECT c.id,
           (SELECT count(*) FROM (SELECT 1 FROM sync_delivery d WHERE d.connection_id = c.id
                                     AND d.state IN ('failed', 'unclear') LIMIT 1000) f),
           (SELECT count(*) FROM (SELECT 1 FROM sync_arrival a WHERE a.connection_id = c.id
                                     AND a.state = 'failed' LIMIT 1000) f),
           (SELECT count(*) FROM (SELECT 1 FROM sync_delivery d WHERE d.connection_id = c.id
                                     AND d.state = 'waiting' LIMIT 1000) w),
           coalesce((SELECT d.last_words FROM sync_delivery d WHERE d.connection_id = c.id
                        AND d.state = 'waiting' AND d.attempts > 0 LIMIT 1), '')
      FROM sync_connection c WHERE c.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Health:
    """Counts stop at a thousand: more than that is the same bad news."""

    connection: Connection
    failed_deliveries: int
    failed_arrivals: int
    waiting: int
    retrying: str

    @property
    def tone(self) -> str:
        if self.connection.state == Connection.State.OFF:
            return "quiet"
        if self.connection.state == Connection.State.PAUSED:
            return "danger"
        return "warn" if self.failed_deliveries or self.failed_arrivals or self.retrying else "good"

    @property
    def sentence(self) -> str:
        if self.connection.state == Connection.State.OFF:
            return _("Switched off.")
        if self.connection.state == Connection.State.PAUSED:
            return _("Paused: %(why)s") % {"why": self.connection.state_sentence}
        said = []
        if self.failed_deliveries:
            said.append(_plural(self.failed_deliveries, "%(n)d delivery", "%(n)d deliveries"))
        if self.failed_arrivals:
            said.append(_plural(self.failed_arrivals, "%(n)d arrival", "%(n)d arrivals"))
        if said:
            return _("Working, but a person must look at %(what)s.") % {"what": _(" and ").join(said)}
        if self.retrying:
            return _("Trying again: %(words)s") % {"words": self.retrying}
        return _("Working.")


def _plural(n: int, one: str, many: str) -> str:
    return ngettext(one, many, n) % {"n": n}


def look(connections: Iterable[Connection]) -> dict[int, Health]:
    """The health of each connection, by its id."""
    known = {connection.pk: connection for connection in connections}
    if not known:
        return {}
    with database.cursor() as cursor:
        cursor.execute(LOOK, [list(known)])
        return {pk: Health(known[pk], *counts) for pk, *counts in cursor.fetchall()}
