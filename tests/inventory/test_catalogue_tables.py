"""The tables of the catalogue: what goes out comes back as it was (case: C34f), each wrong row is named, good ones go on."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.exchange.files import CsvFormat, XlsxFormat
from backoffice.sync.models import Delivery
from inventory import categories, kits, ledger, resources
from inventory.models import (
    Category,
    CountPlan,
    KitComponent,
    Listing,
    Location,
    Product,
    ProductFamily,
    ProductPicture,
    SellingUnit,
    Supplier,
    SupplierProduct,
    WarehouseProduct,
)
from orders.models import Order
from tests.inventory.test_resources import exported, imported
from tests.making import make_connection, make_merchant, make_order, make_product

pytestmark = pytest.mark.django_db
FORMATS = [CsvFormat, XlsxFormat]


@pytest.fixture
def catalogue() -> None:
    """Everything there is, under the names that spreadsheets like to spoil."""
    make_merchant()
    family = ProductFamily.objects.create(code="0017", name="=Tents", name_fr="90.750", options="size, colour")
    branch = categories.ensure(["Camping › 0017 › 90.750"])["Camping › 0017 › 90.750"]
    categories.change(branch, name="90.750", name_fr="-été", parent=branch.parent)
    tent = make_product(
        "0017", family=family, category=branch, barcode="4006381333931", price=Decimal("90.750"), tax_class="zero",
        weight_grams=0, length_mm=600, width_mm=200, height_mm=150, hs_code="0017009075", origin_country="CA",
        customs_description="'=already quoted", tracking="lot", expires=True, variation="1e5",
    )  # fmt: skip
    plain = make_product("90.750", barcode="0012345678905", name="+1-800")
    kit = make_product("4006381333931", stocked=False, name="@SUM(A1)")
    kits.set_components(kit, {tent.pk: 2, plain.pk: 1})
    supplier = Supplier.objects.create(
        code="0017", name="90.750", email="orders@acme.example", phone="+15145550199", address="1 Elm\nMontréal", language="fr",
        currency="USD", lead_time_days=0, holiday_region="CA-QC", minimum_order=Decimal("90.75"), account_number="0017",
        payment_terms="2/10 net 30", notes="=1+1",
    )  # fmt: skip
    SupplierProduct.objects.create(
        supplier=supplier, product=tent, supplier_sku="0017", pack=6, minimum=12, price=Decimal("90.750"), lead_time_days=7,
    )  # fmt: skip
    unit = SellingUnit.objects.create(
        product=tent, name="90.750", name_fr="=douzaine", quantity=12, sku="00017", barcode="036000291452",
        price=Decimal("0.0015"),
    )  # fmt: skip
    main = ledger.default_location()
    shelf = Location.objects.create(code="0017", name="A-1", kind=Location.Kind.BIN, warehouse=main)
    WarehouseProduct.objects.create(product=tent, warehouse=main, put_away=shelf, reorder_point=0, target_level=10)
    WarehouseProduct.objects.create(product=plain, warehouse=main)
    store = make_connection()
    Listing.objects.create(connection=store, sku="4006381333931", product=tent, selling_unit=unit, name="x")
    Listing.objects.create(connection=store, external_id="0017", sku="90.750", product=plain, name="y")
    CountPlan.objects.create(name="0017", warehouse=main, category=branch, days_a=7, blind=False)


TABLES: dict[str, tuple[Any, type[Model], int]] = {
    "products": (resources.ProductResource, Product, 3),
    "categories": (resources.CategoryResource, Category, 3),
    "families": (resources.FamilyResource, ProductFamily, 1),
    "suppliers": (resources.SupplierResource, Supplier, 1),
    "supplier products": (resources.SupplierProductResource, SupplierProduct, 1),
    "selling units": (resources.SellingUnitResource, SellingUnit, 1),
    "kit components": (resources.KitComponentResource, KitComponent, 2),
    "warehouse products": (resources.WarehouseProductResource, WarehouseProduct, 2),
    "aliases": (resources.ListingResource, Listing, 2),
    "count plans": (resources.CountPlanResource, CountPlan, 1),
}


def rows_of(model: type[Model]) -> list[dict[str, Any]]:
    unlike = {"id", "created_at", "name"} if model is Listing else {"id", "created_at"}
    names = [field.attname for field in model._meta.concrete_fields if field.attname not in unlike]
    return sorted(model._default_manager.values(*names), key=str)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("table", TABLES)
def test_what_goes_out_comes_back_unchanged(catalogue: None, table: str, kind: Any) -> None:
    resource, model, count = TABLES[table]
    body = exported(resource(), kind)
    before = rows_of(model)

    unchanged = imported(resource(), body)

    assert (unchanged.base_errors, unchanged.row_errors()) == ([], [])
    assert (unchanged.totals["skip"], unchanged.changing, unchanged.wrong) == (count, 0, 0)
    assert rows_of(model) == before


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("table", ["supplier products", "selling units", "kit components", "warehouse products"])
def test_rows_that_were_lost_are_brought_back_by_the_file(catalogue: None, table: str, kind: Any) -> None:
    resource, model, count = TABLES[table]
    body = exported(resource(), kind)
    before = rows_of(model)
    if model is KitComponent:
        kits.set_components(Product.objects.get(is_kit=True), {})
    Listing.objects.update(selling_unit=None)
    model._default_manager.all().delete()

    made = imported(resource(), body)

    assert (made.totals["new"], made.wrong, made.base_errors, made.row_errors()) == (count, 0, [], [])
    assert rows_of(model) == before


@pytest.mark.parametrize("table", TABLES)
def test_the_preview_writes_nothing(catalogue: None, table: str) -> None:
    resource, _model, _count = TABLES[table]
    body = exported(resource(), CsvFormat)
    before = {kind: rows_of(kind) for _resource, kind, _n in TABLES.values()}

    imported(resource(), body.replace(b"0017", b"0018").replace(b"90.75", b"90.76"), dry_run=True)

    assert {kind: rows_of(kind) for _resource, kind, _n in TABLES.values()} == before


def wrong(result: Any) -> dict[int, dict[str, list[str]]]:
    return {row.number: row.error_dict for row in result.invalid_rows}


def test_products_name_family_and_category_and_wrong_ones_are_told(catalogue: None) -> None:
    body = (
        "name,sku,family,category,tax_class,tracking,expires,hs_code,barcode\n"
        "X,90.750,0017,camping>0017,,,,,\n"
        "X,90.750X,0017,Camping > 0017,books,serial,,630622,4006381333931\n"
        "X,A,NONE,Nowhere,gold,,,63,123\n"
        "X,B,,,,,yes,,\n"
    )

    result = imported(resources.ProductResource(), body)

    errors = wrong(result)
    assert set(errors) == {2, 4, 5}
    assert "There is no category “camping>0017”" in errors[2]["category"][0]
    assert "There is no family NONE" in errors[4]["family"][0]
    assert set(errors[4]) == {"family", "category", "tax_class", "hs_code", "barcode"}
    assert "Only goods with tracking" in errors[5]["expires"][0]
    made = Product.objects.get(sku="90.750X")
    assert made.category is not None
    assert made.family is not None
    assert (made.category.path, made.family.code, made.tax_class, made.tracking) == (
        "Camping › 0017",
        "0017",
        "books",
        "serial",
    )


def test_a_bar_code_that_a_store_brought_stops_no_other_column_and_no_new_one_comes_in(catalogue: None) -> None:
    Product.objects.filter(sku="90.750").update(barcode="12AB")

    result = imported(resources.ProductResource(), "sku,name,barcode\n90.750,Pot,12AB\n0017,Tent,12ABC\n")

    assert set(wrong(result)) == {3}
    assert Product.objects.get(sku="90.750").name == "Pot"


def test_lots_are_not_begun_by_a_file_over_stock() -> None:
    make_merchant()
    make_product("A", 5)
    make_product("B")

    result = imported(resources.ProductResource(), "sku,tracking\nA,lot\nB,lot\n")

    assert "There is stock of it" in wrong(result)[2]["tracking"][0]
    assert dict(Product.objects.values_list("sku", "tracking")) == {"A": "none", "B": "lot"}


def test_categories_come_with_what_they_hang_in_and_in_any_order() -> None:
    result = imported(
        resources.CategoryResource(),
        "path,name_fr\nCamping > Tents > Large,Grandes\nCamping,Camping\n>x,\nCamping>Tents>Large,again\n",
    )

    assert dict(Category.objects.values_list("path", "name_fr")) == {
        "Camping": "Camping", "Camping › Tents": "", "Camping › Tents › Large": "Grandes",
    }  # fmt: skip
    assert {number: list(errors) for number, errors in wrong(result).items()} == {4: ["path"], 5: ["__all__"]}


def test_suppliers_have_known_currencies_and_holidays() -> None:
    body = "code,name,currency,holiday_region,email\nA,Acme,usd,US,a@a.example\nB,Bo,XXX,,\nC,Co,CAD,MOON,\nD,Do,CAD,,nomail\n"

    result = imported(resources.SupplierResource(), body)

    assert Supplier.objects.get().currency == "USD"
    assert {number: list(errors) for number, errors in wrong(result).items()} == {
        3: ["currency"], 4: ["holiday_region"], 5: ["email"],
    }  # fmt: skip


def test_terms_of_suppliers_name_what_is_missing_and_price_is_guarded(catalogue: None) -> None:
    body = (
        "sku,supplier,pack,minimum,lead_time_days\n90.750,0017,4,8,\nNONE,0017,1,1,\n90.750,NONE,1,1,\n0017,0017,0,,\n"
    )

    result = imported(resources.SupplierProductResource(), body)

    errors = wrong(result)
    assert "SKU NONE is no product here" in errors[3]["product"][0]
    assert "There is no supplier NONE" in errors[4]["supplier"][0]
    assert list(errors[5]) == ["pack"]
    assert SupplierProduct.objects.get(product__sku="90.750").pack == 4
    blind = imported(
        resources.SupplierProductResource(may=lambda permission: False), "sku,supplier,price\n0017,0017,1\n"
    )
    assert "price is not known here" in str(blind.base_errors[0].error)
    assert SupplierProduct.objects.get(product__sku="0017").price == Decimal("90.75")


def test_codes_of_units_are_taken_once(catalogue: None) -> None:
    body = (
        "sku,unit,quantity,unit_sku,barcode\n"
        "90.750,pair,2,TWO,\n90.750,box,10,TWO,\n90.750,six,6,00017,\n90.750,ten,10,,036000291452\n90.750,one,1,,\n"
        "90.750,gross,144,0017,\n90.750,many,x,,\n"
    )

    result = imported(resources.SellingUnitResource(), body)

    assert {number: list(errors) for number, errors in wrong(result).items()} == {
        3: ["unit_sku"], 4: ["unit_sku"], 5: ["barcode"], 6: ["quantity"], 7: ["unit_sku"], 8: ["quantity"],
    }  # fmt: skip
    assert list(SellingUnit.objects.filter(product__sku="90.750").values_list("name", flat=True)) == ["pair"]


def test_a_new_product_does_not_take_the_sku_of_a_unit(catalogue: None) -> None:
    result = imported(resources.ProductResource(), "sku,name\n00017,Carton\nNEW,Lamp\n")

    assert "is the SKU of a unit of 0017" in wrong(result)[2]["sku"][0]
    assert not Product.objects.filter(sku="00017").exists()


def test_a_price_from_a_file_is_told_to_the_stores(catalogue: None) -> None:
    Listing.objects.filter(sku="90.750").update(manages_stock=True)
    of_unit = Listing.objects.create(
        connection=make_connection(), external_id="12", sku="D", manages_stock=True,
        product=Product.objects.get(sku="0017"), selling_unit=SellingUnit.objects.get(),
    )  # fmt: skip
    wishes = Delivery.objects.filter(topic="stock").values_list("object_id", flat=True)
    imported(resources.ProductResource(), "sku,price\n90.750,5\n0017,90.750\n")
    assert list(wishes) == [Listing.objects.get(sku="90.750").pk]

    imported(resources.SellingUnitResource(), "sku,unit,quantity,price\n0017,90.750,12,7\n")
    assert of_unit.pk in wishes.all()


def test_a_file_archives_and_takes_out_of_the_archive_as_the_page_does(catalogue: None) -> None:
    there = Listing.objects.filter(sku="90.750")
    there.update(manages_stock=True)
    imported(resources.ProductResource(), "sku,archived\n90.750,yes\n0017,\n")

    gone = Product.objects.exclude(archived_at=None).get()
    assert gone.sku == "90.750"
    assert Delivery.objects.filter(topic="stock", object_id=there.get().pk).exists()
    again = imported(resources.ProductResource(), "sku,archived\n90.750,yes\n0017,no\n")
    assert again.totals["skip"] == 2
    assert Product.objects.get(sku="90.750").archived_at == gone.archived_at
    imported(resources.ProductResource(), "sku,archived\n90.750,no\n")
    assert not Product.objects.exclude(archived_at=None).exists()


def test_pictures_go_out_as_addresses_and_do_not_come_in(catalogue: None) -> None:
    shown = ProductPicture.objects.create(product=Product.objects.get(sku="0017"), picture="products/x.jpg")
    body = exported(resources.ProductResource(), CsvFormat)

    assert f"/admin/inventory/product/pictures/{shown.pk}/" in body.decode()
    assert imported(resources.ProductResource(), body).totals["skip"] == 3


def test_count_plans_are_of_known_warehouses_and_have_lines(catalogue: None) -> None:
    code = Location.objects.get(kind=Location.Kind.WAREHOUSE).code
    body = f"name,warehouse,category,sheet_lines,active\n0017,,,0,\nNew,{code},Nowhere,5,no\nOther,,,,\nGood,{code},,9,no\n"
    result = imported(resources.CountPlanResource(), body)

    assert {number: list(errors) for number, errors in wrong(result).items()} == {
        2: ["sheet_lines"], 3: ["category"], 4: ["warehouse"],
    }  # fmt: skip
    assert CountPlan.objects.get(name="Good").sheet_lines == 9


def test_kits_of_kits_come_in_in_any_order_and_one_that_holds_itself_is_named(catalogue: None) -> None:
    for sku in ("OUTER", "INNER", "LOOP1", "LOOP2"):
        make_product(sku, stocked=False)
    body = (
        "kit,component,quantity\nOUTER,INNER,2\nINNER,90.750,3\nLOOP1,LOOP2,1\nLOOP2,LOOP1,1\nLOOP1,90.750,1\n"
        "4006381333931,90.750,0\n"
    )

    result = imported(resources.KitComponentResource(), body)

    outer = Product.objects.get(sku="OUTER")
    assert kits.contents([outer.pk]) == {outer.pk: {Product.objects.get(sku="90.750").pk: 6}}
    assert set(Product.objects.get(sku="4006381333931").components.values_list("component__sku", flat=True)) == {"0017"}
    assert not Product.objects.filter(sku="LOOP2", is_kit=True).exists() or not (
        Product.objects.filter(sku="LOOP1", is_kit=True).exists()
    )
    assert any("in itself" in str(errors) for errors in wrong(result).values())


def test_reorder_points_are_of_known_warehouses_and_make_sense(catalogue: None) -> None:
    code = Location.objects.get(kind=Location.Kind.WAREHOUSE).code
    body = (
        "sku,warehouse,put_away,reorder_point,target_level\n"
        f"90.750,{code},0017,5,20\n0017,{code},,10,9\n0017,NOWHERE,,1,2\n4006381333931,{code},NONE,1,2\n"
    )

    result = imported(resources.WarehouseProductResource(), body)

    assert {number: list(errors) for number, errors in wrong(result).items()} == {
        3: ["target_level"], 4: ["warehouse"], 5: ["put_away"],
    }  # fmt: skip
    here = WarehouseProduct.objects.get(product__sku="90.750")
    assert here.put_away is not None
    assert (here.put_away.code, here.reorder_point, here.target_level) == ("0017", 5, 20)


def test_aliases_from_a_file_let_held_orders_go_on(catalogue: None) -> None:
    eggs = make_product("EGG", 100)
    SellingUnit.objects.create(product=eggs, name="dozen", quantity=12)
    make_product("OLD", archived_at=timezone.now())
    order = make_order([("TWELVE", 2, "6.00")])
    body = (
        "store,store_sku,sku,unit,store_number\nBoréal,TWELVE,EGG,dozen,\nBoréal,GROSS,EGG,gross,\nNobody,A,EGG,,\n"
        "Boréal,B,OLD,,\nBoréal,,EGG,,\nBoréal,C,EGG,,999\nBoréal,90.750,EGG,dozen,0017\n"
    )

    result = imported(resources.ListingResource(), body)

    assert {number: list(errors) for number, errors in wrong(result).items()} == {
        3: ["selling_unit"], 4: ["connection"], 5: ["product"], 6: ["store_sku"], 7: ["store_number"],
    }  # fmt: skip
    order = Order.objects.get(pk=order.pk)
    assert (order.state, order.lines.get().pieces) == ("to_pack", 12)
    listed = Listing.objects.get(external_id="0017")
    assert listed.selling_unit is not None
    assert listed.selling_unit.name == "dozen"


@pytest.mark.parametrize("table", [name for name in TABLES if name != "kit components"])
def test_many_rows_are_read_and_written_in_sets(table: str) -> None:
    make_merchant()
    main = ledger.default_location()
    Product.objects.bulk_create(Product(sku=f"P{n:04}", name="x") for n in range(1500))
    Supplier.objects.create(code="S", name="S")
    make_connection()
    bodies = {
        "products": ("sku,name,price", "N{n},New,5"),
        "categories": ("path", "Top > N{n}"),
        "families": ("code,name", "N{n},N"),
        "suppliers": ("code,name", "N{n},N"),
        "supplier products": ("sku,supplier", "P{n:04},S"),
        "selling units": ("sku,unit,quantity,unit_sku", "P{n:04},pair,2,U{n}"),
        "warehouse products": ("sku,warehouse,reorder_point", f"P{{n:04}},{main.code},5"),
        "aliases": ("store,store_sku,sku", "Boréal,A{n},P{n:04}"),
        "count plans": ("name,warehouse", f"N{{n}},{main.code}"),
    }
    head, line = bodies[table]
    counts = []
    for span in (range(500), range(500, 1500)):
        body = head + "\n" + "".join(line.format(n=n) + "\n" for n in span)
        with CaptureQueriesContext(database) as seen:
            result = imported(TABLES[table][0](), body)
        assert (result.totals["new"], result.wrong) == (len(span), 0)
        counts.append(len(seen))

    # Two chunks instead of one.
    assert counts[1] <= 2 * counts[0] + 2
    assert counts[0] < 30
