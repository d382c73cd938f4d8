"""A lead time, a holiday or a cut-off hour is said anew: who waits is told anew in the same moment (rule: S10)."""

from typing import Any

import pytest
from django.urls import reverse

from backoffice.sync.models import Delivery
from inventory import ledger, resources
from inventory.models import Location, Product
from orders import promise_keeping, promise_terms
from orders.models import LinePromise, Order
from tests.expected import make_supplier, sells
from tests.inventory.test_resources import imported
from tests.making import make_merchant, make_order, make_product
from tests.staff import filled, logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> Order:
    make_merchant()
    make_product("TENT")
    sells(make_supplier(lead_time_days=5), "TENT")
    order = make_order([("TENT", 2, "10.00")])
    promise_terms.warehouses_changed()
    return order


def told(order: Order) -> Any:
    return LinePromise.objects.get(line__order=order, replaced_at=None).earliest


def save(thing: str, pk: int, **changes: Any) -> None:
    client = logged_in("administrator")
    url = reverse(f"admin:{thing}_change", args=[pk])
    assert client.post(url, filled(client, url, **changes)).status_code == 302


def test_a_suppliers_lead_time_changes_what_is_told_at_once(waiting: Order) -> None:
    before = told(waiting)
    save("inventory_supplier", make_supplier(lead_time_days=5).pk, lead_time_days=25)
    later = told(waiting)
    assert later > before
    result = imported(resources.SupplierResource(), "code,lead_time_days\nMILL,5\n")
    assert not result.has_errors()
    assert told(waiting) == before


def test_the_lead_time_of_what_a_supplier_sells_does_so_too(waiting: Order) -> None:
    before = told(waiting)
    result = imported(resources.SupplierProductResource(), "sku,supplier,lead_time_days\nTENT,MILL,40\n")
    assert not result.has_errors()
    later = told(waiting)
    assert later > before
    save("inventory_product", Product.objects.get(sku="TENT").pk, **{"suppliers-0-lead_time_days": "5"})
    assert told(waiting) == before


def test_when_a_warehouse_works_does_so_too(waiting: Order) -> None:
    before, house = told(waiting), ledger.default_location()
    save("inventory_location", house.pk, handling_days=15)
    later = told(waiting)
    assert later > before
    result = imported(resources.LocationResource(), f"code,handling_days\n{house.code},{house.handling_days}\n")
    assert not result.has_errors()
    assert told(waiting) == before
    Location.objects.filter(pk=house.pk).update(handling_days=15)
    result = imported(resources.LocationResource(), f"code,name\n{house.code},Elsewhere\n")
    assert not result.has_errors()
    assert told(waiting) == before, "a name says nothing about days"


def test_where_very_many_wait_the_worker_tells_them(waiting: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(waiting)
    monkeypatch.setattr(promise_terms, "AT_ONCE", 1)
    save("inventory_supplier", make_supplier(lead_time_days=5).pk, lead_time_days=25)
    assert told(waiting) == before
    [wish] = Delivery.objects.filter(topic=promise_keeping.PRODUCT, state=Delivery.State.WAITING)
    assert wish.object_id == Product.objects.get(sku="TENT").pk
