"""Each invariant is damaged on purpose, past the code and the triggers, and must be found and named."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounting.models import Account, Invoice
from backoffice import journey, proof, stocktaking
from backoffice.sync.models import Arrival
from inventory.counting import Figure
from inventory.models import StockLevel
from orders import promises
from orders.models import Order
from tests.backoffice import promise_damages, purchase_damages, warehouse
from tests.environment import ROOT
from tests.making import make_connection, make_merchant, make_order, make_product, make_record, take_in

pytestmark = pytest.mark.django_db

KEPT = ("inventory_movement", "inventory_revaluation", "accounting_entry", "accounting_entryline", "accounting_invoice")


@pytest.fixture
def shop() -> None:
    """An order in part shipped and in part packed, one waiting, one not paid; with invoice, taxes, fees and books."""
    make_merchant()
    make_product("TENT", 5)
    make_product("ROPE", 2)
    taxes = [("GST", "5", "15.00"), ("QST", "9.975", "29.93")]
    order = make_order([("TENT", 3, "100.00")], taxes=taxes, shipping="12.00")
    line = order.lines.get()
    journey.ship([parcel.pk for parcel in journey.pack([order.pk], quantities={line.pk: 2})])
    journey.pack([order.pk])
    waiting = make_order([("ROPE", 3, "20.00")])
    promises.refresh_orders([waiting.pk])
    make_order([("TENT", 1, "100.00")], paid=False)
    record = make_record(lines=[("TENT", 1, "100.00")])
    arrival = Arrival(connection=make_connection(), topic="order", key="first", body=b"{}", state="done")
    arrival.object_type, arrival.object_id = "order", take_in([record])[0].pk
    arrival.save()
    count_something()
    purchase_damages.buy_something()


def count_something() -> None:
    """One sheet booked with a peg missing, one still open."""
    make_product("PEG", 5)
    make_product("CUP", 5)
    home = StockLevel.objects.get(product__sku="PEG").location_id
    for sku, by in (("PEG", 4), ("CUP", None)):
        level = StockLevel.objects.get(product__sku=sku)
        sheet = stocktaking.start(home, lambda level=level: [(level.product_id, home)])[0][0]
        if by is not None:
            stocktaking.enter(sheet.pk, [Figure(sheet.lines.get().pk, by)])
            stocktaking.submit(sheet.pk)


def damaged(statement: str) -> None:
    """Run it with none of the triggers that keep what is posted, issued and booked."""
    with connection.cursor() as cursor:
        # What waits for the end of the transaction would stand in the way of a change of the tables.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in KEPT:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


def unchecked(table: str) -> None:
    """Rows of the table may say what its checks and unique indexes would refuse, and be gone where others need them."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint"
            " WHERE (conrelid = %s::regclass AND contype IN ('c', 'u')) OR (confrelid = %s::regclass AND contype = 'f')",
            [table, table],
        )
        # First the foreign keys: they lean on the unique indexes.
        for owner, name in sorted(cursor.fetchall(), key=lambda row: row[0] == table):
            cursor.execute(f"ALTER TABLE {owner} DROP CONSTRAINT {name}")


def found(name: str) -> list[str]:
    checks = {check.name: check for check in proof.prove(full=True).checks}
    return checks[name].faults


def test_a_shop_at_work_agrees_with_itself(shop: None) -> None:
    warehouse.open_warehouse()
    whole = proof.prove()

    assert whole.faults == []
    assert whole.ok
    for check in whole.checks:
        assert check.rows > 0 or check.name in ("invoice papers",), check.name


