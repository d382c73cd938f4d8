"""Every error in one shape: `{"errors": [{"field": "lines.0.sku", "message": "a whole sentence"}]}`."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from backoffice.sync.errors import SyncError, Unavailable
from inventory.ledger import LotNeeded, Short
from shipping.packing import CannotPack

log = logging.getLogger(__name__)

NOT_FOUND = "There is no such thing here, or it is not yours to see."
DENIED = "This user may not do that. Ask whoever manages the roles."


class Conflict(exceptions.APIException):
    """What is asked does not go with how things stand now."""

    status_code = status.HTTP_409_CONFLICT


class Unprocessable(exceptions.APIException):
    """What is asked was understood and is refused by a rule."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is larger than this installation takes. Divide it into several."


class NotNow(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


@contextmanager
def said() -> Iterator[None]:
    """What the house refuses inside, in its own sentence, becomes an answer. Only the house's calls stand inside."""
    try:
        yield
    except (CannotPack, Short) as error:
        raise Conflict(str(error)) from error
    except Unavailable as error:
        raise NotNow(str(error)) from error
    except (SyncError, LotNeeded, ValueError) as error:
        raise Unprocessable(str(error)) from error


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to an error; what nobody expected is logged and says only that it happened."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(NOT_FOUND)
    elif isinstance(error, PermissionDenied) or type(error) is exceptions.PermissionDenied:
        error = exceptions.PermissionDenied(_own_words(error) or DENIED)
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if not isinstance(error, exceptions.APIException):
        log.error("An API call failed: %s", type(error).__name__, exc_info=error)
        got_request_exception.send(sender=None, request=context.get("request"))
        set_rollback()
        return _response([("", "Something went wrong here. It was noted; try again later.")], 500)
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    set_rollback()
    return _response(list(flat(error.detail)), error.status_code, headers)


def _own_words(error: Exception) -> str:
    said = str(getattr(error, "detail", "") or error)
    return "" if said == str(exceptions.PermissionDenied.default_detail) else said


def _response(found: list[tuple[str, str]], code: int, headers: dict[str, str] | None = None) -> Response:
    errors = [{"field": field, "message": sentence(message)} for field, message in found]
    return Response({"errors": errors}, status=code, headers=headers)


def flat(detail: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(field, message) of an error's nested detail; lists of messages are told from lists of rows."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flat(inner, path if name in ("non_field_errors", "detail") else (*path, str(name)))
    elif isinstance(detail, list | tuple):
        rows = any(isinstance(inner, Mapping | list) for inner in detail)
        for position, inner in enumerate(detail):
            yield from flat(inner, (*path, str(position)) if rows else path)
    else:
        yield ".".join(path), str(detail)


def sentence(words: str) -> str:
    words = words.strip()
    words = words[:1].upper() + words[1:]
    return words if words.endswith((".", "!", "?")) else f"{words}."
