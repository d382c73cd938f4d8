"""Keys of the API: made, found, revoked. Only a digest is kept; the secret has 190 bits, so a plain hash is enough."""

import hashlib
import secrets
import string
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from backoffice.models import ApiKey

LETTERS = string.ascii_letters + string.digits
NOTED_EVERY = timedelta(minutes=1)
"""The time of last use is written at most this often: a busy key must not turn every reading into a writing."""


def issue(user: Any, name: str) -> tuple[ApiKey, str]:
    """A new key for a user, and the text to send: the only time that it is to be had."""
    if not name.strip():
        raise ValueError("Say what the key is for, so that the next person knows which one to revoke.")
    prefix = "".join(secrets.choice(LETTERS) for _ in range(8))
    text = f"bo_{prefix}_{''.join(secrets.choice(LETTERS) for _ in range(32))}"
    key = ApiKey.objects.create(user=user, name=name.strip()[:120], prefix=prefix, digest=digest(text))
    return key, text


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def find(text: str) -> ApiKey | None:
    """The key that this text is, with its user, in one statement; None where it is none or was revoked."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != "bo":
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=parts[1][:12], revoked_at=None).first()
    if key is None or not secrets.compare_digest(key.digest, digest(text)):
        return None
    return key


def note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
        late = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
        ApiKey.objects.filter(late, pk=key.pk).update(last_used_at=now)


def revoke(key_ids: list[int]) -> int:
    """From now on these keys open nothing; how many did."""
    return ApiKey.objects.filter(pk__in=key_ids, revoked_at=None).update(revoked_at=timezone.now())
