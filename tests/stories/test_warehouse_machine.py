"""Anything that can happen in a warehouse, in any order, all of it mixed; held against books that a child could keep.

STORIES_EXAMPLES=500 looks further than the few that run each time.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.stories.warehouse_desk import DeskRules
from tests.stories.warehouse_machine import pick
from tests.stories.warehouse_orders import items
from tests.stories.warehouse_parcels import ParcelRules
from tests.stories.warehouse_world import STOCKED, build


class WarehouseMachine(ParcelRules, DeskRules):
    @initialize(
        there=st.lists(st.tuples(st.sampled_from(STOCKED), st.integers(1, 6), pick, pick), min_size=6, max_size=12),
        sold=st.lists(st.tuples(items, st.integers(0, 1), st.integers(0, 3)), min_size=3, max_size=6),
        packed=st.integers(0, 3),
    )
    def open_the_doors(
        self,
        there: list[tuple[str, int, int, int]],
        sold: list[tuple[list[tuple[str, int]], int, int]],
        packed: int,
    ) -> None:
        for sku, count, lot, at in there:
            self.receive(sku, count, lot, at, "10.00")
        for what, store, age in sold:
            self.take_in(what, store, True, age)
        for number in range(packed):
            if self.ready():
                self.pack(number, True, 1)


@pytest.mark.django_db
@pytest.mark.slow
def test_anything_happens_in_the_warehouse_in_any_order() -> None:
    examples = int(os.environ.get("STORIES_EXAMPLES") or 0)
    WarehouseMachine.world = build()
    run_state_machine_as_test(
        WarehouseMachine,
        settings=settings(
            max_examples=examples or 10,
            stateful_step_count=int(os.environ.get("STORIES_STEPS") or 40),
            deadline=None,
            # The same each time where it must not surprise; new ones where somebody asked to look further.
            derandomize=not examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            # A story of forty steps takes minutes to be made shorter; its steps are printed as they were.
            phases=[Phase.generate],
        ),
    )
