"""What a typed or scanned code means: one product, one selling unit, or a sentence that says what to do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inventory import catalogue
from inventory.models import Product, SellingUnit
from tests.making import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def eggs() -> Product:
    return make_product("EGG", barcode="0628915123457")


@pytest.fixture
def dozen(eggs: Product) -> SellingUnit:
    return SellingUnit.objects.create(product=eggs, name="dozen", quantity=12, sku="EGG-12", barcode="036000291452")


@pytest.mark.parametrize("code", ["EGG", " EGG ", "egg", "Egg", "0628915123457", "628915123457", "00628915123457"])
def test_a_product_is_found_by_its_sku_and_each_spelling_of_its_bar_code(eggs: Product, code: str) -> None:
    assert catalogue.find_by_code(code) == (eggs, None)


@pytest.mark.parametrize("code", ["EGG-12", "egg-12", "036000291452", "0036000291452", "00036000291452"])
def test_a_selling_unit_is_found_by_its_own_sku_and_bar_code(eggs: Product, dozen: SellingUnit, code: str) -> None:
    assert catalogue.find_by_code(code) == (eggs, dozen)


@pytest.mark.parametrize("code", ["", "  ", "NONE", "0628915", "628915123458", "000000000000", "%", "\x00"])
def test_what_means_nothing_here_is_said_in_a_sentence(eggs: Product, dozen: SellingUnit, code: str) -> None:
    with pytest.raises(ValueError, match="No product has the SKU or barcode"):
        catalogue.find_by_code(code)


def test_a_sku_comes_before_a_bar_code_and_exact_letters_before_others(eggs: Product, dozen: SellingUnit) -> None:
    lower = make_product("egg")
    number = make_product("036000291452")

    assert catalogue.find_by_code("egg") == (lower, None)
    assert catalogue.find_by_code("EGG") == (eggs, None)
    assert catalogue.find_by_code("036000291452") == (number, None)
    with pytest.raises(ValueError, match="the code of several: EGG, egg"):
        catalogue.find_by_code("Egg")


def test_a_bar_code_that_two_products_share_names_both_and_an_archived_one_does_not_count(eggs: Product) -> None:
    other = make_product("EGG-OLD", barcode="628915123457")

    with pytest.raises(ValueError, match="the code of several: EGG, EGG-OLD"):
        catalogue.find_by_code("0628915123457")

    Product.objects.filter(pk=other.pk).update(archived_at=timezone.now())
    assert catalogue.find_by_code("0628915123457") == (eggs, None)
    assert catalogue.find_by_code("EGG-OLD")[0] == other


def test_two_statements_however_large_the_catalogue(eggs: Product, dozen: SellingUnit) -> None:
    Product.objects.bulk_create(Product(sku=f"MORE-{at}", name="More") for at in range(200))

    for code in ("EGG", "EGG-12", "628915123457"):
        with CaptureQueriesContext(connection) as seen:
            catalogue.find_by_code(code)
        assert len(seen) == 2
