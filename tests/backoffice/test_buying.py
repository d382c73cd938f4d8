"""A purchase order goes to its supplier by mail, in the supplier's language, with its paper; and again when it changes."""

from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from backoffice import buying, outward, receiving
from backoffice.receiving import ReceiptItem
from backoffice.sync.models import Delivery
from inventory import purchasing
from inventory.models import GoodsReceipt, Product, PurchaseOrder, StockLevel, SupplierProduct
from inventory.purchasing import Change, Wanted
from orders import promises
from tests import processes
from tests.buying import make_draft, make_sent, make_supplier, make_warehouse
from tests.making import make_merchant, make_order, make_product
from tests.reading import Read
from tests.smtp import MailServer, subject_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant()
    make_warehouse()


def the_paper(mail: EmailMessage) -> str:
    (pdf,) = mail.iter_attachments()
    return " ".join(Read(pdf.get_content()).text().replace("\u00a0", " ").replace("\u202f", " ").split())


def the_words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def delivery(order: PurchaseOrder) -> Delivery:
    return Delivery.objects.get(topic=buying.TOPIC, object_id=order.pk)


def test_the_supplier_gets_the_order_with_its_own_numbers_packs_and_prices(mail_server: MailServer) -> None:
    supplier = make_supplier(account_number="B-204", payment_terms="30 days", address="8 Mill Lane\nGuelph ON  N1H 1A1")
    tent = make_product("TENT", name="Trail tent", variation="red")
    SupplierProduct.objects.create(
        supplier=supplier, product=tent, supplier_sku="N-77", pack=12, price=Decimal("41.25")
    )
    order = purchasing.draft(
        supplier_id=supplier.pk, warehouse_id=make_warehouse().pk, lines=[Wanted(tent.pk, 60)], by=None
    )
    buying.change(order.pk, expected_on=date(2026, 12, 3))

    buying.send(order.pk)
    outward.deliver()

    (mail,) = mail_server.mails
    paper = the_paper(mail)
    assert (mail["To"], subject_of(mail)) == (
        "Nordlys Textiles <orders@nordlys.example>", f"Purchase order {order.number} – Boréal Outfitters Inc."
    )  # fmt: skip
    for words in (
        "Purchase order", order.number, "N-77", "Our no. TENT", "Trail tent, red", "60", "5 × 12", "$41.25", "$2,475.00",
        "Total before tax (CAD)", "December 3, 2026", "B-204", "30 days", "Guelph", "4820 boulevard Saint-Laurent",
    ):  # fmt: skip
        assert words in paper, words
    assert "Total before tax: $2,475.00" in the_words(mail)
    order.refresh_from_db()
    (pdf,) = mail.iter_attachments()
    assert bytes(order.pdf or b"") == pdf.get_content()
    assert (order.state, delivery(order).state) == ("sent", "done")
    assert Read(bytes(order.pdf or b"")).codes() == [order.number]


def test_a_french_supplier_reads_french(mail_server: MailServer) -> None:
    supplier = make_supplier(language="fr", name="Textiles Québec")
    make_product("TENT", name="Trail tent", name_fr="Tente de randonnée")
    order = make_draft(("TENT", 10, "41.25"), supplier=supplier)

    buying.send(order.pk)
    outward.deliver()

    (mail,) = mail_server.mails
    paper = the_paper(mail)
    assert subject_of(mail) == f"Bon de commande {order.number} – Boréal Outfitters Inc."
    for words in (
        "Bon de commande",
        "Tente de randonnée",
        "LIVRER À",
        "41,25 $",
        "412,50 $",
        "Total avant taxes (CAD)",
    ):
        assert words in paper, words
    assert mail["Content-Language"] == "fr-CA"
    assert "confirmer la commande" in the_words(mail)


def test_a_change_is_a_revision_that_is_mailed_again_and_a_confirmation_is_not(mail_server: MailServer) -> None:
    order = make_draft()
    buying.send(order.pk)
    outward.deliver()
    line = order.lines.get()

    assert buying.change(order.pk, [Change(line.pk, quantity=12)])
    outward.deliver()
    buying.confirm(order.pk, reference="N-9", whole=date(2026, 12, 3))
    assert not buying.change(order.pk, [Change(line.pk, quantity=12)])
    outward.deliver()

    assert [subject_of(mail).partition(" –")[0] for mail in mail_server.mails] == [
        f"Purchase order {order.number}", f"Purchase order {order.number}, revision 1"
    ]  # fmt: skip
    paper = the_paper(mail_server.mails[1])
    assert "REVISION 1" in paper
    assert "$480.00" in paper


def test_a_cancelled_order_is_told_as_such(mail_server: MailServer) -> None:
    order = make_draft()
    buying.send(order.pk)
    assert buying.cancel_rest(order.pk) == 10
    outward.deliver()
    (mail,) = mail_server.mails
    assert subject_of(mail).startswith(f"Purchase order {order.number} is cancelled")
    assert "CANCELLED" in the_paper(mail)
    with pytest.raises(ValueError, match="Nothing is left to cancel"):
        buying.cancel_rest(order.pk)


def test_a_refused_address_is_seen_and_what_was_mailed_before_stays_the_paper(mail_server: MailServer) -> None:
    order = make_draft()
    buying.send(order.pk)
    mail_server.say(rcpt="550 5.1.1 No such user")
    outward.deliver()

    order.refresh_from_db()
    assert (delivery(order).state, order.pdf, order.state) == ("failed", None, "sent")
    assert "550 5.1.1 No such user" in delivery(order).last_words


