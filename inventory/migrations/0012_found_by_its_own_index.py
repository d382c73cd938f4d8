from typing import ClassVar

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

TEXTS = {
    "listing": ("sku", "external_id", "name"),
    "lot": ("code",),
    "transfer": ("number", "note"),
    "purchaseorder": ("number", "supplier_reference"),
    "countsheet": ("number", "note"),
    "supplierreturn": ("number", "supplier_reference"),
    "productfamily": ("code", "name", "name_fr"),
}
"""The text of a row, as backoffice.finding makes it of `search_fields`."""


def text_index(table: str, fields: tuple[str, ...]) -> migrations.RunSQL:
    text = " || ' ' || ".join(fields)
    return migrations.RunSQL(
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {table}_found_by ON inventory_{table}"
        f" USING gin (upper({text}) gin_trgm_ops)",
        f"DROP INDEX IF EXISTS {table}_found_by",
    )


class Migration(migrations.Migration):
    """What a list is searched by is found in an index. Made beside the shop's work, without locking."""

    atomic = False
    dependencies: ClassVar = [("inventory", "0011_repairs")]
    operations: ClassVar = [
        *(text_index(table, fields) for table, fields in TEXTS.items()),
        AddIndexConcurrently("listing", models.Index(Upper("sku"), name="listing_sku")),
        AddIndexConcurrently("listing", models.Index(fields=["external_id"], name="listing_external")),
        AddIndexConcurrently(
            "movement", models.Index(fields=["-id"], condition=~models.Q(note=""), name="movement_noted")
        ),
        AddIndexConcurrently(
            "product",
            models.Index(
                OpClass(Upper("sku"), name="text_pattern_ops"),
                name="product_sku",
            ),
        ),
        AddIndexConcurrently(
            "product",
            models.Index(fields=["category"], condition=models.Q(archived_at=None), name="product_of_category"),
        ),
        AddIndexConcurrently("purchaseorder", models.Index(fields=["supplier", "-id"], name="purchase_order_supplier")),
        AddIndexConcurrently("purchaseorderline", models.Index(Upper("supplier_sku"), name="purchase_line_sku")),
        AddIndexConcurrently(
            "sellingunit",
            models.Index(
                OpClass(Upper("sku"), name="text_pattern_ops"),
                name="selling_unit_sku",
            ),
        ),
        AddIndexConcurrently("supplierproduct", models.Index(Upper("supplier_sku"), name="supplier_product_sku")),
        # The text of a product holds its name too.
        RemoveIndexConcurrently("product", "product_name_trigram"),
    ]
