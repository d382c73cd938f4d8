import pytest

from backoffice.lib import code128, fonts
from backoffice.lib.layout import Column, Table, wrapped
from backoffice.lib.pdf import LABEL_4X6, LETTER, Paper, fitting_size, width
from backoffice.lib.shaping import glyphs
from tests.reading import Read

SCRIPTS = {
    "french": "Élodie Œuvray, façade",
    "greek": "Ελένη Παπαδοπούλου",
    "cyrillic": "Жанна Щербакова",
    "vietnamese": "Nguyễn Thị Hồng",
    "chinese": "王小明",
    "japanese": "山田太郎 カタカナ",
    "korean": "김민수 서울",
    "syllabics": "ᐃᓄᒃᑎᑐᑦ",
    "punjabi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "hindi": "श्री क्षत्रिय",
    "tamil": "தமிழ் ஸ்ரீ",
    "thai": "สมชาย",
    "armenian": "Հայաստան",
    "georgian": "საქართველო",
    "amharic": "አማርኛ",
    "hebrew": "שלום דוד",
    "arabic": "مرحبا محمد",
}


def page(*lines: str, bold: bool = False) -> bytes:
    paper = Paper(LETTER, title="Test", author="Tester", language="fr")
    paper.begin()
    for line in lines:
        paper.text(paper.left, paper.y - 14, line, 14, bold=bold)
        paper.y -= 24
    return paper.finish()


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
@pytest.mark.parametrize("bold", [False, True])
def test_names_in_any_script_print_with_embedded_glyphs_and_can_be_copied(text: str, bold: bool) -> None:
    read = Read(page(text, bold=bold))

    assert read.text().strip() == text
    assert read.fonts()
    assert all(read.fonts().values())


def test_what_no_face_has_is_spelt_out_and_can_be_known_beforehand() -> None:
    text = "𠮷野 🎁 ok\u200e\ufe0f"

    assert Read(page(text)).text().strip() == "[U+20BB7]野 [wrapped present] ok"
    assert fonts.unprintable(text) == ("𠮷", "🎁")
    assert fonts.unprintable("Élodie 王 ਸਿੰਘ") == ()


def test_right_to_left_words_stand_from_right_to_left_and_numbers_keep_their_direction() -> None:
    read = Read(page("שלום 123"))

    first_letter = next(word for word in read.words() if "ש" in word.text)
    assert read.word("123").right < first_letter.left

    read = Read(page("David שלום Street"))
    assert read.word("David").right < next(w for w in read.words() if "ש" in w.text).left < read.word("Street").left


def test_joining_letters_are_shaped_and_not_set_one_beside_the_other() -> None:
    def drawn(text: str) -> list[int]:
        return [glyph.code for run in fonts.runs(text, False) for glyph in glyphs(run)]

    alone = [code for letter in "محمد" for code in drawn(letter)]
    assert len(drawn("محمد")) == 4
    assert not set(drawn("محم")) & set(alone)
    assert len(drawn("क्ष")) < 3


def test_width_is_what_is_drawn() -> None:
    """A line set to the right ends where it should in every script only if each glyph was measured as it is drawn."""
    scripts = [text for name, text in SCRIPTS.items() if name not in ("hebrew", "arabic")]
    paper = Paper(LETTER, title="t")
    paper.begin()
    for place, text in enumerate(scripts):
        paper.text(500, 700 - place * 30, f"{text} H", 14, align="right")
    edges = [word.right for word in Read(paper.finish()).words() if word.text == "H"]

    assert len(edges) == len(scripts)
    assert max(edges) - min(edges) < 0.2
    assert 498 < max(edges) <= 500


def test_right_to_left_lines_end_at_the_right_edge_too() -> None:
    paper = Paper(LETTER, title="t")
    paper.begin()
    for place, name in enumerate(("hebrew", "arabic")):
        paper.text(500, 700 - place * 30, SCRIPTS[name], 14, align="right")
    words = Read(paper.finish()).words()

    for line in (700, 670):
        assert 497 < max(word.right for word in words if abs(word.bottom - line) < 12) <= 500.2


