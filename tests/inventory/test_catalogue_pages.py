"""The catalogue in the browser: products with all that belongs to them, kits, categories, families, suppliers."""

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from inventory import categories, kits, pictures
from inventory.models import (
    Category,
    KitComponent,
    Location,
    Product,
    ProductFamily,
    ProductPicture,
    SellingUnit,
    Supplier,
    SupplierProduct,
    WarehouseProduct,
)
from tests.making import a_picture, make_merchant, make_product
from tests.staff import ROLES, filled, logged_in, statements

pytestmark = pytest.mark.django_db
LIST = "admin:inventory_product_changelist"


@pytest.fixture(autouse=True)
def tent() -> Product:
    make_merchant()
    return make_product("TENT", 5, cost="10.00", price=Decimal("100"))


def page(product: Product) -> str:
    return reverse("admin:inventory_product_change", args=[product.pk])


def change(product: Product, **fields: Any) -> str:
    """The product's form sent; all that is said to be wrong."""
    client = logged_in("manager")
    answer: Any = client.post(page(product), filled(client, page(product), **fields))
    product.refresh_from_db()
    if answer.status_code == 302:
        return ""
    tables = [str(table.formset.errors) for table in answer.context["inline_admin_formsets"]]
    return " ".join([str(answer.context["adminform"].form.errors), *tables])


def row(table: str, at: int, **fields: Any) -> dict[str, Any]:
    return {f"{table}-TOTAL_FORMS": at + 1, **{f"{table}-{at}-{name}": value for name, value in fields.items()}}


def listed(role: str = "manager", **query: str) -> list[str]:
    answer: Any = logged_in(role).get(reverse(LIST), query)
    return [product.sku for product in answer.context_data["cl"].result_list]


