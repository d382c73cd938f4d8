"""Counting what is followed by lot or serial number: each lot is a line, one that nobody knew is added."""

from decimal import Decimal

import pytest

from backoffice import goods, stocktaking
from backoffice.count_scans import Wanted, scan
from inventory import ledger
from inventory.models import CountSheet, Lot, Product
from tests.making import make_merchant, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet() -> CountSheet:
    make_merchant()
    return stocktaking.start(ledger.default_location().pk, None)[0][0]


def _with_lots(tracking: str = "lot") -> tuple[Product, Lot, Lot]:
    product = make_product("SOUP", tracking=tracking)
    first, second = (Lot.objects.create(product=product, code=code) for code in ("L1", "L2"))
    units = 5 if tracking == "lot" else 1
    goods.receive(
        [goods.Goods(product.pk, units, Decimal("2.00"), lot_id=lot.pk) for lot in (first, second)], key="lots"
    )
    return product, first, second


def test_lots_are_counted_one_by_one_and_an_unknown_one_is_added(sheet: CountSheet) -> None:
    product, first, second = _with_lots()
    home = ledger.default_location().pk
    stocktaking.cancel(sheet.pk)
    sheet = stocktaking.start(home, lambda: [(product.pk, home)])[0][0]
    assert [line.lot for line in sheet.lines.select_related("lot")] == [first, second]

    with pytest.raises(Wanted, match="Scan or type the lot of SOUP") as wanted:
        scan(sheet.pk, code="SOUP", units=5)
    assert wanted.value.what == "lot"
    scan(sheet.pk, code="SOUP", lot="L1", units=5)
    scan(sheet.pk, code="SOUP", lot="L2", units=3)
    scan(sheet.pk, code="SOUP", lot="L3", units=2)
    stocktaking.submit(sheet.pk)

    units = {lot.code: sum(lot.levels.values_list("units", flat=True)) for lot in Lot.objects.all()}
    assert units == {"L1": 5, "L2": 3, "L3": 2}


def test_a_serial_number_is_one_unit(sheet: CountSheet) -> None:
    _with_lots("serial")

    assert scan(sheet.pk, code="SOUP", lot="L1", add=1).counted == 1
    with pytest.raises(ValueError, match="L1 was scanned already"):
        scan(sheet.pk, code="SOUP", lot="L1", add=1)
