from dataclasses import replace

import pytest

from backoffice.lib.address import PostalAddress, postal_code, printed, problems, province_code

HALIFAX = PostalAddress(
    name="Ann Côté",
    line1="12 Elm Street",
    line2="Unit 4",
    city="Halifax",
    province="NS",
    postal_code="B3H1A1",
    country="CA",
)


def test_a_canadian_address_at_home_has_two_spaces_before_its_code_and_no_country() -> None:
    assert printed(HALIFAX) == ("Ann Côté", "12 Elm Street", "Unit 4", "Halifax NS  B3H\u00a01A1")


def test_abroad_the_country_stands_last_in_the_sender_s_language() -> None:
    paris = PostalAddress(name="Zoé", line1="1 rue X", city="Paris", postal_code="75001", country="FR")
    berlin = replace(paris, city="Berlin", postal_code="10115", country="DE")

    assert printed(paris)[-2:] == ("75001 Paris", "FRANCE")
    assert printed(berlin, language="en")[-1] == "GERMANY"
    assert printed(berlin, language="fr")[-1] == "ALLEMAGNE"
    assert printed(HALIFAX, home="US")[-1] == "CANADA"
    assert printed(berlin, home="DE")[-1] == "10115 Berlin"


def test_british_codes_stand_on_a_line_of_their_own_and_american_ones_after_the_state() -> None:
    london = PostalAddress(name="A", line1="1 High St", city="London", postal_code="sw1a 1aa", country="GB")
    boston = PostalAddress(name="A", line1="1 Main St", city="Boston", province="ma", postal_code="02108", country="US")

    assert printed(london)[-3:] == ("London", "SW1A\u00a01AA", "UNITED KINGDOM")
    assert printed(boston)[-2:] == ("Boston MA  02108", "UNITED STATES")


def test_empty_lines_and_a_company_that_is_the_name_again_are_left_out() -> None:
    assert printed(replace(HALIFAX, company="Ann Côté", line2=" "))[:2] == ("Ann Côté", "12 Elm Street")
    assert printed(replace(HALIFAX, company="Elm inc.", phone="902 555-0100"), phone=True)[-1] == "902 555-0100"


@pytest.mark.parametrize(
    ("said", "code"),
    [("Ontario", "ON"), ("québec", "QC"), ("Île-du-Prince-Édouard", "PE"), ("bc", "BC"), ("Ontari", "Ontari")],
)
def test_provinces_are_known_by_name_in_both_languages(said: str, code: str) -> None:
    assert province_code(said, "CA") == code


def test_a_canadian_code_gets_its_space_and_others_are_left_alone() -> None:
    assert postal_code("k1a-0b1", "CA") == "K1A 0B1"
    assert postal_code("75001", "FR") == "75001"
    assert postal_code("K1A 0B", "CA") == "K1A 0B"


def test_a_good_address_has_no_problem() -> None:
    assert problems(HALIFAX) == []
    assert problems(replace(HALIFAX, province="Nova Scotia", postal_code="b3h 1a1")) == []
    assert problems(replace(HALIFAX, city="Iqaluit", province="NU", postal_code="X0A 0H0")) == []
    assert problems(replace(HALIFAX, province="NY", postal_code="10001-1234", country="US")) == []


def test_c34e_a_letter_o_for_zero_is_named_with_the_code_that_was_meant() -> None:
    [(field, sentence)] = problems(replace(HALIFAX, city="Ottawa", province="ON", postal_code="K1A OB1"))

    assert field == "postal_code"
    assert "letter O" in sentence
    assert "digit 0" in sentence
    assert "K1A 0B1" in sentence


def test_c34e_a_missing_province_is_caught() -> None:
    [(field, sentence)] = problems(replace(HALIFAX, province=""))

    assert (field, sentence) == ("province", "The address has no province. Choose one.")


def test_c34e_a_province_against_the_code_s_first_letter_is_caught() -> None:
    [(field, sentence)] = problems(replace(HALIFAX, province="ON"))

    assert field == "postal_code"
    assert "Nova Scotia" in sentence
    assert "Ontario" in sentence


@pytest.mark.parametrize("code", ["D1A 1A1", "K1A", "W1A 1A1", "123456", "K1A 0B11", "KKK KKK"])
def test_what_is_no_canadian_code_is_caught(code: str) -> None:
    [(field, sentence)] = problems(replace(HALIFAX, postal_code=code))

    assert field == "postal_code"
    assert code in sentence


def test_each_missing_part_is_named_by_its_field() -> None:
    assert [field for field, _ in problems(PostalAddress())] == ["name", "line1", "city", "country"]
    assert [field for field, _ in problems(PostalAddress(name="A", line1="x", city="y", country="CA"))] == [
        "province",
        "postal_code",
    ]


def test_american_states_and_zip_codes_are_checked() -> None:
    boston = replace(HALIFAX, country="US", province="MA", postal_code="02108")

    assert problems(boston) == []
    assert [field for field, _ in problems(replace(boston, province="XX", postal_code="2108"))] == [
        "province",
        "postal_code",
    ]
