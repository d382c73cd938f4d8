"""The one HTTP client of all connectors: bounded, careful with secrets, and speaking in the errors of `sync.errors`."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import requests
from django.conf import settings
from requests.auth import AuthBase

from backoffice.lib.text import plain
from backoffice.sync.errors import NotConnected, Refused, SyncError, Unavailable, Unclear

# urllib3 writes whole addresses at DEBUG, and a signed address holds the consumer key.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

MASK = "••••"
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 3
EXCERPT = 2000
KEPT_EXCHANGES = 20
LONGEST_PAUSE = 24 * 60 * 60.0

_SECRET_PARAM = re.compile(
    r"((?:oauth_[a-z_]+|consumer_(?:key|secret)|client_secret|access_token|refresh_token|api_?key|token|password)"
    r"(?:\"?\s*[=:]\s*\"?))([^&\s\"',;]+)",
    re.IGNORECASE,
)
_WOO_KEY = re.compile(r"\bc[ks]_[0-9a-zA-Z]{20,}")
_AUTHORIZATION = re.compile(r"\b(Basic|Bearer|OAuth)\s+[A-Za-z0-9+/=._~-]{8,}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, shortened and without secrets, as the attempt shows it."""

    request: str
    response: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said, whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    who: str = ""

    @property
    def data(self) -> Any:
        """The body read as JSON; Unavailable where it is none, for the page of a web host in its place passes."""
        return _read_json(self.body, self.who)


class RefusedAnswer(Refused):
    """A 4xx; `status` and `data` let a connector tell "gone" from "wrong"."""

    def __init__(self, sentence: str, *, advice: str = "", status: int, data: Any = None) -> None:
        super().__init__(sentence, advice=advice)
        self.status = status
        self.data = data


