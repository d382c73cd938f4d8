"""Talking to the WooCommerce REST API v3: signing, addresses, its words in a refusal, and reading without gaps."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from requests import PreparedRequest
from requests.auth import HTTPBasicAuth

from backoffice.lib.text import plain
from backoffice.sync.connectors import Account
from backoffice.sync.errors import NotConnected, Unavailable
from backoffice.sync.http import Answer, Http

PER_PAGE = 100
# Two clocks, several web servers, orders saved in the middle of a second: what is read twice is known twice (rule: O6).
OVERLAP = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


class OAuth1:
    """One-legged OAuth 1.0a with HMAC-SHA256 in the query: the only sign-in that WooCommerce takes over plain http."""

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self.secret = secret

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        address, _, query = (request.url or "").partition("?")
        fields = parse_qsl(query, keep_blank_values=True)
        fields += [
            ("oauth_consumer_key", self.key),
            ("oauth_nonce", secrets.token_hex(16)),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", str(int(time.time()))),
        ]
        fields.append(("oauth_signature", oauth_signature(request.method or "GET", address, fields, self.secret)))
        request.url = f"{address}?{urlencode(fields, quote_via=quote)}"
        return request


def oauth_signature(method: str, address: str, fields: list[tuple[str, str]], secret: str) -> str:
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in fields)
    normal = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), quote(address, safe="~"), quote(normal, safe="~")))
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Api:
    """The REST API of one store."""

    def __init__(self, account: Account, http: Http) -> None:
        self.http = http
        site = account.url.split("/wp-json", 1)[0].rstrip("/")
        self.root = f"{site}/wp-json/wc/v3"
        self.who = f"WooCommerce at {urlsplit(site).netloc or 'an address that is missing'}"
        key = str(account.credentials.get("key") or "")
        secret = str(account.credentials.get("secret") or "")
        if not key or not secret:
            raise NotConnected(
                f"{self.who} has no consumer key or secret here.",
                advice="Make a key with read/write permission in WooCommerce › Settings › Advanced › REST API.",
            )
        self.auth = HTTPBasicAuth(key, secret) if site.startswith("https://") else OAuth1(key, secret)

    def call(self, method: str, path: str, *, payload: Any = None, **params: object) -> Answer:
        return self.http.request(
            method,
            f"{self.root}/{path}",
            who=self.who,
            params=params,
            payload=payload,
            auth=self.auth,
            explain=_own_words,
        )

    def get(self, path: str, **params: object) -> Any:
        return self.call("GET", path, **params).data

    def listed(self, path: str, **params: object) -> list[dict[str, Any]]:
        return self._list(self.call("GET", path, **params))

    def _list(self, answer: Answer) -> list[dict[str, Any]]:
        data = answer.data
        if not isinstance(data, list):
            raise Unavailable(
                f"{self.who} answered with something that is not a list.", advice="It is tried again by itself."
            )
        return [row for row in data if isinstance(row, dict)]

    def everything(self, path: str, **params: object) -> Iterator[list[dict[str, Any]]]:
        """All of a list that hardly changes, by page number."""
        page = 1
        while True:
            rows = self.listed(path, per_page=PER_PAGE, page=page, **params)
            if rows:
                yield rows
            if len(rows) < PER_PAGE:
                return
            page += 1

    def changed(self, path: str, since: str) -> Iterator[tuple[list[dict[str, Any]], str]]:
        """Pages of what changed since the stamp, oldest change first, each with the stamp from which to go on.

        By stamp, not by page number: what changes while it is read moves to the end, and pages counted by number would
        then pass over others. The last second of a full page is read again, for more may share it.
        """
        low = _moment(since) - OVERLAP if since else None
        reached = since
        given: set[tuple[Any, Any]] = set()
        while True:
            window = {"modified_after": _stamp(low)} if low else {}
            rows = self.listed(path, per_page=PER_PAGE, orderby="modified", order="asc", dates_are_gmt="true", **window)
            full = len(rows) >= PER_PAGE
            stamps = [_moment(row["date_modified_gmt"]) for row in rows if row.get("date_modified_gmt")]
            last = max(stamps, default=None)
            if full and last and low and last - SECOND <= low:
                rows = self._second(path, last)
                low = last
            elif full and last:
                low = last - SECOND
            fresh = [row for row in rows if (row.get("id"), row.get("date_modified_gmt")) not in given]
            given.update((row.get("id"), row.get("date_modified_gmt")) for row in fresh)
            if last:
                reached = max(reached, _stamp(last))
            if fresh:
                yield fresh, reached
            if not full or not last:
                return

    def _second(self, path: str, second: datetime) -> list[dict[str, Any]]:
        """All that changed in one second that is over: things can only leave it, so from the last page to the first."""
        window: dict[str, object] = {
            "modified_after": _stamp(second - SECOND),
            "modified_before": _stamp(second + SECOND),
            "orderby": "id",
            "order": "asc",
            "dates_are_gmt": "true",
            "per_page": PER_PAGE,
        }
        answer = self.call("GET", path, page=1, **window)
        pages = int(answer.headers.get("x-wp-totalpages") or 1)
        found = {row.get("id"): row for row in self._list(answer)}
        for page in range(pages, 0, -1):
            found.update({row.get("id"): row for row in self.listed(path, page=page, **window)})
        return list(found.values())


def _stamp(moment: datetime) -> str:
    # With a Z beside dates_are_gmt the store gives too much.
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _moment(stamp: str) -> datetime:
    moment = datetime.fromisoformat(stamp)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _own_words(status: int, data: Any) -> str:
    if not isinstance(data, dict):
        return ""
    words = plain(data.get("message"))
    more = data.get("data")
    params = more.get("params") if isinstance(more, dict) else None
    if isinstance(params, dict) and params:
        words += " " + " ".join(plain(value) for value in params.values())
    return words.strip()


def entry_error(entry: dict[str, Any]) -> str:
    """The store's words on one entry of a batch; empty where it worked."""
    error = entry.get("error")
    if not isinstance(error, dict):
        return ""
    return plain(error.get("message")) or plain(error.get("code")) or "no reason given"
