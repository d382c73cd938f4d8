"""Buying in the browser: drafted, sent, changed, received by scanner, sent back; prices only for who may see costs."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice import buying, desk, goods, outward, receiving
from backoffice.receiving import ReceiptItem
from backoffice.sync.models import Delivery
from inventory import purchasing
from inventory.models import (
    GoodsReceipt,
    LandedCost,
    Location,
    Lot,
    Product,
    PurchaseOrder,
    Revaluation,
    SellingUnit,
    StockLevel,
    SupplierProduct,
    SupplierReturn,
)
from tests.buying import make_draft, make_sent, make_supplier, make_warehouse
from tests.making import make_merchant, make_product
from tests.reading import Read
from tests.smtp import MailServer, subject_of
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db
LIST = "admin:inventory_purchaseorder_changelist"


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_warehouse()


def press(client: Client, order: Any, name: str, **fields: Any) -> str:
    kind = order._meta.model_name
    answer = client.post(reverse(f"admin:inventory_{kind}_do", args=[order.pk, name]), {"once": desk.once(), **fields})
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


def receive(client: Client, order: PurchaseOrder, **fields: Any) -> Any:
    return client.post(
        reverse("admin:inventory_purchaseorder_receive", args=[order.pk]), {"once": desk.once(), **fields}
    )


def page(client: Client, order: Any) -> str:
    return client.get(reverse(f"admin:inventory_{order._meta.model_name}_change", args=[order.pk])).content.decode()


def test_an_order_is_drafted_and_sent() -> None:
    client, supplier = logged_in("manager"), make_supplier()
    tent = make_product("TENT")
    SupplierProduct.objects.create(supplier=supplier, product=tent, price=Decimal("41.25"))
    SellingUnit.objects.create(product=tent, name="dozen", quantity=12, sku="TENT-12")

    fields = {"supplier": supplier.pk, "warehouse": make_warehouse().pk, "product": ["TENT-12", ""],
              "units": ["2", ""], "price": ["", ""], "once": desk.once()}  # fmt: skip
    client.post(reverse("admin:inventory_purchaseorder_add"), fields)
    answer = client.post(reverse("admin:inventory_purchaseorder_add"), fields)

    order = PurchaseOrder.objects.get()
    assert answer.url == reverse("admin:inventory_purchaseorder_change", args=[order.pk])  # type: ignore[attr-defined]
    assert [(line.ordered, line.unit_price) for line in order.lines.all()] == [(24, Decimal("41.25"))]
    assert "the supplier knows nothing of it yet" in page(client, order)
    assert "is on its way to Nordlys Textiles, at orders@nordlys.example" in press(client, order, "send")
    assert Delivery.objects.get(topic=buying.TOPIC).object_id == order.pk


def test_a_sent_order_is_changed_confirmed_and_cancelled() -> None:
    client, order = logged_in("manager"), make_sent()
    line = order.lines.get()

    said = press(client, order, "change", **{f"units-{line.pk}": "12", f"price-{line.pk}": "39,50", "product": "",
                                             "units": "", "price": ""})  # fmt: skip
    assert said == "Changed; the supplier gets the new revision by mail."
    assert press(client, order, "change", **{f"units-{line.pk}": "12"}) == "Nothing was changed."
    assert press(client, order, "confirm", whole="2026-12-03", reference="N-9").startswith("Confirmed.")
    assert press(client, order, "confirm").startswith("Say what the supplier confirmed")
    assert press(client, order, "cancel-rest", tell="1") == "12 units will not come any more."

    line.refresh_from_db()
    order.refresh_from_db()
    assert (line.unit_price, line.promised_on, order.state) == (Decimal("39.50"), date(2026, 12, 3), "cancelled")


def test_an_orders_day_that_moves_no_line_says_so() -> None:
    client, order = logged_in("manager"), make_sent(("TENT", 10, "1.00"), ("ROPE", 4, "2.00"))
    tent, rope = order.lines.all()
    days = {f"day-{tent.pk}": "2026-12-03", f"day-{rope.pk}": "2026-12-04"}
    press(client, order, "change", **days)

    said = press(client, order, "change", **days, expected_on="2026-12-10")
    assert "Each line has a day of its own: none moved." in said
    said = press(client, order, "change", **{**days, f"day-{rope.pk}": ""}, expected_on="2026-12-11")
    assert said.endswith("1 line has a day of its own and did not move.")
    assert "of its own" not in press(client, order, "change", **{**days, f"day-{rope.pk}": ""}, note="Ring twice")


def test_a_failed_mail_stands_on_the_orders_page() -> None:
    order = make_draft()
    buying.send(order.pk)
    Delivery.objects.filter(topic=buying.TOPIC).update(state="failed", last_words="550 No such user.")
    assert "The supplier may not have it: 550 No such user." in page(logged_in("manager"), order)


def test_scans_are_counted_and_then_booked() -> None:
    client = logged_in("warehouse")
    tent, rope = make_product("TENT", barcode="0628915123457"), make_product("ROPE")
    make_product("STRANGER")
    SellingUnit.objects.create(product=rope, name="dozen", quantity=12, barcode="10628915123454")
    order = make_sent(("TENT", 2, "40.00"), ("ROPE", 20, "2.00"))
    order.lines.filter(product=tent).update(supplier_sku="N-77")
    order.lines.filter(product=rope).update(supplier_sku="NL-R4")
    SupplierProduct.objects.create(supplier=order.supplier, product=rope, supplier_sku="NL-R4", pack=4)
    first, second = order.lines.all()
    counted = {f"units-{first.pk}": "", f"units-{second.pk}": ""}

    for code, words in (
        ("628915123457", "TENT: 1 of 2 counted."),
        ("n-77", "TENT: 2 of 2 counted."),
        ("TENT", "TENT: 3 counted, 1 more than is still to come."),
        ("10628915123454", "ROPE: 12 of 20 counted."),
        ("NL-R4", "ROPE: 16 of 20 counted."),
        ("STRANGER", "STRANGER (Product STRANGER) is not on this order."),
        ("nobody", "No product has the SKU or barcode"),
    ):
        answer = receive(client, order, scan=code, **counted)
        text = answer.content.decode()
        assert words in text, code
        for line in answer.context["facts"].lines:
            counted[f"units-{line.pk}"] = line.typed
    assert not GoodsReceipt.objects.exists()

    answer = receive(client, order, scan="", by="hand", **counted)

    said = [str(message) for message in get_messages(answer.wsgi_request)][-1]
    assert said == "19 units received. TENT: 1 more came than was ordered. ROPE: 4 are still to come."
    assert {level.product.sku: level.on_hand for level in StockLevel.objects.all()} == {"TENT": 3, "ROPE": 16}


def test_sent_twice_the_form_books_once() -> None:
    client, order = logged_in("warehouse"), make_sent()
    fields = {f"units-{order.lines.get().pk}": "4", "once": "a" * 32}
    receive(client, order, **fields)
    answer = receive(client, order, **fields)
    assert [str(m) for m in get_messages(answer.wsgi_request)][-1] == "This was booked before; nothing is booked twice."
    assert StockLevel.objects.get().on_hand == 4


def test_serial_numbers_are_typed_one_a_line() -> None:
    client = logged_in("warehouse")
    make_product("BIKE", tracking="serial")
    order = make_sent(("BIKE", 2, "400.00"))
    line = order.lines.get()
    wrong = receive(client, order, **{f"units-{line.pk}": "3", f"serials-{line.pk}": "S1\nS2"})
    assert "3 units are counted and 2 serial numbers are said" in wrong.content.decode()
    receive(client, order, **{f"serials-{line.pk}": "S1\n S2 \n"})
    assert sorted(item.lot.code for item in GoodsReceipt.objects.get().lines.select_related("lot") if item.lot) == [
        "S1", "S2"
    ]  # fmt: skip


def test_a_line_may_come_in_several_lots() -> None:
    client = logged_in("warehouse")
    make_product("MILK", tracking="lot", expires=True)
    order = make_sent(("MILK", 10, "2.00"))
    line = order.lines.get()
    for counted, lots, words in (
        ("10", "L-1 × 4, 2027-03-01\nL-2 × 5, 2027-04-01", "10 units are counted, and its lots make 9"),
        ("", "L-1 × 4, 2027-03-01\nL-1 x 6, 2027-03-01", "lot L-1 stands there twice"),
        ("", "L-1 × 4, soon", "is no day"),
        ("", "L-1 × 4, 2027-03-01\nL-2, 2027-04-01", "say how many of lot L-2 came"),
        ("", "L-1 × 4", "expires: say on which day"),
        ("", "× 4, 1, 2", "is not clear"),
    ):
        answer = receive(client, order, **{f"units-{line.pk}": counted, f"lots-{line.pk}": lots})
        assert words in answer.content.decode(), words
    assert lots in answer.content.decode()
    assert not GoodsReceipt.objects.exists()

    receive(client, order, **{f"lots-{line.pk}": "L-1 × 4, 2027-03-01\n0017\t6\t2027-04-01\n"})
    found = Lot.objects.order_by("expires_on").values_list("code", "expires_on", "levels__units")
    assert list(found) == [("L-1", date(2027, 3, 1), 4), ("0017", date(2027, 4, 1), 6)]


def test_freight_with_the_delivery_and_later() -> None:
    client, order = logged_in("manager"), make_sent()
    receive(client, order, **{f"units-{order.lines.get().pk}": "4", "kind": "freight", "amount": "8,00",
                              "spread": "value"})  # fmt: skip
    assert Product.objects.get().average_cost == Decimal("42")

    said = press(client, order, "bill", receipt=GoodsReceipt.objects.get().pk, kind="duty", amount="4.00",
                 spread="quantity")  # fmt: skip

    assert said.startswith("Booked: what is still here")
    assert (Product.objects.get().average_cost, LandedCost.objects.count()) == (Decimal("43"), 2)
    assert Revaluation.objects.get().amount == Decimal("4")


def test_the_warehouse_receives_without_seeing_a_price() -> None:
    order = make_sent(("TENT", 10, "47.11"))
    warehouse, manager = logged_in("warehouse"), logged_in("manager")
    receiving.receive(order.pk, [ReceiptItem(order.lines.get().pk, 1)], key="x")
    for address in (
        reverse("admin:inventory_purchaseorder_change", args=[order.pk]),
        reverse("admin:inventory_purchaseorder_receive", args=[order.pk]),
        reverse(LIST),
    ):
        assert "47.11" not in warehouse.get(address).content.decode()
    assert "$47.11" in page(manager, order)
    pdf = reverse("admin:inventory_purchaseorder_pdf", args=[order.pk])
    assert warehouse.get(pdf).status_code == 403
    assert "$471.10" in Read(manager.get(pdf).content).text().replace("\u00a0", " ")


def test_late_orders_are_a_list_and_suppliers_are_judged() -> None:
    client = logged_in("manager")
    today = timezone.localdate()
    late, punctual = make_sent(), make_sent(("ROPE", 10, "2.00"))
    line = punctual.lines.get()
    buying.confirm(punctual.pk, whole=today - timedelta(days=4))
    receiving.receive(punctual.pk, [ReceiptItem(line.pk, 5)], key="late")
    type(line).objects.update(expected_on=None, promised_on=None)
    line.refresh_from_db()
    type(line).objects.filter(pk=line.pk).update(promised_on=today - timedelta(days=4))
    PurchaseOrder.objects.filter(pk=late.pk).update(expected_on=today - timedelta(days=2))
    PurchaseOrder.objects.filter(pk=punctual.pk).update(expected_on=today + timedelta(days=5))

    listed = client.get(reverse(LIST), {"late": "yes"}).content.decode()
    shown = client.get(reverse("admin:inventory_purchaseorder_punctuality"))
    file = client.get(reverse("admin:inventory_purchaseorder_punctuality"), {"export": "csv"})

    assert late.number in listed
    assert punctual.number not in listed
    assert "Late by 2 days: 10 units should have been here" in page(client, late)
    (row,) = shown.context["found"]
    assert (row.received, row.share_on_time, row.mean_days_late, row.overdue_units) == (
        5, Decimal("0.0"), Decimal("4.0"), 10
    )  # fmt: skip
    text = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[1] == "NORD,Nordlys Textiles,5,0,0.00,4.00,10,1"


def test_one_day_is_said_everywhere_the_next_on_which_something_comes() -> None:
    client, order = logged_in("manager"), make_sent(("TENT", 10, "1.00"), ("ROPE", 4, "2.00"))
    tent, rope = order.lines.all()
    buying.confirm(order.pk, dates={tent.pk: date(2027, 2, 3)})
    buying.change(order.pk, expected_on=date(2027, 3, 8))
    pdf = reverse("admin:inventory_purchaseorder_pdf", args=[order.pk])

    def said() -> tuple[bool, ...]:
        """Whether list, page and paper name the 3 February, and then the 8 March."""
        texts = [client.get(reverse(LIST)).content.decode(), page(client, order), Read(client.get(pdf).content).text()]
        days = (("3 Feb 2027", "3 February 2027", "February 3, 2027"), ("8 Mar 2027", "8 March 2027", "March 8, 2027"))
        return tuple(day in text for of in days for day, text in zip(of, texts, strict=True))

    assert said() == (True, True, True, False, False, True)
    assert "14 units still to come, the next 10 on" in page(client, order)
    receiving.receive(order.pk, [ReceiptItem(tent.pk, 10)], key="tents")
    assert said() == (False, False, False, True, True, True)
    press(client, order, "change", **{f"day-{rope.pk}": "2027-04-01", "expected_on": "2027-03-08"})
    assert "expected 1 Apr 2027" in page(client, order)
    press(client, order, "change", **{f"day-{rope.pk}": "", "expected_on": "2027-03-08"})
    assert said() == (False, False, False, True, True, True)


def test_goods_go_back_from_quarantine_and_the_supplier_gets_the_slip(mail_server: MailServer) -> None:
    client, order = logged_in("manager"), make_sent(supplier=make_supplier(language="fr"))
    main = make_warehouse()
    quarantine = Location.objects.create(code="Q", name="Quarantine", kind="quarantine", warehouse=main, sellable=False)
    receiving.receive(order.pk, [ReceiptItem(order.lines.get().pk, 3, quarantine.pk)], key="x")
    goods.receive([goods.Goods(order.lines.get().product_id, 2, location_id=quarantine.pk)], key="others")

    on_its_way = Location.objects.create(code="T", name="On its way", kind="transit", sellable=False)
    offered = client.get(reverse("admin:inventory_supplierreturn_add")).context["locations"]
    assert [place.code for place in offered if place.pk in (quarantine.pk, on_its_way.pk)] == ["Q"]

    fields = {"supplier": order.supplier_id, "order": order.number, "location": quarantine.pk, "reason": "Torn seams",
              "reference": "RMA-5", "product": "TENT", "units": "4", "lot": "", "credit": "38.00",
              "once": desk.once()}  # fmt: skip
    many = client.post(reverse("admin:inventory_supplierreturn_add"), fields).content.decode()
    assert f"4 of TENT cannot go back: 3 came of {order.number}, and 0 of them are on other returns." in many
    wrong = client.post(reverse("admin:inventory_supplierreturn_add"), {**fields, "units": "2", "location": main.pk})
    assert "2 of TENT do not lie there. They lie here: 5 × Main warehouse › Quarantine." in wrong.content.decode()
    for _press in range(2):
        client.post(reverse("admin:inventory_supplierreturn_add"), {**fields, "units": "2"})
    back = SupplierReturn.objects.get()
    assert press(client, back, "mail") == f"The goods of {back.number} have not left yet."
    assert press(client, back, "send").startswith("The goods have left the stock.")
    assert press(client, back, "send").endswith("was sent or cancelled before.")
    assert StockLevel.objects.get(location=quarantine).on_hand == 3
    assert "orders@nordlys.example" in press(client, back, "mail")
    outward.deliver()
    (mail,) = mail_server.mails
    assert (mail["To"], subject_of(mail)) == (
        "Nordlys Textiles <orders@nordlys.example>", f"Retour {back.number} – Boréal Outfitters Inc."
    )  # fmt: skip
    (pdf,) = mail.iter_attachments()
    assert "Torn seams" in Read(pdf.get_content()).text()
    shown = page(client, back)
    assert "Mailed to orders@nordlys.example." in shown
    assert "Mail the slip again" in shown
    slip = Read(client.get(reverse("admin:inventory_supplierreturn_pdf", args=[back.pk])).content)
    assert "Torn seams" in slip.text()
    assert slip.codes() == [back.number]
    assert press(client, back, "credit", amount="70.00", reference="CN-8") == "Credited."
    back.refresh_from_db()
    assert (back.state, back.supplier_reference) == ("credited", "CN-8")
    assert "credited by the supplier" in page(client, back)


def test_lists_and_pages_need_a_constant_number_of_statements() -> None:
    client = logged_in("manager")
    order = make_sent()
    few = statements(client, reverse(LIST))
    for number in range(20):
        make_sent((f"P{number}", 2, "1.00"), ("ROPE", 1, "1.00"))
    assert statements(client, reverse(LIST)) <= few
    one = statements(client, reverse("admin:inventory_purchaseorder_change", args=[order.pk]))
    many = make_sent(*((f"P{n}", 2, "1.00") for n in range(20)))
    lines = list(many.lines.all())
    receiving.receive(many.pk, [ReceiptItem(line.pk, 1) for line in lines], key="many")
    assert statements(client, reverse("admin:inventory_purchaseorder_change", args=[many.pk])) <= one + 3


def test_orders_are_exported_a_row_for_each_line_without_prices_for_the_warehouse() -> None:
    order = make_sent(("TENT", 10, "40.00"), ("ROPE", 5, "2.00"))
    from inventory.resources import PurchaseOrderResource

    whole = PurchaseOrderResource()
    rows = [
        dict(zip(whole.headers(PurchaseOrder.objects), row, strict=True))
        for row in whole.rows(PurchaseOrder.objects.all())
    ]
    assert [(row["number"], row["sku"], row["outstanding"], row["amount"]) for row in rows] == [
        (order.number, "TENT", "10", "400.00"), (order.number, "ROPE", "5", "10.00")
    ]  # fmt: skip
    assert "unit_price" not in PurchaseOrderResource(may=lambda name: False).headers(PurchaseOrder.objects)
    assert purchasing.OPEN
