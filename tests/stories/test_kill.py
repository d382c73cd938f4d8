"""Killed between any two statements, nothing is lost and nothing is doubled: whoever comes next finishes the work.

The places are drawn by a seed and spread over the whole day's work; STORIES_SEED and STORIES_KILLS look elsewhere.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounting.models import Invoice, Series
from backoffice import goods, inward, journey, outward
from backoffice.sync import deliveries
from backoffice.sync.models import Connection, Delivery
from inventory.models import Product, StockLevel
from orders.models import Order, TimelineEntry
from shipping.models import Shipment
from tests import making, processes
from tests.fake_store import FakeStore
from tests.proving import assert_proven
from tests.smtp import MailServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KILLS = int(os.environ.get("STORIES_KILLS", "20"))
SEED = int(os.environ.get("STORIES_SEED", "0"))
SKU, RARE = "SIR-250", "TIS-BLE"


@pytest.fixture
def letterbox(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        yield server.use(settings)


def came(letterbox: MailServer) -> Counter[str]:
    """How often each mail came, by the name that it bears."""
    return Counter(str(mail["Message-ID"]) for mail in letterbox.mails)


# --- the day's work ------------------------------------------------------------------------------------------------------
def day(store_id: int) -> None:
    """All that worker and people do with three orders. Each step can be done again: that is what is tested."""
    store = Connection.objects.get(pk=store_id)
    inward.poll(store)
    inward.work_on_arrivals()
    outward.deliver()
    _send_off(store)
    goods.receive([goods.Goods(Product.objects.get(sku=SKU).pk, 10)], key=f"delivery note {store.pk}")
    _send_off(store)
    nobody_has_it = Order.objects.filter(connection=store, lines__sku=RARE).values_list("pk", flat=True)
    journey.cancel(list(nobody_has_it), why="we cannot get it", who="Cléo")
    outward.deliver()


def _send_off(store: Connection) -> None:
    ready = Order.objects.filter(connection=store, state__in=["to_pack", "partly_to_pack"]).values_list("pk", flat=True)
    journey.pack(list(ready))
    packed = Shipment.objects.filter(order__connection=store, state=Shipment.State.PACKED).values_list("pk", flat=True)
    journey.ship(list(packed), tracking={pk: journey.Tracking("Canada Post", f"CP{pk}") for pk in packed})
    outward.deliver()


class Executioner:
    """Counts what goes to the database, commits too, and kills the process before number `last`."""

    def __init__(self, last: int = 0) -> None:
        self.last, self.count = last, 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        connection.ensure_connection()
        copy, commit = psycopg.Cursor.copy, connection._commit

        def noted_copy(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return copy(*args, **kwargs)

        def noted_commit() -> None:
            self.step()
            commit()

        def noted(execute: Any, *args: Any) -> Any:
            self.step()
            return execute(*args)

        # The process ends soon: nothing is put back.
        psycopg.Cursor.copy = noted_copy  # type: ignore[method-assign,assignment]
        connection._commit = noted_commit
        connection.execute_wrappers.append(noted)


def watched(store_id: int, last: int = 0) -> int:
    executioner = Executioner(last)
    executioner.watch()
    day(store_id)
    return executioner.count


# --- the shop that it is done for ----------------------------------------------------------------------------------------
class Round:
    """A new shop with three orders, the same each time; what became of them."""

    def __init__(self, front: FakeStore, number: int) -> None:
        self.front = front
        self.store = making.make_connection(front, name=f"Shop {number}")
        inward.poll(self.store)
        inward.work_on_arrivals()
        there = StockLevel.objects.filter(product__sku=SKU).values_list("on_hand", flat=True).first() or 0
        product = Product.objects.get(sku=SKU)
        goods.adjust([goods.Goods(product.pk, 5 - there)], key=f"set for {number}", note="counted")
        rare = StockLevel.objects.filter(product__sku=RARE).values_list("on_hand", "product_id").first()
        if rare and rare[0]:
            goods.adjust([goods.Goods(rare[1], -rare[0])], key=f"none for {number}", note="counted")
        outward.deliver()
        mail = f"buyer{number}@example.test"
        self.numbers = [
            front.place_order([(SKU, 2)], email=mail),
            front.place_order([(SKU, 6)], email=mail),
            front.place_order([(RARE, 1)], email=mail),
        ]

    def outcome(self) -> dict[str, Any]:
        orders = Order.objects.filter(connection=self.store).order_by("external_id")
        # Mails may be unclear, see mails(); what the store shows of our own words depends on when it is polled.
        said = (
            TimelineEntry.objects.filter(order__in=orders)
            .exclude(sentence__contains="mailed")
            .exclude(what="store_state")
        )
        lines = orders.values_list("state", "lines__ordered", "lines__shipped", "lines__allocated", "lines__cancelled")
        return {
            "orders": list(lines),
            "stock": StockLevel.objects.values_list("on_hand", "reserved").get(product__sku=SKU),
            "invoices": Invoice.objects.filter(order__in=orders).count(),
            "timeline": Counter(said.exclude(what="told").values_list("what", flat=True)),
            # What was told once more, for its answer was lost, is said once more: by no other words.
            "told": said.filter(what="told").values("order", "sentence").distinct().count(),
            "store's states": [self.front.orders[number]["status"] for number in self.numbers],
            "store's notes": [len(self.front.notes.get(number, [])) for number in self.numbers],
            "store's stock": next(p["stock_quantity"] for p in self.front.products.values() if p["sku"] == SKU),
        }

    def mails(self) -> tuple[set[int], set[int]]:
        """Deliveries of mails about these orders: (that are known to be sent, of which nobody knows)."""
        invoices = Invoice.objects.filter(order__connection=self.store).values("pk")
        parcels = Shipment.objects.filter(order__connection=self.store).values("pk")
        of_invoices = Delivery.objects.filter(topic=journey.INVOICE_MAIL, object_id__in=invoices)
        found = list(of_invoices | Delivery.objects.filter(topic=journey.SHIPMENT_MAIL, object_id__in=parcels))
        done = {delivery.pk for delivery in found if delivery.state == Delivery.State.DONE}
        unclear = {delivery.pk for delivery in found if delivery.state == Delivery.State.UNCLEAR}
        assert len(found) == len(done) + len(unclear), [(d.topic, d.state, d.last_words) for d in found]
        return done, unclear

    def close(self) -> None:
        Connection.objects.filter(pk=self.store.pk).update(state=Connection.State.OFF)


def test_killed_at_any_statement_nothing_is_lost_and_nothing_is_doubled(letterbox: MailServer) -> None:
    wanted, statements = {}, 0
    # Twice, for the first time makes what a house has once: its doors, its accounts, its series of numbers.
    for rehearsal in (-1, 0):
        letterbox.mails.clear()
        with FakeStore(empty=True) as front:
            shop = Round(front, rehearsal)
            statements = processes.alone(lambda store=shop.store.pk: watched(store))
            wanted = shop.outcome()
            assert [row[0] for row in wanted["orders"]] == ["shipped", "shipped", "cancelled"]
            assert wanted["store's states"] == ["completed", "completed", "cancelled"]
            assert wanted["store's notes"] == [1, 2, 0]
            done, unclear = shop.mails()
            assert (len(done), unclear, len(letterbox.mails)) == (6, set(), 6)
            shop.close()

    chance = random.Random(SEED)
    # One in each stretch of the day, so that no part of it is left out by chance.
    places = [chance.randint(n * statements // KILLS + 1, (n + 1) * statements // KILLS) for n in range(KILLS)]
    for number, place in enumerate(places, start=1):
        letterbox.mails.clear()
        with FakeStore(empty=True) as front:
            shop = Round(front, number)
            where = f"killed before statement {place} of {statements} (seed {SEED})"
            assert processes.killed(lambda store=shop.store.pk, last=place: watched(store, last)), where
            # Whoever comes next: first what the dead one had claimed, then the same work.
            deliveries.free_stale(stale_after=timedelta(0))
            processes.alone(lambda store=shop.store.pk: watched(store))
            assert shop.outcome() == wanted, where
            done, unclear = shop.mails()
            assert len(done) + len(unclear) == 6, where
            assert len(unclear) <= 1, where
            assert set(came(letterbox).values()) == {1}, where
            assert len(done) <= len(letterbox.mails) <= 6, where
            waiting = Delivery.objects.filter(connection__state="active").exclude(state__in=["done", "unclear"])
            assert not waiting, [(where, d.topic, d.state, d.last_words) for d in waiting]
            shop.close()
    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, Series.objects.get().next_number))
    assert_proven()
