"""Credentials at rest: encrypted with keys from the settings, the newest first so that keys can be rotated."""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

MASK = "••••••••"


@lru_cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedJSONField(models.BinaryField):
    """A small JSON object that is never legible in the database, a dump of it, or a log."""

    # What the type checker is told of the values: BinaryField's own would be bytes.
    _pyi_private_set_type: dict[str, Any]
    _pyi_private_get_type: dict[str, Any]  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, dict):
            value = _cipher(tuple(settings.CREDENTIALS_KEYS)).encrypt(json.dumps(value).encode())
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, Any]:
        if value is None or bytes(value) == b"":
            return {}
        try:
            return json.loads(_cipher(tuple(settings.CREDENTIALS_KEYS)).decrypt(bytes(value)))
        except InvalidToken:
            # A wrong key must not take the page down on which the credentials can be typed again.
            return {}

    def value_to_string(self, obj: models.Model) -> str:
        return MASK


def masked(values: dict[str, Any]) -> dict[str, str]:
    """The names of the credentials with nothing of their values."""
    return {name: MASK if value else "" for name, value in values.items()}
