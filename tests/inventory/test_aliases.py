"""A store's SKU or bar code that means our product in a selling unit, or a kit: said on a page, and orders go on."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from backoffice import journey
from backoffice.sync.models import Connection, Delivery
from inventory import catalogue, kits
from inventory.models import Listing, Product, SellingUnit
from orders.models import Order
from orders.records import ListingRecord
from tests.making import make_connection, make_merchant, make_order, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Connection:
    make_merchant()
    return make_connection()


@pytest.fixture
def eggs(store: Connection) -> Product:
    return make_product("EGG", 100)


@pytest.fixture
def dozen(eggs: Product) -> SellingUnit:
    return SellingUnit.objects.create(product=eggs, name="dozen", name_fr="douzaine", quantity=12, sku="EGG-12")


def press(order: Order, role: str = "clerk", **fields: str) -> str:
    answer = logged_in(role).post(reverse("admin:orders_order_do", args=[order.pk, "map-sku"]), fields)
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


def needs(order: Order) -> dict[str, int]:
    line = order.lines.get()
    return {part.product.sku: part.quantity for part in line.components.select_related("product")}


@pytest.mark.parametrize("unit", ["dozen", "Douzaine", "12", "EGG-12", "dozen (12)"])
def test_from_the_held_order_a_sku_is_said_to_be_a_dozen(dozen: SellingUnit, unit: str) -> None:
    order = make_order([("TWELVE", 2, "6.00")])
    other = make_order([("TWELVE", 1, "6.00")])
    assert order.state == "held"

    said = press(order, sku="TWELVE", product="EGG", unit=unit)

    assert said == "TWELVE of Boréal means EGG, dozen (12) from now on; 2 orders went on."
    for each, units in ((order, 2), (other, 1)):
        each.refresh_from_db()
        line = each.lines.get()
        assert (each.state, line.selling_unit, line.pieces, line.allocated) == ("to_pack", dozen, 12, units)
        assert needs(each) == {"EGG": 12}
    later = make_order([("TWELVE", 1, "6.00")])
    assert needs(later) == {"EGG": 12}


def test_the_code_of_the_unit_itself_says_the_unit(dozen: SellingUnit) -> None:
    order = make_order([("TWELVE", 2, "6.00")])

    press(order, sku="TWELVE", product="EGG-12")

    assert Listing.objects.get(sku="TWELVE").selling_unit == dozen


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"product": "EGG", "unit": "gross"}, "EGG has no unit “gross”. Known are: dozen (12)."),
        ({"product": "CUP", "unit": "dozen"}, "CUP has no selling units. Add “dozen” on its page first"),
        ({"product": "OLD"}, "OLD is archived. Take it out of the archive first"),
        ({"product": "NONE"}, "No product has the SKU or barcode “NONE”"),
    ],
)
def test_what_a_sku_cannot_mean_is_said_and_nothing_is_changed(
    dozen: SellingUnit, fields: dict[str, str], words: str
) -> None:
    make_product("CUP")
    make_product("OLD", archived_at=timezone.now())
    order = make_order([("TWELVE", 2, "6.00")])

    assert words in press(order, sku="TWELVE", **fields)

    order.refresh_from_db()
    assert (order.state, Listing.objects.filter(product__isnull=False).count()) == ("held", 0)


def test_an_alias_is_added_on_its_page_and_orders_go_on(store: Connection, dozen: SellingUnit) -> None:
    order = make_order([("0036000291452", 1, "6.00")])
    client, add = logged_in("clerk"), reverse("admin:inventory_listing_add")

    answer = client.post(
        add, {"connection": store.pk, "sku": "0036000291452", "product": dozen.product_id, "unit": "dozen"}, follow=True
    )

    assert "1 order that waited for it went on." in answer.content.decode()
    order.refresh_from_db()
    assert (order.state, needs(order)) == ("to_pack", {"EGG": 12})
    # Said again it is given its new meaning, not a second row.
    client.post(add, {"connection": store.pk, "sku": "0036000291452", "product": dozen.product_id, "unit": ""})
    assert Listing.objects.get().selling_unit is None


def test_an_alias_may_mean_a_kit(store: Connection, eggs: Product) -> None:
    kit, pan = make_product("BREAKFAST", stocked=False), make_product("PAN", 3)
    kits.set_components(kit, {eggs.pk: 2, pan.pk: 1})
    order = make_order([("BRUNCH", 3, "20.00")])

    logged_in("clerk").post(
        reverse("admin:inventory_listing_add"), {"connection": store.pk, "sku": "BRUNCH", "product": kit.pk, "unit": ""}
    )

    order.refresh_from_db()
    assert (order.state, needs(order)) == ("to_pack", {"EGG": 2, "PAN": 1})


def test_what_a_store_lists_is_given_another_meaning_and_the_store_another_figure(
    store: Connection, eggs: Product, dozen: SellingUnit
) -> None:
    listing = Listing.objects.create(
        connection=store, external_id="77", sku="E", name="Eggs", product=make_product("X")
    )
    url = reverse("admin:inventory_listing_change", args=[listing.pk])
    Delivery.objects.all().delete()

    answer: Any = logged_in("clerk").post(url, {"product": eggs.pk, "unit": "dozen", "external_id": "99", "sku": "Z"})

    assert answer.status_code == 302
    listing.refresh_from_db()
    assert (listing.product, listing.selling_unit, listing.external_id, listing.sku) == (eggs, dozen, "77", "E")
    assert Delivery.objects.filter(topic="stock", object_id=listing.pk).count() == 1


def test_who_may_only_look_changes_no_meaning(store: Connection, eggs: Product) -> None:
    listing = Listing.objects.create(connection=store, external_id="77", sku="E", product=eggs)
    url = reverse("admin:inventory_listing_change", args=[listing.pk])
    other = make_product("X")

    assert logged_in("accountant").post(url, {"product": other.pk, "unit": ""}).status_code == 403
    assert logged_in("warehouse").get(url).status_code == 403
    listing.refresh_from_db()
    assert listing.product == eggs


def test_a_unit_of_another_product_is_never_meant(store: Connection, dozen: SellingUnit) -> None:
    cup = make_product("CUP")

    with pytest.raises(ValueError, match="no unit of CUP"):
        catalogue.map_sku(store.pk, "TWELVE", cup, dozen)


def test_two_units_of_one_size_are_told_apart_by_name(eggs: Product, dozen: SellingUnit) -> None:
    SellingUnit.objects.create(product=eggs, name="carton", quantity=12)

    assert catalogue.unit_of(eggs, "dozen") == dozen
    assert catalogue.unit_of(eggs, "") is None
    assert catalogue.unit_of(eggs, "1") is None
    with pytest.raises(ValueError, match="Known are: dozen"):
        catalogue.unit_of(eggs, "12")


def test_an_archived_product_is_not_offered_for_an_alias(store: Connection, eggs: Product) -> None:
    query = {"app_label": "inventory", "model_name": "listing", "field_name": "product", "term": "EGG"}
    client = logged_in("clerk")
    assert [row["text"] for row in client.get(reverse("admin:autocomplete"), query).json()["results"]] == [str(eggs)]

    Product.objects.update(archived_at=timezone.now())

    assert client.get(reverse("admin:autocomplete"), query).json()["results"] == []


def test_what_a_store_lists_by_the_sku_of_a_unit_is_that_unit(store: Connection, dozen: SellingUnit) -> None:
    record = ListingRecord(external_id="7", sku="EGG-12", name="Eggs", manages_stock=True, quantity=5)

    taken = journey.take_over(store, [record])

    listed = Listing.objects.get(external_id="7")
    assert (listed.product, listed.selling_unit) == (dozen.product, dozen)
    assert not taken.opened
    assert not Product.objects.filter(sku="EGG-12").exists()
