"""The home page: what waits for whom, how the connections do, and what is wrong; each role sees its own part."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection as database
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.heartbeat import NAME as WORKER
from backoffice.sync import health
from backoffice.sync.models import Connection, Heartbeat
from inventory import first_out
from orders import backorders, merchant

MOST = 1000
NAMED = 3
"""Products that a sentence names."""
SILENT_AFTER = timedelta(minutes=3)
"""A worker beats every twenty seconds or so; longer silence means that nothing is being told or taken in."""

# Each count stops at a thousand, by an index: a clerk needs "many", not how many exactly.
COUNTS = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM orders_order WHERE state = ANY(ARRAY['to_pack','partly_to_pack'])
                                   LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM orders_order WHERE state = 'packed' LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM orders_order
                                   WHERE state = ANY(ARRAY['backorder','partly_to_pack','partly_shipped']) LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM orders_hold WHERE released_at IS NULL LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM orders_order WHERE state = 'unpaid' LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM sync_arrival WHERE state = 'failed' LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM sync_delivery WHERE state = ANY(ARRAY['failed','unclear']) LIMIT {MOST}) a),
           (SELECT count(*) FROM (SELECT 1 FROM inventory_countsheet WHERE state = 'review' LIMIT {MOST}) a),
           EXISTS (SELECT 1 FROM orders_order),
           EXISTS (SELECT 1 FROM inventory_product)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    to_pack: int
    to_ship: int
    waiting: int
    held: int
    unpaid: int
    failed_arrivals: int
    failed_deliveries: int
    counts_to_approve: int
    has_orders: bool
    has_products: bool


def counts(request: HttpRequest) -> Counts:
    """What waits, in one statement a page: the home page and the badges of the sidebar share it."""
    known: Counts | None = getattr(request, "_work_counts", None)
    if known is None:
        with database.cursor() as cursor:
            cursor.execute(COUNTS)
            known = Counts(*cursor.fetchone())
        request._work_counts = known  # type: ignore[attr-defined]
    return known


def shown(count: int) -> str:
    """A count as a badge shows it: nothing for none."""
    return f"{MOST - 1}+" if count >= MOST else str(count or "")


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template of the home page is told."""
    may = request.user.has_perm
    found = counts(request)
    return {
        **context,
        "title": _("Today"),
        "tiles": _tiles(may, found),
        "connections": _connections(may),
        "alerts": _alerts(may, found),
        "first_steps": _first_steps(may, found),
    }


def _tiles(may: Any, found: Counts) -> list[dict[str, Any]]:
    orders = reverse("admin:orders_order_changelist")
    tiles = [
        ("orders.view_order", _("To pack"), found.to_pack, f"{orders}?work=to-pack", "info"),
        ("orders.view_order", _("Packed, to be shipped"), found.to_ship, f"{orders}?work=to-ship", "info"),
        ("orders.view_order", _("Waiting for stock"), found.waiting, reverse("admin:orders_order_waiting"), "warn"),
        ("orders.view_hold", _("Needs a person"), found.held, reverse("admin:orders_hold_changelist"), "danger"),
        ("orders.see_amounts", _("Waiting for payment"), found.unpaid, f"{orders}?work=unpaid", "quiet"),
    ]
    if found.counts_to_approve:
        sheets = f"{reverse('admin:inventory_countsheet_changelist')}?state__exact=review"
        tiles.append(("inventory.approve_count", _("Counts to approve"), found.counts_to_approve, sheets, "warn"))
    return [
        {"title": title, "count": shown(count) or "0", "url": url, "tone": tone if count else "none"}
        for permission, title, count, url, tone in tiles
        if may(permission)
    ]


def _connections(may: Any) -> list[health.Health]:
    if not may("sync.view_connection"):
        return []
    return list(health.look(Connection.objects.all()[:50]).values())


def _alerts(may: Any, found: Counts) -> list[dict[str, str]]:
    alerts = []
    beat = Heartbeat.objects.filter(name=WORKER).first()
    if beat is None:
        alerts.append(
            (_("The worker has never run: nothing is told, mailed or taken in. Start it with “make run”."), "")
        )
    elif timezone.now() - beat.at > SILENT_AFTER:
        silence = timesince(beat.at, depth=1)
        words = _("The worker has been silent for %(time)s: nothing is told, mailed or taken in. Look whether it runs.")
        alerts.append((words % {"time": silence}, ""))
    if may("sync.view_arrival") and found.failed_arrivals:
        url = reverse("admin:sync_arrival_changelist") + "?state__exact=failed"
        words = ngettext(
            "%(count)s thing that came in needs a person.",
            "%(count)s things that came in need a person.",
            found.failed_arrivals,
        ) % {"count": shown(found.failed_arrivals)}
        alerts.append((words, url))
    if may("sync.view_delivery") and found.failed_deliveries:
        url = reverse("admin:sync_delivery_changelist")
        words = ngettext(
            "%(count)s thing could not be told or mailed.",
            "%(count)s things could not be told or mailed.",
            found.failed_deliveries,
        ) % {"count": shown(found.failed_deliveries)}
        alerts.append((words, url))
    if may("inventory.view_lot") and (unfit := _lots_to_set_aside()):
        url = reverse("admin:inventory_lot_changelist") + "?state=unfit"
        words = ngettext(
            "%(count)s lot is expired or recalled and lies where it is sold from: move it to quarantine.",
            "%(count)s lots are expired or recalled and lie where they are sold from: move them to quarantine.",
            unfit,
        ) % {"count": shown(unfit)}
        alerts.append((words, url))
    if may("orders.view_order") and (archived := backorders.never_coming(NAMED + 1)):
        url = f"{reverse('admin:orders_order_waiting')}?{urlencode({'by': 'product', 'q': archived[0]})}"
        words = _(
            "Orders wait for %(skus)s, which is archived and not ordered any more: tell the customers and cancel it, or take it "
            "out of the archive."
        )
        named = ", ".join(archived[:NAMED]) + ("…" if len(archived) > NAMED else "")
        alerts.append((words % {"skus": named}, url))
    return [{"sentence": sentence, "url": url} for sentence, url in alerts]


def _lots_to_set_aside() -> int:
    """What the task of each minute did not set aside; a thousand at most."""
    today = merchant.local_day(timezone.now(), merchant.current())
    return len(set(first_out.unfit(today).values_list("lot", flat=True)[:MOST]))


def _first_steps(may: Any, found: Counts) -> list[dict[str, str]]:
    """What a new shop does first; nothing once orders have come."""
    if found.has_orders:
        return []
    steps = [
        ("orders.change_merchant", _("Say who sells: name, address and time zone"), "admin:orders_merchant_changelist"),
        (
            "accounting.add_taxregistration",
            _("Enter the tax registration numbers"),
            "admin:accounting_taxregistration_changelist",
        ),
        ("sync.add_connection", _("Connect the store"), "admin:sync_connection_add"),
    ]
    if not found.has_products:
        steps.append(("inventory.add_product", _("Or add products by hand"), "admin:inventory_product_add"))
    return [{"words": words, "url": reverse(name)} for permission, words, name in steps if may(permission)]
