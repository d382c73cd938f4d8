"""The one HTTP client: where it sends, how much it reads, and which error each outcome is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from backoffice.sync.errors import NotConnected, Refused, Unavailable, Unclear
from backoffice.sync.http import Http, RefusedAnswer, retry_after
from tests.fake_store import FakeStore


@pytest.fixture
def server() -> Iterator[FakeStore]:
    with FakeStore() as found:
        yield found


def ask(server: FakeStore, http: Http | None = None, method: str = "GET", **more: object) -> object:
    return (http or Http(timeout=0.4)).request(method, f"{server.url}/wp-json/wc/v3/orders", who="The shop", **more)


@pytest.mark.parametrize(
    "address",
    [
        "http://shop.example.com/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://user:word@127.0.0.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https:///nowhere",
        "http://[::1",
        "",
    ],
)
def test_nothing_is_sent_in_the_clear_beyond_this_machine(address: str) -> None:
    with pytest.raises(NotConnected) as raised:
        Http().request("GET", address, who="The shop")
    assert raised.value.advice


@pytest.mark.parametrize("target", ["https://elsewhere.example.com/x", "http://127.0.0.1:9/", "//evil.example/"])
def test_a_redirect_to_another_host_is_not_followed(server: FakeStore, target: str) -> None:
    server.fail_next(status=302, headers={"Location": target})
    with pytest.raises(NotConnected, match="sends us on to"):
        ask(server)
    assert len(server.requests) == 1


def test_a_redirect_on_the_same_host_is_followed_for_reading_only(server: FakeStore) -> None:
    server.fail_next(status=301, headers={"Location": "/wp-json/wc/v3/products"})
    with pytest.raises(NotConnected, match="credentials"):
        ask(server)
    assert [asked.path for asked in server.requests] == ["orders", "products"]
    server.fail_next(status=307, headers={"Location": "/wp-json/wc/v3/products"})
    with pytest.raises(NotConnected, match="sends us on to"):
        ask(server, method="POST", payload={})
    server.fail_next(9, status=302, headers={"Location": "/wp-json/wc/v3/orders"})
    with pytest.raises(NotConnected, match="circles"):
        ask(server)


def test_an_answer_without_end_is_not_read(server: FakeStore) -> None:
    server.fail_next(status=200, body=b"x" * 200_000)
    with pytest.raises(Refused, match="more than"):
        ask(server, max_bytes=100_000)


def test_a_lost_answer_is_unclear_where_repeating_costs_money(server: FakeStore) -> None:
    server.fail_next(status=200, delay=1.2)
    with pytest.raises(Unclear):
        ask(server, method="POST", payload={}, unclear_if_lost=True)
    server.fail_next(drop=True)
    with pytest.raises(Unclear):
        ask(server, method="POST", payload={}, unclear_if_lost=True)
    server.fail_next(status=504)
    with pytest.raises(Unclear):
        ask(server, method="POST", payload={}, unclear_if_lost=True)


def test_what_never_left_is_not_unclear() -> None:
    with pytest.raises(Unavailable):
        Http().request("POST", "http://127.0.0.1:1/x", who="The shop", payload={}, unclear_if_lost=True)


def test_a_refusal_keeps_status_and_data(server: FakeStore) -> None:
    server.fail_next(status=404, body={"code": "x", "message": "Invalid <b>ID</b> &amp; more"})
    with pytest.raises(RefusedAnswer, match="Invalid ID & more") as raised:
        ask(server)
    assert raised.value.status == 404
    assert raised.value.data["code"] == "x"


def test_a_netrc_of_the_machine_is_not_sent(
    server: FakeStore, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"  # type: ignore[operator]
    netrc.write_text("machine 127.0.0.1 login someone password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with pytest.raises(NotConnected):
        ask(server)
    assert "Authorization" not in server.requests[0].headers


def test_secrets_are_masked_in_every_spelling(server: FakeStore) -> None:
    http = Http(secrets=["s3cr/et+ß", None, ""], timeout=0.4)
    server.fail_next(status=200, body='{"a": "s3cr/et+ß", "b": "s3cr%2Fet%2B%C3%9F", "c": "czNjci9ldCvDnw=="}')
    ask(server, http, params={"q": "s3cr/et+ß", "consumer_secret": "anything"}, payload={"mine": "s3cr/et+ß"})
    (exchange,) = http.take_exchanges()
    shown = exchange.request + exchange.response
    for spelling in ("s3cr", "czNjci9", "anything", "u00df"):
        assert spelling not in shown
    assert http.take_exchanges() == []


def test_only_the_last_exchanges_are_kept(server: FakeStore) -> None:
    http = Http(timeout=0.4)
    server.fail_next(50, status=200, body={"n": "x" * 5000})
    for _ in range(50):
        ask(server, http)
    assert len(http.exchanges) == 20
    assert all(len(e.request) <= 2000 and len(e.response) <= 2000 for e in http.exchanges)


def test_retry_after_is_read_in_both_forms() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": "12"}) == 12
    assert 80 < (retry_after({"retry-after": soon}) or 0) <= 90
    assert retry_after({"retry-after": "Wed, 11 Jan 1984 05:00:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "nan"}) is None
    assert retry_after({"retry-after": "999999999"}) == 86400
    assert retry_after({}) is None
