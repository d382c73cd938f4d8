"""The same request sent twice is done once: the header `Idempotency-Key`, remembered with the body as an arrival."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from backoffice.api.errors import Conflict, said
from backoffice.lib import cards
from backoffice.sync import arrivals, connections
from backoffice.sync.models import Arrival, Connection

HEADER = "Idempotency-Key"
PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Your own word for this request, at most 100 letters and digits. Sent again with the same body, it gives "
    "the same answer and is done once.",
)


def key_of(request: Request) -> str:
    """The request's key; a 400 where it is missing or cannot be kept."""
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise ValidationError(
            {HEADER: f"Send the header {HEADER} with a word of your own, so that a request sent twice is done once."}
        )
    if not re.fullmatch(r"[\x21-\x7e]{1,100}", key):
        raise ValidationError({HEADER: f"{HEADER} is at most 100 letters, digits and signs, without spaces."})
    return key


def body_of(request: Request) -> bytes:
    """The body as it came; a 400 where a card number is in it."""
    # First, as Django gives the raw body only before its stream is read.
    raw = bytes(request._request.body)
    refuse_cards(request)
    return raw


def refuse_cards(request: Request) -> None:
    """A 400 with the place where a card number is in what was sent."""
    try:
        data = request.data
        if isinstance(data, Mapping):
            # A carrier's number of 16 digits may have a card's check digit by chance, and then no parcel could leave.
            data = {name: value for name, value in data.items() if name != "tracking_number"}
        place = cards.where(data)
    except RecursionError:
        raise ParseError("The JSON is nested too deeply to be read.") from None
    if place is not None:
        raise ValidationError({place or "body": cards.REFUSAL})


def same(arrival: Arrival, body: bytes) -> bool:
    """Whether an arrival was this body, whatever its spaces and the order of its names."""
    kept = bytes(arrival.body)
    if kept == body:
        return True
    try:
        return bool(_read(kept) == _read(body))
    except ValueError:
        return False


def _read(body: bytes) -> Any:
    # Figures as they were written: 1 and 1.0 are two texts, and nothing is rounded.
    return json.loads(body, parse_float=str, parse_int=str)


def known(connection: Connection, topic: str, key: str, body: bytes) -> Arrival | None:
    """What came under this key before; a 409 where that was another body."""
    arrival = Arrival.objects.filter(connection=connection, topic=topic, key=key).first()
    if arrival is not None and not same(arrival, body):
        raise Conflict(
            f"The {HEADER} {key} was used for another request. Use a new key for each new request; "
            "the old one only repeats what was sent with it."
        )
    return arrival


def settled(arrival_id: int) -> Arrival:
    """The arrival once nobody works on it: waits for the one who does."""
    with transaction.atomic():
        return Arrival.objects.select_for_update().get(pk=arrival_id)


def booked(
    room: GenericViewSet[Any],
    kind: Callable[..., Any],
    topic: str,
    do: Callable[[Any, str], object],
    *,
    about: str = "",
) -> tuple[str, bool]:
    """What a room is asked, read by the serializer `kind`, is done once: the key it is booked by, and whether that was now.

    Requests `about` two things may share an Idempotency-Key.
    """
    key, body = key_of(room.request), body_of(room.request)
    sent = kind(data=room.request.data, context=room.get_serializer_context())
    sent.is_valid(raise_exception=True)
    digest = hashlib.blake2b(f"{about}:{key}".encode() if about else key.encode(), digest_size=16).hexdigest()
    booked_as = f"api:{digest}"
    door = connections.own("api")["api"]
    # One transaction with the memory of it: a second request of this key waits here for the first.
    with transaction.atomic():
        kept = arrivals.keep(door, [arrivals.Kept(topic, booked_as, key, body)])
        if not kept:
            known(door, topic, key, body)
            return booked_as, False
        with said():
            do(sent, booked_as)
        arrivals.finish([arrivals.Outcome(kept[0], Arrival.State.DONE, "Goods booked.", topic)])
    return booked_as, True
