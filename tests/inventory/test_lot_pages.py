"""The list of lots and the page of one: what they show, to whom, as which files, and what their buttons do."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from backoffice import goods, journey
from inventory import lots
from inventory.models import Lot, LotLevel, Product
from tests.making import make_merchant, make_order, make_product, make_record, take_in
from tests.reading import Read
from tests.staff import logged_in, statements

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LIST = "admin:inventory_lot_changelist"


@pytest.fixture
def lot() -> Lot:
    """Three units came; two went to Ann Côté, one is here."""
    make_merchant()
    product = make_product("MILK", tracking="lot", expires=True)
    come_in(product, "L-77", 3, 5)
    order = make_order([("MILK", 2, "2.00")])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk])])
    return Lot.objects.get()


def come_in(product: Product, code: str, units: int, ahead: int | None = None) -> Lot:
    day = None if ahead is None else TODAY + timedelta(days=ahead)
    found = lots.take_in([lots.Named(product.pk, code, day)])[product.pk, code]
    goods.receive([goods.Goods(product.pk, units, lot_id=found.pk)], key=f"come {code} {units}")
    return found


def page(lot: Lot) -> str:
    return reverse("admin:inventory_lot_change", args=[lot.pk])


def press(role: str, lot: Lot, name: str, **said: str) -> Any:
    return logged_in(role).post(reverse("admin:inventory_lot_do", args=[lot.pk, name]), said, follow=True)


def test_the_page_says_where_it_came_from_where_it_lies_and_who_got_it(lot: Lot) -> None:
    said = logged_in("manager").get(page(lot)).content.decode()

    for words in ("L-77", "receipt of goods", "Main warehouse", "Ann Côté", "ann@example.ca", "1 unit here",
                  "2 units went to customers"):  # fmt: skip
        assert words in said


def test_who_may_not_recall_sees_no_customers(lot: Lot) -> None:
    said = logged_in("warehouse").get(page(lot)).content.decode()

    assert "Ann Côté" not in said
    assert "Main warehouse" in said
    assert (
        logged_in("warehouse").get(reverse("admin:inventory_lot_recall_file", args=[lot.pk, "csv"])).status_code == 403
    )
    assert press("warehouse", lot, "recall", why="Glass").status_code == 403


def test_recalled_and_lifted_with_who_and_why(lot: Lot) -> None:
    said = press("manager", lot, "recall", why="Glass in it").content.decode()
    assert "Lot L-77 is recalled. 1 unit lies in quarantine now." in said
    assert "Recalled: Glass in it" in said
    assert LotLevel.objects.get(units__gt=0).location.code == "MAIN-QUARANTINE"

    assert "was recalled before" in press("manager", lot, "recall", why="Again").content.decode()

    said = press("manager", lot, "lift").content.decode()
    assert "The recall of lot L-77 is lifted" in said
    assert "Recall lifted" in said
    assert "is not recalled" in press("manager", lot, "lift").content.decode()


def test_a_recall_without_a_reason_and_an_unknown_button_do_nothing(lot: Lot) -> None:
    assert "Say why it is recalled." in press("manager", lot, "recall", why=" ").content.decode()
    assert press("manager", lot, "explode").status_code == 404
    lot.refresh_from_db()
    assert lot.recalled_at is None


def test_the_recall_list_is_a_file(lot: Lot) -> None:
    client = logged_in("manager")
    answer: Any = client.get(reverse("admin:inventory_lot_recall_file", args=[lot.pk, "xlsx"]))
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None
    heads, row = list(sheet.values)
    told = dict(zip(heads, row, strict=True))
    assert (told["sku"], told["lot"], told["email"]) == ("MILK", "L-77", "ann@example.ca")
    assert (told["units"], told["returned"], told["still_there"]) == (2, 0, 2)
    assert client.get(reverse("admin:inventory_lot_recall_file", args=[lot.pk, "exe"])).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Recall list", "Who got it", "Units: 2. Orders: 1. Came back: 0.")),
     ("fr", ("Liste de rappel", "Qui l’a reçu", "Réception de marchandises"))],
)  # fmt: skip
def test_the_recall_list_is_a_paper_in_the_merchants_language(lot: Lot, language: str, words: tuple[str, ...]) -> None:
    make_merchant(language=language)
    press("manager", lot, "recall", why="Verre")

    said = Read(logged_in("manager").get(reverse("admin:inventory_lot_recall_list", args=[lot.pk])).content).text()

    for each in (*words, "Ann Côté", "ann@example.ca", "Verre", "L-77"):
        assert each in said


def test_the_list_tells_how_each_stands_and_is_narrowed(lot: Lot) -> None:
    product = Product.objects.get()
    old = come_in(product, "OLD", 4, 3)
    Lot.objects.filter(pk=old.pk).update(expires_on=TODAY - timedelta(days=3))
    come_in(product, "LATER", 4, 40)
    Lot.objects.filter(code="LATER").update(recalled_at=timezone.now())
    client = logged_in("warehouse")

    def found(**asked: str) -> set[str]:
        answer: Any = client.get(reverse(LIST), asked)
        return {one.code for one in answer.context_data["cl"].result_list}

    assert found() == {"L-77", "OLD", "LATER"}
    assert found(state="expired") == {"OLD"}
    assert found(state="recalled") == {"LATER"}
    assert found(state="unfit") == {"OLD", "LATER"}
    assert found(state="good") == {"L-77"}
    assert found(state="gone") == set()
    assert found(within="7") == {"L-77"}
    assert found(within="nonsense") == found()
    assert found(q="l-77") == {"L-77"}
    assert found(q="MILK") == found()


def test_as_many_statements_for_many_lots_and_customers_as_for_few(lot: Lot) -> None:
    client = logged_in("manager")
    few = (statements(client, reverse(LIST)), statements(client, page(lot)))
    product = Product.objects.get()
    for at in range(12):
        come_in(product, f"M-{at}", 2, 9)
    come_in(product, "L-77", 9, 5)
    orders = take_in([make_record(lines=[("MILK", 1, "2.00")]) for _ in range(8)])
    journey.ship([parcel.pk for parcel in journey.pack([order.pk for order in orders])])

    assert (statements(client, reverse(LIST)), statements(client, page(lot))) == few


def test_expiry_days_come_in_by_a_file_with_a_preview(lot: Lot) -> None:
    client = logged_in("manager")
    day = (TODAY + timedelta(days=60)).isoformat()
    rows = f"sku,lot,expires_on\nMILK,L-77,{day}\nMILK,NONE,{day}\nMILK,L-78,\n"

    answer: Any = client.post(
        reverse("admin:inventory_lot_import"),
        {"format": "0", "import_file": SimpleUploadedFile("lots.csv", rows.encode())},
    )

    said = answer.content.decode()
    assert "has no lot “NONE”" in said
    assert f"{(TODAY + timedelta(days=5)).isoformat()} → {day}" in said
    form = answer.context_data["confirm_form"]
    client.post(reverse("admin:inventory_lot_process_import"), form.initial)
    lot.refresh_from_db()
    assert lot.expires_on is not None
    assert lot.expires_on.isoformat() == day


def test_lots_go_out_as_a_file(lot: Lot) -> None:
    answer: Any = logged_in("warehouse").post(reverse("admin:inventory_lot_export"), {"format": "0", "resource": ""})

    said = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert said.splitlines()[0] == "sku,name,lot,expires_on,supplier,units,state,recalled"
    assert said.splitlines()[1] == f"MILK,Product MILK,L-77,{(TODAY + timedelta(days=5)).isoformat()},,1,good,"


def test_the_expiry_day_is_corrected_by_who_keeps_lots(lot: Lot) -> None:
    day = (TODAY + timedelta(days=9)).isoformat()
    assert press("warehouse", lot, "expiry", expires_on=day).status_code == 403
    assert "It expires on" in press("manager", lot, "expiry", expires_on=day).content.decode()
    assert "say on which day" in press("manager", lot, "expiry", expires_on="").content.decode()
    assert "is no day" in press("manager", lot, "expiry", expires_on="soon").content.decode()
    lot.refresh_from_db()
    assert str(lot.expires_on) == day


def test_a_lot_number_in_the_search_box_goes_to_its_page(lot: Lot) -> None:
    client = logged_in("clerk")
    answer: Any = client.get(reverse("admin:search"), {"q": "l-77"})
    assert answer["Location"] == page(lot)

    cream = make_product("CREAM", tracking="lot")
    come_in(cream, "L-77", 1)
    said = client.get(reverse("admin:search"), {"q": "L-77"}).content.decode()
    assert "MILK" in said
    assert "CREAM" in said
