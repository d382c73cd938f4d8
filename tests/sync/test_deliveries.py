"""What others should know and whether they do: wishes coalesce, claims never collide, failures are told apart."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from backoffice import outward
from backoffice.sync import connections, deliveries
from backoffice.sync.deliveries import Result, claim, free_stale, settle, want
from backoffice.sync.errors import NotConnected, Refused, SyncError, Unavailable, Unclear
from backoffice.sync.models import Attempt, Connection, Delivery
from tests import making, processes

pytestmark = pytest.mark.django_db
TOPIC = "stock"
State = Delivery.State


@pytest.fixture
def store() -> Connection:
    return making.make_connection()


def one(store: Connection, number: int = 1) -> Delivery:
    return Delivery.objects.get(connection=store, object_id=number)


def take(store: Connection, limit: int = 10) -> list[Delivery]:
    return claim(connection_id=store.pk, topic=TOPIC, limit=limit, worker="me")


def tried(store: Connection, error: SyncError | None, number: int = 1) -> Delivery:
    """One try at a delivery that is wished for, with this outcome."""
    want([(store.pk, TOPIC, number)]) if not Delivery.objects.filter(object_id=number).exists() else None
    claimed = take(store)
    settle([Result(d.pk, "Told 5.", error=error, known={"quantity": 5}) for d in claimed])
    return one(store, number)


def test_wishes_between_two_tellings_are_one(store: Connection) -> None:
    for _ in range(5):
        want([(store.pk, TOPIC, 1), (store.pk, TOPIC, 1), (store.pk, TOPIC, 2)])
    assert Delivery.objects.count() == 2
    assert one(store).wanted_version == 5
    assert len(take(store)) == 2
    assert take(store) == []


def test_what_is_told_is_known_and_not_told_again(store: Connection) -> None:
    delivery = tried(store, None)
    assert (delivery.state, delivery.known_version, delivery.known) == (State.DONE, 1, {"quantity": 5})
    assert take(store) == []
    assert deliveries.waiting_topics() == []
    want([(store.pk, TOPIC, 1)])
    assert [d.claimed_version for d in take(store)] == [2]


def test_a_wish_while_it_is_being_told_is_told_again(store: Connection) -> None:
    want([(store.pk, TOPIC, 1)])
    claimed = take(store)
    want([(store.pk, TOPIC, 1)])
    assert one(store).state == State.CLAIMED
    settle([Result(claimed[0].pk, "Told 5.")])
    delivery = one(store)
    assert (delivery.state, delivery.known_version, delivery.wanted_version) == (State.WAITING, 1, 2)
    assert len(take(store)) == 1


def test_a_wish_while_it_is_refused_is_tried_anew(store: Connection) -> None:
    want([(store.pk, TOPIC, 1)])
    claimed = take(store)
    want([(store.pk, TOPIC, 1)])
    settle([Result(claimed[0].pk, "", error=Refused("No."))])
    assert one(store).state == State.WAITING


@pytest.mark.django_db(transaction=True)
def test_workers_never_get_the_same_one(store: Connection) -> None:
    want([(store.pk, TOPIC, number) for number in range(200)])

    def works() -> list[int]:
        mine: list[int] = []
        while batch := claim(connection_id=store.pk, topic=TOPIC, limit=7, worker="w"):
            mine += [delivery.pk for delivery in batch]
        return mine

    hands = processes.together(*[works] * 4)
    got = [pk for hand in hands for pk in hand]
    assert len(got) == len(set(got)) == 200


def test_pauses_grow_and_end(store: Connection) -> None:
    pauses = [deliveries.pause(attempts) for attempts in range(1, 13)]
    assert pauses[0] == deliveries.FIRST_PAUSE
    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert pauses[-1] == deliveries.LONGEST_PAUSE
    total = sum(pauses, timedelta())
    assert timedelta(hours=12) < total < timedelta(days=2)


def test_a_passing_failure_is_tried_again_by_itself_and_in_the_end_a_person_is_asked(store: Connection) -> None:
    want([(store.pk, TOPIC, 1)])
    for number in range(1, deliveries.TRIES + 1):
        assert one(store).state == State.WAITING
        Delivery.objects.update(not_before=None)
        delivery = tried(store, Unavailable("The store did not answer in time."))
        assert delivery.attempts == number
    assert delivery.state == State.FAILED
    outcomes = [attempt.outcome for attempt in delivery.tries.order_by("id")]
    assert outcomes == ["again"] * (deliveries.TRIES - 1) + ["failed"]


def test_it_waits_as_long_as_the_other_side_asked(store: Connection) -> None:
    delivery = tried(store, Unavailable("Slow down.", retry_after=900))
    assert delivery.not_before is not None
    assert delivery.not_before > timezone.now() + timedelta(seconds=890)
    assert take(store) == []
    # A further change does not jump the queue that the other side asked for.
    want([(store.pk, TOPIC, 1)])
    assert take(store) == []
    assert deliveries.waiting_topics() == []


def test_a_refusal_stops_this_one_only(store: Connection) -> None:
    want([(store.pk, TOPIC, 1), (store.pk, TOPIC, 2)])
    first, second = take(store)
    settle(
        [Result(first.pk, "", error=Refused("No such product.", advice="Pull again.")), Result(second.pk, "Told 3.")]
    )
    assert (one(store, 1).state, one(store, 2).state) == (State.FAILED, State.DONE)
    assert one(store, 1).last_words == "No such product. Pull again."
    assert deliveries.again([first.pk]) == 1
    assert len(take(store)) == 1


def test_lost_credentials_pause_the_connection_with_one_alert_and_resume_goes_on(store: Connection) -> None:
    want([(store.pk, TOPIC, number) for number in range(3)])
    claimed = take(store)
    broken = NotConnected("The store does not accept the credentials.", advice="Type them again.")
    settle([Result(delivery.pk, "", error=broken) for delivery in claimed])
    store.refresh_from_db()
    assert store.state == Connection.State.PAUSED
    since = store.state_since
    assert connections.pause(store.pk, "Again.") is False
    # Nothing is told meanwhile, whoever asks; new wishes wait.
    want([(store.pk, TOPIC, 9)])
    assert take(store) == []
    assert deliveries.waiting_topics() == []
    store.refresh_from_db()
    assert (store.state_since, store.state_sentence) == (since, str(broken))
    connections.resume(store.pk)
    assert len(take(store)) == 4
    assert {delivery.attempts for delivery in Delivery.objects.all()} == {1}


def test_an_unclear_one_waits_for_a_person_even_if_the_object_changes(store: Connection) -> None:
    delivery = tried(store, Unclear("It may have gone out."))
    assert delivery.state == State.UNCLEAR
    want([(store.pk, TOPIC, 1)])
    assert take(store) == []
    assert deliveries.skip([delivery.pk], reason="it arrived") == 1
    assert one(store).state == State.SKIPPED
    want([(store.pk, TOPIC, 1)])
    assert len(take(store)) == 1


def test_a_skip_needs_a_reason(store: Connection) -> None:
    with pytest.raises(ValueError, match="Say why"):
        deliveries.skip([1], reason="  ")


def test_what_a_dead_worker_had_claimed_goes_back_in_line(store: Connection) -> None:
    want([(store.pk, TOPIC, 1), (store.pk, TOPIC, 2)])
    first, _ = take(store)
    deliveries.about_to_send(first)
    assert free_stale() == (0, 0)
    later = timezone.now() + deliveries.STALE_AFTER + timedelta(seconds=1)
    assert free_stale(now=later) == (1, 1)
    assert (one(store, 1).state, one(store, 2).state) == (State.UNCLEAR, State.WAITING)
    assert "may or may not" in one(store, 1).last_words
    # A person looked: it had not arrived.
    deliveries.again([first.pk])
    assert len(take(store)) == 2
    assert free_stale(now=later) == (2, 0)


def test_each_try_is_a_line_a_clerk_can_read(store: Connection) -> None:
    tried(store, Unavailable("Boréal did not answer in time.", advice="It is tried again by itself."))
    assert str(Attempt.objects.get()) == "Boréal did not answer in time. It is tried again by itself."


def test_our_own_mistake_in_one_topic_stops_no_other(store: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
        deliveries.about_to_send(batch[0])
        raise LookupError("nobody thought of this")

    def tells(connection: Connection, batch: Sequence[Delivery]) -> list[Result]:
        return [Result(delivery.pk, "Told.") for delivery in batch]

    monkeypatch.setattr(outward, "TELLERS", {"a": (stumbles, 10), "b": (tells, 10)})
    want([(store.pk, "a", 1), (store.pk, "a", 2), (store.pk, "b", 3)])
    assert outward.deliver() == {"failed": 2, "told": 1}
    states = [delivery.state for delivery in Delivery.objects.order_by("object_id")]
    # What had begun may have gone out; what had not is tried again by itself.
    assert states == [State.UNCLEAR, State.WAITING, State.DONE]
    assert "LookupError" in one(store, 2).last_words
