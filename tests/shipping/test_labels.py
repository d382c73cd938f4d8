from dataclasses import replace
from itertools import groupby

import pytest
import zxingcpp

from backoffice.lib.address import PostalAddress
from backoffice.lib.letterhead import Letterhead
from shipping.labels import LabelData, draw
from tests.reading import Read

MERCHANT = Letterhead("Boréal Outfitters Inc.", ("1200 rue Saint-Denis", "Montréal QC  H2X 3J6"))
ANN = PostalAddress("Ann Côté", "", "12 Elm Street", "Unit 4", "Halifax", "NS", "B3H1A1", "CA")
LABEL = LabelData(MERCHANT, "100001", ANN, store_number="4711", parcel_number="100001-1", shipping_method="Expedited")


def test_the_label_is_four_by_six_inches_with_from_to_and_order() -> None:
    read = Read(draw([LABEL]))

    assert read.sizes == {(288.0, 432.0)}
    for words in (
        "FROM",
        "Boréal Outfitters Inc.",
        "TO",
        "Ann Côté",
        "12 Elm Street",
        "Unit 4",
        "Halifax NS",
        "B3H 1A1",
    ):
        assert words in read.text()
    for words in ("Order 100001", "Parcel 100001-1", "Store order 4711", "Expedited"):
        assert words in read.text()
    assert all(read.fonts().values())


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("number", ["1", "100001", "ORD-2026-00012345678", "A" * 20])
def test_a_scanner_reads_the_order_number_at_a_thermal_printer_s_dots(number: str, dpi: int) -> None:
    read = Read(draw([replace(LABEL, order_number=number)]))

    assert read.codes(dpi=dpi) == [number]
    assert read.outside(9) == []


@pytest.mark.parametrize("number", ["100001", "ORD-2026-00012345678", "A" * 20])
def test_the_bar_code_keeps_its_quiet_zone_on_the_label(number: str) -> None:
    page = Read(draw([replace(LABEL, order_number=number)])).document[0]
    picture = page.render(scale=203 / 72).to_pil().convert("L")
    [code] = zxingcpp.read_barcodes(picture)
    middle = (code.position.top_left.y + code.position.bottom_left.y) // 2
    row = [picture.getpixel((x, middle)) < 128 for x in range(picture.width)]

    start = row.index(True)
    end = len(row) - row[::-1].index(True)
    narrowest = min(len(list(group)) for dark, group in groupby(row[start:end]) if dark)
    assert narrowest >= 2
    assert min(start, len(row) - end) >= 10 * narrowest


def test_the_address_is_big() -> None:
    read = Read(draw([LABEL]))

    code = read.word("B3H")
    assert code.top - code.bottom > 12


def test_the_longest_address_is_whole_and_inside_the_label() -> None:
    long = PostalAddress(
        "Maximiliana Wolfeschlegelsteinhausenbergerdorff-Featherstone", "Company" * 35, "Street " * 35, "w" * 250, "City " * 24,
        "British Columbia", "V3T4W1", "CA",
    )  # fmt: skip
    merchant = replace(MERCHANT, name="Merchant " * 13, address=tuple(f"Sender line {index}" for index in range(9)))
    read = Read(
        draw(
            [replace(LABEL, merchant=merchant, ship_to=long, shipping_method="Slow boat " * 25, store_number="9" * 120)]
        )
    )

    joined = read.text().replace("\n", "").replace("\ufffe", "")
    assert "Company" * 35 in joined
    assert joined.count("Street") == 35
    assert "w" * 250 in joined
    assert joined.count("City") == 24
    assert "V3T 4W1" in joined
    assert "9" * 120 in joined
    assert joined.count("Slow") == 25
    assert all(f"Sender line {index}" in read.text() for index in range(9))
    assert read.outside(9) == []
    assert read.codes() == ["100001"]
    lines = sorted({round(word.bottom) for word in read.words()})
    assert len(lines) > 20


def test_nothing_is_printed_over_anything_else() -> None:
    read = Read(
        draw(
            [
                replace(
                    LABEL,
                    ship_to=replace(ANN, line2="Suite " * 40, company="Company " * 30),
                    order_number="O" * 20,
                    parcel_number="P" * 30,
                )
            ]
        )
    )

    words = read.words()
    for index, one in enumerate(words):
        for other in words[index + 1 :]:
            across = min(one.right, other.right) - max(one.left, other.left)
            down = min(one.top, other.top) - max(one.bottom, other.bottom)
            assert across <= 0.5 or down <= 1.0, (one, other)


def test_parcels_are_counted_and_french_is_french() -> None:
    text = Read(draw([replace(LABEL, language="fr", parcel=2, parcels=3)])).text()

    for words in ("EXPÉDITEUR", "DESTINATAIRE", "Commande 100001", "Colis 2 de 3"):
        assert words in text


def test_a_parcel_abroad_names_its_country_in_the_merchant_s_language() -> None:
    abroad = PostalAddress("山田太郎", "", "新宿区西新宿2-8-1", "", "東京都", "", "163-8001", "JP")
    english = Read(draw([replace(LABEL, ship_to=abroad, language="fr")])).text()
    french = Read(draw([replace(LABEL, ship_to=abroad, merchant=replace(MERCHANT, language="fr"))])).text()

    assert "山田太郎" in english
    assert "JAPAN" in english
    assert "JAPON" in french


def test_many_labels_are_one_file() -> None:
    read = Read(draw([replace(LABEL, order_number=f"{100000 + index}") for index in range(5)]))

    assert [read.codes(page) for page in range(5)] == [[f"{100000 + index}"] for index in range(5)]
