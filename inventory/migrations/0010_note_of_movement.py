from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """A word in a movement's note is found among the few that have one. Made beside the shop's work, without locking."""

    atomic = False
    dependencies: ClassVar = [("inventory", "0009_product_found_by")]
    operations: ClassVar = [
        migrations.RunSQL(
            """CREATE INDEX CONCURRENTLY IF NOT EXISTS movement_note ON inventory_movement USING gin
               (upper(note) gin_trgm_ops) WHERE note <> ''""",
            "DROP INDEX IF EXISTS movement_note",
        )
    ]
