"""What all table resources share: rows looked up in sets, written in sets, compared, and shown old beside new."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource

from backoffice.exchange.files import CHUNK, TableFile
from backoffice.exchange.results import BoundedResult
from backoffice.exchange.widgets import Text

log = logging.getLogger(__name__)

May = Callable[[str], bool]


class TableResource(ModelResource):
    """A catalogue as a table. `guarded` names the columns that only some people see or set."""

    guarded: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Permission → columns."""
    needed: ClassVar[tuple[str, ...]] = ()
    """Columns without which a file is none of these."""
    fields: dict[str, Field]
    plain: ClassVar[tuple[str, ...]] = ()
    """Columns that `rows` fills by itself and that no field of the model stands behind."""
    came: ClassVar[Any] = _("%(new)d new, %(changed)d changed, %(same)d unchanged, %(wrong)d wrong and left out.")
    """What came of a file, in figures."""
    stay: ClassVar[Any] = _("are as they should be")
    """What is said before an import of the rows that change nothing: so many …"""
    derived: ClassVar[list[str]] = []
    """Model fields that follow from columns and are written with them."""

    class Meta:
        use_bulk = True
        batch_size = CHUNK
        skip_unchanged = True
        skip_diff = True  # its own comparison copies and renders every row twice; see `after_import_row`
        skip_html_diff = True
        report_skipped = False
        clean_model_instances = True
        instance_loader_class = BaseInstanceLoader  # rows are found by `known`, a chunk at a time

    def __init__(self, may: May | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields |= {name: Field(name, name, Text(), readonly=True) for name in self.plain}
        hidden = {name for permission, names in self.guarded.items() if may and not may(permission) for name in names}
        self.fields = {name: field for name, field in self.fields.items() if name not in hidden}
        self._seen: dict[Any, int] = {}
        self.remarked: list[tuple[int, str]] = []
        """Row and sentence of what is said of rows that come in all the same, of this file or part."""
        self.part = ""
        """Which part of a file is being read, where it is read in parts; the same part has the same word."""
        self.said: list[str] = []
        """Sentences for its person on what came of the rows that were written."""
        self._before: dict[str, Any] = {}
        self._columns: set[str] = set()
        self._current: Any = None
        self._file: TableFile | None = None

    # --- what a resource says of itself ---------------------------------------------------------------------------------
    def load(self, rows: list[dict[str, str]]) -> None:
        """Read what these rows name, in a constant number of statements."""
        raise NotImplementedError

    def known(self, row: dict[str, str]) -> Any:
        """What a row means, if it is there already; ValidationError where it cannot be told."""
        raise NotImplementedError

    def identity(self, row: dict[str, str]) -> Any:
        """What two rows of one file may not share."""
        raise NotImplementedError

    def remarks(self, instance: Any, row: dict[str, str]) -> list[str]:
        """What a person should know of a row that comes in all the same."""
        return []

    def written(self, user: Any) -> None:
        """What follows once the rows are written, in the same transaction."""

    def shown(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows to export with what their columns need, so that no row asks for more."""
        return queryset

    def know(self, name: str, found: Mapping[Any, Any]) -> None:
        """What the cells of a column of codes may mean (see widgets.Named); nothing where the column is not shown."""
        if name in self.fields:
            self.fields[name].widget.found = found

    # --- import ----------------------------------------------------------------------------------------------------------
    def get_result_class(self) -> Any:
        return lambda: BoundedResult(self)

    def row_in_file(self, number: int) -> int:
        return self._file.number if self._file is not None else number + 1

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        columns = {field.column_name for field in self.fields.values()}
        missing = [name for name in self.needed if name not in dataset.headers]
        unknown = [name for name in dataset.headers if name not in columns]
        doubled = [name for name in columns if dataset.headers.count(name) > 1]
        if missing:
            raise ValueError(f"The file has no column {', '.join(missing)}. Its first row must name it.")
        if unknown:
            known = ", ".join(sorted(columns))
            named = ", ".join(name or "(without a name)" for name in unknown)
            raise ValueError(f"The column {named} is not known here. Known are: {known}. Rename or remove it.")
        if doubled:
            raise ValueError(f"The column {', '.join(doubled)} stands there twice. Remove one.")
        self._columns, self.remarked = set(dataset.headers), []
        self._file = dataset if isinstance(dataset, TableFile) else None
        if self._file is not None:
            self._file.before_chunk = self.load
        else:
            self.load([dict(zip(dataset.headers, row, strict=True)) for row in dataset])

    def _check_import_id_fields(self, headers: Any) -> None:
        # `needed` says it, in a sentence.
        return

    def read_before(self, rows: Iterable[tuple[int, dict[str, str]]]) -> None:
        """Rows of an earlier part of the file, so that what stands there twice is found across parts."""
        for number, row in rows:
            self._seen.setdefault(self.identity(row), number)

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        return self.known(row)

    def handle_import_error(self, result: Any, error: Exception, raise_errors: bool = False) -> None:
        if isinstance(error, DatabaseError):
            log.warning("An import did not fit: %s", error)
            error = ValueError("Somebody changed the same rows at the same time. Upload the file again.")
        super().handle_import_error(result, error, raise_errors)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        mine = self.identity(row)
        if mine is not None and mine in self._seen:
            raise ValidationError(f"Row {self._seen[mine]} is about the same. Leave one of the two.")
        if mine is not None:
            self._seen[mine] = self.row_in_file(kwargs["row_number"])

    def after_init_instance(self, instance: Any, new: bool, row: Any, **kwargs: Any) -> None:
        self._before = {} if new else {f.column_name: f.get_value(instance) for f in self.get_import_fields()}

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        if import_validation_errors or not self._before:
            return False
        return all(self._is_unchanged(f, instance) for f in self.get_import_fields())

    def _is_unchanged(self, field: Field, instance: Any) -> bool:
        return bool(field.get_value(instance) == self._before[field.column_name])

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        errors = dict(import_validation_errors or {})
        try:
            # Unique and check constraints would ask the database for each row; it refuses the batch if it must. So would
            # rows that are named, which were looked up already. What a file leaves as it is, it need not mend.
            known = {field.name for field in instance._meta.concrete_fields if field.is_relation}
            known |= {f.attribute for f in self.get_import_fields() if self._before and self._is_unchanged(f, instance)}
            instance.full_clean(exclude=errors.keys() | known, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def after_import_row(self, row: Any, row_result: Any, **kwargs: Any) -> None:
        row_result.diff, row_result.at = [], self.row_in_file(kwargs["row_number"])
        if said := self.remarks(self._current, row):
            self.remarked.append((row_result.at, " ".join(said)))
        if row_result.import_type == row_result.IMPORT_TYPE_SKIP:
            return
        for field in self.get_import_fields():
            now = field.get_value(self._current)
            old = self._before.get(field.column_name)
            if self._before and old != now and not field.readonly:
                row_result.diff.append(
                    f"{field.widget.render(old) or '(empty)'} → {field.widget.render(now) or '(empty)'}"
                )
            else:
                row_result.diff.append(field.widget.render(now))

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        self._current = instance
        super().import_instance(instance, row, **kwargs)

    def get_bulk_update_fields(self) -> list[str]:
        # Only what the file names: the rest may have changed since the row was read.
        return [
            field.attribute
            for name, field in self.fields.items()
            if field.column_name in self._columns and not field.readonly and name not in self.get_import_id_fields()
        ] + self.derived

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        if not kwargs.get("dry_run") and not result.has_errors():
            self.written(kwargs.get("user"))

    # --- export ----------------------------------------------------------------------------------------------------------
    def headers(self, queryset: QuerySet[Any]) -> list[str]:
        return [field.column_name for field in self.get_export_fields()]

    def rows(self, queryset: QuerySet[Any]) -> Iterator[list[str]]:
        """The rows to export, a few hundred in memory at a time."""
        fields: list[Field] = self.get_export_fields()
        for instance in self.shown(queryset).iterator(chunk_size=CHUNK):
            yield [self.export_field(field, instance) for field in fields]
