"""Stock is dealt out anew by a plan that a person has looked at: orders, stores, timeline and promises in one transaction."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from backoffice import goods
from backoffice.sync import deliveries
from orders import promise_keeping, publishing, release, status, timeline
from orders.release import Plan, Rule


def carry_out(product_ids: Iterable[int], rule: Rule, fingerprint: str, *, who: str) -> Plan:
    """Do the plan that was shown, and say so on each order that gains or loses by it; what it frees goes to who waits.

    ValueError where stock or orders have changed since. Pressed twice, the second time nothing is left to do.
    """
    products = set(product_ids)
    with transaction.atomic():
        done = release.carry_out(products, rule, fingerprint)
        if not done.changes:
            return done
        gained: dict[int, int] = defaultdict(int)
        lost: dict[int, int] = defaultdict(int)
        for line in done.changes:
            (gained if line.gets > line.had else lost)[line.order_id] += abs(line.gets - line.had)
        touched = {*gained, *lost}
        status.refresh(touched)
        timeline.write(
            [
                timeline.entry(pk, "allocated", f"{_units(n)} reserved: {_why(rule)}.", who=who)
                for pk, n in gained.items()
            ]
            + [
                timeline.entry(pk, "unreserved", f"{_units(n)} given to others: {_why(rule)}.", who=who)
                for pk, n in lost.items()
            ]
        )
        publishing.stock_changed(done.parts)
        deliveries.want(promise_keeping.product_wishes(done.parts, touched))
        # Who loses a kit frees the rest of its parts, for lines that the plan does not deal with (rule: S5).
        goods.refill(done.parts - products)
    return done


def _units(count: int) -> str:
    return f"{count} unit" if count == 1 else f"{count} units"


def _why(rule: Rule) -> str:
    return {
        Rule.PRIORITY: "stock was dealt out by priority and age",
        Rule.OLDEST: "stock was dealt out to the oldest orders first",
        Rule.COMPLETE: "stock was dealt out so that whole orders can leave",
    }[rule]
