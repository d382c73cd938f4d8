"""A purchase, with freight, a part that came late and goods sent back, and what damage to it must be found."""

from decimal import Decimal

from backoffice import buying, landed, receiving, reversing, sending_back
from backoffice.landed import Landed
from backoffice.receiving import ReceiptItem
from inventory import supplier_returns
from inventory.models import LandedCost
from inventory.supplier_returns import Going
from tests.buying import make_draft
from tests.making import make_product

FREIGHT = LandedCost.Kind.FREIGHT


def buy_something() -> None:
    make_product("JAM", tracking="lot")
    order = make_draft(("BOWL", 10, "4.00"), ("JUG", 5, "6.00"), ("JAM", 3, "2.00"))
    buying.send(order.pk)
    bowl = order.lines.get(product__sku="BOWL")
    receipt = receiving.receive(
        order.pk, [ReceiptItem(bowl.pk, 4)], key="bowls", costs=[Landed(FREIGHT, Decimal("3.00"))]
    ).receipt
    landed.bill_later(receipt.pk, Landed(FREIGHT, Decimal("2.00")), key="later")
    wrong = receiving.receive(order.pk, [ReceiptItem(bowl.pk, 3)], key="wrong").receipt.lines.get()
    landed.invoiced(wrong.receipt_id, {wrong.pk: Decimal("4.50")}, key="invoice")
    reversing.reverse(wrong.receipt_id, {wrong.pk: 3}, key="wrong", reason="Counted twice")
    going = supplier_returns.draft(
        supplier_id=order.supplier_id,
        lines=[Going(bowl.product_id, receipt.lines.get().location_id, 1, Decimal("4.00"))],
        reason="Cracked",
        by=None,
    )
    sending_back.send(going.pk)
    jam = order.lines.get(product__sku="JAM")
    came = receiving.receive(order.pk, [ReceiptItem(jam.pk, 3, lot_code="J1")], key="jam").receipt.lines.get()
    sour = supplier_returns.draft(
        supplier_id=order.supplier_id,
        lines=[Going(jam.product_id, came.location_id, 1, lot_id=came.lot_id)],
        reason="Sour",
        by=None,
    )
    sending_back.send(sour.pk)


DAMAGES: list[tuple[str, str, str, str]] = [
    ("purchase lines", "UPDATE inventory_purchaseorderline SET received = 5 WHERE received = 4", "",
     "line 1 (BOWL): 5 are received, its receipts add up to 4."),
    ("purchase lines", "DELETE FROM inventory_receiptreversal; UPDATE inventory_landedcost SET item_id = NULL;"
     " DELETE FROM inventory_goodsreceiptline", "",
     "line 1 (BOWL): 4 are received, its receipts add up to 0."),
    ("receipts are movements", "UPDATE inventory_goodsreceiptline SET quantity = 5", "",
     "5 × BOWL are booked as 4 × "),
    ("receipts are movements", "UPDATE inventory_goodsreceiptline SET movement_id = NULL", "",
     "says it is of a receipt, and no line of one is booked by it."),
    ("receipts are movements", "UPDATE inventory_movement SET lot_id = NULL WHERE reason = 'receipt'", "",
     "3 × JAM of lot J1 are booked as 3 × "),
    ("purchase lines", "UPDATE inventory_goodsreceiptline SET reversed = 2 WHERE reversed = 3", "",
     "line 1 (BOWL): 4 are received, its receipts add up to 5."),
    ("receipts taken back", "UPDATE inventory_receiptreversal SET quantity = 2", "",
     "3 × BOWL are said to be taken back, 2 are."),
    ("receipts taken back", "DELETE FROM inventory_receiptreversal", "", "its receipt says 0."),
    ("landed costs", "UPDATE inventory_landedcost SET kind = 'freight' WHERE kind = 'price'", "",
     "1.50 of freight and duty are noted, 0 are booked."),
    ("purchase order states", "UPDATE inventory_purchaseorder SET state = 'received'", "",
     "is said to be received; its quantities say part_received."),
    ("purchase order states", "UPDATE inventory_purchaseorderline SET cancelled = ordered - received", "",
     "is said to be part_received; its quantities say closed."),
    ("supplier returns", "UPDATE inventory_supplierreturn SET state = 'draft'", "",
     "(draft): 1 × BOWL back to the supplier are booked as -1."),
    ("supplier returns", "UPDATE inventory_supplierreturnline SET movement_id = NULL", "",
     "(sent): 1 × BOWL back to the supplier are booked as 0."),
    ("supplier returns", "UPDATE inventory_supplierreturnline SET lot_id = NULL", "",
     "(sent): 1 × JAM back to the supplier are booked as -1 of lot J1."),
    ("landed costs", "UPDATE inventory_landedcost SET amount = 2.50 WHERE amount = 2", "",
     "5.50 of freight and duty are noted, 5.000 are booked."),
    ("landed costs", "DELETE FROM inventory_landedcost", "", "0 of freight and duty are noted, 3.000 are booked."),
    ("revaluations are booked", "UPDATE accounting_entry SET key = 'lost' || id WHERE key LIKE 'revaluation:%'", "",
     "of 2.0000 is booked as 0."),
    ("revaluations are booked", "UPDATE inventory_revaluation SET key = 'lost' || id", "", "of 0 is booked as 2.000."),
    ("value of stock", "UPDATE inventory_movement SET unit_cost = 11 WHERE reason = 'receipt'", "",
     "Stock is worth"),
    ("value of stock", "UPDATE accounting_entryline SET account_id = {cogs}", "", "by the books."),
]  # fmt: skip