DAMAGES: list[tuple[str, str, str, str]] = [
    # (invariant, what is damaged, table that is unguarded first, words of the fault)
    ("stock on hand", "UPDATE inventory_stocklevel SET on_hand = on_hand + 1 WHERE product_id = {tent}", "",
     "TENT at MAIN: on hand is 4, its movements add up to 3."),
    ("stock on hand", "UPDATE inventory_movement SET quantity = 9 WHERE product_id = {tent} AND quantity = 5", "",
     "TENT at MAIN: on hand is 3, its movements add up to 7."),
    ("stock on hand", "DELETE FROM inventory_stocklevel WHERE product_id = {rope}", "inventory_stocklevel",
     "ROPE at MAIN: on hand is missing, its movements add up to 2."),
    ("stock is possible", "UPDATE inventory_stocklevel SET reserved = 9 WHERE product_id = {tent}",
     "inventory_stocklevel", "TENT at MAIN: 3 on hand, 9 reserved."),
    ("stock is possible", "UPDATE inventory_stocklevel SET reserved = -1 WHERE product_id = {tent}",
     "inventory_stocklevel", "TENT at MAIN: 3 on hand, -1 reserved."),
    ("average cost", "UPDATE inventory_product SET average_cost = 99 WHERE id = {tent}", "",
     "TENT: 3 on hand at an average of 99.0000 are worth 297.00, its movements make 30.00."),
    ("average cost", "UPDATE inventory_movement SET unit_cost = 11 WHERE product_id = {tent} AND reason = 'receipt'", "",
     "TENT: 3 on hand at an average of 10.0000 are worth 30.00, its movements make 35.00."),
    ("counts are booked", "UPDATE inventory_countline SET movement_id = NULL WHERE counted = 4", "",
     "line 1: a difference of -1 is booked as 0."),
    ("counts are booked", "UPDATE inventory_countline SET counted = 3 WHERE counted = 4", "",
     "line 1: a difference of -2 is booked as count:sheet-"),
    ("counts are booked", "UPDATE inventory_countsheet SET state = 'open' WHERE state = 'booked'", "",
     "(open), line 1: a difference of -1 is booked as count:sheet-"),
    ("counts are booked", "UPDATE inventory_movement SET key = 'count:sheet-x' WHERE reason = 'count'", "",
     "(booked), line 1: a difference of -1 is booked as count:sheet-x -1."),
    ("counts are booked", "UPDATE inventory_countline SET movement_id = NULL, counted = 5 WHERE counted = 4", "",
     "says it is of a count sheet, and no line of one is booked by it."),
    ("counted on one sheet",
     "INSERT INTO inventory_countline (sheet_id, position, product_id, location_id, unit_cost, scans, reason)"
     " SELECT open.id, 2, line.product_id, line.location_id, 0, '{{}}', ''"
     "   FROM inventory_countsheet open, inventory_countline line WHERE open.state = 'open' AND line.sheet_id <> open.id;"
     " UPDATE inventory_countsheet SET state = 'review'", "", "PEG at MAIN is on the open sheets C"),
    ("reserved stock", "UPDATE inventory_stocklevel SET reserved = 3 WHERE product_id = {tent}", "",
     "TENT at MAIN: 3 are reserved, 2 are allocated to orders."),
    ("reserved stock", "DELETE FROM orders_allocation", "", "ROPE at MAIN: 2 are reserved, 0 are allocated to orders."),
    ("allocated lines", "UPDATE orders_allocation SET quantity = 3 WHERE line_id = {line}", "",
     "Order {order}, line 1 (TENT): 1 are allocated, its allocations add up to 3."),
    ("allocated lines", "DELETE FROM orders_allocation WHERE line_id = {line}", "",
     "Order {order}, line 1 (TENT): 1 are allocated, its allocations add up to 0."),
    ("allocated lines",
     "UPDATE orders_allocation SET level_id = (SELECT id FROM inventory_stocklevel WHERE product_id = {rope})"
     " WHERE line_id = {line}", "",
     "Order {order}, line 1 (TENT): 1 are allocated, its allocations add up to 1, some of them from another product's"
     " stock."),
    ("line quantities", "UPDATE orders_orderline SET cancelled = 1 WHERE id = {line}", "orders_orderline",
     "Order {order}, line 1 (TENT): 3 ordered, but 1 cancelled, 2 shipped, 1 allocated, 0 returned."),
    ("line quantities", "UPDATE orders_orderline SET returned = 3 WHERE id = {line}", "orders_orderline",
     "Order {order}, line 1 (TENT): 3 ordered, but 0 cancelled, 2 shipped, 1 allocated, 3 returned."),
    ("orders that may have stock", "UPDATE orders_order SET cancelled_at = now() WHERE id = {order_id}", "",
     "Order {order}, line 1 (TENT) has 1 allocated, but the order is cancelled."),
    ("orders that may have stock", "UPDATE orders_order SET history = true WHERE id = {order_id}", "",
     "Order {order}, line 1 (TENT) has 1 allocated, but the order is history."),
    ("orders that may have stock", "UPDATE orders_order SET fulfilled_elsewhere = true WHERE id = {order_id}", "",
     "Order {order}, line 1 (TENT) has 1 allocated, but the order is shipped by the store itself."),
    ("waiting lines", "UPDATE inventory_stocklevel SET on_hand = on_hand + 4 WHERE product_id = {rope}", "",
     "(ROPE) waits for 1, though 4 are free."),
    ("waiting lines", "UPDATE inventory_product SET stocked = false WHERE id = {rope}", "",
     "(ROPE) waits for 1, though it needs no stock."),
    ("order states", "UPDATE orders_order SET state = 'shipped' WHERE id = {order_id}", "",
     "Order {order} is in state shipped, it should be in packed."),
    ("order totals", "UPDATE orders_order SET total = total + 1 WHERE id = {order_id}", "",
     "Order {order}: the store's total is 357.930 CAD, its parts make 356.930, and there is no hold for it."),
    ("order sums", "UPDATE orders_orderline SET gross = 299 WHERE id = {line}", "",
     "Order {order}: its items are 300.000 CAD, the rows add up to 299.000."),
    ("order sums", "UPDATE orders_orderline SET discount = 1 WHERE id = {line}", "",
     "Order {order}: its discounts are 0.000 CAD, the rows add up to 1.000."),
    ("order sums", "UPDATE orders_ordercharge SET amount = 13 WHERE order_id = {order_id}", "",
     "Order {order}: its shipping charges are 12.000 CAD, the rows add up to 13.000."),
    ("order sums", "UPDATE orders_ordercharge SET kind = 'fee' WHERE order_id = {order_id}", "",
     "Order {order}: its fees are 0.000 CAD, the rows add up to 12.000."),
    ("order sums", "DELETE FROM orders_ordertax WHERE order_id = {order_id} AND code = 'GST'", "",
     "Order {order}: its taxes are 44.930 CAD, the rows add up to 29.930."),
    ("payments", "UPDATE orders_payment SET amount = 300 WHERE order_id = {order_id}", "",
     "Order {order}: paid 356.930 and refunded 0.000 CAD, its payments add up to 300.000 and 0."),
    ("payments", "UPDATE orders_order SET refunded_total = 5 WHERE id = {order_id}", "",
     "Order {order}: paid 356.930 and refunded 5.000 CAD, its payments add up to 356.930 and 0."),
    ("parcels", "DELETE FROM shipping_shipmentline WHERE shipment_id = {parcel}", "", "Parcel {order}-1 is empty."),
    ("parcels", "UPDATE shipping_shipment SET order_id = order_id + 1 WHERE id = {parcel}", "",
     "Parcel {order}-1 holds a line of another order."),
    ("packed units", "UPDATE shipping_shipmentline SET quantity = 2 WHERE shipment_id = {parcel} + 1", "",
     "Order {order}, line 1 (TENT): 2 are packed in {order}-2, 1 are allocated there."),
    ("shipped lines", "UPDATE orders_orderline SET shipped = 1 WHERE id = {line}", "",
     "Order {order}, line 1 (TENT): 1 are shipped, its parcels that left hold 2."),
    ("shipped lines", "UPDATE orders_orderline SET shipped = 0 WHERE id = {line}", "",
     "Order {order}, line 1 (TENT): 0 are shipped, its parcels that left hold 2."),
    ("shipped stock", "UPDATE inventory_movement SET quantity = -3 WHERE reason = 'shipment'", "",
     "Parcel {order}-1: 2 × TENT left, the movement says -3 × product {tent}."),
    ("shipped stock", "DELETE FROM inventory_movement WHERE reason = 'shipment'", "",
     "Parcel {order}-1: 2 × TENT left and no movement says so."),
    ("shipped stock", "UPDATE inventory_movement SET reason = 'shipment' WHERE product_id = {rope}", "",
     "of 2 × ROPE belongs to no parcel that left."),
    ("paid orders are invoiced", "DELETE FROM accounting_invoice WHERE order_id = {order_id}", "",
     "Order {order} is paid and has no invoice."),
    ("paid orders are invoiced", "UPDATE orders_order SET history = true WHERE id = {order_id}", "",
     "Order {order} is history and has an invoice all the same."),
    ("one invoice an order", "UPDATE accounting_invoice SET order_id = {order_id} WHERE number = 2",
     "accounting_invoice", "Order {order} has the invoices INV-000001, INV-000002."),
    ("invoice numbers", "DELETE FROM accounting_invoice WHERE number = 2", "",
     "Number 2 of the series invoice is missing."),
    ("invoice numbers", "UPDATE accounting_series SET next_number = 3", "",
     "Number 3 of the series invoice was never drawn."),
    ("invoice numbers", "UPDATE accounting_invoice SET number = 1", "accounting_invoice",
     "Number 1 of the series invoice is there 3 times."),
    ("invoice documents", "UPDATE accounting_invoice SET total = 1 WHERE order_id = {order_id}", "",
     "Invoice INV-000001: a total of 1.000 CAD, but order {order} has 356.930."),
    ("invoice documents",
     "UPDATE accounting_invoice SET document = jsonb_set(document, '{{total}}', '\"1\"') WHERE order_id = {order_id}",
     "", "Invoice INV-000001: a total of 356.930 CAD, but its document says 1."),
    ("invoice documents",
     "UPDATE accounting_invoice SET document = jsonb_set(document, '{{taxes,0,amount}}', '\"14\"')"
     " WHERE order_id = {order_id}",
     "", "Invoice INV-000001: taxes of 43.93 CAD, but order {order} has 44.930."),
    ("sales are booked", "UPDATE accounting_entry SET key = 'lost' WHERE key = 'sale:{order_id}'", "",
     "Invoice INV-000001 is not booked."),
    ("sales are booked", "DELETE FROM accounting_invoice WHERE order_id = {order_id}", "",
     "Order {order}: a sale is booked and there is no invoice."),
    ("sales are booked", "UPDATE accounting_entryline SET amount = amount - 1 WHERE amount = 356.93", "",
     "Invoice INV-000001 over 356.930 CAD is booked as 355.930 CAD receivable."),
    ("taxes are booked", "UPDATE accounting_entryline SET account_id = {gst} WHERE account_id = {qst}", "",
     "Invoice INV-000001: tax of 15.00 CAD belongs in account 2310, 44.930 are booked there."),
    ("taxes are booked", "UPDATE accounting_entryline SET amount = -29.92 WHERE account_id = {qst}", "",
     "Invoice INV-000001: tax of 29.93 CAD belongs in account 2330, 29.920 are booked there."),
    ("payments are booked", "UPDATE accounting_entry SET payment_id = NULL", "",
     "Order {order}: the payment of 356.930 CAD on 2026-11-02 is not booked."),
    ("payments are booked",
     "UPDATE accounting_entryline SET amount = 300 FROM accounting_entry e WHERE e.id = entry_id AND amount = 356.93"
     " AND e.kind = 'payment'", "",
     "Order {order}: the payment of 356.930 CAD (tax 0.000) is booked as 300.000 (tax 0)."),
    ("entries balance", "UPDATE accounting_entryline SET amount = -29.92 WHERE account_id = {qst}", "",
     "(Sale, order {order}): debits and credits differ by 0.010 CAD."),
    ("entries balance", "DELETE FROM accounting_entryline WHERE account_id = {cogs}", "",
     "(Cost of goods, parcel {order}-1) has 1 lines."),
    ("entries balance", "DELETE FROM accounting_entryline", "", "(Sale, order {order}) has 0 lines."),
    ("trial balance", "UPDATE accounting_entryline SET amount = -29.92 WHERE account_id = {qst}", "",
     "The books in CAD are off by 0.010."),
    ("stock is booked", "UPDATE accounting_entry SET key = 'lost' || id WHERE kind = 'receipt'", "",
     "5 × TENT at 10.0000 each is booked as nothing."),
    ("stock is booked", "UPDATE inventory_movement SET unit_cost = 11 WHERE reason = 'receipt'", "",
     "5 × TENT at 11.0000 each is booked as 50.000."),
    ("cost of goods", "UPDATE accounting_entry SET key = 'lost' WHERE kind = 'cogs'", "",
     "Parcel {order}-1: goods worth 20.0000 left, 0 are booked."),
    ("cost of goods", "UPDATE inventory_movement SET unit_cost = 11 WHERE reason = 'shipment'", "",
     "Parcel {order}-1: goods worth 22.0000 left, 20.000 are booked."),
    ("invoices are on their way", "DELETE FROM sync_delivery WHERE topic = 'invoice_pdf'", "",
     "Invoice INV-000001: nobody was asked to make its PDF."),
    ("invoices are on their way", "DELETE FROM sync_delivery WHERE topic = 'invoice_mail'", "",
     "Invoice INV-000001: nobody was asked to mail it."),
    ("arrivals", "UPDATE sync_arrival SET object_id = NULL", "", "is said to be done and has become no order."),
    ("arrivals", "UPDATE sync_arrival SET object_id = 0", "", "is said to be done and has become no order."),
    ("deliveries", "UPDATE sync_delivery SET known_version = 9 WHERE topic = 'invoice_pdf'", "",
     "version 9 is known, 1 is wanted."),
    ("deliveries", "UPDATE sync_delivery SET state = 'done' WHERE topic = 'invoice_pdf'", "",
     "done): version 0 is known, 1 is wanted."),
    *purchase_damages.DAMAGES,
    *promise_damages.DAMAGES,
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "statement", "table", "words"), DAMAGES, ids=[f"{d[0]}: {d[1][:50]}" for d in DAMAGES]
)
def test_damage_is_found_and_named(shop: None, name: str, statement: str, table: str, words: str) -> None:
    order = Order.objects.filter(shipments__isnull=False).distinct().get()
    names = {
        "order": order.number,
        "order_id": order.pk,
        "line": order.lines.get().pk,
        "parcel": order.shipments.order_by("id")[0].pk,
        "tent": order.lines.get().product_id,
        "rope": _rope(),
        **{key: _account(code) for key, code in (("gst", "2310"), ("qst", "2330"), ("cogs", "5000"))},
    }
    if table:
        unchecked(table)

    damaged(statement.format(**names))

    faults = found(name)
    assert any(words.format(**names) in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("name", "statement", "table", "words"), warehouse.DAMAGES, ids=[f"{d[0]}: {d[1][:50]}" for d in warehouse.DAMAGES]
)
def test_damage_in_the_warehouse_is_found_and_named(name: str, statement: str, table: str, words: str) -> None:
    make_merchant()
    warehouse.open_warehouse()
    assert found(name) == []
    names = warehouse.names()
    if table:
        unchecked(table)

    damaged(statement.format(**names))

    faults = found(name)
    assert any(words.format(**names) in fault for fault in faults), faults