# --- the product ---------------------------------------------------------------------------------------------------------
def test_a_product_is_described_for_the_shelf_the_tax_and_the_customs(tent: Product) -> None:
    family = ProductFamily.objects.create(code="T", name="Tents", options="size")
    branch = categories.add(name="Camping")

    assert not change(
        tent, family=family.pk, variation="large", category=branch.pk, tax_class="zero", weight_grams="2500",
        length_mm="600", width_mm="200", height_mm="150", hs_code="630622", origin_country="CA",
        customs_description="Tent of synthetic fibre", barcode="4006381333931",
    )  # fmt: skip

    assert (tent.family, tent.category, tent.tax_class, tent.hs_code, tent.origin_country, tent.height_mm) == (
        family, branch, "zero", "630622", "CA", 150,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("barcode", "0628915123458", "is no GTIN"),
        ("hs_code", "6306.22", "Digits only"),
        ("hs_code", "6306", "at least 6 characters"),
        ("origin_country", "Canada", "at most 2 characters"),
        ("origin_country", "ca", "two capital letters"),
        ("weight_grams", "-1", "greater than or equal to 0"),
        ("price", "-5", "not less than nothing"),
        ("expires", "on", "Only goods that are followed by lot"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(tent: Product, field: str, value: str, words: str) -> None:
    assert words in change(tent, **{field: value})


def test_a_code_that_a_store_brought_does_not_stand_in_the_way_of_other_fields(tent: Product) -> None:
    Product.objects.update(barcode="12AB")

    assert not change(tent, name="Tent, mended")
    assert (tent.name, tent.barcode) == ("Tent, mended", "12AB")
    assert "is no GTIN" in change(tent, barcode="12ABC")


def test_a_bar_code_that_another_product_has_is_saved_with_a_warning(tent: Product) -> None:
    make_product("OTHER", barcode="036000291452")

    client = logged_in("manager")
    answer = client.post(page(tent), filled(client, page(tent), barcode="0036000291452"), follow=True)

    assert "The bar code 0036000291452 is also that of OTHER." in answer.content.decode()


def test_lots_are_neither_begun_nor_ended_while_there_is_stock(tent: Product) -> None:
    empty = make_product("MILK")

    assert "There is stock of it" in change(tent, tracking="lot")
    assert not change(empty, tracking="lot", expires="on")
    assert (tent.tracking, empty.tracking, empty.expires) == ("none", "lot", True)
    assert "What is not stocked has no lots" in change(empty, stocked=None)


def test_sisters_are_listed_on_each_others_page_and_on_the_family(tent: Product) -> None:
    family = ProductFamily.objects.create(code="T", name="Tents")
    Product.objects.filter(pk=tent.pk).update(family=family)
    small = make_product("TENT-S", 2, family=family, variation="small")
    client = logged_in("clerk")

    assert page(small) in client.get(page(tent)).content.decode()
    text = client.get(reverse("admin:inventory_productfamily_change", args=[family.pk])).content.decode()
    assert page(tent) in text
    assert page(small) in text
    assert "small" in text


def test_terms_of_a_supplier_are_typed_on_the_product_and_their_price_is_guarded(tent: Product) -> None:
    supplier = Supplier.objects.create(code="ACME", name="Acme")

    assert not change(
        tent, **row("suppliers", 0, supplier=supplier.pk, supplier_sku="A-1", pack=6, minimum=12, price="45.67", rank=1)
    )

    term = SupplierProduct.objects.get()
    assert (term.pack, term.minimum, term.price, term.supplier_sku) == (6, 12, Decimal("45.67"), "A-1")
    assert "45.67" in logged_in("accountant").get(page(tent)).content.decode()
    for role in ("warehouse", "clerk"):
        text = logged_in(role).get(page(tent)).content.decode()
        assert "A-1" in text
        assert "45.67" not in text


def test_a_pack_of_nothing_is_refused(tent: Product) -> None:
    supplier = Supplier.objects.create(code="ACME", name="Acme")

    assert "greater than or equal to 1" in change(
        tent, **row("suppliers", 0, supplier=supplier.pk, pack=0, minimum=0, rank=1)
    )
    assert "less than nothing" in change(
        tent, **row("suppliers", 0, supplier=supplier.pk, pack=1, minimum=0, rank=1, price="-1")
    )
    assert not SupplierProduct.objects.exists()


@pytest.mark.parametrize("fields", [{"model": Product, "price": -1}, {"model": Supplier, "minimum_order": -1}])
def test_no_way_into_the_database_makes_an_amount_negative(fields: dict[str, Any]) -> None:
    model = fields.pop("model")
    Supplier.objects.get_or_create(code="ACME")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**fields)


def test_selling_units_hold_several_and_have_codes_of_their_own(tent: Product) -> None:
    assert not change(tent, **row("selling_units", 0, name="pair", quantity=2, sku="TENT-2", barcode="036000291452"))

    assert SellingUnit.objects.get().quantity == 2
    assert "is the SKU of a product" in change(tent, **row("selling_units", 1, name="box", quantity=10, sku="TENT"))
    assert "is no GTIN" in change(tent, **row("selling_units", 1, name="box", quantity=10, barcode="123"))
    assert "less than nothing" in change(tent, **row("selling_units", 1, name="box", quantity=10, price="-1"))
    assert (
        "Selling unit with this SKU already exists"
        in (wrong := change(tent, **row("selling_units", 1, name="box", quantity=10, sku="TENT-2")))
        or "sku" in wrong.lower()
    )
    assert SellingUnit.objects.count() == 1
    assert "is the SKU of a unit of TENT" in change(make_product("LAMP"), sku="TENT-2")


def test_reorder_points_and_put_away_are_of_one_warehouse(tent: Product) -> None:
    main = Location.objects.get()
    other = Location.objects.create(code="TWO", name="Second")
    shelf = Location.objects.create(code="A1", name="A-1", kind=Location.Kind.BIN, warehouse=main)

    assert "A-1 is not in Second" in change(tent, **row("warehouses", 0, warehouse=other.pk, put_away=shelf.pk))
    assert "say at least 10" in change(
        tent, **row("warehouses", 0, warehouse=main.pk, reorder_point=10, target_level=9)
    )
    assert not change(
        tent, **row("warehouses", 0, warehouse=main.pk, put_away=shelf.pk, reorder_point=10, target_level=20)
    )
    assert WarehouseProduct.objects.get().put_away == shelf


# --- pictures ------------------------------------------------------------------------------------------------------------
def upload(product: Product, file: Any, **fields: Any) -> str:
    return change(product, **row("pictures", 0, picture=file, position=1, words="a tent", **fields))


def test_a_picture_is_drawn_anew_and_shown_to_staff_only(tent: Product) -> None:
    drawn = io.BytesIO()
    secret = Image.Exif()
    secret[0x010E] = "taken at 12 Elm Street"
    Image.new("RGB", (3000, 1500), "teal").save(drawn, "JPEG", exif=secret)

    assert not upload(tent, SimpleUploadedFile("../../etc/evil.php", drawn.getvalue() + b"<?php evil ?>"))

    kept = ProductPicture.objects.get()
    content = kept.picture.open("rb").read()
    assert b"Elm Street" not in content
    assert b"evil" not in content
    assert kept.picture.name.startswith("products/")
    assert kept.picture.name.endswith(".jpg")
    assert "evil" not in kept.picture.name
    url = reverse("admin:inventory_product_picture", args=[kept.pk])
    answer = logged_in("warehouse").get(url)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as whole:
        assert whole.size == (1600, 800)
    with Image.open(io.BytesIO(logged_in("warehouse").get(url, {"small": "1"}).content)) as small:
        assert small.size == (240, 120)
    assert url in logged_in("warehouse").get(page(tent)).content.decode()
    assert {role: logged_in(role).get(url).status_code for role in ROLES} == dict.fromkeys(ROLES, 200)
    assert logged_in("nobody").get(url).status_code == 403
    assert Client().get(url).status_code == 302
    assert logged_in("stranger").get(url).status_code == 302


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "no picture that can be read"),
        (b"<?php echo 1;", "no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"broken" * 10, "no picture that can be read"),
        (b"x" * (pictures.MOST_BYTES + 1), "at most 10 MB are taken"),
    ],
)
def test_what_is_no_picture_is_refused(tent: Product, body: bytes, words: str) -> None:
    assert words in upload(tent, SimpleUploadedFile("tent.png", body))
    assert not ProductPicture.objects.exists()


