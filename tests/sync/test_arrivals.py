"""What came in is kept as it came, known once, and worked on when its turn comes."""

import pytest

from backoffice.sync import arrivals
from backoffice.sync.arrivals import Kept, Outcome, claim, finish, keep
from backoffice.sync.models import Arrival, Attempt, Connection
from tests import making, processes

pytestmark = pytest.mark.django_db
State = Arrival.State


@pytest.fixture
def store() -> Connection:
    return making.make_connection()


def some(*keys: str) -> list[Kept]:
    return [Kept("order", key, key, f'{{"id": "{key}", "é": 1}}'.encode()) for key in keys]


def test_it_is_kept_byte_by_byte(store: Connection) -> None:
    body = b'{ "id" : 7,  "name": "C\xc3\xb4t\xc3\xa9" }\r\n'
    keep(store, [Kept("order", "7", "k", body, {"file": "a.json"})])
    arrival = Arrival.objects.get()
    assert bytes(arrival.body) == body
    assert (arrival.state, arrival.context) == (State.WAITING, {"file": "a.json"})


def test_the_same_again_is_counted_and_not_kept(store: Connection) -> None:
    assert len(keep(store, some("1", "2"))) == 2
    assert keep(store, some("2", "1", "2")) == []
    assert len(keep(store, some("2", "3"))) == 1
    assert dict(Arrival.objects.values_list("key", "repeats")) == {"1": 1, "2": 2, "3": 0}


def test_two_connections_may_have_the_same_key(store: Connection) -> None:
    other = making.make_connection(name="Other")
    assert len(keep(store, some("1")) + keep(other, some("1"))) == 2


@pytest.mark.django_db(transaction=True)
def test_kept_at_the_same_instant_it_is_kept_once(store: Connection) -> None:
    things = some(*map(str, range(50)))
    kept = processes.together(*[lambda: keep(store, things)] * 4)
    assert sum(len(ids) for ids in kept) == 50
    assert set(Arrival.objects.values_list("repeats", flat=True)) == {3}


def test_the_oldest_are_claimed_first(store: Connection) -> None:
    ids = keep(store, some("a", "b", "c"))
    assert [arrival.pk for arrival in claim(limit=2)] == ids[:2]
    assert [arrival.pk for arrival in claim(limit=9, ids=ids[2:])] == ids[2:]


@pytest.mark.django_db(transaction=True)
def test_what_another_works_on_is_passed_over(store: Connection) -> None:
    from django.db import transaction

    ids = keep(store, some(*map(str, range(30))))
    arrivals_of_others = []

    def works() -> list[int]:
        mine: list[int] = []
        while True:
            with transaction.atomic():
                batch = claim(limit=4)
                finish([Outcome(arrival.pk, State.DONE, "Done.") for arrival in batch])
            if not batch:
                return mine
            mine += [arrival.pk for arrival in batch]

    for hand in processes.together(works, works, works):
        arrivals_of_others += hand
    assert sorted(arrivals_of_others) == ids


def test_what_did_not_work_says_so_and_can_be_put_back_in_line(store: Connection) -> None:
    (pk,) = keep(store, some("a"))
    finish([Outcome(pk, State.FAILED, "This is not JSON.")])
    assert claim(limit=1) == []
    assert Attempt.objects.get().sentence == "This is not JSON."
    assert arrivals.again([pk, 404]) == 1
    assert [arrival.pk for arrival in claim(limit=1)] == [pk]


def test_skipped_it_stays_kept_with_the_reason(store: Connection) -> None:
    first, second = keep(store, some("a", "b"))
    finish([Outcome(second, State.DONE, "Order 100001 taken in.")])
    with pytest.raises(ValueError, match="Say why"):
        arrivals.skip([first], reason="")
    assert arrivals.skip([first, second], reason="a test order") == 1
    assert Arrival.objects.get(pk=first).sentence == "Skipped: a test order"
    assert Arrival.objects.get(pk=second).state == State.DONE
