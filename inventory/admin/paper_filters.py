"""How the lists of papers are narrowed: by warehouse, and by the day on which they were made."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter, RelatedDropdownFilter

from inventory.models import Location


class WarehouseDropdown(RelatedDropdownFilter):
    """Of places, only whole warehouses can be chosen; an archived one has papers too."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(Location.objects.filter(kind=Location.Kind.WAREHOUSE).values_list("pk", "name"))


class MadeFilter(RangeDateFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("day made")
