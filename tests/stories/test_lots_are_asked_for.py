"""Wherever goods that are followed by lot come or go, the lot is asked for in a sentence (rule: S11)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from backoffice import journey
from inventory.models import LotLevel, Movement, Product
from orders.records import ListingRecord
from tests.making import make_connection, make_merchant, make_product
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
LATER = (timezone.localdate() + timedelta(days=30)).isoformat()


@pytest.fixture
def product() -> Product:
    make_merchant()
    return make_product("MILK", tracking="lot", expires=True)


def left() -> dict[str, int]:
    return dict(LotLevel.objects.filter(units__gt=0).values_list("lot__code", "units"))


def desk(name: str, **said: Any) -> str:
    words = {"product": "MILK", "units": "3", "cost": "", "lot": "", "expires_on": "", "once": "a" * 32, **said}
    answer: Any = logged_in("manager").post(reverse(f"admin:inventory_product_{name}"), words, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_goods_are_received_at_the_desk_with_their_lot(product: Product) -> None:
    assert "say which one stands on the goods" in desk("receive")
    assert "say on which day" in desk("receive", lot="L-1")
    assert "is no day" in desk("receive", lot="L-1", expires_on="soon")
    assert not Movement.objects.exists()
    assert not product.lots.exists()

    assert "3 units received" in desk("receive", lot="L-1", expires_on=LATER)
    assert left() == {"L-1": 3}


def test_a_lot_for_what_is_not_followed_is_refused(product: Product) -> None:
    make_product("TENT")
    assert "is not followed by lot" in desk("receive", product="TENT", lot="L-1")
    assert not Movement.objects.exists()


def test_the_stock_is_corrected_at_the_desk_lot_by_lot(product: Product) -> None:
    desk("receive", lot="L-1", expires_on=LATER)
    less = {"direction": "less", "note": "spilt", "once": "b" * 32, "units": "1"}

    assert "say which one stands on the goods" in desk("correct", **less)
    assert "has no lot “L-2”" in desk("correct", lot="L-2", **less)
    assert "corrected by -1" in desk("correct", lot="l-1", **less)
    assert left() == {"L-1": 2}


def test_where_nothing_is_followed_by_lot_no_page_asks_for_it() -> None:
    make_merchant()
    make_product("TENT")
    client = logged_in("manager")
    for page in ("product_receive", "product_correct", "location_move", "transfer_add", "supplierreturn_add"):
        assert 'name="lot"' not in client.get(reverse(f"admin:inventory_{page}")).content.decode(), page


def test_a_count_by_file_says_where_lots_are_counted(product: Product) -> None:
    desk("receive", lot="L-1", expires_on=LATER)
    answer: Any = logged_in("manager").post(
        reverse("admin:inventory_stocklevel_import"),
        {"format": "0", "import_file": SimpleUploadedFile("count.csv", b"sku,counted\nMILK,2\n")},
        follow=True,
    )
    assert "count it on a count sheet, lot by lot" in answer.content.decode()
    assert left() == {"L-1": 3}


def test_a_stores_figure_of_it_is_not_taken_over_and_its_catalogue_still_is(product: Product) -> None:
    make_product("TENT")
    listed = [
        ListingRecord(external_id=str(at), sku=sku, name=sku, manages_stock=True, quantity=5)
        for at, sku in enumerate(("MILK", "TENT"))
    ]

    taken = journey.take_over(make_connection(), listed)

    assert [movement.product.sku for movement in taken.opened] == ["TENT"]
    assert "receive or count it with its lots" in taken.sentences[0]
    assert left() == {}
