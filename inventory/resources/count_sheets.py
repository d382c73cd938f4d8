"""Count sheets as a table, a row for each line: what was found, and beside it what should have been there."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import QuerySet
from import_export.fields import Field

from backoffice.api.permissions import SEE_COSTS
from backoffice.exchange.files import CHUNK
from backoffice.exchange.resource import May, TableResource
from backoffice.exchange.widgets import Text
from backoffice.lib import cells
from inventory import counting
from inventory.models import CountLine


class CountSheetResource(TableResource):
    """Of a blind sheet the columns of what should be there are empty until it is booked."""

    guarded = {SEE_COSTS: ("value",)}

    sheet = Field("sheet__number", "sheet", Text(), readonly=True)
    state = Field("sheet__state", "state", Text(), readonly=True)
    plan = Field("sheet__plan__name", "plan", Text(), readonly=True)
    location = Field("location__code", "location", Text(), readonly=True)
    sku = Field("product__sku", "sku", Text(), readonly=True)
    name = Field("product__name", "name", Text(), readonly=True)
    lot = Field("lot__code", "lot", Text(), readonly=True)
    counted = Field("counted", "counted", Text(), readonly=True)
    expected = Field("expected", "should_be", Text(), readonly=True)
    difference = Field("difference", "difference", Text(), readonly=True)
    value = Field("value", "value", Text(), readonly=True)
    reason = Field("reason", "reason", Text(), readonly=True)
    counted_at = Field("counted_at", "counted_at", Text(), readonly=True)
    counted_by = Field("counted_by", "counted_by", Text(), readonly=True)

    class Meta(TableResource.Meta):
        model = CountLine
        name = "Count sheets"
        fields: ClassVar = (
            "sheet", "state", "plan", "location", "sku", "name", "lot", "counted", "expected", "difference", "value",
            "reason", "counted_at", "counted_by",
        )  # fmt: skip

    def __init__(self, may: May | None = None, **kwargs: Any) -> None:
        super().__init__(may=may, **kwargs)
        self._approves = may is None or may("inventory.approve_count")

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        """The lines of the sheets that the list shows."""
        fields: list[Field] = self.get_export_fields()
        lines = (
            CountLine.objects.filter(sheet__in=queryset.order_by().values("pk"))
            .select_related("sheet__plan", "location", "product", "lot", "counted_by")
            .order_by("-sheet", "position")
        )
        for line in lines.iterator(chunk_size=CHUNK):
            yield [self.export_field(field, line) for field in fields]

    def _tells(self, line: CountLine) -> bool:
        return line.difference is not None and counting.tells(line.sheet, approves=self._approves)

    def dehydrate_expected(self, line: CountLine) -> str:
        return str(line.expected) if self._tells(line) else ""

    def dehydrate_difference(self, line: CountLine) -> str:
        return f"{line.difference:+d}" if self._tells(line) else ""

    def dehydrate_value(self, line: CountLine) -> str:
        return cells.figure(line.difference * line.unit_cost) if self._tells(line) else ""

    def dehydrate_counted_at(self, line: CountLine) -> str:
        return line.counted_at.isoformat(timespec="seconds") if line.counted_at else ""
