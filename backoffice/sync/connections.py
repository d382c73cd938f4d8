"""Connections: the hub's own doors, pausing one that lost its credentials, and taking it up again."""

from django.utils import timezone

from backoffice.sync.models import Connection

OWN_DOORS = {
    "mail": "Mail to customers",
    "papers": "Papers to be made",
    "promises": "Promises to be kept up",
    "api": "Orders by API",
    "desk": "Orders typed here",
}
"""Connections that the hub has with itself, so that mail, papers, typed and API orders go through the same tables."""


def own(*names: str) -> dict[str, Connection]:
    """The hub's own doors by connector name, in one statement; made where one is missing."""
    found = {c.connector: c for c in Connection.objects.filter(connector__in=names).order_by("-id")}
    for name in names:
        if name not in found:
            found[name] = Connection.objects.get_or_create(connector=name, defaults={"name": OWN_DOORS[name]})[0]
    return found


def pause(connection_id: int, sentence: str) -> bool:
    """Stop talking to a system until a person has looked: one alert, not one per item. False if it was paused already."""
    return bool(
        Connection.objects.filter(pk=connection_id, state=Connection.State.ACTIVE).update(
            state=Connection.State.PAUSED, state_sentence=sentence, state_since=timezone.now()
        )
    )


def resume(connection_id: int) -> None:
    """Talk again; what waited goes on by itself."""
    Connection.objects.filter(pk=connection_id).update(
        state=Connection.State.ACTIVE, state_sentence="", state_since=timezone.now()
    )


def heard(connection_id: int) -> None:
    Connection.objects.filter(pk=connection_id).update(last_heard_at=timezone.now())