def test_equal_papers_have_equal_bytes() -> None:
    assert page("Élodie", "محمد", "श्री") == page("Élodie", "محمد", "श्री")
    assert page("Élodie") != page("Elodie")


def test_title_author_and_language_are_in_the_file() -> None:
    read = Read(page("x"))

    assert read.document.get_metadata_dict()["Title"] == "Test"
    assert read.document.get_metadata_dict()["Author"] == "Tester"
    assert b"fr-CA" in page("x")


def test_no_font_is_named_that_is_not_in_the_file() -> None:
    assert b"Helvetica" not in page("x")


def test_brackets_and_backslashes_are_printed_as_they_are() -> None:
    assert Read(page(r"a (b) \c\ )( ®")).text().strip() == r"a (b) \c\ )( ®"


@pytest.mark.parametrize("text", ["word " * 40, "x" * 300, "東京都新宿区" * 20, "a " + "y" * 120 + " b", "Ġ́" * 90])
def test_wrapping_keeps_every_character_and_no_line_is_too_wide(text: str) -> None:
    lines = wrapped(text.strip(), 120, 10)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line, 10) <= 120 for line in lines)
    assert len(lines) > 1


def test_text_shrinks_to_its_room_and_not_below_the_least_size() -> None:
    size = fitting_size("A rather long heading", 100, 20, 5)

    assert width("A rather long heading", size) <= 100
    assert width("A rather long heading", size + 0.2) > 100
    assert fitting_size("short", 100, 20, 5) == 20
    assert fitting_size("A rather long heading", 1, 20, 5) == 5


def test_tables_repeat_their_heading_and_pages_know_how_many_they_are() -> None:
    paper = Paper(LETTER, title="t")
    for rows in (60, 1):
        paper.begin(foot=lambda p: p.text(p.left, 20, f"Sheet {p.page} of {p.pages}", 8))
        table = Table(paper, [Column("Thing", 300), Column("Amount", 100, "right")])
        table.heading()
        for row in range(rows):
            table.row([f"Row-{row}", f"{10 ** (row % 6)}.00"])
    read = Read(paper.finish())

    assert len(read) == 3
    assert [read.text(page).count("Amount") for page in range(3)] == [1, 1, 1]
    assert [next(line for line in read.text(page).split("\n") if line.startswith("Sheet")) for page in range(3)] == [
        "Sheet 1 of 2",
        "Sheet 2 of 2",
        "Sheet 1 of 1",
    ]
    assert [f"Row-{row}" in read.text() for row in range(60)] == [True] * 60
    edges = {round(word.right, 1) for word in read.words(0) if word.text.endswith(".00")}
    assert max(edges) - min(edges) < 0.3


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("value", ["100001", "ORD-2026-00012345678", "a/b c", "0017"])
def test_bar_codes_are_read_back_from_a_printer_s_dots(value: str, dpi: int) -> None:
    paper = Paper((500, 200), title="t")
    paper.begin()
    paper.barcode(value, 30, 50, 60, dots=3, dpi=dpi)

    assert Read(paper.finish()).codes(dpi=dpi) == [value]


def test_every_bar_is_of_whole_dots() -> None:
    paper = Paper(LABEL_4X6, title="t", compress=False)
    paper.begin()
    paper.barcode("100001", 17.3, 50.7, 60, dots=3, dpi=203)
    content = paper.finish().decode("latin1")
    drawn = next(line for line in content.splitlines() if " re " in line).removesuffix(" f").split(" re")

    figures = [float(figure) * 203 / 72 for rect in drawn for figure in rect.split()]
    assert len(figures) == 4 * len(code128.bars("100001")[0])
    assert all(abs(figure - round(figure)) < 0.001 for figure in figures)


def test_a_bar_code_of_letters_that_it_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no sign for every character"):
        code128.bars("é1")
