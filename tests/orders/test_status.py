"""The state of an order, as a table: what is said of it for which quantities, payment and holds."""

import itertools

import pytest

from orders.status import Facts, State, derive

PLAIN = {
    "ordered": 5, "cancelled": 0, "shipped": 0, "allocated": 0, "packed": 0, "held": False, "may_ship": True,
    "fulfilled_elsewhere": False, "history": False, "called_off": False,
}  # fmt: skip

TABLE = [
    # nothing shipped yet
    ({"allocated": 5}, State.TO_PACK),
    ({"allocated": 3}, State.PARTLY_TO_PACK),
    ({}, State.BACKORDER),
    ({"may_ship": False}, State.UNPAID),
    ({"may_ship": False, "allocated": 5}, State.UNPAID),
    # in a parcel
    ({"allocated": 5, "packed": 5}, State.PACKED),
    ({"allocated": 3, "packed": 3}, State.PACKED),
    ({"allocated": 5, "packed": 3}, State.TO_PACK),
    ({"allocated": 4, "packed": 3}, State.PARTLY_TO_PACK),
    # shipped in part or whole
    ({"shipped": 5}, State.SHIPPED),
    ({"shipped": 3}, State.PARTLY_SHIPPED),
    ({"shipped": 3, "allocated": 2}, State.TO_PACK),
    ({"shipped": 3, "allocated": 1}, State.PARTLY_TO_PACK),
    ({"shipped": 3, "allocated": 2, "packed": 2}, State.PACKED),
    ({"shipped": 3, "cancelled": 2}, State.SHIPPED),
    ({"shipped": 5, "may_ship": False}, State.SHIPPED),
    # cancelled
    ({"cancelled": 5}, State.CANCELLED),
    ({"cancelled": 5, "called_off": True}, State.CANCELLED),
    ({"cancelled": 5, "called_off": True, "may_ship": False}, State.CANCELLED),
    ({"cancelled": 2, "shipped": 3, "called_off": True}, State.SHIPPED),
    ({"cancelled": 2, "allocated": 3}, State.TO_PACK),
    # nothing goes through the warehouse
    ({"ordered": 0}, State.DONE),
    ({"ordered": 0, "may_ship": False}, State.UNPAID),
    ({"ordered": 0, "called_off": True}, State.CANCELLED),
    # a person is needed
    ({"allocated": 5, "held": True}, State.HELD),
    ({"may_ship": False, "held": True}, State.HELD),
    ({"shipped": 3, "held": True}, State.HELD),
    ({"cancelled": 5, "called_off": True, "held": True}, State.CANCELLED),
    # others' business
    ({"fulfilled_elsewhere": True}, State.ELSEWHERE),
    ({"fulfilled_elsewhere": True, "held": True}, State.HELD),
    ({"history": True}, State.HISTORY),
    ({"history": True, "held": True, "called_off": True}, State.HISTORY),
]


@pytest.mark.parametrize(("facts", "state"), TABLE, ids=lambda value: str(value))
def test_the_state_is(facts: dict[str, object], state: State) -> None:
    assert derive(Facts(**{**PLAIN, **facts})) == state  # type: ignore[arg-type]


def test_every_state_is_in_the_table() -> None:
    assert {state for _, state in TABLE} == set(State)


def test_there_is_a_state_for_whatever_can_be() -> None:
    figures = [
        (ordered, cancelled, shipped, allocated, packed)
        for ordered, cancelled, shipped, allocated, packed in itertools.product(range(4), repeat=5)
        if cancelled + shipped + allocated <= ordered and packed <= allocated
    ]
    for numbers, flags in itertools.product(figures, itertools.product([False, True], repeat=5)):
        facts = Facts(*numbers, *flags)
        state = derive(facts)
        if state in (State.TO_PACK, State.PARTLY_TO_PACK, State.PACKED):
            assert facts.allocated > 0, facts
            assert facts.may_ship, facts
        if state == State.SHIPPED:
            assert facts.shipped + facts.cancelled == facts.ordered, facts
