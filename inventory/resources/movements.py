"""What came and went, as a table, out only: the ledger is written by what happens, never by a file (rules: U5, S1)."""

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from import_export.fields import Field

from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text
from inventory.models import Movement
from orders import merchant


class MovementResource(TableResource):
    guarded = {SEE_COSTS: ("unit_cost",)}

    at = Field("at", "at", Text(), readonly=True)
    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    quantity = Field("quantity", "quantity", Text(), readonly=True)
    reason = Field("get_reason_display", "reason", Text(), readonly=True)
    place = Field("location__code", "place", Text(), readonly=True)
    lot = Field("lot__code", "lot", Text(), readonly=True)
    unit_cost = Field("unit_cost", "unit_cost", Text(), readonly=True)
    note = Field("note", "note", Text(), readonly=True)
    by = Field("by__username", "by", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = Movement
        name = "Movements"
        fields: ClassVar = ("at", "sku", "name", "quantity", "reason", "place", "lot", "unit_cost", "note", "by")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._zone: ZoneInfo | None = None

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "location", "lot", "by")

    def dehydrate_at(self, movement: Movement) -> str:
        self._zone = self._zone or ZoneInfo(merchant.current().time_zone)
        return movement.at.astimezone(self._zone).isoformat(timespec="seconds")
