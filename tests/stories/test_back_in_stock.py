"""“Tell me when it is back”: each is mailed once, in the order of sign-up, not more people than stock allows."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice import goods, outward
from backoffice.goods import Goods
from backoffice.sync.models import Delivery
from inventory import kits
from inventory.models import Location, Product, SellingUnit, ServedStore
from orders import back_in_stock
from orders.models import BackInStockSignup
from tests.api.conftest import sentences
from tests.making import make_connection, make_merchant, make_order, make_product, receive
from tests.smtp import MailServer, subject_of
from tests.staff import logged_in

pytestmark = pytest.mark.django_db
API = "/api/v1/back-in-stock/"


@pytest.fixture(autouse=True)
def _shop() -> None:
    make_merchant(publishes_availability=True)
    cache.clear()


def tent() -> Product:
    return Product.objects.get(sku="TENT")


def sign_up(*names: str, **fields: Any) -> list[BackInStockSignup]:
    made = [back_in_stock.sign_up(tent(), f"{name}@example.ca", **fields) for name in names]
    return [signup for signup in made if signup is not None]


def called() -> list[str]:
    return list(
        BackInStockSignup.objects.filter(called_at__isnull=False).order_by("id").values_list("email", flat=True)
    )


def test_as_many_are_called_as_there_are_units_in_the_order_of_sign_up() -> None:
    make_product("TENT")
    sign_up("ann", "bob", "zoe")
    assert back_in_stock.call_waiting() == 0

    receive("TENT", 2)
    assert back_in_stock.call_waiting() == 2
    assert called() == ["ann@example.ca", "bob@example.ca"]
    # Nobody is called twice, and the third not while the two may still buy.
    assert back_in_stock.call_waiting() == 0
    receive("TENT", 1)
    assert back_in_stock.call_waiting() == 1
    assert called() == ["ann@example.ca", "bob@example.ca", "zoe@example.ca"]


def test_after_two_days_the_next_is_called_for_what_is_left() -> None:
    make_product("TENT", 1)
    sign_up("ann", "bob")
    back_in_stock.call_waiting()

    BackInStockSignup.objects.filter(email="ann@example.ca").update(called_at=timezone.now() - timedelta(hours=49))
    assert back_in_stock.call_waiting() == 1


def test_what_comes_in_for_orders_that_wait_is_no_stock_for_others() -> None:
    make_product("TENT")
    make_order([("TENT", 2, "1.00")])
    sign_up("ann")

    receive("TENT", 2)
    assert back_in_stock.call_waiting() == 0


def test_a_kit_is_back_when_all_of_it_is() -> None:
    lamp, rope = make_product("LAMP", 5), make_product("ROPE")
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, {lamp.pk: 1, rope.pk: 2})
    back_in_stock.sign_up(kit, "ann@example.ca")

    receive("ROPE", 1)
    assert back_in_stock.call_waiting() == 0
    receive("ROPE", 1)
    assert back_in_stock.call_waiting() == 1


def test_a_dozen_is_back_when_there_are_twelve() -> None:
    tents = make_product("TENT")
    SellingUnit.objects.create(product=tents, name="dozen", quantity=12, sku="TENT-12")
    product, unit = back_in_stock.wanted("TENT-12") or (tents, 0)
    for name in ("ann", "bob"):
        back_in_stock.sign_up(product, f"{name}@example.ca", unit=unit)

    receive("TENT", 5)
    assert back_in_stock.call_waiting() == 0
    receive("TENT", 8)
    assert back_in_stock.call_waiting() == 1


def test_what_is_in_a_kit_is_there_once_only() -> None:
    lamp, rope = make_product("LAMP"), make_product("ROPE")
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, {lamp.pk: 1, rope.pk: 1})
    for product in (kit, lamp, rope):
        back_in_stock.sign_up(product, f"{product.sku.lower()}@example.ca")

    receive("LAMP", 1)
    receive("ROPE", 1)
    back_in_stock.call_waiting()
    back_in_stock.call_waiting()
    assert called() == ["kit@example.ca"]


def test_a_stores_customers_are_called_for_what_that_store_can_sell() -> None:
    make_product("TENT", 10)
    store = make_connection(name="East store", safety_buffer=5)
    east = Location.objects.create(code="EAST", name="East", pick_order=200)
    ServedStore.objects.create(connection=store, warehouse=east)
    sign_up("ann", connection=store)

    assert back_in_stock.call_waiting() == 0
    for units, called_then in ((5, 0), (1, 1)):
        goods.receive([Goods(tent().pk, units, Decimal("10.00"), location_id=east.pk)], key=f"east {units}")
        assert back_in_stock.call_waiting() == called_then


def test_who_was_called_and_has_bought_holds_nobody_up() -> None:
    make_product("TENT", 1)
    sign_up("ann", "bob")
    assert back_in_stock.call_waiting() == 1
    make_order([("TENT", 1, "1.00")], email="ann@example.ca", paid=False)
    assert back_in_stock.call_waiting() == 0
    make_order([("TENT", 1, "1.00")], email="ann@example.ca")

    receive("TENT", 1)
    assert back_in_stock.call_waiting() == 1


def test_many_are_called_in_as_many_statements_as_few() -> None:
    make_product("TENT")
    make_connection()
    counts = []
    for round_, people in enumerate((2, 20)):
        sign_up(*(f"p{round_}-{n}" for n in range(people)))
        receive("TENT", people)
        with CaptureQueriesContext(database) as seen:
            assert back_in_stock.call_waiting() == people
        counts.append(len(seen))
    assert counts[1] <= counts[0]


def test_the_mail_says_it_in_the_language_of_the_sign_up_once(settings: Any) -> None:
    make_product("TENT", name="Tent", name_fr="Tente")
    store = make_connection(url="https://shop.example")
    sign_up("zoe", language="fr-CA", connection=store)
    receive("TENT", 1)
    with MailServer() as server:
        server.use(settings)
        back_in_stock.call_waiting()
        outward.deliver()
        back_in_stock.call_waiting()
        outward.deliver()

        (mail,) = server.mails
    assert subject_of(mail) == "Tente est de retour en stock – Boréal Outfitters Inc."
    text = mail.get_body(("plain",)).get_content()
    signup = BackInStockSignup.objects.get()
    assert "Tente est de nouveau en stock." in text
    assert "https://shop.example" in text
    assert f"/back-in-stock/stop/{signup.token}/" in text
    assert signup.mailed_at is not None
    assert Delivery.objects.get(topic="back_in_stock").state == "done"


def test_who_took_the_wish_back_meanwhile_is_not_written_to(settings: Any) -> None:
    make_product("TENT", 1)
    (signup,) = sign_up("ann")
    back_in_stock.call_waiting()
    back_in_stock.stop([signup.pk])
    with MailServer() as server:
        server.use(settings)
        outward.deliver()
        assert server.mails == []


def test_anybody_signs_up_from_a_stores_page_and_learns_nothing_of_others() -> None:
    make_product("TENT")
    client = Client()

    answers = [
        client.post(API, {"sku": "TENT", "email": email, "language": "fr"}, content_type="application/json")
        for email in ("Ann@Example.ca", " ann@example.ca ")
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0]["Access-Control-Allow-Origin"] == "*"
    assert BackInStockSignup.objects.get().language == "fr"
    robot = {"sku": "TENT", "email": "robot@example.ca", "website": "http://x"}
    assert client.post(API, robot, content_type="application/json").status_code == 201
    assert BackInStockSignup.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"sku": "TENT", "email": "nobody"}, "email", "“nobody” is no mail address"),
        ({"sku": "TENT", "email": "4111111111111111@example.ca"}, "email", "cannot be a mail address"),
        ({"sku": "NONE", "email": "ann@example.ca"}, "sku", "Nothing of the SKU NONE is sold here"),
        ({"sku": "TENT", "email": "ann@example.ca", "connection": "x"}, "connection", "There is no connection x"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(fields: dict[str, str], where: str, words: str) -> None:
    make_product("TENT")

    answer = Client().post(API, fields, content_type="application/json")

    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == where
    assert words in error["message"]
    assert not BackInStockSignup.objects.exists()


def test_without_the_merchants_word_nothing_is_open() -> None:
    make_merchant(publishes_availability=False)
    make_product("TENT")
    client = Client()

    assert client.post(API, {"sku": "TENT", "email": "a@b.ca"}, content_type="application/json").status_code == 401
    assert client.get("/back-in-stock/TENT/").status_code == 403
    assert client.get("/availability/demo/").status_code == 403


def test_the_form_of_a_store_that_only_links() -> None:
    make_product("TENT", name="Tent", name_fr="Tente")
    client = Client()

    assert "Tente" in client.get("/back-in-stock/TENT/?lang=fr").content.decode()
    wrong = client.post("/back-in-stock/TENT/", {"email": "nobody"})
    assert (wrong.status_code, "is no mail address" in wrong.content.decode()) == (400, True)
    done = client.post("/back-in-stock/TENT/?lang=fr", {"email": "zoe@example.ca"})
    assert "Merci." in done.content.decode()
    assert BackInStockSignup.objects.get().language == "fr"
    gone = client.get("/back-in-stock/NONE/")
    assert gone.status_code == 404
    for words in ("Boréal Outfitters Inc.", "There is no page at this address", "Il n’y a pas de page à cette adresse"):
        assert words in gone.content.decode()
    assert "Back to today" not in gone.content.decode()
    assert "Back to today" in logged_in("clerk").get("/back-in-stock/NONE/").content.decode()


def test_what_is_in_stock_is_ordered_and_asks_for_no_address() -> None:
    make_product("TENT", 2)
    client = Client()

    for page in (client.get("/back-in-stock/TENT/"), client.post("/back-in-stock/TENT/", {"email": "zoe@example.ca"})):
        text = page.content.decode()
        assert "It is in stock: you can order it now." in text
        assert 'href="https://boreal.example"' in text
        assert "<form" not in text
    said = client.post(API, {"sku": "TENT", "email": "zoe@example.ca"}, content_type="application/json")
    assert (said.status_code, said.json()["said"]["en"]) == (201, "It is in stock: you can order it now.")
    assert not BackInStockSignup.objects.exists()


def test_without_a_store_the_mail_leads_to_the_merchants_website(settings: Any) -> None:
    make_product("TENT")
    sign_up("zoe")
    receive("TENT", 1)
    with MailServer() as server:
        server.use(settings)
        back_in_stock.call_waiting()
        outward.deliver()
        (mail,) = server.mails
    assert "https://boreal.example" in mail.get_body(("plain",)).get_content()


def test_a_link_followed_by_a_scanner_takes_nothing_back() -> None:
    make_product("TENT")
    (signup,) = sign_up("ann")
    page = f"/back-in-stock/stop/{signup.token}/"
    client = Client()

    assert "You will not be told" in client.get(page).content.decode()
    signup.refresh_from_db()
    assert signup.cancelled_at is None
    client.post(page)
    client.post(page)
    signup.refresh_from_db()
    assert signup.cancelled_at is not None
    assert client.get("/back-in-stock/stop/nothing/").status_code == 404
    # Who has second thoughts signs up again.
    assert len(sign_up("ann")) == 1


def test_the_demo_shows_what_to_copy() -> None:
    make_product("TENT", 1, name="Tent")

    page = Client().get("/availability/demo/").content.decode()

    assert 'data-sku="TENT"' in page
    assert "availability.js" in page


def test_the_page_and_the_api_refuse_in_the_language_of_who_asks() -> None:
    make_product("TENT")
    client = Client()
    page = client.post("/back-in-stock/TENT/?lang=fr", {"email": "nope"}).content.decode()
    assert "n’est pas une adresse de courriel" in page
    spoken = client.get("/back-in-stock/TENT/", headers={"accept-language": "fr-CA,fr;q=0.9,en;q=0.5"}).content.decode()
    assert "Avertissez-moi de son retour" in spoken
    refused = client.post(API, {"sku": "TENT", "email": "nope", "language": "fr"}, content_type="application/json")
    assert "n’est pas une adresse de courriel" in sentences(refused)["email"]


def test_the_list_goes_out_as_a_table() -> None:
    make_product("TENT")
    sign_up("ann", "bob")
    back_in_stock.stop([BackInStockSignup.objects.get(email="bob@example.ca").pk])

    answer: Any = logged_in("clerk").post(
        "/admin/orders/backinstocksignup/export/?state=stopped", {"format": "0", "resource": "0"}
    )

    _head, row = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert row.startswith("TENT,Product TENT,1,bob@example.ca,en,,taken back,20")
