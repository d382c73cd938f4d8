"""Goods come back at the order's page: whole, or a part of a kit or of a dozen (rules: S6, O13)."""

import pytest

from backoffice import desk, journey
from inventory import kits
from inventory.models import Product, SellingUnit, StockLevel
from orders.models import Order
from orders.portal import order_page
from tests.making import make_merchant, make_order, make_product
from tests.orders.test_admin import press, shown
from tests.staff import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()


def sent(*lines: tuple[str, int]) -> Order:
    order = make_order([(sku, units, "10.00") for sku, units in lines])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    return order


def on_hand() -> dict[str, int]:
    return dict(StockLevel.objects.filter(on_hand__gt=0).values_list("product__sku", "on_hand"))


def make_kit(sku: str, **parts: int) -> None:
    kit = make_product(sku, stocked=False)
    kits.set_components(kit, {Product.objects.get(sku=name).pk: units for name, units in parts.items()})


def test_one_part_of_a_kit_comes_back_and_the_page_says_what_is_still_out() -> None:
    lamp = make_product("LAMP", 4)
    peg = make_product("PEG", 20)
    make_kit("PEGS", PEG=10)
    make_kit("CAMP", LAMP=2, PEGS=1)
    order = sent(("CAMP", 2))
    line = order.lines.get()
    client = logged_in("warehouse")
    assert f'name="part-{line.pk}-{lamp.pk}"' in shown(client, order)

    key = desk.once()
    fields = {f"part-{line.pk}-{peg.pk}": "7"}
    assert press(client, order, "take-back", once=key, **fields) == "7 units back in stock."
    assert "booked already" in press(client, order, "take-back", once=key, **fields)

    assert on_hand() == {"PEG": 7}
    assert "Back in part: 7 × PEG. Still out: 4 × LAMP, 13 × PEG." in shown(client, order)
    (told,) = order_page.lines_of(order, "en")
    assert told.figures[-1] == "Returned in part: 7 × Product PEG"
    said = press(client, order, "take-back", once=desk.once(), **{f"part-{line.pk}-{peg.pk}": "14"})
    assert said.startswith("14 of PEG, a part of CAMP, cannot come back: 20 were shipped, 7 of them are back")
    # One whole kit is still there to come back, with what is left of the other.
    fields = {f"units-{line.pk}": "1", f"part-{line.pk}-{lamp.pk}": "2", f"part-{line.pk}-{peg.pk}": "3"}
    press(client, order, "take-back", once=desk.once(), **fields)
    line.refresh_from_db()
    assert (line.returned, on_hand()) == (2, {"LAMP": 4, "PEG": 20})
    assert "Still out" not in shown(client, order)
    assert "take-back" not in shown(client, order)


def test_five_eggs_of_a_dozen_come_back() -> None:
    egg = make_product("EGG", 24)
    SellingUnit.objects.create(product=egg, name="dozen", quantity=12, sku="EGG-12")
    order = sent(("EGG-12", 1))
    line = order.lines.get()

    press(logged_in("warehouse"), order, "take-back", once=desk.once(), **{f"part-{line.pk}-{egg.pk}": "5"})

    assert on_hand() == {"EGG": 17}
    page = shown(logged_in("warehouse"), order)
    assert "Back in part: 5 × EGG. Still out: 7 × EGG." in page
    # A whole dozen cannot come back any more.
    assert f'name="units-{line.pk}"' not in page


def test_a_part_of_another_orders_line_is_refused() -> None:
    egg = make_product("EGG", 24)
    SellingUnit.objects.create(product=egg, name="dozen", quantity=12, sku="EGG-12")
    mine, other = sent(("EGG-12", 1)), sent(("EGG-12", 1))
    fields = {f"part-{other.lines.get().pk}-{egg.pk}": "5"}

    said = press(logged_in("warehouse"), mine, "take-back", once=desk.once(), **fields)

    assert said == "A line of this form belongs to another order. Open the order again."
    assert on_hand() == {}


def test_each_part_of_a_whole_kit_has_a_lot_of_its_own() -> None:
    from tests.stories.test_lots import receive

    a, b = make_product("A", tracking="lot"), make_product("B", tracking="lot")
    for product, code, units in ((a, "A1", 1), (a, "A2", 1), (b, "B1", 2)):
        receive(product, code, units)
    make_kit("K", A=1, B=1)
    order = sent(("K", 2))
    line = order.lines.get()
    client = logged_in("warehouse")
    fields = {"once": desk.once(), f"units-{line.pk}": "1"}
    assert press(client, order, "take-back", **fields).startswith("Say which lot or serial number of A came back")

    press(client, order, "take-back", **fields, **{f"lot-{line.pk}-{a.pk}": "A2"})

    movements = [(m.product.sku, m.lot.code) for m in a.movements.filter(reason="return")]
    assert movements == [("A", "A2")]
    assert on_hand() == {"A": 1, "B": 1}


def test_broken_goods_go_to_quarantine_and_a_date_is_asked_for_what_left_without_its_lot() -> None:
    milk = make_product("MILK", 3)
    order = sent(("MILK", 3))
    line = order.lines.get()
    Product.objects.filter(pk=milk.pk).update(tracking="lot", expires=True)
    client = logged_in("warehouse")
    assert f'name="expires-{line.pk}-{milk.pk}"' in shown(client, order)
    fields = {"once": desk.once(), f"units-{line.pk}": "1", f"lot-{line.pk}-{milk.pk}": "L1", "to": "quarantine"}
    assert press(client, order, "take-back", **fields, place="NOWHERE").startswith("There is no place “NOWHERE” in use")
    assert press(client, order, "take-back", **fields) == "Lot L1 of MILK expires: say on which day."

    said = press(client, order, "take-back", **fields, **{f"expires-{line.pk}-{milk.pk}": "2027-01-31"}, place="main")

    assert said == "1 unit back, into quarantine."
    assert StockLevel.objects.get(on_hand=1).location.code == "MAIN-QUARANTINE"
