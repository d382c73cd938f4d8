from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Words of a search are found in one index. Made beside the shop's work, without locking the products."""

    atomic = False
    dependencies: ClassVar = [("inventory", "0008_value_rank")]
    operations: ClassVar = [
        migrations.RunSQL(
            """CREATE INDEX CONCURRENTLY IF NOT EXISTS product_found_by ON inventory_product USING gin
               (upper(sku || ' ' || barcode || ' ' || name || ' ' || name_fr || ' ' || variation) gin_trgm_ops)""",
            "DROP INDEX IF EXISTS product_found_by",
        )
    ]
