from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from shipping.pick_list import PickLine, PickListData, PickNeed, PickOrder, draw
from tests.reading import Read

LIST = PickListData(
    "Boréal Outfitters Inc.",
    datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("America/Toronto")),
    (PickOrder("100001", "Ann Côté", "4711", "Expedited Parcel", "Leave at the door"), PickOrder("100002", "山田太郎")),
    (
        PickLine(
            "BL-MER",
            "Merino layer",
            (PickNeed("100001", 2), PickNeed("100002", 5)),
            "Main",
            "A-01",
            "Medium",
            "0628176957012",
        ),
        PickLine("GTR-01", "Trail gaiters", (PickNeed("100001", 1),), "Main", "B-02"),
    ),
    printed_by="Marie",
)


def test_a_product_is_there_once_with_its_sum_and_a_box_for_each_order() -> None:
    read = Read(draw([LIST]))

    text = read.text()
    assert text.count("Merino layer") == 1
    assert "100001 × 2" in text
    assert "100002 × 5" in text
    merino = read.word("Merino")
    row = [word.text for word in read.words() if abs(word.bottom - merino.bottom) < 3]
    assert row[:4] == ["A-01", "Merino", "layer", "7"]
    assert "Orders: 2 · Places: 2 · Units: 8" in text
    assert "November 23, 2026 at 08:30 by Marie" in text
    assert "0628176957012" in text


def test_lines_keep_the_order_of_the_walk_that_they_come_in() -> None:
    there = Read(draw([LIST]))
    back = Read(draw([replace(LIST, lines=LIST.lines[::-1])]))

    assert there.word("A-01").bottom > there.word("B-02").bottom
    assert back.word("A-01").bottom < back.word("B-02").bottom


def test_each_box_stands_before_its_order_and_is_empty() -> None:
    read = Read(draw([LIST]))
    number = next(word for word in read.words() if word.text == "100002" and word.left > 350)

    picture = read.document[0].render(scale=4).to_pil().convert("L")
    height = picture.height
    left, low = (number.left - 11.5) * 4, height - (number.bottom - 0.4) * 4
    edge = picture.crop((int(left - 3), int(low - 34), int(left + 34), int(low + 4)))
    middle = picture.crop((int(left + 8), int(low - 22), int(left + 22), int(low - 8)))
    assert edge.getextrema()[0] < 60
    assert middle.getextrema() == (255, 255)


def test_orders_are_listed_for_the_packing_table() -> None:
    text = Read(draw([LIST])).text()

    for words in (
        "Orders of this list",
        "Store order 4711",
        "Ann Côté",
        "山田太郎",
        "Leave at the door",
        "Expedited Parcel",
    ):
        assert words in text


def test_three_hundred_orders_for_one_product_and_forty_long_names_are_all_there() -> None:
    needs = tuple(PickNeed(f"ORD-2026-{index:06}", 1) for index in range(300))
    lines = (
        PickLine("BIG", "Wanted by all", needs, "Main", "A-00"),
        *(
            PickLine(f"S{index:03}", "Unbrokenword" * 20, (PickNeed("100001", index),), "", f"C-{index}")
            for index in range(40)
        ),
    )
    read = Read(draw([replace(LIST, lines=lines)]))

    text = read.text()
    assert all(f"ORD-2026-{index:06} × 1" in text for index in range(300))
    assert text.replace("\n", "").replace("\ufffe", "").count("Unbrokenword" * 20) == 40
    assert read.outside(30) == []
    assert f"Page {len(read)} of {len(read)}" in text


def test_a_french_clerk_gets_a_french_list() -> None:
    text = Read(draw([replace(LIST, language="fr")])).text()

    for words in ("Liste de prélèvement", "Casier", "Quantité", "Imprimée le 23 novembre 2026 à 08:30 par Marie"):
        assert words in text


def test_each_list_starts_on_a_page_of_its_own() -> None:
    read = Read(draw([LIST, replace(LIST, language="fr")]))

    assert len(read) == 2
    assert "Page 1 of 1" in read.text(0)
    assert "Page 1 de 1" in read.text(1)


def test_a_note_longer_than_a_page_goes_on_over_the_next() -> None:
    orders = (PickOrder("100001", "Ann", "9" * 120, "", " ".join(f"word{index}" for index in range(3000))),)
    read = Read(draw([replace(LIST, orders=orders)]))

    text = read.text().replace("\n", " ")
    assert all(f"word{index} " in text for index in range(3000))
    assert "9" * 20 in text
    assert read.outside(30) == []
