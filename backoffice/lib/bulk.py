"""Writing many rows at once: identifiers are drawn first, so that rows may point at each other before any is written."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, models


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` new primary keys of `model`, in one statement."""
    if count == 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def give_ids(instances: Sequence[models.Model]) -> None:
    """Give each unsaved instance (all of one model) its primary key."""
    if instances:
        for instance, pk in zip(instances, draw_ids(type(instances[0]), len(instances)), strict=True):
            instance.pk = pk


def copy_in(instances: Sequence[models.Model], *, with_ids: bool = False) -> None:
    """Insert `instances`, all of one model, by COPY: one statement for any number.

    Constraints hold as with INSERT; generated columns are left to the database. Primary keys are written only
    `with_ids` (see give_ids); without, the instances do not learn theirs.
    """
    if not instances:
        return
    meta = type(instances[0])._meta
    fields = [f for f in meta.local_concrete_fields if not f.generated and (with_ids or not f.primary_key)]
    statement = f"COPY {_quoted(meta.db_table)} ({', '.join(_quoted(f.column) for f in fields)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in _rows(instances, fields):
            copy.write_row(row)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _rows(instances: Sequence[models.Model], fields: Sequence[Any]) -> Iterator[list[Any]]:
    # Most values go to psycopg as they are; only JSON, encrypted and automatic ones need the field's own word.
    plain = [f.attname for f in fields]
    special = [
        (position, f)
        for position, f in enumerate(fields)
        if isinstance(f, models.JSONField | models.BinaryField) or getattr(f, "auto_now_add", False)
    ]
    for instance in instances:
        values = instance.__dict__
        row = [values[name] for name in plain]
        for position, field in special:
            value = field.pre_save(instance, True)
            row[position] = None if value is None else field.get_db_prep_save(value, connection)
        yield row