class _NoAuth(AuthBase):
    """Keeps requests from reading a .netrc and overriding what the connector set."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Http:
    """One conversation of one connector. `exchanges` are its requests and answers, the last ones, without secrets."""

    def __init__(self, *, secrets: Iterable[object] = (), timeout: float | None = None) -> None:
        self.timeout = float(timeout if timeout is not None else settings.HTTP_TIMEOUT_SECONDS)
        self.exchanges: list[Exchange] = []
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "Backoffice"
        self._secrets: set[str] = set()
        self.hide(secrets)

    def hide(self, secrets: Iterable[object]) -> None:
        """Never let these values be seen, in whatever spelling they come back."""
        for secret in secrets:
            text = str(secret or "")
            if len(text) >= 4:
                coded = base64.b64encode(text.encode()).decode()
                escaped = json.dumps(text)[1:-1]
                self._secrets.update({text, quote(text, safe=""), quote_plus(text), coded, escaped})

    def redacted(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        text = _AUTHORIZATION.sub(rf"\1 {MASK}", text)
        text = _WOO_KEY.sub(MASK, text)
        return _SECRET_PARAM.sub(rf"\1{MASK}", text)

    def take_exchanges(self) -> list[Exchange]:
        """The exchanges since the last time this was asked."""
        taken, self.exchanges = self.exchanges, []
        return taken

    def close(self) -> None:
        self._session.close()

    # --- the call -----------------------------------------------------------------------------------------------------
    def request(
        self,
        method: str,
        url: str,
        *,
        who: str,
        params: Mapping[str, object] | None = None,
        payload: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | Callable[[requests.PreparedRequest], requests.PreparedRequest] | None = None,
        explain: Callable[[int, Any], str] | None = None,
        unclear_if_lost: bool = False,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer:
        """Ask `who` and return the answer of a 2xx; every other outcome is an error of `sync.errors`.

        `payload` is sent as JSON, `content` as it is. `explain` finds the other side's own message in a refusal. With
        `unclear_if_lost` a request that was sent and not answered is Unclear instead of Unavailable.
        """
        check_address(url, who)
        method = method.upper()
        body = content
        sent_headers = dict(headers or {})
        if payload is not None:
            body = json.dumps(payload, ensure_ascii=False, default=str).encode()
            sent_headers.setdefault("Content-Type", "application/json; charset=utf-8")
        sent_headers.setdefault("Accept", "application/json")

        for _hop in range(MAX_REDIRECTS + 1):
            request = requests.Request(
                method, url, params=dict(params or {}), data=body, headers=sent_headers, auth=auth or _NoAuth()
            )
            answer = self._send(request, who, unclear_if_lost, max_bytes, body)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            url, params = self._redirected(method, url, answer, who), None
        else:
            raise NotConnected(f"{who} sends us round in circles.", advice="Check the address of this connection.")
        return self._judged(answer, who, explain, unclear_if_lost)

    def _send(
        self, request: requests.Request, who: str, unclear_if_lost: bool, max_bytes: int, body: bytes | None
    ) -> Answer:
        host = urlsplit(request.url or "").hostname or ""
        # A proxy of the environment has no way to this machine's own loopback.
        self._session.trust_env = not is_loopback(host)
        words = f"{request.method} {self._excerpt_url(request)}"
        if body:
            words += "\n" + self._excerpt(body)
        failure: SyncError
        try:
            prepared = self._session.prepare_request(request)
            extra = self._session.merge_environment_settings(prepared.url or "", {}, True, None, None)
            extra["stream"] = True
            with self._session.send(
                prepared, timeout=(min(self.timeout, 10.0), self.timeout), allow_redirects=False, **extra
            ) as response:
                data = self._read(response, who, max_bytes)
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(response.status_code, headers, data, who)
        except SyncError as error:
            failure = error
        except requests.exceptions.SSLError:
            failure = NotConnected(
                f"The certificate of {who} is not valid, so nothing was sent.",
                advice="Ask the host of that system to renew its certificate, or correct the address.",
            )
        except requests.exceptions.ConnectTimeout:
            failure = Unavailable(f"{who} could not be reached in time.", advice="It is tried again by itself.")
        except requests.exceptions.RequestException as error:
            failure = _lost(error, who, unclear_if_lost)
        else:
            kept = self._excerpt(answer.body, answer.headers.get("content-type", ""))
            self._keep(words, f"{answer.status}\n{kept}")
            return answer
        # Raised out here so that the library's exception, whose text holds the signed address, is not chained to it.
        self._keep(words, failure.sentence)
        raise failure

    def _read(self, response: requests.Response, who: str, max_bytes: int) -> bytes:
        deadline = time.monotonic() + 6 * self.timeout
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(64 * 1024):
            size += len(part)
            if size > max_bytes:
                raise Refused(
                    f"{who} sent more than {max_bytes // (1024 * 1024)} MB in one answer, which is not read.",
                    advice="Ask for less at once, or look at what that system holds there.",
                )
            if time.monotonic() > deadline:
                raise Unavailable(f"{who} sends its answer too slowly.", advice="It is tried again by itself.")
            parts.append(part)
        return b"".join(parts)

    def _redirected(self, method: str, url: str, answer: Answer, who: str) -> str:
        target = urljoin(url, answer.headers.get("location", ""))
        here, there = urlsplit(url), urlsplit(target)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc) or method != "GET":
            raise NotConnected(
                f"{who} sends us on to {there.scheme}://{there.netloc}, where nothing is sent without your word.",
                advice="If that address is yours, set it as the address of this connection.",
            )
        return target

    def _judged(
        self, answer: Answer, who: str, explain: Callable[[int, Any], str] | None, unclear_if_lost: bool
    ) -> Answer:
        status = answer.status
        if 200 <= status < 300:
            return answer
        data = _json_or_none(answer.body)
        words = self.redacted(plain((explain or _message)(status, data)))[:400] if data is not None else ""
        said = f" It says: {words}" if words else ""
        if said and said[-1] not in ".!?":
            said += "."
        if status == 429:
            raise Unavailable(
                f"{who} asks us to slow down.{said}",
                advice="It is tried again by itself after a pause.",
                retry_after=retry_after(answer.headers),
            )
        if status >= 500:
            if unclear_if_lost and status in (502, 504):
                raise Unclear(
                    f"{who} may or may not have done it: the answer was lost on the way (HTTP {status}).",
                    advice="Look there before it is sent again.",
                )
            raise Unavailable(
                f"{who} is not working just now (HTTP {status}).{said}",
                advice="It is tried again by itself.",
                retry_after=retry_after(answer.headers),
            )
        if status in (401, 403):
            raise NotConnected(
                f"{who} does not accept our credentials (HTTP {status}).{said}",
                advice="Check key, secret and their permissions in this connection.",
            )
        if status == 408:
            raise Unavailable(f"{who} gave up waiting for us.", advice="It is tried again by itself.")
        raise RefusedAnswer(
            f"{who} refused this (HTTP {status}).{said}",
            advice="" if words else "Check the address of this connection and what was sent.",
            status=status,
            data=data,
        )

    # --- what is kept for people --------------------------------------------------------------------------------------
    def _keep(self, request: str, response: str) -> None:
        self.exchanges.append(Exchange(self.redacted(request)[:EXCERPT], self.redacted(response)[:EXCERPT]))
        del self.exchanges[:-KEPT_EXCHANGES]

    def _excerpt_url(self, request: requests.Request) -> str:
        bare = requests.Request(request.method, request.url, params=request.params).prepare()
        return bare.url or ""

    def _excerpt(self, body: bytes, content_type: str = "") -> str:
        # Cut after redaction, for half a secret at the cut would not be known as one.
        if b"\x00" in body[:EXCERPT]:
            return f"({len(body)} bytes of {content_type or 'binary data'})"
        return self.redacted(body[: 4 * EXCERPT].decode("utf-8", "replace"))[:EXCERPT]


def check_address(url: str, who: str) -> None:
    """NotConnected for an address to which nothing may be sent."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme == "https" and host and parts.username is None:
        return
    if parts.scheme == "http" and is_loopback(host) and parts.username is None:
        return
    if parts.scheme == "http" and host:
        raise NotConnected(
            f"The address of {who} begins with http://, where anyone on the way could read along.",
            advice="Use its https:// address; plain http is only for a store on this very machine.",
        )
    raise NotConnected(
        f"The address of {who} is not one that can be called.",
        advice="It must look like https://shop.example.com, without a user name or password in it.",
    )


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a Retry-After in seconds or as a date; None where there is none that can be read."""
    value = headers.get("retry-after", headers.get("Retry-After", "")).strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    if seconds != seconds:
        return None
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def _lost(error: requests.exceptions.RequestException, who: str, unclear_if_lost: bool) -> SyncError:
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return NotConnected(f"The address of {who} is not one that can be called.", advice="Correct the address.")
    never_sent = "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)
    if unclear_if_lost and not never_sent:
        return Unclear(
            f"{who} may or may not have done it: no answer came back.", advice="Look there before it is sent again."
        )
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in repr(error).lower():
        return Unavailable(f"{who} did not answer in time.", advice="It is tried again by itself.")
    return Unavailable(f"{who} could not be reached.", advice="It is tried again by itself.")


def _read_json(body: bytes, who: str) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        pass
    what = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
    raise Unavailable(
        f"{who} answered with {what} in place of data; often it is being maintained.",
        advice="It is tried again by itself; if this goes on, open the address in a browser.",
    )


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _message(status: int, data: Any) -> str:
    """The other side's own words, where most systems put them."""
    if isinstance(data, dict):
        for name in ("message", "detail", "error_description", "error", "title"):
            value = data.get(name)
            if isinstance(value, str) and value:
                return value
            if isinstance(value, dict) and isinstance(value.get("message"), str):
                return str(value["message"])
    return ""
