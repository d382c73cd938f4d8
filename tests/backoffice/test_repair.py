"""A running figure damaged on purpose is found, named, put right from what proves it, and the repair is on record (case: C18)."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from backoffice import proof, repairing
from inventory.models import Movement, StockRepair
from orders.models import OrderLine
from tests.backoffice import warehouse
from tests.backoffice.test_proof import damaged, unchecked
from tests.making import PLACED, make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    warehouse.open_warehouse()
    make_product("TENT", 5)
    make_order([("TENT", 2, "1.00")])
    assert proof.prove().ok


OF_TENT = "product_id = (SELECT id FROM inventory_product WHERE sku = 'TENT')"


@pytest.mark.parametrize(
    ("statement", "table", "words"),
    [
        (f"UPDATE inventory_stocklevel SET on_hand = 9 WHERE {OF_TENT}", "", "TENT at MAIN: on hand was 9, its movements"),
        (f"UPDATE inventory_stocklevel SET reserved = 4 WHERE {OF_TENT}", "", "TENT at MAIN: 4 were reserved, 2 are allocated"),
        (f"UPDATE inventory_stocklevel SET reserved = 0 WHERE {OF_TENT}", "", "TENT at MAIN: 0 were reserved, 2 are allocated"),
        (
            f"UPDATE inventory_stocklevel SET on_hand = 1, reserved = 1 WHERE {OF_TENT}", "",
            "TENT at MAIN: on hand was 1, its movements add up to 5.",
        ),
        ("UPDATE orders_orderline SET allocated = 1 WHERE sku = 'TENT'", "", "(TENT): 1 were allocated, its allocations"),
        ("UPDATE inventory_lotlevel SET units = 1 WHERE units = 3", "", "Lot L1 of MILK at MAIN: its movements add up to 3."),
        ("DELETE FROM inventory_lotlevel", "", "Lot L2 of MILK at MAIN: its movements add up to 3."),
        ("DELETE FROM inventory_kitcontent", "", "Kit SET: its contents were worked out anew"),
        (
            "UPDATE inventory_product SET average_cost = 99 WHERE sku = 'TENT'", "",
            "TENT: its average cost was 99.0000, its movements make 10.0000.",
        ),
        ("UPDATE orders_order SET state = 'shipped'", "", "was in state shipped, it is to_pack."),
    ],
)  # fmt: skip
def test_the_figure_is_put_right_and_the_repair_is_kept(statement: str, table: str, words: str) -> None:
    if table:
        unchecked(table)
    damaged(statement)
    assert not proof.prove().ok

    said = repairing.repair(by="Wim")

    assert any(words in sentence for sentence in said), said
    assert proof.prove().ok, proof.prove().faults
    assert sorted(StockRepair.objects.values_list("sentence", flat=True)) == sorted(said)
    assert set(StockRepair.objects.values_list("by", flat=True)) == {"Wim"}
    assert repairing.repair(by="Wim") == []


def test_who_waits_though_stock_is_free_is_served_in_turn() -> None:
    make_order([("TENT", 4, "1.00")], placed_at=PLACED + timedelta(minutes=1))
    damaged("DELETE FROM orders_allocation WHERE line_id IN (SELECT id FROM orders_orderline WHERE sku = 'TENT')")
    damaged("UPDATE orders_orderline SET allocated = 0 WHERE sku = 'TENT'")
    damaged(f"UPDATE inventory_stocklevel SET reserved = 0 WHERE {OF_TENT}")
    assert not proof.prove().ok

    said = repairing.repair(by="Wim")

    first, second = OrderLine.objects.filter(sku="TENT").order_by("order__placed_at").select_related("order")
    assert said == [
        f"Order {first.order.number} waited for 2 that were free: they are reserved for it now.",
        f"Order {second.order.number} waited for 3 that were free: they are reserved for it now.",
    ]
    assert proof.prove().ok, proof.prove().faults
    assert repairing.repair(by="Wim") == []


def test_what_only_a_count_can_tell_is_left_and_still_said() -> None:
    damaged("UPDATE inventory_movement SET quantity = 1 WHERE quantity = 5 AND " + OF_TENT)

    assert repairing.repair(by="Wim") == []

    assert OrderLine.objects.get(sku="TENT").allocated == 2
    assert Movement.objects.filter(quantity=1, product__sku="TENT").exists()
    assert any("its movements add up to 1" in fault for fault in proof.prove().faults)


def test_the_command_repairs_and_says_what() -> None:
    damaged(f"UPDATE inventory_stocklevel SET on_hand = 9 WHERE {OF_TENT}")
    out = StringIO()

    call_command("prove", "--repair", stdout=out)

    assert "Repaired: TENT at MAIN: on hand was 9, its movements add up to 5." in out.getvalue()
    assert "Everything agrees." in out.getvalue()
    again = StringIO()
    call_command("prove", "--repair", stdout=again)
    assert "Nothing had to be repaired." in again.getvalue()
