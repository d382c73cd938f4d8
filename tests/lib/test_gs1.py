"""GS1 bar codes: what stands beside the product's number is read, and a plain number is left alone."""

from datetime import date

import pytest

from backoffice.lib import gs1

GTIN = "00628915123456"


@pytest.mark.parametrize(
    "code",
    [
        f"01{GTIN}1726123110LOT7",
        f"]C101{GTIN}1726123110LOT7",
        f"(01){GTIN}(17)261231(10)LOT7",
        f"\x1d01{GTIN}10LOT7\x1d17261231",
        f"]d201{GTIN}10LOT7\x1d17261231",
    ],
)
def test_product_lot_and_expiry_are_read_however_the_reader_sends_them(code: str) -> None:
    assert gs1.read(code) == gs1.Label(GTIN, lot="LOT7", expires_on=date(2026, 12, 31))


def test_a_serial_and_a_count_are_read() -> None:
    assert gs1.read(f"(02){GTIN}(37)24(21)SN-1") == gs1.Label(GTIN, serial="SN-1", units=24)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "0628915123456",
        GTIN,
        "01" + GTIN,
        "0100628915123457" + "10LOT7",
        "01-TENT",
        "PO-1001",
        "(10)LOT7",
        "]C1",
        "(01)",
    ],
)
def test_what_is_no_label_is_none(code: str) -> None:
    assert gs1.read(code) is None
