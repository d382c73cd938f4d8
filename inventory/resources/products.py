"""Products as a table, in and out (rule: U5; docs/tables.md)."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from import_export.fields import Field

from backoffice import settling
from backoffice.api.permissions import SEE_AMOUNTS, SEE_COSTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Amount, Choice, Named, Text, Whole, YesNo
from backoffice.lib import cells
from inventory import catalogue
from inventory.models import Category, Product, ProductFamily
from inventory.resources.words import NO_CATEGORY, category_path
from orders import publishing

NO_FAMILY = "There is no family {code}. Import or add the families first, or correct it."

TOLD = ("backorder_policy", "stocked", "price")
"""What of a product its stores are told."""


class Archived(Field):
    """Yes or no; the moment at which it was archived stays where nothing changes."""

    def get_value(self, instance: Any, **kwargs: Any) -> bool:
        return instance.archived_at is not None

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        said = self.clean(row)
        if said is not None and said != self.get_value(instance):
            instance.archived_at = timezone.now() if said else None


class ProductResource(TableResource):
    """Products, known by their SKU. Columns that a file leaves out stay as they are."""

    guarded = {SEE_AMOUNTS: ("price",), SEE_COSTS: ("average_cost",)}
    needed = ("sku",)

    sku = Field("sku", "sku", Text())
    name = Field("name", "name", Text())
    name_fr = Field("name_fr", "name_fr", Text())
    variation = Field("variation", "variation", Text())
    family = Field("family", "family", Named("code", NO_FAMILY))
    category = Field("category", "category", Named("path", NO_CATEGORY, category_path))
    barcode = Field("barcode", "barcode", Text())
    price = Field("price", "price", Amount())
    average_cost = Field("average_cost", "average_cost", Amount(), readonly=True)
    tax_class = Field("tax_class", "tax_class", Choice(Product.TaxClass.values), saves_null_values=False)
    weight_grams = Field("weight_grams", "weight_grams", Whole())
    length_mm = Field("length_mm", "length_mm", Whole())
    width_mm = Field("width_mm", "width_mm", Whole())
    height_mm = Field("height_mm", "height_mm", Whole())
    hs_code = Field("hs_code", "hs_code", Text())
    origin_country = Field("origin_country", "origin_country", Text())
    customs_description = Field("customs_description", "customs_description", Text())
    stocked = Field("stocked", "stocked", YesNo(), saves_null_values=False)
    is_kit = Field("is_kit", "is_kit", YesNo(), readonly=True)
    tracking = Field("tracking", "tracking", Choice(Product.Tracking.values), saves_null_values=False)
    expires = Field("expires", "expires", YesNo(), saves_null_values=False)
    backorder_policy = Field(
        "backorder_policy", "backorder_policy", Choice(Product.BackorderPolicy.values), saves_null_values=False
    )

    archived = Archived("archived_at", "archived", YesNo())
    pictures = Field(None, "pictures", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = Product
        name = "Products"
        import_id_fields = ("sku",)
        fields: ClassVar = (
            "sku", "name", "name_fr", "variation", "family", "category", "barcode", "price", "average_cost", "tax_class",
            "weight_grams", "length_mm", "width_mm", "height_mm", "hs_code", "origin_country", "customs_description",
            "stocked", "is_kit", "tracking", "expires", "backorder_policy", "archived", "pictures",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._products: dict[str, Product] = {}
        self._any_new = False
        self._told: set[int] = set()
        self._fixed: dict[int, str] = {}
        self._tracked: dict[int, str] = {}
        self._undated: dict[int, str] = {}
        self._of_units: dict[str, str] = {}
        self._barcodes: dict[str, list[str]] = {}
        self._barcodes_in_file: dict[str, str] = {}
        """Bar code without leading zeros → the SKU of the first row that has it."""

    def load(self, rows: list[dict[str, str]]) -> None:
        known = Product.objects.filter(sku__in={row["sku"] for row in rows}).select_related("family", "category")
        self._products = {p.sku: p for p in known}
        self._of_units = catalogue.taken_by_units({row["sku"] for row in rows} - self._products.keys())
        codes = {row["family"] for row in rows if row.get("family")}
        paths = {category_path(row["category"]) for row in rows if row.get("category")}
        self.know("family", {f.code: f for f in ProductFamily.objects.filter(code__in=codes)} if codes else {})
        self.know("category", {c.path: c for c in Category.objects.filter(path__in=paths)} if paths else {})
        there = [(row, p) for row in rows if (p := self._products.get(row["sku"])) is not None]
        self._fixed = catalogue.stocked_for_now(p.pk for row, p in there if _switches(p, row, "stocked"))
        self._undated = catalogue.expires_for_now(
            p.pk for row, p in there if not p.expires and _switches(p, row, "expires")
        )
        self._tracked = catalogue.tracked_for_now(
            p.pk for row, p in there if row.get("tracking", "").strip().lower() not in ("", p.tracking)
        )

        known_codes = {p.sku: p.barcode for _row, p in there}
        self._barcodes = catalogue.who_has(
            code for row in rows if (code := row.get("barcode", "").strip()) != known_codes.get(row["sku"], "")
        )

    def read_before(self, rows: Iterable[tuple[int, dict[str, str]]]) -> None:
        def noted() -> Iterator[tuple[int, dict[str, str]]]:
            for number, row in rows:
                self._barcodes_in_file.setdefault(row.get("barcode", "").strip().lstrip("0"), row["sku"])
                yield number, row

        super().read_before(noted())

    def remarks(self, instance: Product, row: dict[str, str]) -> list[str]:
        said = []
        if "average_cost" in self.fields and _differs(Amount(), row.get("average_cost"), instance.average_cost):
            said.append(
                f"average_cost: {row['average_cost']} is not taken over, it stays {cells.figure(instance.average_cost)}. "
                "What goods cost is said when they are received."
            )
        if _differs(YesNo(), row.get("is_kit"), instance.is_kit):
            said.append(
                "is_kit: is not taken over. A kit is made by saying what is in it, on its page or by the file of kits."
            )
        code = instance.barcode
        first = self._barcodes_in_file.setdefault(code.lstrip("0"), instance.sku) if code else instance.sku
        if code and code != self._before.get("barcode", code if self._before else ""):
            names = self._barcodes.get(code.lstrip("0"), [])
            others = list(dict.fromkeys([*names, first]))
            if others := [name for name in others if name != instance.sku]:
                said.append(catalogue.doubled(code, others))
        return said

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        if not self._before:
            try:
                catalogue.check_sku(instance.sku)
            except ValidationError as error:
                raise ValidationError({"sku": error.messages}) from None
            if instance.sku in self._of_units:
                raise ValidationError({"sku": self._of_units[instance.sku]})
        elif self._switched("stocked", instance) and instance.pk in self._fixed:
            raise ValidationError({"stocked": self._fixed[instance.pk]})
        elif self._switched("tracking", instance) and instance.pk in self._tracked:
            raise ValidationError({"tracking": self._tracked[instance.pk]})
        elif self._switched("expires", instance) and instance.pk in self._undated:
            raise ValidationError({"expires": self._undated[instance.pk]})
        if instance.tracking != Product.Tracking.NONE and not instance.stocked:
            raise ValidationError({"tracking": "What is not stocked has no lots: write none."})
        if instance.expires and instance.tracking == Product.Tracking.NONE:
            raise ValidationError({"expires": "Only goods with tracking by lot or serial expire by it."})

    def _switched(self, name: str, product: Product) -> bool:
        return bool(getattr(product, name) != self._before.get(name, getattr(product, name)))

    def known(self, row: dict[str, str]) -> Product | None:
        return self._products.get(row["sku"])

    def identity(self, row: dict[str, str]) -> Any:
        return row["sku"]

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if is_create:
            self._any_new = True
        elif any(self._switched(name, instance) for name in TOLD) or (
            self._before.get("archived", is_archived := instance.archived_at is not None) != is_archived
        ):
            self._told.add(instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        publishing.stock_changed(self._told)
        if self._any_new:
            settling.products_known(by=user, who=str(user or "Import"))
        self._told, self._any_new = set(), False

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("family", "category").prefetch_related("pictures")

    def dehydrate_pictures(self, product: Product) -> str:
        """Their addresses, which open for who is logged in and may see products."""
        found = (reverse("admin:inventory_product_picture", args=[picture.pk]) for picture in product.pictures.all())
        return " ".join(f"{settings.BASE_URL}{address}" for address in found)


def _differs(widget: Text, cell: str | None, is_now: Any) -> bool:
    """Whether a cell that is not read says something else than what there is."""
    if not (cell or "").strip():
        return False
    try:
        return bool(widget.clean(cell) != is_now)
    except ValueError:
        return True


def _switches(product: Product, row: dict[str, str], name: str) -> bool:
    """Whether a row would switch a product's yes or no; what cannot be read is refused elsewhere."""
    try:
        said = YesNo().clean(row.get(name))
    except ValueError:
        return False
    return said is not None and said != getattr(product, name)
