"""What stores' SKUs and barcodes mean here, as a table, in and out (rules: U5, O4; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from import_export.fields import Field

from backoffice import settling
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Named, Text
from backoffice.sync.models import Connection
from inventory.models import Listing, Product, SellingUnit
from inventory.resources.words import NO_PRODUCT, needs
from orders import publishing

NO_UNIT = "This product has no selling unit “{code}”. Add it first, or leave the cell empty for single units."


class ListingResource(TableResource):
    """Listings are known by the store and its number; aliases, which have none, by the store and the SKU or barcode there.

    A file adds aliases, and says of both which product they mean, in which unit. Which listings there are the store says.
    """

    needed = ("store", "store_sku", "sku")

    connection = Field(
        "connection", "store", Named("name", "There is no connection called {code}. Write its name as here.")
    )
    external_id = Field("external_id", "store_number", Text())
    sku = Field("sku", "store_sku", Text())
    name = Field("name", "name", Text(), readonly=True)
    product = Field("product", "sku", Named("sku", NO_PRODUCT))
    selling_unit = Field("selling_unit", "unit", Named("name", NO_UNIT, lambda code, row: (row["sku"], code)))

    class Meta(TableResource.Meta):
        model = Listing
        name = "Aliases and listings"
        import_id_fields = ("connection", "external_id", "sku")
        fields: ClassVar = ("connection", "external_id", "sku", "name", "product", "selling_unit")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[Any, Listing] = {}
        self._told: set[int] = set()

    def load(self, rows: list[dict[str, str]]) -> None:
        skus = {row["sku"] for row in rows} - {""}
        products = {product.sku: product for product in Product.objects.filter(sku__in=skus, archived_at=None)}
        units = SellingUnit.objects.filter(product__in=products.values()).select_related("product")
        stores = {store.name: store for store in Connection.objects.filter(name__in={row["store"] for row in rows})}
        self.know("product", products)
        self.know("selling_unit", {(unit.product.sku, unit.name): unit for unit in units})
        self.know("connection", stores)
        numbers = {row.get("store_number", "") for row in rows} - {""}
        aliases = Q(external_id="", sku__in={row["store_sku"] for row in rows})
        known = Listing.objects.filter(Q(external_id__in=numbers) | aliases, connection__in=stores.values())
        self._known = {
            _key(listing.connection.name, listing.external_id, listing.sku): listing
            for listing in known.select_related("connection", "product", "selling_unit")
        }

    def identity(self, row: dict[str, str]) -> Any:
        return _key(row["store"], row.get("store_number", ""), row["store_sku"])

    def known(self, row: dict[str, str]) -> Listing | None:
        found = self._known.get(self.identity(row))
        if found is None and row.get("store_number", ""):
            raise ValidationError(
                {"store_number": "That store lists nothing under this number. Leave the cell empty to add an alias."}
            )
        return found

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, connection="store", product="sku")
        if not instance.external_id and not instance.sku.strip():
            raise ValidationError({"store_sku": "Say which SKU or barcode of the store is meant."})
        unit = instance.selling_unit
        if unit is not None and unit.product_id != instance.product_id:
            raise ValidationError(
                {"unit": f"{unit} is no unit of {instance.product.sku}. Change it, or empty the cell."}
            )

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        if is_create:
            instance.name = instance.product.name
        elif (before := self._before.get("sku")) is not None:
            self._told.add(before.pk)
        self._told.add(instance.product_id)
        super().save_instance(instance, is_create, row, **kwargs)

    def written(self, user: Any) -> None:
        publishing.stock_changed(self._told)
        settling.products_known(by=user, who=str(user or "Import"))
        self._told = set()

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("connection", "product", "selling_unit")


def _key(store: str, number: str, sku: str) -> tuple[str, str, str]:
    """A listing is known by its number alone: its SKU the store may change."""
    return (store, number, "" if number else sku)
