"""What is in kits as a table, in and out (rules: U5, S6; docs/tables.md)."""

from collections import defaultdict
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from import_export.fields import Field

from backoffice import kitting
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Named, Text, Whole
from inventory import kits
from inventory.models import KitComponent, Product
from inventory.resources.words import NO_PRODUCT, needs

Parts = dict[int, dict[int, int]]
"""Kit → component → how many of it; zero takes it out."""


class KitComponentResource(TableResource):
    """Components, known by the kit's SKU and their own. A quantity of 0 takes one out; others stay as they are."""

    needed = ("kit", "component", "quantity")

    kit = Field("kit", "kit", Named("sku", NO_PRODUCT))
    component = Field("component", "component", Named("sku", NO_PRODUCT))
    name = Field("component__name", "name", Text(), readonly=True)
    quantity = Field("quantity", "quantity", Whole())

    class Meta(TableResource.Meta):
        model = KitComponent
        name = "What is in kits"
        import_id_fields = ("kit", "component")
        fields: ClassVar = ("kit", "component", "name", "quantity")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[Any, KitComponent] = {}
        self._products: dict[str, Product] = {}
        self._said: Parts = defaultdict(dict)
        self._wanted: Parts = defaultdict(dict)
        self._wrong: dict[int, str] = {}

    # --- import ----------------------------------------------------------------------------------------------------------
    def load(self, rows: list[dict[str, str]]) -> None:
        products = Product.objects.filter(sku__in={row[name] for row in rows for name in ("kit", "component")})
        self._products = {product.sku: product for product in products}
        self.know("kit", self._products)
        self.know("component", self._products)
        known = KitComponent.objects.filter(kit__in=products).select_related("kit", "component")
        self._known = {(part.kit.sku, part.component.sku): part for part in known}
        for row in rows:
            kit, component = self._products.get(row["kit"]), self._products.get(row["component"])
            try:
                quantity = Whole().clean(row["quantity"])
            except ValueError:
                continue
            if kit is not None and component is not None and quantity is not None:
                self._said[kit.pk][component.pk] = quantity
        # Tried and taken back: whether a kit would hold itself is seen only with all that the file says of all kits.
        with transaction.atomic():
            self._wrong = _set(
                {kit: self._said[kit] for kit in {p.pk for p in self._products.values()} & self._said.keys()}
            )
            transaction.set_rollback(True)

    def identity(self, row: dict[str, str]) -> Any:
        return (row["kit"], row["component"])

    def known(self, row: dict[str, str]) -> KitComponent | None:
        return self._known.get(self.identity(row))

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, kit="kit", component="component")
        if instance.kit_id in self._wrong:
            raise ValidationError({"kit": self._wrong[instance.kit_id]})

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        if not import_validation_errors and not self._before and instance.quantity == 0:
            return True
        return super().skip_row(instance, original, row, import_validation_errors)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: what a kit holds has one writer, which is told of a kit as a whole.
        self._wanted[instance.kit_id][instance.component_id] = instance.quantity

    def written(self, user: Any) -> None:
        _set(self._wanted)
        kitting.tell(self._wanted)
        self._wanted = defaultdict(dict)

    # --- export ----------------------------------------------------------------------------------------------------------
    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("kit", "component")


def _set(said: Parts) -> dict[int, str]:
    """Bring kits to what is said of them; what cannot be, by kit. A kit that holds another waits until that one is set."""
    products = Product.objects.in_bulk(list(said))
    there: Parts = defaultdict(dict)
    for kit_id, component_id, quantity in KitComponent.objects.filter(kit__in=products).values_list(
        "kit_id", "component_id", "quantity"
    ):
        there[kit_id][component_id] = quantity
    waiting = list(products.values())
    wrong: dict[int, str] = {}
    while waiting:
        left: list[Product] = []
        for kit in waiting:
            parts = {pk: quantity for pk, quantity in {**there[kit.pk], **said[kit.pk]}.items() if quantity}
            try:
                with transaction.atomic():
                    kits.set_components(kit, parts)
            except ValueError as error:
                wrong[kit.pk] = str(error)
                left.append(kit)
        if len(left) == len(waiting):
            break
        waiting = left
    return {kit.pk: wrong[kit.pk] for kit in waiting}