def test_a_small_file_that_claims_to_be_endless_is_refused(tent: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1000)

    assert "more pixels than are taken" in upload(tent, a_picture(size=(100, 100)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_usual_kind_of_picture_is_taken(tent: Product, kind: str) -> None:
    assert not upload(tent, a_picture(kind))
    assert ProductPicture.objects.count() == 1


def test_a_picture_that_is_replaced_leaves_no_file_behind(
    tent: Product, django_capture_on_commit_callbacks: Any
) -> None:
    upload(tent, a_picture())
    before = str(ProductPicture.objects.get().picture.name)

    with django_capture_on_commit_callbacks(execute=True):
        assert not change(tent, **{"pictures-0-picture": a_picture("JPEG")})

    after = str(ProductPicture.objects.get().picture.name)
    assert (default_storage.exists(before), default_storage.exists(after)) == (False, True)


def test_a_picture_that_is_taken_away_takes_its_file_with_it(
    tent: Product, django_capture_on_commit_callbacks: Any
) -> None:
    upload(tent, a_picture())
    kept = ProductPicture.objects.get()
    name = str(kept.picture.name)
    assert default_storage.exists(name)

    with django_capture_on_commit_callbacks(execute=True):
        assert not change(tent, **{"pictures-0-DELETE": "on"})

    assert not ProductPicture.objects.exists()
    assert not default_storage.exists(name)


# --- the list ------------------------------------------------------------------------------------------------------------
def test_the_list_is_narrowed_by_branch_family_supplier_kind_and_archive(tent: Product) -> None:
    tree = categories.ensure(["Camping › Tents", "Campinghouse"])
    family = ProductFamily.objects.create(code="T", name="Tents")
    acme = Supplier.objects.create(code="ACME", name="Acme")
    Product.objects.filter(pk=tent.pk).update(category=tree["Camping › Tents"], family=family)
    SupplierProduct.objects.create(supplier=acme, product=tent)
    chair = make_product("CHAIR", category=tree["Campinghouse"])
    make_product("ADVICE", stocked=False)
    kit = make_product("KIT", stocked=False)
    kits.set_components(kit, {tent.pk: 1, chair.pk: 2})
    make_product("OLD", archived_at=timezone.now())

    assert listed() == ["ADVICE", "CHAIR", "KIT", "TENT"]
    assert listed(branch=str(tree["Camping"].pk)) == ["TENT"]
    assert listed(branch=str(tree["Campinghouse"].pk)) == ["CHAIR"]
    assert listed(branch="none") == ["ADVICE", "KIT"]
    assert listed(branch="999999999") == []
    assert listed(family__id__exact=str(family.pk)) == ["TENT"]
    assert listed(supplier=str(acme.pk)) == ["TENT"]
    assert listed(supplier="none") == ["ADVICE", "CHAIR", "KIT"]
    assert listed(kind="kits") == ["KIT"]
    assert listed(kind="goods") == ["CHAIR", "TENT"]
    assert listed(kind="other") == ["ADVICE"]
    assert listed(archived="yes") == ["OLD"]


def test_a_product_is_searched_by_the_codes_of_its_units_and_each_spelling_of_a_bar_code(tent: Product) -> None:
    SellingUnit.objects.create(product=tent, name="pair", quantity=2, sku="TWO-TENTS", barcode="036000291452")
    make_product("CUP", barcode="0628915123457")

    assert listed(q="two-tents") == ["TENT"]
    assert listed(q="0036000291452") == ["TENT"]
    assert listed(q="628915123457") == ["CUP"]
    assert listed(q="00628915123457") == ["CUP"]


def test_what_is_archived_is_not_offered(tent: Product) -> None:
    Product.objects.filter(pk=tent.pk).update(archived_at=timezone.now())
    client = logged_in("manager")

    assert "TENT" not in client.get(reverse("admin:inventory_product_suggest"), {"product": "TENT"}).content.decode()
    assert listed() == []


def test_the_pages_need_as_many_statements_for_many_rows_as_for_few(tent: Product) -> None:
    client = logged_in("manager")
    supplier = Supplier.objects.create(code="S0", name="S0")
    branch = categories.add(name="Branch")
    family = ProductFamily.objects.create(code="F", name="F")
    make_product("SISTER", 1)
    Product.objects.update(family=family, category=branch)
    SupplierProduct.objects.create(supplier=supplier, product=tent)
    SellingUnit.objects.create(product=tent, name="pair", quantity=2)
    KitComponent.objects.bulk_create([KitComponent(kit=make_product("K", stocked=False, is_kit=True), component=tent)])
    WarehouseProduct.objects.create(product=tent, warehouse=Location.objects.get(), reorder_point=1)
    names = ["product", "category", "productfamily", "supplier", "supplierproduct", "sellingunit", "kitcomponent",
             "warehouseproduct"]  # fmt: skip
    urls = [reverse(f"admin:inventory_{name}_changelist") for name in names] + [page(tent)]
    few = {url: statements(client, url) for url in urls}

    main = Location.objects.get()
    for at in range(12):
        more = make_product(f"M{at}", 1, family=family, category=categories.add(name=f"B{at}"))
        other = Supplier.objects.create(code=f"S{at + 1}", name=f"S{at + 1}")
        SupplierProduct.objects.create(supplier=other, product=more)
        SupplierProduct.objects.create(supplier=other, product=tent)
        SellingUnit.objects.create(product=tent, name=f"u{at}", quantity=3 + at)
        SellingUnit.objects.create(product=more, name=f"u{at}", quantity=3 + at)
        kit = make_product(f"K{at}", stocked=False, is_kit=True)
        KitComponent.objects.create(kit=kit, component=tent)
        WarehouseProduct.objects.create(product=more, warehouse=main)
        ProductFamily.objects.create(code=f"F{at}", name=f"F{at}")

    assert {url: statements(client, url) for url in urls} == few


# --- kits ----------------------------------------------------------------------------------------------------------------
def components(product: Product, *rows: tuple[str, str]) -> Any:
    url = reverse("admin:inventory_product_components", args=[product.pk])
    return logged_in("manager").post(url, {"product": [r[0] for r in rows], "units": [r[1] for r in rows]})


def test_a_kit_is_put_together_by_scanning_and_taken_apart_again(tent: Product) -> None:
    kit, chair = make_product("KIT", stocked=False), make_product("CHAIR", 4, barcode="0628915123457")

    assert components(kit, ("tent", "1"), ("628915123457", "4"), ("", "")).status_code == 302
    assert dict(KitComponent.objects.values_list("component", "quantity")) == {tent.pk: 1, chair.pk: 4}
    assert page(chair) in logged_in("clerk").get(page(kit)).content.decode()
    assert page(kit) in logged_in("clerk").get(page(chair)).content.decode()

    assert components(kit, ("", "")).status_code == 302
    kit.refresh_from_db()
    assert not kit.is_kit


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("KIT", "1")], "in itself"),
        ([("NONE", "1")], "No product has the SKU or barcode “NONE”"),
        ([("TENT", "0")], "from 1 to"),
        ([("TENT", "many")], "“many” is no number of units"),
        ([("TENT", "1"), ("tent", "2")], "TENT stands there twice"),
        ([("", "3")], "Say which product"),
        ([("ADVICE", "1")], "stocked"),
    ],
)
def test_what_cannot_be_in_a_kit_is_said_and_stays_typed(tent: Product, rows: list[Any], words: str) -> None:
    kit = make_product("KIT", stocked=False)
    make_product("ADVICE", stocked=False)

    answer = components(kit, *rows)

    assert answer.status_code == 200
    text = answer.content.decode()
    assert words in text
    assert f'value="{rows[0][1]}"' in text
    assert not KitComponent.objects.exists()


