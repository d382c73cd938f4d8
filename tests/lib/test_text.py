"""What people type, as it is kept: nothing that a database or a printer stumbles over, all that belongs to a word."""

import pytest

from backoffice.lib.text import clean, plain


@pytest.mark.parametrize("name", ["علی‌رضا", "می‌خواهم", "क्‍ष"])
def test_a_joiner_between_letters_belongs_to_the_word(name: str) -> None:
    assert plain(name) == name
    assert plain(f"<b>{name}</b>") == name


def test_a_joiner_elsewhere_goes() -> None:
    assert plain("\u200cAnn\u200d 12\u200c3") == "Ann 123"


def test_nul_and_half_characters_go_and_lines_stay() -> None:
    assert clean("a\0b\ud800c\nd") == "abc\nd"
