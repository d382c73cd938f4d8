"""The count sheet on paper, read as a person and a scanner would."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from inventory.count_paper import PaperLine, SheetData, draw
from tests.reading import Read

SHEET = SheetData(
    number="C00042",
    warehouse="Main warehouse",
    merchant_name="Boréal Outfitters Inc.",
    printed_at=datetime(2026, 11, 25, 8, 30, tzinfo=ZoneInfo("America/Toronto")),
    lines=(
        PaperLine(
            "Aisle A, shelf 1", "A-01", "BL-MER-M", "Merino base layer", "Medium, navy", "0628176957012", expected=17
        ),
        PaperLine("Aisle A, shelf 1", "A-01", "GTR-01", "Trail gaiters", expected=5),
        PaperLine("Aisle B, shelf 4", "B-04", "SOUP-1", "Lentil soup", lot="L2026-11", expected=120),
    ),
    plan="Cycle count",
    printed_by="Marie",
)


def test_places_products_and_boxes_are_there_and_their_codes_scan() -> None:
    read = Read(draw([SHEET]))

    text = read.text()
    for words in ("Count sheet C00042", "Aisle A, shelf 1", "Merino base layer", "Medium, navy", "Lot: L2026-11",
                  "Lines: 3 · Places: 2", "Plan: Cycle count", "November 25, 2026 at 08:30 by Marie"):  # fmt: skip
        assert words in text
    assert set(read.codes(dpi=300)) == {"C00042", "A-01", "B-04", "0628176957012", "GTR-01", "SOUP-1"}


def test_a_blind_sheet_does_not_say_what_should_be_there_and_an_open_one_does() -> None:
    blind, shown = Read(draw([SHEET])).text(), Read(draw([replace(SHEET, blind=False)])).text()

    assert "Should be" not in blind
    assert "120" not in blind.split()
    assert "Should be" in shown
    assert {"17", "120"} <= set(shown.split())


def test_a_blank_sheet_is_rows_to_write_in() -> None:
    read = Read(draw([replace(SHEET, lines=())]))

    assert len(read) == 1
    assert read.text().count("Counted") == 2  # the column, and who counted
    assert "Should be" not in read.text()


def test_a_hundred_lines_go_over_pages_with_the_place_repeated_and_each_line_whole() -> None:
    lines = tuple(PaperLine("Aisle A", "A-01", f"SKU-{n:03d}", f"Product number {n:03d} " * 3) for n in range(100))
    read = Read(draw([replace(SHEET, lines=lines), SHEET]))

    assert len(read) > 5
    pages = [read.text(page) for page in range(len(read))]
    assert all("Aisle A" in page for page in pages[: len(pages) - 2])
    assert "Page 1 of 1" in pages[-1]
    for n in range(100):
        assert sum(f"SKU-{n:03d}" in page for page in pages) == 1


def test_french_and_what_is_no_code() -> None:
    line = PaperLine("Allée É", "É-1", "ÉPICE-1", "Poivre long")
    read = Read(draw([replace(SHEET, language="fr", lines=(line,), note="Après la fête")]))

    text = read.text()
    assert "Feuille de comptage C00042" in text
    assert "Aussi trouvé" in text
    assert "Après la fête" in text
    assert read.codes(dpi=300) == ["C00042"]
