"""Families of products as a table, in and out (rule: U5; docs/tables.md)."""

from typing import Any, ClassVar

from import_export.fields import Field

from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text
from inventory.models import ProductFamily


class FamilyResource(TableResource):
    """Families, known by their code."""

    needed = ("code",)

    code = Field("code", "code", Text())
    name = Field("name", "name", Text())
    name_fr = Field("name_fr", "name_fr", Text())
    options = Field("options", "options", Text())

    class Meta(TableResource.Meta):
        model = ProductFamily
        name = "Product families"
        import_id_fields = ("code",)
        fields: ClassVar = ("code", "name", "name_fr", "options")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[str, ProductFamily] = {}

    def load(self, rows: list[dict[str, str]]) -> None:
        known = ProductFamily.objects.filter(code__in={row["code"] for row in rows})
        self._known = {family.code: family for family in known}

    def known(self, row: dict[str, str]) -> ProductFamily | None:
        return self._known.get(row["code"])

    def identity(self, row: dict[str, str]) -> Any:
        return row["code"]
