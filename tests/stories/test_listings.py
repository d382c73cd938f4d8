"""A store's listings kept in step: what it deleted is told nothing any more, and an old word changes nothing."""

import json
from typing import Any

import pytest

from backoffice import inward, outward
from backoffice.sync.models import Arrival, Connection, Delivery
from inventory.models import Listing, Product
from orders.stores.base import Incoming
from tests.making import make_connection, receive
from tests.proving import assert_proven

pytestmark = pytest.mark.django_db


def product(**fields: Any) -> dict[str, Any]:
    return {
        "id": 29,
        "name": "Kettle",
        "sku": "KETTLE",
        "type": "simple",
        "status": "publish",
        "purchasable": True,
        "price": "20.00",
        "manage_stock": True,
        "stock_quantity": 4,
        "date_modified_gmt": "2026-11-02T15:00:00",
        **fields,
    }


def came(store: Connection, topic: str, data: dict[str, Any], context: dict[str, Any] | None = None) -> Arrival:
    body = json.dumps(data).encode()
    kept = inward.keep(store, [Incoming(topic, str(data["id"]), f"{topic}:{hash(body)}", body, context or {})])
    inward.work_on_arrivals(ids=kept)
    return Arrival.objects.get(pk=kept[0])


def test_a_product_deleted_in_the_store_is_told_no_stock_any_more() -> None:
    store = make_connection()
    came(store, "product", product())
    came(store, "product", product(id=30, type="variation", parent_id=29, sku="KETTLE-RED"))
    arrival = came(store, "gone", {"id": 29}, {"topic": "product"})
    assert arrival.state == Arrival.State.DONE
    assert "no longer listed there; it is told no stock any more" in arrival.sentence
    assert "KETTLE" in arrival.sentence
    assert not Listing.objects.filter(manages_stock=True).exists()
    before = Delivery.objects.count()
    receive("KETTLE", 3)
    assert Delivery.objects.count() == before
    outward.deliver(connection_id=store.pk)
    assert not Delivery.objects.filter(state=Delivery.State.FAILED).exists()
    # Restored there, it is listed again.
    came(store, "product", product(date_modified_gmt="2026-11-03T15:00:00"))
    assert Listing.objects.get(external_id="29").manages_stock
    assert_proven()


def test_a_product_that_is_not_known_here_is_said_so() -> None:
    arrival = came(make_connection(), "gone", {"id": 29}, {"topic": "product"})
    assert (arrival.state, "is not known here" in arrival.sentence) == (Arrival.State.IGNORED, True)


def test_an_older_version_of_a_product_changes_nothing() -> None:
    store = make_connection()
    came(store, "product", product(name="Kettle, new"))
    old = came(store, "product", product(name="Kettle, old", price="1.00", date_modified_gmt="2026-11-01T15:00:00"))
    assert old.sentence == "Kept, not applied: Kettle, old is known here in a newer version."
    listing = Listing.objects.get()
    assert (listing.name, listing.price) == ("Kettle, new", 20)
    same = came(store, "product", product(name="Kettle, same second"))
    assert same.state == Arrival.State.DONE
    assert Listing.objects.get().name == "Kettle, same second"


def test_of_two_versions_in_one_batch_the_newer_wins() -> None:
    store = make_connection()
    rows = [product(name="new"), product(name="old", date_modified_gmt="2026-11-01T15:00:00")]
    inward.keep(store, [Incoming("product", "29", r["name"], json.dumps(r).encode()) for r in rows])
    inward.work_on_arrivals()
    assert Listing.objects.get().name == "new"
    assert "Kept, not applied" in Arrival.objects.get(key="old").sentence


def test_figures_that_cannot_be_are_none() -> None:
    arrival = came(make_connection(), "product", product(price="99999999999999", stock_quantity=99999999999))
    assert arrival.state == Arrival.State.DONE
    assert (Listing.objects.get().price, Product.objects.get().sku) == (None, "KETTLE")
