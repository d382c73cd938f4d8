"""What every store connector must do, whatever store it speaks to (orders/stores/base.py)."""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from backoffice.sync.errors import NotConnected, Refused, SyncError, Unavailable
from tests.conformance.subjects import CALLS, SUBJECTS, TIMEOUT, Subject

EVERY_CALL = [(name, call) for name, calls in CALLS.items() for call in calls]


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    with SUBJECTS[request.param]() as found:
        yield found


every_store = pytest.mark.parametrize("subject", SUBJECTS, indirect=True)
every_call = pytest.mark.parametrize(("subject", "call"), EVERY_CALL, indirect=["subject"])


@every_call
def test_the_store_takes_the_request_and_the_answer_is_read(subject: Subject, call: str) -> None:
    assert subject.calls[call]()
    assert subject.server.requests
    assert all(asked.status < 300 for asked in subject.server.requests)


@every_call
def test_asked_to_slow_down_it_says_for_how_long(subject: Subject, call: str) -> None:
    subject.server.fail_next(status=429, headers={"Retry-After": "7"})
    with pytest.raises(Unavailable) as raised:
        subject.calls[call]()
    assert raised.value.retry_after == 7


@every_call
def test_a_store_in_trouble_is_unavailable(subject: Subject, call: str) -> None:
    subject.server.fail_next(status=500, body={"code": "internal_server_error", "message": "Out of memory"})
    with pytest.raises(Unavailable, match="Out of memory"):
        subject.calls[call]()


@every_call
def test_a_store_under_maintenance_is_unavailable(subject: Subject, call: str) -> None:
    subject.server.fail_next(status=503, body=subject.maintenance, headers={"Retry-After": "600"})
    with pytest.raises(Unavailable) as raised:
        subject.calls[call]()
    assert raised.value.retry_after == 600


@every_call
def test_a_page_in_place_of_data_is_unavailable(subject: Subject, call: str) -> None:
    subject.server.fail_next(status=200, body=subject.maintenance)
    with pytest.raises(Unavailable, match="web page"):
        subject.calls[call]()


@every_call
def test_no_answer_in_time_is_unavailable(subject: Subject, call: str) -> None:
    subject.server.fail_next(status=200, delay=3 * TIMEOUT)
    with pytest.raises(Unavailable, match="in time"):
        subject.calls[call]()


@every_call
def test_a_cut_connection_is_unavailable(subject: Subject, call: str) -> None:
    subject.server.fail_next(drop=True)
    with pytest.raises(Unavailable):
        subject.calls[call]()


@every_call
def test_credentials_that_fail_pause_the_connection(subject: Subject, call: str) -> None:
    status, body = subject.no_entry
    subject.server.fail_next(status=status, body=body)
    with pytest.raises(NotConnected, match="credentials"):
        subject.calls[call]()


@every_store
def test_a_refusal_is_of_this_item_only_and_in_the_stores_words(subject: Subject) -> None:
    status, body, words = subject.refusal
    subject.server.fail_next(status=status, body=body)
    with pytest.raises(Refused, match=words):
        subject.connector.push_fulfilment(subject.fulfilment)
    subject.server.fail_next(status=status, body=body)
    told = subject.connector.push_stock([subject.known])
    assert isinstance(told[0].error, Refused)
    assert words in str(told[0].error)


@every_store
def test_an_unknown_item_stops_nothing_else(subject: Subject) -> None:
    told = {t.object_key: t for t in subject.connector.push_stock([subject.unknown, subject.known])}
    assert isinstance(told[subject.unknown.external_id].error, Refused)
    assert told[subject.known.external_id].error is None
    assert told[subject.known.external_id].known == {"quantity": 7, "status": "in_stock"}


@every_store
def test_none_left_is_told_as_zero(subject: Subject) -> None:
    told = subject.connector.push_stock([replace(subject.known, quantity=0, status="out", backorders="refuse")])
    assert told[0].known == {"quantity": 0, "status": "out"}
    told = subject.connector.push_stock(
        [replace(subject.known, quantity=0, status="backorder", backorders="allow_tell")]
    )
    assert told[0].known == {"quantity": 0, "status": "backorder"}


@every_store
def test_a_batch_answers_for_each(subject: Subject) -> None:
    levels = [replace(subject.unknown, external_id=str(900_000 + n)) for n in range(subject.connector.stock_batch)]
    told = subject.connector.push_stock(levels)
    assert [t.object_key for t in told] == [level.external_id for level in levels]


@every_store
def test_a_signed_webhook_is_known_again(subject: Subject) -> None:
    headers, body = subject.signed
    first = subject.connector.webhook(headers, body)
    again = subject.connector.webhook({name.upper(): value for name, value in headers.items()}, body)
    assert first is not None
    assert again is not None
    assert (first.topic, first.key) == (again.topic, again.key)
    assert subject.connector.read(first)


@every_store
def test_a_webhook_that_was_tampered_with_is_refused(subject: Subject) -> None:
    headers, body = subject.signed
    for wrong in (
        (headers, body.replace(b"processing", b"completed")),
        (headers, body + b" "),
        ({name: value for name, value in headers.items() if "ignature" not in name}, body),
        ({**headers, "X-WC-Webhook-Signature": "é" * 44}, body),
    ):
        with pytest.raises(PermissionError):
            subject.connector.webhook(*wrong)


@every_store
def test_a_webhook_is_refused_while_no_secret_is_set(subject: Subject) -> None:
    subject.connector.account.credentials["webhook_secret"] = ""
    with pytest.raises(PermissionError, match="no webhook secret"):
        subject.connector.webhook(*subject.signed)


@every_store
def test_told_twice_after_a_lost_answer_nothing_doubles(subject: Subject) -> None:
    """C31: the store did it, the answer was lost: whichever request it was."""
    number = int(subject.fulfilment.order_external_id)
    for part in ("notes", f"orders/{number}"):
        subject.server.fail_next(path=part, method="POST" if part == "notes" else "PUT", after=True, drop=True)
    for _ in range(2):
        with pytest.raises(Unavailable):
            subject.connector.push_fulfilment(subject.fulfilment)
    told = subject.connector.push_fulfilment(subject.fulfilment)
    assert told.error is None
    tracking = subject.fulfilment.parcels[0].tracking_number
    assert sum(tracking in note["note"] for note in subject.server.notes[number]) == 1
    writes = [asked.method for asked in subject.server.requests if asked.method in ("PUT", "POST")]
    assert writes == ["POST", "PUT"]


@every_call
def test_no_secret_is_ever_seen(subject: Subject, call: str, caplog: pytest.LogCaptureFixture) -> None:
    secrets = [value for value in subject.connector.account.credentials.values() if value]
    mirror = f'{{"message": "key {secrets[0]} secret {secrets[1]}"}}'
    seen: list[str] = []
    with caplog.at_level(logging.DEBUG):
        subject.calls[call]()
        for trouble in ({"status": 400}, {"status": 500}, {"status": 401}, {"drop": True}):
            subject.server.fail_next(body=mirror, **trouble)
            try:
                seen.append(repr(subject.calls[call]()))
            except SyncError as error:
                seen.append("".join(traceback.format_exception(error)))
                seen.append(repr(error.__context__))
    exchanges = subject.connector.http.take_exchanges()
    assert exchanges
    seen += [exchange.request + exchange.response for exchange in exchanges]
    seen.append(caplog.text)
    for secret in secrets:
        assert not any(secret in text for text in seen)
    assert not any("oauth_signature" in text for text in seen)
