"""All that the clock starts, and why. Written into the worker's schedule table by `ensure()`, and only from here."""

import ast
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django_q.models import Schedule


@dataclass(frozen=True, slots=True)
class Timed:
    name: str
    task: str
    minutes: int
    why: str
    args: str = ""


TIMED = (
    Timed("poll", "backoffice.tasks.poll", 1, "finds what webhooks lost (rule: Y7); each store at its own pace"),
    Timed("deliver", "backoffice.tasks.deliver", 1, "tells what is due again after a pause or a lost wake-up"),
    Timed("drop", "backoffice.tasks.look_into_drop_folder", 1, "takes in order files that were dropped"),
    Timed(
        "daily",
        "backoffice.tasks.daily",
        15,
        "wishes once a day for the morning's lists and for promises to be kept up",
    ),
    Timed("rank", "backoffice.tasks.rank_products", 1440, "ranks products by the value shipped, for the report ABC"),
    Timed("demand", "backoffice.tasks.work_out_demand", 15, "looks once a day how much is sold a week (rule: S9)"),
    Timed("call_back", "backoffice.tasks.call_back", 1, "tells who asked that something is back in stock"),
    Timed("tidy", "backoffice.tasks.tidy", 60, "gives back stock reserved for orders that were not paid in time"),
    Timed("imports", "backoffice.tasks.work_on_imports", 1, "goes on with imports that a restart broke off (rule: U6)"),
    Timed("exports", "backoffice.tasks.work_on_exports", 1, "begins exports anew that a restart broke off (rule: U6)"),
    Timed("lots", "backoffice.tasks.set_lots_aside", 1, "at midnight moves expired lots to quarantine (rule: S11)"),
    Timed("counts", "backoffice.tasks.make_count_sheets", 60, "puts what is due to be counted on sheets (rule: S8)"),
)


def ensure() -> None:
    """Bring the schedule table to TIMED. A schedule with arguments that cannot be read would stop all the others, so
    each is checked, and one that nobody here wrote is taken out."""
    for timed in TIMED:
        if timed.args:
            ast.literal_eval(f"({timed.args},)")
        known = Schedule.objects.filter(name=timed.name).order_by("id")
        first = known.first()
        if first is None:
            Schedule.objects.create(
                name=timed.name,
                func=timed.task,
                args=timed.args or None,
                schedule_type=Schedule.MINUTES,
                minutes=timed.minutes,
                next_run=timezone.now(),
                repeats=-1,
            )
            continue
        known.exclude(pk=first.pk).delete()
        Schedule.objects.filter(pk=first.pk).update(
            func=timed.task, args=timed.args or None, kwargs=None, schedule_type=Schedule.MINUTES,
            minutes=timed.minutes, repeats=-1,
        )  # fmt: skip
    Schedule.objects.exclude(name__in=[timed.name for timed in TIMED]).delete()


def after_migrate(**_: Any) -> None:
    """Every upgrade brings the table to what this version starts by the clock."""
    ensure()
