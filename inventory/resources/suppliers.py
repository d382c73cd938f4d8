"""Suppliers, and what each of them sells, as tables, in and out (rule: U5; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice import desk
from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Amount, Choice, Named, Text, Whole
from backoffice.lib.working_days import is_known_region
from inventory.models import Product, Supplier, SupplierProduct
from inventory.models.suppliers import LANGUAGES
from inventory.resources.words import NO_PRODUCT, needs
from orders import promise_terms
from orders.holds import known_currency


class SupplierResource(TableResource):
    """Suppliers, known by their code."""

    guarded = {SEE_COSTS: ("minimum_order",)}
    needed = ("code",)

    code = Field("code", "code", Text())
    name = Field("name", "name", Text())
    email = Field("email", "email", Text())
    phone = Field("phone", "phone", Text())
    address = Field("address", "address", Text())
    language = Field("language", "language", Choice(code for code, _ in LANGUAGES), saves_null_values=False)
    currency = Field("currency", "currency", Text(), saves_null_values=False)
    lead_time_days = Field("lead_time_days", "lead_time_days", Whole())
    holiday_region = Field("holiday_region", "holiday_region", Text())
    minimum_order = Field("minimum_order", "minimum_order", Amount())
    account_number = Field("account_number", "account_number", Text())
    payment_terms = Field("payment_terms", "payment_terms", Text())
    notes = Field("notes", "notes", Text())

    class Meta(TableResource.Meta):
        model = Supplier
        name = "Suppliers"
        import_id_fields = ("code",)
        fields: ClassVar = (
            "code", "name", "email", "phone", "address", "language", "currency", "lead_time_days", "holiday_region",
            "minimum_order", "account_number", "payment_terms", "notes",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[str, Supplier] = {}
        self._other_days: set[int] = set()

    def load(self, rows: list[dict[str, str]]) -> None:
        known = Supplier.objects.filter(code__in={row["code"] for row in rows})
        self._known = {supplier.code: supplier for supplier in known}

    def known(self, row: dict[str, str]) -> Supplier | None:
        return self._known.get(row["code"])

    def identity(self, row: dict[str, str]) -> Any:
        return row["code"]

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if any(self._before[name] != getattr(instance, name) for name in promise_terms.OF_SUPPLIER & set(self._before)):
            self._other_days.add(instance.pk)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        promise_terms.suppliers_changed(self._other_days)
        self._other_days = set()

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        instance.currency = instance.currency.strip().upper()
        super().validate_instance(instance, import_validation_errors, validate_unique)
        desk.refuse_cards({name: getattr(instance, name) for name in ("notes", "account_number", "payment_terms")})
        if not known_currency(instance.currency):
            raise ValidationError({"currency": f"“{instance.currency}” is no currency that is known here."})
        if not is_known_region(instance.holiday_region):
            raise ValidationError(
                {"holiday_region": f"The holidays of “{instance.holiday_region}” are not known. Write it like CA-QC."}
            )


class SupplierProductResource(TableResource):
    """What suppliers sell, known by our SKU and the supplier's code."""

    guarded = {SEE_COSTS: ("price",)}
    needed = ("sku", "supplier")

    product = Field("product", "sku", Named("sku", NO_PRODUCT))
    name = Field("product__name", "name", Text(), readonly=True)
    supplier = Field("supplier", "supplier", Named("code", "There is no supplier {code}. Add it first, or correct it."))
    supplier_sku = Field("supplier_sku", "supplier_sku", Text())
    pack = Field("pack", "pack", Whole(), saves_null_values=False)
    minimum = Field("minimum", "minimum", Whole(), saves_null_values=False)
    price = Field("price", "price", Amount())
    lead_time_days = Field("lead_time_days", "lead_time_days", Whole())
    rank = Field("rank", "rank", Whole(), saves_null_values=False)

    class Meta(TableResource.Meta):
        model = SupplierProduct
        name = "What suppliers sell"
        import_id_fields = ("product", "supplier")
        fields: ClassVar = (
            "product", "name", "supplier", "supplier_sku", "pack", "minimum", "price", "lead_time_days", "rank",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[Any, SupplierProduct] = {}
        self._other_days: set[int] = set()

    def load(self, rows: list[dict[str, str]]) -> None:
        products = Product.objects.filter(sku__in={row["sku"] for row in rows})
        suppliers = Supplier.objects.filter(code__in={row["supplier"] for row in rows})
        self.know("product", {product.sku: product for product in products})
        self.know("supplier", {supplier.code: supplier for supplier in suppliers})
        known = SupplierProduct.objects.filter(product__in=products, supplier__in=suppliers)
        self._known = {
            (term.product.sku, term.supplier.code): term for term in known.select_related("product", "supplier")
        }

    def known(self, row: dict[str, str]) -> SupplierProduct | None:
        return self._known.get(self.identity(row))

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row["supplier"])

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        named = ("lead_time_days", "rank")
        if is_create or any(
            self._before.get(name, getattr(instance, name)) != getattr(instance, name) for name in named
        ):
            self._other_days.add(instance.product_id)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        promise_terms.products_changed(self._other_days)
        self._other_days = set()

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, product="sku", supplier="supplier")

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "supplier")
