"""Lots and serial numbers as a table: all go out, the days on which they expire come in (rules: U5, S11)."""

from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from import_export.fields import Field

from backoffice import recalling
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Day, Text
from inventory import lots
from inventory.models import Lot, Product
from orders import merchant


class LotResource(TableResource):
    """Lots, known by their product's SKU and their own number. A file makes none: they come with their goods."""

    needed = ("sku", "lot")

    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    code = Field("code", "lot", Text(), readonly=True)
    expires_on = Field("expires_on", "expires_on", Day())
    supplier = Field("supplier__name", "supplier", Text(), readonly=True)
    units = Field("units", "units", Text(), readonly=True)
    state = Field("state", "state", Text(), readonly=True)
    recalled = Field("recall_note", "recalled", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = Lot
        name = "Lots"
        import_id_fields = ("sku", "code")
        fields: ClassVar = ("sku", "name", "code", "expires_on", "supplier", "units", "state", "recalled")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._lots: dict[tuple[str, str], Lot] = {}
        self._skus: set[str] = set()
        self._today: date | None = None

    def load(self, rows: list[dict[str, str]]) -> None:
        skus = {row["sku"] for row in rows}
        self._skus = set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
        found = Lot.objects.filter(product__sku__in=skus, code__in={row["lot"] for row in rows})
        self._lots = {(lot.product.sku, lot.code): lot for lot in found.select_related("product", "supplier")}
        for lot in self._lots.values():
            lot.units = ""  # type: ignore[attr-defined]

    def identity(self, row: dict[str, str]) -> Any:
        return (row["sku"], row["lot"])

    def known(self, row: dict[str, str]) -> Lot:
        if row["sku"] not in self._skus:
            raise ValidationError({"sku": f"SKU {row['sku']} is no product here. Correct the SKU."})
        lot = self._lots.get(self.identity(row))
        if lot is None:
            raise ValidationError(
                {"lot": f"{row['sku']} has no lot “{row['lot']}”. Lots come with their goods: receive it first."}
            )
        return lot

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        if instance.product.expires and instance.expires_on is None:
            raise ValidationError({"expires_on": f"Lots of {instance.product.sku} expire: say on which day."})

    def written(self, user: Any) -> None:
        # Lots are written by now, and stock levels are locked before them: so what expired is looked for afterwards.
        transaction.on_commit(lambda: recalling.set_aside(by=user))

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "supplier")

    def dehydrate_state(self, lot: Any) -> str:
        if self._today is None:
            self._today = merchant.local_day(timezone.now(), merchant.current())
        return lots.state(lot, units=lot.units or 0, today=self._today).value if lot.units != "" else ""
