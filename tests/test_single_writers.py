"""Each figure that must agree with something has one writer; whoever else writes it is found here."""

import pytest

from tests.writers import ROOT, Column, writers, writes

ON_HAND = Column("StockLevel", "inventory_stocklevel", "on_hand")
RESERVED = Column("StockLevel", "inventory_stocklevel", "reserved")
PLACES = Column("StockLevel", "inventory_stocklevel", "places", shared=True)
ALLOCATED = Column("OrderLine", "orders_orderline", "allocated")
NEXT_NUMBER = Column("Series", "accounting_series", "next_number")
ORDER_STATE = Column("Order", "orders_order", "state", shared=True)
COUNT_STATE = Column("CountSheet", "inventory_countsheet", "state", shared=True)
EXPECTED = Column("CountLine", "inventory_countline", "expected", shared=True)
DELIVERY_STATE = Column("Delivery", "sync_delivery", "state", shared=True)
MEAN_DEMAND = Column("WeeklyDemand", "inventory_weeklydemand", "mean")
URGENCY = Column("OrderListLine", "inventory_orderlistline", "urgency")
PURCHASE_STATE = Column("PurchaseOrder", "inventory_purchaseorder", "state", shared=True, owner="purchase")
PURCHASE_RECEIVED = Column(
    "PurchaseOrderLine", "inventory_purchaseorderline", "received", shared=True, owner="purchase_line"
)
PURCHASE_CANCELLED = Column(
    "PurchaseOrderLine", "inventory_purchaseorderline", "cancelled", shared=True, owner="purchase_line"
)
RETURN_STATE = Column("SupplierReturn", "inventory_supplierreturn", "state", shared=True, owner="going_back")

ONE_WRITER = [
    (ON_HAND, {"inventory/ledger.py"}),
    (RESERVED, {"inventory/reservations.py"}),
    (PLACES, {"inventory/ledger.py"}),
    (ALLOCATED, {"orders/allocation.py"}),
    # The row as it was drawn is told to the caller; only the statement above it writes.
    (NEXT_NUMBER, {"accounting/numbering.py"}),
    # A new order carries its first state, derived by the same function, into the row that is written once.
    (ORDER_STATE, {"orders/status.py", "orders/intake.py"}),
    (DELIVERY_STATE, {"backoffice/sync/deliveries.py"}),
    (COUNT_STATE, {"inventory/counting.py"}),
    (EXPECTED, {"inventory/counting.py"}),
    (MEAN_DEMAND, {"inventory/demand.py"}),
    (URGENCY, {"backoffice/reordering/gathered.py"}),
    (PURCHASE_STATE, {"inventory/purchasing.py"}),
    (PURCHASE_RECEIVED, {"inventory/purchasing.py"}),
    (PURCHASE_CANCELLED, {"inventory/purchasing.py"}),
    (RETURN_STATE, {"inventory/supplier_returns.py"}),
]


@pytest.mark.parametrize(("column", "rooms"), ONE_WRITER, ids=lambda value: getattr(value, "name", ""))
def test_it_is_written_in_its_own_room_only(column: Column, rooms: set[str]) -> None:
    assert writers(column) == rooms


def test_the_first_state_of_an_order_is_derived_like_all_others() -> None:
    assert writes((ROOT / "orders/intake.py").read_text(), ORDER_STATE) == ["new.order.state = drafts.first_state(new)"]
    drafts = (ROOT / "orders/drafts.py").read_text()
    assert "return status.derive(" in drafts[drafts.index("def first_state") :]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (ON_HAND, "level.on_hand = 5"),
        (ON_HAND, "level.on_hand, level.bin = 5, 'A'"),
        (ON_HAND, "StockLevel.objects.filter(pk=1).update(on_hand=F('on_hand') - 1)"),
        (ON_HAND, "found.update(on_hand=0)"),
        (ON_HAND, "StockLevel.objects.bulk_update(levels, ['bin', 'on_hand'])"),
        (ON_HAND, "level.save(update_fields=['on_hand'])"),
        (ON_HAND, "cursor.execute('UPDATE inventory_stocklevel level SET bin = %s, on_hand = 3 WHERE id = 1')"),
        (ON_HAND, "cursor.execute(f'UPDATE inventory_stocklevel SET on_hand = {n}')"),
        (RESERVED, "level.reserved -= 1"),
        (ALLOCATED, "line.allocated: int = 4"),
        (ALLOCATED, "OrderLine(order=order, allocated=4)"),
        (ALLOCATED, "draft(OrderLine, allocated=4)"),
        (NEXT_NUMBER, "setattr(series, 'next_number', 7)"),
        (ORDER_STATE, "self.order.state = Order.State.SHIPPED"),
        (ORDER_STATE, "Order.objects.filter(pk=1).update(state='shipped')"),
        (ORDER_STATE, "found.update(state=Order.State.SHIPPED)"),
        (DELIVERY_STATE, "delivery.state = 'done'"),
        (PURCHASE_STATE, "purchase.state = 'received'"),
        (PURCHASE_RECEIVED, "PurchaseOrderLine.objects.filter(pk=1).update(received=F('received') + 1)"),
        (
            DELIVERY_STATE,
            "cursor.execute(\"INSERT INTO sync_delivery (id) VALUES (1) ON CONFLICT DO UPDATE SET state = 'done'\")",
        ),
    ],
)
def test_a_stranger_who_writes_is_found(column: Column, text: str) -> None:
    assert writes(text, column)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (ON_HAND, "left = level.on_hand - level.reserved"),
        (ON_HAND, "StockLevel.objects.filter(on_hand=0)"),
        (ON_HAND, "cursor.execute('UPDATE inventory_stocklevel SET bin = %s WHERE on_hand = 0')"),
        (ON_HAND, "cursor.execute('SELECT on_hand FROM inventory_stocklevel FOR UPDATE')"),
        (ORDER_STATE, "shipment.state = Shipment.State.SHIPPED"),
        (ORDER_STATE, "Arrival.objects.update(state='done')"),
        (DELIVERY_STATE, "if delivery.state == 'done': pass"),
    ],
)
def test_reading_is_no_writing(column: Column, text: str) -> None:
    assert not writes(text, column)