def _rope() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM inventory_product WHERE sku = 'ROPE'")
        return int(cursor.fetchone()[0])


def _account(code: str) -> int:
    return Account.objects.get(code=code).pk


def test_every_invariant_has_its_damage() -> None:
    tested = {name for name, *_ in [*DAMAGES, *warehouse.DAMAGES]} | {"order identity", "invoice papers"}

    assert {invariant.name for invariant in proof.invariants()} == tested


def test_two_rows_for_one_order_of_a_store_are_found(shop: None) -> None:
    unchecked("orders_order")
    first, second = Order.objects.order_by("id")[:2]

    Order.objects.filter(pk=second.pk).update(external_id=first.external_id)

    assert found("order identity") == [
        f"Orders {first.number}, {second.number} are one and the same order {first.external_id} of Boréal."
    ]


def test_a_paper_that_was_changed_is_found(shop: None) -> None:
    from accounting import invoicing

    invoicing.make_pdfs([Invoice.objects.get(number=1).pk])
    assert found("invoice papers") == []

    damaged("UPDATE accounting_invoice SET pdf = pdf || 'x'::bytea WHERE number = 1")
    assert found("invoice papers") == ["The PDF of invoice INV-000001 is not the one that was made."]

    damaged("UPDATE accounting_invoice SET pdf = NULL WHERE number = 1")
    assert found("invoice papers") == ["Invoice INV-000001 has a hash and no PDF."]


