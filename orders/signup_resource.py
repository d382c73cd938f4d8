"""Who wants to be told that something is back in stock, as a table, out only: people sign up themselves (rule: U5)."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from import_export.fields import Field

from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text
from orders import merchant
from orders.models import BackInStockSignup

MOMENTS = ("created_at", "called_at", "mailed_at", "cancelled_at")


class SignupResource(TableResource):
    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    unit = Field("unit", "unit", Text(), readonly=True)
    email = Field("email", "email", Text(), readonly=True)
    language = Field("language", "language", Text(), readonly=True)
    store = Field("connection__name", "store", Text(), readonly=True)
    state = Field("state", "state", Text(), readonly=True)
    created_at = Field("created_at", "signed_up_on", Text(), readonly=True)
    called_at = Field("called_at", "called_on", Text(), readonly=True)
    mailed_at = Field("mailed_at", "mailed_on", Text(), readonly=True)
    cancelled_at = Field("cancelled_at", "taken_back_on", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = BackInStockSignup
        name = "Back-in-stock sign-ups"
        fields: ClassVar = ("sku", "name", "unit", "email", "language", "store", "state", *MOMENTS)

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("product", "connection")

    def export_field(self, field: Field, instance: Any, **kwargs: Any) -> str:
        if field.attribute not in MOMENTS:
            return str(super().export_field(field, instance, **kwargs))
        at = getattr(instance, field.attribute)
        return "" if at is None else merchant.local_day(at, self._merchant).isoformat()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._merchant = merchant.current()
