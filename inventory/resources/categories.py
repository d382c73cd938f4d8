"""The tree of categories as a table, in and out (rule: U5; docs/tables.md)."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from import_export.fields import Field

from backoffice.exchange.resource import TableResource
from backoffice.exchange.widgets import Text
from inventory import categories
from inventory.models import Category


class Path(Text):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return categories.plain_path(str(value or ""))


class CategoryResource(TableResource):
    """Categories, known by their path. What a path hangs in is made with it; moving and renaming is done on the page."""

    needed = ("path",)

    path = Field("path", "path", Path())
    name_fr = Field("name_fr", "name_fr", Text())

    class Meta(TableResource.Meta):
        model = Category
        name = "Categories"
        import_id_fields = ("path",)
        fields: ClassVar = ("path", "name_fr")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._known: dict[str, Category] = {}
        self._wanted: dict[str, str | None] = {}

    def load(self, rows: list[dict[str, str]]) -> None:
        paths = {self.identity(row) for row in rows}
        self._known = {category.path: category for category in Category.objects.filter(path__in=paths)}

    def identity(self, row: dict[str, str]) -> Any:
        try:
            return categories.plain_path(row["path"])
        except ValueError:
            return row["path"]

    def known(self, row: dict[str, str]) -> Category | None:
        return self._known.get(self.identity(row))

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)
        instance.name = instance.name or instance.path.rpartition(categories.BETWEEN)[2]
        super().validate_instance(instance, import_validation_errors, validate_unique)

    def save_instance(self, instance: Any, is_create: bool, row: Any, **kwargs: Any) -> None:
        # Only noted: the tree has one writer, which makes what a path hangs in first.
        self._wanted[instance.path] = instance.name_fr if "name_fr" in self._columns else None

    def written(self, user: Any) -> None:
        made = categories.ensure(self._wanted)
        said = [made[path] for path, name_fr in self._wanted.items() if name_fr is not None]
        for category in said:
            category.name_fr = self._wanted[category.path] or ""
        Category.objects.bulk_update(said, ["name_fr"], batch_size=1000)
        self._wanted = {}
