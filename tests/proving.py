"""The proof, as tests ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps as registry
from django.db import connection

from backoffice import proof


def assert_proven() -> None:
    """Every invariant holds over all that is in the database now; each fault is named."""
    found = proof.prove()
    assert found.ok, "\n".join(str(fault) for fault in found.faults)


def written() -> dict[str, tuple[int, str]]:
    """What is in each table of the house: how many rows, and a fingerprint of them all."""
    apps = ("inventory", "orders", "shipping", "accounting", "sync")
    tables = [
        model._meta.db_table
        for app in apps
        for model in registry.get_app_config(app).get_models(include_auto_created=True)
    ]
    with connection.cursor() as cursor:
        # Names of tables come from the models, none from outside.
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), coalesce(md5(string_agg(md5(row::text), '' ORDER BY row::text)), '')"
                f" FROM {table} AS row"
                for table in tables
            )
        )
        return {table: (rows, digest) for table, rows, digest in cursor.fetchall()}


@contextmanager
def nothing_is_written() -> Iterator[None]:
    """Inside, no row of any table changes."""
    before = written()
    yield
    after = written()
    changed = {table: (before[table][0], after[table][0]) for table in before if before[table] != after[table]}
    assert not changed, f"Rows before and after, of the tables that changed: {changed}"
