"""A warehouse at work for the proof: kits, lots, and whatever else stock has; each thing damaged on purpose elsewhere.

Rows of DAMAGES are (invariant, what is damaged, table that is unguarded first, words of the fault). Names in braces stand in
`names()`.
"""

from inventory import kits
from inventory import ledger as stock
from inventory.models import Lot, Movement
from orders.models import Order, OrderLine
from tests.backoffice import place_damages
from tests.making import make_order, make_product


def open_warehouse() -> None:
    """A kit sold: one shipped, one returned in part, one reserved; milk in two lots, some packed; phones that left, one back."""
    from backoffice import journey, returning

    burner, wick = make_product("BURNER", 4), make_product("WICK", 9)
    kits.set_components(make_product("SET", stocked=False), {burner.pk: 1, wick.pk: 2})
    order = make_order([("SET", 5, "30.00")])
    line = order.lines.get()
    journey.ship([p.pk for p in journey.pack([order.pk], quantities={line.pk: 2})])
    returning.return_to_stock({}, parts={returning.Part(line.pk, burner.pk): 1}, key="kit-part", who="Wim")
    journey.pack([order.pk], quantities={line.pk: 1})
    milk = make_product("MILK", tracking="lot", expires=True)
    lots = [Lot.objects.create(product=milk, code=code) for code in ("L1", "L2")]
    place = stock.default_location().pk
    stock.record(
        [stock.Move(milk.pk, place, 3, Movement.Reason.OPENING, f"milk {lot.code}", lot_id=lot.pk) for lot in lots]
    )
    phone = make_product("PHONE", tracking="serial")
    for code in ("SN-1", "SN-2"):
        serial = Lot.objects.create(product=phone, code=code)
        stock.record([stock.Move(phone.pk, place, 1, Movement.Reason.OPENING, code, lot_id=serial.pk)])
        order = make_order([("PHONE", 1, "300.00")])
        journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    journey.pack([make_order([("MILK", 2, "2.00")]).pk])
    returning.return_to_stock({order.lines.get().pk: 1}, key="phone", who="Wim")
    place_damages.move_something()


def names() -> dict[str, object]:
    kit_line = OrderLine.objects.get(product__sku="SET")
    return {
        "kit_order": Order.objects.get(lines=kit_line).number,
        "kit_line": kit_line.pk,
        "kit": kit_line.product_id,
        **{code.lower(): Lot.objects.get(code=code).pk for code in ("L1", "L2")},
        "serial": Lot.objects.get(code="SN-1").pk,
        "returned": Lot.objects.get(code="SN-2").pk,
    }


DAMAGES: list[tuple[str, str, str, str]] = [
    ("kits are promised whole", "UPDATE orders_allocation SET quantity = quantity + 1 WHERE line_id = {kit_line}", "",
     "Order {kit_order}, line 1 (SET): 2 units are allocated, but 3 of BURNER where 2 are needed."),
    ("pieces of lines", "UPDATE orders_orderline SET pieces = 4 WHERE id = {kit_line}", "",
     "Order {kit_order}, line 1 (SET): one unit takes 4 pieces, its components add up to 3."),
    ("returned parts", "UPDATE orders_linecomponent SET returned = 7 WHERE line_id = {kit_line}", "",
     "Order {kit_order}, line 1 (SET): 7 of BURNER came back of 2 shipped, and 0 kits count as back."),
    ("returned parts", "UPDATE orders_orderline SET returned = 1 WHERE id = {kit_line}", "",
     "0 of WICK came back of 4 shipped, and 1 kits count as back."),
    ("kits are packed whole",
     "UPDATE shipping_shipmentline SET quantity = quantity + 1 WHERE line_id = {kit_line}"
     " AND shipment_id = (SELECT min(id) FROM shipping_shipment)", "",
     "Parcel {kit_order}-1: 3 of BURNER where 2 units of line 1 (SET) need 2."),
    ("contents of kits", "UPDATE inventory_kitcontent SET quantity = 5 WHERE kit_id = {kit} AND quantity = 2", "",
     "Kit SET: 5 of WICK are written, its components come to 2."),
    ("contents of kits", "UPDATE inventory_product SET is_kit = false WHERE id = {kit}", "",
     "SET is said to be no kit, and has 2 components."),
    ("lots", "UPDATE inventory_lotlevel SET units = 2 WHERE lot_id = {l1}", "",
     "Lot L1 of MILK at MAIN: 2 are written, its movements add up to 3."),
    ("lots", "UPDATE inventory_lotlevel SET units = 2 WHERE lot_id = {serial}", "",
     "Serial number SN-1 of PHONE is there 2 times."),
    ("stock by lot", "DELETE FROM inventory_lotlevel WHERE lot_id = {l2}", "",
     "MILK at MAIN: 6 are on hand, its lots add up to 3."),
    ("shipped stock", "UPDATE inventory_movement SET lot_id = {l1} WHERE lot_id = {serial} AND quantity < 0", "",
     "1 × PHONE of lot SN-1 left, the movement says -1 × product"),
    ("packed lots", "UPDATE shipping_shipmentline SET quantity = 4 WHERE lot_id = {l1}", "",
     "Lot L1 of MILK at MAIN: 4 are packed in"),
    ("returned lots", "UPDATE inventory_movement SET quantity = 2 WHERE lot_id = {returned} AND reason = 'return'",
     "inventory_movement", "line 1: 2 of lot SN-2 came back, 1 of it left."),
    *place_damages.DAMAGES,
]  # fmt: skip