def test_goods_that_lie_there_do_not_become_a_kit(tent: Product) -> None:
    make_product("CHAIR")

    assert "There is stock of TENT itself." in components(tent, ("CHAIR", "1")).content.decode()


# --- categories and suppliers --------------------------------------------------------------------------------------------
def test_a_category_is_added_moved_and_renamed_on_its_page() -> None:
    client, add = logged_in("manager"), reverse("admin:inventory_category_add")
    client.post(add, {"name": "Camping", "name_fr": "Camping", "parent": ""})
    camping = Category.objects.get()
    client.post(add, {"name": "Tents", "name_fr": "Tentes", "parent": camping.pk})
    tents = Category.objects.get(name="Tents")
    url = reverse("admin:inventory_category_change", args=[camping.pk])

    client.post(url, {"name": "Outdoors", "name_fr": "", "parent": ""})
    tents.refresh_from_db()
    assert tents.path == "Outdoors › Tents"

    answer = client.post(url, {"name": "Outdoors", "name_fr": "", "parent": tents.pk})
    assert "cannot hang in “Tents”, which is in it" in answer.content.decode()
    assert "There is a category “Tents” in Outdoors already" in (
        client.post(add, {"name": "Tents", "name_fr": "", "parent": camping.pk}).content.decode()
    )


