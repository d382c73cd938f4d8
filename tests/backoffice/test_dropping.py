"""Order files dropped into a folder come in by the same door; what cannot be read says why, beside the file."""

import os
from pathlib import Path

import pytest

from backoffice import dropping, inward
from orders.models import Order

ROWS = """order_number,placed_at,currency,email,name,ship_line1,ship_city,ship_province,ship_postal_code,ship_country,\
sku,line_name,quantity,unit_price,total,paid
D-1,2026-11-20T10:00:00-05:00,CAD,ann@example.ca,Ann Côté,12 Elm Street,Halifax,NS,B3H 1A1,CA,0017,Lamp,2,90.75,181.50,yes
"""


@pytest.fixture
def folder(tmp_path: Path, settings: object, db: None) -> Path:
    settings.DROP_FOLDER = tmp_path / "drop"  # type: ignore[attr-defined]
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def put(folder: Path, name: str, content: str, *, seconds_ago: int = 60) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    stamp = path.stat().st_mtime - seconds_ago
    os.utime(path, (stamp, stamp))
    return path


def test_a_dropped_file_becomes_orders_and_is_put_away(folder: Path) -> None:
    path = put(folder, "orders.csv", ROWS)
    assert dropping.look() == {"orders.csv": "1 new orders"}
    inward.work_on_arrivals()
    order = Order.objects.get()
    assert order.external_id == "D-1"
    assert order.lines.get().sku == "0017"
    assert not path.exists()
    assert [kept.name.endswith("orders.csv") for kept in (folder / "done").iterdir()] == [True]


def test_dropped_again_it_is_the_same_order(folder: Path) -> None:
    for _ in range(2):
        put(folder, "orders.csv", ROWS)
        dropping.look()
        inward.work_on_arrivals()
    assert Order.objects.count() == 1


def test_a_file_that_cannot_be_read_is_put_aside_with_the_reason(folder: Path) -> None:
    put(folder, "holiday.csv", "one,two\n1,2\n")
    said = dropping.look()["holiday.csv"]
    assert "order_number" in said
    words = next(path for path in (folder / "failed").iterdir() if path.suffix == ".txt")
    assert said in words.read_text()
    assert not Order.objects.exists()


def test_a_file_that_is_still_growing_waits(folder: Path) -> None:
    put(folder, "orders.csv", ROWS, seconds_ago=0)
    assert dropping.look() == {}


def test_the_folder_is_made_where_it_is_missing(folder: Path) -> None:
    folder.rmdir()
    assert dropping.look() == {}
    assert folder.is_dir()


def test_a_folder_that_cannot_be_made_stops_nothing(folder: Path) -> None:
    folder.rmdir()
    folder.write_text("a file in its place")
    assert dropping.look() == {}