def test_without_an_address_the_order_is_printed_and_marked_as_sent() -> None:
    order = make_draft(supplier=make_supplier(email=""))
    with pytest.raises(ValueError, match="has no mail address"):
        buying.send(order.pk)

    buying.send(order.pk, by_hand=True)

    order.refresh_from_db()
    assert (order.state, Delivery.objects.filter(topic=buying.TOPIC).count()) == ("sent", 0)
    assert order.number in Read(bytes(order.pdf or b"")).text()


def test_no_price_is_not_free_of_charge() -> None:
    rope = make_product("ROPE")
    order = make_draft(("TENT", 10, "40.00"))
    assert buying.change(order.pk, added=[Wanted(rope.pk, 5)])
    line = order.lines.get(product=rope)
    with pytest.raises(ValueError, match="No price is known for ROPE"):
        buying.send(order.pk)
    buying.change(order.pk, [Change(line.pk, unit_price=Decimal(0))])
    buying.send(order.pk)
    with pytest.raises(ValueError, match="No price is known for PEG"):
        buying.change(order.pk, added=[Wanted(make_product("PEG").pk, 5)])

    # An order from before prices were asked for: the supplier's price of today, or a question.
    order.lines.filter(pk=line.pk).update(unit_price=None)
    with pytest.raises(ValueError, match="Ask the buyer to type it"):
        receiving.receive(order.pk, [ReceiptItem(line.pk, 5)], key="x")
    SupplierProduct.objects.create(supplier=order.supplier, product=rope, price=Decimal("2.50"))
    receiving.receive(order.pk, [ReceiptItem(line.pk, 5)], key="x")
    rope.refresh_from_db()
    assert rope.average_cost == Decimal("2.50")


def test_a_foreign_order_needs_its_rate_before_it_is_sent() -> None:
    order = make_draft(supplier=make_supplier(currency="USD"))
    with pytest.raises(ValueError, match="what one USD is worth in CAD"):
        buying.send(order.pk)
    buying.change(order.pk, rate=Decimal("1.3725"))
    buying.send(order.pk)


def test_lead_times_say_when_it_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying.merchant, "local_day", lambda at, seller: date(2026, 11, 2))
    supplier = make_supplier(lead_time_days=10, holiday_region="CA-ON")
    rope = make_product("ROPE")
    SupplierProduct.objects.create(supplier=supplier, product=rope, lead_time_days=3)
    order = make_draft(("TENT", 10, "40.00"), ("ROPE", 5, "2.00"), supplier=supplier)

    buying.send(order.pk)

    order.refresh_from_db()
    assert order.expected_on == date(2026, 11, 16)
    assert [line.expected_on for line in order.lines.all()] == [None, date(2026, 11, 5)]


def test_a_late_order_moves_the_dates_of_who_waits_for_it() -> None:
    order = make_draft(("TENT", 10, "40.00"))
    waiting = make_order([("TENT", 3, "90.00")]).lines.get()
    buying.change(order.pk, expected_on=date(2027, 1, 11))
    buying.send(order.pk)
    first = promises.for_lines([waiting.pk])[waiting.pk]

    buying.confirm(order.pk, reference="", whole=date(2027, 2, 1))

    (stands,) = waiting.promises.filter(replaced_at=None)
    assert first.earliest is not None
    assert stands.earliest is not None
    assert stands.earliest > first.earliest >= date(2027, 1, 11)


def test_the_buyers_own_day_comes_before_lead_times_and_moves_what_was_confirmed_for_the_whole_order() -> None:
    rope = make_product("ROPE")
    SupplierProduct.objects.create(supplier=make_supplier(), product=rope, lead_time_days=3)
    order = make_draft(("ROPE", 10, "2.00"))
    waiting = make_order([("ROPE", 3, "9.00")]).lines.get()

    def comes(day: date) -> bool:
        promised = waiting.promises.get(replaced_at=None).earliest
        return bool(promised and day <= promised <= day + timedelta(days=5))

    buying.change(order.pk, expected_on=date(2027, 3, 1))
    buying.send(order.pk)
    assert comes(date(2027, 3, 1))
    buying.confirm(order.pk, whole=date(2027, 4, 5))
    assert comes(date(2027, 4, 5))
    buying.change(order.pk, expected_on=date(2027, 6, 7))
    assert comes(date(2027, 6, 7))
    assert order.lines.get().promised_on == date(2027, 4, 5)


def _comes(order_id: int, line_id: int, key: str) -> list[str]:
    return receiving.receive(order_id, [ReceiptItem(line_id, 6)], key=key).too_many


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("a", "b"), ("same", "same")])
def test_two_who_receive_the_same_line_at_once(keys: tuple[str, str]) -> None:
    order = make_sent()
    line = order.lines.get()

    said = processes.together(*[partial(_comes, order.pk, line.pk, key) for key in keys])

    line.refresh_from_db()
    once = keys[0] == keys[1]
    assert line.received == StockLevel.objects.get().on_hand == (6 if once else 12)
    assert GoodsReceipt.objects.count() == len(set(keys))
    assert sorted(said) == ([[], []] if once else [[], ["TENT: 2 more came than were ordered."]])


def test_the_rate_stays_once_goods_came() -> None:
    order: Any = make_sent()
    receiving.receive(order.pk, [ReceiptItem(order.lines.get().pk, 1)], key="x")
    with pytest.raises(ValueError, match="Goods came at the rate"):
        buying.change(order.pk, rate=Decimal("1.4"))
    assert Product.objects.get().average_cost == Decimal("40")