def test_the_tree_is_listed_branch_by_branch() -> None:
    categories.ensure(["Camping", "Camping chairs", "Camping › Tents", "Camping › Stoves", "Art"])

    answer: Any = logged_in("warehouse").get(reverse("admin:inventory_category_changelist"))

    assert [category.path for category in answer.context_data["cl"].result_list] == [
        "Art", "Camping", "Camping › Stoves", "Camping › Tents", "Camping chairs",
    ]  # fmt: skip


def test_a_supplier_has_a_known_currency_and_known_holidays() -> None:
    client, add = logged_in("manager"), reverse("admin:inventory_supplier_add")
    said = {"code": "ACME", "name": "Acme", "language": "fr", "currency": "usd", "holiday_region": "ca-qc"}

    text = client.post(add, {**said, "currency": "XXX", "holiday_region": "MOON"}).content.decode()
    assert "“XXX” is no currency" in text
    assert "The holidays of “MOON” are not known" in text
    assert client.post(add, said).status_code == 302
    supplier = Supplier.objects.get()
    assert (supplier.currency, supplier.holiday_region) == ("USD", "CA-QC")


def test_a_supplier_is_archived_not_deleted_and_not_offered_any_more(tent: Product) -> None:
    supplier = Supplier.objects.create(code="ACME", name="Acme")
    SupplierProduct.objects.create(supplier=supplier, product=tent)
    client, url = logged_in("manager"), reverse("admin:inventory_supplier_changelist")

    client.post(url, {"action": "archive", "_selected_action": [supplier.pk]})

    supplier.refresh_from_db()
    assert supplier.archived_at is not None
    # Not offered any more, and still there where it was chosen.
    other = page(make_product("OTHER"))
    assert ">Acme</option>" not in client.get(other).content.decode()
    assert ">Acme</option>" in client.get(page(tent)).content.decode()
    client.post(f"{url}?archived=yes", {"action": "take_out_of_archive", "_selected_action": [supplier.pk]})
    assert ">Acme</option>" in client.get(other).content.decode()
