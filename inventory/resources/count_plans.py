"""What is counted how often, as a table, in and out (rules: U5, S8)."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from import_export.fields import Field

from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Named, Text, Whole, YesNo
from inventory.models import Category, CountPlan, Location
from inventory.resources.words import NO_CATEGORY, category_path, needs

NO_WAREHOUSE = "There is no warehouse {code}. Correct its code."


class CountPlanResource(TableResource):
    """Plans, known by their name."""

    needed = ("name",)

    name = Field("name", "name", Text())
    warehouse = Field("warehouse", "warehouse", Named("code", NO_WAREHOUSE), saves_null_values=False)
    category = Field("category", "category", Named("path", NO_CATEGORY, category_path))
    days_a = Field("days_a", "days_a", Whole(), saves_null_values=False)
    days_b = Field("days_b", "days_b", Whole(), saves_null_values=False)
    days_c = Field("days_c", "days_c", Whole(), saves_null_values=False)
    sheet_lines = Field("sheet_lines", "sheet_lines", Whole(), saves_null_values=False)
    blind = Field("blind", "blind", YesNo(), saves_null_values=False)
    active = Field("active", "active", YesNo(), saves_null_values=False)

    class Meta(TableResource.Meta):
        model = CountPlan
        name = "Count plans"
        import_id_fields = ("name",)
        fields: ClassVar = (
            "name", "warehouse", "category", "days_a", "days_b", "days_c", "sheet_lines", "blind", "active",
        )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[str, CountPlan] = {}

    def load(self, rows: list[dict[str, str]]) -> None:
        known = CountPlan.objects.filter(name__in={row["name"] for row in rows})
        self._known = {plan.name: plan for plan in known.select_related("warehouse", "category")}
        warehouses = Location.objects.filter(kind=Location.Kind.WAREHOUSE, archived_at=None)
        self.know("warehouse", {place.code: place for place in warehouses})
        paths = {category_path(row["category"]) for row in rows if row.get("category")}
        self.know("category", {c.path: c for c in Category.objects.filter(path__in=paths)} if paths else {})

    def known(self, row: dict[str, str]) -> CountPlan | None:
        return self._known.get(row["name"])

    def identity(self, row: dict[str, str]) -> Any:
        return row["name"]

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        super().validate_instance(instance, import_validation_errors, validate_unique)
        needs(instance, warehouse="warehouse")

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("warehouse", "category")
