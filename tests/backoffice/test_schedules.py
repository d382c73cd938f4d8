"""What the clock starts: written by code, checked, nothing else in the table."""

import importlib

import pytest
from django_q.models import Schedule

from backoffice import schedules


@pytest.mark.django_db
def test_the_table_is_brought_to_what_the_code_says() -> None:
    Schedule.objects.all().delete()
    Schedule.objects.create(name="poll", func="old.task", args="order-17", schedule_type=Schedule.MINUTES, minutes=9)
    Schedule.objects.create(name="poll", func="old.task", schedule_type=Schedule.MINUTES, minutes=9)
    Schedule.objects.create(name="somebody's", func="os.system", args="order-17", schedule_type=Schedule.HOURLY)
    for _ in range(2):
        schedules.ensure()
        found = {s.name: (s.func, s.args, s.minutes) for s in Schedule.objects.all()}
        assert found == {timed.name: (timed.task, timed.args or None, timed.minutes) for timed in schedules.TIMED}
        assert Schedule.objects.count() == len(schedules.TIMED)


@pytest.mark.parametrize("timed", schedules.TIMED, ids=lambda timed: timed.name)
def test_each_task_is_there(timed: schedules.Timed) -> None:
    module, name = timed.task.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))