def test_faults_are_counted_and_the_first_of_them_named() -> None:
    make_product("TENT")
    for _ in range(25):
        make_order([("TENT", 1, "1.00")])
    Order.objects.update(state="shipped")

    check = next(check for check in proof.prove().checks if check.name == "order states")

    assert (check.rows, check.found, len(check.faults)) == (25, 25, 20)


def test_the_command_says_what_it_checked(shop: None) -> None:
    out = StringIO()

    call_command("prove", stdout=out)

    text = out.getvalue()
    assert "order states: The state of each order is the one that its quantities, holds and payment give." in text
    assert "Everything agrees." in text
    assert "WRONG" not in text


def test_the_command_fails_with_each_fault_named(shop: None) -> None:
    order = Order.objects.order_by("id")[0]
    Order.objects.filter(pk=order.pk).update(state="history")
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("prove", stdout=out)

    assert ended.value.code == 1
    assert f"- Order {order.number} is in state history, it should be in packed." in out.getvalue()
    assert "1 fault." in out.getvalue()


def test_the_command_speaks_json(shop: None) -> None:
    out = StringIO()

    call_command("prove", "--json", stdout=out)

    said = json.loads(out.getvalue())
    assert said["ok"] is True
    states = next(check for check in said["checks"] if check["name"] == "order states")
    assert states["rows"] == 4
    assert (states["ok"], states["found"], states["faults"]) == (True, 0, [])


@pytest.mark.django_db(transaction=True)
def test_everything_is_seen_in_one_moment_and_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def watched(*, full: bool) -> list[proof.Invariant]:
        with connection.cursor() as cursor:
            for setting in ("transaction_isolation", "transaction_read_only"):
                cursor.execute(f"SHOW {setting}")
                seen.append(cursor.fetchone()[0])
        return []

    monkeypatch.setattr(proof, "invariants", watched)
    proof.prove()

    assert seen == ["repeatable read", "on"]
    assert not transaction.get_connection().in_atomic_block


def test_the_command_ends_with_its_status(database_url: str) -> None:
    """As a script sees it: a process of its own, on this test's database, which is empty for it."""
    import os

    ended = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "prove", "--json"],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["ok"] is True
