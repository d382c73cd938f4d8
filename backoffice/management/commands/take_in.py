"""`manage.py take_in woocommerce FILE… [--json]`: a store's own files through the same door as its webhooks."""

import json
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice import inward
from backoffice.lib import money
from backoffice.management.commands.sync import find_connection
from backoffice.sync import waking
from backoffice.sync.connectors import connectors
from backoffice.sync.models import Arrival, Connection
from orders.models import Hold, Order
from orders.records import OrderRecord
from orders.stores.base import Incoming, Store, Unreadable


class Command(BaseCommand):
    help = "Takes in orders from files: one order, a list, or a recorded webhook body."

    def add_arguments(self, parser: ArgumentParser) -> None:
        stores = sorted(name for name, kind in connectors().items() if issubclass(kind, Store))
        parser.add_argument("store", choices=stores)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--connection", help="number or name; else the one connection of that store system")
        parser.add_argument("--json", action="store_true", help="one object a line for each order")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = self._connection(options["store"], options["connection"])
        store = inward.store_of(connection)
        items: list[Incoming] = []
        troubles = []
        for path in options["files"]:
            try:
                items += store.unpack(_content(path), name=path.name)
            except (Unreadable, OSError) as error:
                troubles.append(f"{path.name}: {error}")
        with waking.awake():
            inward.keep(connection, items)
            inward.work_on_arrivals(connection_id=connection.pk)
        self._report(connection, items, as_json=options["json"])
        waking.wake(waking.DELIVER)
        if troubles:
            raise CommandError("\n".join(troubles))

    def _connection(self, system: str, said: str | None) -> Connection:
        if said:
            return find_connection(said)
        found = list(Connection.objects.filter(connector=system))
        if len(found) > 1:
            names = ", ".join(f"{c.pk} ({c.name})" for c in found)
            raise CommandError(f"There are several connections of {system}: {names}. Say which with --connection.")
        if found:
            return found[0]
        return Connection.objects.create(name=f"{connectors()[system].title} files", connector=system)

    def _report(self, connection: Connection, items: list[Incoming], *, as_json: bool) -> None:
        keys = [(item.topic, item.key[:200]) for item in items]
        arrivals = {
            (a.topic, a.key): a for a in Arrival.objects.filter(connection=connection, key__in={key for _, key in keys})
        }
        orders = {
            order.external_id: order
            for order in Order.objects.filter(connection=connection, external_id__in={i.external_id for i in items})
        }
        holds: dict[int, Hold] = {}
        for hold in Hold.objects.filter(order__in=orders.values(), released_at=None).order_by("-id"):
            holds[hold.order_id] = hold
        store = inward.store_of(connection)
        for item, key in zip(items, keys, strict=True):
            order, arrival = orders.get(item.external_id), arrivals.get(key)
            if as_json:
                self.stdout.write(json.dumps(_row(store, item, order, arrival, holds), ensure_ascii=False))
            else:
                self.stdout.write(f"{item.external_id}: {arrival.sentence if arrival else 'not kept'}")


def _row(
    store: Store, item: Incoming, order: Order | None, arrival: Arrival | None, holds: dict[int, Hold]
) -> dict[str, Any]:
    if order is None:
        state = arrival.state if arrival else "unknown"
        return {
            "external_id": item.external_id,
            "total": None,
            "ours": None,
            "state": state,
            "hold": arrival.sentence if arrival and state == Arrival.State.FAILED else None,
        }
    hold = holds.get(order.pk)
    total, by_gift_card = _stores_total(store, item, arrival, order)
    return {
        "external_id": order.external_id,
        "total": str(money.rounded(total, order.currency)),
        "ours": str(money.rounded(order.computed_total - by_gift_card, order.currency)),
        "state": order.state,
        "hold": hold.sentence if hold else None,
    }


def _stores_total(store: Store, item: Incoming, arrival: Arrival | None, order: Order) -> tuple[Decimal, Decimal]:
    """The total as the store says it in this very file, and what gift cards paid besides: a payment here (case: C26),
    which the store has taken off its total."""
    body = bytes(arrival.body) if arrival else item.body
    try:
        record = store.read(Incoming(item.topic, item.external_id, item.key, body, item.context))
    except Unreadable:
        return order.total, Decimal(0)
    if not isinstance(record, OrderRecord) or record.store_total is None:
        return order.total, Decimal(0)
    return record.store_total, record.total - record.store_total


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > settings.UPLOAD_MAX_BYTES:
        raise Unreadable(
            f"{size} bytes are more than the {settings.UPLOAD_MAX_BYTES} that are read at once. "
            "Divide the file, or raise UPLOAD_MAX_BYTES."
        )
    return path.read_bytes()
