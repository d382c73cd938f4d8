"""What the worker runs: few, general tasks that carry ids only and are safe to run twice (design: django-q2)."""

from backoffice import daily_lists, dropping, exports, imports, inward, journey, outward, recalling, stocktaking
from backoffice.reordering import gathered
from backoffice.sync import waking
from inventory.reports import abc
from orders import back_in_stock


def work_on_arrivals() -> str:
    """Work on what came in, then tell what follows from it."""
    with waking.awake():
        counts = inward.work_on_arrivals()
        if inward.wake_refunds():
            counts += inward.work_on_arrivals()
        told = outward.deliver()
    return f"arrivals {dict(counts)}, deliveries {dict(told)}"


def call_back() -> str:
    """Each minute: who asked to be told that something is back, and for whom there is stock, is called."""
    with waking.awake():
        called = back_in_stock.call_waiting()
        told = outward.deliver() if called else {}
    return f"{called} called, deliveries {dict(told)}"


def deliver() -> str:
    return f"deliveries {dict(outward.deliver())}"


def poll() -> str:
    """Poll the stores whose turn it is, and work on what came."""
    with waking.awake():
        said = inward.poll_due()
    return f"{said}; {work_on_arrivals()}"


def look_into_drop_folder() -> str:
    """Take in the order files that were dropped into the folder of a file store."""
    with waking.awake():
        said = dropping.look()
    return f"{said}; {work_on_arrivals()}"


def tidy() -> str:
    """Hourly: unpaid orders whose time is over give their stock back; imports that nobody confirmed are let go, and files
    of exports that lay for a day."""
    expired = journey.expire_reservations()
    return f"{expired} reservations expired, {imports.tidy()} imports let go, {exports.tidy()} exports taken away"


def work_on_imports() -> str:
    """Take large imports further, for a minute at most; what is left is taken up again at once."""
    return f"{imports.work()} parts of imports worked on"


def work_on_exports() -> str:
    """Write the large lists that somebody asked for as XLSX."""
    return f"{exports.work()} exports worked on"


def set_lots_aside() -> str:
    """Each minute: what expired at the shop's midnight goes to quarantine. Of each minute, for the zone may change any time,
    and asking is one short statement."""
    return f"{recalling.set_aside()} units set aside"


def make_count_sheets() -> str:
    """Hourly: what the plans want counted by today is put on sheets."""
    return f"{stocktaking.make_due_sheets()} count sheets made"


def work_out_demand() -> str:
    """Once a day, and when the merchant's weeks change: what is sold a week, by which orders are suggested."""
    return f"demand of {gathered.work_out_demand()} products worked out"


def daily() -> str:
    """The day's lists by mail, and its promises: wished for once a day, told by who tells all else."""
    return f"wished for {', '.join(daily_lists.wish_due()) or 'nothing'}"


def rank_products() -> str:
    """Daily: which products the most value was shipped of."""
    return f"{abc.work_out()} products ranked"
