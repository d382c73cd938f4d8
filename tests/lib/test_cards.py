"""Card numbers are found as people type them; bar codes, times and a store's own numbers are not taken for one."""

import json

import pytest

from backoffice.lib import cards


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "(5555555555554444)", "card: 378282246310005.",
        "3782 822463 10005", "6011111111111117", "30569309025904", "3530111333300000", "4222222222222", "2223003122003222",
    ],
)  # fmt: skip
def test_a_card_number_is_found(text: str) -> None:
    assert cards.find_card_number(text)
    assert cards.find_card_number(cards.masked(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "", "4111111111111112", "4006381333931", "0012345678905", "20261122143000", "+1 416 555-0100", "7023210039414604",
        "5f41ffe2-4111-1111-1111-1111c0ffee00", "x4111111111111111", "ORDER 1000000000000008", "12.4111111111111111",
    ],
)  # fmt: skip
def test_another_number_is_not_taken_for_one(text: str) -> None:
    assert cards.find_card_number(text) == ""
    assert cards.masked(text) == text


def test_the_place_in_nested_data_is_named() -> None:
    assert cards.where({"a": [{"b": "fine"}, {"c": 4111111111111111}]}) == "a.1.c"
    assert cards.where({"a": ["fine", 3.5, None, True]}) is None


@pytest.mark.parametrize(
    "written",
    ["4111111111111111", "4111111111111111.0", "4.111111111111111e15", '"4111 1111 1111 1111"', '"note\\n4111111111111111"',
     '"\\ud800 4111111111111111"', '{"4111111111111111": 1}'],
)  # fmt: skip
def test_a_body_is_kept_without_the_card_number_however_it_is_written(written: str) -> None:
    body = f'{{"id": 12, "transaction_id": {written}, "total": "12.00"}}'.encode()
    kept = json.loads(cards.masked_body(body))
    assert cards.where(kept) is None
    assert "411111111111111" not in json.dumps(kept)
    assert (kept["id"], kept["total"]) == (12, "12.00")


def test_a_body_without_a_card_number_is_kept_to_the_byte() -> None:
    body = b'{"id": 1000000000000008 , "gtin": "4006381333931", "price": 1.10}'
    assert cards.masked_body(body) == body
