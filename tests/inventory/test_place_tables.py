"""Places as a table, in and out: each row's change or error is shown before anything is written; transfers are read out."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backoffice import goods
from inventory import ledger, places, transfers
from inventory.models import Location
from tests.making import make_order, make_product
from tests.proving import assert_proven
from tests.staff import logged_in

pytestmark = pytest.mark.django_db

URL = "admin:inventory_location"


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("places.csv", text.encode())
    return client.post(reverse(f"{URL}_import"), {"import_file": file, "format": "0"})


def confirm(client: Client, preview: Any) -> None:
    client.post(reverse(f"{URL}_process_import"), preview.context_data["confirm_form"].initial)


def test_places_come_in_after_a_preview() -> None:
    main = ledger.default_location()
    client = logged_in("manager")

    preview = upload(
        client,
        "code,name,kind,warehouse,sellable,pick_order,cut_off,holiday_region\n"
        "MAIN,Main warehouse,,,,5,15:30,CA-QC\nA-01,Shelf 1,bin,MAIN,,1,,\nHOLD,,quarantine,MAIN,,9,,\nQC,Quebec,,,,20,,\n",
    )
    assert Location.objects.count() == 1
    assert "14:00 → 15:30" in preview.content.decode()
    confirm(client, preview)

    main.refresh_from_db()
    assert (main.pick_order, f"{main.cut_off:%H:%M}", main.holiday_region) == (5, "15:30", "CA-QC")
    found = Location.objects.exclude(pk=main.pk).order_by("code")
    assert list(found.values_list("code", "name", "kind", "warehouse__code", "sellable", "pick_order")) == [
        ("A-01", "Shelf 1", "bin", "MAIN", True, 1),
        ("HOLD", "HOLD", "quarantine", "MAIN", False, 9),
        ("QC", "Quebec", "warehouse", None, True, 20),
    ]


def test_a_warehouse_that_a_file_says_is_never_sold_from_takes_its_bins_and_their_promises_along() -> None:
    quebec = Location.objects.create(code="QC", name="Quebec")
    shelf = Location.objects.create(code="QC-A", name="A", kind="bin", warehouse=quebec)
    tent = make_product("TENT")
    goods.receive([goods.Goods(tent.pk, 5, location_id=shelf.pk)], key="r")
    order = make_order([("TENT", 3, "1.00")])
    client = logged_in("manager")

    confirm(client, upload(client, "code,sellable\nQC,no\n"))

    shelf.refresh_from_db()
    assert (shelf.sellable, order.lines.get().allocated) == (False, 0)
    confirm(client, upload(client, "code,sellable\nQC,yes\n"))
    assert order.lines.get().allocated == 3
    assert_proven()


def test_what_is_wrong_is_named_row_by_row() -> None:
    main = ledger.default_location()
    places.add_bins(main.pk, ["B"], kind=Location.Kind.BIN, first_pick_order=1)

    preview = upload(
        logged_in("manager"),
        "code,kind,warehouse,cut_off,working_days,holiday_region,sellable\n"
        "A-1,bin,NOWHERE,,,,\nÉ-1,bin,MAIN,,,,\nMAIN-B,quarantine,,,,,\nMAIN,,,25:00,,,\nW1,,,,90,,\nW2,,,,,QUEBEC,\n"
        "H,quarantine,MAIN,,,,yes\nW3,shed,,,,,\n",
    ).content.decode()  # fmt: skip

    for sentence in (
        "There is no warehouse “NOWHERE”. Known are: MAIN.",
        "without accents",
        "MAIN-B is a bin in MAIN and stays so.",
        "“25:00” is no time of the day",
        "Write the days worked as digits",
        "The holidays of “QUEBEC” are not known",
        "Quarantine is never sold from",
        "“shed” is none of warehouse, bin, quarantine",
    ):
        assert sentence in preview, sentence
    assert Location.objects.count() == 2


def test_a_place_that_is_sold_from_again_serves_who_waits() -> None:
    tent = make_product("TENT")
    main = ledger.default_location()
    shelf = Location.objects.create(code="B", name="B", kind="bin", warehouse=main, sellable=False)
    goods.receive([goods.Goods(tent.pk, 3, location_id=shelf.pk)], key="r")
    order = make_order([("TENT", 2, "1.00")])
    client = logged_in("manager")

    confirm(client, upload(client, "code,sellable\nB,yes\n"))

    assert order.lines.get().allocated == 2
    assert_proven()


def test_places_go_out_as_they_come_in_and_transfers_line_by_line() -> None:
    main = ledger.default_location()
    places.add_bins(main.pk, ["A-01"], kind=Location.Kind.BIN, first_pick_order=3)
    quebec = Location.objects.create(code="QC", name="Quebec", pick_order=200)
    tent = make_product("TENT", 5)
    paper = transfers.draft(source_id=main.pk, destination_id=quebec.pk, lines=[transfers.Wanted(tent.pk, 2)])
    client = logged_in("manager")

    def table(name: str) -> list[dict[str, str]]:
        answer = client.post(reverse(f"admin:inventory_{name}_export"), {"format": "0"})
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]

    out = table("location")
    assert [(row["code"], row["warehouse"], row["cut_off"]) for row in out] == [
        ("MAIN", "", "14:00"),
        ("MAIN-A-01", "MAIN", "14:00"),
        ("QC", "", "14:00"),
    ]
    assert [(row["transfer"], row["sku"], row["wanted"], row["on_its_way"]) for row in table("transfer")] == [
        (paper.number, "TENT", "2", "0")
    ]
