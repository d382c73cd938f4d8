from dataclasses import replace
from datetime import date

import pytest

from backoffice.lib.address import PostalAddress
from backoffice.lib.letterhead import Letterhead
from shipping.packing_slip import SlipData, SlipLine, draw
from tests.reading import Read

MERCHANT = Letterhead(
    "Boréal Outfitters Inc.", ("1200 rue Saint-Denis", "Montréal QC  H2X 3J6"), "hello@boreal.example", "514 555-0199"
)
ANN = PostalAddress("Ann Côté-O’Brien", "", "12 Elm Street", "Unit 4", "Halifax", "NS", "B3H 1A1", "CA", "902 555-0142")
SLIP = SlipData(
    MERCHANT,
    "100001",
    date(2026, 11, 20),
    ANN,
    (SlipLine("Merino base layer", 2, 2, sku="BL-MER"), SlipLine("Trail gaiters", 1, 1, sku="0017")),
    store_number="4711",
    parcel_number="100001-1",
    packed_on=date(2026, 11, 23),
    shipping_method="Expedited Parcel",
)
LONG_NAME = "Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstone"


def test_the_slip_says_who_what_and_where() -> None:
    read = Read(draw([SLIP]))

    text = read.text()
    for words in (
        "Packing slip", "Boréal Outfitters Inc.", "Montréal QC", "Ann Côté-O’Brien", "Halifax NS", "B3H 1A1", "100001-1",
        "4711", "November 20, 2026", "November 23, 2026", "Expedited Parcel", "Merino base layer", "BL-MER", "0017",
        "Page 1 of 1",
    ):  # fmt: skip
        assert words in text
    assert read.sizes == {(612.0, 792.0)}
    assert all(read.fonts().values())
    assert "$" not in text


@pytest.mark.parametrize("dpi", [203, 300])
def test_the_order_s_bar_code_is_read_from_the_paper(dpi: int) -> None:
    assert Read(draw([SLIP])).codes(dpi=dpi) == ["100001"]


def test_columns_without_figures_are_left_out() -> None:
    whole = Read(draw([SLIP])).text()
    part = Read(draw([replace(SLIP, lines=(SlipLine("Tent", 15, 5, 4, 6),))])).text()

    assert "To follow" not in whole
    assert "Sent before" not in whole
    assert "To follow" in part
    assert "Sent before" in part


def test_c20_the_second_slip_lists_those_five_only() -> None:
    read = Read(draw([replace(SLIP, lines=(SlipLine("Tent", 15, 5, 0, 10), SlipLine("Lamp", 1, 0, 0, 1)))]))

    tent = read.word("Tent")
    row = [word.text for word in read.words() if abs(word.bottom - tent.bottom) < 3]
    assert row == ["Tent", "15", "5", "10"]
    units = read.word("Units")
    assert [w.text for w in read.words() if abs(w.bottom - units.bottom) < 3] == ["Units", "5"]
    assert read.word("Lamp").top < next(word for word in read.words() if word.text == "Not").bottom


def test_what_is_to_follow_says_its_promise() -> None:
    read = Read(draw([replace(SLIP, lines=(SlipLine("Tent", 3, 1, 2, promise="expected December 3 to 5"),))]))

    assert "2 on backorder: expected December 3 to 5" in read.text()


def test_french_customers_get_a_french_slip() -> None:
    french = replace(
        SLIP,
        language="fr",
        placed_on=date(2026, 12, 1),
        gift_note="Joyeux Noël!\nGrand-maman",
        customer_note="Laisser à côté",
        lines=(SlipLine("Chandail", 4, 2, 1, 1, promise="date inconnue"),),
    )

    text = Read(draw([french])).text()
    for words in (
        "Bordereau d’expédition", "Commandé", "Dans ce colis", "À venir", "Déjà expédié", "1er décembre 2026",
        "1 en attente : date inconnue", "Joyeux Noël!", "Grand-maman", "Laisser à côté", "Page 1 de 1",
    ):  # fmt: skip
        assert words in text
    assert "Ordered" not in text


def test_forty_long_lines_go_over_several_pages_and_nothing_is_cut_off() -> None:
    lines = tuple(
        SlipLine(
            f"{'Unbrokenword' * 20}{index}" if index % 5 == 0 else f"Thing-{index} {'of many words ' * 16}",
            9,
            9,
            sku=f"SKU-{index:03}",
        )
        for index in range(40)
    )
    address = replace(ANN, name=LONG_NAME, company="Société générale de distribution de matériel de plein air " * 3)
    read = Read(
        draw(
            [
                replace(
                    SLIP,
                    ship_to=address,
                    lines=lines,
                    order_number="ORD-2026-00012345678",
                    shipping_method="Very slow " * 20,
                )
            ]
        )
    )

    text = read.text()
    assert len(read) >= 4
    assert all(f"SKU-{index:03}" in text for index in range(40))
    assert text.count("Unbrokenword") >= 8 * 15
    joined = text.replace("\n", "").replace("\ufffe", "")
    assert all(("Unbrokenword" * 20 + str(index)) in joined for index in range(0, 40, 5))
    assert text.replace("\n", " ").count("of many words") == 32 * 16
    assert read.outside(30) == []
    assert [f"Page {page + 1} of {len(read)}" in read.text(page) for page in range(len(read))] == [True] * len(read)
    assert all("In this parcel" in read.text(page) for page in range(len(read) - 1))
    assert all("ORD-2026-00012345678 (continued)" in read.text(page) for page in range(1, len(read)))
    assert read.codes() == ["ORD-2026-00012345678"]


def test_figures_stand_under_each_other() -> None:
    figures = ["1", "11", "111", "1,111", "11,111"]
    lines = tuple(SlipLine("Thing", int(figure.replace(",", "")), 1) for figure in figures)
    read = Read(draw([replace(SLIP, lines=lines)]))

    ordered = [word for word in read.words() if word.text in figures and word.right < 530]
    assert [word.text for word in ordered] == figures
    assert max(word.right for word in ordered) - min(word.right for word in ordered) < 0.1


def test_names_in_any_script_are_on_the_paper() -> None:
    lines = (
        SlipLine("メリノウール長袖シャツ", 1, 1),
        SlipLine("Ελληνικό λάδι Сапоги", 1, 1),
        SlipLine("ਊਨੀ ਸਵੈਟਰ", 1, 1),
    )
    read = Read(draw([replace(SLIP, ship_to=replace(ANN, name="山田太郎"), lines=lines)]))

    text = read.text()
    for words in ("山田太郎", "メリノウール長袖シャツ", "Ελληνικό λάδι Сапоги", "ਊਨੀ ਸਵੈਟਰ"):
        assert words in text
    assert all(read.fonts().values())


def test_many_slips_are_one_file_each_from_a_page_of_its_own() -> None:
    many = tuple(SlipLine(f"Thing {index}", 1, 1) for index in range(40))
    read = Read(
        draw(
            [
                SLIP,
                replace(SLIP, order_number="100002", lines=many),
                replace(SLIP, order_number="100003", language="fr"),
            ]
        )
    )

    assert len(read) == 4
    assert [read.codes(page) for page in range(4)] == [["100001"], ["100002"], [], ["100003"]]
    assert "Page 2 of 2" in read.text(2)
    assert "Page 1 de 1" in read.text(3)


def test_equal_slips_are_equal_bytes() -> None:
    assert draw([SLIP]) == draw([SLIP])
