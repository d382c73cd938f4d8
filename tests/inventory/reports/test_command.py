"""`manage.py stock_report`: the same figures as the pages, as a file."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.inventory.reports.telling import Reason, happened, warehouse
from tests.making import make_merchant, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    make_merchant()
    tent = make_product("TENT")
    happened(tent, "2026-03-01", Reason.RECEIPT, 10, "4.50", place=warehouse("W1"))
    happened(tent, "2026-03-05 23:30", Reason.SHIPMENT, -3, place=warehouse("W1"))
    happened(tent, "2026-03-06", Reason.RECEIPT, 1, "4.50", place=warehouse("W2"))


def report(tmp_path: Path, name: str, **options: Any) -> list[dict[str, str]]:
    file = tmp_path / "report.csv"
    named = {key: date.fromisoformat(text) if key in ("at", "since") else text for key, text in options.items()}
    call_command("stock_report", name, output=file, **named)
    return list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))


def test_each_report_is_written(tmp_path: Path) -> None:
    at = {"at": "2026-03-05"}
    assert report(tmp_path, "stock", **at) == [{"sku": "TENT", "name": "Product TENT", "category": "", "on_hand": "7"}]
    assert report(tmp_path, "stock", by="place")[1]["warehouse"] == "Warehouse W2"
    assert report(tmp_path, "valuation", **at)[0]["value"] == "31.50"
    assert report(tmp_path, "valuation", warehouse="W2")[0]["value"] == "4.50"
    assert [row["on_hand"] for row in report(tmp_path, "card", product="tent", at="2026-03-31")] == ["10", "7", "8"]
    assert report(tmp_path, "dead", at="2026-09-01", idle=180)[0]["idle_days"] == "180"
    assert report(tmp_path, "turnover", since="2026-03-01", at="2026-03-31")[0]["cost"] == "13.50"
    assert report(tmp_path, "abc", by="product") == report(tmp_path, "abc")


def test_it_goes_to_standard_output_too(capfdbinary: Any) -> None:
    call_command("stock_report", "stock", "--at", "2026-03-05", "--format", "csv")

    assert capfdbinary.readouterr().out.decode("utf-8-sig").splitlines()[1] == "TENT,Product TENT,,7"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["card"], "A movement card is of one product. Say which with --product SKU."),
        (["card", "--product", "NONE"], "No product has the SKU or barcode “NONE”."),
        (["stock", "--by", "moon"], "There is no --by moon in this report. Known are: product, place, category."),
        (["stock", "--warehouse", "MOON"], "No warehouse has the code MOON."),
        (["turnover", "--from", "2026-03-02", "--at", "2026-03-01"], "The day of --from is after that of --at."),
        (["abc", "--at", "2026-03-01"], "ABC is of the 365 days up to now."),
        (["stock", "--at", "soon"], "'soon' is no day; write it as in 2026-11-30"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said.replace("(", r"\(")):
        call_command("stock_report", *options)
