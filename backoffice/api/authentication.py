"""Who calls: a user's key in the header `Authorization: Bearer bo_<prefix>_<secret>`."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backoffice.api import keys


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        kind, _, text = get_authorization_header(request).decode("latin-1").strip().partition(" ")
        if kind.lower() != "bearer":
            return None
        key = keys.find(text.strip())
        if key is None:
            raise AuthenticationFailed("This key is not known, or it was revoked. Ask for a new one.")
        if not key.user.is_active:
            raise AuthenticationFailed("The user of this key is switched off. Ask for a key of another user.")
        keys.note_use(key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
